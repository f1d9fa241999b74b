/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A listening address. Several TPGs, also of different targets, share one.
 * It is bound when configfs names it, so that an address in use is an error at
 * once, and listens while at least one of its TPGs is enabled: a host that comes
 * too early is refused by TCP and retries, it is never told that its target is
 * gone (which ESXi takes for permanent device loss).
 *
 * Lifetime: a reference per lunar_np and per connection accepted here.
 */
#ifndef LUNAR_PORTAL_H
#define LUNAR_PORTAL_H

#include <linux/kref.h>
#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <target/target_core_base.h>
#include "sock.h"

struct lunar_conn;
struct lunar_conn_ops;
struct lunar_tpg;

/**
 * struct lunar_portal - one bound address
 * @entry:	in the list of portals, under lunar_tpg_targets_lock
 * @nps:	struct lunar_np.portal_entry, under lunar_tpg_targets_lock
 * @ref:	np and connection references
 * @addr:	immutable
 * @ls:		listening socket; closed when the last np goes
 * @listening:	under lunar_tpg_targets_lock
 * @accept_work: takes connections off the backlog
 * @lock:	protects @conns, @pending, @nr_pending
 * @conns:	lunar_conn.portal_entry: accepted here and not yet released
 * @pending:	lunar_conn.pending_entry: those that have not logged in, oldest
 *		first, and discovery sessions
 * @nr_pending:	their number
 */
struct lunar_portal {
	struct list_head	entry;
	struct list_head	nps;
	struct kref		ref;
	struct sockaddr_storage	addr;
	struct lunar_sock	ls;
	bool			listening;
	struct work_struct	accept_work;
	spinlock_t		lock;	/* conns, pending, nr_pending */
	struct list_head	conns;
	struct list_head	pending;
	u32			nr_pending;
};

/**
 * struct lunar_np - one portal of one TPG (np/<address>)
 * @se_np:	target core's part
 * @tpg:	the TPG
 * @portal:	the address; holds a reference
 * @tpg_entry:	in tpg->nps, under lunar_tpg_targets_lock
 * @portal_entry: in portal->nps, under lunar_tpg_targets_lock
 */
struct lunar_np {
	struct se_tpg_np	se_np;
	struct lunar_tpg	*tpg;
	struct lunar_portal	*portal;
	struct list_head	tpg_entry;
	struct list_head	portal_entry;
};

static inline struct lunar_np *to_lunar_np(struct se_tpg_np *se_np)
{
	return container_of(se_np, struct lunar_np, se_np);
}

int lunar_portal_parse(const char *name, struct sockaddr_storage *addr);
bool lunar_portal_same(const struct sockaddr_storage *a,
		       const struct sockaddr_storage *b);
struct lunar_np *lunar_portal_add(struct lunar_tpg *tpg, const char *name);
void lunar_portal_del(struct lunar_np *np);
int lunar_portal_update(struct lunar_portal *portal);
void lunar_portal_add_conn(struct lunar_portal *portal, struct lunar_conn *conn);
void lunar_portal_end_login(struct lunar_conn *conn);
void lunar_portal_del_conn(struct lunar_conn *conn);
void lunar_portal_put(struct lunar_portal *portal);
int lunar_portal_init(const struct lunar_conn_ops *conn_ops);
void lunar_portal_exit(void);

#endif /* LUNAR_PORTAL_H */
