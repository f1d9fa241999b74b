// SPDX-License-Identifier: GPL-2.0
/*
 * Text Request, NOP-Out and Logout in full feature phase (RFC 7143 11.10,
 * 11.18, 11.14). All of it runs in io_work.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/in.h>
#include <linux/in6.h>
#include <linux/inet.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <target/target_core_fabric.h>

#include "cmd.h"
#include "pairs.h"
#include "portal.h"
#include "rx.h"
#include "session.h"
#include "stats.h"
#include "text.h"
#include "tpg.h"
#include "tx.h"

/* Text of one request, over all PDUs with the C bit. */
#define TEXT_MAX_REQUEST	8192
/* An answer: some 150 bytes per address, so more than 10000 of these. */
#define TEXT_MIN_ANSWER		8192
#define TEXT_MAX_ANSWER		(2U << 20)

/* "[" IPv6 "]:" port "," TPGT */
#define TEXT_ADDRESS_SIZE	64

/**
 * struct lunar_text_state - a Text negotiation in progress
 * @itt:	of all its requests
 * @ttt:	of all its responses but the last
 * @nego:	which keys were sent
 * @request:	text so far; owned
 * @request_len: its length
 * @answer:	the whole answer; its buffer is owned
 * @sent:	bytes of it that were sent
 */
struct lunar_text_state {
	itt_t			itt;
	u32			ttt;
	struct lunar_nego	nego;
	char			*request;
	u32			request_len;
	struct lunar_text	answer;
	u32			sent;
};

/**
 * lunar_text_free() - forget the Text negotiation in progress, if there is one
 * @conn:	the connection
 *
 * Context: owner, may sleep.
 */
void lunar_text_free(struct lunar_conn *conn)
{
	struct lunar_text_state *text = conn->text;

	if (!text)
		return;
	conn->text = NULL;
	kvfree(text->request);
	kvfree(text->answer.buf);
	kfree(text);
}

/*
 * The address of a portal as this initiator can reach it. A portal that is
 * bound to all addresses is at the one that the connection came to; a socket
 * serves one address family.
 */
static bool reachable(const struct lunar_conn *conn,
		      const struct lunar_portal *portal,
		      struct sockaddr_storage *addr)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)addr;
	struct sockaddr_in *v4 = (struct sockaddr_in *)addr;
	__be16 port;

	*addr = portal->addr;
	if (!inet_addr_is_any((struct sockaddr *)addr))
		return true;
	if (addr->ss_family != conn->local.ss_family)
		return false;
	port = addr->ss_family == AF_INET6 ? v6->sin6_port : v4->sin_port;
	*addr = conn->local;
	if (addr->ss_family == AF_INET6)
		v6->sin6_port = port;
	else
		v4->sin_port = port;
	return true;
}

static void put_address(struct lunar_text *answer, struct lunar_tpg *tpg,
			const struct sockaddr_storage *addr)
{
	char text[TEXT_ADDRESS_SIZE];

	snprintf(text, sizeof(text), "%pISpc,%u", addr, tpg->tag);
	lunar_keys_put(answer, "TargetAddress", text);
}

/* May this initiator know of the portal group? Only where it may log in. */
static bool visible(const struct lunar_conn *conn, struct lunar_tpg *tpg)
{
	char *initiator = conn->session->initiator;
	struct se_node_acl *se_acl;
	bool yes;

	if (!tpg->enabled)
		return false;
	se_acl = lunar_session_get_acl(tpg, initiator);
	yes = (se_acl || tpg == conn->tpg ||
	       (READ_ONCE(tpg->attrib.generate_node_acls) &&
		READ_ONCE(tpg->attrib.demo_mode_discovery)) ||
	       target_tpg_has_node_acl(&tpg->se_tpg, initiator)) &&
	      lunar_tpg_admits(tpg, se_acl, &conn->peer);
	if (se_acl)
		lunar_session_put_acl(se_acl);
	return yes;
}

/* The portals of @tpg: that of the connection, or all others. */
static void put_portals(const struct lunar_conn *conn, struct lunar_tpg *tpg,
			bool own, bool *named, struct lunar_text *answer)
{
	struct sockaddr_storage addr;
	struct lunar_np *np;

	lockdep_assert_held(&lunar_tpg_targets_lock);
	list_for_each_entry(np, &tpg->nps, tpg_entry) {
		bool is_own = np->portal == conn->portal;

		if (is_own != own || !reachable(conn, np->portal, &addr))
			continue;
		if (!*named)
			lunar_keys_put(answer, "TargetName", tpg->target->name);
		*named = true;
		put_address(answer, tpg, &addr);
	}
}

/* RFC 7143 Appendix C: the name, then each address. The first is tried first. */
static void put_target(const struct lunar_conn *conn,
		       const struct lunar_target *target,
		       struct lunar_text *answer)
{
	struct lunar_tpg *tpg;
	bool named = false;
	int pass;

	lockdep_assert_held(&lunar_tpg_targets_lock);
	for (pass = 0; pass < 2; pass++)
		list_for_each_entry(tpg, &target->tpgs, entry)
			if (visible(conn, tpg))
				put_portals(conn, tpg, !pass, &named, answer);
}

/* @name: only this target; NULL for all */
static void put_targets(const struct lunar_conn *conn, const char *name,
			struct lunar_text *answer)
{
	const struct lunar_target *target;

	mutex_lock(&lunar_tpg_targets_lock);
	list_for_each_entry(target, &lunar_tpg_targets, entry)
		if (!name || !strcasecmp(name, target->name))
			put_target(conn, target, answer);
	mutex_unlock(&lunar_tpg_targets_lock);
}

static void send_targets(const struct lunar_conn *conn, const char *value,
			 struct lunar_text *answer)
{
	const char *own = conn->tpg ? conn->tpg->target->name : NULL;
	const char *name;

	if (lunar_pairs_targets(own, value, &name))
		put_targets(conn, name, answer);
	else
		lunar_keys_put(answer, "SendTargets", "Reject");
}

/* The whole answer, in a buffer as large as it takes. */
static int build_answer(struct lunar_conn *conn, const struct lunar_pair *pairs,
			int nr)
{
	struct lunar_text *answer = &conn->text->answer;
	u32 size;
	int i;

	for (size = TEXT_MIN_ANSWER; size <= TEXT_MAX_ANSWER; size *= 4) {
		kvfree(answer->buf);
		*answer = (struct lunar_text) {
			.buf = kvmalloc(size, GFP_KERNEL),
			.size = size,
		};
		if (!answer->buf)
			return -ENOMEM;
		for (i = 0; i < nr; i++) {
			if (pairs[i].targets)
				send_targets(conn, pairs[i].targets, answer);
			else if (pairs[i].reply[0])
				lunar_keys_put(answer, pairs[i].name,
					       pairs[i].reply);
		}
		if (!answer->overflow)
			return 0;
	}
	pr_err_ratelimited("SendTargets of %s: more targets than %u bytes can name\n",
			   conn->session->initiator, TEXT_MAX_ANSWER);
	return -ENOSPC;
}

/* Gives up the negotiation (RFC 7143 7.11: it never took place). */
static int reject(struct lunar_conn *conn, u8 reason)
{
	lunar_text_free(conn);
	return lunar_tx_reject(conn, reason);
}

/*
 * Queues the next Text Response. RFC 7143 11.11: F only in answer to F, a Target
 * Transfer Tag unless F, C while the text goes on.
 */
static int respond(struct lunar_conn *conn)
{
	const struct iscsi_text *req = (struct iscsi_text *)&conn->rx.hdr;
	struct lunar_text_state *text = conn->text;
	u32 left = text->answer.len - text->sent;
	struct iscsi_text_rsp *rsp;
	struct lunar_cmd *cmd;
	u32 len;

	cmd = lunar_cmd_alloc(conn, LUNAR_CMD_PDU, req->itt);
	if (!cmd)
		return -ENOMEM;
	len = lunar_pairs_cut(text->answer.buf + text->sent, left,
			      conn->session->peer_max_recv);
	if (len) {
		cmd->data = kvmalloc(len, GFP_KERNEL);
		if (!cmd->data) {
			lunar_cmd_free(cmd);
			return -ENOMEM;
		}
		memcpy(cmd->data, text->answer.buf + text->sent, len);
		cmd->data_len = len;
		text->sent += len;
	}
	rsp = (struct iscsi_text_rsp *)&cmd->rsp;
	rsp->opcode = ISCSI_OP_TEXT_RSP;
	rsp->itt = req->itt;
	rsp->ttt = cpu_to_be32(text->ttt);
	if (len < left) {
		rsp->flags = ISCSI_FLAG_TEXT_CONTINUE;
	} else if (req->flags & LUNAR_OPCODE_FINAL) {
		rsp->flags = LUNAR_OPCODE_FINAL;
		rsp->ttt = cpu_to_be32(ISCSI_RESERVED_TAG);
		lunar_text_free(conn);
	}
	lunar_cmd_queue(cmd);
	return 0;
}

/* RFC 7143 11.10.4: a reserved Target Transfer Tag begins anew. */
static int begin(struct lunar_conn *conn, itt_t itt)
{
	struct lunar_session *session = conn->session;
	struct lunar_text_state *text;

	lunar_text_free(conn);
	text = kzalloc(sizeof(*text), GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	text->itt = itt;
	text->ttt = conn->next_ttt;
	if (++conn->next_ttt == ISCSI_RESERVED_TAG)
		conn->next_ttt = 0;
	lunar_keys_init(&text->nego, &session->params);
	text->nego.discovery = session->discovery;
	text->nego.peer_max_recv = session->peer_max_recv;
	conn->text = text;
	return 0;
}

/* Puts the data segment behind what came before with the C bit. */
static int collect(struct lunar_conn *conn)
{
	struct lunar_text_state *text = conn->text;
	u32 len = conn->rx.pdu.data_len;
	char *request;

	if (text->request_len + len > TEXT_MAX_REQUEST)
		return -EPROTO;
	request = kvmalloc(text->request_len + len + 1, GFP_KERNEL);
	if (!request)
		return -ENOMEM;
	if (text->request_len)
		memcpy(request, text->request, text->request_len);
	memcpy(request + text->request_len, conn->rx.buf, len);
	kvfree(text->request);
	text->request = request;
	text->request_len += len;
	return 0;
}

/* The request is complete: make the answer of it. */
static int answer(struct lunar_conn *conn)
{
	struct lunar_pair pairs[LUNAR_PAIRS_MAX];
	struct lunar_text_state *text = conn->text;
	u32 max_recv;
	int nr;

	nr = lunar_pairs_take(&text->nego, text->request, text->request_len,
			      pairs);
	if (nr < 0)
		return nr;
	/* RFC 7143 13.12: may be declared again at any time. */
	max_recv = text->nego.peer_max_recv;
	if (conn->tpg)
		max_recv = min(max_recv, READ_ONCE(conn->tpg->max_xmit));
	conn->session->peer_max_recv = max_recv;
	text->sent = 0;
	nr = build_answer(conn, pairs, nr);
	/* The pairs pointed into it. */
	text->request_len = 0;
	return nr;
}

/**
 * lunar_text_header() - the header of a Text Request has arrived
 * @conn:	in full feature phase
 *
 * Context: owner, may sleep for memory.
 * Return: 0 or -ENOMEM, which closes the connection.
 */
int lunar_text_header(struct lunar_conn *conn)
{
	/* What is longer is dropped, and refused when it has gone by. */
	if (conn->rx.pdu.data_len > TEXT_MAX_REQUEST)
		return 0;
	return lunar_rx_take_buffer(conn);
}

/**
 * lunar_text_done() - a Text Request is complete
 * @conn:	in full feature phase; the data segment is in conn->rx.buf
 *
 * Queues a Text Response or a Reject. Takes lunar_tpg_targets_lock, which is held
 * for short times only. Context: owner, may sleep for memory.
 *
 * Return: 0 or -ENOMEM, which closes the connection.
 */
int lunar_text_done(struct lunar_conn *conn)
{
	const struct iscsi_text *req = (struct iscsi_text *)&conn->rx.hdr;
	struct lunar_text_state *text;
	int ret;

	if (!conn->rx.buf || req->itt == RESERVED_ITT)
		return reject(conn, LUNAR_REJECT_INVALID_PDU_FIELD);
	if (req->ttt == cpu_to_be32(ISCSI_RESERVED_TAG)) {
		if (begin(conn, req->itt))
			return -ENOMEM;
	}
	text = conn->text;
	if (!text || text->itt != req->itt ||
	    (req->ttt != cpu_to_be32(ISCSI_RESERVED_TAG) &&
	     req->ttt != cpu_to_be32(text->ttt)))
		return reject(conn, LUNAR_REJECT_INVALID_PDU_FIELD);

	if (text->sent < text->answer.len) {
		/* RFC 7143 6.2: an empty request fetches the next piece. */
		if (conn->rx.pdu.data_len)
			return reject(conn, ISCSI_REASON_PROTOCOL_ERROR);
		return respond(conn);
	}
	ret = collect(conn);
	if (!ret && !(req->flags & ISCSI_FLAG_TEXT_CONTINUE))
		ret = answer(conn);
	switch (ret) {
	case 0:
		return respond(conn);
	case -ENOMEM:
		return ret;
	case -ENOSPC:
		return reject(conn, LUNAR_REJECT_LONG_OP);
	default:
		return reject(conn, ISCSI_REASON_PROTOCOL_ERROR);
	}
}

/**
 * lunar_text_nop_header() - the header of a NOP-Out has arrived
 * @conn:	in full feature phase
 *
 * Context: owner, may sleep for memory.
 * Return: 0 or -ENOMEM, which closes the connection.
 */
int lunar_text_nop_header(struct lunar_conn *conn)
{
	/* The answer to a NOP-In of ours is not answered, its data not needed. */
	if (conn->rx.hdr.itt == RESERVED_ITT || !conn->rx.pdu.data_len)
		return 0;
	return lunar_rx_take_buffer(conn);
}

/**
 * lunar_text_nop_done() - a NOP-Out is complete
 * @conn:	in full feature phase; ping data is in conn->rx.buf
 *
 * Answers a ping (RFC 7143 11.18, 11.19): as much of its data as the initiator
 * can receive. LUN is for NOP-Ins with a Target Transfer Tag, which this is not.
 *
 * Context: owner, may sleep for memory.
 * Return: 0 or -ENOMEM, which closes the connection.
 */
int lunar_text_nop_done(struct lunar_conn *conn)
{
	const struct iscsi_hdr *req = &conn->rx.hdr;
	struct lunar_cmd *cmd;

	if (!(req->flags & LUNAR_OPCODE_FINAL))
		return lunar_tx_reject(conn, LUNAR_REJECT_INVALID_PDU_FIELD);
	if (req->itt == RESERVED_ITT) {
		/* RFC 7143 11.18.1: only as an immediate command. */
		if (!conn->rx.pdu.immediate)
			return lunar_tx_reject(conn, ISCSI_REASON_PROTOCOL_ERROR);
		return 0;
	}
	cmd = lunar_cmd_alloc(conn, LUNAR_CMD_PDU, req->itt);
	if (!cmd)
		return -ENOMEM;
	if (conn->rx.buf) {
		cmd->data = conn->rx.buf;
		cmd->data_len = min(conn->rx.pdu.data_len,
				    conn->session->peer_max_recv);
		conn->rx.buf = NULL;
	}
	cmd->rsp.opcode = ISCSI_OP_NOOP_IN;
	cmd->rsp.flags = LUNAR_OPCODE_FINAL;
	cmd->rsp.itt = req->itt;
	cmd->rsp.ttt = cpu_to_be32(ISCSI_RESERVED_TAG);
	lunar_cmd_queue(cmd);
	return 0;
}

/**
 * lunar_text_ping() - ask the initiator for a sign of life
 * @conn:	in full feature phase
 *
 * RFC 7143 11.19: a NOP-In with a Target Transfer Tag, which uses no StatSN up.
 * Any answer will do (lunar_conn.ping). Context: owner, may sleep for memory.
 *
 * Return: 0 or -ENOMEM, which closes the connection.
 */
int lunar_text_ping(struct lunar_conn *conn)
{
	struct lunar_cmd *cmd;

	cmd = lunar_cmd_alloc(conn, LUNAR_CMD_PDU, RESERVED_ITT);
	if (!cmd)
		return -ENOMEM;
	cmd->no_statsn = true;
	cmd->rsp.opcode = ISCSI_OP_NOOP_IN;
	cmd->rsp.flags = LUNAR_OPCODE_FINAL;
	cmd->rsp.itt = RESERVED_ITT;
	cmd->rsp.ttt = cpu_to_be32(conn->next_ttt);
	if (++conn->next_ttt == ISCSI_RESERVED_TAG)
		conn->next_ttt = 0;
	lunar_stats_inc(LUNAR_STAT_pings);
	lunar_cmd_queue(cmd);
	return 0;
}

/**
 * lunar_text_logout_header() - the header of a Logout Request has arrived
 * @conn:	in full feature phase
 *
 * Context: owner.
 * Return: 0.
 */
int lunar_text_logout_header(struct lunar_conn *conn)
{
	return 0;	/* no data segment, lunar_pdu_check() has seen to it */
}

static int respond_logout(struct lunar_conn *conn, u8 response,
			  enum lunar_cmd_after after)
{
	const u32 *val = conn->session->params.val;
	struct iscsi_logout_rsp *rsp;
	struct lunar_cmd *cmd;

	cmd = lunar_cmd_alloc(conn, LUNAR_CMD_PDU, conn->rx.hdr.itt);
	if (!cmd)
		return -ENOMEM;
	cmd->after = after;
	rsp = (struct iscsi_logout_rsp *)&cmd->rsp;
	rsp->opcode = ISCSI_OP_LOGOUT_RSP;
	rsp->flags = LUNAR_OPCODE_FINAL;
	rsp->response = response;
	rsp->itt = conn->rx.hdr.itt;
	rsp->t2wait = cpu_to_be16(val[LUNAR_KEY_DEFAULT_TIME2WAIT]);
	rsp->t2retain = cpu_to_be16(val[LUNAR_KEY_DEFAULT_TIME2RETAIN]);
	lunar_cmd_queue(cmd);
	return 0;
}

/**
 * lunar_text_logout_done() - a Logout Request is complete
 * @conn:	in full feature phase
 *
 * RFC 7143 11.14, 11.15: with one connection, to close it is to close the
 * session. At ErrorRecoveryLevel 0 none is removed for recovery.
 *
 * Context: owner, may sleep for memory.
 * Return: 0 or -ENOMEM, which closes the connection.
 */
int lunar_text_logout_done(struct lunar_conn *conn)
{
	const struct iscsi_logout *req = (struct iscsi_logout *)&conn->rx.hdr;

	if (!(req->flags & LUNAR_OPCODE_FINAL))
		return lunar_tx_reject(conn, LUNAR_REJECT_INVALID_PDU_FIELD);
	switch (req->flags & ISCSI_FLAG_LOGOUT_REASON_MASK) {
	case ISCSI_LOGOUT_REASON_CLOSE_SESSION:
		break;
	case ISCSI_LOGOUT_REASON_CLOSE_CONNECTION:
		if (be16_to_cpu(req->cid) != conn->cid)
			return respond_logout(conn, ISCSI_LOGOUT_CID_NOT_FOUND,
					      LUNAR_AFTER_NOTHING);
		break;
	case ISCSI_LOGOUT_REASON_RECOVERY:
		return respond_logout(conn, ISCSI_LOGOUT_RECOVERY_UNSUPPORTED,
				      LUNAR_AFTER_NOTHING);
	default:
		return lunar_tx_reject(conn, LUNAR_REJECT_INVALID_PDU_FIELD);
	}
	lunar_session_end_reservations(conn->session);
	if (respond_logout(conn, ISCSI_LOGOUT_SUCCESS, LUNAR_AFTER_CLOSE))
		return -ENOMEM;
	lunar_conn_set_state(conn, LUNAR_CONN_LOGOUT);
	return 0;
}

/**
 * lunar_text_ask_logout() - ask the initiator to log out
 * @conn:	in full feature phase
 * @seconds:	how long it may take
 *
 * Queues an Asynchronous Message (RFC 7143 11.9, event 1).
 *
 * Context: owner, may sleep for memory.
 * Return: 0 or -ENOMEM, which closes the connection.
 */
int lunar_text_ask_logout(struct lunar_conn *conn, u32 seconds)
{
	struct iscsi_async *msg;
	struct lunar_cmd *cmd;

	cmd = lunar_cmd_alloc(conn, LUNAR_CMD_PDU, RESERVED_ITT);
	if (!cmd)
		return -ENOMEM;
	msg = (struct iscsi_async *)&cmd->rsp;
	msg->opcode = ISCSI_OP_ASYNC_EVENT;
	msg->flags = LUNAR_OPCODE_FINAL;
	cmd->rsp.itt = RESERVED_ITT;
	msg->async_event = ISCSI_ASYNC_MSG_REQUEST_LOGOUT;
	msg->param3 = cpu_to_be16(seconds);
	lunar_cmd_queue(cmd);
	lunar_stats_inc(LUNAR_STAT_logout_requests);
	return 0;
}
