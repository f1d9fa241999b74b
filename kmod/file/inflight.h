/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One command in flight on a disk.
 *
 * struct lfile_io belongs to whoever moves the command on, to one context at a
 * time, and is freed before the command is answered.
 *
 * But for an abort, which may part the command from its record at any time.
 * Under range_lock it sees io->stage and then either takes the command and
 * answers it, or leaves that to the owner of the record. So where stage is not
 * LFILE_BUSY the owner does not touch the command, nor its scatterlist.
 */
#ifndef LFILE_INFLIGHT_H
#define LFILE_INFLIGHT_H

#include <linux/atomic.h>
#include <linux/bvec.h>
#include <linux/fs.h>
#include <linux/list.h>
#include <linux/workqueue.h>
#include <target/target_core_base.h>
#include "compare.h"
#include "disk.h"
#include "range.h"

struct lfile_copy;

/* Pages of a command whose bio_vec array needs no allocation: 64 KiB. */
#define LFILE_INFLIGHT_BVECS	16

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

/* R: range_lock of the disk */
struct lfile_io {
	struct se_cmd *cmd;			/* R: NULL once given up */
	struct lfile_dev *dev;
	enum lfile_stage stage;			/* R */
	bool orphan;				/* R: counted in dev->orphans */
	bool holds;				/* R: references on its pages */
	bool foreign;				/* the fabric's own pages */
	u8 opcode;
	bool fua;
	/* Target core's, of a command that dev.c has a worker run. */
	sense_reason_t (*execute)(struct se_cmd *cmd);
	/* Next step, when the data has moved or the batch is flushed. */
	void (*done)(struct lfile_io *io, int err);
	struct work_struct work;
	struct workqueue_struct *wq;		/* where; NULL: in dev->line */
	struct list_head node;			/* in a flush batch */
	struct lfile_range range;		/* R */
	bool ranged;				/* has a range, or waits for it */
	bool keeps_range;			/* while it is flushed too */
	struct lfile_io *from, *to;		/* R: a pair in place of range */
	struct lfile_io *whole;			/* that this is one of the pair of */
	atomic_t missing;			/* of the pair, to begin */

	loff_t pos;				/* bytes, in the file */
	u64 len;
	u64 moved;
	bool write;				/* changes the medium */
	bool buffered;				/* though the disk is direct */
	u32 wb_seen;				/* wb_errors before the change */

	struct lfile_span *spans;		/* of UNMAP */
	u32 nspans;
	struct page *block;			/* of WRITE SAME, VERIFY: repeated */
	bool unmap;				/* of WRITE SAME */
	struct lfile_copy *copy;		/* of EXTENDED COPY */
	enum lfile_compare compare;		/* of VERIFY: with what */

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
void lfile_inflight_end_miscompare(struct lfile_io *io, u64 offset);
void lfile_inflight_start(struct lfile_io *io, work_func_t func,
			  struct workqueue_struct *wq);
void lfile_inflight_start_pair(struct lfile_io *io, struct lfile_io *from,
			       struct lfile_io *to, work_func_t func,
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

#endif /* LFILE_INFLIGHT_H */
