// SPDX-License-Identifier: GPL-2.0
/*
 * The transmit engine. Commands with something to send stand in tx.queue; the
 * head is cut into PDUs one at a time, and each PDU leaves as header, data and
 * trailer. Sequence numbers are stamped when a PDU is built, so StatSN follows
 * the order on the wire.
 */

#include <linux/mm.h>
#include <linux/slab.h>
#include <scsi/scsi_common.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include <target/target_core_base.h>
#include "cmd.h"
#include "digest.h"
#include "memory.h"
#include "session.h"
#include "stats.h"
#include "tx.h"

/* Pages handed to the socket at once; bounds the stack. */
#define TX_BVECS	32

static bool was_aborted(const struct lunar_cmd *cmd)
{
	return cmd->kind == LUNAR_CMD_SCSI &&
	       READ_ONCE(cmd->se_cmd.transport_state) & CMD_T_TAS;
}

/*
 * A LOGICAL UNIT RESET waits until the commands of other initiators that it has
 * aborted are released, and all later ones wait for it. It must not depend on one of
 * these initiators to read from its socket, so TASK ABORTED leaves without its command.
 * Without memory it is as slow as that. Returns what has something to send.
 */
static struct lunar_cmd *part_with_answer(struct lunar_cmd *cmd)
{
	struct iscsi_scsi_rsp *rsp;
	struct lunar_cmd *pdu;

	pdu = lunar_cmd_alloc(cmd->conn, LUNAR_CMD_PDU, cmd->itt);
	if (!pdu)
		return cmd;
	rsp = (struct iscsi_scsi_rsp *)&pdu->rsp;
	rsp->opcode = ISCSI_OP_SCSI_CMD_RSP;
	rsp->flags = ISCSI_FLAG_CMD_FINAL;
	rsp->response = ISCSI_STATUS_CMD_COMPLETED;
	rsp->cmd_status = SAM_STAT_TASK_ABORTED;
	rsp->itt = cmd->itt;
	rsp->exp_datasn = cpu_to_be32(cmd->xfer.next_r2tsn);
	/* It may take long until target core lets go of it. */
	lunar_cmd_give_slot(cmd);
	lunar_cmd_finish(cmd);
	return pdu;
}

/* The command has an answer, or will never have one. */
static void take_answer(struct lunar_conn *conn, struct lunar_cmd *cmd)
{
	if (cmd->abandoned) {
		lunar_cmd_finish(cmd);
		return;
	}
	if (was_aborted(cmd))
		cmd = part_with_answer(cmd);
	list_add_tail(&cmd->tx_entry, &conn->tx.queue);
}

/*
 * Moves what was queued to the end of tx.queue, oldest first. What a backstore has
 * executed comes twice: completing it queues its answer.
 */
static void collect(struct lunar_conn *conn)
{
	struct lunar_cmd *cmd, *next;
	struct llist_node *list;

	while (!llist_empty(&conn->ready)) {
		list = llist_reverse_order(llist_del_all(&conn->ready));
		llist_for_each_entry_safe(cmd, next, list, ready_entry) {
			if (READ_ONCE(cmd->state) == LUNAR_CMD_DONE)
				lunar_cmd_complete(cmd);
			else
				take_answer(conn, cmd);
		}
	}
}

/* ExpCmdSN and MaxCmdSN stand at one place in every target PDU. */
static void stamp(struct lunar_conn *conn, struct iscsi_hdr *bhs)
{
	struct lunar_window *win = &conn->session->window;

	lunar_window_update(win, atomic_read(&conn->session->open),
			    lunar_memory_short());
	bhs->exp_statsn = cpu_to_be32(win->exp_cmdsn);
	bhs->max_statsn = cpu_to_be32(win->max_cmdsn);
}

/* A PDU that carries a status: consumes a StatSN and the window's slot. */
static void stamp_status(struct lunar_conn *conn, struct lunar_cmd *cmd,
			 struct iscsi_hdr *bhs)
{
	lunar_cmd_give_slot(cmd);
	bhs->statsn = cpu_to_be32(conn->statsn);
	if (!cmd->no_statsn)
		conn->statsn++;
	stamp(conn, bhs);
}

static struct iscsi_hdr *new_bhs(struct lunar_conn *conn, u8 opcode, itt_t itt)
{
	struct iscsi_hdr *bhs = &conn->tx.hdr.bhs;

	memset(bhs, 0, sizeof(*bhs));
	bhs->opcode = opcode;
	bhs->flags = ISCSI_FLAG_CMD_FINAL;
	bhs->itt = itt;
	return bhs;
}

/* Sums up @len bytes of the command's pages without moving its cursor. */
static u32 digest_pages(const struct lunar_cmd *cmd, u32 crc, u32 len)
{
	struct lunar_cmd_cursor at = cmd->cursor;
	struct bio_vec bvec[TX_BVECS];
	u32 nr, total;

	while (len) {
		nr = lunar_cmd_bvecs(&at, bvec, TX_BVECS, len, &total);
		crc = lunar_digest_update_bvec(crc, bvec, nr);
		lunar_cmd_advance(&at, total);
		len -= total;
	}
	return crc;
}

/* The BHS is complete: add digests and padding and start sending. */
static void start_pdu(struct lunar_conn *conn, struct lunar_cmd *cmd, char *buf,
		      u32 len, bool last)
{
	struct lunar_tx *tx = &conn->tx;
	u32 pad = lunar_pad(len), crc = LUNAR_DIGEST_BEGIN;
	__le32 digest;

	hton24(tx->hdr.bhs.dlength, len);
	tx->hdr_len = sizeof(tx->hdr.bhs);
	if (conn->header_digest) {
		crc = lunar_digest_update(crc, &tx->hdr.bhs,
					  sizeof(tx->hdr.bhs));
		tx->hdr.digest = lunar_digest_end(crc);
		tx->hdr_len += sizeof(tx->hdr.digest);
	}
	memset(tx->trailer, 0, pad);
	tx->trailer_len = pad;
	if (conn->data_digest && len) {
		crc = LUNAR_DIGEST_BEGIN;
		crc = buf ? lunar_digest_update(crc, buf, len) :
			    digest_pages(cmd, crc, len);
		crc = lunar_digest_update(crc, tx->trailer, pad);
		digest = lunar_digest_end(crc);
		memcpy(tx->trailer + pad, &digest, sizeof(digest));
		tx->trailer_len += sizeof(digest);
	}
	tx->cmd = cmd;
	tx->buf = buf;
	tx->data_len = len;
	tx->last = last;
	tx->done = 0;
	tx->step = LUNAR_TX_HEADER;
}

/* RFC 7143 11.4.5: residuals as target core found them. */
static u8 residual(const struct se_cmd *se_cmd, __be32 *count)
{
	if (se_cmd->se_cmd_flags & SCF_OVERFLOW_BIT) {
		*count = cpu_to_be32(se_cmd->residual_count);
		return ISCSI_FLAG_CMD_OVERFLOW;
	}
	if (se_cmd->se_cmd_flags & SCF_UNDERFLOW_BIT) {
		*count = cpu_to_be32(se_cmd->residual_count);
		return ISCSI_FLAG_CMD_UNDERFLOW;
	}
	return 0;
}

/*
 * RFC 7143 11.7. The last one carries the status if that is GOOD; another comes
 * in a response of its own, with the sense data.
 */
static void build_data_in(struct lunar_conn *conn, struct lunar_cmd *cmd)
{
	struct lunar_session *session = conn->session;
	struct lunar_data_in_pdu pdu;
	struct iscsi_data_rsp *rsp;
	bool status;

	lunar_xfer_next_data_in(&cmd->din, session->peer_max_recv,
				session->params.val[LUNAR_KEY_MAX_BURST_LENGTH],
				&pdu);
	rsp = (void *)new_bhs(conn, ISCSI_OP_SCSI_DATA_IN, cmd->itt);
	rsp->ttt = cpu_to_be32(ISCSI_RESERVED_TAG);
	rsp->datasn = cpu_to_be32(pdu.datasn);
	rsp->offset = cpu_to_be32(pdu.offset);
	if (!pdu.final)
		rsp->flags = 0;
	status = pdu.last && !cmd->se_cmd.scsi_status;
	if (pdu.last && !status)
		cmd->state = LUNAR_CMD_STATUS;
	if (status) {
		rsp->flags |= ISCSI_FLAG_DATA_STATUS;
		rsp->flags |= residual(&cmd->se_cmd, &rsp->residual_count);
		stamp_status(conn, cmd, (struct iscsi_hdr *)rsp);
	} else {
		stamp(conn, (struct iscsi_hdr *)rsp);
	}
	lunar_stats_add(LUNAR_STAT_read_bytes, pdu.length);
	if (cmd->backend.loan.sgl)
		lunar_stats_add(LUNAR_STAT_lent_bytes, pdu.length);
	start_pdu(conn, cmd, NULL, pdu.length, status);
}

/* Puts the condition that the fabric found in place of target core's. */
static void set_condition(u8 *sense, u32 condition)
{
	bool descriptor = (sense[0] & 0x7f) >= 0x72;

	sense[descriptor ? 1 : 2] = condition >> 16;
	put_unaligned_be16(condition, sense + (descriptor ? 2 : 12));
}

/* RFC 7143 11.4. */
static void build_scsi_response(struct lunar_conn *conn, struct lunar_cmd *cmd)
{
	struct se_cmd *se_cmd = &cmd->se_cmd;
	struct iscsi_scsi_rsp *rsp;
	u32 len = 0;

	rsp = (void *)new_bhs(conn, ISCSI_OP_SCSI_CMD_RSP, cmd->itt);
	rsp->response = ISCSI_STATUS_CMD_COMPLETED;
	rsp->cmd_status = se_cmd->scsi_status;
	rsp->flags |= residual(se_cmd, &rsp->residual_count);
	rsp->exp_datasn = cpu_to_be32(cmd->xfer.next_r2tsn);
	if (se_cmd->scsi_sense_length &&
	    (se_cmd->se_cmd_flags &
	     (SCF_TRANSPORT_TASK_SENSE | SCF_EMULATED_TASK_SENSE))) {
		cmd->sense.len = cpu_to_be16(se_cmd->scsi_sense_length);
		len = sizeof(cmd->sense.len) + se_cmd->scsi_sense_length;
		if (cmd->condition)
			set_condition(cmd->sense.data, cmd->condition);
	}
	stamp_status(conn, cmd, (struct iscsi_hdr *)rsp);
	start_pdu(conn, cmd, (char *)&cmd->sense, len, true);
}

static void build_tmf_response(struct lunar_conn *conn, struct lunar_cmd *cmd)
{
	struct iscsi_tm_rsp *rsp;

	rsp = (void *)new_bhs(conn, ISCSI_OP_SCSI_TMFUNC_RSP, cmd->itt);
	rsp->response = cmd->tmf.response;
	stamp_status(conn, cmd, (struct iscsi_hdr *)rsp);
	start_pdu(conn, cmd, NULL, 0, true);
}

static void build_pdu(struct lunar_conn *conn, struct lunar_cmd *cmd)
{
	struct iscsi_hdr *bhs = &conn->tx.hdr.bhs;

	*bhs = cmd->rsp;
	stamp_status(conn, cmd, bhs);
	start_pdu(conn, cmd, cmd->data, cmd->data_len, true);
}

/*
 * RFC 7143 11.8. An R2T keeps no reference on its command: the command may be
 * abandoned while the R2T is on its way, and its data is then discarded.
 */
static bool build_r2t(struct lunar_conn *conn, struct lunar_cmd *cmd)
{
	struct iscsi_r2t_rsp *rsp;
	struct lunar_r2t r2t;

	if (!lunar_xfer_next_r2t(&cmd->xfer, &conn->session->limits,
				 conn->next_ttt, &r2t))
		return false;
	if (++conn->next_ttt == ISCSI_RESERVED_TAG)
		conn->next_ttt = 0;
	rsp = (void *)new_bhs(conn, ISCSI_OP_R2T, cmd->itt);
	lunar_pdu_put_lun(cmd->se_cmd.orig_fe_lun, &rsp->lun);
	rsp->ttt = cpu_to_be32(r2t.ttt);
	rsp->statsn = cpu_to_be32(conn->statsn);
	rsp->r2tsn = cpu_to_be32(r2t.r2tsn);
	rsp->data_offset = cpu_to_be32(r2t.offset);
	rsp->data_length = cpu_to_be32(r2t.length);
	stamp(conn, (struct iscsi_hdr *)rsp);
	start_pdu(conn, NULL, NULL, 0, false);
	return true;
}

/* Builds the next PDU of @cmd; false if there is none and it leaves the queue. */
static bool build(struct lunar_conn *conn, struct lunar_cmd *cmd)
{
	if (cmd->kind == LUNAR_CMD_PDU) {
		build_pdu(conn, cmd);
		return true;
	}
	if (cmd->kind == LUNAR_CMD_TMF) {
		build_tmf_response(conn, cmd);
		return true;
	}
	if (cmd->abandoned) {
		list_del_init(&cmd->tx_entry);
		lunar_cmd_finish(cmd);
		return false;
	}
	switch (READ_ONCE(cmd->state)) {
	case LUNAR_CMD_DATA_IN:
		if (!cmd->din.offset) {
			lunar_cmd_seek(cmd, 0);
			cmd->din.length = cmd->se_cmd.data_length;
		}
		build_data_in(conn, cmd);
		return true;
	case LUNAR_CMD_NEED_DATA:
		if (build_r2t(conn, cmd))
			return true;
		list_del_init(&cmd->tx_entry);
		return false;
	default:
		build_scsi_response(conn, cmd);
		return true;
	}
}

/* Starts the next PDU; false if there is nothing to send. */
static bool next_pdu(struct lunar_conn *conn)
{
	struct lunar_cmd *cmd;

	for (;;) {
		cmd = list_first_entry_or_null(&conn->tx.queue,
					       struct lunar_cmd, tx_entry);
		if (!cmd)
			return false;
		if (build(conn, cmd))
			return true;
	}
}

static int send_part(struct lunar_conn *conn, void *buf, u32 len, bool more)
{
	struct lunar_tx *tx = &conn->tx;
	int ret;

	while (tx->done < len) {
		ret = lunar_sock_send(&conn->ls, buf + tx->done,
				      len - tx->done, more);
		if (ret < 0)
			return ret;
		tx->done += ret;
	}
	return 1;
}

/* Pages of the command from its cursor on, as far as the socket takes them. */
static int send_pages(struct lunar_conn *conn, bool more)
{
	struct lunar_tx *tx = &conn->tx;
	struct lunar_cmd *cmd = tx->cmd;
	struct bio_vec bvec[TX_BVECS];
	u32 nr, total;
	int ret;

	while (tx->done < tx->data_len) {
		u32 left = tx->data_len - tx->done;

		nr = lunar_cmd_bvecs(&cmd->cursor, bvec, TX_BVECS, left, &total);
		ret = lunar_sock_send_pages(&conn->ls, bvec, nr, total,
					    more || total < left);
		if (ret < 0)
			return ret;
		lunar_cmd_advance(&cmd->cursor, ret);
		tx->done += ret;
	}
	return 1;
}

static void next_step(struct lunar_tx *tx, enum lunar_tx_step step)
{
	tx->step = step;
	tx->done = 0;
}

/*
 * The header and the first pages in one go. What did not fit is for the next
 * steps, and so is the rest of the header if it was that.
 */
static int send_head(struct lunar_conn *conn, bool more)
{
	struct lunar_tx *tx = &conn->tx;
	struct bio_vec bvec[1 + TX_BVECS];
	u32 nr, total;
	int ret;

	nr = lunar_cmd_bvecs(&tx->cmd->cursor, bvec + 1, TX_BVECS, tx->data_len,
			     &total);
	ret = lunar_sock_send_pdu(&conn->ls, &tx->hdr, tx->hdr_len, bvec, 1 + nr,
				  total, more || total < tx->data_len);
	if (ret < 0)
		return ret;
	if (ret < tx->hdr_len) {
		tx->done = ret;
		return send_part(conn, &tx->hdr, tx->hdr_len, true);
	}
	next_step(tx, LUNAR_TX_DATA);
	tx->done = ret - tx->hdr_len;
	lunar_cmd_advance(&tx->cmd->cursor, tx->done);
	return 1;
}

/* The last byte of a PDU is in the socket. */
static void pdu_sent(struct lunar_conn *conn)
{
	struct lunar_tx *tx = &conn->tx;
	struct lunar_cmd *cmd = tx->cmd;

	WRITE_ONCE(conn->moved, conn->moved + tx->data_len);
	tx->step = LUNAR_TX_IDLE;
	tx->cmd = NULL;
	if (!tx->last)
		return;
	tx->after = cmd->after;
	list_del_init(&cmd->tx_entry);
	lunar_cmd_finish(cmd);
}

/*
 * Will another PDU follow this one at once? Not certain: what comes next may be a
 * command that was given up, or have no R2T to send.
 */
static bool more_follows(const struct lunar_tx *tx, int budget)
{
	if (budget <= 1 || (tx->last && tx->cmd->after))
		return false;
	return !tx->last || !list_is_singular(&tx->queue);
}

static int step(struct lunar_conn *conn, int budget)
{
	struct lunar_tx *tx = &conn->tx;
	bool more;
	int ret;

	switch (tx->step) {
	case LUNAR_TX_HEADER:
		more = tx->trailer_len || more_follows(tx, budget);
		if (tx->data_len && !tx->buf && !tx->done)
			return send_head(conn, more);
		ret = send_part(conn, &tx->hdr, tx->hdr_len,
				more || tx->data_len);
		if (ret > 0)
			next_step(tx, LUNAR_TX_DATA);
		return ret;
	case LUNAR_TX_DATA:
		more = tx->trailer_len || more_follows(tx, budget);
		if (tx->buf)
			ret = send_part(conn, tx->buf, tx->data_len, more);
		else
			ret = send_pages(conn, more);
		if (ret > 0)
			next_step(tx, LUNAR_TX_TRAILER);
		return ret;
	case LUNAR_TX_TRAILER:
		more = more_follows(tx, budget);
		ret = send_part(conn, tx->trailer, tx->trailer_len, more);
		if (ret > 0) {
			tx->held = more;
			pdu_sent(conn);
		}
		return ret;
	case LUNAR_TX_IDLE:
		break;
	}
	return -EINVAL;
}

/* With the socket locked; returns as lunar_tx_run() does. */
static int send_ready(struct lunar_conn *conn, int *budget)
{
	struct lunar_tx *tx = &conn->tx;
	int ret;

	while (*budget > 0) {
		if (tx->step == LUNAR_TX_IDLE && !next_pdu(conn))
			return 0;
		ret = step(conn, *budget);
		if (ret == -EAGAIN)
			return 0;
		if (ret < 0)
			return ret;
		if (tx->step == LUNAR_TX_IDLE) {
			(*budget)--;
			if (tx->after)
				return 1;
		}
	}
	return 1;
}

/**
 * lunar_tx_run() - send what is ready
 * @conn:	the connection
 * @budget:	PDUs to send at most; counted down
 *
 * Owner's context. Stops early when a PDU was sent that asks for something
 * (tx.after), which the caller handles. What was executed is completed even if
 * nothing can be sent: an abort waits for that.
 *
 * Return: 1 if the budget is used up or tx.after is set, 0 if there is nothing
 * to send or the socket is full, or -errno: the connection must be closed.
 */
int lunar_tx_run(struct lunar_conn *conn, int *budget)
{
	struct lunar_tx *tx = &conn->tx;
	int ret;

	collect(conn);
	if (tx->step == LUNAR_TX_IDLE && list_empty(&tx->queue))
		return 0;
	lunar_sock_lock(&conn->ls);
	ret = send_ready(conn, budget);
	lunar_sock_unlock(&conn->ls, tx->held);
	tx->held = false;
	return ret;
}

static int reject(struct lunar_conn *conn, u8 reason,
		  enum lunar_cmd_after after)
{
	struct iscsi_reject *rej;
	struct lunar_cmd *cmd;

	cmd = lunar_cmd_alloc(conn, LUNAR_CMD_PDU, RESERVED_ITT);
	if (!cmd)
		return -ENOMEM;
	cmd->data = kmemdup(&conn->rx.hdr, sizeof(conn->rx.hdr), GFP_KERNEL);
	if (!cmd->data) {
		lunar_cmd_free(cmd);
		return -ENOMEM;
	}
	cmd->data_len = sizeof(conn->rx.hdr);
	cmd->after = after;
	rej = (struct iscsi_reject *)&cmd->rsp;
	rej->opcode = ISCSI_OP_REJECT;
	rej->flags = ISCSI_FLAG_CMD_FINAL;
	rej->reason = reason;
	rej->ffffffff = cpu_to_be32(ISCSI_RESERVED_TAG);
	conn->rx.reject = reason;
	lunar_stats_inc(LUNAR_STAT_rejects);
	lunar_cmd_queue(cmd);
	return 0;
}

/**
 * lunar_tx_reject() - refuse the PDU that was just received
 * @conn:	rx.hdr is that PDU's header
 * @reason:	RFC 7143 11.17.1
 *
 * Its CmdSN counts as not received (RFC 7143 7.3): see rx.reject. Owner's
 * context, may sleep for memory.
 *
 * Return: 0 or -ENOMEM.
 */
int lunar_tx_reject(struct lunar_conn *conn, u8 reason)
{
	return reject(conn, reason, LUNAR_AFTER_NOTHING);
}

/**
 * lunar_tx_reject_last() - refuse the PDU just received, then close
 * @conn:	rx.hdr is that PDU's header
 *
 * For a data digest error that leaves a gap: an initiator at ErrorRecoveryLevel 0
 * knows no recovery but that of the session (RFC 7143 7.1.4.4). Owner's context,
 * may sleep for memory.
 *
 * Return: 0 or -ENOMEM.
 */
int lunar_tx_reject_last(struct lunar_conn *conn)
{
	/* Nothing more is received. */
	if (!lunar_conn_set_state(conn, LUNAR_CONN_LOGOUT))
		return 0;
	return reject(conn, ISCSI_REASON_DATA_DIGEST_ERROR, LUNAR_AFTER_DIGEST);
}

/**
 * lunar_tx_exit() - nothing will be sent any more
 * @conn:	its socket is closed
 *
 * Owner's context; runs again for commands that end later.
 */
void lunar_tx_exit(struct lunar_conn *conn)
{
	struct lunar_cmd *cmd, *next;

	conn->tx.step = LUNAR_TX_IDLE;
	conn->tx.cmd = NULL;
	collect(conn);
	list_for_each_entry_safe(cmd, next, &conn->tx.queue, tx_entry) {
		list_del_init(&cmd->tx_entry);
		lunar_cmd_finish(cmd);
	}
}
