/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One disk, and one command in flight on it.
 *
 * Lifetimes. Target core keeps a device until every command on it has been
 * answered, and destroy_device() then waits for our workers and for the records
 * of commands that were given up. So a worker may use the device to its last
 * instruction; every other context (the caller of execute_cmd, a completion
 * interrupt) may not after it has answered the command. struct lfile_io belongs
 * to whoever moves the command on, to one context at a time, and is freed before
 * the command is answered.
 *
 * But for an abort, which may part the command from its record at any time.
 * Under range_lock it sees io->stage and then either takes the command and
 * answers it, or leaves that to the owner of the record. So where stage is not
 * LFILE_BUSY the owner does not touch the command, nor its scatterlist.
 *
 * Lock order: none of the locks here is taken inside another, but for
 * file->f_lock inside wb_lock, and all of them inside change_lock. ua_lock nests
 * inside target core's se_port_lock and outside its session_lock.
 */
#ifndef LFILE_INFLIGHT_H
#define LFILE_INFLIGHT_H

#include <linux/atomic.h>
#include <linux/bvec.h>
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

/* Pages of a command whose bio_vec array needs no allocation: 64 KiB. */
#define LFILE_INFLIGHT_BVECS	16

/* What a flush of the image is worth, see stable.c. */
enum lfile_flush {
	LFILE_FLUSH_STABLE,
	LFILE_FLUSH_VOLATILE,
	LFILE_FLUSH_IGNORED,
	LFILE_FLUSH_UNKNOWN,
};

/*
 * I: set before the device is enabled, then constant
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
	spinlock_t range_lock;			/* taken in interrupts */
	struct lfile_range_tree ranges;		/* R: of commands in flight */
	u32 orphans;				/* R: records without command */
	u64 orphan_bytes;			/* R: in pages they hold */
	wait_queue_head_t orphan_wait;		/* with range_lock: for none */
	spinlock_t flush_lock;			/* taken in interrupts */
	struct list_head flush_pending;		/* F: the batch that forms */
	loff_t flush_start;			/* F: union of their ranges */
	loff_t flush_end;			/* F: inclusive */
	struct work_struct flush_work;
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

struct lfile_span {
	loff_t pos;				/* bytes, in the file */
	u64 len;
};

/* What an abort finds. */
enum lfile_stage {
	/* The owner uses the command: it will see the abort itself, soon. */
	LFILE_BUSY,
	/* Waits for its range, a worker or a flush. Can be given up. */
	LFILE_IDLE,
	/* In the filesystem, with the pages in bvec. Can become an orphan. */
	LFILE_MOVING,
};

struct lfile_io {
	struct se_cmd *cmd;			/* R: NULL once given up */
	struct lfile_dev *dev;
	enum lfile_stage stage;			/* R */
	bool orphan;				/* R: counted in dev->orphans */
	bool holds;				/* R: references on its pages */
	bool foreign;				/* the fabric's own pages */
	u8 opcode;
	bool fua;
	/* Target core's, of a command that lfile_inflight_defer() runs. */
	sense_reason_t (*execute)(struct se_cmd *cmd);
	/* Next step, when the data has moved or the batch is flushed. */
	void (*done)(struct lfile_io *io, int err);
	struct work_struct work;
	struct workqueue_struct *wq;		/* where; NULL: in dev->line */
	struct list_head node;			/* in a flush batch */
	struct lfile_range range;		/* R */
	bool ranged;				/* has a range, or waits for it */

	loff_t pos;				/* bytes, in the file */
	u64 len;
	u64 moved;
	bool write;				/* changes the medium */
	bool buffered;				/* though the disk is direct */
	u32 wb_seen;				/* wb_errors before the change */

	struct lfile_span *spans;		/* of UNMAP */
	u32 nspans;
	struct page *block;			/* of WRITE SAME, repeated */
	bool unmap;				/* of WRITE SAME */

	/* The transfer in progress. */
	struct scatterlist *sgl;
	u32 nents;
	atomic_t turns;				/* submitter and completion */
	long result;
	struct kiocb iocb;
	struct bio_vec *bvec;
	struct bio_vec inline_bvec[LFILE_INFLIGHT_BVECS];
};

static inline loff_t lfile_inflight_offset(struct se_cmd *cmd, u64 lba)
{
	return lba * cmd->se_dev->dev_attrib.block_size;
}

int lfile_inflight_init(void);
void lfile_inflight_exit(void);
int lfile_inflight_create_pool(struct lfile_dev *dev);
void lfile_inflight_create(struct lfile_dev *dev);
void lfile_inflight_drain(struct lfile_dev *dev);

struct lfile_io *lfile_inflight_get(struct se_cmd *cmd, bool write);
void lfile_inflight_drop(struct lfile_io *io);
void lfile_inflight_end(struct lfile_io *io, int err);
void lfile_inflight_end_miscompare(struct lfile_io *io, u32 offset);
bool lfile_inflight_readable(struct lfile_dev *dev, loff_t pos, u64 len);
bool lfile_inflight_intact(struct lfile_io *io);
void lfile_inflight_start(struct lfile_io *io, work_func_t func,
			  struct workqueue_struct *wq);
bool lfile_inflight_acquire(struct lfile_io *io, work_func_t func,
			    struct workqueue_struct *wq);
bool lfile_inflight_enter(struct lfile_io *io, enum lfile_stage stage);
bool lfile_inflight_given_up(struct lfile_io *io);
void lfile_inflight_settle(struct lfile_io *io);
void lfile_inflight_abort(struct lfile_dev *dev, struct se_cmd *cmd);
void lfile_inflight_pause(struct lfile_io *io);
void lfile_inflight_resume(struct lfile_io *io);
void lfile_inflight_abandon(struct lfile_io *io);
void lfile_inflight_forget(struct lfile_dev *dev, u64 bytes);
bool lfile_inflight_blocked(struct lfile_dev *dev, loff_t pos, u64 len);
void lfile_inflight_defer(struct se_cmd *cmd, struct workqueue_struct *wq);

#endif /* LFILE_INFLIGHT_H */
