// SPDX-License-Identifier: GPL-2.0
/*
 * The login phase: PDUs and stages (RFC 7143 6.3, 11.12, 11.13). What the text
 * says is login_nego.c's.
 *
 * One request, one response, until the last response is queued; requests that
 * come after it are dropped. A request with a fault in its header is received
 * and dropped whole, then refused, so that the initiator gets to read why.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/slab.h>

#include "cmd.h"
#include "login.h"
#include "login_nego.h"
#include "rx.h"
#include "session.h"
#include "stats.h"
#include "tpg.h"

/* RFC 7143 sets no limit; the longest honest login has fewer than 20. */
#define LOGIN_MAX_REQUESTS	64

/**
 * lunar_login_start() - a connection is about to receive its first byte
 * @conn:	new
 *
 * Makes the session and the login state. The deadline is that of a new
 * connection until the target is known, whose login_timeout replaces it. lunar_login_free() and the
 * release of the connection undo it, also after an error.
 *
 * Context: login_work, may sleep.
 * Return: 0 or -ENOMEM.
 */
int lunar_login_start(struct lunar_conn *conn)
{
	struct lunar_login *login;

	conn->session = lunar_session_alloc();
	if (!conn->session)
		return -ENOMEM;
	login = kzalloc(sizeof(*login), GFP_KERNEL);
	if (!login)
		return -ENOMEM;
	conn->login = login;
	login->deadline = conn->accepted + LUNAR_LOGIN_TIMEOUT_DEFAULT * HZ;
	return 0;
}

static void drop_text(struct lunar_login *login)
{
	kvfree(login->text);
	login->text = NULL;
	login->text_len = 0;
	login->nr_keys = 0;
	login->target = NULL;
}

/**
 * lunar_login_free() - free the login state, wipe its secrets
 * @conn:	at the end of login or of the connection; a second call is harmless
 *
 * Context: the owner's work item, may sleep.
 */
void lunar_login_free(struct lunar_conn *conn)
{
	struct lunar_login *login = conn->login;

	if (!login)
		return;
	conn->login = NULL;
	drop_text(login);
	kvfree(login->reply.buf);
	lunar_auth_free(login->chap);
	kfree(login);
}

static struct iscsi_login_req *request(struct lunar_conn *conn)
{
	return (struct iscsi_login_req *)&conn->rx.hdr;
}

/* RFC 7143 11.12.9: StatSN is ours to choose; initiators expect an echo. */
static void begin(struct lunar_conn *conn)
{
	const struct iscsi_login_req *req = request(conn);
	struct lunar_login *login = conn->login;

	login->first = *req;
	login->stage = ISCSI_LOGIN_CURRENT_STAGE(req->flags);
	memcpy(conn->session->isid, req->isid, sizeof(req->isid));
	conn->cid = be16_to_cpu(req->cid);
	conn->statsn = be32_to_cpu(req->exp_statsn);
	/* The depth comes with the ACL; MaxCmdSN may only grow until then. */
	lunar_window_init(&conn->session->window, be32_to_cpu(req->cmdsn), 1);
}

/* RFC 7143 11.12: these stay the same during one login. */
static bool same_login(const struct iscsi_login_req *a,
		       const struct iscsi_login_req *b)
{
	return a->itt == b->itt && a->cid == b->cid && a->tsih == b->tsih &&
	       !memcmp(a->isid, b->isid, sizeof(a->isid));
}

/*
 * Stages and their bits (RFC 7143 6.3, 11.12.1 to 11.12.3). The standard names
 * no status for a fault here; 0x020b is for another kind of PDU.
 */
static bool stages_ok(const struct lunar_login *login, u8 flags)
{
	u8 csg = ISCSI_LOGIN_CURRENT_STAGE(flags);
	u8 nsg = ISCSI_LOGIN_NEXT_STAGE(flags);

	if (csg != login->stage || csg > ISCSI_OP_PARMS_NEGOTIATION_STAGE)
		return false;
	if (!(flags & ISCSI_FLAG_LOGIN_TRANSIT))
		return true;
	return !(flags & ISCSI_FLAG_LOGIN_CONTINUE) && nsg > csg &&
	       (nsg == ISCSI_OP_PARMS_NEGOTIATION_STAGE ||
		nsg == ISCSI_FULL_FEATURE_PHASE);
}

static enum lunar_login_status check_header(struct lunar_conn *conn)
{
	const struct iscsi_login_req *req = request(conn);
	struct lunar_login *login = conn->login;

	if (login->requests > LOGIN_MAX_REQUESTS)
		return lunar_login_fault(login, LUNAR_LOGIN_INITIATOR_ERROR,
					 "the login does not come to an end");
	/* RFC 7143 11.12.4: 0 is the only version there is. */
	if (req->min_version > ISCSI_DRAFT20_VERSION)
		return lunar_login_fault(login, LUNAR_LOGIN_BAD_VERSION,
					 "unsupported version");
	if (!same_login(req, &login->first))
		return lunar_login_fault(login, LUNAR_LOGIN_INITIATOR_ERROR,
					 "ISID, TSIH, CID or task tag changed");
	if (!stages_ok(login, req->flags))
		return lunar_login_fault(login, LUNAR_LOGIN_INITIATOR_ERROR,
					 "illegal stage or stage transition");
	if (login->text_len + conn->rx.pdu.data_len > LUNAR_LOGIN_MAX_TEXT)
		return lunar_login_fault(login, LUNAR_LOGIN_INITIATOR_ERROR,
					 "text too long");
	return LUNAR_LOGIN_SUCCESS;
}

/**
 * lunar_login_header() - the header of a Login Request has arrived
 * @conn:	in login
 *
 * Context: login_work, may sleep.
 * Return: 0, or -ENOMEM, which closes the connection.
 */
int lunar_login_header(struct lunar_conn *conn)
{
	struct lunar_login *login = conn->login;

	if (login->over)
		return 0;
	if (!login->requests++)
		begin(conn);
	login->status = check_header(conn);
	if (login->status)
		return 0;
	return lunar_rx_take_buffer(conn);
}

/**
 * lunar_login_other_header() - the header of another PDU has arrived in login
 * @conn:	in login
 *
 * RFC 7143 6.3: before the first Login Request such a connection is closed at
 * once; later it gets a Login Response with status 0x020b, then it is closed.
 *
 * Context: login_work.
 * Return: 0, or -EPROTO, which closes the connection.
 */
int lunar_login_other_header(struct lunar_conn *conn)
{
	struct lunar_login *login = conn->login;

	if (login->over)
		return 0;
	if (!login->requests)
		return -EPROTO;
	login->status = lunar_login_fault(login, LUNAR_LOGIN_INVALID_REQUEST,
					  "another PDU before the login has ended");
	return 0;
}

/* Queues a Login Response; its text is what login->reply holds. */
static int respond(struct lunar_conn *conn, u8 flags,
		   enum lunar_login_status status, enum lunar_cmd_after after)
{
	struct lunar_login *login = conn->login;
	const struct iscsi_login_req *req = &login->first;
	struct iscsi_login_rsp *rsp;
	struct lunar_cmd *cmd;

	cmd = lunar_cmd_alloc(conn, LUNAR_CMD_PDU, req->itt);
	if (!cmd)
		return -ENOMEM;
	cmd->after = after;
	if (login->reply.len) {
		cmd->data = login->reply.buf;
		cmd->data_len = login->reply.len;
		memset(&login->reply, 0, sizeof(login->reply));
	}
	rsp = (struct iscsi_login_rsp *)&cmd->rsp;
	rsp->opcode = ISCSI_OP_LOGIN_RSP;
	rsp->flags = flags;
	rsp->max_version = ISCSI_DRAFT20_VERSION;
	rsp->active_version = ISCSI_DRAFT20_VERSION;
	memcpy(rsp->isid, req->isid, sizeof(rsp->isid));
	/* RFC 7143 11.13.3: a new session learns its TSIH in the last one. */
	rsp->tsih = after == LUNAR_AFTER_FULL ?
		    cpu_to_be16(conn->session->tsih) : req->tsih;
	rsp->itt = req->itt;
	rsp->status_class = status >> 8;
	rsp->status_detail = status & 0xff;
	login->over = after != LUNAR_AFTER_NOTHING;
	lunar_cmd_queue(cmd);
	return 0;
}

static void report(struct lunar_conn *conn, unsigned int status)
{
	const struct lunar_login *login = conn->login;
	const char *target = "?";

	if (conn->tpg)
		target = conn->tpg->target->name;
	else if (conn->session->discovery)
		target = "discovery";
	else if (login->target)
		target = login->target;
	lunar_stats_inc(LUNAR_STAT_login_failed);
	pr_info_ratelimited("login of %s from %pISpc to %s at %pISpc refused, status 0x%04x: %s\n",
			    conn->session->initiator[0] ?
			    conn->session->initiator : "?",
			    &conn->peer, target, &conn->local, status, login->why);
}

/* RFC 7143 11.13.5: the reply holds a TargetAddress. */
static bool is_redirect(enum lunar_login_status status)
{
	return status == LUNAR_LOGIN_MOVED_TEMPORARILY ||
	       status == LUNAR_LOGIN_MOVED_PERMANENTLY;
}

static int refuse(struct lunar_conn *conn, enum lunar_login_status status)
{
	struct lunar_login *login = conn->login;

	if (is_redirect(status)) {
		lunar_stats_inc(LUNAR_STAT_login_redirected);
		return respond(conn, 0, status, LUNAR_AFTER_CLOSE);
	}
	if (status == LUNAR_LOGIN_AUTH_FAILED)
		lunar_stats_inc(LUNAR_STAT_auth_failed);
	report(conn, status);
	/*
	 * A TPG that is disabled will be enabled again, but ESXi takes this
	 * status on all paths for permanent device loss. Without an answer it
	 * retries.
	 */
	if (status == LUNAR_LOGIN_UNAVAILABLE)
		return -ECONNREFUSED;
	drop_text(login);
	login->reply.len = 0;
	return respond(conn, 0, status, LUNAR_AFTER_CLOSE);
}

/* Puts the data segment behind what came before with the C bit. */
static int collect(struct lunar_conn *conn)
{
	struct lunar_login *login = conn->login;
	u32 len = conn->rx.pdu.data_len;
	char *text;

	if (!login->text) {
		login->text = conn->rx.buf;
		login->text_len = len;
		conn->rx.buf = NULL;
		return 0;
	}
	text = kvmalloc(login->text_len + len + 1, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	memcpy(text, login->text, login->text_len);
	memcpy(text + login->text_len, conn->rx.buf, len);
	text[login->text_len + len] = '\0';
	kvfree(login->text);
	login->text = text;
	login->text_len += len;
	return 0;
}

/* The older session of the same initiator port ends first. */
static int reinstate(struct lunar_conn *conn)
{
	long left = conn->login->deadline - jiffies;
	int ret;

	ret = lunar_session_reinstate(conn, left > HZ ? left / HZ : 1);
	if (ret && ret != -EBUSY)
		lunar_stats_inc(LUNAR_STAT_login_failed);
	return ret;
}

/* To full feature phase (RFC 7143 6.3.3). */
static int finish(struct lunar_conn *conn)
{
	struct lunar_session *session = conn->session;
	struct lunar_login *login = conn->login;
	enum lunar_login_status status;
	int ret;

	status = lunar_login_nego_finish(conn);
	if (status)
		return refuse(conn, status);
	if (!session->discovery) {
		ret = reinstate(conn);
		if (ret == -EBUSY) {
			login->why = "a backstore still has commands of too many of its sessions";
			return refuse(conn, LUNAR_LOGIN_NO_RESOURCES);
		}
		if (ret)
			return ret;
	}
	ret = lunar_session_register(conn);
	if (ret == -EACCES) {
		login->why = "its ACL was just removed";
		return refuse(conn, LUNAR_LOGIN_FORBIDDEN);
	}
	if (ret) {
		login->why = "out of memory";
		return refuse(conn, LUNAR_LOGIN_NO_RESOURCES);
	}
	ret = respond(conn, request(conn)->flags, LUNAR_LOGIN_SUCCESS,
		      LUNAR_AFTER_FULL);
	if (ret)
		return ret;
	lunar_stats_inc(LUNAR_STAT_login_ok);
	pr_debug("login of %s from %pISpc to %s at %pISpc, TSIH %u\n",
		 session->initiator, &conn->peer,
		 conn->tpg ? conn->tpg->target->name : "discovery",
		 &conn->local, session->tsih);
	return 0;
}

/* The request's text is dealt with: answer it, go to the next stage. */
static int advance(struct lunar_conn *conn)
{
	struct lunar_login *login = conn->login;
	u8 flags = request(conn)->flags;

	if (login->stage == ISCSI_SECURITY_NEGOTIATION_STAGE &&
	    (flags & ISCSI_FLAG_LOGIN_TRANSIT) && !login->authenticated) {
		/* RFC 7143 6.3.2: both sides have to agree; CHAP goes on. */
		if (login->chap) {
			flags &= ISCSI_FLAG_LOGIN_CURRENT_STAGE_MASK;
		} else if (login->auth_required) {
			login->why = "CHAP is required, the initiator skips it";
			return refuse(conn, LUNAR_LOGIN_AUTH_FAILED);
		}
	}
	if (!(flags & ISCSI_FLAG_LOGIN_TRANSIT))
		return respond(conn, flags & ISCSI_FLAG_LOGIN_CURRENT_STAGE_MASK,
			       LUNAR_LOGIN_SUCCESS, LUNAR_AFTER_NOTHING);

	login->stage = ISCSI_LOGIN_NEXT_STAGE(flags);
	if (login->stage == ISCSI_FULL_FEATURE_PHASE)
		return finish(conn);
	return respond(conn, flags, LUNAR_LOGIN_SUCCESS, LUNAR_AFTER_NOTHING);
}

/**
 * lunar_login_done() - a Login Request is complete
 * @conn:	in login; the data segment is in conn->rx.buf
 *
 * Also for another PDU, which is refused. Queues the response.
 *
 * Context: login_work, may sleep, for as long as the login may take when an
 * older session has to end.
 * Return: 0, or -errno, which closes the connection without an answer: -ENOMEM,
 * or what lunar_session_reinstate() said.
 */
int lunar_login_done(struct lunar_conn *conn)
{
	struct lunar_login *login = conn->login;
	u8 flags = request(conn)->flags;
	enum lunar_login_status status;
	int ret;

	if (login->over)
		return 0;
	if (login->status)
		return refuse(conn, login->status);
	ret = collect(conn);
	if (ret)
		return ret;
	/* RFC 7143 6.2: more text follows; the answer to it is empty. */
	if (flags & ISCSI_FLAG_LOGIN_CONTINUE) {
		login->reply.len = 0;
		return respond(conn, flags & ISCSI_FLAG_LOGIN_CURRENT_STAGE_MASK,
			       LUNAR_LOGIN_SUCCESS, LUNAR_AFTER_NOTHING);
	}
	status = lunar_login_nego_text(conn);
	if (status)
		return refuse(conn, status);
	drop_text(login);
	return advance(conn);
}
