// SPDX-License-Identifier: GPL-2.0
/*
 * Unit attention conditions that a disk establishes by itself: its capacity has
 * changed, space runs low. Target core has a queue of its own for each nexus, but
 * lets nobody else add to it.
 */
#include <linux/slab.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include "inflight.h"
#include "status.h"
#include "ua.h"

/*
 * What one I_T_L nexus is still to be told. The session is compared and never
 * followed: if it has gone, the notice stays until the next of its kind, and in
 * the worst case tells a session at the same address once too often.
 */
struct notice {
	struct list_head node;
	const struct se_session *sess;
	u64 isid;
	u64 lun;
	u8 asc;
	u8 ascq;
};

/**
 * lfile_ua_create - set up the notices of a disk
 * @dev: the disk
 */
void lfile_ua_create(struct lfile_dev *dev)
{
	spin_lock_init(&dev->ua_lock);
	INIT_LIST_HEAD(&dev->ua_notices);
}

/* Those with these codes, or all for an additional sense code of 0. */
static void drop_notices(struct lfile_dev *dev, u8 asc, u8 ascq)
{
	struct notice *notice, *next;

	lockdep_assert_held(&dev->ua_lock);

	list_for_each_entry_safe(notice, next, &dev->ua_notices, node) {
		if (asc && (notice->asc != asc || notice->ascq != ascq))
			continue;
		list_del(&notice->node);
		kfree(notice);
	}
}

/**
 * lfile_ua_destroy - undo lfile_ua_create()
 * @dev: the disk, without commands
 */
void lfile_ua_destroy(struct lfile_dev *dev)
{
	spin_lock(&dev->ua_lock);
	drop_notices(dev, 0, 0);
	spin_unlock(&dev->ua_lock);
}

static void add_notice(struct lfile_dev *dev, const struct se_session *sess,
		       u64 lun, u8 asc, u8 ascq)
{
	struct notice *notice = kmalloc(sizeof(*notice), GFP_ATOMIC);

	lockdep_assert_held(&dev->ua_lock);

	if (!notice)		/* it is a courtesy; the disk works without */
		return;
	notice->sess = sess;
	notice->isid = sess->sess_bin_isid;
	notice->lun = lun;
	notice->asc = asc;
	notice->ascq = ascq;
	list_add_tail(&notice->node, &dev->ua_notices);
}

/* Every other session that has the disk as @lun, by whatever number it knows it. */
static void notify_sessions(struct lfile_dev *dev, struct se_lun *lun, u8 asc,
			    u8 ascq, const struct se_session *except)
{
	struct se_portal_group *tpg = lun->lun_tpg;
	struct se_dev_entry *deve;
	struct se_session *sess;
	unsigned long flags;

	spin_lock_irqsave(&tpg->session_lock, flags);
	list_for_each_entry(sess, &tpg->tpg_sess_list, sess_list) {
		if (!sess->se_node_acl || sess == except)
			continue;
		rcu_read_lock();
		hlist_for_each_entry_rcu(deve,
					 &sess->se_node_acl->lun_entry_hlist,
					 link)
			if (deve->se_lun == lun)
				add_notice(dev, sess, deve->mapped_lun, asc,
					   ascq);
		rcu_read_unlock();
	}
	spin_unlock_irqrestore(&tpg->session_lock, flags);
}

/**
 * lfile_ua_raise - establish a unit attention condition for initiators
 * @dev: the disk
 * @asc: additional sense code, not 0
 * @ascq: qualifier
 * @except: the session that knows, or NULL
 *
 * For each session that there is; told again to one that has not been told yet
 * of an earlier one with the same codes.
 *
 * Context: process.
 */
void lfile_ua_raise(struct lfile_dev *dev, u8 asc, u8 ascq,
		    const struct se_session *except)
{
	struct se_device *se_dev = &dev->se_dev;
	struct se_lun *lun;

	spin_lock(&se_dev->se_port_lock);
	spin_lock(&dev->ua_lock);
	drop_notices(dev, asc, ascq);
	list_for_each_entry(lun, &se_dev->dev_sep_list, lun_dev_link)
		notify_sessions(dev, lun, asc, ascq, except);
	spin_unlock(&dev->ua_lock);
	spin_unlock(&se_dev->se_port_lock);
}

/* What the nexus of the command is to be told next, or NULL. */
static struct notice *find_notice(struct lfile_dev *dev, struct se_cmd *cmd)
{
	struct se_session *sess = cmd->se_sess;
	struct notice *notice;

	lockdep_assert_held(&dev->ua_lock);

	list_for_each_entry(notice, &dev->ua_notices, node)
		if (notice->sess == sess && notice->lun == cmd->orig_fe_lun &&
		    notice->isid == sess->sess_bin_isid)
			return notice;
	return NULL;
}

/*
 * The notice is taken here and not when the CDB is parsed: in between the command
 * may be aborted, or refused for a reservation. If another one was first there is
 * nothing left to tell.
 */
static sense_reason_t execute_attention(struct se_cmd *cmd)
{
	struct lfile_dev *dev = to_lfile_dev(cmd->se_dev);
	struct notice *notice;

	spin_lock(&dev->ua_lock);
	notice = find_notice(dev, cmd);
	if (notice)
		list_del(&notice->node);
	spin_unlock(&dev->ua_lock);

	if (notice) {
		lfile_status_attention(cmd, notice->asc, notice->ascq);
		kfree(notice);
		return 0;
	}
	/* Pairs with lfile_ua_parsed(), of an abort at this moment. */
	WRITE_ONCE(cmd->execute_cmd, (void *)(uintptr_t)cmd->sense_info);
	cmd->sense_info = 0;
	return cmd->execute_cmd(cmd);
}

/**
 * lfile_ua_parse - have a command report what its nexus is to be told
 * @cmd: the command, its CDB parsed, execute_cmd final
 *
 * The command is not executed then, SAM-5 5.14. sense_info, which nobody uses
 * before a command is executed, keeps its function for the case that it is.
 *
 * Context: process, does not sleep.
 */
void lfile_ua_parse(struct se_cmd *cmd)
{
	struct lfile_dev *dev = to_lfile_dev(cmd->se_dev);
	bool found;

	if (list_empty_careful(&dev->ua_notices))
		return;
	switch (cmd->t_task_cdb[0]) {
	case INQUIRY:
	case REPORT_LUNS:
	case REQUEST_SENSE:
		return;
	}
	spin_lock(&dev->ua_lock);
	found = find_notice(dev, cmd);
	spin_unlock(&dev->ua_lock);
	if (!found)
		return;
	cmd->sense_info = (uintptr_t)cmd->execute_cmd;
	cmd->execute_cmd = execute_attention;
}

/**
 * lfile_ua_parsed - has lfile_ua_parse() taken the command?
 * @cmd: the command
 *
 * Return: true if it has, and the command has not been executed yet.
 */
bool lfile_ua_parsed(const struct se_cmd *cmd)
{
	return READ_ONCE(cmd->execute_cmd) == execute_attention;
}
