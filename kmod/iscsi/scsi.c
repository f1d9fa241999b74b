// SPDX-License-Identifier: GPL-2.0
/* SCSI Command and SCSI Data-Out as received. See scsi.h. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <scsi/scsi_common.h>
#include <scsi/scsi_proto.h>
#include "cmd.h"
#include "scsi.h"
#include "session.h"
#include "stats.h"
#include "tmf.h"

#define PREEMPT_AND_ABORT	0x05	/* service action, SPC-4 6.16.2 */

/*
 * Puts header and extension together if the CDB is longer than 16 bytes.
 * Returns false if the AHS does not parse, or the CDB says it is longer than
 * what came: target core would read beyond it.
 */
static bool get_cdb(struct lunar_conn *conn, u8 *cdb)
{
	const struct iscsi_scsi_req *req = (void *)&conn->rx.hdr;
	u32 len = ISCSI_CDB_SIZE;
	struct lunar_ahs ahs;

	memcpy(cdb, req->cdb, ISCSI_CDB_SIZE);
	if (conn->rx.pdu.ahs_len) {
		if (lunar_pdu_parse_ahs(conn->rx.ahs, conn->rx.pdu.ahs_len,
					&ahs))
			return false;
		if (ahs.ecdb) {
			memcpy(cdb + len, ahs.ecdb, ahs.ecdb_len);
			len += ahs.ecdb_len;
		}
	}
	return scsi_command_size(cdb) <= len;
}

static int reject(struct lunar_conn *conn, u8 reason)
{
	conn->rx.reject = reason;
	return 0;
}

/* The data that came with the command, and what will follow it. */
static int start_data_out(struct lunar_conn *conn, struct lunar_cmd *cmd,
			  const struct iscsi_scsi_req *req)
{
	struct lunar_rx *rx = &conn->rx;
	enum lunar_xfer_error err;

	err = lunar_xfer_start(&cmd->xfer, &conn->session->limits, cmd->edtl,
			       rx->pdu.data_len,
			       req->flags & ISCSI_FLAG_CMD_FINAL);
	if (err != LUNAR_XFER_OK) {
		pr_debug("%s: data of ITT %08x does not fit: %d\n",
			 conn->session->initiator,
			 be32_to_cpu((__force __be32)cmd->itt), err);
		return -EPROTO;
	}
	lunar_xfer_limit(&cmd->xfer, cmd->se_cmd.data_length);
	if (rx->pdu.data_len) {
		rx->dest = LUNAR_RX_CMD;
		rx->cmd_offset = 0;
		lunar_stats_add(LUNAR_STAT_immediate_bytes, rx->pdu.data_len);
	}
	return 0;
}

/**
 * lunar_scsi_header() - SCSI Command: header complete
 * @conn:	the connection
 *
 * Sets the command up in target core, as far as its buffer. Immediate data goes
 * there, or nowhere if the command is answered already or takes none. Owner's
 * context.
 *
 * Return: 0, or -errno to close the connection.
 */
int lunar_scsi_header(struct lunar_conn *conn)
{
	struct iscsi_scsi_req *req = (void *)&conn->rx.hdr;
	u8 *cdb = conn->cdb;
	struct lunar_cmd *cmd;
	int ret;

	lunar_stats_inc(LUNAR_STAT_scsi_commands);
	if ((req->flags & ISCSI_FLAG_CMD_READ) &&
	    (req->flags & ISCSI_FLAG_CMD_WRITE))
		return reject(conn, ISCSI_REASON_CMD_NOT_SUPPORTED);
	if (!get_cdb(conn, cdb))
		return reject(conn, LUNAR_REJECT_INVALID_PDU_FIELD);
	if (req->itt == RESERVED_ITT)
		return reject(conn, LUNAR_REJECT_INVALID_PDU_FIELD);
	if (lunar_cmd_exists(conn, req->itt))
		return reject(conn, ISCSI_REASON_TASK_IN_PROGRESS);
	if (lunar_cmd_too_many(conn))
		return reject(conn, ISCSI_REASON_IMM_CMD_REJECT);

	cmd = lunar_cmd_alloc(conn, LUNAR_CMD_SCSI, req->itt);
	if (!cmd)
		return -ENOMEM;
	ret = lunar_cmd_begin(cmd, req, cdb);
	if (ret)
		return ret < 0 ? ret : 0;
	conn->rx.cmd = cmd;
	if (cmd->state == LUNAR_CMD_NEED_DATA)
		return start_data_out(conn, cmd, req);
	return 0;
}

/* It ends commands of others as LOGICAL UNIT RESET does (SPC-4 5.12.11.2.7). */
static bool preempts_and_aborts(const struct se_cmd *se_cmd)
{
	return se_cmd->t_task_cdb[0] == PERSISTENT_RESERVE_OUT &&
	       (se_cmd->t_task_cdb[1] & 0x1f) == PREEMPT_AND_ABORT;
}

/* Some data arrived: execute, or ask for more. */
static void advance(struct lunar_conn *conn, struct lunar_cmd *cmd)
{
	if (lunar_xfer_failed(&cmd->xfer)) {
		list_del_init(&cmd->tx_entry);
		lunar_cmd_fail(cmd);
	} else if (lunar_xfer_complete(&cmd->xfer)) {
		list_del_init(&cmd->tx_entry);
		if (preempts_and_aborts(&cmd->se_cmd))
			lunar_tmf_watch(cmd);
		lunar_cmd_execute(cmd);
	} else if (list_empty(&cmd->tx_entry)) {
		/* If no R2T is due now the transmit side drops it again. */
		list_add_tail(&cmd->tx_entry, &conn->tx.queue);
	}
}

/**
 * lunar_scsi_done() - SCSI Command: its data segment is complete
 * @conn:	the connection
 *
 * Owner's context.
 *
 * Return: 0.
 */
int lunar_scsi_done(struct lunar_conn *conn)
{
	struct lunar_cmd *cmd = conn->rx.cmd;

	if (!cmd)
		return 0;
	if (cmd->state == LUNAR_CMD_NEED_DATA)
		advance(conn, cmd);
	else
		lunar_cmd_execute(cmd);
	return 0;
}

/**
 * lunar_scsi_data_out_header() - SCSI Data-Out: header complete
 * @conn:	the connection
 *
 * Data for a task that waits for none is discarded: the task was aborted, or
 * answered before its data came. One that is out of order shows that another was
 * lost: the task fails (RFC 7143 7.9). Owner's context.
 *
 * Return: 0, or -EPROTO if nobody asked for the data.
 */
int lunar_scsi_data_out_header(struct lunar_conn *conn)
{
	const struct iscsi_data *req = (void *)&conn->rx.hdr;
	enum lunar_xfer_error err = LUNAR_XFER_SPOILED;
	bool final = req->flags & ISCSI_FLAG_CMD_FINAL;
	struct lunar_rx *rx = &conn->rx;
	u32 ttt = be32_to_cpu(req->ttt);
	struct lunar_cmd *cmd;

	cmd = lunar_cmd_find_waiting(conn, req->itt);
	if (!cmd) {
		lunar_stats_inc(LUNAR_STAT_discarded_data_out);
		return 0;
	}
	rx->cmd = cmd;
	if (!cmd->xfer.spoiled)
		err = lunar_xfer_data_out(&cmd->xfer, ttt,
					  be32_to_cpu(req->offset),
					  rx->pdu.data_len,
					  be32_to_cpu(req->datasn), final);
	switch (err) {
	case LUNAR_XFER_OK:
		break;
	case LUNAR_XFER_SPOILED:
	case LUNAR_XFER_BAD_DATASN:
	case LUNAR_XFER_BAD_OFFSET:
	case LUNAR_XFER_TOO_LITTLE:
		lunar_xfer_spoil(&cmd->xfer, ttt, final);
		return 0;
	default:
		pr_debug("%s: Data-Out of ITT %08x does not fit: %d\n",
			 conn->session->initiator,
			 be32_to_cpu((__force __be32)req->itt), err);
		return -EPROTO;
	}
	rx->cmd_offset = be32_to_cpu(req->offset);
	rx->dest = LUNAR_RX_CMD;
	lunar_stats_add(ttt == ISCSI_RESERVED_TAG ?
			LUNAR_STAT_unsolicited_bytes :
			LUNAR_STAT_solicited_bytes, rx->pdu.data_len);
	return 0;
}

/**
 * lunar_scsi_data_out_done() - SCSI Data-Out: its data segment is complete
 * @conn:	the connection
 *
 * Owner's context.
 *
 * Return: 0.
 */
int lunar_scsi_data_out_done(struct lunar_conn *conn)
{
	if (conn->rx.cmd)
		advance(conn, conn->rx.cmd);
	return 0;
}
