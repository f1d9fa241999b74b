/* SPDX-License-Identifier: GPL-2.0 */
/* The receive engine: bytes to PDUs to handlers. */
#ifndef LUNAR_RX_H
#define LUNAR_RX_H

#include "conn.h"

int lunar_rx_run(struct lunar_conn *conn, int *budget);
int lunar_rx_take_buffer(struct lunar_conn *conn);
void lunar_rx_exit(struct lunar_conn *conn);

#endif /* LUNAR_RX_H */
