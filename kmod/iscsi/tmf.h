/* SPDX-License-Identifier: GPL-2.0 */
/* Task management (RFC 7143 11.5, 11.6). */
#ifndef LUNAR_TMF_H
#define LUNAR_TMF_H

#include "conn.h"

int lunar_tmf_header(struct lunar_conn *conn);
int lunar_tmf_done(struct lunar_conn *conn);
void lunar_tmf_run(struct lunar_conn *conn);
bool lunar_tmf_is_resetting(const struct lunar_conn *conn);
void lunar_tmf_drop(struct lunar_conn *conn);
void lunar_tmf_watch(struct lunar_cmd *cmd);
void lunar_tmf_exit(void);

#endif /* LUNAR_TMF_H */
