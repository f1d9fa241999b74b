// SPDX-License-Identifier: GPL-2.0
/*
 * Allocation: UNMAP, WRITE SAME, GET LBA STATUS.
 */
#include <linux/blkdev.h>
#include <linux/falloc.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/scatterlist.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include <lunar_file.h>
#include "compat.h"
#include "flush.h"
#include "inflight.h"
#include "intact.h"
#include "list.h"
#include "space.h"
#include "stable.h"
#include "transfer.h"

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

/* Blocks of the device may be larger than those of the disk: attrib/block_size. */
static u32 device_block(struct lfile_dev *dev)
{
	return dev->is_block ? bdev_logical_block_size(I_BDEV(dev->inode)) : 1;
}

/* Some filesystems leave the check for a read-only one to those before them. */
static int change_space(struct lfile_dev *dev, int mode, loff_t pos, u64 len)
{
	return lfile_stable_check(dev) ?:
	       vfs_fallocate(dev->file, mode, pos, len);
}

/* A part of a block of the device stays mapped. */
static int unmap_span(struct lfile_dev *dev, const struct lfile_span *span)
{
	u32 unit = device_block(dev);
	loff_t pos = round_up(span->pos, unit);
	loff_t end = round_down(span->pos + span->len, unit);

	if (pos >= end)
		return 0;
	if (dev->is_block && !dev->se_dev.dev_attrib.unmap_zeroes_data)
		return discard(dev, pos, end - pos);
	return change_space(dev, PUNCH, pos, end - pos);
}

static void unmap_worker(struct work_struct *work)
{
	struct lfile_io *io = container_of(work, struct lfile_io, work);
	u32 i;
	int err = 0;

	if (!lfile_inflight_enter(io, LFILE_MOVING))
		return;
	if (!lfile_intact_check(io))
		err = -ENODATA;
	for (i = 0; i < io->nspans && !err; i++) {
		if (lfile_inflight_given_up(io))
			break;
		err = unmap_span(io->dev, &io->spans[i]);
	}
	lfile_flush_end(io, err);
}

/* One block descriptor of UNMAP: at the end of io->spans, if it has blocks. */
static sense_reason_t add_span(struct lfile_io *io, const u8 *desc)
{
	struct se_device *dev = &io->dev->se_dev;
	u64 capacity = dev->transport->get_blocks(dev) + 1;
	struct lfile_span *span = &io->spans[io->nspans];
	loff_t end;
	u32 blocks;
	u64 lba;

	switch (lfile_list_unmap_extent(desc, capacity,
					dev->dev_attrib.max_unmap_lba_count,
					&lba, &blocks)) {
	case 0:
		break;
	case -ERANGE:
		return TCM_ADDRESS_OUT_OF_RANGE;
	default:
		return TCM_INVALID_PARAMETER_LIST;
	}
	if (!blocks)
		return 0;

	span->pos = lfile_inflight_offset(io->cmd, lba);
	span->len = lfile_inflight_offset(io->cmd, blocks);
	if (!io->nspans) {
		io->pos = span->pos;
		io->len = span->len;
	} else {		/* one range, from the first to the last */
		end = max(io->pos + io->len, span->pos + span->len);
		io->pos = min(io->pos, span->pos);
		io->len = end - io->pos;
	}
	io->nspans++;
	return 0;
}

/* The parameter list of UNMAP: into io->spans. */
static sense_reason_t parse_unmap(struct lfile_io *io)
{
	struct se_cmd *cmd = io->cmd;
	u8 buf[LFILE_LIST_UNMAP_DESCRIPTOR];
	u32 max = cmd->se_dev->dev_attrib.max_unmap_block_desc_count;
	sense_reason_t ret = 0;
	int nr, i;

	sg_copy_to_buffer(cmd->t_data_sg, cmd->t_data_nents, buf,
			  LFILE_LIST_UNMAP_HEADER);
	nr = lfile_list_unmap_count(buf, cmd->data_length, max);
	io->len = 0;
	if (nr <= 0)
		return nr ? TCM_INVALID_PARAMETER_LIST : 0;
	io->spans = kvmalloc_array(nr, sizeof(*io->spans), GFP_NOIO);
	if (!io->spans)
		return TCM_OUT_OF_RESOURCES;
	for (i = 0; i < nr && !ret; i++) {
		sg_pcopy_to_buffer(cmd->t_data_sg, cmd->t_data_nents, buf,
				   LFILE_LIST_UNMAP_DESCRIPTOR,
				   LFILE_LIST_UNMAP_HEADER +
				   i * LFILE_LIST_UNMAP_DESCRIPTOR);
		ret = add_span(io, buf);
	}
	return ret;
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
	sense_reason_t ret;

	if (cmd->t_task_cdb[1])		/* ANCHOR, and what is reserved */
		return TCM_INVALID_CDB_FIELD;
	if (!cmd->data_length) {
		target_complete_cmd(cmd, SAM_STAT_GOOD);
		return 0;
	}
	if (cmd->data_length < LFILE_LIST_UNMAP_HEADER)
		return TCM_PARAMETER_LIST_LENGTH_ERROR;

	io = lfile_inflight_get(cmd, true);
	ret = parse_unmap(io);
	if (ret)
		lfile_inflight_drop(io);
	else if (!io->nspans)
		lfile_inflight_end(io, 0);
	else
		lfile_inflight_start(io, unmap_worker, io->dev->io_wq);
	return ret;
}

/* GET LBA STATUS, SBC-4 5.6 */
#define STATUS_HEADER		8
#define STATUS_DESCRIPTOR	16
#define STATUS_DESCRIPTORS_MAX	256U	/* in an answer, whatever is asked for */
#define STATUS_MAPPED		0
#define STATUS_DEALLOCATED	1

static bool is_thin(struct lfile_dev *dev)
{
	return dev->se_dev.dev_attrib.emulate_tpu ||
	       dev->se_dev.dev_attrib.emulate_tpws;
}

/*
 * How far from @pos the provisioning status is one and the same, and which. A
 * block of which a part is data is mapped. Where the file cannot tell (a block
 * device, an error) it is mapped, which may also mean that it is not known.
 */
static loff_t status_extent(struct lfile_dev *dev, loff_t pos, loff_t end,
			    bool *mapped)
{
	u32 block = dev->se_dev.dev_attrib.block_size;
	loff_t next;

	*mapped = true;
	if (!is_thin(dev))
		return end;
	next = vfs_llseek(dev->file, pos, SEEK_DATA);
	if (next == -ENXIO)
		next = end;
	else if (next < 0)
		return end;
	next = round_down(min(next, end), block);
	if (next > pos) {
		*mapped = false;
		return next;
	}
	next = vfs_llseek(dev->file, pos, SEEK_HOLE);
	if (next < 0)
		return end;
	/* Data within one block: the next look is at the block behind. */
	return min(round_up(max(next, pos + 1), block), end);
}

/* Fills @buf, of room for @max descriptors; returns how many there are. */
static u32 lba_status(struct lfile_io *io, u8 *buf, u32 max)
{
	struct lfile_dev *dev = io->dev;
	u32 block = dev->se_dev.dev_attrib.block_size;
	loff_t size, end, next, pos = io->pos;
	bool mapped, before = false;
	u8 *desc = buf + STATUS_HEADER;
	u64 blocks = 0;
	u32 n = 0;

	size = (dev->se_dev.transport->get_blocks(&dev->se_dev) + 1) * block;
	end = size;
	/* What was truncated is lost, which is not the same as a hole; so is half a block. */
	if (!dev->is_block) {
		lfile_intact_readable(dev, pos, size - pos);
		end = round_down(min_t(u64, size, READ_ONCE(dev->intact)), block);
	}
	while (pos < size) {
		if (pos < end) {
			next = status_extent(dev, pos, end, &mapped);
		} else {
			mapped = true;
			next = size;
		}
		/* Neighbours differ: mapped ones may come in pieces. */
		if (!n || mapped != before || blocks == U32_MAX) {
			if (n == max)
				break;
			desc = buf + STATUS_HEADER + n++ * STATUS_DESCRIPTOR;
			put_unaligned_be64(pos / block, &desc[0]);
			desc[12] = mapped ? STATUS_MAPPED : STATUS_DEALLOCATED;
			before = mapped;
			blocks = 0;
		}
		blocks = min_t(u64, blocks + (next - pos) / block, U32_MAX);
		put_unaligned_be32(blocks, &desc[8]);
		pos = (get_unaligned_be64(&desc[0]) + blocks) * block;
	}
	return n;
}

static void lba_status_worker(struct work_struct *work)
{
	struct lfile_io *io = container_of(work, struct lfile_io, work);
	struct se_cmd *cmd;
	u32 max, len;
	u8 *buf;

	if (!lfile_inflight_enter(io, LFILE_BUSY))
		return;
	cmd = io->cmd;
	/* An allocation length for none still gets the header of one. */
	max = cmd->data_length < STATUS_HEADER + STATUS_DESCRIPTOR ? 1 :
	      (cmd->data_length - STATUS_HEADER) / STATUS_DESCRIPTOR;
	max = min(max, STATUS_DESCRIPTORS_MAX);
	buf = kzalloc(STATUS_HEADER + max * STATUS_DESCRIPTOR, GFP_KERNEL);
	if (!buf) {
		lfile_inflight_end(io, -ENOMEM);
		return;
	}
	/* A server may have to be asked, and not answer. */
	if (!lfile_inflight_enter(io, LFILE_MOVING))
		goto out;
	len = STATUS_HEADER + lba_status(io, buf, max) * STATUS_DESCRIPTOR;
	if (!lfile_inflight_enter(io, LFILE_BUSY))
		goto out;
	put_unaligned_be32(len - 4, buf);
	len = min(len, cmd->data_length);
	sg_copy_from_buffer(cmd->t_data_sg, cmd->t_data_nents, buf, len);
	lfile_inflight_drop(io);
	target_complete_cmd_with_length(cmd, SAM_STAT_GOOD, len);
out:
	kfree(buf);
}

/**
 * lfile_space_execute_lba_status - GET LBA STATUS
 * @cmd: the command; data_length is what fits of the answer
 *
 * Unwritten extents are deallocated here: they read as zeros, and whether they
 * have space set aside is the filesystem's affair.
 *
 * Context: process, does not sleep on I/O.
 * Return: 0, or why the CDB is refused.
 */
sense_reason_t lfile_space_execute_lba_status(struct se_cmd *cmd)
{
	struct se_device *dev = cmd->se_dev;
	struct lfile_io *io;

	cmd->t_task_lba = get_unaligned_be64(&cmd->t_task_cdb[2]);
	if (cmd->t_task_lba > dev->transport->get_blocks(dev))
		return TCM_ADDRESS_OUT_OF_RANGE;
	if (!cmd->data_length) {
		target_complete_cmd(cmd, SAM_STAT_GOOD);
		return 0;
	}
	io = lfile_inflight_get(cmd, false);
	io->len = 0;
	INIT_WORK(&io->work, lba_status_worker);
	io->wq = io->dev->io_wq;
	lfile_inflight_enter(io, LFILE_IDLE);
	return 0;
}

/* No Data-Out Buffer: the block is all zeros. In WRITE SAME(16) only, here. */
static bool has_ndob_bit(struct se_cmd *cmd)
{
	return cmd->t_task_cdb[0] == WRITE_SAME_16 &&
	       (cmd->t_task_cdb[1] & 0x01);
}

static bool has_unmap_bit(struct se_cmd *cmd)
{
	u8 *cdb = cmd->t_task_cdb;

	return (cdb[0] == VARIABLE_LENGTH_CMD ? cdb[10] : cdb[1]) & 0x08;
}

/* The block as many times as asked for, then it is a write like any other. */
static void write_repeatedly(struct lfile_io *io)
{
	u32 n = DIV_ROUND_UP(io->len, PAGE_SIZE), i;
	struct bio_vec *bvec;

	/* An abort looks at the pages. */
	if (!lfile_inflight_enter(io, LFILE_BUSY))
		return;
	bvec = kvmalloc_array(n, sizeof(*bvec), GFP_KERNEL | __GFP_NOWARN);
	if (!bvec) {
		lfile_inflight_end(io, -ENOMEM);
		return;
	}
	for (i = 0; i < n; i++)
		bvec_set_page(&bvec[i], io->block,
			      min_t(u64, io->len - (u64)i * PAGE_SIZE,
				    PAGE_SIZE), 0);
	io->bvec = bvec;
	io->nents = n;
	io->done = lfile_flush_end;
	lfile_transfer_queue(io);
}

/*
 * UNMAP=1 permits to unmap only what then reads as the block does, SBC-4 5.50:
 * zeros. Without it zeros stay allocated where the filesystem can do that.
 */
static void write_same_worker(struct work_struct *work)
{
	struct lfile_io *io = container_of(work, struct lfile_io, work);
	int err = -EOPNOTSUPP;

	if (!lfile_inflight_enter(io, LFILE_MOVING))
		return;
	if (!lfile_intact_check(io)) {
		lfile_inflight_end(io, -ENODATA);
		return;
	}
	if (!memchr_inv(page_address(io->block), 0, PAGE_SIZE) &&
	    !((io->pos | io->len) & (device_block(io->dev) - 1))) {
		if (io->unmap)
			err = change_space(io->dev, PUNCH, io->pos, io->len);
		if (err == -EOPNOTSUPP)
			err = change_space(io->dev, ZERO, io->pos, io->len);
	}
	if (err == -EOPNOTSUPP)
		write_repeatedly(io);
	else
		lfile_flush_end(io, err);
}

/* A page full of the block that the command has brought; zeros if NDOB=1. */
static sense_reason_t copy_block(struct lfile_io *io)
{
	if (has_ndob_bit(io->cmd)) {
		io->block = alloc_page(GFP_NOIO | __GFP_ZERO);
		return io->block ? 0 : TCM_OUT_OF_RESOURCES;
	}
	switch (lfile_transfer_block(io)) {
	case 0:
		return 0;
	case -ENOMEM:
		return TCM_OUT_OF_RESOURCES;
	default:
		return TCM_INVALID_CDB_FIELD;
	}
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
	struct lfile_io *io = lfile_inflight_get(cmd, true);
	sense_reason_t ret = copy_block(io);

	if (ret) {
		lfile_inflight_drop(io);
		return ret;
	}
	io->unmap = has_unmap_bit(cmd);
	io->len = lfile_inflight_offset(cmd, sbc_get_write_same_sectors(cmd));
	lfile_inflight_start(io, write_same_worker, io->dev->io_wq);
	return 0;
}

/**
 * lfile_space_parse - check a CDB that target core would refuse
 * @cmd: the command
 * @ops: for sbc_parse_cdb()
 *
 * sbc_parse_cdb() knows neither GET LBA STATUS nor the NDOB bit of WRITE SAME,
 * but the first has the CDB of READ CAPACITY(16), and the second differs in its
 * data only. So it gets to see what it knows.
 *
 * Return: 0, or why the CDB is refused.
 */
sense_reason_t lfile_space_parse(struct se_cmd *cmd, struct exec_cmd_ops *ops)
{
	u8 *cdb = cmd->t_task_cdb;
	u8 flags = cdb[1];
	sense_reason_t ret;

	if (cdb[0] == SERVICE_ACTION_IN_16 &&
	    (flags & 0x1f) == SAI_GET_LBA_STATUS) {
		cdb[1] = SAI_READ_CAPACITY_16;
		ret = sbc_parse_cdb(cmd, ops);
		cmd->execute_cmd = lfile_space_execute_lba_status;
	} else if (has_ndob_bit(cmd)) {
		if (cmd->data_length)
			return TCM_INVALID_CDB_FIELD;
		if (target_lun_is_rdonly(cmd))
			return TCM_WRITE_PROTECTED;
		cdb[1] &= ~0x01;
		ret = sbc_parse_cdb(cmd, ops);
		/* By which target core sees what reservations forbid. */
		cmd->data_direction = DMA_TO_DEVICE;
		cmd->se_cmd_flags &= ~SCF_OVERFLOW_BIT;
		cmd->residual_count = 0;
	} else {
		return sbc_parse_cdb(cmd, ops);
	}
	cdb[1] = flags;
	return ret;
}

/* Beyond the end of the file there is nothing to lose. */
static bool can_punch(struct lfile_dev *dev)
{
	u32 unit = i_blocksize(dev->inode);

	return !vfs_fallocate(dev->file, PUNCH,
			      round_up(i_size_read(dev->inode), unit), unit);
}

static bool configure_block(struct lfile_dev *dev)
{
	struct se_dev_attrib *attrib = &dev->se_dev.dev_attrib;
	struct block_device *bdev = I_BDEV(dev->inode);

	if (dev->read_only || !target_configure_unmap_from_queue(attrib, bdev))
		return false;
	/* The block layer splits what is more than the device takes at once. */
	attrib->max_unmap_lba_count = LUNAR_FILE_UNMAP_MAX;
	attrib->max_unmap_block_desc_count = LUNAR_FILE_UNMAP_DESCRIPTORS;
	/* Zeros only by PUNCH, which needs more than a discard. */
	attrib->unmap_zeroes_data = !!bdev_write_zeroes_sectors(bdev);
	return true;
}

static bool configure_file(struct lfile_dev *dev)
{
	struct se_dev_attrib *attrib = &dev->se_dev.dev_attrib;

	if (dev->read_only || !can_punch(dev))
		return false;
	attrib->max_unmap_lba_count = LUNAR_FILE_UNMAP_MAX;
	attrib->max_unmap_block_desc_count = LUNAR_FILE_UNMAP_DESCRIPTORS;
	attrib->unmap_granularity =
		min_t(u32, i_blocksize(dev->inode), SZ_1M) / attrib->hw_block_size;
	attrib->unmap_granularity_alignment = 0;
	attrib->unmap_zeroes_data = 1;
	return true;
}

/**
 * lfile_space_configure - say what the disk can unmap, and offer it
 * @dev: the disk, its file open
 *
 * attrib/emulate_tpu and emulate_tpws are on from here where it can: thin
 * provisioning that is not offered lets an image only grow. The granularity of
 * a file divides 1 MiB, else ESXi does not unmap.
 *
 * Context: may sleep.
 * Return: false if it cannot unmap.
 */
bool lfile_space_configure(struct lfile_dev *dev)
{
	struct se_dev_attrib *attrib = &dev->se_dev.dev_attrib;
	bool can = dev->is_block ? configure_block(dev) : configure_file(dev);

	attrib->emulate_tpu = can;
	attrib->emulate_tpws = can;
	return can;
}
