// SPDX-License-Identifier: GPL-2.0
/*
 * The receive engine. One small step per part of a PDU; each returns 1 when its
 * part is complete, -EAGAIN when the socket has no more bytes now, or another
 * -errno, which ends the connection.
 */

#include <linux/mm.h>
#include <linux/slab.h>
#include "abort.h"
#include "cmd.h"
#include "digest.h"
#include "hold.h"
#include "memory.h"
#include "rx.h"
#include "session.h"
#include "stats.h"
#include "tmf.h"
#include "tx.h"

/* A PDU counts as one more for so many bytes: it takes that long to copy them. */
#define RX_LONG		65536

/*
 * Answers to requests that take no slot of the CmdSN window (NOP-Out, Text, what is
 * rejected). A peer that sends such and does not read gets no further. In a discovery
 * session, open to strangers, one at a time.
 */
#define MAX_QUEUED		32
#define MAX_QUEUED_DISCOVERY	1

/* Pages handed to the socket at once; bounds the stack. */
#define RX_BVECS	32

/* What rx.ahead has, at most @len bytes. */
static u32 ahead(const struct lunar_rx *rx, u32 len)
{
	return min(len, rx->ahead_end - rx->ahead_pos);
}

/* Takes at most @len bytes out of rx.ahead. */
static u32 take_ahead(struct lunar_rx *rx, void *buf, u32 len)
{
	len = ahead(rx, len);
	memcpy(buf, rx->ahead + rx->ahead_pos, len);
	rx->ahead_pos += len;
	return len;
}

/* Receives the rest of a small part of @len bytes into @buf. */
static int recv_part(struct lunar_conn *conn, void *buf, u32 len)
{
	struct lunar_rx *rx = &conn->rx;
	int ret;

	for (;;) {
		rx->done += take_ahead(rx, buf + rx->done, len - rx->done);
		if (rx->done == len)
			return 1;
		ret = lunar_sock_recv(&conn->ls, rx->ahead, sizeof(rx->ahead));
		if (ret < 0)
			return ret;
		rx->ahead_pos = 0;
		rx->ahead_end = ret;
	}
}

/* Receives at most @len bytes of a data segment into @buf. */
static int recv_buffer(struct lunar_conn *conn, void *buf, u32 len)
{
	return take_ahead(&conn->rx, buf, len) ?:
	       lunar_sock_recv(&conn->ls, buf, len);
}

/* Receives at most @len bytes of a data segment and forgets them. */
static int recv_skip(struct lunar_conn *conn, u32 len)
{
	struct lunar_rx *rx = &conn->rx;

	if (!ahead(rx, len))
		return lunar_sock_skip(&conn->ls, len);
	len = ahead(rx, len);
	rx->ahead_pos += len;
	return len;
}

/*
 * Receives at most @len bytes of a data segment into pages. If that is the @last
 * of it, what comes next is received as well. There is room for one more entry.
 */
static int recv_pages(struct lunar_conn *conn, struct bio_vec *bvec, u32 nr,
		      u32 len, bool last)
{
	struct lunar_rx *rx = &conn->rx;
	u32 more = last ? sizeof(rx->ahead) : 0;
	struct iov_iter iter;
	int ret;

	if (ahead(rx, len)) {
		iov_iter_bvec(&iter, ITER_DEST, bvec, nr, len);
		/* Not copy_to_iter(): hardened usercopy takes this for user's. */
		ret = _copy_to_iter(rx->ahead + rx->ahead_pos, ahead(rx, len),
				    &iter);
		rx->ahead_pos += ret;
		return ret;
	}
	bvec_set_page(&bvec[nr], virt_to_page(rx->ahead), more,
		      offset_in_page(rx->ahead));
	ret = lunar_sock_recv_bvec(&conn->ls, bvec, nr + last, len + more);
	if (ret <= (int)len)
		return ret;
	rx->ahead_pos = 0;
	rx->ahead_end = ret - len;
	return len;
}

static void next_step(struct lunar_rx *rx, enum lunar_rx_step step)
{
	rx->step = step;
	rx->done = 0;
}

static void reset(struct lunar_conn *conn)
{
	struct lunar_rx *rx = &conn->rx;

	kvfree(rx->buf);
	rx->buf = NULL;
	rx->cmd = NULL;
	rx->dest = LUNAR_RX_SKIP;
	rx->reject = 0;
	rx->ignore = false;
	rx->hold = false;
	rx->numbered = false;
	rx->unsummed = false;
	rx->crc = LUNAR_DIGEST_BEGIN;
	next_step(rx, LUNAR_RX_BHS);
}

static u32 our_max_recv(const struct lunar_conn *conn)
{
	/* RFC 7143 13.12: the default holds until login ends. */
	if (!conn->io_owned)
		return ISCSI_DEF_MAX_RECV_SEG_LEN;
	return conn->session->params.val[LUNAR_KEY_MAX_RECV_DATA_SEGMENT_LENGTH];
}

static int recv_bhs(struct lunar_conn *conn)
{
	struct lunar_rx *rx = &conn->rx;
	struct lunar_pdu_limits limits = {
		.max_data	= our_max_recv(conn),
		.login		= !conn->io_owned,
		.discovery	= conn->io_owned && conn->session->discovery,
	};
	int ret;

	ret = recv_part(conn, &rx->hdr, sizeof(rx->hdr));
	if (ret < 0)
		return ret;
	switch (lunar_pdu_check(&rx->hdr, &limits, &rx->pdu)) {
	case LUNAR_PDU_OK:
		break;
	case LUNAR_PDU_REJECT:
		rx->reject = rx->pdu.reason;
		break;
	case LUNAR_PDU_CLOSE:
		return -EPROTO;
	}
	next_step(rx, LUNAR_RX_AHS);
	return 1;
}

static int recv_ahs(struct lunar_conn *conn)
{
	struct lunar_rx *rx = &conn->rx;
	int ret;

	ret = recv_part(conn, rx->ahs, rx->pdu.ahs_len);
	if (ret > 0)
		next_step(rx, LUNAR_RX_HEADER_DIGEST);
	return ret;
}

/* The PDU waits for its turn; all of it is kept. */
static int hold(struct lunar_conn *conn)
{
	conn->rx.hold = true;
	lunar_stats_inc(LUNAR_STAT_held_pdus);
	return conn->rx.pdu.data_len ? lunar_rx_take_buffer(conn) : 0;
}

/*
 * RFC 7143 4.2.2.1: a command with a CmdSN outside of the window is ignored, and
 * so is a duplicate. Inside the window, behind a gap, it waits for its turn.
 */
static int sequence(struct lunar_conn *conn)
{
	struct lunar_rx *rx = &conn->rx;
	u32 cmdsn = be32_to_cpu(rx->hdr.statsn);

	if (rx->pdu.opcode == ISCSI_OP_SCSI_DATA_OUT) {
		if (list_empty(&conn->rx.held) ||
		    !lunar_hold_is_data_of(conn, rx->hdr.itt))
			return 0;
		return hold(conn);
	}
	switch (lunar_window_check(&conn->session->window, cmdsn,
				   rx->pdu.immediate)) {
	case LUNAR_WINDOW_TAKE:
		/* One that is held, for the end of a reset, came first. */
		if (!rx->pdu.immediate && lunar_hold_has(conn, cmdsn))
			break;
		rx->numbered = !rx->pdu.immediate;
		return 0;
	case LUNAR_WINDOW_AHEAD:
		if (!lunar_hold_has(conn, cmdsn))
			return hold(conn);
		break;
	case LUNAR_WINDOW_IGNORE:
		break;
	}
	lunar_stats_inc(LUNAR_STAT_ignored_cmdsn);
	rx->ignore = true;
	return 0;
}

/* Header and AHS are complete and right: ask the phase's handler. */
static int dispatch(struct lunar_conn *conn)
{
	const struct lunar_handler *handler;
	struct lunar_rx *rx = &conn->rx;
	int ret;

	if (rx->reject)
		return 0;
	handler = &conn->handlers[rx->pdu.opcode];
	if (!handler->header) {
		rx->reject = ISCSI_REASON_CMD_NOT_SUPPORTED;
		return 0;
	}
	if (conn->io_owned) {
		ret = sequence(conn);
		if (ret || rx->ignore || rx->hold)
			return ret;
	}
	return handler->header(conn);
}

/*
 * Without memory the connection stops here, with the PDU as it is, and the step is
 * done again a moment later. TCP holds the initiator back, and so does the window
 * (memory.h). Handlers of these opcodes change nothing before
 * they have what they need.
 */
static int starve(struct lunar_conn *conn)
{
	u8 opcode = conn->rx.pdu.opcode;

	if (!conn->io_owned || conn->session->discovery ||
	    opcode == ISCSI_OP_TEXT)
		return -ENOMEM;
	lunar_stats_inc(LUNAR_STAT_starved);
	lunar_memory_failed();
	lunar_conn_retry(conn);
	return -EAGAIN;
}

static int recv_header_digest(struct lunar_conn *conn)
{
	struct lunar_rx *rx = &conn->rx;
	int ret;
	u32 crc;

	if (conn->header_digest) {
		ret = recv_part(conn, &rx->digest, sizeof(rx->digest));
		if (ret < 0)
			return ret;
		crc = lunar_digest_update(LUNAR_DIGEST_BEGIN, &rx->hdr,
					  sizeof(rx->hdr));
		crc = lunar_digest_update(crc, rx->ahs, rx->pdu.ahs_len);
		if (lunar_digest_end(crc) != rx->digest) {
			lunar_stats_inc(LUNAR_STAT_header_digest_errors);
			return -EBADMSG;
		}
	}
	/* The end of the reset has us look again. */
	if (rx->pdu.opcode == ISCSI_OP_SCSI_CMD && lunar_tmf_is_resetting(conn))
		return -EAGAIN;
	ret = dispatch(conn);
	if (ret < 0)
		return ret == -ENOMEM ? starve(conn) : ret;
	next_step(rx, LUNAR_RX_DATA);
	return 1;
}

/* What the initiator announced beyond the CDB's length goes nowhere. */
static noinline int recv_tail(struct lunar_conn *conn, u32 len)
{
	struct lunar_rx *rx = &conn->rx;
	u8 buf[256];
	int ret;

	if (!conn->data_digest)
		return recv_skip(conn, len);
	/* It is summed all the same: the data before it is to be right. */
	ret = recv_buffer(conn, buf, min_t(u32, len, sizeof(buf)));
	if (ret > 0)
		rx->crc = lunar_digest_update(rx->crc, buf, ret);
	return ret;
}

static int recv_cmd_data(struct lunar_conn *conn)
{
	struct bio_vec bvec[RX_BVECS + 1];
	struct lunar_rx *rx = &conn->rx;
	struct lunar_cmd *cmd = rx->cmd;
	u32 at = rx->cmd_offset + rx->done;
	u32 len = rx->pdu.data_len - rx->done;
	u32 nr, total;
	int ret;

	if (at >= cmd->se_cmd.data_length)
		return recv_tail(conn, len);

	lunar_cmd_seek(cmd, at);
	nr = lunar_cmd_bvecs(&cmd->cursor, bvec, RX_BVECS,
			     min(len, cmd->se_cmd.data_length - at), &total);
	ret = recv_pages(conn, bvec, nr, total, total == len);
	if (ret <= 0)
		return ret;
	if (conn->data_digest) {
		/* The socket may have filled less than was offered. */
		nr = lunar_cmd_bvecs(&cmd->cursor, bvec, RX_BVECS, ret, &total);
		rx->crc = lunar_digest_update_bvec(rx->crc, bvec, nr);
	}
	lunar_cmd_advance(&cmd->cursor, ret);
	WRITE_ONCE(conn->data_progress, jiffies);
	return ret;
}

static int recv_some_data(struct lunar_conn *conn)
{
	struct lunar_rx *rx = &conn->rx;
	u32 len = rx->pdu.data_len - rx->done;
	int ret;

	switch (rx->dest) {
	case LUNAR_RX_CMD:
		return recv_cmd_data(conn);
	case LUNAR_RX_BUFFER:
		ret = recv_buffer(conn, rx->buf + rx->done, len);
		if (ret > 0 && conn->data_digest)
			rx->crc = lunar_digest_update(rx->crc,
						      rx->buf + rx->done, ret);
		return ret;
	default:
		rx->unsummed = true;
		return recv_skip(conn, len);
	}
}

static int recv_data(struct lunar_conn *conn)
{
	struct lunar_rx *rx = &conn->rx;
	int ret;

	while (rx->done < rx->pdu.data_len) {
		ret = recv_some_data(conn);
		if (ret < 0)
			return ret;
		rx->done += ret;
	}
	if (rx->dest == LUNAR_RX_BUFFER)
		rx->buf[rx->pdu.data_len] = '\0';
	next_step(rx, LUNAR_RX_PAD);
	return 1;
}

static int recv_pad(struct lunar_conn *conn)
{
	struct lunar_rx *rx = &conn->rx;
	int ret;

	ret = recv_part(conn, rx->pad, rx->pdu.pad);
	if (ret < 0)
		return ret;
	if (conn->data_digest)
		rx->crc = lunar_digest_update(rx->crc, rx->pad, rx->pdu.pad);
	next_step(rx, LUNAR_RX_DATA_DIGEST);
	return 1;
}

/*
 * The whole PDU is here. RFC 7143 7.3: what is rejected counts as not received,
 * so its CmdSN is not taken, and the initiator has to close the gap.
 */
static int finish(struct lunar_conn *conn)
{
	struct lunar_rx *rx = &conn->rx;
	int ret;

	if (rx->ignore)
		return 0;
	if (rx->hold)
		return lunar_hold_add(conn);
	ret = rx->reject ? lunar_tx_reject(conn, rx->reject) :
			   conn->handlers[rx->pdu.opcode].done(conn);
	if (!ret && rx->numbered && !rx->reject)
		lunar_window_take(&conn->session->window);
	return ret;
}

/* Data that was held goes where the header handler wants it. */
static void place_data(struct lunar_conn *conn, const struct lunar_held *held)
{
	struct lunar_rx *rx = &conn->rx;
	u32 len = rx->pdu.data_len, room;
	struct se_cmd *se_cmd;

	switch (rx->dest) {
	case LUNAR_RX_SKIP:
		break;
	case LUNAR_RX_BUFFER:
		memcpy(rx->buf, held->buf, len + 1);
		break;
	case LUNAR_RX_CMD:
		se_cmd = &rx->cmd->se_cmd;
		room = se_cmd->data_length - min(se_cmd->data_length,
						 rx->cmd_offset);
		sg_pcopy_from_buffer(se_cmd->t_data_sg, se_cmd->t_data_nents,
				     held->buf, min(len, room), rx->cmd_offset);
		break;
	}
}

/* A PDU whose turn has come is handled as if it came now. */
static int replay(struct lunar_conn *conn, const struct lunar_held *held)
{
	struct lunar_rx *rx = &conn->rx;
	int ret;

	rx->hdr = held->hdr;
	rx->pdu = held->pdu;
	if (held->ahs)
		memcpy(rx->ahs, held->ahs, rx->pdu.ahs_len);
	ret = dispatch(conn);
	if (ret)
		return ret;
	if (rx->pdu.data_len)
		place_data(conn, held);
	ret = finish(conn);
	reset(conn);
	return ret;
}

/* A gap may have been closed, or a reset be over. */
static int replay_held(struct lunar_conn *conn, int *budget)
{
	struct lunar_held *held;
	int ret = 0;

	while (!ret && lunar_conn_state(conn) == LUNAR_CONN_FULL) {
		held = lunar_hold_next(conn, lunar_tmf_is_resetting(conn));
		if (!held)
			break;
		*budget -= 1;
		ret = replay(conn, held);
		lunar_hold_free(held);
	}
	return ret;
}

/*
 * RFC 7143 7.8: a Reject. A WRITE that lost data fails once the rest of it has
 * come. Any other PDU is as if it never came; if that leaves a gap the connection
 * ends, since at ErrorRecoveryLevel 0 nobody would close it.
 */
static int data_digest_error(struct lunar_conn *conn)
{
	struct lunar_rx *rx = &conn->rx;
	int ret;

	lunar_stats_inc(LUNAR_STAT_data_digest_errors);
	if (rx->ignore)
		return 0;
	if (rx->hold || rx->numbered)
		return lunar_tx_reject_last(conn);
	ret = lunar_tx_reject(conn, ISCSI_REASON_DATA_DIGEST_ERROR);
	if (ret || !rx->cmd)
		return ret;
	if (rx->pdu.opcode == ISCSI_OP_SCSI_DATA_OUT) {
		rx->cmd->xfer.spoiled = true;
		return conn->handlers[rx->pdu.opcode].done(conn);
	}
	lunar_abort_one(rx->cmd);
	return 0;
}

static int recv_data_digest(struct lunar_conn *conn)
{
	struct lunar_rx *rx = &conn->rx;
	bool bad = false;
	int ret;

	if (conn->data_digest && rx->pdu.data_len) {
		ret = recv_part(conn, &rx->digest, sizeof(rx->digest));
		if (ret < 0)
			return ret;
		bad = !rx->unsummed && lunar_digest_end(rx->crc) != rx->digest;
	}
	ret = bad ? data_digest_error(conn) : finish(conn);
	if (ret < 0)
		return ret == -ENOMEM && !bad ? starve(conn) : ret;
	reset(conn);
	return 1;
}

static int step(struct lunar_conn *conn)
{
	switch (conn->rx.step) {
	case LUNAR_RX_BHS:
		return recv_bhs(conn);
	case LUNAR_RX_AHS:
		return recv_ahs(conn);
	case LUNAR_RX_HEADER_DIGEST:
		return recv_header_digest(conn);
	case LUNAR_RX_DATA:
		return recv_data(conn);
	case LUNAR_RX_PAD:
		return recv_pad(conn);
	case LUNAR_RX_DATA_DIGEST:
		return recv_data_digest(conn);
	}
	return -EINVAL;
}

/*
 * In full feature phase not behind a Logout (RFC 7143 11.14), nor behind what made us
 * close the connection, nor when the peer does not read its answers.
 */
static bool reads_on(const struct lunar_conn *conn)
{
	return !conn->io_owned ||
	       (lunar_conn_state(conn) == LUNAR_CONN_FULL &&
		conn->queued < (conn->session->discovery ? MAX_QUEUED_DISCOVERY :
							   MAX_QUEUED));
}

/**
 * lunar_rx_run() - receive and handle PDUs
 * @conn:	the connection
 * @budget:	PDUs to handle, a long one counts for several; counted down, below 0
 *		by the last
 *
 * Owner's context; sleeps for memory only (login handlers for more).
 *
 * Return: 1 if the budget is used up, 0 if the socket has no more bytes now or no
 * more are to be read, or -errno: the connection must be closed (-EPROTO, -EBADMSG:
 * the peer's fault).
 */
int lunar_rx_run(struct lunar_conn *conn, int *budget)
{
	int ret;

	for (;;) {
		/* Be the budget used up: what was skipped is said by the next answer. */
		if (!conn->rx.done && conn->rx.step == LUNAR_RX_BHS &&
		    !list_empty(&conn->rx.held)) {
			ret = replay_held(conn, budget);
			if (ret < 0)
				return ret;
		}
		if (*budget <= 0)
			return 1;
		if (conn->rx.step == LUNAR_RX_BHS && !reads_on(conn))
			return 0;
		ret = step(conn);
		if (ret == -EAGAIN)
			return 0;
		if (ret < 0)
			return ret;
		if (conn->rx.step == LUNAR_RX_BHS) {
			*budget -= 1 + conn->rx.pdu.data_len / RX_LONG;
			WRITE_ONCE(conn->moved,
				   conn->moved + conn->rx.pdu.data_len);
		}
	}
}

/**
 * lunar_rx_take_buffer() - receive the data segment into rx.buf
 * @conn:	in a header handler
 *
 * Owner's context, may sleep for memory. The buffer has room for a NUL behind
 * the data and lives until the done handler returns, unless that takes it.
 *
 * Return: 0 or -ENOMEM.
 */
int lunar_rx_take_buffer(struct lunar_conn *conn)
{
	struct lunar_rx *rx = &conn->rx;

	rx->buf = kvmalloc(rx->pdu.data_len + 1, GFP_KERNEL);
	if (!rx->buf)
		return -ENOMEM;
	rx->dest = LUNAR_RX_BUFFER;
	return 0;
}

/**
 * lunar_rx_exit() - forget the PDU in progress
 * @conn:	its socket is closed
 *
 * Owner's context. Commands are not touched.
 */
void lunar_rx_exit(struct lunar_conn *conn)
{
	reset(conn);
	conn->rx.ahead_pos = 0;
	conn->rx.ahead_end = 0;
	lunar_hold_free_all(conn);
}
