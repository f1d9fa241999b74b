// SPDX-License-Identifier: GPL-2.0
/*
 * What target core says of a disk, put right where the disk can do more: INQUIRY,
 * MODE SENSE. And REPORT SUPPORTED OPERATION CODES, which it does not know before
 * 6.2.
 */
#include <linux/minmax.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include "answer.h"
#include "atomic.h"
#include "compat.h"
#include "copy_list.h"
#include "opcode.h"

#define VPD_SUPPORTED		0x00
#define VPD_BLOCK_LIMITS	0xb0
#define OPTIMAL_TRANSFER	12	/* in it: bytes */
#define UNMAP_GRANULARITY	28
#define DPOFUA			0x10	/* of MODE SENSE */
#define EXPLICIT_ALUA		0x20	/* as in TPGS of INQUIRY: target core has it hidden */

/* What the buffer has room for: an answer that is shorter has shortened data_length. */
static u32 room(const struct se_cmd *cmd)
{
	struct scatterlist *sg;
	u32 len = 0, i;

	for_each_sg(cmd->t_data_sg, sg, cmd->t_data_nents, i)
		len += sg->length;
	return len;
}

/* One more in the list of VPD pages, which is in order. */
static void add_page(struct se_cmd *cmd, u8 *data, u8 page)
{
	u32 len = cmd->data_length, end = len, at;

	if (len < 4 || !data[3])
		return;
	if (len == 4 + data[3]++ && room(cmd) > len) {
		end = ++cmd->data_length;
		if (!--cmd->residual_count)
			cmd->se_cmd_flags &= ~SCF_UNDERFLOW_BIT;
	}
	for (at = 4; at < len && data[at] < page; at++)
		;
	if (at >= end)
		return;
	memmove(&data[at + 1], &data[at], end - at - 1);
	data[at] = page;
}

/* Target core has it in blocks of hw_block_size, and says that they are logical ones. */
static void convert(const struct se_cmd *cmd, u8 *data, u32 at)
{
	const struct se_dev_attrib *attrib = &cmd->se_dev->dev_attrib;
	u64 bytes;

	if (cmd->data_length < at + 4)
		return;
	bytes = (u64)get_unaligned_be32(&data[at]) * attrib->hw_block_size;
	put_unaligned_be32(DIV_ROUND_UP_ULL(bytes, attrib->block_size),
			   &data[at]);
}

/* Block Limits, SBC-4 6.6.4 */
static void amend_limits(const struct se_cmd *cmd, u8 *data)
{
	if (cmd->data_length > 5)
		data[5] = lfile_atomic_max(cmd->se_dev);
	convert(cmd, data, OPTIMAL_TRANSFER);
	convert(cmd, data, UNMAP_GRANULARITY);
}

/* Supported VPD pages, SPC-4 7.8.14 */
static void amend_inquiry(struct se_cmd *cmd, u8 *data)
{
	u8 *cdb = cmd->t_task_cdb;

	if (!(cdb[1] & 1))
		return;
	if (cdb[2] == VPD_SUPPORTED && cmd->se_dev->dev_attrib.emulate_3pc)
		add_page(cmd, data, LFILE_COPY_LIST_PAGE);
	if (cdb[2] == VPD_BLOCK_LIMITS)
		amend_limits(cmd, data);
}

/* The Third-party Copy VPD page, which target core does not have. */
static sense_reason_t execute_copy_page(struct se_cmd *cmd)
{
	u8 page[LFILE_COPY_LIST_PAGE_LEN];

	lfile_copy_list_page(page);
	sg_copy_from_buffer(cmd->t_data_sg, cmd->t_data_nents, page,
			    min_t(u32, sizeof(page), cmd->data_length));
	target_complete_cmd_with_length(cmd, SAM_STAT_GOOD, sizeof(page));
	return 0;
}

static bool wants_copy_page(const struct se_cmd *cmd)
{
	const u8 *cdb = cmd->t_task_cdb;

	return cdb[0] == INQUIRY && cdb[1] & 1 &&
	       cdb[2] == LFILE_COPY_LIST_PAGE &&
	       cmd->se_dev->dev_attrib.emulate_3pc;
}

/* DPOFUA with the write cache off too: each write is what FUA asks for. */
static void amend_mode_sense(struct se_cmd *cmd, u8 *data, u32 byte)
{
	if (cmd->se_dev->dev_attrib.emulate_fua_write &&
	    cmd->data_length > byte)
		data[byte] |= DPOFUA;
}

/* Target core calls it before it sends the data, and if there is none. */
static sense_reason_t amend(struct se_cmd *cmd, bool success, int *post_ret)
{
	u8 *data;

	*post_ret = 1;		/* go on */
	data = success && !cmd->scsi_status ? transport_kmap_data_sg(cmd) :
					      NULL;
	if (!data)
		return 0;
	switch (cmd->t_task_cdb[0]) {
	case INQUIRY:
		amend_inquiry(cmd, data);
		break;
	case MODE_SENSE:
		amend_mode_sense(cmd, data, 2);
		break;
	case MODE_SENSE_10:
		amend_mode_sense(cmd, data, 3);
		break;
	}
	transport_kunmap_data_sg(cmd);
	return 0;
}

/**
 * lfile_answer_parse - have the answer of target core amended, or replaced
 * @cmd: the command, its CDB parsed
 *
 * Context: process, does not sleep.
 */
void lfile_answer_parse(struct se_cmd *cmd)
{
	if (wants_copy_page(cmd)) {
		cmd->execute_cmd = execute_copy_page;
		return;
	}
	switch (cmd->t_task_cdb[0]) {
	case INQUIRY:
	case MODE_SENSE:
	case MODE_SENSE_10:
		cmd->transport_complete_callback = amend;
	}
}

/* May an initiator set the state of target port groups of this LUN? */
static bool explicit_alua(const struct se_cmd *cmd)
{
	struct t10_alua_tg_pt_gp *group;
	bool yes;

	rcu_read_lock();
	group = rcu_dereference(cmd->se_lun->lun_tg_pt_gp);
	yes = group && group->tg_pt_gp_alua_access_type & EXPLICIT_ALUA;
	rcu_read_unlock();
	return yes;
}

static bool has_referrals(struct se_device *dev)
{
	bool yes;

	spin_lock(&dev->t10_alua.lba_map_lock);
	yes = !list_empty(&dev->t10_alua.lba_map_list);
	spin_unlock(&dev->t10_alua.lba_map_lock);
	return yes;
}

static u32 opcodes_with(const struct se_cmd *cmd)
{
	const struct se_dev_attrib *attrib = &cmd->se_dev->dev_attrib;
	u32 with = LFILE_OPCODE_WITH_REPORT;

	if (attrib->emulate_fua_write)
		with |= LFILE_OPCODE_WITH_DPOFUA;
	if (attrib->emulate_caw)
		with |= LFILE_OPCODE_WITH_CAW;
	if (attrib->emulate_tpu)
		with |= LFILE_OPCODE_WITH_UNMAP;
	if (attrib->emulate_3pc)
		with |= LFILE_OPCODE_WITH_3PC;
	if (attrib->emulate_pr)
		with |= LFILE_OPCODE_WITH_PR;
	if (explicit_alua(cmd))
		with |= LFILE_OPCODE_WITH_ALUA;
	if (has_referrals(cmd->se_dev))
		with |= LFILE_OPCODE_WITH_REFERRALS;
	return with;
}

static sense_reason_t execute_opcodes(struct se_cmd *cmd)
{
	u8 *buf = kmalloc(LFILE_OPCODE_REPORT_MAX, GFP_NOIO);
	int len;

	if (!buf)
		return TCM_OUT_OF_RESOURCES;
	len = lfile_opcode_report(cmd->t_task_cdb, opcodes_with(cmd), buf);
	if (len >= 0) {
		sg_copy_from_buffer(cmd->t_data_sg, cmd->t_data_nents, buf,
				    min_t(u32, len, cmd->data_length));
		target_complete_cmd_with_length(cmd, SAM_STAT_GOOD, len);
	}
	kfree(buf);
	return len < 0 ? TCM_INVALID_CDB_FIELD : 0;
}

/**
 * lfile_answer_parse_opcodes - check the CDB of a MAINTENANCE IN
 * @cmd: the command
 * @ops: for sbc_parse_cdb()
 *
 * Of REPORT SUPPORTED OPERATION CODES sbc_parse_cdb() gets to see REPORT TARGET PORT
 * GROUPS, which has the same CDB as far as it looks.
 *
 * Return: 0, or why the CDB is refused.
 */
sense_reason_t lfile_answer_parse_opcodes(struct se_cmd *cmd,
					  struct exec_cmd_ops *ops)
{
	u8 *cdb = cmd->t_task_cdb, action = cdb[1];
	sense_reason_t ret;

	if ((action & 0x1f) != MI_REPORT_SUPPORTED_OPERATION_CODES)
		return sbc_parse_cdb(cmd, ops);
	if (!compat_emulate_rsoc(&cmd->se_dev->dev_attrib))
		return TCM_UNSUPPORTED_SCSI_OPCODE;
	cdb[1] = MI_REPORT_TARGET_PGS;
	ret = sbc_parse_cdb(cmd, ops);
	cdb[1] = action;
	cmd->execute_cmd = execute_opcodes;
	return ret;
}
