// SPDX-License-Identifier: GPL-2.0
/*
 * What target core says of a disk, put right where the disk can do more: INQUIRY,
 * MODE SENSE, REPORT SUPPORTED OPERATION CODES.
 */
#include <linux/minmax.h>
#include <linux/scatterlist.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include "answer.h"
#include "atomic.h"
#include "copy_list.h"

#define VPD_SUPPORTED		0x00
#define VPD_BLOCK_LIMITS	0xb0
#define DPOFUA			0x10	/* of MODE SENSE */
#define DPO_FUA_USAGE		0x18	/* byte 1 of a CDB */

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

/* Supported VPD pages, SPC-4 7.8.14; Block Limits, SBC-4 6.6.4 */
static void amend_inquiry(struct se_cmd *cmd, u8 *data)
{
	u8 *cdb = cmd->t_task_cdb;

	if (!(cdb[1] & 1))
		return;
	if (cdb[2] == VPD_SUPPORTED && cmd->se_dev->dev_attrib.emulate_3pc)
		add_page(cmd, data, LFILE_COPY_LIST_PAGE);
	if (cdb[2] == VPD_BLOCK_LIMITS && cmd->data_length > 5)
		data[5] = lfile_atomic_max(cmd->se_dev);
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

/* The same for the format of one command, SPC-4 6.35.3. */
static void amend_opcodes(struct se_cmd *cmd, u8 *data)
{
	u8 *cdb = cmd->t_task_cdb;

	if ((cdb[1] & 0x1f) != MI_REPORT_SUPPORTED_OPERATION_CODES ||
	    !(cdb[2] & 7) || cmd->data_length < 6 || (data[1] & 7) != 3 ||
	    !cmd->se_dev->dev_attrib.emulate_fua_write)
		return;
	switch (cdb[3]) {
	case READ_10:
	case READ_12:
	case READ_16:
	case WRITE_10:
	case WRITE_12:
	case WRITE_16:
	case WRITE_VERIFY:
	case WRITE_VERIFY_16:
	case COMPARE_AND_WRITE:
		data[5] |= DPO_FUA_USAGE;
	}
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
	case MAINTENANCE_IN:
		amend_opcodes(cmd, data);
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
	case MAINTENANCE_IN:
		cmd->transport_complete_callback = amend;
	}
}
