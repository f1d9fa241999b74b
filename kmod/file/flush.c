// SPDX-License-Identifier: GPL-2.0
/*
 * Stable storage: group commit, SYNCHRONIZE CACHE, failed writeback.
 *
 * Commands whose data must be stable join the batch that forms. One flusher
 * for each disk takes the batch, calls fsync once, and answers all of it;
 * meanwhile the next batch forms. So a command is only answered by an fsync
 * that started after its data had reached the page cache, and depth 32 costs
 * one flush.
 *
 * Failed writeback. The kernel reports it once to an open file and then takes
 * the page for clean. With one file for all commands the one report may come
 * to somebody else: to the batch before ours, whose fsync wrote our page too,
 * or to a write that looked in passing. So each report advances wb_errors, and
 * a command that began before the report fails with it, for its data may be
 * what was lost. What was answered GOOD from the write cache before cannot be
 * failed any more: from then on SYNCHRONIZE CACHE fails, until the disk is set
 * up anew; no later fsync can bring that data back.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/ktime.h>
#include <linux/pagemap.h>
#include <linux/wait.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include "flush.h"
#include "inflight.h"
#include "stable.h"

/* For how long a flush waits for more commands at most, and if it takes how long. */
#define GATHER_MAX_NS	(2ull * NSEC_PER_MSEC)
#define GATHER_MIN_NS	(100ull * NSEC_PER_USEC)

/* Flushes that do not, after one that did so in vain. */
#define GATHER_PAUSE	16

/*
 * Shared by all disks: a disk has at most one item in it, so one that hangs
 * holds up no other.
 */
static struct workqueue_struct *flush_wq;

/**
 * lfile_flush_init - module wide set-up
 *
 * Return: 0 or -ENOMEM.
 */
int lfile_flush_init(void)
{
	flush_wq = alloc_workqueue("lfile-flush", WQ_UNBOUND, 0);
	return flush_wq ? 0 : -ENOMEM;
}

/**
 * lfile_flush_exit - undo lfile_flush_init()
 */
void lfile_flush_exit(void)
{
	destroy_workqueue(flush_wq);
}

/* What else a file has to report. No space is the better reason: it can be mended. */
static int take_report(struct file *file, int err)
{
	return file_check_and_advance_wb_err(file) == -ENOSPC ? -ENOSPC : err;
}

/*
 * Take note of a report, under wb_lock together with the call that fetched it
 * or after the fsync that returned it.
 */
static void note_error(struct lfile_dev *dev, int err)
{
	lockdep_assert_held(&dev->wb_lock);

	/* Neither file is to report it again, to one whom it does not concern. */
	err = take_report(dev->file, err);
	if (dev->alone)
		err = take_report(dev->alone, err);
	WRITE_ONCE(dev->wb_error, err);
	/* Pairs with smp_load_acquire() in check_writeback(): the error first. */
	smp_store_release(&dev->wb_errors, dev->wb_errors + 1);
	/* Pairs with smp_mb() there: it sees the report, or we that it cached. */
	smp_mb();
	pr_err_ratelimited("%s: writeback to %s failed: %pe\n", dev->name,
			   dev->path, ERR_PTR(err));
	if (READ_ONCE(dev->cached) && !dev->lost) {
		WRITE_ONCE(dev->lost, err);
		pr_err("%s: writes answered from the write cache may be lost: SYNCHRONIZE CACHE fails until the disk is set up anew\n",
		       dev->name);
	}
}

/* What the fsync that just ended with @err means for a command of its batch. */
static int outcome(struct lfile_io *io, int err)
{
	struct lfile_dev *dev = io->dev;

	lockdep_assert_held(&dev->wb_lock);

	if (!err && dev->wb_errors != io->wb_seen)
		err = dev->wb_error;
	if (!err && !io->len)		/* SYNCHRONIZE CACHE */
		err = dev->lost;
	return err;
}

/*
 * Pages beside direct I/O may be older than what is on the disk, and UNMAP has none in
 * what may be all of the disk.
 */
static bool has_written_pages(const struct lfile_io *io)
{
	return io->len && !io->spans && (io->buffered || !io->dev->direct);
}

/* The error of a flush is that of all its batch, and so is the reason. */
static int reason(struct lfile_dev *dev, const struct list_head *batch, int err)
{
	struct lfile_io *io;

	if (err == -EIO && dev->is_block)
		list_for_each_entry(io, batch, node)
			if (has_written_pages(io) &&
			    lfile_stable_no_space(dev, io->pos, io->len))
				return -ENOSPC;
	return err;
}

/*
 * A queue of commands would fall into two batches that take turns, each waiting for
 * the flush of the other. So those that the flush before has answered get a moment
 * to come back: half of what a flush takes. If they do not, who waits here has
 * waited in vain, and the next flushes start at once.
 */
static void gather(struct lfile_dev *dev)
{
	ktime_t patience = min(dev->flush_took / 2, GATHER_MAX_NS);

	if (dev->flush_took < GATHER_MIN_NS)
		return;
	if (dev->flush_alone) {
		dev->flush_alone--;
		return;
	}
	if (wait_event_hrtimeout(dev->flush_wait, READ_ONCE(dev->flush_count) >=
				 READ_ONCE(dev->flush_wanted), patience))
		dev->flush_alone = GATHER_PAUSE;
}

/* The fsync of a batch has returned @err. */
static void answer(struct lfile_dev *dev, struct list_head *batch, int err)
{
	struct lfile_io *io, *next;

	if (err) {
		err = reason(dev, batch, err);
		spin_lock(&dev->wb_lock);
		note_error(dev, err);
		spin_unlock(&dev->wb_lock);
	}

	list_for_each_entry_safe(io, next, batch, node) {
		int ret;

		spin_lock(&dev->wb_lock);
		ret = outcome(io, err);
		spin_unlock(&dev->wb_lock);

		list_del(&io->node);
		io->done(io, ret);
	}
}

static void flush_worker(struct work_struct *work)
{
	struct lfile_dev *dev = container_of(work, struct lfile_dev, flush_work);
	loff_t start, end;
	u32 count;
	LIST_HEAD(batch);
	u64 begin;
	int err;

	gather(dev);
	spin_lock_irq(&dev->flush_lock);
	list_splice_init(&dev->flush_pending, &batch);
	count = dev->flush_count;
	dev->flush_count = 0;
	dev->flush_wanted = 0;
	start = dev->flush_start;
	end = dev->flush_end;
	dev->flush_start = LLONG_MAX;
	dev->flush_end = 0;
	spin_unlock_irq(&dev->flush_lock);

	if (start > end)
		return;

	begin = ktime_get_ns();
	err = vfs_fsync_range(dev->file, start, end, 1) ?: lfile_stable_check(dev);
	dev->flush_took = ktime_get_ns() - begin;
	spin_lock_irq(&dev->flush_lock);
	dev->flush_wanted = count + dev->flush_count;
	spin_unlock_irq(&dev->flush_lock);
	answer(dev, &batch, err);
}

static void request(struct lfile_dev *dev, struct lfile_io *io, loff_t start,
		    loff_t end)
{
	unsigned long flags;

	spin_lock_irqsave(&dev->flush_lock, flags);
	if (io) {
		list_add_tail(&io->node, &dev->flush_pending);
		if (++dev->flush_count == dev->flush_wanted)
			wake_up(&dev->flush_wait);
	}
	dev->flush_start = min(dev->flush_start, start);
	dev->flush_end = max(dev->flush_end, end);
	/* Inside the lock: the batch may be gone, and the disk, outside. */
	queue_work(flush_wq, &dev->flush_work);
	spin_unlock_irqrestore(&dev->flush_lock, flags);
}

/**
 * lfile_flush_create - set up the flush state of a disk
 * @dev: the disk, its file not open yet
 */
void lfile_flush_create(struct lfile_dev *dev)
{
	spin_lock_init(&dev->flush_lock);
	spin_lock_init(&dev->wb_lock);
	INIT_LIST_HEAD(&dev->flush_pending);
	init_waitqueue_head(&dev->flush_wait);
	INIT_WORK(&dev->flush_work, flush_worker);
	mutex_init(&dev->alone_lock);
	dev->flush_start = LLONG_MAX;
	dev->flush_end = 0;
}

/**
 * lfile_flush_destroy - wait for the flusher of a disk without commands
 * @dev: the disk
 *
 * A SYNCHRONIZE CACHE with IMMED leaves a flush behind that no command waits
 * for. Context: may sleep, as long as fsync does.
 */
void lfile_flush_destroy(struct lfile_dev *dev)
{
	flush_work(&dev->flush_work);
}

/*
 * Before a command is answered from the cache: take note if a write was lost, as a
 * flush would. If somebody has done that since the command began, it may be this
 * one's that was lost.
 */
static int check_writeback(struct lfile_io *io)
{
	struct lfile_dev *dev = io->dev;
	int err = 0;

	if (!READ_ONCE(dev->cached))
		WRITE_ONCE(dev->cached, true);
	smp_mb();		/* pairs with note_error() */
	/* Pairs with note_error(). */
	if (smp_load_acquire(&dev->wb_errors) != io->wb_seen)
		return READ_ONCE(dev->wb_error);
	if (dev->direct && !io->buffered) /* nothing in the page cache */
		return 0;
	if (filemap_check_wb_err(dev->file->f_mapping,
				 READ_ONCE(dev->file->f_wb_err))) {
		/* The flusher must not see the one without the other. */
		spin_lock(&dev->wb_lock);
		err = file_check_and_advance_wb_err(dev->file);
		if (err)
			note_error(dev, err);
		else if (dev->wb_errors != io->wb_seen)
			err = dev->wb_error;	/* somebody was faster */
		spin_unlock(&dev->wb_lock);
	}
	return err;
}

/* nv_cache=1: nothing to wait for, but a loss is owned up to. */
static void answer_now(struct lfile_io *io)
{
	int err = check_writeback(io);

	if (!err && !io->len)		/* SYNCHRONIZE CACHE */
		err = READ_ONCE(io->dev->lost);
	io->done(io, err);
}

/**
 * lfile_flush_join - make a command wait for the next flush
 * @io: its record, all data written; done() is called with the outcome
 *
 * With the write cache off everything is flushed: that is little more than
 * what waits here, and it takes along what was written before somebody turned
 * the cache off. With the cache on it is the range of the command.
 *
 * With nv_cache=1 there is no flush, and done() is called from here.
 *
 * Context: any for direct I/O or without nv_cache=1, else process.
 */
void lfile_flush_join(struct lfile_io *io)
{
	lfile_inflight_settle(io);
	if (io->dev->nv_cache)
		answer_now(io);
	else if (io->dev->se_dev.dev_attrib.emulate_write_cache && io->len)
		request(io->dev, io, io->pos, io->pos + io->len - 1);
	else
		request(io->dev, io, 0, LLONG_MAX);
}

/* Whether a command that has changed the medium may be answered from the cache. */
static bool is_cached(const struct lfile_io *io)
{
	return io->dev->se_dev.dev_attrib.emulate_write_cache && !io->fua;
}

/**
 * lfile_flush_change - go on with a record that has changed the medium
 * @io: the record; done() is called with the outcome
 * @err: 0, or what went wrong
 *
 * At once if the write cache is on and the command has no FUA bit, else when
 * flushed. ESXi and others never flush: an error of the background writeback
 * comes out here, with the first write that can carry it.
 *
 * Context: any for direct I/O, else process.
 */
void lfile_flush_change(struct lfile_io *io, int err)
{
	if (!err && !is_cached(io)) {
		lfile_flush_join(io);
		return;
	}
	if (!err)
		err = check_writeback(io);
	io->done(io, err);
}

/**
 * lfile_flush_end - answer a command that has changed the medium
 * @io: its record
 * @err: 0, or what went wrong
 *
 * When lfile_flush_change() says so.
 *
 * Context: any for direct I/O, else process.
 */
void lfile_flush_end(struct lfile_io *io, int err)
{
	io->done = lfile_inflight_end;
	lfile_flush_change(io, err);
}

/**
 * lfile_flush_end_alone - the same, not after what others have written
 * @io: its record
 * @err: 0, or what went wrong
 *
 * A batch flushes all that is in the page cache, which takes as long as the bulk data
 * of others does: too long for a lock of a cluster filesystem. Here the fsync is of the
 * range of the command, where that is worth it: see open_alone().
 *
 * By a file of its own, for a report of failed writeback must not go past the flusher
 * before it has been taken note of. And one at a time for the same reason: what was lost
 * may be the next one's.
 *
 * Context: process, may sleep as long as fsync does.
 */
void lfile_flush_end_alone(struct lfile_io *io, int err)
{
	struct lfile_dev *dev = io->dev;
	LIST_HEAD(batch);

	if (err || is_cached(io) || dev->nv_cache || !dev->alone) {
		lfile_flush_end(io, err);
		return;
	}
	io->done = lfile_inflight_end;
	lfile_inflight_settle(io);
	list_add(&io->node, &batch);
	mutex_lock(&dev->alone_lock);
	err = vfs_fsync_range(dev->alone, io->pos, io->pos + io->len - 1, 1) ?:
		      lfile_stable_check(dev);
	answer(dev, &batch, err);
	mutex_unlock(&dev->alone_lock);
}

/**
 * lfile_flush_all - flush everything, then answer
 * @cmd: the command
 *
 * Context: process, does not sleep on I/O.
 */
void lfile_flush_all(struct se_cmd *cmd)
{
	struct lfile_io *io = lfile_inflight_get(cmd, true);

	io->pos = 0;
	io->len = 0;
	lfile_flush_join(io);
}

/**
 * lfile_flush_request - flush everything, whatever the mode of the disk
 * @io: a record with len 0; done() is called by the flusher. wb_seen says since
 *	when it has to hear of failed writeback.
 *
 * Context: any.
 */
void lfile_flush_request(struct lfile_io *io)
{
	request(io->dev, io, 0, LLONG_MAX);
}

/**
 * lfile_flush_execute - SYNCHRONIZE CACHE(10), (16)
 * @cmd: the command
 *
 * Flushes everything, which includes the range of the command (SBC-4 5.35).
 * With IMMED the answer does not wait; if the flush fails, and has data to lose
 * that was answered before, the next SYNCHRONIZE CACHE tells.
 *
 * Context: process, does not sleep on I/O.
 * Return: 0.
 */
sense_reason_t lfile_flush_execute(struct se_cmd *cmd)
{
	struct lfile_dev *dev = to_lfile_dev(cmd->se_dev);

	if (cmd->t_task_cdb[1] & 0x02) {
		if (!dev->nv_cache)
			request(dev, NULL, 0, LLONG_MAX);
		target_complete_cmd(cmd, SAM_STAT_GOOD);
		return 0;
	}
	lfile_flush_all(cmd);
	return 0;
}
