// SPDX-License-Identifier: GPL-2.0
/*
 * A command in flight: its record, and the transfer of its data between the
 * command's scatterlist and the file.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/ratelimit.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/uio.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include <lunar_file.h>
#include "compat.h"
#include "inflight.h"
#include "status.h"

/*
 * A longer transfer is copied by a worker: the caller, a receive context, has
 * other connections or LUNs to serve. Covers all that ESXi sends but bulk
 * copies.
 */
#define INLINE_MAX	(256 * 1024)

static struct kmem_cache *io_cache;

/**
 * lfile_inflight_init - module wide set-up
 *
 * Return: 0 or -ENOMEM.
 */
int lfile_inflight_init(void)
{
	io_cache = kmem_cache_create("lfile_io", sizeof(struct lfile_io), 0, 0,
				     NULL);
	return io_cache ? 0 : -ENOMEM;
}

/**
 * lfile_inflight_exit - undo lfile_inflight_init()
 */
void lfile_inflight_exit(void)
{
	kmem_cache_destroy(io_cache);
}

/**
 * lfile_inflight_create_pool - make the pool of records of a disk
 * @dev: the disk; its io_pool is the caller's to destroy
 *
 * One pool for each disk, so that a hung one does not hold the records that
 * another needs when memory is short.
 *
 * Return: 0 or -ENOMEM.
 */
int lfile_inflight_create_pool(struct lfile_dev *dev)
{
	dev->io_pool = mempool_create_slab_pool(LUNAR_FILE_QUEUE_DEPTH,
						io_cache);
	return dev->io_pool ? 0 : -ENOMEM;
}

/**
 * lfile_inflight_create - set up what a disk knows of its commands in flight
 * @dev: the disk
 */
void lfile_inflight_create(struct lfile_dev *dev)
{
	spin_lock_init(&dev->range_lock);
	lfile_range_init(&dev->ranges);
}

/**
 * lfile_inflight_get - make the record of a command
 * @cmd: the command
 * @write: it changes the medium
 *
 * Position and length are those of a READ or WRITE; others set their own.
 *
 * Context: process. Sleeps only when memory is short and a whole queue depth
 * of this disk's commands is in flight, until one of them is answered.
 * Return: the record, never NULL. It ends in lfile_inflight_end() or _drop().
 */
struct lfile_io *lfile_inflight_get(struct se_cmd *cmd, bool write)
{
	struct lfile_dev *dev = to_lfile_dev(cmd->se_dev);
	struct lfile_io *io = mempool_alloc(dev->io_pool, GFP_NOIO);

	io->cmd = cmd;
	io->dev = dev;
	io->done = lfile_inflight_end;
	io->pos = lfile_inflight_offset(cmd, cmd->t_task_lba);
	io->len = cmd->data_length;
	io->moved = 0;
	io->write = write;
	/*
	 * Before the first byte is written: a writeback that fails from here
	 * on may be that of this command's data, whoever hears of it first.
	 */
	io->wb_seen = READ_ONCE(dev->wb_errors);
	io->ranged = false;
	io->spans = NULL;
	io->nspans = 0;
	io->sgl = NULL;
	io->nents = 0;
	io->bvec = NULL;
	return io;
}

/*
 * Take the range of a command. Returns false if another has it: then io->work
 * runs when that one ends, and the caller has no part in it any more.
 */
static bool acquire(struct lfile_io *io)
{
	struct lfile_dev *dev = io->dev;
	unsigned long flags;
	bool free;

	io->ranged = true;
	spin_lock_irqsave(&dev->range_lock, flags);
	free = lfile_range_acquire(&dev->ranges, &io->range, io->pos, io->len,
				   io->write);
	spin_unlock_irqrestore(&dev->range_lock, flags);
	return free;
}

/**
 * lfile_inflight_release - let others have the range of a command
 * @io: the record; its I/O is done, in the page cache or on the medium
 *
 * Before the flush that may follow: what lands now lands on top.
 *
 * Context: any.
 */
void lfile_inflight_release(struct lfile_io *io)
{
	struct lfile_dev *dev = io->dev;
	struct lfile_io *waiter;
	unsigned long flags;
	LIST_HEAD(ready);

	if (!io->ranged)
		return;
	io->ranged = false;
	spin_lock_irqsave(&dev->range_lock, flags);
	lfile_range_release(&dev->ranges, &io->range, &ready);
	while (!list_empty(&ready)) {
		waiter = list_first_entry(&ready, struct lfile_io, range.node);
		list_del_init(&waiter->range.node);
		queue_work(waiter->wq, &waiter->work);
	}
	spin_unlock_irqrestore(&dev->range_lock, flags);
}

/**
 * lfile_inflight_blocked - would a READ have to wait?
 * @dev: the disk
 * @pos: first byte
 * @len: bytes, not 0
 *
 * For a READ that takes no time: it needs no record.
 *
 * Context: any.
 * Return: whether something that overlaps and changes the medium is in flight.
 */
bool lfile_inflight_blocked(struct lfile_dev *dev, loff_t pos, u64 len)
{
	unsigned long flags;
	bool busy;

	if (RB_EMPTY_ROOT(&dev->ranges.changes.rb_root))
		return false;
	spin_lock_irqsave(&dev->range_lock, flags);
	busy = lfile_range_busy(&dev->ranges, pos, len);
	spin_unlock_irqrestore(&dev->range_lock, flags);
	return busy;
}

/**
 * lfile_inflight_drop - free the record of a command without answering it
 * @io: the record
 *
 * Context: any.
 */
void lfile_inflight_drop(struct lfile_io *io)
{
	lfile_inflight_release(io);
	if (io->bvec != io->inline_bvec)
		kvfree(io->bvec);
	kvfree(io->spans);
	mempool_free(io, io->dev->io_pool);
}

/**
 * lfile_inflight_end - answer the command and free its record
 * @io: the record
 * @err: 0 or negative errno
 *
 * Context: any; see lfile_status_complete().
 */
void lfile_inflight_end(struct lfile_io *io, int err)
{
	struct se_cmd *cmd = io->cmd;
	bool write = io->write;

	if (err)
		pr_err_ratelimited("%s: command %02x at byte %lld of %s failed: %pe\n",
				   io->dev->name, cmd->t_task_cdb[0], io->pos,
				   io->dev->path, ERR_PTR(err));
	lfile_inflight_drop(io);
	lfile_status_complete(cmd, err, write);
}

/**
 * lfile_inflight_intact - is the file still there where the command goes?
 * @io: record with its position and length
 *
 * The file had at least the size of the disk when the disk was enabled. What
 * lies beyond a smaller size seen since is lost: it is neither read as zeros
 * nor written over, even when the file has grown again. The way back is to
 * set up the disk anew. A command that meets a truncation in progress may be
 * the last to get through.
 *
 * Context: process.
 * Return: false if some of the range is lost.
 */
bool lfile_inflight_intact(struct lfile_io *io)
{
	struct lfile_dev *dev = io->dev;
	u64 size;

	if (dev->is_block)
		return true;

	size = i_size_read(dev->inode);
	if (unlikely(size < READ_ONCE(dev->intact))) {
		spin_lock(&dev->wb_lock);
		if (size < dev->intact) {
			pr_err("%s: %s was truncated to %llu bytes under the disk of %llu bytes: what lies beyond fails from now on\n",
			       dev->name, dev->path, size, dev->size);
			WRITE_ONCE(dev->intact, size);
		}
		spin_unlock(&dev->wb_lock);
	}
	return io->pos + io->len <= READ_ONCE(dev->intact);
}

static int map_sgl(struct lfile_io *io, gfp_t gfp)
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

static void step_over(struct lfile_io *io, long ret)
{
	bool nowait = io->iocb.ki_flags & IOCB_NOWAIT;

	if (ret > 0)
		io->moved += ret;

	if (io->moved == io->len)
		io->done(io, 0);
	else if (ret > 0 || nowait)	/* only a worker's failure counts */
		lfile_inflight_queue(io);
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
	/* Core's COMPARE AND WRITE must not fail in an interrupt: status.c. */
	if (io->dev->direct && !io->cmd->transport_complete_callback)
		io->iocb.ki_complete = aio_complete;
	atomic_set(&io->turns, 2);

	iov_iter_bvec(&iter, io->write ? ITER_SOURCE : ITER_DEST, io->bvec,
		      io->nents, io->len);
	iov_iter_advance(&iter, io->moved);

	if (!start_write(io, nowait)) {
		lfile_inflight_queue(io);
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
	int err = map_sgl(io, GFP_KERNEL);

	if (err)
		io->done(io, err);
	else
		step(io, false);
}

/**
 * lfile_inflight_start - run a command in a worker, when its range is free
 * @io: the record, its position and length set
 * @func: the worker's function
 * @wq: where
 *
 * Context: any.
 */
void lfile_inflight_start(struct lfile_io *io, work_func_t func,
			  struct workqueue_struct *wq)
{
	INIT_WORK(&io->work, func);
	io->wq = wq;
	if (acquire(io))
		queue_work(wq, &io->work);
}

/**
 * lfile_inflight_move_later - as lfile_inflight_move(), always in a worker
 * @io: the record, with sgl and nents or with bvec and nents
 *
 * Context: any.
 */
void lfile_inflight_move_later(struct lfile_io *io)
{
	lfile_inflight_start(io, worker, io->dev->io_wq);
}

/**
 * lfile_inflight_queue - move the data from a worker of the disk
 * @io: the record, with its range, and with sgl and nents or bvec and nents
 *
 * Context: any.
 */
void lfile_inflight_queue(struct lfile_io *io)
{
	INIT_WORK(&io->work, worker);
	queue_work(io->dev->io_wq, &io->work);
}

/**
 * lfile_inflight_move - move the data between scatterlist and file
 * @io: the record, with sgl and nents or with bvec and nents
 *
 * First waits for the range. Calls io->done() when all has moved or something
 * failed, from this context, from a worker or, with direct I/O, from an
 * interrupt. Does not sleep: what would sleep is left to a worker.
 *
 * Context: process.
 */
void lfile_inflight_move(struct lfile_io *io)
{
	struct lfile_dev *dev = io->dev;
	bool nowait = io->write ? dev->nowait_write : dev->nowait_read;

	INIT_WORK(&io->work, worker);
	io->wq = dev->io_wq;
	if (!acquire(io))
		return;
	if (nowait && io->len <= INLINE_MAX &&
	    !map_sgl(io, GFP_NOWAIT | __GFP_NOWARN))
		step(io, true);
	else
		queue_work(io->wq, &io->work);
}

static void defer_worker(struct work_struct *work)
{
	struct lfile_io *io = container_of(work, struct lfile_io, work);
	struct se_cmd *cmd = io->cmd;
	sense_reason_t (*execute)(struct se_cmd *cmd) = cmd->priv;
	sense_reason_t ret;

	lfile_inflight_drop(io);
	ret = execute(cmd);
	if (ret)
		target_complete_cmd_with_sense(cmd, SAM_STAT_CHECK_CONDITION,
					       ret);
}

/**
 * lfile_inflight_defer - run target core's own execute function in a worker
 * @cmd: the command, the function in priv
 * @wq: where
 *
 * Context: process.
 */
void lfile_inflight_defer(struct se_cmd *cmd, struct workqueue_struct *wq)
{
	struct lfile_io *io = lfile_inflight_get(cmd, true);

	INIT_WORK(&io->work, defer_worker);
	queue_work(wq, &io->work);
}
