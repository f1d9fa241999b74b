// SPDX-License-Identifier: GPL-2.0
/*
 * Moving the data of a command between its scatterlist and the file.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bitops.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/string.h>
#include <linux/uio.h>
#include "compat.h"
#include "inflight.h"
#include "intact.h"
#include "transfer.h"

/*
 * A longer transfer is copied by a worker: the caller, a receive context, has
 * other connections or LUNs to serve. Covers all that ESXi sends but bulk
 * copies.
 */
#define INLINE_MAX	(256 * 1024)

/**
 * lfile_transfer_map - make the bio_vec array of a command's scatterlist
 * @io: the record, in stage LFILE_BUSY, with sgl and nents
 * @gfp: may the memory for it be waited for?
 *
 * Return: 0, -ENOMEM, or -EINVAL for a scatterlist that is too short.
 */
int lfile_transfer_map(struct lfile_io *io, gfp_t gfp)
{
	struct scatterlist *sg;
	unsigned int i;
	u64 len = 0;

	if (io->bvec)
		return 0;
	if (io->nents <= LFILE_INFLIGHT_BVECS)
		io->bvec = io->inline_bvec;
	else
		io->bvec = kvmalloc_array(io->nents, sizeof(*io->bvec), gfp);
	if (!io->bvec)
		return -ENOMEM;
	for_each_sg(io->sgl, sg, io->nents, i) {
		bvec_set_page(&io->bvec[i], sg_page(sg), sg->length,
			      sg->offset);
		len += sg->length;
	}
	/* The iterator would run off the end of the array. */
	return WARN_ON_ONCE(len < io->len) ? -EINVAL : 0;
}

/**
 * lfile_transfer_block - make a page full of the block that a command has brought
 * @io: the record, in stage LFILE_BUSY; the page is its block, and freed with it
 *
 * Context: process, sleeps for memory.
 * Return: 0, -ENOMEM, or -EINVAL for a scatterlist that is too short.
 */
int lfile_transfer_block(struct lfile_io *io)
{
	struct se_cmd *cmd = io->cmd;
	u32 block = cmd->se_dev->dev_attrib.block_size, i;
	u8 *page;

	io->block = alloc_page(GFP_NOIO);
	if (!io->block)
		return -ENOMEM;
	page = page_address(io->block);
	if (sg_copy_to_buffer(cmd->t_data_sg, cmd->t_data_nents, page,
			      block) != block)
		return -EINVAL;
	for (i = block; i < PAGE_SIZE; i += block)
		memcpy(page + i, page, block);
	return 0;
}

/*
 * Does all of a direct disk go through the page cache? For a block device of larger
 * blocks than the disk has: after asynchronous direct writes the block layer leaves
 * behind what a reader has put into the cache meanwhile; filesystems do not.
 */
static bool never_direct(const struct lfile_dev *dev)
{
	return !dev->direct ||
	       (dev->is_block && dev->se_dev.dev_attrib.block_size < dev->align);
}

/**
 * lfile_transfer_align - how direct is the I/O of a disk?
 * @dev: the disk, configured
 *
 * Return: the unit of direct I/O in bytes, 0 if all goes through the page cache.
 */
u32 lfile_transfer_align(const struct lfile_dev *dev)
{
	return never_direct(dev) ? 0 : READ_ONCE(dev->align);
}

/*
 * Freeze protection of an asynchronous write is dropped by its completion, in
 * another context. Block devices need none.
 */
static bool start_write(struct lfile_io *io, bool nowait)
{
	struct super_block *sb = file_inode(io->dev->file)->i_sb;

	if (!io->write || io->dev->is_block)
		return true;
	if (!nowait) {
		kiocb_start_write(&io->iocb);
		return true;
	}
	if (!sb_start_write_trylock(sb))
		return false;
	__sb_writers_release(sb, SB_FREEZE_WRITE);
	return true;
}

static void end_write(struct lfile_io *io)
{
	if (io->write && !io->dev->is_block)
		kiocb_end_write(&io->iocb);
}

/*
 * Direct I/O in units of more than a block of the disk: what is less goes through
 * the page cache. It overlaps whatever is in flight directly in the same unit, so
 * ranges keep them apart, and the filesystem what is in the cache.
 */
static void choose_path(struct lfile_io *io, struct kiocb *iocb,
			const struct iov_iter *iter)
{
	const struct lfile_dev *dev = io->dev;
	u32 align = READ_ONCE(dev->align);

	if (!dev->direct)
		return;
	if (never_direct(dev) || iocb->ki_pos & (align - 1) ||
	    !iov_iter_is_aligned(iter, dev->align_memory - 1, align - 1))
		io->buffered = true;
	if (io->buffered)
		iocb->ki_flags &= ~IOCB_DIRECT;
}

/*
 * The filesystem refuses a request of direct I/O, and has not said before what it
 * takes. Smaller ones are not tried again.
 */
static bool refused(struct lfile_io *io, const struct kiocb *iocb, long ret)
{
	u64 unit = 1ULL << __ffs64(io->pos | io->len);
	struct lfile_dev *dev = io->dev;

	if (ret != -EINVAL || !(iocb->ki_flags & IOCB_DIRECT))
		return false;
	io->buffered = true;
	if (unit < PAGE_SIZE && unit >= READ_ONCE(dev->align)) {
		WRITE_ONCE(dev->align, 2 * unit);
		pr_warn("%s: %s refuses direct I/O in units of %llu bytes: that goes through the page cache\n",
			dev->name, dev->path, unit);
	}
	return true;
}

static void step_over(struct lfile_io *io, long ret)
{
	bool nowait = io->iocb.ki_flags & IOCB_NOWAIT;

	if (ret > 0)
		io->moved += ret;

	if (io->moved == io->len)
		io->done(io, 0);
	else if (refused(io, &io->iocb, ret) || ret > 0 ||
		 nowait)		/* only a worker's failure counts */
		lfile_transfer_queue(io);
	else if (ret)
		io->done(io, ret);
	else				/* end of file, full without a word */
		io->done(io, io->write ? -EIO : -ENODATA);
}

/*
 * The submitter uses the file until write_iter() has returned, the completion
 * may come before that: the one that is last moves the command on.
 */
static bool last_turn(struct lfile_io *io)
{
	return atomic_dec_and_test(&io->turns);
}

static void aio_complete(struct kiocb *iocb, long ret)
{
	struct lfile_io *io = container_of(iocb, struct lfile_io, iocb);

	end_write(io);
	io->result = ret;
	if (last_turn(io))
		step_over(io, ret);
}

/* One call into the filesystem. */
static void step(struct lfile_io *io, bool nowait)
{
	struct file *file = io->dev->file;
	struct iov_iter iter;
	ssize_t ret;

	init_sync_kiocb(&io->iocb, file);
	io->iocb.ki_pos = io->pos + io->moved;
	if (nowait)
		io->iocb.ki_flags |= IOCB_NOWAIT;
	if (io->write)
		io->iocb.ki_flags |= IOCB_WRITE;
	atomic_set(&io->turns, 2);

	iov_iter_bvec(&iter, io->write ? ITER_SOURCE : ITER_DEST, io->bvec,
		      io->nents, io->len);
	iov_iter_advance(&iter, io->moved);
	choose_path(io, &io->iocb, &iter);
	if (io->iocb.ki_flags & IOCB_DIRECT)
		io->iocb.ki_complete = aio_complete;
	else if (nowait && !io->write)
		/* Readahead would wait for a request of a device that hangs. */
		io->iocb.ki_flags |= IOCB_NOIO;

	if ((io->buffered && nowait) || !start_write(io, nowait)) {
		lfile_transfer_queue(io);
		return;
	}
	/* Not vfs_iter_*(): those know no asynchronous freeze protection. */
	if (io->write)
		ret = file->f_op->write_iter(&io->iocb, &iter);
	else
		ret = file->f_op->read_iter(&io->iocb, &iter);

	if (ret == -EIOCBQUEUED) {
		if (last_turn(io))
			step_over(io, io->result);
		return;
	}
	end_write(io);
	step_over(io, ret);
}

static void worker(struct work_struct *work)
{
	struct lfile_io *io = container_of(work, struct lfile_io, work);
	int err;

	if (!io->bvec) {
		if (!lfile_inflight_enter(io, LFILE_BUSY))
			return;
		err = lfile_transfer_map(io, GFP_KERNEL);
		if (err) {
			io->done(io, err);
			return;
		}
	}
	if (!lfile_inflight_enter(io, LFILE_MOVING))
		return;
	/* It has waited: a write beyond a new end would hide that it is one. */
	if (lfile_intact_check(io))
		step(io, false);
	else
		io->done(io, -ENODATA);
}

static struct workqueue_struct *workers(const struct lfile_io *io)
{
	const struct lfile_dev *dev = io->dev;

	return io->write && dev->line.wq ? NULL : dev->io_wq;
}

/**
 * lfile_transfer_queue - move the data, or the rest, from a worker of the disk
 * @io: the record, with its range, and with sgl and nents or bvec and nents
 *
 * Context: any.
 */
void lfile_transfer_queue(struct lfile_io *io)
{
	INIT_WORK(&io->work, worker);
	io->wq = workers(io);
	lfile_inflight_enter(io, LFILE_IDLE);
}

/**
 * lfile_transfer_move_later - as lfile_transfer_move(), always in a worker
 * @io: the record, with sgl and nents or with bvec and nents
 *
 * Context: any.
 */
void lfile_transfer_move_later(struct lfile_io *io)
{
	lfile_inflight_start(io, worker, workers(io));
}

/**
 * lfile_transfer_move - move the data between scatterlist and file
 * @io: the record, with sgl and nents or with bvec and nents
 *
 * First waits for the range. Calls io->done() when all has moved or something
 * failed, from this context, from a worker or, with direct I/O, from an
 * interrupt. Does not sleep: what would sleep is left to a worker.
 *
 * Context: process.
 */
void lfile_transfer_move(struct lfile_io *io)
{
	struct lfile_dev *dev = io->dev;
	bool nowait = io->write ? dev->nowait_write : dev->nowait_read;

	if (nowait && io->len <= INLINE_MAX &&
	    !lfile_transfer_map(io, GFP_NOWAIT | __GFP_NOWARN)) {
		if (lfile_inflight_acquire(io, worker, workers(io)))
			step(io, true);
	} else {
		lfile_transfer_move_later(io);
	}
}

/**
 * lfile_transfer_sync - read or write, and wait
 * @io: the record, in stage LFILE_MOVING; says where in the file
 * @write: which
 * @at: first byte, in the range of the command
 * @bvec: memory
 * @nents: entries of @bvec
 * @skip: bytes to leave out at the beginning of @bvec
 * @len: bytes
 *
 * Context: process, sleeps.
 * Return: 0 or negative errno.
 */
int lfile_transfer_sync(struct lfile_io *io, bool write, u64 at,
			const struct bio_vec *bvec, u32 nents, u64 skip,
			u64 len)
{
	struct file *file = io->dev->file;
	struct iov_iter iter;
	struct kiocb iocb;
	ssize_t ret;
	u64 done;

	for (done = 0; done < len; done += ret) {
		iov_iter_bvec(&iter, write ? ITER_SOURCE : ITER_DEST, bvec,
			      nents, skip + len);
		iov_iter_advance(&iter, skip + done);
		init_sync_kiocb(&iocb, file);
		iocb.ki_pos = io->pos + at + done;
		choose_path(io, &iocb, &iter);
		if (write) {
			iocb.ki_flags |= IOCB_WRITE;
			if (!io->dev->is_block)
				kiocb_start_write(&iocb);
			ret = file->f_op->write_iter(&iocb, &iter);
			if (!io->dev->is_block)
				kiocb_end_write(&iocb);
		} else {
			ret = file->f_op->read_iter(&iocb, &iter);
		}
		if (refused(io, &iocb, ret)) {
			ret = 0;
			continue;
		}
		if (ret < 0)
			return ret;
		if (!ret)
			return write ? -EIO : -ENODATA;
	}
	return 0;
}
