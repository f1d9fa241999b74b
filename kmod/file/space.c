// SPDX-License-Identifier: GPL-2.0
/*
 * Allocation: UNMAP, WRITE SAME.
 */
#include <linux/blkdev.h>
#include <linux/falloc.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include <lunar_file.h>
#include "compat.h"
#include "flush.h"
#include "inflight.h"
#include "space.h"

#define PUNCH	(FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)
#define ZERO	(FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE)

/*
 * For a device that discards but promises no zeros (LBPRZ=0). What the page
 * cache holds of the range would be read back, or written back, later.
 */
static int discard(struct lfile_dev *dev, loff_t pos, u64 len)
{
	struct address_space *mapping = dev->inode->i_mapping;
	int err;

	filemap_invalidate_lock(mapping);
	truncate_inode_pages_range(mapping, pos, pos + len - 1);
	err = blkdev_issue_discard(I_BDEV(dev->inode), pos >> SECTOR_SHIFT,
				   len >> SECTOR_SHIFT, GFP_KERNEL);
	filemap_invalidate_unlock(mapping);
	return err;
}

static int unmap_range(struct lfile_io *io)
{
	struct lfile_dev *dev = io->dev;

	if (!lfile_inflight_intact(io))
		return -ENODATA;
	if (dev->is_block && !dev->se_dev.dev_attrib.unmap_zeroes_data)
		return discard(dev, io->pos, io->len);
	return vfs_fallocate(dev->file, PUNCH, io->pos, io->len);
}

/*
 * The parameter list of UNMAP, SBC-4 5.39. Leaves the last range in io.
 * Returns sense for a bad list, else *err is 0 or what a range came to.
 */
static sense_reason_t unmap_list(struct lfile_io *io, const u8 *list, int *err)
{
	struct se_device *dev = &io->dev->se_dev;
	u32 size = io->cmd->data_length - 8;
	u64 last = dev->transport->get_blocks(dev);
	u64 lba;
	u32 blocks;

	size = min_t(u32, size, get_unaligned_be16(&list[2]));
	if (size / 16 > dev->dev_attrib.max_unmap_block_desc_count)
		return TCM_INVALID_PARAMETER_LIST;

	for (list += 8; size >= 16; list += 16, size -= 16) {
		lba = get_unaligned_be64(&list[0]);
		blocks = get_unaligned_be32(&list[8]);
		if (blocks > dev->dev_attrib.max_unmap_lba_count)
			return TCM_INVALID_PARAMETER_LIST;
		if (lba > last + 1 || blocks > last + 1 - lba)
			return TCM_ADDRESS_OUT_OF_RANGE;
		if (!blocks)
			continue;
		io->pos = lfile_inflight_offset(io->cmd, lba);
		io->len = lfile_inflight_offset(io->cmd, blocks);
		*err = unmap_range(io);
		if (*err)
			break;
	}
	return 0;
}

static void unmap_worker(struct work_struct *work)
{
	struct lfile_io *io = container_of(work, struct lfile_io, work);
	struct se_cmd *cmd = io->cmd;
	sense_reason_t ret = TCM_LOGICAL_UNIT_COMMUNICATION_FAILURE;
	int err = 0;
	u8 *list;

	io->len = 0;
	list = transport_kmap_data_sg(cmd);
	if (list) {
		ret = unmap_list(io, list, &err);
		transport_kunmap_data_sg(cmd);
	}

	if (ret) {
		lfile_inflight_drop(io);
		target_complete_cmd_with_sense(cmd, SAM_STAT_CHECK_CONDITION,
					       ret);
	} else if (err || !io->len) {
		lfile_inflight_end(io, err);
	} else {
		lfile_flush_end(io, 0);
	}
}

/**
 * lfile_space_execute_unmap - UNMAP
 * @cmd: the command, as target core has parsed it
 *
 * Not target core's execute function: that one answers before the outcome is
 * stable, which it is here like that of a write.
 *
 * Context: process, does not sleep on I/O.
 * Return: 0, or why the CDB is refused.
 */
sense_reason_t lfile_space_execute_unmap(struct se_cmd *cmd)
{
	struct lfile_io *io;

	if (cmd->t_task_cdb[1])		/* ANCHOR, and what is reserved */
		return TCM_INVALID_CDB_FIELD;
	if (!cmd->data_length) {
		target_complete_cmd(cmd, SAM_STAT_GOOD);
		return 0;
	}
	if (cmd->data_length < 8)
		return TCM_PARAMETER_LIST_LENGTH_ERROR;

	io = lfile_inflight_get(cmd, true);
	INIT_WORK(&io->work, unmap_worker);
	queue_work(io->dev->io_wq, &io->work);
	return 0;
}

static bool block_is_zero(struct scatterlist *sg, u32 len)
{
	void *block = kmap_local_page(nth_page(sg_page(sg), sg->offset >> PAGE_SHIFT));
	bool zero = !memchr_inv(block + offset_in_page(sg->offset), 0, len);

	kunmap_local(block);
	return zero;
}

static bool has_unmap_bit(struct se_cmd *cmd)
{
	u8 *cdb = cmd->t_task_cdb;

	return (cdb[0] == VARIABLE_LENGTH_CMD ? cdb[10] : cdb[1]) & 0x08;
}

/* The block as many times as asked for, then it is a write like any other. */
static void write_repeatedly(struct lfile_io *io, struct scatterlist *sg)
{
	u32 block = io->cmd->se_dev->dev_attrib.block_size;
	u32 n = io->len / block, i;

	io->bvec = kvmalloc_array(n, sizeof(*io->bvec),
				  GFP_KERNEL | __GFP_NOWARN);
	if (!io->bvec) {
		lfile_inflight_end(io, -ENOMEM);
		return;
	}
	for (i = 0; i < n; i++)
		bvec_set_page(&io->bvec[i], sg_page(sg), block, sg->offset);
	io->nents = n;
	io->done = lfile_flush_end;
	lfile_inflight_queue(io);
}

/*
 * UNMAP=1 permits to unmap only what then reads as the block does, SBC-4 5.50:
 * zeros. Without it zeros stay allocated where the filesystem can do that.
 */
static void write_same_worker(struct work_struct *work)
{
	struct lfile_io *io = container_of(work, struct lfile_io, work);
	struct scatterlist *sg = io->cmd->t_data_sg;
	struct file *file = io->dev->file;
	int err = -EOPNOTSUPP;

	if (!lfile_inflight_intact(io)) {
		lfile_inflight_end(io, -ENODATA);
		return;
	}
	if (block_is_zero(sg, io->cmd->se_dev->dev_attrib.block_size)) {
		if (has_unmap_bit(io->cmd))
			err = vfs_fallocate(file, PUNCH, io->pos, io->len);
		if (err == -EOPNOTSUPP)
			err = vfs_fallocate(file, ZERO, io->pos, io->len);
	}
	if (err == -EOPNOTSUPP)
		write_repeatedly(io, sg);
	else
		lfile_flush_end(io, err);
}

/**
 * lfile_space_execute_write_same - WRITE SAME(10), (16), (32)
 * @cmd: the command, as target core has parsed it
 *
 * Context: process, does not sleep on I/O.
 * Return: 0, or why the command is refused.
 */
sense_reason_t lfile_space_execute_write_same(struct se_cmd *cmd)
{
	struct scatterlist *sg = cmd->t_data_sg;
	u32 block = cmd->se_dev->dev_attrib.block_size;
	struct lfile_io *io;

	/* One block, in one page: what fabrics and target core allocate. */
	if (!cmd->t_data_nents || sg->length < block ||
	    offset_in_page(sg->offset) + block > PAGE_SIZE)
		return TCM_INVALID_CDB_FIELD;

	io = lfile_inflight_get(cmd, true);
	io->len = lfile_inflight_offset(cmd, sbc_get_write_same_sectors(cmd));
	INIT_WORK(&io->work, write_same_worker);
	queue_work(io->dev->io_wq, &io->work);
	return 0;
}

/* Beyond the end of the file there is nothing to lose. */
static bool can_punch(struct lfile_dev *dev)
{
	u32 unit = i_blocksize(dev->inode);

	return !vfs_fallocate(dev->file, PUNCH,
			      round_up(i_size_read(dev->inode), unit), unit);
}

/**
 * lfile_space_configure - say what the disk can unmap
 * @dev: the disk, its file open
 *
 * Whether it offers that is for attrib/emulate_tpu and emulate_tpws to say.
 * The granularity divides 1 MiB, else ESXi does not unmap.
 *
 * Context: may sleep.
 * Return: false if it cannot unmap.
 */
bool lfile_space_configure(struct lfile_dev *dev)
{
	struct se_dev_attrib *attrib = &dev->se_dev.dev_attrib;
	struct block_device *bdev;

	if (dev->is_block) {
		bdev = I_BDEV(dev->inode);
		/* Zeros only by PUNCH, which needs more than a discard. */
		attrib->unmap_zeroes_data = bdev_write_zeroes_sectors(bdev);
		return target_configure_unmap_from_queue(attrib, bdev);
	}

	if (!can_punch(dev))
		return false;
	attrib->max_unmap_lba_count = LUNAR_FILE_UNMAP_MAX;
	attrib->max_unmap_block_desc_count = LUNAR_FILE_UNMAP_DESCRIPTORS;
	attrib->unmap_granularity =
		min_t(u32, i_blocksize(dev->inode), SZ_1M) / attrib->hw_block_size;
	attrib->unmap_granularity_alignment = 0;
	attrib->unmap_zeroes_data = 1;
	return true;
}
