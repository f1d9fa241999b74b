// SPDX-License-Identifier: GPL-2.0
/*
 * Another disk that a command names, if its initiator may use that: what target
 * core checks for the LUN that a command comes by, it cannot for a second one.
 */
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/wait.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include "disk.h"
#include "peer.h"

#define NAA_LEN		16

/* Types of persistent reservations, SPC-4 */
enum {
	WRITE_EXCLUSIVE		= 0x1,
	EXCLUSIVE_ACCESS	= 0x3,
	WRITE_EXCLUSIVE_REG	= 0x5,
	EXCLUSIVE_ACCESS_REG	= 0x6,
	WRITE_EXCLUSIVE_ALL	= 0x7,
	EXCLUSIVE_ACCESS_ALL	= 0x8,
};

static void set_digit(u8 *naa, u32 n, u8 digit)
{
	naa[n / 2] |= n & 1 ? digit : digit << 4;
}

/* The designator is that of VPD page 83h: 6, company, hex digits of the serial. */
static bool has_name(const struct se_device *dev, const u8 *naa)
{
	const struct t10_wwn *wwn = &dev->t10_wwn;
	u8 own[NAA_LEN] = {};
	const char *c;
	u32 n, shift;
	int digit;

	if (!(dev->dev_flags & DF_EMULATED_VPD_UNIT_SERIAL))
		return false;
	set_digit(own, 0, 6);
	for (n = 1, shift = 20; n <= 6; n++, shift -= 4)
		set_digit(own, n, wwn->company_id >> shift & 0xf);
	for (c = wwn->unit_serial; *c && n < 2 * NAA_LEN; c++) {
		digit = hex_to_bin(*c);
		if (digit >= 0)
			set_digit(own, n++, digit);
	}
	return !memcmp(own, naa, NAA_LEN);
}

/**
 * lfile_peer_is_own - is it the disk that the command came to?
 * @cmd: the command
 * @naa: designator of 16 bytes
 *
 * Return: whether it is.
 */
bool lfile_peer_is_own(struct se_cmd *cmd, const u8 *naa)
{
	return has_name(cmd->se_dev, naa);
}

/* Can the LUN be used by its port, as far as ALUA goes? */
static bool is_accessible(struct se_lun *lun)
{
	struct t10_alua_tg_pt_gp *group = rcu_dereference(lun->lun_tg_pt_gp);
	int state = group ? group->tg_pt_gp_alua_access_state :
			    SCSI_ACCESS_STATE_OPTIMAL;

	return !atomic_read(&lun->lun_tg_pt_secondary_offline) &&
	       (state == SCSI_ACCESS_STATE_OPTIMAL ||
		state == SCSI_ACCESS_STATE_ACTIVE);
}

/*
 * Only disks of this module: with others there would be no order of commands. Not one
 * whose name another one has, too. Under RCU.
 */
static struct se_dev_entry *find(struct se_cmd *cmd, const u8 *naa)
{
	struct se_dev_entry *entry, *found = NULL;
	struct se_device *dev, *found_dev = NULL;

	hlist_for_each_entry_rcu(entry, &cmd->se_sess->se_node_acl->lun_entry_hlist,
				 link) {
		dev = rcu_dereference(entry->se_lun->lun_se_dev);
		if (!dev || dev->transport != cmd->se_dev->transport ||
		    !dev->dev_attrib.emulate_3pc || !has_name(dev, naa) ||
		    !is_accessible(entry->se_lun))
			continue;
		if (found && found_dev != dev)
			return NULL;
		if (!found || found->lun_access_ro)
			found = entry;
		found_dev = dev;
	}
	return found;
}

/* As target core decides it for a READ or WRITE. */
static bool pr_conflict(const struct t10_pr_registration *holder,
			const struct se_session *sess, bool registered,
			bool write)
{
	if (holder->pr_reg_nacl == sess->se_node_acl) {
		if (!holder->isid_present_at_reg ||
		    holder->pr_reg_bin_isid == sess->sess_bin_isid)
			return false;
		registered = false;
	}
	switch (holder->pr_res_type) {
	case WRITE_EXCLUSIVE:
		return write;
	case WRITE_EXCLUSIVE_REG:
	case WRITE_EXCLUSIVE_ALL:
		return write && !registered;
	case EXCLUSIVE_ACCESS_REG:
	case EXCLUSIVE_ACCESS_ALL:
		return !registered;
	default:
		return true;
	}
}

static bool spc2_conflict(const struct se_device *dev,
			  const struct se_session *sess)
{
	const struct se_session *holder = dev->reservation_holder;

	return holder &&
	       (holder->se_node_acl != sess->se_node_acl ||
		((dev->dev_reservation_flags & DRF_SPC2_RESERVATIONS_WITH_ISID) &&
		 dev->dev_res_bin_isid != sess->sess_bin_isid));
}

static bool conflicts(struct se_device *dev, struct se_cmd *cmd,
		      const struct se_dev_entry *entry, bool write)
{
	bool registered = test_bit(DEF_PR_REG_ACTIVE, &entry->deve_flags);
	bool ret = false;

	if (!dev->dev_attrib.emulate_pr)
		return false;
	spin_lock(&dev->dev_reservation_lock);
	if (dev->dev_reservation_flags & DRF_SPC2_RESERVATIONS)
		ret = spc2_conflict(dev, cmd->se_sess);
	else if (dev->dev_pr_res_holder)
		ret = pr_conflict(dev->dev_pr_res_holder, cmd->se_sess,
				  registered, write);
	spin_unlock(&dev->dev_reservation_lock);
	return ret;
}

/*
 * Under RCU. With a reference on its LUN the disk is there, and it waits for its
 * visitors before it goes.
 */
static sense_reason_t get(struct se_cmd *cmd, const u8 *naa, bool write,
			  struct lfile_dev **peer)
{
	struct se_dev_entry *entry = find(cmd, naa);
	struct se_device *dev;
	struct se_lun *lun;

	if (!entry)
		return TCM_COPY_TARGET_DEVICE_NOT_REACHABLE;
	lun = entry->se_lun;
	dev = rcu_dereference(lun->lun_se_dev);
	if (!dev || !percpu_ref_tryget_live(&lun->lun_ref))
		return TCM_COPY_TARGET_DEVICE_NOT_REACHABLE;
	*peer = to_lfile_dev(dev);
	spin_lock_irq(&(*peer)->range_lock);
	(*peer)->visitors++;
	spin_unlock_irq(&(*peer)->range_lock);
	percpu_ref_put(&lun->lun_ref);
	if (conflicts(dev, cmd, entry, write))
		return TCM_RESERVATION_CONFLICT;
	return write && entry->lun_access_ro ? TCM_WRITE_PROTECTED : 0;
}

/**
 * lfile_peer_get - find another disk, by name, among the LUNs of an initiator
 * @cmd: the command that names it
 * @naa: designator of 16 bytes
 * @write: the command changes it
 * @peer: the disk, if there is one, also if the command is refused; it stays until
 *	lfile_peer_put(). Its LUN may go.
 *
 * Context: process, does not sleep.
 * Return: 0, or why the command is refused.
 */
sense_reason_t lfile_peer_get(struct se_cmd *cmd, const u8 *naa, bool write,
			      struct lfile_dev **peer)
{
	sense_reason_t ret;

	rcu_read_lock();
	ret = get(cmd, naa, write, peer);
	rcu_read_unlock();
	return ret;
}

/**
 * lfile_peer_may - may the initiator still use a disk?
 * @cmd: its command; session and ACL are there
 * @dev: the disk that the command came to, or one from lfile_peer_get()
 * @write: to change it
 *
 * Context: process, does not sleep.
 * Return: whether a LUN of the initiator is that disk, may be written to if @write, and
 * no reservation is in the way.
 */
bool lfile_peer_may(struct se_cmd *cmd, struct lfile_dev *dev, bool write)
{
	struct se_dev_entry *entry;
	bool may = false;

	rcu_read_lock();
	hlist_for_each_entry_rcu(entry, &cmd->se_sess->se_node_acl->lun_entry_hlist,
				 link)
		if (rcu_access_pointer(entry->se_lun->lun_se_dev) == &dev->se_dev)
			may |= !(write && entry->lun_access_ro) &&
			       !conflicts(&dev->se_dev, cmd, entry, write);
	rcu_read_unlock();
	return may;
}

/**
 * lfile_peer_put - the disk is not used any more
 * @dev: from lfile_peer_get(); may go as soon as this returns
 *
 * Context: process.
 */
void lfile_peer_put(struct lfile_dev *dev)
{
	spin_lock_irq(&dev->range_lock);
	if (!--dev->visitors)
		wake_up(&dev->orphan_wait);
	spin_unlock_irq(&dev->range_lock);
}
