// SPDX-License-Identifier: GPL-2.0
/*
 * COMPARE AND WRITE, ORWRITE.
 *
 * Atomic by their byte range: nothing that changes the medium and overlaps is in
 * flight, and whatever comes later waits, reads too. Several run at once where
 * they do not overlap, COMPARE AND WRITE in a lane of its own, which bulk data does
 * not fill.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bvec.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/uio.h>
#include <linux/workqueue.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include <lunar_file.h>
#include "atomic.h"
#include "compare.h"
#include "compat.h"
#include "flush.h"
#include "inflight.h"
#include "intact.h"
#include "opcode.h"
#include "parse.h"
#include "transfer.h"

/* Workers of one disk: some initiators, each with a few locks in progress. */
#define LANES	32

/**
 * lfile_atomic_create - set up the lane of a disk
 * @dev: the disk, its id known
 * @hba: number of its HBA
 *
 * Return: 0 or -ENOMEM.
 */
int lfile_atomic_create(struct lfile_dev *dev, u32 hba)
{
	dev->caw_wq = alloc_workqueue("lfile-caw-%u.%u",
				      WQ_UNBOUND | WQ_HIGHPRI, LANES, hba,
				      dev->id);
	return dev->caw_wq ? 0 : -ENOMEM;
}

/**
 * lfile_atomic_destroy - undo lfile_atomic_create(), wait for the workers
 * @dev: the disk; without commands
 */
void lfile_atomic_destroy(struct lfile_dev *dev)
{
	destroy_workqueue(dev->caw_wq);
}

/*
 * What the command expected is what was there. If it cannot be written back it may
 * still be there, where the write has not come to.
 */
static void put_back(struct lfile_io *io)
{
	u64 offset;

	if (lfile_transfer_sync(io, true, 0, io->bvec, io->nents, 0, io->len) &&
	    lfile_compare_medium(io, LFILE_COMPARE_DATA, &offset))
		pr_err("%s: COMPARE AND WRITE at byte %lld of %s has failed half-way, and what was there cannot be put back\n",
		       io->dev->name, io->pos, io->dev->path);
}

/*
 * If it is aborted while it writes, or the write fails half-way, what was there is put
 * back: nobody has seen anything else, for the range is still ours.
 */
static int write_or_not(struct lfile_io *io)
{
	int err = lfile_transfer_sync(io, true, 0, io->bvec, io->nents, io->len,
				      io->len);

	if (err || lfile_inflight_given_up(io))
		put_back(io);
	return err;
}

/* A command that is aborted before it writes never does. */
static void compare_and_write(struct lfile_io *io)
{
	struct lfile_line *line = &io->dev->line;
	u64 offset = 0;
	int err = -ENODATA;

	lfile_line_pause(line);
	if (lfile_intact_check(io))
		err = lfile_compare_medium(io, LFILE_COMPARE_DATA, &offset);
	if (!err && !lfile_inflight_given_up(io)) {
		err = write_or_not(io);
		lfile_line_resume(line);
		lfile_flush_end_alone(io, err);
		return;
	}
	lfile_line_resume(line);
	if (err == -EILSEQ) {
		lfile_inflight_end_miscompare(io, offset);
		return;
	}
	io->write = false;	/* what failed is the read */
	lfile_inflight_end(io, err);
}

static void caw_worker(struct work_struct *work)
{
	struct lfile_io *io = container_of(work, struct lfile_io, work);

	if (lfile_inflight_enter(io, LFILE_MOVING))
		compare_and_write(io);
}

/* @len bytes of the medium with all the data that was sent. */
static sense_reason_t start(struct se_cmd *cmd, u64 len, work_func_t worker,
			    struct workqueue_struct *wq)
{
	struct lfile_io *io;
	int err;

	if (!cmd->data_length) {
		target_complete_cmd(cmd, SAM_STAT_GOOD);
		return 0;
	}
	io = lfile_inflight_get(cmd, true);
	io->sgl = cmd->t_data_sg;
	io->nents = cmd->t_data_nents;
	err = lfile_transfer_map(io, GFP_NOIO);
	io->len = len;
	if (err)
		lfile_inflight_end(io, err);
	else
		lfile_inflight_start(io, worker, wq);
	return 0;
}

/* The data is the blocks as they were, then as they will be. */
static sense_reason_t execute_caw(struct se_cmd *cmd)
{
	return start(cmd, cmd->data_length / 2, caw_worker,
		     to_lfile_dev(cmd->se_dev)->caw_wq);
}

/* One piece of the medium, and what the command has set in it. */
static int or_piece(struct lfile_io *io, u8 *buf, u64 at, u32 len)
{
	struct iov_iter iter;
	struct bio_vec bvec;
	u32 i, j, part;
	u8 data[64];
	int err;

	bvec_set_page(&bvec, virt_to_page(buf), len, 0);
	err = lfile_transfer_sync(io, false, at, &bvec, 1, 0, len);
	if (err)
		return err;
	iov_iter_bvec(&iter, ITER_SOURCE, io->bvec, io->nents, at + len);
	iov_iter_advance(&iter, at);
	for (i = 0; i < len; i += part) {
		part = min_t(u32, len - i, sizeof(data));
		if (copy_from_iter(data, part, &iter) != part)
			return -EFAULT;
		for (j = 0; j < part; j++)
			buf[i + j] |= data[j];
	}
	return lfile_transfer_sync(io, true, at, &bvec, 1, 0, len);
}

/* One that fails or is given up half-way is as a WRITE then: some of it is done. */
static void or_worker(struct work_struct *work)
{
	struct lfile_io *io = container_of(work, struct lfile_io, work);
	u32 size, part;
	int err = 0;
	u64 at;
	u8 *buf;

	if (!lfile_inflight_enter(io, LFILE_MOVING))
		return;
	if (!lfile_intact_check(io)) {
		lfile_inflight_end(io, -ENODATA);
		return;
	}
	buf = lfile_compare_buffer(io->len, &size);
	if (!buf) {
		lfile_inflight_end(io, -ENOMEM);
		return;
	}
	for (at = 0; at < io->len && !err; at += part) {
		if (lfile_inflight_given_up(io))
			break;
		part = min_t(u64, io->len - at, size);
		err = or_piece(io, buf, at, part);
	}
	lfile_compare_free(buf, size);
	lfile_flush_end(io, err);
}

static sense_reason_t execute_or(struct se_cmd *cmd)
{
	return start(cmd, cmd->data_length, or_worker,
		     to_lfile_dev(cmd->se_dev)->io_wq);
}

/**
 * lfile_atomic_max - MAXIMUM COMPARE AND WRITE LENGTH
 * @se_dev: the disk
 *
 * Half of a disk at most: its data comes twice, see lfile_parse_blocks().
 *
 * Return: blocks, 0 if there is no COMPARE AND WRITE.
 */
u8 lfile_atomic_max(struct se_device *se_dev)
{
	struct se_dev_attrib *attrib = &se_dev->dev_attrib;
	u64 half = (se_dev->transport->get_blocks(se_dev) + 1) / 2;

	if (!attrib->emulate_caw)
		return 0;
	return min3(half, (u64)LUNAR_FILE_COMPARE_BYTES / attrib->block_size,
		    (u64)LUNAR_FILE_COMPARE_MAX);
}

/*
 * Target core's own is of one block, excludes other COMPARE AND WRITE commands
 * only, one at a time for a disk, and sleeps in the caller's context for that.
 */
static sense_reason_t parse_caw(struct se_cmd *cmd, struct exec_cmd_ops *ops)
{
	u8 blocks = cmd->t_task_cdb[13];
	sense_reason_t ret;

	if (!cmd->se_dev->dev_attrib.emulate_caw)
		return TCM_UNSUPPORTED_SCSI_OPCODE;
	if (blocks > lfile_atomic_max(cmd->se_dev))
		return TCM_INVALID_CDB_FIELD;
	ret = lfile_parse_blocks(cmd, ops, blocks, 2 * blocks);
	cmd->execute_cmd = execute_caw;
	return ret;
}

static sense_reason_t parse_or(struct se_cmd *cmd, struct exec_cmd_ops *ops)
{
	u32 blocks = lfile_opcode_blocks(cmd->t_task_cdb);
	sense_reason_t ret = lfile_parse_blocks(cmd, ops, blocks, blocks);

	cmd->execute_cmd = execute_or;
	return ret;
}

/**
 * lfile_atomic_parse - check the CDB of a COMPARE AND WRITE or ORWRITE
 * @cmd: the command
 * @ops: for sbc_parse_cdb()
 *
 * Return: 0, or why the CDB is refused.
 */
sense_reason_t lfile_atomic_parse(struct se_cmd *cmd, struct exec_cmd_ops *ops)
{
	return cmd->t_task_cdb[0] == COMPARE_AND_WRITE ? parse_caw(cmd, ops) :
							 parse_or(cmd, ops);
}
