// SPDX-License-Identifier: GPL-2.0
/*
 * COMPARE AND WRITE.
 *
 * Atomic by its byte range: nothing that changes the medium and overlaps is in
 * flight, and whatever comes later waits, reads too. Several run at once where
 * they do not overlap, in a lane of their own, which bulk data does not fill.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bvec.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <linux/uio.h>
#include <linux/workqueue.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include <lunar_file.h>
#include "atomic.h"
#include "compat.h"
#include "flush.h"
#include "inflight.h"
#include "intact.h"
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

/* One piece of the medium against the same one of the command's data. */
static int compare_piece(struct lfile_io *io, u8 *found, u32 at, u32 len,
			 u32 *offset)
{
	struct iov_iter iter;
	struct bio_vec bvec;
	u8 expected[64];
	u32 i, j, part;
	int err;

	bvec_set_page(&bvec, virt_to_page(found), len, 0);
	err = lfile_transfer_sync(io, false, at, &bvec, 1, 0, len);
	if (err)
		return err;

	iov_iter_bvec(&iter, ITER_SOURCE, io->bvec, io->nents, at + len);
	iov_iter_advance(&iter, at);
	for (i = 0; i < len; i += part) {
		part = min_t(u32, len - i, sizeof(expected));
		if (copy_from_iter(expected, part, &iter) != part)
			return -EFAULT;
		for (j = 0; j < part; j++) {
			if (found[i + j] != expected[j]) {
				*offset = at + i + j;
				return -EILSEQ;
			}
		}
	}
	return 0;
}

/*
 * Is the medium as the command expects it? Returns -EILSEQ and the offset of the
 * first byte that differs if not.
 */
static int compare(struct lfile_io *io, u32 *offset)
{
	u8 *found = (u8 *)__get_free_page(GFP_NOIO);
	u32 at, part;
	int err = 0;

	if (!found)
		return -ENOMEM;
	for (at = 0; at < io->len && !err; at += part) {
		part = min_t(u64, io->len - at, PAGE_SIZE);
		err = compare_piece(io, found, at, part, offset);
	}
	free_page((unsigned long)found);
	return err;
}

/*
 * What the command expected is what was there. If it cannot be written back it may
 * still be there, where the write has not come to.
 */
static void put_back(struct lfile_io *io)
{
	u32 offset;

	if (lfile_transfer_sync(io, true, 0, io->bvec, io->nents, 0, io->len) &&
	    compare(io, &offset))
		pr_err("%s: COMPARE AND WRITE at byte %lld of %s has failed half-way, and what was there cannot be put back\n",
		       io->dev->name, io->pos, io->dev->path);
}

/*
 * A command that is aborted before it writes never does. If it is aborted while
 * it writes, or the write fails half-way, what was there is put back: nobody has
 * seen anything else, for the range is still ours.
 */
static void worker(struct work_struct *work)
{
	struct lfile_io *io = container_of(work, struct lfile_io, work);
	u32 offset = 0;
	int err;

	if (!lfile_inflight_enter(io, LFILE_MOVING))
		return;
	err = lfile_intact_check(io) ? compare(io, &offset) : -ENODATA;
	if (err == -EILSEQ) {
		lfile_inflight_end_miscompare(io, offset);
		return;
	}
	if (err || lfile_inflight_given_up(io)) {
		io->write = false;	/* what failed is the read */
		lfile_inflight_end(io, err);
		return;
	}
	err = lfile_transfer_sync(io, true, 0, io->bvec, io->nents, io->len,
				  io->len);
	if (err || lfile_inflight_given_up(io))
		put_back(io);
	lfile_flush_end(io, err);
}

static sense_reason_t execute(struct se_cmd *cmd)
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
	/* The data is the blocks as they were, then as they will be. */
	io->len = cmd->data_length / 2;
	if (err)
		lfile_inflight_end(io, err);
	else
		lfile_inflight_start(io, worker, io->dev->caw_wq);
	return 0;
}

/**
 * lfile_atomic_max - MAXIMUM COMPARE AND WRITE LENGTH
 * @se_dev: the disk
 *
 * Half of a disk at most, see lfile_atomic_parse().
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

/**
 * lfile_atomic_parse - check the CDB of a COMPARE AND WRITE
 * @cmd: the command
 * @ops: for sbc_parse_cdb()
 *
 * Target core's own is of one block, excludes other COMPARE AND WRITE commands
 * only, one at a time for a disk, and sleeps in the caller's context for that. So
 * it gets to see a WRITE of as much data, somewhere on the disk.
 *
 * Return: 0, or why the CDB is refused.
 */
sense_reason_t lfile_atomic_parse(struct se_cmd *cmd, struct exec_cmd_ops *ops)
{
	struct se_device *dev = cmd->se_dev;
	u64 last = dev->transport->get_blocks(dev);
	u8 *cdb = cmd->t_task_cdb, own[16];
	u64 lba = get_unaligned_be64(&cdb[2]);
	u8 blocks = cdb[13];
	sense_reason_t ret;

	if (!dev->dev_attrib.emulate_caw)
		return TCM_UNSUPPORTED_SCSI_OPCODE;
	if (blocks > lfile_atomic_max(dev))
		return TCM_INVALID_CDB_FIELD;
	if (lba > last + 1 || blocks > last + 1 - lba)
		return TCM_ADDRESS_OUT_OF_RANGE;

	memcpy(own, cdb, sizeof(own));
	cdb[0] = WRITE_16;
	put_unaligned_be64(0, &cdb[2]);
	put_unaligned_be32(2 * blocks, &cdb[10]);
	ret = sbc_parse_cdb(cmd, ops);
	memcpy(cdb, own, sizeof(own));

	cmd->t_task_lba = lba;
	cmd->t_task_nolb = blocks;
	cmd->execute_cmd = execute;
	return ret;
}
