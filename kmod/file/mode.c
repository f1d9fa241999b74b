// SPDX-License-Identifier: GPL-2.0
/*
 * The WCE bit of the caching mode page (SBC-4 6.5.6), changed by an initiator.
 *
 * Target core answers MODE SENSE, and checks that MODE SELECT changes nothing.
 * Here are the cases that it does not know: the bit itself, and which bits of
 * which pages can be changed. A change lasts until the disk is set up anew.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/string.h>
#include <linux/string_helpers.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include "compat.h"
#include "flush.h"
#include "inflight.h"
#include "list.h"
#include "mode.h"
#include "ua.h"

#define PAGE_ALL	0x3f
#define PC_CHANGEABLE	0x01

/* The pages that target core has, with their lengths. */
static const struct {
	u8 page;
	u8 len;
} pages[] = {
	{ 0x01, 12 }, { LFILE_LIST_CACHING_PAGE, LFILE_LIST_CACHING_LEN },
	{ 0x0a, 12 }, { 0x1c, 12 },
};

/* Returns its length. */
static unsigned int put_block_descriptor(struct se_device *se_dev, u8 *p,
					 bool longlba)
{
	u64 blocks = se_dev->transport->get_blocks(se_dev) + 1;
	u32 size = se_dev->dev_attrib.block_size;

	if (longlba) {
		put_unaligned_be64(blocks, p);
		put_unaligned_be32(size, p + 12);
		return 16;
	}
	put_unaligned_be32(min_t(u64, blocks, U32_MAX), p);
	put_unaligned_be32(size, p + 4);
	return 8;
}

/* Returns its length, block descriptor included. */
static unsigned int put_header(struct se_cmd *cmd, u8 *buf)
{
	u8 *cdb = cmd->t_task_cdb;
	bool ten = cdb[0] == MODE_SENSE_10;
	bool longlba = ten && cdb[1] & 0x10;
	unsigned int len = ten ? 8 : 4;
	unsigned int descriptor = 0;
	u8 specific = 0;

	if (cmd->se_lun->lun_access_ro || target_lun_is_rdonly(cmd))
		specific |= 0x80;		/* WP; DPOFUA: answer.c */
	if (!(cdb[1] & 0x08))			/* DBD */
		descriptor = put_block_descriptor(cmd->se_dev, buf + len,
						  longlba);
	if (ten) {
		buf[3] = specific;
		buf[4] = longlba && descriptor;
		put_unaligned_be16(descriptor, buf + 6);
	} else {
		buf[2] = specific;
		buf[3] = descriptor;
	}
	return len + descriptor;
}

/* MODE SENSE of what can be changed: zeros but for the WCE bit. */
static sense_reason_t execute_changeable(struct se_cmd *cmd)
{
	struct lfile_dev *dev = to_lfile_dev(cmd->se_dev);
	u8 page = cmd->t_task_cdb[2] & 0x3f;
	u8 buf[128] = {};
	unsigned int i, len;
	u8 *data;

	len = put_header(cmd, buf);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		if (page != PAGE_ALL && page != pages[i].page)
			continue;
		buf[len] = pages[i].page;
		buf[len + 1] = pages[i].len - 2;
		if (pages[i].page == LFILE_LIST_CACHING_PAGE && !dev->nv_cache)
			buf[len + 2] = LFILE_LIST_CACHING_WCE;
		len += pages[i].len;
	}
	if (cmd->t_task_cdb[0] == MODE_SENSE_10)
		put_unaligned_be16(len - 2, buf);
	else
		buf[0] = len - 1;

	data = transport_kmap_data_sg(cmd);
	if (data) {
		memcpy(data, buf, min(len, cmd->data_length));
		transport_kunmap_data_sg(cmd);
	}
	target_complete_cmd_with_length(cmd, SAM_STAT_GOOD, len);
	return 0;
}

/*
 * A write that is under way either sees the cache off and is flushed, or it saw it
 * on when its data had been written already: then the flush here has it. If that
 * fails the cache is off all the same.
 */
static void set_write_cache(struct se_cmd *cmd, bool on)
{
	struct lfile_dev *dev = to_lfile_dev(cmd->se_dev);
	struct se_dev_attrib *attrib = &cmd->se_dev->dev_attrib;

	if (on == !!attrib->emulate_write_cache) {
		target_complete_cmd(cmd, SAM_STAT_GOOD);
		return;
	}
	pr_info_ratelimited("%s: an initiator has turned the write cache %s\n",
			    dev->name, str_on_off(on));
	attrib->emulate_write_cache = on;
	lfile_ua_raise(dev, 0x2a, 0x01, cmd->se_sess); /* SPC-4 6.12 */
	if (on)
		target_complete_cmd(cmd, SAM_STAT_GOOD);
	else
		lfile_flush_all(cmd);
}

/* Core's MODE SELECT, the same function for all commands. */
static sense_reason_t (*core_select)(struct se_cmd *cmd);

static sense_reason_t execute_select(struct se_cmd *cmd)
{
	struct lfile_dev *dev = to_lfile_dev(cmd->se_dev);
	u8 *cdb = cmd->t_task_cdb;
	unsigned int off = cdb[0] == MODE_SELECT_10 ? 8 : 4;
	bool valid, on;
	u8 *buf;

	/* What core finds wrong, or knows: no page format, short, other pages. */
	if (!(cdb[1] & 0x10) || cmd->data_length < off + LFILE_LIST_CACHING_LEN)
		return READ_ONCE(core_select)(cmd);
	buf = transport_kmap_data_sg(cmd);
	if (!buf)
		return TCM_LOGICAL_UNIT_COMMUNICATION_FAILURE;
	if (buf[off] != LFILE_LIST_CACHING_PAGE) {
		transport_kunmap_data_sg(cmd);
		return READ_ONCE(core_select)(cmd);
	}
	valid = lfile_list_caching_valid(buf + off, !dev->nv_cache);
	on = buf[off + 2] & LFILE_LIST_CACHING_WCE;
	transport_kunmap_data_sg(cmd);
	if (!valid)
		return TCM_INVALID_PARAMETER_LIST;
	set_write_cache(cmd, on);
	return 0;
}

/**
 * lfile_mode_parse - take over what target core does not know of mode pages
 * @cmd: the command, its CDB parsed
 *
 * Context: process, does not sleep.
 */
void lfile_mode_parse(struct se_cmd *cmd)
{
	u8 *cdb = cmd->t_task_cdb;
	u8 page = cdb[2] & 0x3f;

	switch (cdb[0]) {
	case MODE_SELECT:
	case MODE_SELECT_10:
		WRITE_ONCE(core_select, cmd->execute_cmd);
		cmd->execute_cmd = execute_select;
		break;
	case MODE_SENSE:
	case MODE_SENSE_10:
		if (cdb[2] >> 6 == PC_CHANGEABLE &&
		    ((page == LFILE_LIST_CACHING_PAGE && !cdb[3]) ||
		     (page == PAGE_ALL && (!cdb[3] || cdb[3] == 0xff))))
			cmd->execute_cmd = execute_changeable;
		break;
	}
}
