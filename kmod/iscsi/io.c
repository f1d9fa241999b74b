// SPDX-License-Identifier: GPL-2.0
/*
 * The bodies of login_work and io_work, and which handler serves which opcode
 * in which phase. Only this file knows both engines.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/sched/clock.h>
#include "abort.h"
#include "io.h"
#include "login.h"
#include "owner.h"
#include "portal.h"
#include "rx.h"
#include "scsi.h"
#include "session.h"
#include "stats.h"
#include "text.h"
#include "tmf.h"
#include "tpg.h"
#include "tx.h"

/*
 * PDUs per direction and turn. Other connections of this CPU get it after a run of
 * so many, or after the turn in which the time is up: 64 PDUs may be 16 MiB.
 */
#define IO_TURN		8
#define IO_RUN		64
#define IO_RUN_NS	(250 * NSEC_PER_USEC)

static const struct lunar_handler login_handlers[ISCSI_OPCODE_MASK + 1] = {
	[0 ... ISCSI_OP_LOGIN - 1] = {
		lunar_login_other_header, lunar_login_done
	},
	[ISCSI_OP_LOGIN] = { lunar_login_header, lunar_login_done },
	[ISCSI_OP_LOGIN + 1 ... ISCSI_OPCODE_MASK] = {
		lunar_login_other_header, lunar_login_done
	},
};

static const struct lunar_handler discovery_handlers[ISCSI_OPCODE_MASK + 1] = {
	[ISCSI_OP_NOOP_OUT] = { lunar_text_nop_header, lunar_text_nop_done },
	[ISCSI_OP_TEXT] = { lunar_text_header, lunar_text_done },
	[ISCSI_OP_LOGOUT] = {
		lunar_text_logout_header, lunar_text_logout_done
	},
};

static const struct lunar_handler full_handlers[ISCSI_OPCODE_MASK + 1] = {
	[ISCSI_OP_NOOP_OUT] = { lunar_text_nop_header, lunar_text_nop_done },
	[ISCSI_OP_SCSI_CMD] = { lunar_scsi_header, lunar_scsi_done },
	[ISCSI_OP_SCSI_TMFUNC] = { lunar_tmf_header, lunar_tmf_done },
	[ISCSI_OP_TEXT] = { lunar_text_header, lunar_text_done },
	[ISCSI_OP_SCSI_DATA_OUT] = {
		lunar_scsi_data_out_header, lunar_scsi_data_out_done
	},
	[ISCSI_OP_LOGOUT] = {
		lunar_text_logout_header, lunar_text_logout_done
	},
};

/*
 * Runs in the owner's context once the state is CLOSING, the first time to let
 * everything go, later for commands that ended since. After the open reference
 * is dropped the connection may be released as soon as this work item ends.
 */
static void teardown(struct lunar_conn *conn)
{
	bool first = !conn->torn_down;

	if (first) {
		conn->torn_down = true;
		lunar_sock_close(&conn->ls);
		lunar_rx_exit(conn);
		lunar_login_free(conn);
		lunar_text_free(conn);
		lunar_abort_all(conn);
		lunar_session_end_reservations(conn->session);
		timer_delete_sync(&conn->timer);
		timer_delete_sync(&conn->logout_timer);
	}
	lunar_tmf_drop(conn);
	lunar_tx_exit(conn);
	if (first) {
		lunar_conn_detach(conn);
		lunar_conn_put(conn);
	}
}

/* Why rx or tx gave up, as a reason to close. */
static void fail(struct lunar_conn *conn, int err)
{
	switch (err) {
	case -EPROTO:
		lunar_stats_inc(LUNAR_STAT_protocol_errors);
		pr_info_ratelimited("%pISpc: protocol error, opcode 0x%02x: connection closed\n",
				    &conn->peer, conn->rx.hdr.opcode);
		lunar_conn_close(conn, LUNAR_CLOSE_PROTOCOL);
		break;
	case -EBADMSG:
		pr_info_ratelimited("%pISpc: digest error: connection closed\n",
				    &conn->peer);
		lunar_conn_close(conn, LUNAR_CLOSE_DIGEST);
		break;
	case -ENOMEM:
		lunar_conn_close(conn, LUNAR_CLOSE_NO_MEMORY);
		break;
	case -ECONNREFUSED:
	case -ECONNABORTED:
		lunar_conn_close(conn, LUNAR_CLOSE_LOGIN_FAILED);
		break;
	default:
		lunar_conn_close(conn, LUNAR_CLOSE_PEER);
		break;
	}
}

/*
 * The final Login Response is in the socket. From the store to io_owned on,
 * io_work may run and owns what is marked W. The kick is for what arrived
 * meanwhile; the connection cannot be freed under it, because release_work waits
 * for this work item first.
 */
static void hand_over(struct lunar_conn *conn)
{
	const struct lunar_params *params = &conn->session->params;

	lunar_login_free(conn);
	/* A discovery session, open to strangers, counts until it ends. */
	if (!conn->session->discovery)
		lunar_portal_end_login(conn);
	conn->tx.after = LUNAR_AFTER_NOTHING;
	conn->header_digest = params->val[LUNAR_KEY_HEADER_DIGEST] ==
			      LUNAR_DIGEST_CRC32C;
	conn->data_digest = params->val[LUNAR_KEY_DATA_DIGEST] ==
			    LUNAR_DIGEST_CRC32C;
	conn->handlers = conn->session->discovery ? discovery_handlers :
						    full_handlers;
	lunar_conn_set_state(conn, LUNAR_CONN_FULL);
	lunar_conn_end_login_timer(conn);
	smp_store_release(&conn->io_owned, true); /* pairs with lunar_owner_kick() */
	lunar_owner_kick(conn);
}

/* Acts on what the PDU just sent asks for; false if nothing more is to do. */
static bool act_after(struct lunar_conn *conn)
{
	switch (conn->tx.after) {
	case LUNAR_AFTER_NOTHING:
		return true;
	case LUNAR_AFTER_CLOSE:
		lunar_conn_close(conn, conn->io_owned ?
				 LUNAR_CLOSE_LOGOUT : LUNAR_CLOSE_LOGIN_FAILED);
		return false;
	case LUNAR_AFTER_DIGEST:
		lunar_conn_close(conn, LUNAR_CLOSE_DIGEST);
		return false;
	case LUNAR_AFTER_FULL:
		hand_over(conn);
		return false;
	case LUNAR_AFTER_RESET:
		lunar_tpg_close_all(conn->tpg, LUNAR_CLOSE_RESET);
		return false;
	}
	return false;
}

static bool start_login(struct lunar_conn *conn)
{
	if (lunar_conn_state(conn) != LUNAR_CONN_NEW)
		return true;
	conn->handlers = login_handlers;
	if (lunar_login_start(conn)) {
		lunar_conn_close(conn, LUNAR_CLOSE_NO_MEMORY);
		return false;
	}
	lunar_conn_set_state(conn, LUNAR_CONN_LOGIN);
	return true;
}

/* Login is strictly request and response: one PDU each way at a time. */
static void login(struct lunar_conn *conn)
{
	int ret, budget;

	if (lunar_conn_state(conn) < LUNAR_CONN_CLOSING && !start_login(conn))
		return;
	for (;;) {
		if (lunar_conn_state(conn) >= LUNAR_CONN_CLOSING) {
			teardown(conn);
			return;
		}
		budget = 1;
		ret = lunar_tx_run(conn, &budget);
		if (ret >= 0 && !act_after(conn))
			return;
		if (ret == 0 && conn->tx.step == LUNAR_TX_IDLE) {
			budget = 1;
			ret = lunar_rx_run(conn, &budget);
		}
		if (ret < 0)
			fail(conn, ret);
		if (ret <= 0)
			return;
	}
}

/* One turn: some sending, some receiving. Returns as lunar_rx_run() does. */
static int turn(struct lunar_conn *conn, int *run)
{
	int tx, rx, budget = IO_TURN;

	tx = lunar_tx_run(conn, &budget);
	*run -= IO_TURN - budget;
	if (tx < 0)
		return tx;
	if (!act_after(conn))
		return 0;
	budget = IO_TURN;
	rx = lunar_rx_run(conn, &budget);
	*run -= IO_TURN - budget;
	if (rx < 0)
		return rx;
	if (budget < IO_TURN && tx == 0)
		tx = !llist_empty(&conn->ready) || !list_empty(&conn->tx.queue);
	return tx || rx;
}

/* If somebody wants that. */
static int ask_logout(struct lunar_conn *conn)
{
	u32 seconds;

	if (!READ_ONCE(conn->logout_seconds) ||
	    lunar_conn_state(conn) != LUNAR_CONN_FULL)
		return 0;
	seconds = xchg(&conn->logout_seconds, 0);
	mod_timer(&conn->logout_timer, jiffies + seconds * HZ);
	return lunar_text_ask_logout(conn, seconds);
}

static bool io(struct lunar_conn *conn)
{
	u64 begin = local_clock();
	int ret, run = IO_RUN;

	do {
		if (lunar_conn_state(conn) >= LUNAR_CONN_CLOSING) {
			teardown(conn);
			return false;
		}
		if (xchg(&conn->look, false))
			lunar_abort_look(conn);
		lunar_tmf_run(conn);
		ret = ask_logout(conn);
		if (!ret && xchg(&conn->ping.due, false))
			ret = lunar_text_ping(conn);
		if (!ret)
			ret = turn(conn, &run);
		if (ret < 0) {
			fail(conn, ret);
			return false;
		}
	} while (ret > 0 && run > 0 && local_clock() - begin < IO_RUN_NS);
	return ret > 0;
}

/* Given to every connection by the portal that accepts it. */
const struct lunar_conn_ops lunar_io_ops = {
	.io	= io,
	.login	= login,
};
