// SPDX-License-Identifier: GPL-2.0
/* The fabric's template and the callbacks target core makes. Thin on purpose. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <scsi/scsi_common.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>
#include <lunar.h>
#include "abort.h"
#include "cmd.h"
#include "compat.h"
#include "configfs.h"
#include "fabric.h"
#include "memory.h"
#include "session.h"
#include "tpg.h"

#define INSUFFICIENT_RESOURCES	0x5503	/* SPC-4 annex D */

static char *tpg_wwn(struct se_portal_group *se_tpg)
{
	return to_lunar_tpg(se_tpg)->target->name;
}

static u16 tpg_tag(struct se_portal_group *se_tpg)
{
	return to_lunar_tpg(se_tpg)->tag;
}

static u32 default_depth(struct se_portal_group *se_tpg)
{
	return to_lunar_tpg(se_tpg)->attrib.default_cmdsn_depth;
}

static int demo_mode(struct se_portal_group *se_tpg)
{
	return to_lunar_tpg(se_tpg)->attrib.generate_node_acls;
}

static int demo_mode_cache(struct se_portal_group *se_tpg)
{
	return to_lunar_tpg(se_tpg)->attrib.cache_dynamic_acls;
}

static int demo_mode_write_protect(struct se_portal_group *se_tpg)
{
	return to_lunar_tpg(se_tpg)->attrib.demo_mode_write_protect;
}

static int prod_mode_write_protect(struct se_portal_group *se_tpg)
{
	return to_lunar_tpg(se_tpg)->attrib.prod_mode_write_protect;
}

static u32 inst_index(struct se_portal_group *se_tpg)
{
	return to_lunar_tpg(se_tpg)->tag;
}

static u32 session_index(struct se_session *se_sess)
{
	struct lunar_conn *conn = se_sess->fabric_sess_ptr;

	return conn->session->tsih;
}

/* The ISID is part of the initiator port's name in TransportIDs. */
static u32 session_isid(struct se_session *se_sess, unsigned char *buf, u32 size)
{
	struct lunar_conn *conn = se_sess->fabric_sess_ptr;

	return snprintf(buf, size, "%6phN", conn->session->isid);
}

static int command_state(struct se_cmd *se_cmd)
{
	return READ_ONCE(to_lunar_cmd(se_cmd)->state);
}

/* In lunar_cmd_begin(): the data is asked for when the header was handled. */
static int write_pending(struct se_cmd *se_cmd)
{
	return 0;
}

static void respond(struct se_cmd *se_cmd, enum lunar_cmd_state state)
{
	struct lunar_cmd *cmd = to_lunar_cmd(se_cmd);

	WRITE_ONCE(cmd->state, state);
	lunar_cmd_queue(cmd);
}

static int queue_data_in(struct se_cmd *se_cmd)
{
	/* A residual underflow can leave nothing to send. */
	respond(se_cmd, se_cmd->data_length ? LUNAR_CMD_DATA_IN :
					      LUNAR_CMD_STATUS);
	return 0;
}

/*
 * Target core counts the SIMPLE commands that execute, and remembers that an
 * ORDERED one does; it forgets to take an aborted command out of that account
 * (6.1 to 6.12 at least), and the next ORDERED command, with all that come
 * after it, waits for ever. What does not have the flag any more core has
 * accounted for itself.
 */
static void end_task_attribute(struct se_cmd *se_cmd)
{
	struct se_device *dev = se_cmd->se_dev;

	if (!(se_cmd->se_cmd_flags & SCF_TASK_ATTR_SET))
		return;
	se_cmd->se_cmd_flags &= ~SCF_TASK_ATTR_SET;

	if (se_cmd->sam_task_attr == TCM_ORDERED_TAG) {
		spin_lock(&dev->delayed_cmd_lock);
		dev->ordered_sync_in_progress = false;
		spin_unlock(&dev->delayed_cmd_lock);
	} else {
		atomic_dec_mb(&dev->non_ordered);
	}
	if (atomic_read(&dev->delayed_cmd_count) > 0)
		schedule_work(&dev->delayed_cmd_work);
}

/*
 * Target core had no memory for a command, and says TASK SET FULL. To that
 * initiators react by waiting, ESXi for 400 ms and more, and it says that the
 * logical unit has too many commands, which is not so. The window slows them down;
 * the command comes again at once.
 */
static void retry_later(struct se_cmd *se_cmd)
{
	if (!se_cmd->se_dev ||
	    (se_cmd->se_dev->transport_flags & TRANSPORT_FLAG_PASSTHROUGH))
		return;
	lunar_memory_failed();
	se_cmd->scsi_status = SAM_STAT_CHECK_CONDITION;
	se_cmd->se_cmd_flags |= SCF_TRANSPORT_TASK_SENSE;
	se_cmd->scsi_sense_length = TRANSPORT_SENSE_BUFFER;
	scsi_build_sense_buffer(0, se_cmd->sense_buffer, ABORTED_COMMAND,
				INSUFFICIENT_RESOURCES >> 8,
				INSUFFICIENT_RESOURCES & 0xff);
}

static int queue_status(struct se_cmd *se_cmd)
{
	end_task_attribute(se_cmd);
	/* Here, because target core keeps the LUN no longer than this. */
	if (se_cmd->scsi_status == SAM_STAT_TASK_SET_FULL)
		retry_later(se_cmd);
	respond(se_cmd, LUNAR_CMD_STATUS);
	return 0;
}

static void queue_tm_response(struct se_cmd *se_cmd)
{
	lunar_abort_done(to_lunar_cmd(se_cmd));
}

/* Target core drops the acknowledge reference itself after this. */
static void aborted_task(struct se_cmd *se_cmd)
{
	/* From here on disk and LUN may go: see give_up() in abort.c. */
	WRITE_ONCE(to_lunar_cmd(se_cmd)->state, LUNAR_CMD_DROPPED);
	end_task_attribute(se_cmd);
}

static int check_stop_free(struct se_cmd *se_cmd)
{
	return target_put_sess_cmd(se_cmd);
}

static void release_cmd(struct se_cmd *se_cmd)
{
	lunar_cmd_free(to_lunar_cmd(se_cmd));
}

static bool close_if(struct lunar_tpg *tpg, const struct se_session *se_sess)
{
	struct lunar_conn *conn;
	bool found = false;

	spin_lock_bh(&tpg->lock);
	list_for_each_entry(conn, &tpg->conns, tpg_entry) {
		if (conn->session->se_sess != se_sess)
			continue;
		lunar_conn_close(conn, LUNAR_CLOSE_ADMIN);
		found = true;
	}
	spin_unlock_bh(&tpg->lock);
	return found;
}

/*
 * An ACL is going away. Target core calls this without a lock, and the session
 * may be released meanwhile: it is looked up by its address, not touched.
 */
static void close_session(struct se_session *se_sess)
{
	struct lunar_target *target;
	struct lunar_tpg *tpg;

	mutex_lock(&lunar_tpg_targets_lock);
	list_for_each_entry(target, &lunar_tpg_targets, entry) {
		list_for_each_entry(tpg, &target->tpgs, entry) {
			if (close_if(tpg, se_sess))
				goto out;
		}
	}
out:
	mutex_unlock(&lunar_tpg_targets_lock);
}

/*
 * A LUN is about to go. Target core will wait for its commands, in rmdir or rm,
 * which cannot be interrupted.
 */
static void pre_unlink(struct se_portal_group *se_tpg, struct se_lun *lun)
{
	struct lunar_tpg *tpg = to_lunar_tpg(se_tpg);
	struct lunar_conn *conn;
	u32 nr = 0;

	spin_lock_bh(&tpg->lock);
	list_for_each_entry(conn, &tpg->conns, tpg_entry)
		nr += lunar_cmd_count_lun(conn, lun);
	spin_unlock_bh(&tpg->lock);
	if (nr)
		pr_info("%s tpgt %u: removal of LUN %llu waits for %u commands\n",
			tpg->target->name, tpg->tag, lun->unpacked_lun, nr);
}

static struct target_core_fabric_ops template = {
	.module				= THIS_MODULE,
	.fabric_name			= LUNAR_FABRIC_ID,
	.node_acl_size			= sizeof(struct lunar_node_acl),

	/* Questions about a TPG and a session. */
	.tpg_get_wwn			= tpg_wwn,
	.tpg_get_tag			= tpg_tag,
	.tpg_get_default_depth		= default_depth,
	.tpg_check_demo_mode		= demo_mode,
	.tpg_check_demo_mode_cache	= demo_mode_cache,
	.tpg_check_demo_mode_write_protect = demo_mode_write_protect,
	.tpg_check_prod_mode_write_protect = prod_mode_write_protect,
	.tpg_get_inst_index		= inst_index,
	.sess_get_index			= session_index,
	.sess_get_initiator_sid		= session_isid,
	.set_default_node_attributes	= lunar_tpg_init_acl,
	.close_session			= close_session,

	/* The life of a command. */
	.get_cmd_state			= command_state,
	.write_pending			= write_pending,
	.queue_data_in			= queue_data_in,
	.queue_status			= queue_status,
	.queue_tm_rsp			= queue_tm_response,
	.aborted_task			= aborted_task,
	.check_stop_free		= check_stop_free,
	.release_cmd			= release_cmd,

	/* configfs. */
	.fabric_make_wwn		= lunar_configfs_make_wwn,
	.fabric_drop_wwn		= lunar_configfs_drop_wwn,
	.fabric_make_tpg		= lunar_configfs_make_tpg,
	.fabric_enable_tpg		= lunar_configfs_enable_tpg,
	.fabric_drop_tpg		= lunar_configfs_drop_tpg,
	.fabric_make_np			= lunar_configfs_make_np,
	.fabric_drop_np			= lunar_configfs_drop_np,
	.fabric_pre_unlink		= pre_unlink,
	.fabric_init_nodeacl		= lunar_configfs_init_nodeacl,
	.tfc_discovery_attrs		= lunar_configfs_discovery_attrs,
	.tfc_wwn_attrs			= lunar_configfs_wwn_attrs,
	.tfc_tpg_base_attrs		= lunar_configfs_tpg_attrs,
	.tfc_tpg_np_base_attrs		= lunar_configfs_tpg_np_attrs,
	.tfc_tpg_attrib_attrs		= lunar_configfs_tpg_attrib_attrs,
	.tfc_tpg_auth_attrs		= lunar_configfs_tpg_auth_attrs,
	.tfc_tpg_param_attrs		= lunar_configfs_tpg_param_attrs,
	.tfc_tpg_nacl_base_attrs	= lunar_configfs_nacl_attrs,
	.tfc_tpg_nacl_attrib_attrs	= lunar_configfs_nacl_attrib_attrs,
	.tfc_tpg_nacl_auth_attrs	= lunar_configfs_nacl_auth_attrs,
	.tfc_tpg_nacl_param_attrs	= lunar_configfs_nacl_param_attrs,

	LUNAR_COMPAT_DIRECT_SUBMIT
};

/**
 * lunar_fabric_register() - offer the fabric to configfs
 * @alias:	directory below target/; must stay valid
 *
 * Return: 0 or -errno of target core.
 */
int lunar_fabric_register(const char *alias)
{
	template.fabric_alias = alias;
	return target_register_template(&template);
}

/**
 * lunar_fabric_unregister() - withdraw it
 *
 * No directory is left below target/<alias>, so nothing is configured.
 */
void lunar_fabric_unregister(void)
{
	target_unregister_template(&template);
}
