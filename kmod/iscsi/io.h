/* SPDX-License-Identifier: GPL-2.0 */
/* What the work items of a connection do: receive, send, tear down. */
#ifndef LUNAR_IO_H
#define LUNAR_IO_H

#include "conn.h"

extern const struct lunar_conn_ops lunar_io_ops;

#endif /* LUNAR_IO_H */
