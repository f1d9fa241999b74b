// SPDX-License-Identifier: GPL-2.0
/* Listening addresses. See portal.h. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/ctype.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/inet.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/wait_bit.h>
#include <net/net_namespace.h>
#include <lunar.h>
#include "access.h"
#include "conn.h"
#include "portal.h"
#include "stats.h"
#include "tpg.h"

/* "[" address "%" interface "]:" port; none is longer. */
#define PORTAL_NAME_SIZE	96

#define PORTAL_RETRY_MS		50

static LIST_HEAD(portals);
static atomic_t nr_portals;
static struct workqueue_struct *accept_wq;
static const struct lunar_conn_ops *conn_ops;

/*
 * What a flood of connections that never log in can take. At most these wait at
 * one portal, and of them at most these come from one address. Beyond the
 * latter a new one is closed. Beyond the former so is the oldest, so that a
 * flood from many addresses makes room for those who try again.
 */
static unsigned int pending_logins = LUNAR_PENDING_LOGINS_DEFAULT;
static unsigned int pending_logins_per_address =
	LUNAR_PENDING_PER_ADDRESS_DEFAULT;

static int set_limit(const char *val, const struct kernel_param *kp)
{
	return param_set_uint_minmax(val, kp, LUNAR_PENDING_LOGINS_MIN,
				     LUNAR_PENDING_LOGINS_MAX);
}

static const struct kernel_param_ops limit_ops = {
	.set	= set_limit,
	.get	= param_get_uint,
};

module_param_cb(pending_logins, &limit_ops, &pending_logins, 0644);
MODULE_PARM_DESC(pending_logins,
		 "connections at a portal that have not logged in (default: "
		 __stringify(LUNAR_PENDING_LOGINS_DEFAULT) ")");
module_param_cb(pending_logins_per_address, &limit_ops,
		&pending_logins_per_address, 0644);
MODULE_PARM_DESC(pending_logins_per_address,
		 "of these, from one address (default: "
		 __stringify(LUNAR_PENDING_PER_ADDRESS_DEFAULT) ")");

/* Is there room for one more that has to log in? Only accept_work adds any. */
static bool admit(struct lunar_portal *portal,
		  const struct sockaddr_storage *peer)
{
	struct lunar_conn *conn, *oldest = NULL;
	bool full, crowd;
	u32 same = 0;

	spin_lock_bh(&portal->lock);
	list_for_each_entry(conn, &portal->pending, pending_entry) {
		same += lunar_access_same_host(&conn->peer, peer);
		if (!oldest && lunar_conn_state(conn) < LUNAR_CONN_CLOSING)
			oldest = conn;
	}
	crowd = same >= READ_ONCE(pending_logins_per_address);
	full = portal->nr_pending >= READ_ONCE(pending_logins);
	if (full && !crowd && oldest)
		lunar_conn_close(oldest, LUNAR_CLOSE_LOGIN_LIMIT);
	spin_unlock_bh(&portal->lock);

	if (!full && !crowd)
		return true;
	lunar_stats_inc(LUNAR_STAT_login_limited);
	pr_warn_ratelimited("portal %pISpc: closed a connection from %pISc, too many %s have not logged in\n",
			    &portal->addr, peer,
			    crowd ? "of that address" : "connections");
	return false;
}

/*
 * accept_work against lunar_portal_del(): a connection is accepted only here,
 * and del first stops the listener, so that no more are handed out, then waits
 * for this work, which nobody queues any more. Every connection is then on
 * portal->conns, where del finds it.
 */
static void accept_work(struct work_struct *work)
{
	struct lunar_portal *portal = container_of(work, struct lunar_portal,
						   accept_work);
	struct sockaddr_storage peer;
	struct socket *sock;
	int ret;

	for (;;) {
		ret = lunar_sock_accept(&portal->ls, &sock);
		if (ret == -EAGAIN || ret == -EINVAL)
			return;
		if (ret) {
			/* Out of memory: no event will call us again. */
			pr_warn_ratelimited("portal %pISpc: cannot accept (%pe), trying again\n",
					    &portal->addr, ERR_PTR(ret));
			msleep(PORTAL_RETRY_MS);
			continue;
		}
		/* One that is already gone has no address and is not kept. */
		if (lunar_sock_peer(sock, &peer) || !admit(portal, &peer) ||
		    lunar_conn_create(sock, portal, &peer, conn_ops))
			lunar_sock_discard(sock);
		cond_resched();
	}
}

static void portal_ready(void *owner)
{
	struct lunar_portal *portal = owner;

	queue_work(accept_wq, &portal->accept_work);
}

static const struct lunar_sock_ops portal_sock_ops = {
	.ready	= portal_ready,
};

/**
 * lunar_portal_parse() - an address with a port
 * @name:	"a.b.c.d:port" or "[v6]:port", numbers only
 * @addr:	the same; undefined on error
 *
 * May sleep.
 *
 * Return: 0 or -EINVAL.
 */
int lunar_portal_parse(const char *name, struct sockaddr_storage *addr)
{
	char buf[PORTAL_NAME_SIZE], *host, *port;
	unsigned short family;
	u16 number;

	if (strscpy(buf, name, sizeof(buf)) < 0)
		return -EINVAL;
	if (buf[0] == '[') {
		family = AF_INET6;
		host = buf + 1;
		port = strchr(host, ']');
		if (!port || port[1] != ':')
			return -EINVAL;
		*port = '\0';
		port += 2;
	} else {
		family = AF_INET;
		host = buf;
		port = strchr(host, ':');
		if (!port)
			return -EINVAL;
		*port++ = '\0';
	}
	if (!isdigit(port[0]) || kstrtou16(port, 10, &number) || !number)
		return -EINVAL;
	memset(addr, 0, sizeof(*addr));
	return inet_pton_with_scope(&init_net, family, host, port, addr);
}

/* sin_port and sin6_port are at one place. */
static_assert(offsetof(struct sockaddr_in, sin_port) ==
	      offsetof(struct sockaddr_in6, sin6_port));

/**
 * lunar_portal_same() - the same address and port?
 * @a:		IPv4 or IPv6
 * @b:		another
 *
 * Any context.
 *
 * Return: true if it is.
 */
bool lunar_portal_same(const struct sockaddr_storage *a,
		       const struct sockaddr_storage *b)
{
	return lunar_access_same_host(a, b) &&
	       ((const struct sockaddr_in *)a)->sin_port ==
	       ((const struct sockaddr_in *)b)->sin_port;
}

static struct lunar_portal *portal_find(const struct sockaddr_storage *addr)
{
	struct lunar_portal *portal;

	lockdep_assert_held(&lunar_tpg_targets_lock);
	list_for_each_entry(portal, &portals, entry)
		if (!memcmp(&portal->addr, addr, sizeof(*addr)))
			return portal;
	return NULL;
}

/* A new portal has one reference, which its first np takes over. */
static struct lunar_portal *portal_create(const struct sockaddr_storage *addr)
{
	struct lunar_portal *portal;
	int ret;

	portal = kzalloc(sizeof(*portal), GFP_KERNEL);
	if (!portal)
		return ERR_PTR(-ENOMEM);
	kref_init(&portal->ref);
	portal->addr = *addr;
	INIT_LIST_HEAD(&portal->nps);
	INIT_LIST_HEAD(&portal->conns);
	INIT_LIST_HEAD(&portal->pending);
	spin_lock_init(&portal->lock);
	INIT_WORK(&portal->accept_work, accept_work);
	ret = lunar_sock_bind(&portal->ls, addr, &portal_sock_ops, portal);
	if (ret) {
		kfree(portal);
		return ERR_PTR(ret);
	}
	atomic_inc(&nr_portals);
	list_add_tail(&portal->entry, &portals);
	return portal;
}

static struct lunar_portal *portal_get(const struct sockaddr_storage *addr)
{
	struct lunar_portal *portal = portal_find(addr);

	if (!portal)
		return portal_create(addr);
	kref_get(&portal->ref);
	return portal;
}

static void portal_free(struct kref *ref)
{
	kfree(container_of(ref, struct lunar_portal, ref));
	if (atomic_dec_and_test(&nr_portals))
		wake_up_var(&nr_portals);
}

/**
 * lunar_portal_put() - drop a reference
 * @portal:	not to be touched afterwards
 *
 * Any context: the socket was closed when the last np went.
 */
void lunar_portal_put(struct lunar_portal *portal)
{
	kref_put(&portal->ref, portal_free);
}

/**
 * lunar_portal_add_conn() - a connection was accepted here
 * @portal:	where; gets @conn on its lists
 * @conn:	has to log in
 *
 * Process context.
 */
void lunar_portal_add_conn(struct lunar_portal *portal, struct lunar_conn *conn)
{
	spin_lock_bh(&portal->lock);
	list_add_tail(&conn->portal_entry, &portal->conns);
	list_add_tail(&conn->pending_entry, &portal->pending);
	portal->nr_pending++;
	spin_unlock_bh(&portal->lock);
}

static void end_login(struct lunar_conn *conn)
{
	lockdep_assert_held(&conn->portal->lock);
	if (list_empty(&conn->pending_entry))
		return;
	list_del_init(&conn->pending_entry);
	conn->portal->nr_pending--;
}

/**
 * lunar_portal_end_login() - a connection has logged in
 * @conn:	does not count as pending any more
 *
 * Owner's context.
 */
void lunar_portal_end_login(struct lunar_conn *conn)
{
	spin_lock_bh(&conn->portal->lock);
	end_login(conn);
	spin_unlock_bh(&conn->portal->lock);
}

/**
 * lunar_portal_del_conn() - undo lunar_portal_add_conn()
 * @conn:	being released
 *
 * Process context.
 */
void lunar_portal_del_conn(struct lunar_conn *conn)
{
	spin_lock_bh(&conn->portal->lock);
	list_del(&conn->portal_entry);
	end_login(conn);
	spin_unlock_bh(&conn->portal->lock);
}

/* Is the address in use by this target already, under whatever spelling? */
static bool target_has(const struct lunar_target *target,
		       const struct sockaddr_storage *addr)
{
	const struct lunar_tpg *tpg;
	const struct lunar_np *np;

	lockdep_assert_held(&lunar_tpg_targets_lock);
	list_for_each_entry(tpg, &target->tpgs, entry)
		list_for_each_entry(np, &tpg->nps, tpg_entry)
			if (!memcmp(&np->portal->addr, addr, sizeof(*addr)))
				return true;
	return false;
}

static void np_link(struct lunar_np *np, struct lunar_tpg *tpg,
		    struct lunar_portal *portal)
{
	np->tpg = tpg;
	np->portal = portal;
	list_add_tail(&np->tpg_entry, &tpg->nps);
	list_add_tail(&np->portal_entry, &portal->nps);
}

/* Closes what came in through @portal: all of it, or what named @tpg. */
static void close_conns(struct lunar_portal *portal,
			const struct lunar_tpg *tpg)
{
	struct lunar_conn *conn;

	/* conn->tpg is set under this lock: lunar_tpg_add_conn(). */
	lockdep_assert_held(&lunar_tpg_targets_lock);
	spin_lock_bh(&portal->lock);
	list_for_each_entry(conn, &portal->conns, portal_entry)
		if (!tpg || READ_ONCE(conn->tpg) == tpg)
			lunar_conn_close(conn, LUNAR_CLOSE_ADMIN);
	spin_unlock_bh(&portal->lock);
}

static void portal_stop(struct lunar_portal *portal)
{
	list_del(&portal->entry);
	if (portal->listening)
		lunar_sock_unlisten(&portal->ls);
	portal->listening = false;
	/* See accept_work(); it takes none of the locks that we hold. */
	cancel_work_sync(&portal->accept_work);
	lunar_sock_close(&portal->ls);
	close_conns(portal, NULL);
}

static void np_unlink(struct lunar_np *np)
{
	struct lunar_portal *portal = np->portal;

	lockdep_assert_held(&lunar_tpg_targets_lock);
	list_del(&np->tpg_entry);
	list_del(&np->portal_entry);
	if (list_empty(&portal->nps)) {
		portal_stop(portal);
	} else {
		/* To listen less cannot fail. */
		lunar_portal_update(portal);
		close_conns(portal, np->tpg);
	}
	lunar_portal_put(portal);
}

static int np_add(struct lunar_np *np, struct lunar_tpg *tpg,
		  const struct sockaddr_storage *addr)
{
	struct lunar_portal *portal;
	int ret;

	lockdep_assert_held(&lunar_tpg_targets_lock);
	if (target_has(tpg->target, addr)) {
		pr_err("%s tpgt %u: portal %pISpc: the target has it already\n",
		       tpg->target->name, tpg->tag, addr);
		return -EEXIST;
	}
	portal = portal_get(addr);
	if (IS_ERR(portal)) {
		pr_err("%s tpgt %u: portal %pISpc: cannot bind (%pe)\n",
		       tpg->target->name, tpg->tag, addr, portal);
		return PTR_ERR(portal);
	}
	np_link(np, tpg, portal);
	ret = lunar_portal_update(portal);
	if (ret)
		np_unlink(np);
	return ret;
}

/**
 * lunar_portal_add() - a TPG can be reached through an address
 * @tpg:	the TPG
 * @name:	"a.b.c.d:port" or "[v6]:port"
 *
 * Binds the address, and listens if @tpg is enabled. May sleep.
 *
 * Return: for lunar_portal_del(); ERR_PTR(-EINVAL) for a bad name, -EEXIST if
 * the target uses the address already, -ENOMEM, or what bind() and listen() say.
 * All errors are logged.
 */
struct lunar_np *lunar_portal_add(struct lunar_tpg *tpg, const char *name)
{
	struct sockaddr_storage addr;
	struct lunar_np *np;
	int ret;

	if (lunar_portal_parse(name, &addr)) {
		pr_err("%s tpgt %u: portal %s: neither a.b.c.d:port nor [v6]:port\n",
		       tpg->target->name, tpg->tag, name);
		return ERR_PTR(-EINVAL);
	}
	np = kzalloc(sizeof(*np), GFP_KERNEL);
	if (!np)
		return ERR_PTR(-ENOMEM);
	mutex_lock(&lunar_tpg_targets_lock);
	ret = np_add(np, tpg, &addr);
	mutex_unlock(&lunar_tpg_targets_lock);
	if (ret) {
		kfree(np);
		return ERR_PTR(ret);
	}
	return np;
}

/**
 * lunar_portal_del() - undo lunar_portal_add()
 * @np:		freed
 *
 * Closes the connections that came in here, of this TPG only while other TPGs
 * use the address, and does not wait for them. May sleep.
 */
void lunar_portal_del(struct lunar_np *np)
{
	mutex_lock(&lunar_tpg_targets_lock);
	np_unlink(np);
	mutex_unlock(&lunar_tpg_targets_lock);
	kfree(np);
}

/**
 * lunar_portal_update() - listen if and only if an enabled TPG wants it
 * @portal:	has an np
 *
 * May sleep, under lunar_tpg_targets_lock.
 *
 * Return: 0, or why it cannot listen (logged). To stop listening cannot fail.
 */
int lunar_portal_update(struct lunar_portal *portal)
{
	const struct lunar_np *np;
	bool listen = false;
	int ret;

	lockdep_assert_held(&lunar_tpg_targets_lock);
	list_for_each_entry(np, &portal->nps, portal_entry)
		if (np->tpg->enabled)
			listen = true;
	if (listen == portal->listening)
		return 0;
	if (listen) {
		ret = lunar_sock_listen(&portal->ls);
		if (ret) {
			pr_err("portal %pISpc: cannot listen (%pe)\n",
			       &portal->addr, ERR_PTR(ret));
			return ret;
		}
	} else {
		lunar_sock_unlisten(&portal->ls);
	}
	portal->listening = listen;
	return 0;
}

/**
 * lunar_portal_init() - module init of this file
 * @ops:	for the connections that will be accepted
 *
 * Return: 0 or -ENOMEM.
 */
int lunar_portal_init(const struct lunar_conn_ops *ops)
{
	conn_ops = ops;
	accept_wq = alloc_workqueue("lunar_accept", WQ_UNBOUND, 0);
	return accept_wq ? 0 : -ENOMEM;
}

/**
 * lunar_portal_exit() - module exit of this file
 *
 * configfs has removed every np; waits for the connections that were closed with
 * them. lunar_conn_exit() has to follow: the code that drops a portal's last
 * reference may still be on its way out.
 */
void lunar_portal_exit(void)
{
	wait_var_event(&nr_portals, !atomic_read(&nr_portals));
	destroy_workqueue(accept_wq);
}
