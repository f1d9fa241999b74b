// SPDX-License-Identifier: GPL-2.0
/* Task management. See tmf.h. */

#include <linux/mm.h>
#include <scsi/scsi_common.h>
#include "abort.h"
#include "cmd.h"
#include "hold.h"
#include "session.h"
#include "stats.h"
#include "tmf.h"
#include "tpg.h"
#include "tx.h"

/* How often connections look while a reset is in progress. */
#define LOOK_INTERVAL	(HZ / 20)

/*
 * ESXi takes a function that is not answered for failed and goes on to harsher
 * ones. It gets its answer, or it sees the connection end, within 2 s.
 */
#define TMF_DEADLINE	(7 * HZ / 4)

static void look(struct work_struct *work);
static DECLARE_DELAYED_WORK(look_work, look);

/* CLEAR TASK SETs so far. */
static atomic_t clears;

typedef bool (*visit_fn)(struct lunar_conn *conn, const struct lunar_cmd *cmd);

/*
 * Of all target portal groups, until @visit, which is called with tpg->lock held,
 * returns false; that is returned.
 */
static bool visit_conns(visit_fn visit, const struct lunar_cmd *cmd)
{
	struct lunar_target *target;
	struct lunar_conn *conn;
	struct lunar_tpg *tpg;
	bool go_on = true;

	mutex_lock(&lunar_tpg_targets_lock);
	list_for_each_entry(target, &lunar_tpg_targets, entry) {
		list_for_each_entry(tpg, &target->tpgs, entry) {
			spin_lock_bh(&tpg->lock);
			list_for_each_entry(conn, &tpg->conns, tpg_entry)
				go_on = go_on && visit(conn, cmd);
			spin_unlock_bh(&tpg->lock);
		}
	}
	mutex_unlock(&lunar_tpg_targets_lock);
	return go_on;
}

static bool look_at(struct lunar_conn *conn, const struct lunar_cmd *unused)
{
	lunar_conn_look(conn);
	return true;
}

/*
 * Target core does not say when it marks commands as aborted, only that it does
 * between the submission and the end of a reset.
 */
static void look(struct work_struct *work)
{
	visit_conns(look_at, NULL);
	if (lunar_abort_resets())
		schedule_delayed_work(&look_work, LOOK_INTERVAL);
}

/**
 * lunar_tmf_watch() - a command is about to abort those of other initiators
 * @cmd:	a reset or PREEMPT AND ABORT
 *
 * Until it is over, connections end what target core has aborted and what waits
 * for data (lunar_abort_end_aborted()). Owner's context.
 */
void lunar_tmf_watch(struct lunar_cmd *cmd)
{
	lunar_abort_count_reset(cmd);
	mod_delayed_work(system_wq, &look_work, 1);
}

/**
 * lunar_tmf_exit() - module exit of this file; no connection is left
 */
void lunar_tmf_exit(void)
{
	cancel_delayed_work_sync(&look_work);
}

/* Which commands of the connection it ends. */
static struct lunar_abort_set scope(const struct lunar_tmf *tmf)
{
	struct lunar_abort_set set = {};

	switch (tmf->function) {
	case ISCSI_TM_FUNC_ABORT_TASK:
		set.itt = &tmf->ref;
		fallthrough;
	case ISCSI_TM_FUNC_ABORT_TASK_SET:
	case ISCSI_TM_FUNC_CLEAR_TASK_SET:
	case ISCSI_TM_FUNC_LOGICAL_UNIT_RESET:
		set.lun = &tmf->lun;
		break;
	default:
		break;
	}
	return set;
}

static bool is_target_reset(const struct lunar_tmf *tmf)
{
	return tmf->function == ISCSI_TM_FUNC_TARGET_WARM_RESET ||
	       tmf->function == ISCSI_TM_FUNC_TARGET_COLD_RESET;
}

/* Does it end commands of this connection only? */
static bool is_own(const struct lunar_tmf *tmf)
{
	return tmf->function == ISCSI_TM_FUNC_ABORT_TASK ||
	       tmf->function == ISCSI_TM_FUNC_ABORT_TASK_SET;
}

/* Answers that need nothing done. */
static u8 check(struct lunar_conn *conn, const struct lunar_tmf *tmf)
{
	switch (tmf->function) {
	case ISCSI_TM_FUNC_CLEAR_ACA:
		/* NormACA is 0: there is none. */
		return ISCSI_TMF_RSP_NOT_SUPPORTED;
	case ISCSI_TM_FUNC_TASK_REASSIGN:
		/* RFC 7143 11.6.1: needs ErrorRecoveryLevel 2. */
		return ISCSI_TMF_RSP_NO_FAILOVER;
	default:
		if (!is_target_reset(tmf) &&
		    !lunar_session_disk(conn->session, tmf->lun))
			return ISCSI_TMF_RSP_NO_LUN;
		return ISCSI_TMF_RSP_COMPLETE;
	}
}

/*
 * Ends what of it waits for its turn (RFC 7143 11.5.5), a task that never came
 * included.
 */
static int end_held(struct lunar_conn *conn, const struct lunar_tmf *tmf,
		    const struct iscsi_tm *req)
{
	u32 cmdsn = be32_to_cpu(req->cmdsn);

	if (tmf->function == ISCSI_TM_FUNC_ABORT_TASK)
		return lunar_hold_abort(conn, tmf->ref,
					be32_to_cpu(req->refcmdsn), cmdsn);
	lunar_hold_abort_lun(conn, is_target_reset(tmf) ? NULL : &tmf->lun, cmdsn);
	return 0;
}

/* The LUNs that target core has to reset. */
static int choose_luns(struct lunar_conn *conn, struct lunar_tmf *tmf)
{
	u32 max = 1;

	if (is_target_reset(tmf))
		max = max(lunar_session_luns(conn->session, NULL, 0), 1U);
	tmf->luns = kvmalloc_array(max, sizeof(u64), GFP_KERNEL);
	if (!tmf->luns)
		return -ENOMEM;
	tmf->luns[0] = tmf->lun;
	tmf->nr = 1;
	if (is_target_reset(tmf))
		tmf->nr = min(max, lunar_session_luns(conn->session, tmf->luns,
						      max));
	return 0;
}

static bool is_clear(const struct lunar_tmf *tmf)
{
	return tmf->function == ISCSI_TM_FUNC_CLEAR_TASK_SET;
}

static bool clear(struct lunar_conn *conn, const struct lunar_cmd *cmd)
{
	const struct lunar_tmf *tmf = &cmd->tmf;

	if (conn != cmd->conn && lunar_abort_clear(conn, tmf->disk, tmf->clear))
		lunar_conn_look(conn);
	return true;
}

static bool is_cleared(struct lunar_conn *conn, const struct lunar_cmd *cmd)
{
	const struct lunar_tmf *tmf = &cmd->tmf;

	return conn == cmd->conn ||
	       !lunar_abort_clearing(conn, tmf->disk, tmf->clear);
}

/*
 * First the fabric gives up what it holds itself: a command that waits for data
 * from an initiator that may never send it would hold target core's abort up for
 * ever. Resets go through target core. It has no CLEAR TASK SET, so that ends here
 * what came to the disk by any connection of this fabric.
 */
static int begin(struct lunar_conn *conn, struct lunar_cmd *cmd)
{
	struct lunar_tmf *tmf = &cmd->tmf;
	struct lunar_abort_set set = scope(tmf);
	int ret;

	if (!is_own(tmf)) {
		ret = is_clear(tmf) ? 0 : choose_luns(conn, tmf);
		if (ret)
			return ret;
		lunar_tmf_watch(cmd);
	}
	conn->tmfs.serial = conn->tmfs.serial + 1 ?: 1;
	tmf->serial = conn->tmfs.serial;
	lunar_abort_mark(conn, &set, tmf->serial);
	if (is_clear(tmf)) {
		tmf->clear = atomic_inc_return(&clears) ?: atomic_inc_return(&clears);
		tmf->disk = lunar_session_disk(conn->session, tmf->lun);
		if (tmf->disk)
			visit_conns(clear, cmd);
	}
	return 0;
}

/* Asks target core for what is left to ask. */
static void submit(struct lunar_cmd *cmd)
{
	struct lunar_tmf *tmf = &cmd->tmf;
	int ret;

	while (tmf->next < tmf->nr) {
		ret = lunar_abort_reset(cmd, tmf->luns[tmf->next]);
		/* lunar_tmf_watch() has us look again. */
		if (ret == -EBUSY)
			return;
		/* Of several LUNs one may have gone meanwhile. */
		if (ret == -ENODEV && tmf->nr == 1)
			WRITE_ONCE(tmf->response, ISCSI_TMF_RSP_NO_LUN);
		else if (ret && ret != -ENODEV)
			WRITE_ONCE(tmf->response, ISCSI_TMF_RSP_REJECTED);
		tmf->next++;
	}
}

static bool is_over(struct lunar_conn *conn, const struct lunar_cmd *cmd)
{
	const struct lunar_tmf *tmf = &cmd->tmf;
	struct lunar_abort_set set = scope(tmf);

	return tmf->next == tmf->nr && !atomic_read(&tmf->tmrs) &&
	       !lunar_abort_pending(conn, &set, tmf->serial) &&
	       (!tmf->disk || visit_conns(is_cleared, cmd));
}

/**
 * lunar_tmf_run() - go on with the task management functions in progress
 * @conn:	the connection
 *
 * Those that are over are queued to be answered. Owner's context, after each kick.
 */
void lunar_tmf_run(struct lunar_conn *conn)
{
	struct lunar_tmfs *tmfs = &conn->tmfs;
	struct lunar_cmd *cmd, *next;

	if (!tmfs->nr)
		return;
	list_for_each_entry_safe(cmd, next, &tmfs->list, tx_entry) {
		submit(cmd);
		if (!is_over(conn, cmd))
			continue;
		list_move_tail(&cmd->tx_entry, &conn->tx.queue);
		WRITE_ONCE(tmfs->nr, tmfs->nr - 1);
	}
	cmd = list_first_entry_or_null(&tmfs->list, struct lunar_cmd, tx_entry);
	if (cmd) {
		WRITE_ONCE(tmfs->deadline, cmd->tmf.deadline);
		if (!timer_pending(&tmfs->timer))
			mod_timer(&tmfs->timer, tmfs->deadline);
	}
}

/**
 * lunar_tmf_is_resetting() - does target core reset a LUN for this connection?
 * @conn:	the connection
 *
 * It aborts what it finds meanwhile, also what came after the TMF, and answers nothing
 * of the session that asked for it: so no SCSI command is to begin until then. Should
 * that be too long the connection is closed. Owner's context.
 *
 * Return: true if so.
 */
bool lunar_tmf_is_resetting(const struct lunar_conn *conn)
{
	const struct lunar_cmd *cmd;

	list_for_each_entry(cmd, &conn->tmfs.list, tx_entry)
		if (cmd->tmf.next < cmd->tmf.nr || atomic_read(&cmd->tmf.tmrs))
			return true;
	return false;
}

/**
 * lunar_tmf_drop() - no task management function will be answered any more
 * @conn:	its socket is closed
 *
 * One that target core still works on is kept until that has ended, when this is
 * called again. Owner's context.
 */
void lunar_tmf_drop(struct lunar_conn *conn)
{
	struct lunar_tmfs *tmfs = &conn->tmfs;
	struct lunar_cmd *cmd, *next;

	timer_delete_sync(&tmfs->timer);
	list_for_each_entry_safe(cmd, next, &tmfs->list, tx_entry) {
		if (atomic_read(&cmd->tmf.tmrs))
			continue;
		list_del_init(&cmd->tx_entry);
		WRITE_ONCE(tmfs->nr, tmfs->nr - 1);
		lunar_cmd_free(cmd);
	}
}

/**
 * lunar_tmf_header() - Task Management Function Request: header complete
 * @conn:	the connection
 *
 * Return: 0.
 */
int lunar_tmf_header(struct lunar_conn *conn)
{
	return 0;
}

/**
 * lunar_tmf_done() - Task Management Function Request: execute
 * @conn:	the connection
 *
 * It is answered when nothing of what it ends can take effect any more, by
 * lunar_tmf_run(). Owner's context.
 *
 * Return: 0, or -errno to close the connection.
 */
int lunar_tmf_done(struct lunar_conn *conn)
{
	struct iscsi_tm *req = (void *)&conn->rx.hdr;
	struct lunar_tmf *tmf;
	struct lunar_cmd *cmd;
	int ret;

	lunar_stats_inc(LUNAR_STAT_tmf_commands);
	if (ISCSI_TM_FUNC_VALUE(req) < ISCSI_TM_FUNC_ABORT_TASK ||
	    ISCSI_TM_FUNC_VALUE(req) > ISCSI_TM_FUNC_TASK_REASSIGN)
		return lunar_tx_reject(conn, LUNAR_REJECT_INVALID_PDU_FIELD);
	if (lunar_cmd_too_many(conn))
		return lunar_tx_reject(conn, ISCSI_REASON_IMM_CMD_REJECT);
	cmd = lunar_cmd_alloc(conn, LUNAR_CMD_TMF, req->itt);
	if (!cmd)
		return -ENOMEM;
	tmf = &cmd->tmf;
	tmf->function = ISCSI_TM_FUNC_VALUE(req);
	tmf->lun = lunar_pdu_lun(&req->lun);
	tmf->ref = req->rtt;
	tmf->deadline = jiffies + TMF_DEADLINE;
	tmf->response = check(conn, tmf);
	if (tmf->response != ISCSI_TMF_RSP_COMPLETE) {
		lunar_cmd_queue(cmd);
		return 0;
	}
	if (tmf->function == ISCSI_TM_FUNC_TARGET_COLD_RESET)
		cmd->after = LUNAR_AFTER_RESET;
	ret = begin(conn, cmd) ?: end_held(conn, tmf, req);
	if (ret) {
		lunar_cmd_free(cmd);
		return ret;
	}
	if (list_empty(&conn->tmfs.list))
		WRITE_ONCE(conn->tmfs.deadline, tmf->deadline);
	list_add_tail(&cmd->tx_entry, &conn->tmfs.list);
	/* Pairs with the timer, which may be pending for one that is over. */
	smp_store_release(&conn->tmfs.nr, conn->tmfs.nr + 1);
	lunar_tmf_run(conn);
	return 0;
}
