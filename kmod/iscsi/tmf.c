// SPDX-License-Identifier: GPL-2.0
/* Task management. See tmf.h. */

#include <scsi/scsi_common.h>
#include "cmd.h"
#include "hold.h"
#include "stats.h"
#include "tmf.h"
#include "tpg.h"
#include "tx.h"

/* How often connections look while a reset is in progress. */
#define LOOK_INTERVAL	(HZ / 20)

static void look(struct work_struct *work);
static DECLARE_DELAYED_WORK(look_work, look);

/*
 * Target core does not say when it marks commands as aborted, only that it does
 * between the submission and the end of a reset.
 */
static void look(struct work_struct *work)
{
	struct lunar_target *target;
	struct lunar_conn *conn;
	struct lunar_tpg *tpg;

	mutex_lock(&lunar_tpg_targets_lock);
	list_for_each_entry(target, &lunar_tpg_targets, entry) {
		list_for_each_entry(tpg, &target->tpgs, entry) {
			spin_lock_bh(&tpg->lock);
			list_for_each_entry(conn, &tpg->conns, tpg_entry)
				lunar_conn_look(conn);
			spin_unlock_bh(&tpg->lock);
		}
	}
	mutex_unlock(&lunar_tpg_targets_lock);
	if (lunar_cmd_resets())
		schedule_delayed_work(&look_work, LOOK_INTERVAL);
}

/**
 * lunar_tmf_watch() - a command is about to abort those of other initiators
 * @cmd:	LOGICAL UNIT RESET or PREEMPT AND ABORT
 *
 * Until it is over, connections end what target core has aborted and what waits
 * for data (lunar_cmd_end_aborted()). Owner's context.
 */
void lunar_tmf_watch(struct lunar_cmd *cmd)
{
	lunar_cmd_count_reset(cmd);
	mod_delayed_work(system_wq, &look_work, 1);
}

/**
 * lunar_tmf_exit() - module exit of this file; no connection is left
 */
void lunar_tmf_exit(void)
{
	cancel_delayed_work_sync(&look_work);
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

/* An answer that needs no target core. */
static int respond(struct lunar_conn *conn, const struct iscsi_tm *req,
		   u8 response)
{
	struct iscsi_tm_rsp *rsp;
	struct lunar_cmd *cmd;

	cmd = lunar_cmd_alloc(conn, LUNAR_CMD_PDU, req->itt);
	if (!cmd)
		return -ENOMEM;
	rsp = (struct iscsi_tm_rsp *)&cmd->rsp;
	rsp->opcode = ISCSI_OP_SCSI_TMFUNC_RSP;
	rsp->flags = ISCSI_FLAG_CMD_FINAL;
	rsp->response = response;
	rsp->itt = req->itt;
	lunar_cmd_queue(cmd);
	return 0;
}

/**
 * lunar_tmf_done() - Task Management Function Request: execute
 * @conn:	the connection
 *
 * First the fabric gives up what it holds itself: a command that waits for data
 * from an initiator that may never send it would hold target core's abort up for
 * ever. Then target core aborts what it has, waits for the backstore, and
 * answers. Owner's context.
 *
 * Return: 0, or -errno to close the connection.
 */
int lunar_tmf_done(struct lunar_conn *conn)
{
	struct iscsi_tm *req = (void *)&conn->rx.hdr;
	u8 function = ISCSI_TM_FUNC_VALUE(req);
	u32 cmdsn = be32_to_cpu(req->cmdsn);
	u64 lun = scsilun_to_int(&req->lun);
	struct lunar_cmd *cmd;

	lunar_stats_inc(LUNAR_STAT_tmf_commands);
	switch (function) {
	case ISCSI_TM_FUNC_ABORT_TASK:
		lunar_cmd_abandon(conn, req->rtt, lun);
		if (lunar_hold_abort(conn, req->rtt,
				     be32_to_cpu(req->refcmdsn), cmdsn))
			return -ENOMEM;
		break;
	case ISCSI_TM_FUNC_LOGICAL_UNIT_RESET:
		lunar_cmd_abandon_all(conn, &lun);
		lunar_hold_abort_lun(conn, &lun, cmdsn);
		break;
	case ISCSI_TM_FUNC_ABORT_TASK_SET:
	case ISCSI_TM_FUNC_CLEAR_TASK_SET:
		lunar_hold_abort_lun(conn, &lun, cmdsn);
		break;
	case ISCSI_TM_FUNC_TARGET_WARM_RESET:
	case ISCSI_TM_FUNC_TARGET_COLD_RESET:
		lunar_hold_abort_lun(conn, NULL, cmdsn);
		break;
	case ISCSI_TM_FUNC_CLEAR_ACA:
		break;
	case ISCSI_TM_FUNC_TASK_REASSIGN:
		/* RFC 7143 11.6.1: needs ErrorRecoveryLevel 2. */
		return respond(conn, req, ISCSI_TMF_RSP_NO_FAILOVER);
	default:
		return lunar_tx_reject(conn, LUNAR_REJECT_INVALID_PDU_FIELD);
	}
	if (lunar_cmd_too_many(conn))
		return lunar_tx_reject(conn, ISCSI_REASON_IMM_CMD_REJECT);
	cmd = lunar_cmd_alloc(conn, LUNAR_CMD_TMF, req->itt);
	if (!cmd)
		return -ENOMEM;
	if (function == ISCSI_TM_FUNC_LOGICAL_UNIT_RESET)
		lunar_tmf_watch(cmd);
	return lunar_cmd_begin_tmf(cmd, lun, function, req->rtt);
}
