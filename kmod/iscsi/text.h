/* SPDX-License-Identifier: GPL-2.0 */
/* Text Request with SendTargets, NOP-Out, Logout in full feature phase. */
#ifndef LUNAR_TEXT_H
#define LUNAR_TEXT_H

#include "conn.h"

int lunar_text_header(struct lunar_conn *conn);
int lunar_text_done(struct lunar_conn *conn);
void lunar_text_free(struct lunar_conn *conn);
int lunar_text_ping(struct lunar_conn *conn);
int lunar_text_nop_header(struct lunar_conn *conn);
int lunar_text_nop_done(struct lunar_conn *conn);
int lunar_text_logout_header(struct lunar_conn *conn);
int lunar_text_logout_done(struct lunar_conn *conn);
int lunar_text_ask_logout(struct lunar_conn *conn, u32 seconds);

#endif /* LUNAR_TEXT_H */
