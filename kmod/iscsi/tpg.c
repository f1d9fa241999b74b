// SPDX-License-Identifier: GPL-2.0
/* Targets, target portal groups, credentials. See tpg.h. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/slab.h>
#include <linux/string.h>
#include "conn.h"
#include "portal.h"
#include "tpg.h"

#define TPG_SHUTDOWN_REPORT	(10 * HZ)

/* Targets, their TPGs and portals, and who is enabled: see tpg.h. */
DEFINE_MUTEX(lunar_tpg_targets_lock);
LIST_HEAD(lunar_tpg_targets);

struct lunar_discovery lunar_tpg_discovery = {
	.auth.lock = __SPIN_LOCK_UNLOCKED(lunar_tpg_discovery.auth.lock),
};

/* LIO's defaults, which targetcli and its users expect, but for the depth. */
static const struct lunar_tpg_attrib default_attrib = {
	.authentication			= 1,
	.login_timeout			= LUNAR_LOGIN_TIMEOUT_DEFAULT,
	.default_cmdsn_depth		= LUNAR_CMDSN_DEPTH_DEFAULT,
	.demo_mode_write_protect	= 1,
	.demo_mode_discovery		= 1,
};

/* LIO's. ESXi pings after 15 s and gives up after 10 s: it acts first. */
static const struct lunar_timeouts default_timeouts = {
	.dataout_timeout		= LUNAR_DATAOUT_TIMEOUT_DEFAULT,
	.dataout_timeout_retries	= LUNAR_DATAOUT_RETRIES_DEFAULT,
	.nopin_timeout			= LUNAR_NOPIN_TIMEOUT_DEFAULT,
	.nopin_response_timeout		= LUNAR_NOPIN_RESPONSE_DEFAULT,
};

static struct lunar_target *find_target(const char *name)
{
	struct lunar_target *target;

	lockdep_assert_held(&lunar_tpg_targets_lock);
	/* RFC 7143 4.2.7.2: names differ in more than case. */
	list_for_each_entry(target, &lunar_tpg_targets, entry)
		if (!strcasecmp(target->name, name))
			return target;
	return NULL;
}

/**
 * lunar_tpg_alloc_target() - make a target
 * @name:	iSCSI name, checked
 *
 * May sleep.
 *
 * Return: the target, in lunar_tpg_targets and without TPGs, for
 * lunar_tpg_free_target(); ERR_PTR(-EEXIST) if one has that name, in whatever
 * case, or ERR_PTR(-ENOMEM).
 */
struct lunar_target *lunar_tpg_alloc_target(const char *name)
{
	struct lunar_target *target;

	target = kzalloc(sizeof(*target), GFP_KERNEL);
	if (!target)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&target->tpgs);
	strscpy(target->name, name, sizeof(target->name));

	mutex_lock(&lunar_tpg_targets_lock);
	if (find_target(name)) {
		mutex_unlock(&lunar_tpg_targets_lock);
		kfree(target);
		return ERR_PTR(-EEXIST);
	}
	list_add_tail(&target->entry, &lunar_tpg_targets);
	mutex_unlock(&lunar_tpg_targets_lock);
	return target;
}

/**
 * lunar_tpg_free_target() - undo lunar_tpg_alloc_target()
 * @target:	has no TPG any more
 *
 * May sleep.
 */
void lunar_tpg_free_target(struct lunar_target *target)
{
	mutex_lock(&lunar_tpg_targets_lock);
	WARN_ON_ONCE(!list_empty(&target->tpgs));
	list_del(&target->entry);
	mutex_unlock(&lunar_tpg_targets_lock);
	kfree(target);
}

static bool tag_taken(const struct lunar_target *target, u16 tag)
{
	const struct lunar_tpg *tpg;

	lockdep_assert_held(&lunar_tpg_targets_lock);
	list_for_each_entry(tpg, &target->tpgs, entry)
		if (tpg->tag == tag)
			return true;
	return false;
}

/**
 * lunar_tpg_alloc() - make a target portal group
 * @target:	the owner
 * @tag:	TPGT
 *
 * May sleep. Target core's part is the caller's to register.
 *
 * Return: the TPG, in target->tpgs, disabled, for lunar_tpg_shutdown() and
 * lunar_tpg_free(); ERR_PTR(-EEXIST) if @tag is taken, ERR_PTR(-ENOMEM).
 */
struct lunar_tpg *lunar_tpg_alloc(struct lunar_target *target, u16 tag)
{
	struct lunar_tpg *tpg;

	tpg = kzalloc(sizeof(*tpg), GFP_KERNEL);
	if (!tpg)
		return ERR_PTR(-ENOMEM);
	tpg->target = target;
	tpg->tag = tag;
	tpg->attrib = default_attrib;
	tpg->max_xmit = ISCSI_MAX_MAX_BURST_LEN;
	lunar_keys_defaults(&tpg->params);
	lunar_tpg_auth_init(&tpg->auth);
	spin_lock_init(&tpg->access.lock);
	INIT_LIST_HEAD(&tpg->nps);
	mutex_init(&tpg->nexus_lock);
	spin_lock_init(&tpg->lock);
	INIT_LIST_HEAD(&tpg->conns);
	refcount_set(&tpg->uses, 1);
	init_waitqueue_head(&tpg->idle);
	init_completion(&tpg->unused);

	mutex_lock(&lunar_tpg_targets_lock);
	if (tag_taken(target, tag)) {
		mutex_unlock(&lunar_tpg_targets_lock);
		kfree(tpg);
		return ERR_PTR(-EEXIST);
	}
	list_add_tail(&tpg->entry, &target->tpgs);
	mutex_unlock(&lunar_tpg_targets_lock);
	return tpg;
}

/**
 * lunar_tpg_free() - free a TPG
 * @tpg:	shut down, without portals
 *
 * Any context.
 */
void lunar_tpg_free(struct lunar_tpg *tpg)
{
	WARN_ON_ONCE(!list_empty(&tpg->nps));
	kfree_sensitive(tpg);
}

/**
 * lunar_tpg_close_all() - close the connections of a TPG
 * @tpg:	any
 * @reason:	recorded in each
 *
 * Does not wait for them. Any context but hard interrupt.
 */
void lunar_tpg_close_all(struct lunar_tpg *tpg, enum lunar_close_reason reason)
{
	struct lunar_conn *conn;

	spin_lock_bh(&tpg->lock);
	list_for_each_entry(conn, &tpg->conns, tpg_entry)
		lunar_conn_close(conn, reason);
	spin_unlock_bh(&tpg->lock);
}

/* An error leaves portals that listen already listening. */
static int update_portals(struct lunar_tpg *tpg)
{
	struct lunar_np *np;
	int ret;

	list_for_each_entry(np, &tpg->nps, tpg_entry) {
		ret = lunar_portal_update(np->portal);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * lunar_tpg_enable() - accept logins, or stop to
 * @tpg:	registered
 * @enable:	whether to
 *
 * Disabling closes the connections of @tpg and does not wait for them. May
 * sleep.
 *
 * Return: 0, or why a portal cannot listen (logged); @tpg is then disabled.
 */
int lunar_tpg_enable(struct lunar_tpg *tpg, bool enable)
{
	int ret;

	mutex_lock(&lunar_tpg_targets_lock);
	tpg->enabled = enable;
	ret = update_portals(tpg);
	if (ret) {
		/* Nothing but listening can fail. */
		tpg->enabled = false;
		update_portals(tpg);
	}
	if (!tpg->enabled)
		lunar_tpg_close_all(tpg, LUNAR_CLOSE_ADMIN);
	mutex_unlock(&lunar_tpg_targets_lock);
	return ret;
}

/**
 * lunar_tpg_shutdown() - end all use of a TPG
 * @tpg:	about to be deregistered from target core; afterwards only
 *		lunar_tpg_free() may follow
 *
 * Waits for the connections: each goes as soon as the backstores have given
 * back its commands. Called from rmdir, which cannot be interrupted, so a long
 * wait says what it is for.
 */
void lunar_tpg_shutdown(struct lunar_tpg *tpg)
{
	mutex_lock(&lunar_tpg_targets_lock);
	list_del(&tpg->entry);
	tpg->enabled = false;
	update_portals(tpg);
	lunar_tpg_close_all(tpg, LUNAR_CLOSE_ADMIN);
	mutex_unlock(&lunar_tpg_targets_lock);

	lunar_tpg_put(tpg);
	while (!wait_for_completion_timeout(&tpg->unused, TPG_SHUTDOWN_REPORT))
		pr_info("%s tpgt %u: removal waits for %u connections with commands in a backstore\n",
			tpg->target->name, tpg->tag, refcount_read(&tpg->uses));
}

static bool uses_portal(const struct lunar_tpg *tpg,
			const struct lunar_portal *portal)
{
	const struct lunar_np *np;

	lockdep_assert_held(&lunar_tpg_targets_lock);
	list_for_each_entry(np, &tpg->nps, tpg_entry)
		if (np->portal == portal)
			return true;
	return false;
}

/**
 * lunar_tpg_find() - the TPG that a login is for
 * @name:	TargetName
 * @portal:	where the connection was accepted
 * @tpg:	the TPG if the result is LUNAR_TPG_FOUND, with a use for the
 *		caller to drop by lunar_tpg_put()
 *
 * May sleep. A portal belongs to at most one TPG of a target.
 *
 * Return: see enum lunar_tpg_lookup.
 */
enum lunar_tpg_lookup lunar_tpg_find(const char *name,
				     struct lunar_portal *portal,
				     struct lunar_tpg **tpg)
{
	enum lunar_tpg_lookup result = LUNAR_TPG_NO_TARGET;
	struct lunar_target *target;
	struct lunar_tpg *t;

	mutex_lock(&lunar_tpg_targets_lock);
	target = find_target(name);
	if (!target)
		goto unlock;
	result = LUNAR_TPG_NO_PORTAL;
	list_for_each_entry(t, &target->tpgs, entry) {
		if (!uses_portal(t, portal))
			continue;
		result = LUNAR_TPG_DISABLED;
		if (t->enabled) {
			refcount_inc(&t->uses);
			*tpg = t;
			result = LUNAR_TPG_FOUND;
		}
		break;
	}
unlock:
	mutex_unlock(&lunar_tpg_targets_lock);
	return result;
}

/**
 * lunar_tpg_put() - drop a use
 * @tpg:	not to be touched afterwards
 *
 * Any context.
 */
void lunar_tpg_put(struct lunar_tpg *tpg)
{
	if (refcount_dec_and_test(&tpg->uses))
		complete(&tpg->unused);
}

/**
 * lunar_tpg_add_conn() - a connection belongs to a TPG from now on
 * @tpg:	from lunar_tpg_find()
 * @conn:	in login; takes over the caller's use, which is dropped when the
 *		connection is released
 *
 * Sets conn->tpg. If the TPG has been disabled, or taken off this portal, since
 * lunar_tpg_find(), whoever did that has not seen @conn: it is closed here.
 * May sleep.
 */
void lunar_tpg_add_conn(struct lunar_tpg *tpg, struct lunar_conn *conn)
{
	mutex_lock(&lunar_tpg_targets_lock);
	spin_lock_bh(&tpg->lock);
	WRITE_ONCE(conn->tpg, tpg);
	list_add_tail(&conn->tpg_entry, &tpg->conns);
	spin_unlock_bh(&tpg->lock);
	if (!tpg->enabled || !uses_portal(tpg, conn->portal))
		lunar_conn_close(conn, LUNAR_CLOSE_ADMIN);
	mutex_unlock(&lunar_tpg_targets_lock);
}

/**
 * lunar_tpg_del_conn() - undo lunar_tpg_add_conn(), but for the use
 * @conn:	being released
 *
 * Any context but hard interrupt. A login that waits to take over the initiator
 * port looks again.
 */
void lunar_tpg_del_conn(struct lunar_conn *conn)
{
	struct lunar_tpg *tpg = conn->tpg;

	spin_lock_bh(&tpg->lock);
	list_del_init(&conn->tpg_entry);
	spin_unlock_bh(&tpg->lock);
	wake_up_all(&tpg->idle);
}

/**
 * lunar_tpg_get_alias() - TargetAlias to declare
 * @tpg:	any
 * @alias:	copied here; empty for none
 *
 * Any context but hard interrupt.
 */
void lunar_tpg_get_alias(struct lunar_tpg *tpg, char alias[VALUE_MAXLEN + 1])
{
	spin_lock_bh(&tpg->lock);
	memcpy(alias, tpg->alias, sizeof(tpg->alias));
	spin_unlock_bh(&tpg->lock);
}

/**
 * lunar_tpg_set_alias() - change the TargetAlias
 * @tpg:	any
 * @alias:	need not end with a NUL
 * @len:	its bytes, at most VALUE_MAXLEN
 *
 * Any context but hard interrupt. Takes effect with the next login.
 */
void lunar_tpg_set_alias(struct lunar_tpg *tpg, const char *alias, u32 len)
{
	spin_lock_bh(&tpg->lock);
	memcpy(tpg->alias, alias, len);
	tpg->alias[len] = '\0';
	spin_unlock_bh(&tpg->lock);
}

/* Splits "temporary ADDRESS:PORT" or "permanent ADDRESS:PORT". */
static enum lunar_tpg_redirect parse_redirect(const char *redirect,
					      const char **address)
{
	if (!strncmp(redirect, LUNAR_REDIRECT_TEMPORARY " ",
		     strlen(LUNAR_REDIRECT_TEMPORARY " "))) {
		*address = redirect + strlen(LUNAR_REDIRECT_TEMPORARY " ");
		return LUNAR_TPG_MOVED_TEMPORARILY;
	}
	if (!strncmp(redirect, LUNAR_REDIRECT_PERMANENT " ",
		     strlen(LUNAR_REDIRECT_PERMANENT " "))) {
		*address = redirect + strlen(LUNAR_REDIRECT_PERMANENT " ");
		return LUNAR_TPG_MOVED_PERMANENTLY;
	}
	return LUNAR_TPG_STAYS;
}

/**
 * lunar_tpg_get_redirect() - where do logins go instead?
 * @tpg:	any
 * @address:	copied here, "a.b.c.d:port" or "[v6]:port"
 *
 * Any context but hard interrupt.
 *
 * Return: whether they do, and for how long; @address is set if they do.
 */
enum lunar_tpg_redirect
lunar_tpg_get_redirect(struct lunar_tpg *tpg,
		       char address[LUNAR_TPG_REDIRECT_SIZE])
{
	enum lunar_tpg_redirect redirect;
	const char *from;

	spin_lock_bh(&tpg->lock);
	redirect = parse_redirect(tpg->redirect, &from);
	if (redirect != LUNAR_TPG_STAYS)
		strscpy(address, from, LUNAR_TPG_REDIRECT_SIZE);
	spin_unlock_bh(&tpg->lock);
	return redirect;
}

/**
 * lunar_tpg_set_redirect() - send logins elsewhere, or no more
 * @tpg:	any
 * @redirect:	"temporary ADDRESS:PORT", "permanent ADDRESS:PORT", or empty
 *
 * May sleep. Takes effect with the next login.
 *
 * Return: 0 or -EINVAL.
 */
int lunar_tpg_set_redirect(struct lunar_tpg *tpg, const char *redirect)
{
	struct sockaddr_storage addr;
	const char *address;

	if (*redirect &&
	    (parse_redirect(redirect, &address) == LUNAR_TPG_STAYS ||
	     strlen(redirect) >= sizeof(tpg->redirect) ||
	     lunar_portal_parse(address, &addr)))
		return -EINVAL;
	spin_lock_bh(&tpg->lock);
	strscpy(tpg->redirect, redirect, sizeof(tpg->redirect));
	spin_unlock_bh(&tpg->lock);
	return 0;
}

/**
 * lunar_tpg_ask_logout() - ask initiators to log out
 * @tpg:	theirs
 * @portal:	only those that came in here, or NULL
 * @seconds:	how long they may take; then they are dropped
 *
 * Any context but hard interrupt.
 */
void lunar_tpg_ask_logout(struct lunar_tpg *tpg,
			  const struct lunar_portal *portal, u32 seconds)
{
	struct lunar_conn *conn;

	spin_lock_bh(&tpg->lock);
	list_for_each_entry(conn, &tpg->conns, tpg_entry)
		if (!portal || conn->portal == portal)
			lunar_conn_ask_logout(conn, seconds);
	spin_unlock_bh(&tpg->lock);
}

/**
 * lunar_tpg_admits() - may an initiator log in from its address?
 * @tpg:	where to
 * @se_acl:	its ACL, or NULL if it has none
 * @peer:	its address
 *
 * Process context.
 *
 * Return: true if neither the lists of the TPG nor those of the ACL keep it out.
 */
bool lunar_tpg_admits(struct lunar_tpg *tpg, struct se_node_acl *se_acl,
		      const struct sockaddr_storage *peer)
{
	return lunar_auth_permits(&tpg->access, peer) &&
	       (!se_acl ||
		lunar_auth_permits(&to_lunar_acl(se_acl)->access, peer));
}

/**
 * lunar_tpg_init_acl() - the fabric's part of a node ACL
 * @se_acl:	new, dynamic or not, zeroed
 */
void lunar_tpg_init_acl(struct se_node_acl *se_acl)
{
	struct lunar_node_acl *acl = to_lunar_acl(se_acl);

	lunar_tpg_auth_init(&acl->auth);
	spin_lock_init(&acl->access.lock);
	acl->authentication = -1;
	lunar_keys_defaults(&acl->params);
	acl->timeouts = default_timeouts;
}

/**
 * lunar_tpg_auth_init() - no credentials
 * @auth:	zeroed
 */
void lunar_tpg_auth_init(struct lunar_auth *auth)
{
	spin_lock_init(&auth->lock);
}
