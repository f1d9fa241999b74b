/* SPDX-License-Identifier: GPL-2.0 */
/* When and where the owner of a connection runs. */
#ifndef LUNAR_OWNER_H
#define LUNAR_OWNER_H

struct lunar_conn;

int lunar_owner_init(void);
void lunar_owner_exit(void);
void lunar_owner_setup(struct lunar_conn *conn);
void lunar_owner_cancel(struct lunar_conn *conn);
void lunar_owner_place(struct lunar_conn *conn);
void lunar_owner_kick(struct lunar_conn *conn);
void lunar_owner_wake(struct lunar_conn *conn);

#endif /* LUNAR_OWNER_H */
