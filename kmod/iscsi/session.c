// SPDX-License-Identifier: GPL-2.0
/* Sessions: the I_T nexus, TSIHs, reinstatement. See session.h. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/idr.h>
#include <linux/slab.h>
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>
#include "conn.h"
#include "session.h"
#include "stats.h"
#include "tpg.h"

/* TSIH 0 means "none" on the wire (RFC 7143 11.12.6). */
static DEFINE_IDA(tsih_ida);

/**
 * lunar_session_alloc() - a session for a connection that begins to log in
 *
 * May sleep.
 *
 * Return: the session, owned by the caller, or NULL without memory.
 */
struct lunar_session *lunar_session_alloc(void)
{
	struct lunar_session *session;

	session = kzalloc(sizeof(*session), GFP_KERNEL);
	if (session)
		xa_init_flags(&session->cleared, XA_FLAGS_LOCK_BH);
	return session;
}

/**
 * lunar_session_get_acl() - the explicit node ACL of an initiator
 * @tpg:	where to look
 * @initiator:	InitiatorName
 *
 * May sleep.
 *
 * Return: the ACL with a reference, for lunar_session_put_acl(); NULL if there is
 * none or only a dynamic one.
 */
struct se_node_acl *lunar_session_get_acl(struct lunar_tpg *tpg,
					  char *initiator)
{
	struct se_node_acl *se_acl;

	se_acl = core_tpg_get_initiator_node_acl(&tpg->se_tpg, initiator);
	if (se_acl && READ_ONCE(se_acl->dynamic_node_acl)) {
		target_put_nacl(se_acl);
		return NULL;
	}
	return se_acl;
}

/**
 * lunar_session_put_acl() - give an ACL back
 * @se_acl:	from lunar_session_get_acl()
 *
 * Any context.
 */
void lunar_session_put_acl(struct se_node_acl *se_acl)
{
	target_put_nacl(se_acl);
}

/* Same initiator port (name and ISID) at the same target port group. */
static bool same_port(const struct lunar_conn *a, const struct lunar_conn *b)
{
	return !memcmp(a->session->isid, b->session->isid,
		       sizeof(a->session->isid)) &&
	       !strcasecmp(a->session->initiator, b->session->initiator);
}

/*
 * Sessions of one initiator port that may have ended and wait for a backstore.
 * Each holds at most the commands of its window.
 */
#define MAX_DRAINING	4
#define CROWD_WAIT	(2 * HZ)

/* Nothing that came by @other can have an effect any more. */
static bool is_over(struct lunar_conn *other)
{
	lockdep_assert_held(&other->tpg->lock);
	return other->detached && !atomic_read(&other->late);
}

/*
 * Closes every other holder of this initiator port. Returns 0 if none is left that
 * may still write; -EBUSY if there are more dead ones than may be, -ETIMEDOUT if
 * one may write, -ECONNABORTED if a newer login has closed this one: it wins.
 */
static int claim_port(struct lunar_conn *conn)
{
	struct lunar_conn *other;
	int ret = 0, dead = 0;

	spin_lock_bh(&conn->tpg->lock);
	if (lunar_conn_state(conn) >= LUNAR_CONN_CLOSING) {
		ret = -ECONNABORTED;
		goto unlock;
	}
	conn->claimed = true;
	list_for_each_entry(other, &conn->tpg->conns, tpg_entry) {
		if (other == conn || !other->claimed || !same_port(conn, other))
			continue;
		dead += other->detached;
		if (is_over(other))
			continue;
		if (lunar_conn_state(other) < LUNAR_CONN_CLOSING)
			lunar_stats_inc(LUNAR_STAT_reinstated);
		lunar_conn_close(other, LUNAR_CLOSE_REINSTATED);
		ret = -ETIMEDOUT;
	}
	if (dead > MAX_DRAINING)
		ret = -EBUSY;
unlock:
	spin_unlock_bh(&conn->tpg->lock);
	return ret;
}

/* The same until there is nothing to wait for. */
static int wait_for_port(struct lunar_conn *conn, unsigned long timeout)
{
	int ret;

	wait_event_timeout(conn->tpg->idle, (ret = claim_port(conn)) == 0 ||
			   ret == -ECONNABORTED, timeout);
	return ret;
}

/**
 * lunar_session_reinstate() - take over the initiator port
 * @conn:	authenticated, about to enter full feature phase
 * @seconds:	how long to wait for an older session's commands
 *
 * An older session of the same initiator port ends (RFC 7143 6.3.5), and so does
 * a login that is in progress for it: the newest wins. This waits until the owner
 * of the old connection has closed it, and for those of its commands that could
 * land on what the new session writes (may_land_late() in cmd.c). The others
 * drain in the background, however long a backstore keeps them. May sleep.
 *
 * Return: 0, -ETIMEDOUT if commands that may land late are still in a backstore,
 * -EBUSY if the port holds too many dead sessions already, -ECONNABORTED if @conn
 * itself was closed meanwhile.
 */
int lunar_session_reinstate(struct lunar_conn *conn, unsigned int seconds)
{
	int ret;

	/* Dead ones may be on their way out. */
	ret = wait_for_port(conn, CROWD_WAIT);
	if (ret == -ETIMEDOUT)
		ret = wait_for_port(conn, seconds * HZ);
	if (ret == -ETIMEDOUT)
		pr_info_ratelimited("%s: no new login, writes of the old session may still land on %s tpgt %u\n",
				    conn->session->initiator,
				    conn->tpg->target->name, conn->tpg->tag);
	return ret;
}

/*
 * The ACL may have been removed since the login began. Its removal takes it off
 * the list first and then closes the sessions it sees; one that was not
 * registered yet it does not see, and would wait for.
 */
static bool acl_is_gone(struct lunar_conn *conn)
{
	struct se_node_acl *se_acl = conn->session->se_sess->se_node_acl;
	bool gone;

	mutex_lock(&conn->tpg->se_tpg.acl_node_mutex);
	gone = list_empty(&se_acl->acl_list);
	mutex_unlock(&conn->tpg->se_tpg.acl_node_mutex);
	return gone;
}

/*
 * Under tpg->nexus_lock, which makes one step of it that a dynamic ACL is found
 * or made and that the session joins its list. Target core frees a dynamic ACL
 * with the last session on the list, whoever else may have a reference.
 */
static int make_nexus(struct lunar_conn *conn)
{
	struct lunar_session *session = conn->session;
	struct lunar_tpg *tpg = conn->tpg;
	struct se_session *se_sess;

	lockdep_assert_held(&tpg->nexus_lock);
	se_sess = transport_alloc_session(TARGET_PROT_NORMAL);
	if (IS_ERR(se_sess))
		return PTR_ERR(se_sess);
	se_sess->cmd_cnt = target_alloc_cmd_counter();
	if (!se_sess->cmd_cnt) {
		transport_free_session(se_sess);
		return -ENOMEM;
	}
	se_sess->se_node_acl =
		core_tpg_check_initiator_node_acl(&tpg->se_tpg,
						  session->initiator);
	/* The initiator authenticated for the kind of ACL there was then. */
	if (!se_sess->se_node_acl ||
	    se_sess->se_node_acl->dynamic_node_acl == session->explicit_acl) {
		transport_free_session(se_sess);
		return -EACCES;
	}
	spin_lock_bh(&tpg->lock);
	session->se_sess = se_sess;
	spin_unlock_bh(&tpg->lock);
	transport_register_session(&tpg->se_tpg, se_sess->se_node_acl, se_sess,
				   conn);
	return 0;
}

/**
 * lunar_session_register() - make the nexus and make it known to target core
 * @conn:	authenticated and reinstated; session->params are final
 *
 * May sleep. Undone by lunar_session_unregister(), also after an error.
 *
 * Return: 0, -ENOMEM (no TSIH or no memory), -EACCES if the ACL has gone since
 * login or is just being removed.
 */
int lunar_session_register(struct lunar_conn *conn)
{
	struct lunar_session *session = conn->session;
	int tsih, ret;

	tsih = ida_alloc_range(&tsih_ida, 1, U16_MAX, GFP_KERNEL);
	if (tsih < 0)
		return -ENOMEM;
	session->tsih = tsih;
	if (session->discovery)
		return 0;
	mutex_lock(&conn->tpg->nexus_lock);
	ret = make_nexus(conn);
	mutex_unlock(&conn->tpg->nexus_lock);
	if (ret)
		return ret;
	return acl_is_gone(conn) ? -EACCES : 0;
}

/**
 * lunar_session_luns() - the LUNs that the initiator sees
 * @session:	registered
 * @luns:	filled in, unpacked; may be NULL if @max is 0
 * @max:	entries of @luns
 *
 * Any context.
 *
 * Return: how many LUNs there are now, maybe more than @max.
 */
u32 lunar_session_luns(const struct lunar_session *session, u64 *luns, u32 max)
{
	const struct se_dev_entry *deve;
	u32 nr = 0;

	rcu_read_lock();
	hlist_for_each_entry_rcu(deve,
				 &session->se_sess->se_node_acl->lun_entry_hlist,
				 link) {
		if (nr < max)
			luns[nr] = deve->mapped_lun;
		nr++;
	}
	rcu_read_unlock();
	return nr;
}

/**
 * lunar_session_disk() - which disk does the initiator see as a LUN?
 * @session:	registered
 * @lun:	unpacked
 *
 * Any context.
 *
 * Return: the disk, to tell it from others and for nothing else: it may go at any
 * moment; NULL if the LUN is not mapped for the initiator.
 */
const struct se_device *lunar_session_disk(const struct lunar_session *session,
					   u64 lun)
{
	const struct se_device *disk = NULL;
	const struct se_dev_entry *deve;

	rcu_read_lock();
	hlist_for_each_entry_rcu(deve,
				 &session->se_sess->se_node_acl->lun_entry_hlist,
				 link)
		if (deve->mapped_lun == lun)
			disk = rcu_access_pointer(deve->se_lun->lun_se_dev);
	rcu_read_unlock();
	return disk;
}

static void end_reservation(struct se_device *disk,
			    const struct se_session *se_sess)
{
	spin_lock(&disk->dev_reservation_lock);
	if (disk->reservation_holder == se_sess) {
		disk->reservation_holder = NULL;
		disk->dev_reservation_flags &=
			~(DRF_SPC2_RESERVATIONS |
			  DRF_SPC2_RESERVATIONS_WITH_ISID);
		disk->dev_res_bin_isid = 0;
	}
	spin_unlock(&disk->dev_reservation_lock);
}

/**
 * lunar_session_end_reservations() - end what it has reserved by RESERVE(6), (10)
 * @session:	registered or not; may be NULL
 *
 * They end with the nexus (SPC-2 5.5.1). Target core does that when it deregisters
 * the session: after the Logout Response, and not before its last command has come
 * back from a backstore, however long that hangs.
 *
 * Owner's context.
 */
void lunar_session_end_reservations(const struct lunar_session *session)
{
	const struct se_dev_entry *deve;
	struct se_session *se_sess;
	struct se_device *disk;

	if (!session || !session->se_sess)
		return;
	se_sess = session->se_sess;
	rcu_read_lock();
	hlist_for_each_entry_rcu(deve, &se_sess->se_node_acl->lun_entry_hlist,
				 link) {
		disk = rcu_dereference(deve->se_lun->lun_se_dev);
		if (disk)
			end_reservation(disk, se_sess);
	}
	rcu_read_unlock();
}

/**
 * lunar_session_unregister() - take the nexus away from target core
 * @conn:	being released: no command is left
 *
 * May sleep, but not for I/O.
 */
void lunar_session_unregister(struct lunar_conn *conn)
{
	struct lunar_session *session = conn->session;
	struct se_session *se_sess;

	if (!session || !session->se_sess)
		return;
	se_sess = session->se_sess;
	/*
	 * Every command has dropped its reference on the connection in
	 * release_cmd; target core's own counter follows at once.
	 */
	target_stop_session(se_sess);
	target_wait_for_sess_cmds(se_sess);

	mutex_lock(&conn->tpg->nexus_lock);
	transport_deregister_session_configfs(se_sess);
	/* fabric.c's close_session() looks the nexus up under this lock. */
	spin_lock_bh(&conn->tpg->lock);
	session->se_sess = NULL;
	spin_unlock_bh(&conn->tpg->lock);
	transport_deregister_session(se_sess);
	mutex_unlock(&conn->tpg->nexus_lock);
}

/**
 * lunar_session_free() - free a session
 * @session:	unregistered; may be NULL
 *
 * Any context that may sleep.
 */
void lunar_session_free(struct lunar_session *session)
{
	if (!session)
		return;
	if (session->tsih)
		ida_free(&tsih_ida, session->tsih);
	xa_destroy(&session->cleared);
	kfree(session);
}

/**
 * lunar_session_exit() - module exit of this file
 */
void lunar_session_exit(void)
{
	ida_destroy(&tsih_ida);
}
