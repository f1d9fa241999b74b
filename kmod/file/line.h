/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Work of one disk that the filesystem would let in one by one: writes to the page
 * cache of a file, which take the inode's lock.
 *
 * One worker takes them in the order in which they came. A workqueue would wake a
 * thread for each, and the threads would wake one another at the lock.
 */
#ifndef LFILE_LINE_H
#define LFILE_LINE_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>

struct lfile_line {
	struct workqueue_struct *wq;
	struct work_struct work;
	spinlock_t lock;		/* taken in interrupts */
	struct list_head items;		/* by work_struct.entry */
	bool running;			/* the worker will look again */
	unsigned int paused;		/* how many want it to stand still */
	unsigned long paused_at;	/* jiffies, the first of them */
	bool ran;			/* something has run since then */
	struct delayed_work late;	/* runs on if nobody resumes it */
};

int lfile_line_create(struct lfile_line *line, u32 hba, u32 id);
void lfile_line_destroy(struct lfile_line *line);
void lfile_line_add(struct lfile_line *line, struct work_struct *item);
bool lfile_line_cancel(struct lfile_line *line, struct work_struct *item);
void lfile_line_pause(struct lfile_line *line);
void lfile_line_resume(struct lfile_line *line);

#endif /* LFILE_LINE_H */
