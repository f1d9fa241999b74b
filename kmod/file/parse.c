// SPDX-License-Identifier: GPL-2.0
/*
 * CDBs that target core does not know.
 */
#include <linux/string.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include "opcode.h"
#include "parse.h"

/**
 * lfile_parse_blocks - check the CDB of a command with blocks
 * @cmd: the command; DPO and FUA are not looked at
 * @ops: for sbc_parse_cdb()
 * @blocks: how many it is for
 * @sent: how many are in its Data-Out, no more than the disk has
 *
 * sbc_parse_cdb() gets to see what it knows: a WRITE of as much data, somewhere on
 * the disk, or a SEEK, which has no data. What it checks beside the range is whether
 * that is what the fabric brings. execute_cmd is the caller's to set then.
 *
 * Return: 0, or why the CDB is refused.
 */
sense_reason_t lfile_parse_blocks(struct se_cmd *cmd, struct exec_cmd_ops *ops,
				  u32 blocks, u32 sent)
{
	struct se_device *dev = cmd->se_dev;
	u64 last = dev->transport->get_blocks(dev);
	u8 *cdb = cmd->t_task_cdb, own[16];
	u64 lba = lfile_opcode_lba(cdb);
	sense_reason_t ret;

	if (cdb[1] & LFILE_OPCODE_PROTECT)
		return TCM_INVALID_CDB_FIELD;
	if (lba > last + 1 || blocks > last + 1 - lba)
		return TCM_ADDRESS_OUT_OF_RANGE;
	if (sent && cmd->data_direction == DMA_FROM_DEVICE)
		return TCM_INVALID_CDB_FIELD;

	memcpy(own, cdb, sizeof(own));
	memset(cdb, 0, sizeof(own));
	cdb[0] = sent ? WRITE_16 : SEEK_10;
	put_unaligned_be32(sent, &cdb[10]);
	ret = sbc_parse_cdb(cmd, ops);
	memcpy(cdb, own, sizeof(own));

	cmd->t_task_lba = lba;
	cmd->t_task_nolb = blocks;
	return ret;
}
