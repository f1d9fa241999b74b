/* SPDX-License-Identifier: GPL-2.0 */
/* The transmit engine: commands to PDUs to bytes. */
#ifndef LUNAR_TX_H
#define LUNAR_TX_H

#include "conn.h"

int lunar_tx_run(struct lunar_conn *conn, int *budget);
int lunar_tx_reject(struct lunar_conn *conn, u8 reason);
int lunar_tx_reject_last(struct lunar_conn *conn);
void lunar_tx_exit(struct lunar_conn *conn);

#endif /* LUNAR_TX_H */
