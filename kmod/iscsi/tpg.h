/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Configured objects: targets, target portal groups, their portals and node
 * ACLs. configfs creates and destroys them; login and SendTargets look them up.
 *
 * Lifetimes: a target outlives its TPGs, a TPG outlives every connection that
 * named it at login: lunar_tpg_find() takes a use (lunar_tpg_put() drops it),
 * and lunar_tpg_shutdown() refuses new uses, closes the connections and waits
 * for the last use to go. A connection that names a TPG just as that is
 * disabled or loses its portal is closed by lunar_tpg_add_conn().
 *
 * Locks: lunar_tpg_targets_lock (mutex) > tpg->lock (spinlock) > conn->state_lock.
 */
#ifndef LUNAR_TPG_H
#define LUNAR_TPG_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/refcount.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <target/target_core_base.h>
#include <lunar.h>
#include "auth.h"
#include "keys.h"
#include "session.h"

enum lunar_close_reason;
struct lunar_conn;
struct lunar_portal;
struct sockaddr_storage;

/**
 * struct lunar_target - /sys/kernel/config/target/<alias>/<iqn>
 * @wwn:	target core's part
 * @entry:	in lunar_tpg_targets, under lunar_tpg_targets_lock
 * @tpgs:	struct lunar_tpg.entry, under lunar_tpg_targets_lock
 * @name:	iSCSI name, immutable
 */
struct lunar_target {
	struct se_wwn		wwn;
	struct list_head	entry;
	struct list_head	tpgs;
	char			name[ISCSI_NAME_LEN];
};

/* TPG attributes, each a file in attrib/; single words, read without a lock. */
struct lunar_tpg_attrib {
	u32	authentication;		/* 1: CHAP is required */
	u32	login_timeout;		/* seconds from accept to full feature */
	u32	generate_node_acls;	/* 1: demo mode, any initiator */
	u32	cache_dynamic_acls;
	u32	default_cmdsn_depth;
	u32	demo_mode_write_protect;
	u32	prod_mode_write_protect;
	u32	demo_mode_discovery;	/* 1: SendTargets shows it to strangers */
};

/* A word, a blank, "[" IPv6 "%" interface "]:" port. */
#define LUNAR_TPG_REDIRECT_SIZE	112

/**
 * struct lunar_tpg - target portal group
 * @se_tpg:	target core's part
 * @target:	the owner
 * @entry:	in target->tpgs, under lunar_tpg_targets_lock
 * @tag:	TPGT
 * @enabled:	accepts logins; under lunar_tpg_targets_lock
 * @attrib:	tunables
 * @params:	what we offer in negotiation; words, read without a lock
 * @max_xmit:	param/MaxXmitDataSegmentLength: cap on the data segments that we
 *		send, bytes; the initiator's MaxRecvDataSegmentLength is the other
 * @alias:	TargetAlias, empty for none; under @lock
 * @redirect:	attrib/redirect, empty for none; under @lock
 * @auth:	credentials for initiators whose ACL has none of its own
 * @access:	addresses that may log in
 * @nps:	struct lunar_np.tpg_entry, under lunar_tpg_targets_lock
 * @nexus_lock: held to make or end a nexus: see session.c
 * @lock:	protects @conns, @alias, @redirect; taken with _bh
 * @conns:	connections that named this TPG (lunar_conn.tpg_entry)
 * @uses:	connections plus one for configfs
 * @idle:	woken when a connection leaves @conns
 * @unused:	completed by the last of @uses
 */
struct lunar_tpg {
	struct se_portal_group	se_tpg;
	struct lunar_target	*target;
	struct list_head	entry;
	u16			tag;
	bool			enabled;
	struct lunar_tpg_attrib	attrib;
	struct lunar_params	params;
	u32			max_xmit;
	char			alias[VALUE_MAXLEN + 1];
	char			redirect[LUNAR_TPG_REDIRECT_SIZE];
	struct lunar_auth	auth;
	struct lunar_access	access;
	struct list_head	nps;
	struct mutex		nexus_lock;	/* sessions against dynamic ACLs */
	spinlock_t		lock;	/* conns, alias, redirect */
	struct list_head	conns;
	refcount_t		uses;
	wait_queue_head_t	idle;
	struct completion	unused;
};

/**
 * struct lunar_node_acl - node ACL
 * @se_acl:	target core's part
 * @auth:	its own credentials
 * @access:	addresses from which its initiator may log in
 * @authentication: as of the TPG, or -1 to do as the TPG says
 * @own:	bit per LUNAR_KEY_*: @params has a value in place of the TPG's
 * @params:	what we offer this initiator
 * @timeouts:	for its sessions
 *
 * Target core allocates it, zeroed, with node_acl_size, and frees it without
 * telling us, so it owns no memory. The fabric's set_default_node_attributes()
 * calls lunar_tpg_init_acl(), which is the one callback that dynamic ACLs pass
 * through as well. Words are read without a lock.
 */
struct lunar_node_acl {
	struct se_node_acl	se_acl;
	struct lunar_auth	auth;
	struct lunar_access	access;
	s32			authentication;
	unsigned long		own;
	struct lunar_params	params;
	struct lunar_timeouts	timeouts;
};

/* discovery_auth/ of the fabric. */
struct lunar_discovery {
	struct lunar_auth	auth;
	u32			enforce;	/* 1: discovery needs CHAP */
};

extern struct mutex lunar_tpg_targets_lock;
extern struct list_head lunar_tpg_targets;
extern struct lunar_discovery lunar_tpg_discovery;

static inline struct lunar_target *to_lunar_target(struct se_wwn *wwn)
{
	return container_of(wwn, struct lunar_target, wwn);
}

static inline struct lunar_tpg *to_lunar_tpg(struct se_portal_group *se_tpg)
{
	return container_of(se_tpg, struct lunar_tpg, se_tpg);
}

static inline struct lunar_node_acl *to_lunar_acl(struct se_node_acl *se_acl)
{
	return container_of(se_acl, struct lunar_node_acl, se_acl);
}

struct lunar_target *lunar_tpg_alloc_target(const char *name);
void lunar_tpg_free_target(struct lunar_target *target);
struct lunar_tpg *lunar_tpg_alloc(struct lunar_target *target, u16 tag);
void lunar_tpg_free(struct lunar_tpg *tpg);
int lunar_tpg_enable(struct lunar_tpg *tpg, bool enable);
void lunar_tpg_shutdown(struct lunar_tpg *tpg);

enum lunar_tpg_lookup {
	LUNAR_TPG_FOUND,
	LUNAR_TPG_NO_TARGET,	/* no such name */
	LUNAR_TPG_NO_PORTAL,	/* not reachable through this portal */
	LUNAR_TPG_DISABLED,
};

enum lunar_tpg_lookup lunar_tpg_find(const char *name,
				     struct lunar_portal *portal,
				     struct lunar_tpg **tpg);
void lunar_tpg_put(struct lunar_tpg *tpg);
void lunar_tpg_add_conn(struct lunar_tpg *tpg, struct lunar_conn *conn);
void lunar_tpg_del_conn(struct lunar_conn *conn);
void lunar_tpg_close_all(struct lunar_tpg *tpg, enum lunar_close_reason reason);

void lunar_tpg_get_alias(struct lunar_tpg *tpg, char alias[VALUE_MAXLEN + 1]);
void lunar_tpg_set_alias(struct lunar_tpg *tpg, const char *alias, u32 len);

enum lunar_tpg_redirect {
	LUNAR_TPG_STAYS,
	LUNAR_TPG_MOVED_TEMPORARILY,
	LUNAR_TPG_MOVED_PERMANENTLY,
};

enum lunar_tpg_redirect
lunar_tpg_get_redirect(struct lunar_tpg *tpg,
		       char address[LUNAR_TPG_REDIRECT_SIZE]);
int lunar_tpg_set_redirect(struct lunar_tpg *tpg, const char *redirect);
void lunar_tpg_ask_logout(struct lunar_tpg *tpg,
			  const struct lunar_portal *portal, u32 seconds);
bool lunar_tpg_admits(struct lunar_tpg *tpg, struct se_node_acl *se_acl,
		      const struct sockaddr_storage *peer);
void lunar_tpg_init_acl(struct se_node_acl *se_acl);
void lunar_tpg_auth_init(struct lunar_auth *auth);

#endif /* LUNAR_TPG_H */
