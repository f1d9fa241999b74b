// SPDX-License-Identifier: GPL-2.0
/*
 * A command in flight: its record, its byte range, and what an abort does.
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
#include "backend.h"
#include "compat.h"
#include "inflight.h"
#include "status.h"

/*
 * What commands that were given up may keep of memory on one disk: a queue depth
 * of 1 MiB each. Beyond that an abort waits for the filesystem.
 */
#define ORPHANS_MAX		1024
#define ORPHAN_BYTES_MAX	(LUNAR_FILE_QUEUE_DEPTH * 1048576ull)

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
	init_waitqueue_head(&dev->orphan_wait);
}

/**
 * lfile_inflight_drain - wait for what was given up
 * @dev: the disk; it gets no commands any more
 *
 * Context: may sleep, as long as the filesystem hangs.
 */
void lfile_inflight_drain(struct lfile_dev *dev)
{
	spin_lock_irq(&dev->range_lock);
	if (dev->orphans || dev->visitors)
		pr_warn("%s: removal waits for %s to end the I/O of %u aborted commands\n",
			dev->name, dev->path, dev->orphans + dev->visitors);
	wait_event_lock_irq(dev->orphan_wait, !dev->orphans && !dev->visitors,
			    dev->range_lock);
	spin_unlock_irq(&dev->range_lock);
}

/* Has the command pages that its fabric may use for something else after it? */
static bool is_foreign(struct se_cmd *cmd)
{
	struct lunar_loan *loan;

	if (!(cmd->se_cmd_flags & SCF_PASSTHROUGH_SG_TO_MEM_NOALLOC))
		return false;
	loan = lunar_backend_loan(cmd);
	return !loan || !loan->sgl;
}

/**
 * lfile_inflight_get - make the record of a command
 * @cmd: the command
 * @write: it changes the medium
 *
 * Position and length are those of a READ or WRITE; others set their own. From
 * here on an abort finds the record, in stage LFILE_BUSY.
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
	io->stage = LFILE_BUSY;
	io->orphan = false;
	io->holds = false;
	io->foreign = is_foreign(cmd);
	io->opcode = cmd->t_task_cdb[0];
	io->fua = cmd->se_cmd_flags & SCF_FUA;
	io->done = lfile_inflight_end;
	io->pos = lfile_inflight_offset(cmd, cmd->t_task_lba);
	io->len = cmd->data_length;
	io->moved = 0;
	io->write = write;
	io->buffered = false;
	/*
	 * Before the first byte is written: a writeback that fails from here
	 * on may be that of this command's data, whoever hears of it first.
	 */
	io->wb_seen = READ_ONCE(dev->wb_errors);
	io->ranged = false;
	io->keeps_range = false;
	io->spans = NULL;
	io->nspans = 0;
	io->block = NULL;
	io->whole = NULL;
	atomic_set(&io->missing, 0);
	io->from = NULL;
	io->to = NULL;
	io->sgl = NULL;
	io->nents = 0;
	io->bvec = NULL;
	/* Pairs with lfile_inflight_abort(): the record is all there. */
	smp_store_release(&cmd->priv, io);
	return io;
}

/* WRITE SAME has one page as often as it takes. */
static u64 bytes_held(const struct lfile_io *io)
{
	return io->block ? PAGE_SIZE : io->len;
}

/* The pages of a command go with it, be they target core's or lent. */
static void hold_pages(struct lfile_io *io)
{
	u32 i;

	for (i = 0; i < io->nents; i++)
		get_page(io->bvec[i].bv_page);
	io->holds = true;
}

/**
 * lfile_inflight_forget - an orphan has gone
 * @dev: the disk, which may go as soon as this returns
 * @bytes: what it kept
 *
 * Context: any.
 */
void lfile_inflight_forget(struct lfile_dev *dev, u64 bytes)
{
	unsigned long flags;

	spin_lock_irqsave(&dev->range_lock, flags);
	dev->orphan_bytes -= bytes;
	if (!--dev->orphans)
		wake_up(&dev->orphan_wait);
	spin_unlock_irqrestore(&dev->range_lock, flags);
}

/* The last that is done with a record. Not under a lock. */
static void free_io(struct lfile_io *io)
{
	struct lfile_dev *dev = io->dev;
	bool orphan = io->orphan;
	u64 bytes = 0;
	u32 i;

	if (io->holds) {
		for (i = 0; i < io->nents; i++)
			put_page(io->bvec[i].bv_page);
		bytes = bytes_held(io);
	}
	if (io->bvec != io->inline_bvec)
		kvfree(io->bvec);
	kvfree(io->spans);
	if (io->block)
		put_page(io->block);
	mempool_free(io, dev->io_pool);
	if (orphan)
		lfile_inflight_forget(dev, bytes);
}

/* Have a worker go on with the command. */
static void queue(struct lfile_io *io)
{
	lockdep_assert_held(&io->dev->range_lock);

	if (io->wq)
		queue_work(io->wq, &io->work);
	else
		lfile_line_add(&io->dev->line, &io->work);
}

/*
 * A range is free. One of several: when it is the last, unless the command was given
 * up meanwhile.
 */
static void granted(struct lfile_io *io)
{
	struct lfile_io *whole = io->whole;

	if (!whole)
		queue(io);
	else if (!atomic_dec_if_positive(&whole->missing))
		queue_work(whole->wq, &whole->work);
}

/* Returns whether no worker has it yet, and none will. */
static bool unqueue(struct lfile_io *io)
{
	lockdep_assert_held(&io->dev->range_lock);

	return io->wq ? cancel_work(&io->work) :
			lfile_line_cancel(&io->dev->line, &io->work);
}

/*
 * Let others have the range, or no longer wait for it. Before the flush that
 * may follow: what lands now lands on top.
 */
static void release(struct lfile_io *io)
{
	struct lfile_io *waiter;
	LIST_HEAD(ready);

	lockdep_assert_held(&io->dev->range_lock);

	if (!io->ranged)
		return;
	io->ranged = false;
	lfile_range_release(&io->dev->ranges, &io->range, &ready);
	while (!list_empty(&ready)) {
		waiter = list_first_entry(&ready, struct lfile_io, range.node);
		list_del_init(&waiter->range.node);
		granted(waiter);
	}
}

/* Part the command from its record. Returns it, NULL if it has gone before. */
static struct se_cmd *take_cmd(struct lfile_io *io)
{
	struct se_cmd *cmd = io->cmd;

	lockdep_assert_held(&io->dev->range_lock);

	if (cmd)
		cmd->priv = NULL;
	io->cmd = NULL;
	return cmd;
}

/* Whoever aborts has marked the command before he takes the lock. */
static bool is_aborted(const struct lfile_io *io)
{
	lockdep_assert_held(&io->dev->range_lock);

	return io->cmd &&
	       (READ_ONCE(io->cmd->transport_state) & CMD_T_ABORTED);
}

/*
 * The same if the command was aborted while its owner was busy with it. The caller
 * answers it.
 */
static struct se_cmd *take_aborted(struct lfile_io *io)
{
	return is_aborted(io) ? take_cmd(io) : NULL;
}

/* Target core knows that it is aborted; the status does not matter. */
static void answer_aborted(struct se_cmd *cmd)
{
	if (cmd)
		target_complete_cmd(cmd, SAM_STAT_TASK_ABORTED);
}

static struct se_cmd *drop(struct lfile_io *io)
{
	struct lfile_dev *dev = io->dev;
	struct se_cmd *cmd;
	unsigned long flags;

	spin_lock_irqsave(&dev->range_lock, flags);
	release(io);
	cmd = take_cmd(io);
	spin_unlock_irqrestore(&dev->range_lock, flags);
	free_io(io);
	return cmd;
}

/**
 * lfile_inflight_drop - free the record of a command without answering it
 * @io: the record, in stage LFILE_BUSY
 *
 * Context: any.
 */
void lfile_inflight_drop(struct lfile_io *io)
{
	drop(io);
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
	bool write = io->write;
	struct se_cmd *cmd;

	if (err)
		pr_err_ratelimited("%s: command %02x at byte %lld of %s failed: %pe\n",
				   io->dev->name, io->opcode, io->pos,
				   io->dev->path, ERR_PTR(err));
	cmd = drop(io);
	if (cmd)
		lfile_status_complete(cmd, err, write);
}

/**
 * lfile_inflight_end_miscompare - answer a command that found other data
 * @io: the record
 * @offset: of the first byte that differs
 *
 * Context: any.
 */
void lfile_inflight_end_miscompare(struct lfile_io *io, u64 offset)
{
	struct se_cmd *cmd = drop(io);

	if (cmd)
		lfile_status_miscompare(cmd, offset);
}

/*
 * Take the range of a command. Returns true if the caller goes on, in stage
 * LFILE_MOVING; else @func does, at once if @later, or when the range is free,
 * and the caller has no part in it any more.
 */
static bool acquire(struct lfile_io *io, work_func_t func,
		    struct workqueue_struct *wq, bool later)
{
	struct lfile_dev *dev = io->dev;
	struct se_cmd *aborted;
	unsigned long flags;
	bool go_on = false, gone;

	INIT_WORK(&io->work, func);
	io->wq = wq;
	spin_lock_irqsave(&dev->range_lock, flags);
	aborted = take_aborted(io);
	gone = !io->cmd;
	if (!gone) {
		io->stage = LFILE_IDLE;
		io->ranged = true;
		if (lfile_range_acquire(&dev->ranges, &io->range, io->pos,
					io->len, io->write ?
					LFILE_RANGE_CHANGE :
					LFILE_RANGE_READ)) {
			if (later)
				queue(io);
			else
				io->stage = LFILE_MOVING;
			go_on = !later;
		}
	}
	spin_unlock_irqrestore(&dev->range_lock, flags);

	if (gone) {
		free_io(io);
		answer_aborted(aborted);
	}
	return go_on;
}

/**
 * lfile_inflight_enter - go on with a command that has waited, or was busy
 * @io: the record
 * @stage: what comes next; with LFILE_IDLE io->work is queued, under the lock
 *	   that an abort takes to cancel it: cancel_work() of work that is just
 *	   being queued may have it queued nowhere
 *
 * Context: any.
 * Return: false if it was aborted: the record is gone. After LFILE_IDLE the
 * caller has no part in it either way.
 */
bool lfile_inflight_enter(struct lfile_io *io, enum lfile_stage stage)
{
	struct lfile_dev *dev = io->dev;
	struct se_cmd *aborted;
	unsigned long flags;
	bool gone;

	spin_lock_irqsave(&dev->range_lock, flags);
	aborted = take_aborted(io);
	gone = !io->cmd;
	io->stage = stage;
	if (gone)
		release(io);
	else if (stage == LFILE_IDLE)
		queue(io);
	spin_unlock_irqrestore(&dev->range_lock, flags);

	if (gone) {
		free_io(io);
		answer_aborted(aborted);
	}
	return !gone;
}

/**
 * lfile_inflight_given_up - has an abort taken the command?
 * @io: the record, in stage LFILE_MOVING
 *
 * Context: any.
 * Return: whether it has; if not, it may at any time.
 */
bool lfile_inflight_given_up(struct lfile_io *io)
{
	return !READ_ONCE(io->cmd);
}

/**
 * lfile_inflight_settle - the data of a command has moved, it only waits now
 * @io: the record
 *
 * Gives its range away, unless it goes on with what it has written. A command that
 * is given up from here on has taken effect.
 *
 * Context: any.
 */
void lfile_inflight_settle(struct lfile_io *io)
{
	struct lfile_dev *dev = io->dev;
	struct se_cmd *aborted;
	unsigned long flags;

	spin_lock_irqsave(&dev->range_lock, flags);
	io->from = NULL;
	io->to = NULL;
	aborted = take_aborted(io);
	if (!io->keeps_range || !io->cmd)
		release(io);
	io->stage = LFILE_IDLE;
	if (aborted) {
		io->orphan = true;
		dev->orphans++;
	}
	spin_unlock_irqrestore(&dev->range_lock, flags);
	answer_aborted(aborted);
}

/*
 * Can the command be parted from its record now? Says in *unused whether nobody
 * else will come along to free the record.
 */
static bool can_give_up(struct lfile_io *io, bool *unused)
{
	struct lfile_dev *dev = io->dev;

	lockdep_assert_held(&dev->range_lock);

	*unused = false;
	if (io->stage == LFILE_BUSY)
		return false;
	if (io->stage == LFILE_IDLE) {
		/* It waits for its range, or in a workqueue; or in a batch. */
		*unused = io->ranged && (!list_empty(&io->range.node) ||
					 unqueue(io));
		return *unused || dev->orphans < ORPHANS_MAX;
	}
	return dev->orphans < ORPHANS_MAX &&
	       (!io->bvec ||
		(!io->foreign &&
		 dev->orphan_bytes + bytes_held(io) <= ORPHAN_BYTES_MAX));
}

/* The disk of a pair of ranges that is not the command's own, if there is one. */
static struct lfile_dev *other_disk(const struct lfile_io *io)
{
	struct lfile_dev *dev;

	if (!io->from)
		return NULL;
	dev = io->from->dev == io->dev ? io->to->dev : io->from->dev;
	return dev == io->dev ? NULL : dev;
}

static void unlock_other(struct lfile_dev *other)
	__releases(&other->range_lock)
{
	if (other)
		spin_unlock(&other->range_lock);
	else
		__release(other);
}

/**
 * lfile_inflight_abort - target core aborts a command
 * @dev: the disk
 * @cmd: the command, marked CMD_T_ABORTED, with a reference
 *
 * Target core waits for the command afterwards. If it waits here for something it
 * never takes effect. If its I/O is under way that goes on without it: the
 * record becomes an orphan, which keeps the pages and the range until it ends.
 * There is a limit for orphans; one more has to be waited for, and so has one
 * whose pages are the fabric's (tcm_loop), which would use them for other things.
 *
 * Context: any.
 */
void lfile_inflight_abort(struct lfile_dev *dev, struct se_cmd *cmd)
{
	struct lfile_dev *other;
	unsigned long flags;
	struct lfile_io *io;
	bool unused = false;

again:
	spin_lock_irqsave(&dev->range_lock, flags);
	/* Pairs with lfile_inflight_get(), which has no lock. */
	io = smp_load_acquire(&cmd->priv);
	other = io ? other_disk(io) : NULL;
	/* The order is that of addresses, but which it is only the own lock tells. */
	if (!other) {
		__acquire(other);
	} else if (!spin_trylock(&other->range_lock)) {
		spin_unlock_irqrestore(&dev->range_lock, flags);
		cpu_relax();
		goto again;
	}
	if (!io || !can_give_up(io, &unused)) {
		unlock_other(other);
		spin_unlock_irqrestore(&dev->range_lock, flags);
		return;
	}
	take_cmd(io);
	if (io->stage == LFILE_MOVING && io->bvec) {
		hold_pages(io);
		dev->orphan_bytes += bytes_held(io);
	}
	if (io->stage == LFILE_IDLE) {
		release(io);
		if (io->to)
			release(io->to);
		/* Only to free what it has. */
		if (atomic_xchg(&io->missing, 0))
			queue_work(io->wq, &io->work);
	}
	/* What it has read from there is of no use any more. */
	if (io->from)
		release(io->from);
	if (!unused) {
		io->orphan = true;
		dev->orphans++;
	}
	unlock_other(other);
	spin_unlock_irqrestore(&dev->range_lock, flags);

	if (unused)
		free_io(io);
	answer_aborted(cmd);
}

/**
 * lfile_inflight_start - run a command in a worker, when its range is free
 * @io: the record, in stage LFILE_BUSY, its position and length set
 * @func: the worker's function; begins with lfile_inflight_enter()
 * @wq: where; NULL: in the line of the disk's writes
 *
 * Context: any.
 */
void lfile_inflight_start(struct lfile_io *io, work_func_t func,
			  struct workqueue_struct *wq)
{
	acquire(io, func, wq, true);
}

/* Returns whether the part has its range, or else waits for it. */
static bool take_part(struct lfile_io *whole, struct lfile_io *part,
		      enum lfile_range_kind kind)
{
	lockdep_assert_held(&part->dev->range_lock);

	part->whole = whole;
	part->ranged = true;
	return lfile_range_acquire(&part->dev->ranges, &part->range, part->pos,
				   part->len, kind);
}

/**
 * lfile_inflight_start_pair - run a command in a worker, when two ranges are free
 * @io: the record, in stage LFILE_BUSY or LFILE_MOVING; it has no range itself
 * @from: what must not change meanwhile: a record without a command, zeroed but for
 *	  dev, pos and len
 * @to: what the command changes: another one. They do not overlap, and one of them is
 *	on the disk of @io.
 * @func: the worker's function; begins with lfile_inflight_enter()
 * @wq: where
 *
 * Both arrive at one and the same moment, so that of two such commands the later one
 * waits for the earlier one on either disk, and never the other way round.
 *
 * Context: process.
 */
void lfile_inflight_start_pair(struct lfile_io *io, struct lfile_io *from,
			       struct lfile_io *to, work_func_t func,
			       struct workqueue_struct *wq)
{
	struct lfile_dev *first = from->dev, *second = to->dev;
	int missing = 0;

	if (first > second)
		swap(first, second);
	INIT_WORK(&io->work, func);
	io->wq = wq;
	spin_lock_irq(&first->range_lock);
	if (second != first)
		spin_lock_nested(&second->range_lock, SINGLE_DEPTH_NESTING);
	else
		__acquire(&second->range_lock);
	io->stage = LFILE_IDLE;
	io->from = from;
	io->to = to;
	if (io->cmd && !is_aborted(io))
		missing = !take_part(io, from, LFILE_RANGE_HOLD) +
			  !take_part(io, to, LFILE_RANGE_CHANGE);
	atomic_set(&io->missing, missing);
	if (!missing)
		queue_work(io->wq, &io->work);
	unlock_other(second != first ? second : NULL);
	spin_unlock_irq(&first->range_lock);
}

/**
 * lfile_inflight_acquire - take the range of a command, or leave it to a worker
 * @io: the record, in stage LFILE_BUSY, its position and length set
 * @func: the worker's function, for when the range has to be waited for; begins
 *	  with lfile_inflight_enter()
 * @wq: where; NULL: in the line of the disk's writes
 *
 * Context: any.
 * Return: true if the caller goes on, in stage LFILE_MOVING; false if he has no
 * part in the command any more.
 */
bool lfile_inflight_acquire(struct lfile_io *io, work_func_t func,
			    struct workqueue_struct *wq)
{
	return acquire(io, func, wq, false);
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
 * lfile_inflight_pause - hold up commands that change the medium
 * @io: a record without a command, zeroed but for dev, wq and work
 *
 * Those that are in flight end first, then @io->work is queued; later ones wait,
 * for lfile_inflight_resume(). READs go on, but for what a command that waits
 * will change. Of a record that was abandoned the work is queued at once.
 *
 * Context: process.
 */
void lfile_inflight_pause(struct lfile_io *io)
{
	struct lfile_dev *dev = io->dev;

	spin_lock_irq(&dev->range_lock);
	io->ranged = !io->orphan;
	if (!io->ranged ||
	    lfile_range_acquire(&dev->ranges, &io->range, 0, U64_MAX,
				LFILE_RANGE_HOLD))
		queue_work(io->wq, &io->work);
	spin_unlock_irq(&dev->range_lock);
}

/**
 * lfile_inflight_resume - let commands that change the medium go on
 * @io: the record, whether they wait for it or not
 *
 * Context: process.
 */
void lfile_inflight_resume(struct lfile_io *io)
{
	spin_lock_irq(&io->dev->range_lock);
	release(io);
	spin_unlock_irq(&io->dev->range_lock);
}

/**
 * lfile_inflight_abandon - do not wait any longer for who uses a record
 * @io: a record without a command
 *
 * Nothing is held up by it from here on. If it still waits its work is queued
 * nevertheless. It is an orphan now: removal of the disk waits, until
 * lfile_inflight_forget().
 *
 * Context: process.
 */
void lfile_inflight_abandon(struct lfile_io *io)
{
	struct lfile_dev *dev = io->dev;

	spin_lock_irq(&dev->range_lock);
	io->orphan = true;
	dev->orphans++;
	if (io->ranged && !list_empty(&io->range.node))
		queue_work(io->wq, &io->work);
	release(io);
	spin_unlock_irq(&dev->range_lock);
}
