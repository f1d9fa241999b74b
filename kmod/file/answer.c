// SPDX-License-Identifier: GPL-2.0
/*
 * What target core says of a disk, put right where the disk can do more.
 */
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include "answer.h"
#include "atomic.h"

#define VPD_BLOCK_LIMITS	0xb0

/* Block Limits VPD page, SBC-4 6.6.4 */
static void amend_inquiry(struct se_cmd *cmd, u8 *data)
{
	u8 *cdb = cmd->t_task_cdb;

	if (cdb[1] & 1 && cdb[2] == VPD_BLOCK_LIMITS && cmd->data_length > 5)
		data[5] = lfile_atomic_max(cmd->se_dev);
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
	amend_inquiry(cmd, data);
	transport_kunmap_data_sg(cmd);
	return 0;
}

/**
 * lfile_answer_parse - have the answer of target core amended
 * @cmd: the command, its CDB parsed
 *
 * Context: process, does not sleep.
 */
void lfile_answer_parse(struct se_cmd *cmd)
{
	if (cmd->t_task_cdb[0] == INQUIRY)
		cmd->transport_complete_callback = amend;
}
