/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Giving commands up, here and in target core.
 *
 * A command that is given up gets no answer. If it waits for data, or for
 * exec_work, it ends here and never takes effect. What is with a backstore stays
 * in conn->cmds until target core has released it: so whoever waits until no such
 * command is left there knows that nothing aborted can still take effect.
 */
#ifndef LUNAR_ABORT_H
#define LUNAR_ABORT_H

#include "cmd.h"
#include "conn.h"

/**
 * struct lunar_abort_set - some commands of a connection
 * @itt:	the one with this Initiator Task Tag; NULL for all
 * @lun:	those of this unpacked LUN; NULL for all
 */
struct lunar_abort_set {
	const itt_t	*itt;
	const u64	*lun;
};

void lunar_abort_mark(struct lunar_conn *conn, const struct lunar_abort_set *set,
		      u32 serial);
bool lunar_abort_pending(struct lunar_conn *conn,
			 const struct lunar_abort_set *set, u32 serial);
void lunar_abort_one(struct lunar_cmd *cmd);
void lunar_abort_all(struct lunar_conn *conn);
int lunar_abort_reset(struct lunar_cmd *parent, u64 lun);
void lunar_abort_done(struct lunar_cmd *cmd);
void lunar_abort_look(struct lunar_conn *conn);
bool lunar_abort_clear(struct lunar_conn *conn, const struct se_device *disk,
		       u32 number);
bool lunar_abort_clearing(struct lunar_conn *conn, const struct se_device *disk,
			  u32 number);
void lunar_abort_count_reset(struct lunar_cmd *cmd);
bool lunar_abort_resets(void);
void lunar_abort_release(struct lunar_cmd *cmd);

#endif /* LUNAR_ABORT_H */
