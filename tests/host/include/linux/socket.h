/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LUNAR_HOST_SOCKET_H
#define LUNAR_HOST_SOCKET_H

#include <sys/socket.h>

#endif /* LUNAR_HOST_SOCKET_H */
