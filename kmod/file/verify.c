// SPDX-License-Identifier: GPL-2.0
/*
 * VERIFY and WRITE AND VERIFY.
 *
 * Both read the medium and not the cache, as far as the kernel lets them: compare.c.
 * A worker does it, in pieces, with the range of the command taken as for a READ. What
 * WRITE AND VERIFY writes is flushed first, like any write that has to be stable, and
 * its range is kept meanwhile: nobody else's data is what it verifies.
 */
#include <linux/workqueue.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include "compare.h"
#include "flush.h"
#include "inflight.h"
#include "intact.h"
#include "opcode.h"
#include "parse.h"
#include "transfer.h"
#include "verify.h"

/* BYTCHK, SBC-4 5.36 */
#define BYTCHK_MASK	0x06
#define BYTCHK_NONE	0x00
#define BYTCHK_DATA	0x02
#define BYTCHK_BLOCK	0x06

static enum lfile_compare compare_with(const u8 *cdb)
{
	switch (cdb[1] & BYTCHK_MASK) {
	case BYTCHK_DATA:
		return LFILE_COMPARE_DATA;
	case BYTCHK_BLOCK:
		return LFILE_COMPARE_BLOCK;
	default:
		return LFILE_COMPARE_NOTHING;
	}
}

static void worker(struct work_struct *work)
{
	struct lfile_io *io = container_of(work, struct lfile_io, work);
	u64 offset = 0;
	int err = -ENODATA;

	if (!lfile_inflight_enter(io, LFILE_MOVING))
		return;
	if (lfile_intact_check(io))
		err = lfile_compare_fresh(io, io->compare, &offset);
	io->write = false;		/* what failed is the read */
	if (err == -EILSEQ)
		lfile_inflight_end_miscompare(io, offset);
	else
		lfile_inflight_end(io, err);
}

static sense_reason_t execute_verify(struct se_cmd *cmd)
{
	struct lfile_io *io;
	int err = 0;

	if (!cmd->t_task_nolb) {
		target_complete_cmd(cmd, SAM_STAT_GOOD);
		return 0;
	}
	io = lfile_inflight_get(cmd, false);
	io->len = lfile_inflight_offset(cmd, cmd->t_task_nolb);
	io->compare = compare_with(cmd->t_task_cdb);
	if (io->compare == LFILE_COMPARE_DATA) {
		io->sgl = cmd->t_data_sg;
		io->nents = cmd->t_data_nents;
		err = lfile_transfer_map(io, GFP_NOIO);
	} else if (io->compare == LFILE_COMPARE_BLOCK) {
		err = lfile_transfer_block(io);
	}
	if (err)
		lfile_inflight_end(io, err);
	else
		lfile_inflight_start(io, worker, io->dev->io_wq);
	return 0;
}

/* It is stable. */
static void verify_flushed(struct lfile_io *io, int err)
{
	if (err) {
		lfile_inflight_end(io, err);
		return;
	}
	INIT_WORK(&io->work, worker);
	io->wq = io->dev->io_wq;
	lfile_inflight_enter(io, LFILE_IDLE);
}

static void flush_written(struct lfile_io *io, int err)
{
	if (err) {
		lfile_inflight_end(io, err);
		return;
	}
	io->done = verify_flushed;
	lfile_flush_join(io);
}

static sense_reason_t execute_write(struct se_cmd *cmd)
{
	struct lfile_io *io;

	if (!cmd->data_length) {
		target_complete_cmd(cmd, SAM_STAT_GOOD);
		return 0;
	}
	io = lfile_inflight_get(cmd, true);
	io->sgl = cmd->t_data_sg;
	io->nents = cmd->t_data_nents;
	io->compare = compare_with(cmd->t_task_cdb);
	io->keeps_range = true;
	io->done = flush_written;
	if (lfile_intact_check(io))
		lfile_transfer_move(io);
	else
		lfile_inflight_end(io, -ENODATA);
	return 0;
}

static sense_reason_t parse_verify(struct se_cmd *cmd, struct exec_cmd_ops *ops)
{
	const u8 *cdb = cmd->t_task_cdb;
	u32 blocks = lfile_opcode_blocks(cdb);
	u32 sent;
	sense_reason_t ret;

	switch (cdb[1] & BYTCHK_MASK) {
	case BYTCHK_NONE:
		sent = 0;
		break;
	case BYTCHK_DATA:
		sent = blocks;
		break;
	case BYTCHK_BLOCK:
		sent = !!blocks;
		break;
	default:
		return TCM_INVALID_CDB_FIELD;
	}
	ret = lfile_parse_blocks(cmd, ops, blocks, sent);
	/* Of what has not come nothing can be said. */
	if (!ret && cmd->data_length < lfile_inflight_offset(cmd, sent))
		return TCM_INVALID_CDB_FIELD;
	cmd->execute_cmd = execute_verify;
	return ret;
}

static sense_reason_t parse_write(struct se_cmd *cmd, struct exec_cmd_ops *ops)
{
	u32 blocks = lfile_opcode_blocks(cmd->t_task_cdb);
	sense_reason_t ret;

	/* 10b and 11b are reserved here. */
	if (cmd->t_task_cdb[1] & BYTCHK_MASK & ~BYTCHK_DATA)
		return TCM_INVALID_CDB_FIELD;
	ret = lfile_parse_blocks(cmd, ops, blocks, blocks);
	cmd->execute_cmd = execute_write;
	return ret;
}

/**
 * lfile_verify_parse - check the CDB of a VERIFY or WRITE AND VERIFY
 * @cmd: the command
 * @ops: for sbc_parse_cdb()
 *
 * Return: 0, or why the CDB is refused; TCM_UNSUPPORTED_SCSI_OPCODE for any other
 * command.
 */
sense_reason_t lfile_verify_parse(struct se_cmd *cmd, struct exec_cmd_ops *ops)
{
	switch (cmd->t_task_cdb[0]) {
	case VERIFY:
	case VERIFY_12:
	case VERIFY_16:
		return parse_verify(cmd, ops);
	case WRITE_VERIFY:
	case WRITE_VERIFY_12:
	case WRITE_VERIFY_16:
		return parse_write(cmd, ops);
	}
	return TCM_UNSUPPORTED_SCSI_OPCODE;
}
