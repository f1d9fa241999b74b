/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LUNAR_HOST_IN6_H
#define LUNAR_HOST_IN6_H

#include <netinet/in.h>

#endif /* LUNAR_HOST_IN6_H */
