/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One disk.
 *
 * Lifetime. Target core keeps a device until every command on it has been
 * answered, and destroy_device() then waits for our workers and for the records
 * of commands that were given up. So a worker may use the device to its last
 * instruction; every other context (the caller of execute_cmd, a completion
 * interrupt) may not after it has answered the command.
 *
 * Lock order: none of the locks here is taken inside another, but for
 * file->f_lock inside wb_lock, wb_lock and range_lock inside alone_lock, range_lock
 * inside that of another disk at a lower address, and all of them inside change_lock.
 * ua_lock nests inside target core's se_port_lock and outside its session_lock.
 */
#ifndef LFILE_DISK_H
#define LFILE_DISK_H

#include <linux/fs.h>
#include <linux/list.h>
#include <linux/mempool.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <target/target_core_base.h>
#include <lunar.h>
#include "line.h"
#include "range.h"

/* What a flush of the image is worth, see stable.c. */
enum lfile_flush {
	LFILE_FLUSH_STABLE,
	LFILE_FLUSH_VOLATILE,
	LFILE_FLUSH_IGNORED,
	LFILE_FLUSH_UNKNOWN,
};

/*
 * I: set before the device is enabled, then constant
 * C: copy_lock
 * R: range_lock
 * F: flush_lock
 * B: wb_lock
 * U: ua_lock
 */
struct lfile_dev {
	struct se_device se_dev;
	char name[LUNAR_DISK_NAME_MAX + 1];	/* I: for messages */
	char path[LUNAR_DISK_PATH_MAX + 1];	/* I */
	u32 id;					/* I: unique in the HBA */
	u64 size;				/* bytes, may grow: size.c */
	bool has_size;				/* I: control keys given */
	bool write_back;			/* I */
	bool wants_direct, direct;		/* I: asked for; O_DIRECT */
	bool read_only;				/* I */
	bool shared;				/* I: the file may have other disks */
	bool nv_cache;				/* I: never flush */
	enum lfile_flush flush;			/* I */
	struct list_head node;			/* in disks of dev.c, if open */
	struct file *file;			/* I */
	struct inode *inode;			/* I: of the data */
	bool is_block;				/* I */
	u32 align, align_memory;		/* of direct I/O */
	bool lends;				/* I: see pages.c */
	bool nowait_read;			/* I: worth an attempt inline */
	bool nowait_write;			/* I */
	mempool_t *io_pool;			/* I: struct lfile_io */
	struct workqueue_struct *io_wq;		/* I: one for each disk, bounded */
	struct lfile_line line;			/* of writes; wq NULL: io_wq */
	struct workqueue_struct *caw_wq;	/* I: ordered, see atomic.c */
	struct workqueue_struct *copy_wq;	/* I: see copy.c */
	spinlock_t copy_lock;			/* process context only */
	struct list_head copy_results;		/* C: the latest first */
	spinlock_t range_lock;			/* taken in interrupts */
	struct lfile_range_tree ranges;		/* R: of commands in flight */
	u32 orphans;				/* R: records without command */
	u64 orphan_bytes;			/* R: in pages they hold */
	u32 visitors;				/* R: commands of other disks */
	wait_queue_head_t orphan_wait;		/* with range_lock: for none */
	spinlock_t flush_lock;			/* taken in interrupts */
	struct list_head flush_pending;		/* F: the batch that forms */
	u32 flush_count;			/* F: commands in it */
	u32 flush_wanted;			/* F: that gather() waits for */
	wait_queue_head_t flush_wait;		/* with flush_lock: for them */
	u32 flush_alone;			/* no gather() so often; flusher */
	u64 flush_took;				/* ns, the latest; flusher */
	loff_t flush_start;			/* F: union of their ranges */
	loff_t flush_end;			/* F: inclusive */
	struct work_struct flush_work;
	struct file *alone;			/* I: or NULL; see open_alone() */
	struct mutex alone_lock;		/* held over its fsync */
	spinlock_t wb_lock;			/* process context only */
	u64 intact;				/* B: smallest file size seen */
	u32 wb_errors;				/* B: writeback errors so far */
	int wb_error;				/* B: the latest of them */
	int lost;				/* B: cached data lost, sticky */
	bool cached;				/* a write was answered unstable */
	bool deleted;				/* B: said so in the log */
	struct mutex change_lock;		/* of size, one at a time */
	spinlock_t ua_lock;			/* process context only */
	struct list_head ua_notices;		/* U */
	u32 thin_threshold;			/* percent free; 0 is off */
	bool thin_low;				/* of thin_work alone */
	struct delayed_work thin_work;
	atomic_t snapshots;			/* in progress: 0 or 1 */
	s64 snapshot_pause;			/* us, of the latest; -1: none */
};

static inline struct lfile_dev *to_lfile_dev(struct se_device *se_dev)
{
	return container_of(se_dev, struct lfile_dev, se_dev);
}

#endif /* LFILE_DISK_H */
