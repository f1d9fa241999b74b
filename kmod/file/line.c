// SPDX-License-Identifier: GPL-2.0
/*
 * The line of a disk's buffered writes.
 */
#include <linux/sched.h>
#include "line.h"

/* For a moment: who wants that without an end must not keep writes from running. */
#define PAUSE	(HZ / 50 + 1)

/* Under the lock. */
static bool stands_still(const struct lfile_line *line)
{
	return line->paused && time_before(jiffies, line->paused_at + PAUSE);
}

/* Under the lock. */
static void run_late(struct lfile_line *line)
{
	long left = line->paused_at + PAUSE - jiffies;

	queue_delayed_work(line->wq, &line->late, max(left, 0L));
}

static struct work_struct *next_item(struct lfile_line *line)
{
	struct work_struct *item;

	spin_lock_irq(&line->lock);
	item = list_first_entry_or_null(&line->items, struct work_struct, entry);
	if (item && stands_still(line)) {
		run_late(line);
		item = NULL;
	}
	if (item) {
		list_del_init(&item->entry);
		line->ran = true;
	}
	line->running = item;
	spin_unlock_irq(&line->lock);
	return item;
}

/* Under the lock. */
static void run_on(struct lfile_line *line)
{
	if (line->running || list_empty(&line->items))
		return;
	if (stands_still(line)) {
		run_late(line);
		return;
	}
	line->running = true;
	queue_work(line->wq, &line->work);
}

static void late(struct work_struct *work)
{
	struct lfile_line *line = container_of(to_delayed_work(work),
					       struct lfile_line, late);

	spin_lock_irq(&line->lock);
	run_on(line);
	spin_unlock_irq(&line->lock);
}

static void run_line(struct work_struct *work)
{
	struct lfile_line *line = container_of(work, struct lfile_line, work);
	struct work_struct *item;

	while ((item = next_item(line))) {
		item->func(item);
		cond_resched();
	}
}

/**
 * lfile_line_create - set up the line of a disk
 * @line: the line
 * @hba: number of its HBA
 * @id: of the disk in the HBA
 *
 * Return: 0 or -ENOMEM.
 */
int lfile_line_create(struct lfile_line *line, u32 hba, u32 id)
{
	spin_lock_init(&line->lock);
	INIT_LIST_HEAD(&line->items);
	line->running = false;
	line->paused = 0;
	line->ran = true;
	INIT_DELAYED_WORK(&line->late, late);
	INIT_WORK(&line->work, run_line);
	line->wq = alloc_workqueue("lfile-write-%u.%u", WQ_UNBOUND, 1, hba, id);
	return line->wq ? 0 : -ENOMEM;
}

/**
 * lfile_line_destroy - undo lfile_line_create(), wait for what is in the line
 * @line: the line, or all zeros
 */
void lfile_line_destroy(struct lfile_line *line)
{
	if (!line->wq)
		return;
	cancel_delayed_work_sync(&line->late);
	destroy_workqueue(line->wq);
	line->wq = NULL;
}

/**
 * lfile_line_add - have a work item run after those that came before
 * @line: the line
 * @item: fresh from INIT_WORK(), and in no workqueue
 *
 * Context: any.
 */
void lfile_line_add(struct lfile_line *line, struct work_struct *item)
{
	unsigned long flags;

	spin_lock_irqsave(&line->lock, flags);
	list_add_tail(&item->entry, &line->items);
	run_on(line);
	spin_unlock_irqrestore(&line->lock, flags);
}

/**
 * lfile_line_cancel - take a work item out of the line
 * @line: the line
 * @item: what lfile_line_add() was called for
 *
 * Context: any.
 * Return: false if it runs already, or has run.
 */
bool lfile_line_cancel(struct lfile_line *line, struct work_struct *item)
{
	unsigned long flags;
	bool waits;

	spin_lock_irqsave(&line->lock, flags);
	waits = !list_empty(&item->entry);
	list_del_init(&item->entry);
	spin_unlock_irqrestore(&line->lock, flags);
	return waits;
}

/**
 * lfile_line_pause - have nothing more of the line run for now
 * @line: the line, or all zeros
 *
 * For who wants the inode's lock himself: the writer would take it again before he
 * wakes up, for milliseconds. What runs already goes on, and all the rest after 20 ms.
 *
 * Context: process.
 */
void lfile_line_pause(struct lfile_line *line)
{
	if (!line->wq)
		return;
	spin_lock_irq(&line->lock);
	/* Not anew for who has waited all of the last time. */
	if (!line->paused++ && (line->ran || list_empty(&line->items))) {
		line->paused_at = jiffies;
		line->ran = false;
	}
	run_on(line);
	spin_unlock_irq(&line->lock);
}

/**
 * lfile_line_resume - undo one lfile_line_pause()
 * @line: the line, or all zeros; empty if its disk is going
 *
 * Context: process.
 */
void lfile_line_resume(struct lfile_line *line)
{
	if (!line->wq)
		return;
	spin_lock_irq(&line->lock);
	line->paused--;
	run_on(line);
	spin_unlock_irq(&line->lock);
}
