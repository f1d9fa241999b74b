/* SPDX-License-Identifier: GPL-2.0 */
/* The login phase (RFC 7143 6.3, 11.12, 11.13). Runs in login_work. */
#ifndef LUNAR_LOGIN_H
#define LUNAR_LOGIN_H

#include "conn.h"

int lunar_login_start(struct lunar_conn *conn);
int lunar_login_header(struct lunar_conn *conn);
int lunar_login_other_header(struct lunar_conn *conn);
int lunar_login_done(struct lunar_conn *conn);
void lunar_login_free(struct lunar_conn *conn);

#endif /* LUNAR_LOGIN_H */
