// SPDX-License-Identifier: GPL-2.0
/* Giving commands up. See abort.h. */

#include <target/target_core_base.h>
#include <target/target_core_fabric.h>
#include "abort.h"
#include "session.h"
#include "stats.h"

/*
 * Target core works on each request in a work item of system_wq, which has 256 per
 * CPU, and waits there for the backstore. One that does not give commands up must
 * not take them all.
 */
#define MAX_TMRS	128

static atomic_t nr_tmrs;
static atomic_t nr_resets;

/* Not yet with target core, or there only for its buffer: ours to end. */
static bool is_ours(const struct lunar_cmd *cmd)
{
	return READ_ONCE(cmd->state) <= LUNAR_CMD_NEED_DATA;
}

/* Ends a command that is ours: it waits for data, or was never executed. */
static void end_here(struct lunar_cmd *cmd)
{
	if (cmd->state == LUNAR_CMD_NEED_DATA)
		lunar_conn_wait_data(cmd->conn, -1);
	WRITE_ONCE(cmd->state, LUNAR_CMD_EXEC);
	list_del_init(&cmd->tx_entry);
	transport_generic_request_failure(&cmd->se_cmd,
					  TCM_CHECK_CONDITION_ABORT_CMD);
}

static bool contains(const struct lunar_abort_set *set,
		     const struct lunar_cmd *cmd)
{
	return (!set->itt || cmd->itt == *set->itt) &&
	       (!set->lun || cmd->se_cmd.orig_fe_lun == *set->lun);
}

/*
 * Marks the next one, with cmd_lock held because a command that is with target
 * core can be freed at any time after it leaves the hash. What target core has to
 * be asked for goes to @targets.
 *
 * Returns one that is ours to end, or NULL.
 */
static struct lunar_cmd *mark(struct lunar_conn *conn,
			      const struct lunar_abort_set *set, u32 serial,
			      u64 *targets, u32 max, u32 *nr)
{
	struct lunar_cmd *cmd;
	unsigned int i;

	lockdep_assert_held(&conn->cmd_lock);
	for (i = 0; i < LUNAR_CONN_HASH; i++) {
		hlist_for_each_entry(cmd, &conn->cmds[i], hash_entry) {
			if (cmd->abandoned || !contains(set, cmd))
				continue;
			WRITE_ONCE(cmd->abandoned, serial);
			lunar_stats_inc(LUNAR_STAT_aborted);
			if (is_ours(cmd))
				return cmd;
			if (cmd->ordered && *nr < max)
				targets[(*nr)++] = cmd->se_cmd.orig_fe_lun << 32 |
						   cmd->se_cmd.tag;
		}
	}
	return NULL;
}

/**
 * lunar_abort_mark() - give commands up
 * @conn:	the connection
 * @set:	which
 * @serial:	of the TMF that does, not 0
 * @targets:	filled in with unpacked LUN << 32 | tag of those that a backstore of
 *		ours may have, which gives them up when it is asked; may be NULL if
 *		@max is 0
 * @max:	entries of @targets
 *
 * What waits for data ends here, what waits for exec_work there. What any other
 * backstore has goes on, and its answer is dropped. Owner's context.
 *
 * Return: entries of @targets filled in.
 */
u32 lunar_abort_mark(struct lunar_conn *conn, const struct lunar_abort_set *set,
		     u32 serial, u64 *targets, u32 max)
{
	struct lunar_cmd *cmd;
	u32 nr = 0;

	do {
		spin_lock_bh(&conn->cmd_lock);
		cmd = mark(conn, set, serial, targets, max, &nr);
		spin_unlock_bh(&conn->cmd_lock);
		if (cmd)
			end_here(cmd);
	} while (cmd);
	return nr;
}

/**
 * lunar_abort_collect() - what target core can be asked to abort
 * @conn:	torn down: all its commands were given up
 * @targets:	filled in: unpacked LUN << 32 | tag
 * @max:	entries of @targets
 *
 * Owner's context.
 *
 * Return: entries filled in.
 */
u32 lunar_abort_collect(struct lunar_conn *conn, u64 *targets, u32 max)
{
	struct lunar_cmd *cmd;
	unsigned int i;
	u32 nr = 0;

	spin_lock_bh(&conn->cmd_lock);
	for (i = 0; i < LUNAR_CONN_HASH; i++)
		hlist_for_each_entry(cmd, &conn->cmds[i], hash_entry)
			if (cmd->ordered && nr < max)
				targets[nr++] = cmd->se_cmd.orig_fe_lun << 32 |
						cmd->se_cmd.tag;
	spin_unlock_bh(&conn->cmd_lock);
	return nr;
}

/**
 * lunar_abort_pending() - is a command that was given up still somewhere?
 * @conn:	the connection
 * @set:	which
 * @serial:	given up by this TMF or one before
 *
 * Owner's context.
 *
 * Return: whether there is one.
 */
bool lunar_abort_pending(struct lunar_conn *conn,
			 const struct lunar_abort_set *set, u32 serial)
{
	struct lunar_cmd *cmd;
	bool pending = false;
	unsigned int i;

	spin_lock_bh(&conn->cmd_lock);
	for (i = 0; i < LUNAR_CONN_HASH && !pending; i++)
		hlist_for_each_entry(cmd, &conn->cmds[i], hash_entry)
			pending |= cmd->abandoned && contains(set, cmd) &&
				   (s32)(serial - cmd->abandoned) >= 0;
	spin_unlock_bh(&conn->cmd_lock);
	return pending;
}

/**
 * lunar_abort_one() - give up a command that was not executed
 * @cmd:	in state NEW or NEED_DATA
 *
 * Owner's context.
 */
void lunar_abort_one(struct lunar_cmd *cmd)
{
	WRITE_ONCE(cmd->abandoned, cmd->conn->tmfs.serial ?: 1);
	lunar_stats_inc(LUNAR_STAT_aborted);
	end_here(cmd);
}

/**
 * lunar_abort_all() - give all commands up
 * @conn:	its socket is closed
 *
 * Owner's context.
 */
void lunar_abort_all(struct lunar_conn *conn)
{
	static const struct lunar_abort_set all;

	lunar_abort_mark(conn, &all, conn->tmfs.serial + 1 ?: 1, NULL, 0);
}

/**
 * lunar_abort_submit() - have target core abort something, for a TMF
 * @parent:	the TMF; kept until target core has answered
 * @lun:	unpacked LUN
 * @type:	TMR_ABORT_TASK or TMR_LUN_RESET
 * @tag:	of the task to abort
 *
 * Target core works on its own workqueue. Owner's context.
 *
 * Return: 0; -EBUSY if target core has too much of this to do already; -ENOMEM,
 * -ESHUTDOWN.
 */
int lunar_abort_submit(struct lunar_cmd *parent, u64 lun, u8 type, u64 tag)
{
	struct lunar_conn *conn = parent->conn;
	struct lunar_cmd *cmd;
	int ret;

	if (atomic_inc_return(&nr_tmrs) > MAX_TMRS) {
		atomic_dec(&nr_tmrs);
		return -EBUSY;
	}
	cmd = lunar_cmd_alloc(conn, LUNAR_CMD_TMR, RESERVED_ITT);
	if (!cmd) {
		atomic_dec(&nr_tmrs);
		return -ENOMEM;
	}
	cmd->parent = parent;
	cmd->state = LUNAR_CMD_EXEC;
	atomic_inc(&parent->tmf.tmrs);
	ret = target_submit_tmr(&cmd->se_cmd, conn->session->se_sess,
				cmd->sense.data, lun, cmd, type, GFP_KERNEL, tag,
				TARGET_SCF_ACK_KREF);
	if (ret)
		lunar_cmd_free(cmd);
	return ret;
}

/**
 * lunar_abort_done() - target core has answered
 * @cmd:	of kind TMR; may be gone when this returns
 *
 * One that target core itself aborted, for a LOGICAL UNIT RESET, does not come
 * here but is released, which counts as done. Process context.
 */
void lunar_abort_done(struct lunar_cmd *cmd)
{
	struct lunar_tmf *tmf = &cmd->parent->tmf;

	switch (cmd->se_cmd.se_tmr_req->response) {
	case TMR_FUNCTION_COMPLETE:
	case TMR_TASK_DOES_NOT_EXIST:
		break;
	case TMR_LUN_DOES_NOT_EXIST:
		/* Of several LUNs one may have gone meanwhile. */
		if (tmf->nr == 1)
			WRITE_ONCE(tmf->response, ISCSI_TMF_RSP_NO_LUN);
		break;
	default:
		WRITE_ONCE(tmf->response, ISCSI_TMF_RSP_REJECTED);
		break;
	}
	target_put_sess_cmd(&cmd->se_cmd);
}

static struct lunar_cmd *next_aborted(struct lunar_conn *conn)
{
	struct lunar_cmd *cmd;
	unsigned int i;

	for (i = 0; i < LUNAR_CONN_HASH; i++)
		hlist_for_each_entry(cmd, &conn->cmds[i], hash_entry)
			if (READ_ONCE(cmd->state) == LUNAR_CMD_NEED_DATA &&
			    READ_ONCE(cmd->se_cmd.transport_state) & CMD_T_ABORTED)
				return cmd;
	return NULL;
}

/**
 * lunar_abort_end_aborted() - end what target core has aborted behind our back
 * @conn:	the connection
 *
 * LOGICAL UNIT RESET and PREEMPT AND ABORT of another initiator mark every
 * command of the device and wait for its end. One that waits for data has to be
 * ended here: its initiator may be gone. Its status, if the TAS bit asks for
 * one, is sent. Owner's context.
 */
void lunar_abort_end_aborted(struct lunar_conn *conn)
{
	struct lunar_rx *rx = &conn->rx;
	struct lunar_cmd *cmd;

	for (;;) {
		spin_lock_bh(&conn->cmd_lock);
		cmd = next_aborted(conn);
		spin_unlock_bh(&conn->cmd_lock);
		if (!cmd)
			return;
		/* The rest of a data segment on its way goes nowhere. */
		if (rx->cmd == cmd) {
			rx->cmd = NULL;
			rx->dest = LUNAR_RX_SKIP;
		}
		lunar_conn_wait_data(conn, -1);
		WRITE_ONCE(cmd->state, LUNAR_CMD_EXEC);
		list_del_init(&cmd->tx_entry);
		lunar_stats_inc(LUNAR_STAT_aborted);
		transport_generic_request_failure(&cmd->se_cmd,
						  TCM_CHECK_CONDITION_ABORT_CMD);
	}
}

/**
 * lunar_abort_count_reset() - a command that aborts those of other initiators
 * @cmd:	not yet with target core; counted until it is freed
 */
void lunar_abort_count_reset(struct lunar_cmd *cmd)
{
	cmd->resets = true;
	atomic_inc(&nr_resets);
}

/**
 * lunar_abort_resets() - is there any such command?
 *
 * Any context.
 *
 * Return: true if there is.
 */
bool lunar_abort_resets(void)
{
	return atomic_read(&nr_resets);
}

/**
 * lunar_abort_release() - a command is being freed
 * @cmd:	off conn->cmds; holds a reference on its connection still
 *
 * It may have been the last that a TMF waits for. Any context but hard
 * interrupts.
 */
void lunar_abort_release(struct lunar_cmd *cmd)
{
	struct lunar_conn *conn = cmd->conn;

	if (cmd->resets)
		atomic_dec(&nr_resets);
	if (cmd->kind == LUNAR_CMD_TMF)
		kvfree(cmd->tmf.targets);
	if (cmd->kind == LUNAR_CMD_TMR) {
		atomic_dec(&nr_tmrs);
		/* The TMF may be gone after this. */
		atomic_dec(&cmd->parent->tmf.tmrs);
	} else if (!cmd->abandoned) {
		return;
	}
	if (READ_ONCE(conn->tmfs.nr))
		lunar_conn_kick(conn);
}
