// SPDX-License-Identifier: GPL-2.0
/* The connection object: state, references, timers. See conn.h. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/slab.h>
#include <lunar.h>
#include "conn.h"
#include "owner.h"
#include "portal.h"
#include "session.h"
#include "stats.h"
#include "tpg.h"

static struct kmem_cache *conn_cache;
static struct workqueue_struct *release_wq;

static const char *const close_names[LUNAR_CLOSE_NR] = {
	[LUNAR_CLOSE_NONE]		= "open",
	[LUNAR_CLOSE_PEER]		= "closed by the initiator or the network",
	[LUNAR_CLOSE_LOGOUT]		= "logout",
	[LUNAR_CLOSE_LOGIN_FAILED]	= "login refused",
	[LUNAR_CLOSE_LOGIN_TIMEOUT]	= "login took too long",
	[LUNAR_CLOSE_LOGIN_LIMIT]	= "too many logins at a time",
	[LUNAR_CLOSE_PROTOCOL]		= "protocol error",
	[LUNAR_CLOSE_DIGEST]		= "digest error",
	[LUNAR_CLOSE_REINSTATED]	= "replaced by a new login",
	[LUNAR_CLOSE_ADMIN]		= "configuration removed",
	[LUNAR_CLOSE_NO_MEMORY]		= "out of memory",
	[LUNAR_CLOSE_DATA_OUT]		= "data of a write did not come",
	[LUNAR_CLOSE_IDLE]		= "discovery session left open",
	[LUNAR_CLOSE_NO_LOGOUT]		= "did not log out when asked to",
	[LUNAR_CLOSE_TMF]		= "a backstore does not give aborted commands up",
	[LUNAR_CLOSE_RESET]		= "target cold reset",
	[LUNAR_CLOSE_PING]		= "the initiator does not answer",
};

/**
 * lunar_conn_close_name() - name of a reason to close, for people
 * @reason:	the reason
 *
 * Return: a constant string. Any context.
 */
const char *lunar_conn_close_name(enum lunar_close_reason reason)
{
	return reason < LUNAR_CLOSE_NR ? close_names[reason] : "?";
}

/**
 * lunar_conn_get() - take a reference
 * @conn:	a connection the caller knows to be alive
 *
 * Any context.
 */
void lunar_conn_get(struct lunar_conn *conn)
{
	refcount_inc(&conn->refs);
}

/**
 * lunar_conn_put() - drop a reference
 * @conn:	the connection; freed soon if this was the last
 *
 * Any context: the last reference only queues release_work.
 */
void lunar_conn_put(struct lunar_conn *conn)
{
	if (refcount_dec_and_test(&conn->refs))
		queue_work(release_wq, &conn->release_work);
}

/**
 * lunar_conn_look() - have the owner look for aborted commands
 * @conn:	on a list whose lock the caller holds; may be on its way out
 *
 * For each connection when target core is about to abort commands that came by
 * others: those that wait for data it does not tell the fabric of. Any context.
 */
void lunar_conn_look(struct lunar_conn *conn)
{
	/* After the last reference io_work must not be queued any more. */
	if (!refcount_inc_not_zero(&conn->refs))
		return;
	WRITE_ONCE(conn->look, true);
	lunar_owner_kick(conn);
	lunar_conn_put(conn);
}

/**
 * lunar_conn_ask_logout() - have the owner ask the initiator to log out
 * @conn:	on a list whose lock the caller holds; may be on its way out, or in
 *		login, then it is asked after that
 * @seconds:	how long it may take
 *
 * Any context.
 */
void lunar_conn_ask_logout(struct lunar_conn *conn, u32 seconds)
{
	if (!refcount_inc_not_zero(&conn->refs))
		return;
	WRITE_ONCE(conn->logout_seconds, seconds);
	lunar_owner_kick(conn);
	lunar_conn_put(conn);
}

/**
 * lunar_conn_set_state() - move a connection forward
 * @conn:	the connection
 * @state:	the new state; not CLOSING, which is lunar_conn_close()'s
 *
 * Any context.
 *
 * Return: true if the state moved: the caller won and does what follows. False
 * if the connection is already there or further.
 */
bool lunar_conn_set_state(struct lunar_conn *conn, enum lunar_conn_state state)
{
	unsigned long flags;
	bool won = false;

	spin_lock_irqsave(&conn->state_lock, flags);
	if (state > conn->state) {
		WRITE_ONCE(conn->state, state);
		won = true;
	}
	spin_unlock_irqrestore(&conn->state_lock, flags);
	return won;
}

/**
 * lunar_conn_close() - end a connection
 * @conn:	the connection; alive by a reference, a list lock the release path
 *		takes as well, or because the caller is its owner
 * @reason:	recorded by the first caller
 *
 * The only way to kill a connection. Marks and queues, so any context will do,
 * tpg->lock or portal->lock held or not; the owner closes the socket.
 */
void lunar_conn_close(struct lunar_conn *conn, enum lunar_close_reason reason)
{
	struct lunar_tpg *tpg;
	unsigned long flags;

	/*
	 * All of it under the lock: release_work takes it once more before it
	 * cancels the work items, so that no kick comes after that.
	 */
	spin_lock_irqsave(&conn->state_lock, flags);
	if (conn->state < LUNAR_CONN_CLOSING) {
		WRITE_ONCE(conn->state, LUNAR_CONN_CLOSING);
		conn->close_reason = reason;
		lunar_stats_inc(LUNAR_STAT_closed);
		/* Its login may wait in lunar_session_reinstate(). */
		tpg = READ_ONCE(conn->tpg);
		if (tpg)
			wake_up_all(&tpg->idle);
		lunar_owner_kick(conn);
	}
	spin_unlock_irqrestore(&conn->state_lock, flags);
}

/*
 * The last reference is gone: the socket is closed and no command is left, so
 * the only contexts that may still hold the pointer are
 * a. the run of a work item that dropped that reference: cancelled;
 * b. whoever walks the portal's or the TPG's list under its lock: unlinked
 *    below. Such a walker can only call lunar_conn_close(): one that is in it
 *    holds state_lock, which lunar_conn_set_state() waits for, and after that
 *    it does nothing.
 * The session goes before the connection leaves tpg->conns, because logins count
 * there what an initiator port still holds.
 */
static void release_work(struct work_struct *work)
{
	struct lunar_conn *conn = container_of(work, struct lunar_conn,
					       release_work);

	lunar_conn_set_state(conn, LUNAR_CONN_DEAD);
	lunar_owner_cancel(conn);
	timer_delete_sync(&conn->timer);
	timer_delete_sync(&conn->tmfs.timer);
	pr_debug("%pISpc: %s\n", &conn->peer,
		 lunar_conn_close_name(conn->close_reason));

	lunar_session_unregister(conn);
	lunar_portal_del_conn(conn);
	if (conn->tpg) {
		lunar_tpg_del_conn(conn);
		lunar_tpg_put(conn->tpg);
	}
	lunar_session_free(conn->session);
	lunar_portal_put(conn->portal);
	kmem_cache_free(conn_cache, conn);
}

/* How long a discovery session may stay open; how often others are looked at. */
#define DISCOVERY_TIMEOUT	(60 * HZ)
#define TICK			round_jiffies_relative(HZ)
#define RETRY			(HZ / 50 + 1)

/* When to report that a backstore still has commands of a closed connection. */
#define DRAIN_REPORT		(10 * HZ)

/*
 * A command that waits for data holds up the abort of its LUN's commands, also
 * those of other initiators; so an initiator that stopped sending is dropped.
 * One that sends slowly is not: every byte counts.
 */
static bool data_out_is_late(const struct lunar_conn *conn,
			     const struct lunar_timeouts *timeouts)
{
	u32 seconds = READ_ONCE(timeouts->dataout_timeout) *
		      READ_ONCE(timeouts->dataout_timeout_retries);

	return READ_ONCE(conn->waiting) &&
	       time_after(jiffies, READ_ONCE(conn->data_progress) +
				   seconds * HZ);
}

/*
 * An initiator that is silent is asked for a sign of life with a NOP-In (RFC 7143
 * 11.19). Anything that comes is one. Returns true if none came in time.
 */
static bool ping_is_late(struct lunar_conn *conn,
			 const struct lunar_timeouts *timeouts)
{
	struct lunar_ping *ping = &conn->ping;
	unsigned long heard = READ_ONCE(ping->heard);
	u32 seconds = READ_ONCE(timeouts->nopin_timeout);

	if (ping->open && time_after_eq(heard, ping->sent))
		ping->open = false;
	if (ping->open)
		return time_after(jiffies, ping->sent + HZ *
				  READ_ONCE(timeouts->nopin_response_timeout));
	if (!seconds || time_before(jiffies, heard + seconds * HZ))
		return false;
	ping->open = true;
	ping->sent = jiffies;
	WRITE_ONCE(ping->due, true);
	lunar_owner_kick(conn);
	return false;
}

/* The nexus is there until the teardown has stopped the timer. */
static void tick(struct lunar_conn *conn)
{
	struct se_node_acl *se_acl = conn->session->se_sess->se_node_acl;
	const struct lunar_timeouts *timeouts = &to_lunar_acl(se_acl)->timeouts;

	if (data_out_is_late(conn, timeouts)) {
		lunar_stats_inc(LUNAR_STAT_data_out_timeout);
		lunar_conn_close(conn, LUNAR_CLOSE_DATA_OUT);
	} else if (ping_is_late(conn, timeouts)) {
		lunar_stats_inc(LUNAR_STAT_ping_timeout);
		pr_info_ratelimited("%s at %pISpc does not answer: connection closed\n",
				    conn->session->initiator, &conn->peer);
		lunar_conn_close(conn, LUNAR_CLOSE_PING);
	} else {
		mod_timer(&conn->timer, jiffies + TICK);
		/* A LUN may be on its way out. */
		if (atomic_read(&conn->session->active))
			WRITE_ONCE(conn->look, true);
		if (xchg(&conn->rx.starved, false) || READ_ONCE(conn->look))
			lunar_owner_kick(conn);
	}
}

/**
 * lunar_conn_retry() - run the owner again soon: it lacks memory
 * @conn:	a normal session's, in full feature phase
 *
 * Owner's context. The tick comes early.
 */
void lunar_conn_retry(struct lunar_conn *conn)
{
	WRITE_ONCE(conn->rx.starved, true);
	timer_reduce(&conn->timer, jiffies + RETRY);
}

/*
 * The one line for whatever waits for this connection: a login, the removal of
 * its LUN, ACL or TPG, module unload.
 */
static void report_drain(const struct lunar_conn *conn)
{
	pr_info_ratelimited("%s: session with %s tpgt %u ended (%s), a backstore still has %d of its commands\n",
			    conn->session->initiator, conn->tpg->target->name,
			    conn->tpg->tag,
			    lunar_conn_close_name(conn->close_reason),
			    atomic_read(&conn->session->active));
}

/**
 * lunar_conn_detach() - the teardown is over
 * @conn:	its socket is closed, and no command of it will be executed or
 *		answered any more
 *
 * A new login of the initiator port may go on, unless a command may land late.
 * Owner's context.
 */
void lunar_conn_detach(struct lunar_conn *conn)
{
	struct lunar_tpg *tpg = conn->tpg;

	if (!tpg)
		return;
	spin_lock_bh(&tpg->lock);
	WRITE_ONCE(conn->detached, true);
	spin_unlock_bh(&tpg->lock);
	wake_up_all(&tpg->idle);
	if (atomic_read(&conn->session->active))
		mod_timer(&conn->timer, jiffies + DRAIN_REPORT);
}

static void conn_timer(struct timer_list *timer)
{
	struct lunar_conn *conn = container_of(timer, struct lunar_conn, timer);
	enum lunar_conn_state state = lunar_conn_state(conn);

	if (READ_ONCE(conn->detached)) {
		report_drain(conn);
	} else if (state >= LUNAR_CONN_CLOSING) {
		/* Maybe closed in login: then there is no nexus to look at. */
	} else if (state < LUNAR_CONN_FULL) {
		lunar_stats_inc(LUNAR_STAT_login_timeout);
		lunar_conn_close(conn, LUNAR_CLOSE_LOGIN_TIMEOUT);
	} else if (conn->session->discovery) {
		lunar_conn_close(conn, LUNAR_CLOSE_IDLE);
	} else {
		tick(conn);
	}
}

static void logout_timer(struct timer_list *timer)
{
	struct lunar_conn *conn = container_of(timer, struct lunar_conn,
					       logout_timer);

	lunar_conn_close(conn, LUNAR_CLOSE_NO_LOGOUT);
}

static void tmf_timer(struct timer_list *timer)
{
	struct lunar_tmfs *tmfs = container_of(timer, struct lunar_tmfs, timer);
	struct lunar_conn *conn = container_of(tmfs, struct lunar_conn, tmfs);
	unsigned long deadline;

	/* Pairs with lunar_tmf_done(): the deadline is not an older one's. */
	if (!smp_load_acquire(&tmfs->nr))
		return;
	deadline = READ_ONCE(tmfs->deadline);
	if (time_before(jiffies, deadline)) {
		mod_timer(timer, deadline);
		return;
	}
	lunar_stats_inc(LUNAR_STAT_tmf_timeout);
	if (conn->tpg)
		pr_info_ratelimited("%s: session with %s tpgt %u closed: a backstore does not give aborted commands up\n",
				    conn->session->initiator,
				    conn->tpg->target->name, conn->tpg->tag);
	lunar_conn_close(conn, LUNAR_CLOSE_TMF);
}

/**
 * lunar_conn_arm_login_timer() - set the deadline of a login
 * @conn:	the connection
 * @deadline:	jiffies
 *
 * Owner's context. The teardown stops the timer.
 */
void lunar_conn_arm_login_timer(struct lunar_conn *conn, unsigned long deadline)
{
	mod_timer(&conn->timer, deadline);
}

/**
 * lunar_conn_end_login_timer() - login has ended
 * @conn:	the connection, just in FULL
 *
 * A discovery session, which needs no authentication, gets a deadline instead, a
 * normal one its tick. Owner's context, may sleep.
 */
void lunar_conn_end_login_timer(struct lunar_conn *conn)
{
	timer_delete_sync(&conn->timer);
	conn->ping.heard = jiffies;
	mod_timer(&conn->timer, jiffies + (conn->session->discovery ?
					   DISCOVERY_TIMEOUT : TICK));
}

/**
 * lunar_conn_wait_data() - one more command waits for data, or one less
 * @conn:	the connection
 * @change:	1 or -1
 *
 * Owner's context.
 */
void lunar_conn_wait_data(struct lunar_conn *conn, int change)
{
	WRITE_ONCE(conn->waiting, conn->waiting + change);
	WRITE_ONCE(conn->data_progress, jiffies);
}

static void socket_ready(void *owner)
{
	struct lunar_conn *conn = owner;

	lunar_owner_place(conn);
	WRITE_ONCE(conn->ping.heard, jiffies);
	lunar_owner_kick(conn);
}

static void socket_space(void *owner)
{
	lunar_owner_kick(owner);
}

static const struct lunar_sock_ops sock_ops = {
	.ready	= socket_ready,
	.space	= socket_space,
};

static void conn_setup(struct lunar_conn *conn, struct lunar_portal *portal,
		       const struct lunar_conn_ops *ops)
{
	spin_lock_init(&conn->state_lock);
	spin_lock_init(&conn->cmd_lock);
	refcount_set(&conn->refs, 1);
	conn->ops = ops;
	conn->accepted = jiffies;
	lunar_owner_setup(conn);
	INIT_WORK(&conn->release_work, release_work);
	timer_setup(&conn->timer, conn_timer, 0);
	timer_setup(&conn->logout_timer, logout_timer, 0);
	timer_setup(&conn->tmfs.timer, tmf_timer, 0);
	INIT_LIST_HEAD(&conn->tmfs.list);
	INIT_LIST_HEAD(&conn->tpg_entry);
	INIT_LIST_HEAD(&conn->tx.queue);
	INIT_LIST_HEAD(&conn->rx.held);
	init_llist_head(&conn->ready);
	conn->portal = portal;
}

/**
 * lunar_conn_create() - take over an accepted socket
 * @sock:	the socket; owned by the connection if this succeeds
 * @portal:	where it was accepted; gets a reference and @conn on its list
 * @peer:	the initiator's end
 * @ops:	the layer above
 *
 * Process context, may sleep. The connection runs from here on by itself; the
 * caller must not touch it unless a list lock or a reference keeps it.
 *
 * Return: 0, -ENOMEM, or an error of the socket; then @sock is still the
 * caller's.
 */
int lunar_conn_create(struct socket *sock, struct lunar_portal *portal,
		      const struct sockaddr_storage *peer,
		      const struct lunar_conn_ops *ops)
{
	struct lunar_conn *conn;
	int ret;

	conn = kmem_cache_zalloc(conn_cache, GFP_KERNEL);
	if (!conn)
		return -ENOMEM;
	conn_setup(conn, portal, ops);
	ret = lunar_sock_attach(&conn->ls, sock, &sock_ops, conn);
	if (ret) {
		kmem_cache_free(conn_cache, conn);
		return ret;
	}
	/* Not asked for again: it may be gone by now, and what it sent is still read. */
	conn->peer = *peer;
	lunar_sock_local(&conn->ls, &conn->local);
	kref_get(&portal->ref);
	lunar_stats_inc(LUNAR_STAT_accepted);

	/* For a while without the target's own deadline, which login sets. */
	mod_timer(&conn->timer,
		  conn->accepted + LUNAR_LOGIN_TIMEOUT_DEFAULT * HZ);

	/* Once on the list it may be closed, and even released, by others. */
	lunar_conn_get(conn);
	lunar_portal_add_conn(portal, conn);
	lunar_sock_start(&conn->ls);
	lunar_owner_kick(conn);
	lunar_conn_put(conn);
	return 0;
}

/**
 * lunar_conn_init() - module init of this file
 *
 * Return: 0 or -ENOMEM.
 */
int lunar_conn_init(void)
{
	conn_cache = kmem_cache_create("lunar_conn", sizeof(struct lunar_conn),
				       0, 0, NULL);
	release_wq = alloc_workqueue("lunar_release", WQ_UNBOUND,
				     WQ_MAX_ACTIVE);
	if (conn_cache && release_wq && !lunar_owner_init())
		return 0;
	lunar_conn_exit();
	return -ENOMEM;
}

/**
 * lunar_conn_exit() - module exit of this file
 *
 * No portal is left, so no connection is: a portal's last reference is a
 * connection's.
 */
void lunar_conn_exit(void)
{
	if (release_wq)
		destroy_workqueue(release_wq);
	lunar_owner_exit();
	kmem_cache_destroy(conn_cache);
}
