// SPDX-License-Identifier: GPL-2.0
/* Giving commands up. See abort.h. */

#include <target/target_core_base.h>
#include <target/target_core_fabric.h>
#include "abort.h"
#include "owner.h"
#include "session.h"
#include "stats.h"

/*
 * Target core works on each reset in a work item of system_wq, which has 256 per
 * CPU, and waits there for the disk. Disks that hang must not take what others
 * need: those that have few requests come first.
 */
#define MAX_RESETS	128
#define DISK_RESETS	8

static atomic_t nr_resets;

/* What target core works on: the disk of each request, or NULL. */
static const struct se_device *resets[MAX_RESETS];
static DEFINE_SPINLOCK(resets_lock);

/* Not yet with target core, or there only for its buffer: ours to end. */
static bool is_ours(const struct lunar_cmd *cmd)
{
	return READ_ONCE(cmd->state) <= LUNAR_CMD_NEED_DATA;
}

/* Ends a command that is ours: it waits for data, or was never executed. */
static void end_here(struct lunar_cmd *cmd, sense_reason_t reason)
{
	struct lunar_rx *rx = &cmd->conn->rx;

	/* The rest of a data segment on its way goes nowhere. */
	if (rx->cmd == cmd) {
		rx->cmd = NULL;
		rx->dest = LUNAR_RX_SKIP;
	}
	if (cmd->state == LUNAR_CMD_NEED_DATA)
		lunar_conn_wait_data(cmd->conn, -1);
	WRITE_ONCE(cmd->state, LUNAR_CMD_EXEC);
	list_del_init(&cmd->tx_entry);
	lunar_stats_inc(LUNAR_STAT_aborted);
	transport_generic_request_failure(&cmd->se_cmd, reason);
}

/* As target core does it; false if it is too late for that. */
static bool mark_aborted(struct se_cmd *se_cmd, bool tas)
{
	unsigned long flags;
	bool marked;

	spin_lock_irqsave(&se_cmd->t_state_lock, flags);
	marked = !(se_cmd->transport_state & (CMD_T_COMPLETE | CMD_T_ABORTED));
	if (marked)
		se_cmd->transport_state |= CMD_T_ABORTED |
					   (tas ? CMD_T_TAS : 0);
	spin_unlock_irqrestore(&se_cmd->t_state_lock, flags);
	return marked;
}

/*
 * Has a backstore of ours give a command up, or end it at the next step that it
 * takes. To target core it is as if it had aborted the command, so a LOGICAL UNIT
 * RESET waits for it; @tas: with TASK ABORTED as its answer. Target core's own ABORT
 * TASK would come to the same, but needs the LUN to be mapped still, and a work
 * item each.
 *
 * With cmd_lock held, which keeps the command, and is an RCU read side section. A
 * command in this state has not been answered, so its LUN and its disk are there,
 * or were when the section began; see struct lunar_backend_ops.
 */
static void give_up(struct lunar_cmd *cmd, bool tas)
{
	struct se_cmd *se_cmd = &cmd->se_cmd;
	struct se_device *dev = se_cmd->se_dev;

	lockdep_assert_held(&cmd->conn->cmd_lock);
	if (!cmd->ordered || READ_ONCE(cmd->state) != LUNAR_CMD_EXEC)
		return;
	if (mark_aborted(se_cmd, tas))
		lunar_backend_ops(dev)->abort(se_cmd);
}

static bool contains(const struct lunar_abort_set *set,
		     const struct lunar_cmd *cmd)
{
	return (!set->itt || cmd->itt == *set->itt) &&
	       (!set->lun || cmd->se_cmd.orig_fe_lun == *set->lun);
}

/*
 * Marks the next ones, with cmd_lock held because a command that is with target
 * core can be freed at any time after it leaves the hash. Returns the first that
 * is ours to end, or NULL.
 */
static struct lunar_cmd *mark(struct lunar_conn *conn,
			      const struct lunar_abort_set *set, u32 serial)
{
	struct lunar_cmd *cmd;
	unsigned int i;

	lockdep_assert_held(&conn->cmd_lock);
	for (i = 0; i < LUNAR_CONN_HASH; i++) {
		hlist_for_each_entry(cmd, &conn->cmds[i], hash_entry) {
			if (cmd->abandoned || !contains(set, cmd))
				continue;
			WRITE_ONCE(cmd->abandoned, serial);
			if (is_ours(cmd))
				return cmd;
			lunar_stats_inc(LUNAR_STAT_aborted);
			give_up(cmd, false);
		}
	}
	return NULL;
}

/**
 * lunar_abort_mark() - give commands up
 * @conn:	the connection
 * @set:	which
 * @serial:	of the TMF that does, not 0
 *
 * What waits for data ends here, what waits for exec_work there. A backstore of
 * ours gives up what it has. What any other has goes on, and its answer is
 * dropped. Owner's context.
 */
void lunar_abort_mark(struct lunar_conn *conn, const struct lunar_abort_set *set,
		      u32 serial)
{
	struct lunar_cmd *cmd;

	do {
		spin_lock_bh(&conn->cmd_lock);
		cmd = mark(conn, set, serial);
		spin_unlock_bh(&conn->cmd_lock);
		if (cmd)
			end_here(cmd, TCM_CHECK_CONDITION_ABORT_CMD);
	} while (cmd);
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
	end_here(cmd, TCM_CHECK_CONDITION_ABORT_CMD);
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

	lunar_abort_mark(conn, &all, conn->tmfs.serial + 1 ?: 1);
}

/*
 * A place for one more request, or NULL if target core has too many already, or too
 * many of that disk. A disk that is not busy with resets has the second half of the
 * places to itself, with all others like it.
 */
static const struct se_device **take_place(const struct se_device *disk)
{
	const struct se_device **place = NULL;
	u32 nr = 0, same = 0, i;

	spin_lock_bh(&resets_lock);
	for (i = 0; i < MAX_RESETS; i++) {
		if (!resets[i])
			place = &resets[i];
		else
			nr++;
		same += resets[i] == disk;
	}
	if (same >= (nr < MAX_RESETS / 2 ? DISK_RESETS : 1))
		place = NULL;
	if (place)
		*place = disk;
	spin_unlock_bh(&resets_lock);
	return place;
}

static void give_place(const struct se_device **place)
{
	spin_lock_bh(&resets_lock);
	*place = NULL;
	spin_unlock_bh(&resets_lock);
}

/**
 * lunar_abort_reset() - have target core reset a LUN, for a TMF
 * @parent:	the TMF; kept until target core has answered
 * @lun:	unpacked LUN
 *
 * Target core works on its own workqueue. Owner's context.
 *
 * Return: 0; -ENODEV if it is not mapped any more; -EBUSY if target core has too
 * much of this to do already; -ENOMEM, -ESHUTDOWN.
 */
int lunar_abort_reset(struct lunar_cmd *parent, u64 lun)
{
	struct lunar_conn *conn = parent->conn;
	const struct se_device **place;
	const struct se_device *disk;
	struct lunar_cmd *cmd;
	int ret;

	disk = lunar_session_disk(conn->session, lun);
	if (!disk)
		return -ENODEV;
	place = take_place(disk);
	if (!place)
		return -EBUSY;
	cmd = lunar_cmd_alloc(conn, LUNAR_CMD_TMR, RESERVED_ITT);
	if (!cmd) {
		give_place(place);
		return -ENOMEM;
	}
	cmd->place = place;
	cmd->parent = parent;
	cmd->state = LUNAR_CMD_EXEC;
	atomic_inc(&parent->tmf.tmrs);
	ret = target_submit_tmr(&cmd->se_cmd, conn->session->se_sess,
				cmd->sense.data, lun, cmd, TMR_LUN_RESET,
				GFP_KERNEL, 0, TARGET_SCF_ACK_KREF);
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
	case TMR_LUN_DOES_NOT_EXIST:
		/* It has gone meanwhile, and its commands with it. */
		break;
	default:
		WRITE_ONCE(tmf->response, ISCSI_TMF_RSP_REJECTED);
		break;
	}
	target_put_sess_cmd(&cmd->se_cmd);
}

/* Is the LUN of the command being removed? */
static bool lun_goes(const struct lunar_cmd *cmd)
{
	const struct se_lun *lun = READ_ONCE(cmd->se_cmd.se_lun);

	return lun && percpu_ref_is_dying((struct percpu_ref *)&lun->lun_ref);
}

/*
 * With cmd_lock held. Has what a backstore of ours has of a LUN that goes given up,
 * and returns the first that is ours to end, or NULL.
 */
static struct lunar_cmd *look(struct lunar_conn *conn, sense_reason_t *reason)
{
	struct lunar_cmd *cmd;
	unsigned int i;

	lockdep_assert_held(&conn->cmd_lock);
	for (i = 0; i < LUNAR_CONN_HASH; i++) {
		hlist_for_each_entry(cmd, &conn->cmds[i], hash_entry) {
			*reason = TCM_CHECK_CONDITION_ABORT_CMD;
			if (is_ours(cmd) &&
			    READ_ONCE(cmd->se_cmd.transport_state) & CMD_T_ABORTED)
				return cmd;
			if (READ_ONCE(cmd->state) > LUNAR_CMD_EXEC ||
			    !lun_goes(cmd))
				continue;
			*reason = TCM_NON_EXISTENT_LUN;
			if (is_ours(cmd))
				return cmd;
			give_up(cmd, true);
		}
	}
	return NULL;
}

/**
 * lunar_abort_look() - end what can have no effect, or holds others up
 * @conn:	the connection
 *
 * LOGICAL UNIT RESET and PREEMPT AND ABORT of another initiator mark every
 * command of the device and wait for its end. One that waits for data has to be
 * ended here: its initiator may be gone. Its status, if the TAS bit asks for
 * one, is sent. The same goes for commands of a LUN that is being removed, also if
 * one of our backstores has them; these get a status. Owner's context.
 */
void lunar_abort_look(struct lunar_conn *conn)
{
	sense_reason_t reason;
	struct lunar_cmd *cmd;

	do {
		spin_lock_bh(&conn->cmd_lock);
		cmd = look(conn, &reason);
		spin_unlock_bh(&conn->cmd_lock);
		if (cmd)
			end_here(cmd, reason);
	} while (cmd);
}

/*
 * One command for CLEAR TASK SET; cmd_lock is held. If another function has aborted
 * it before, perhaps one that was never answered, this one waits for it as well.
 */
static bool clear(struct lunar_conn *conn, struct lunar_cmd *cmd, u32 number)
{
	struct se_cmd *se_cmd = &cmd->se_cmd;
	bool tas = se_cmd->se_dev->dev_attrib.emulate_tas;
	bool marked = mark_aborted(se_cmd, tas);

	if (!cmd->cleared)
		cmd->cleared = number;
	if (!marked)
		return false;
	lunar_stats_inc(LUNAR_STAT_aborted);
	/* SAM-5 5.14.4, 7.3: a unit attention if there is no status. */
	if (!tas)
		xa_store_bh(&conn->session->cleared, se_cmd->orig_fe_lun,
			    xa_mk_value(1), GFP_ATOMIC);
	if (cmd->ordered && READ_ONCE(cmd->state) == LUNAR_CMD_EXEC)
		lunar_backend_ops(se_cmd->se_dev)->abort(se_cmd);
	return true;
}

/**
 * lunar_abort_clear() - CLEAR TASK SET that came by another connection
 * @conn:	this one; on a list whose lock the caller holds
 * @disk:	what is to be cleared
 * @number:	of the function, not 0
 *
 * What is ours to end has to be ended by the owner, in lunar_abort_look(). Any
 * context but hard interrupts.
 *
 * Return: whether there is anything.
 */
bool lunar_abort_clear(struct lunar_conn *conn, const struct se_device *disk,
		       u32 number)
{
	struct lunar_cmd *cmd;
	bool found = false;
	unsigned int i;

	spin_lock_bh(&conn->cmd_lock);
	for (i = 0; i < LUNAR_CONN_HASH; i++)
		hlist_for_each_entry(cmd, &conn->cmds[i], hash_entry)
			if (READ_ONCE(cmd->state) <= LUNAR_CMD_EXEC &&
			    cmd->se_cmd.se_dev == disk)
				found |= clear(conn, cmd, number);
	spin_unlock_bh(&conn->cmd_lock);
	return found;
}

/**
 * lunar_abort_clearing() - is a command that was cleared still somewhere?
 * @conn:	on a list whose lock the caller holds
 * @disk:	as in lunar_abort_clear()
 * @number:	as there; what an earlier one has cleared counts as well
 *
 * Any context but hard interrupts.
 *
 * Return: whether there is one.
 */
bool lunar_abort_clearing(struct lunar_conn *conn, const struct se_device *disk,
			  u32 number)
{
	struct lunar_cmd *cmd;
	bool found = false;
	unsigned int i;

	spin_lock_bh(&conn->cmd_lock);
	for (i = 0; i < LUNAR_CONN_HASH; i++)
		hlist_for_each_entry(cmd, &conn->cmds[i], hash_entry)
			found |= cmd->cleared &&
				 (s32)(number - cmd->cleared) >= 0 &&
				 READ_ONCE(cmd->state) <= LUNAR_CMD_EXEC &&
				 cmd->se_cmd.se_dev == disk;
	spin_unlock_bh(&conn->cmd_lock);
	return found;
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
		kvfree(cmd->tmf.luns);
	if (cmd->kind == LUNAR_CMD_TMR) {
		give_place(cmd->place);
		/* The TMF may be gone after this. */
		atomic_dec(&cmd->parent->tmf.tmrs);
	} else if (!cmd->abandoned) {
		return;
	}
	if (READ_ONCE(conn->tmfs.nr))
		lunar_owner_kick(conn);
}
