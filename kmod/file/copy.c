// SPDX-License-Identifier: GPL-2.0
/*
 * EXTENDED COPY: from this disk to itself or to another one of the initiator, or
 * from another one.
 *
 * Segments are copied one after the other. For each what is read and what is written
 * are both taken, on either disk: the first against changes, the second as a WRITE
 * does. A worker then copies it by the best of these: blocks that are shared (clone), a
 * copy that the filesystem or its server makes (copy_file_range), reading and writing.
 * Whatever one cannot do or fails at is left to the next, so the outcome is that of
 * the last.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fadvise.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/pagemap.h>
#include <linux/scatterlist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include "copy.h"
#include "copy_list.h"
#include "copy_result.h"
#include "flush.h"
#include "inflight.h"
#include "intact.h"
#include "peer.h"
#include "stable.h"
#include "thin.h"
#include "transfer.h"

/* What is read and written at a time: 1 MiB, of pages that are easy to get. */
#define PIECE_ORDER	PAGE_ALLOC_COSTLY_ORDER
#define PIECE_SIZE	(PAGE_SIZE << PIECE_ORDER)
#define PIECES		32

/* Time to look for an abort, and to let others have the locks of the inodes. */
#define OFFLOAD_MAX	(64 * 1048576ull)

/* At a time. What the disk has to do besides, other workers do: a copy may hang. */
#define WORKERS		8

struct lfile_copy {
	struct lfile_io *io;		/* of the command */
	struct lfile_io from, to;	/* of no command: a disk, a range */
	struct lfile_dev *peer;		/* one of these, if not of the command */
	struct lfile_copy_list list;
	struct lfile_copy_result *result;	/* NULL: nobody will ask */
	struct lfile_copy_status status;
	bool cut;			/* the segment, by an abort */
	u32 next;			/* of the segments in it */
	u32 block;			/* bytes */
	u32 clone_unit;			/* bytes; 0: no clone, or no more */
	bool offload;			/* the same for copy_file_range */
	struct bio_vec buffer[PIECES];	/* all or nothing */
};

/**
 * lfile_copy_create - set up the workers of a disk that copy
 * @dev: the disk, its id known
 * @hba: number of its HBA
 *
 * Return: 0 or -ENOMEM.
 */
int lfile_copy_create(struct lfile_dev *dev, u32 hba)
{
	dev->copy_wq = alloc_workqueue("lfile-copy-%u.%u", WQ_UNBOUND, WORKERS,
				       hba, dev->id);
	lfile_copy_result_create(dev);
	return dev->copy_wq ? 0 : -ENOMEM;
}

/**
 * lfile_copy_destroy - undo lfile_copy_create(), wait for the workers
 * @dev: the disk; without commands
 */
void lfile_copy_destroy(struct lfile_dev *dev)
{
	destroy_workqueue(dev->copy_wq);
	lfile_copy_result_destroy(dev);
}

static void free_buffer(struct lfile_copy *copy)
{
	u32 i;

	for (i = 0; i < PIECES && copy->buffer[i].bv_page; i++) {
		__free_pages(copy->buffer[i].bv_page, PIECE_ORDER);
		copy->buffer[i].bv_page = NULL;
	}
}

static void set_state(struct lfile_copy *copy, enum lfile_copy_state state)
{
	if (state == LFILE_COPY_GOOD)
		copy->status.segments = copy->list.nall;
	copy->status.state = state;
	if (copy->result)
		lfile_copy_result_set(copy->result, &copy->status);
}

/* Lets go of all that a copy has but its record. */
static void drop(struct lfile_copy *copy, enum lfile_copy_state state)
{
	set_state(copy, state);
	lfile_inflight_resume(&copy->from);
	lfile_inflight_resume(&copy->to);
	if (copy->peer)
		lfile_peer_put(copy->peer);
	free_buffer(copy);
	kfree(copy);
}

/*
 * The next three return how many bytes they have copied, or 0: not that way.
 *
 * The filesystem writes what is dirty, with both inodes locked; so have that done
 * before. An error that is taken from it by that, or by an fsync at the same time, it
 * does not see any more, and would share blocks that are old.
 */
static loff_t clone(struct lfile_copy *copy, u64 from, u64 to, u64 len)
{
	struct file *source = copy->from.dev->file;
	u64 mask = copy->clone_unit - 1;
	loff_t done = 0;
	errseq_t since;

	if (!copy->clone_unit || (from | to) & mask || len <= mask)
		return 0;
	len = min(len, OFFLOAD_MAX) & ~mask;
	since = filemap_sample_wb_err(source->f_mapping);
	if (!filemap_write_and_wait_range(source->f_mapping, from,
					  from + len - 1) &&
	    !filemap_check_wb_err(source->f_mapping, since))
		done = vfs_clone_file_range(source, from, copy->to.dev->file,
					    to, len, 0);
	if (done > 0)
		return done;
	copy->clone_unit = 0;
	return 0;
}

static loff_t offload(struct lfile_copy *copy, u64 from, u64 to, u64 len)
{
	loff_t done;

	if (!copy->offload)
		return 0;
	copy->to.buffered = true;	/* for all that is known */
	done = vfs_copy_file_range(copy->from.dev->file, from,
				   copy->to.dev->file, to,
				   min(len, OFFLOAD_MAX), 0);
	if (done > 0)
		return done;
	copy->offload = false;
	return 0;
}

static int allocate(struct lfile_copy *copy)
{
	struct page *page;
	u32 i;

	for (i = 0; i < PIECES && !copy->buffer[i].bv_page; i++) {
		page = alloc_pages(GFP_NOIO | __GFP_COMP, PIECE_ORDER);
		if (!page)
			return -ENOMEM;
		bvec_set_page(&copy->buffer[i], page, PIECE_SIZE, 0);
	}
	return 0;
}

/* Reads ahead, so that the medium of the source has to do during the write. */
static int move(struct lfile_copy *copy, u64 from, u64 to, u32 len)
{
	int err = allocate(copy);

	if (err)
		return err;
	err = lfile_transfer_sync(&copy->from, false, from - copy->from.pos,
				  copy->buffer, PIECES, 0, len);
	if (err) {
		copy->io->write = false;
		return err;
	}
	if (!lfile_transfer_align(copy->from.dev))
		vfs_fadvise(copy->from.dev->file, from + len, len,
			    POSIX_FADV_WILLNEED);
	return lfile_transfer_sync(&copy->to, true, to - copy->to.pos,
				   copy->buffer, PIECES, 0, len);
}

/* What is not aligned for a clone is moved, up to where a clone can go on. */
static u32 move_len(const struct lfile_copy *copy, u64 from, u64 to, u64 left)
{
	u32 unit = copy->clone_unit;
	u64 len = min_t(u64, left, PIECES * PIECE_SIZE);

	if (unit && !((from ^ to) & (unit - 1)) && from & (unit - 1))
		len = min_t(u64, len, unit - (from & (unit - 1)));
	return len;
}

/* What was truncated or deleted is not to be copied, nor to be made longer again. */
static int check_files(struct lfile_copy *copy, u64 from, u64 left)
{
	if (!lfile_intact_readable(copy->from.dev, from, left)) {
		copy->io->write = false;
		return -ENODATA;
	}
	return lfile_intact_check(&copy->to) ?
	       lfile_stable_check(copy->to.dev) : -ENODATA;
}

/* The ranges are taken. An abort is noticed between two pieces. */
static int copy_segment(struct lfile_copy *copy)
{
	u64 from = copy->from.pos, to = copy->to.pos, left = copy->to.len;
	loff_t done;
	int err = 0;

	while (left && !lfile_inflight_given_up(copy->io)) {
		err = check_files(copy, from, left);
		if (err)
			break;
		done = clone(copy, from, to, left) ?:
		       offload(copy, from, to, left);
		if (!done) {
			done = move_len(copy, from, to, left);
			err = move(copy, from, to, done);
			if (err)
				break;
		}
		from += done;
		to += done;
		left -= done;
		copy->status.bytes += done;
		set_state(copy, LFILE_COPY_RUNS);
		cond_resched();
	}
	copy->cut = left;
	return err;
}

/* The destination is flushed, or need not be. */
static void ended(struct lfile_io *to, int err)
{
	struct lfile_copy *copy = container_of(to, struct lfile_copy, to);
	struct lfile_io *io = copy->io;

	if (err)
		pr_err_ratelimited("%s: EXTENDED COPY from %s to %s failed: %pe\n",
				   io->dev->name, copy->from.dev->path,
				   copy->to.dev->path, ERR_PTR(err));
	drop(copy, err || copy->cut ? LFILE_COPY_FAILED : LFILE_COPY_GOOD);
	lfile_inflight_end(io, err);
}

static void worker(struct work_struct *work);

/* The next segment, when nothing else is in flight where it reads and writes. */
static void start_segment(struct lfile_copy *copy)
{
	const struct lfile_copy_segment *segment =
		&copy->list.segments[copy->next++];
	u64 block = copy->block;

	copy->from.pos = segment->from * block;
	copy->to.pos = segment->to * block;
	copy->from.len = segment->blocks * block;
	copy->to.len = copy->from.len;
	copy->io->pos = copy->io->dev == copy->to.dev ? copy->to.pos :
							copy->from.pos;
	copy->status.segments = segment->before + 1;
	set_state(copy, LFILE_COPY_RUNS);
	lfile_inflight_start_pair(copy->io, &copy->from, &copy->to, worker,
				  copy->io->dev->copy_wq);
}

/*
 * A segment arrives when the one before it has been copied, and is checked as any
 * other command then: the initiator may have been preempted, or lost the disk.
 */
static int check_access(struct lfile_copy *copy)
{
	struct se_cmd *cmd = copy->io->cmd;

	return lfile_peer_may(cmd, copy->from.dev, false) &&
	       lfile_peer_may(cmd, copy->to.dev, true) ? 0 : -EACCES;
}

static void worker(struct work_struct *work)
{
	struct lfile_io *io = container_of(work, struct lfile_io, work);
	struct lfile_copy *copy = io->copy;
	int err;

	if (!lfile_inflight_enter(io, LFILE_MOVING)) {
		drop(copy, LFILE_COPY_FAILED);
		return;
	}
	err = copy_segment(copy);
	free_buffer(copy);
	lfile_inflight_resume(&copy->from);
	if (!err && copy->next < copy->list.nsegments) {
		lfile_inflight_resume(&copy->to);
		if (!lfile_inflight_enter(io, LFILE_BUSY)) {
			drop(copy, LFILE_COPY_FAILED);
			return;
		}
		err = check_access(copy);
		if (!err) {
			start_segment(copy);
			return;
		}
	}
	lfile_inflight_settle(io);
	lfile_flush_change(&copy->to, err);
}

/* Segments that cannot be: COPY ABORTED, of which target core has one code. */
static sense_reason_t check_blocks(struct lfile_copy *copy,
				   struct lfile_dev *from, struct lfile_dev *to)
{
	struct se_device *se_from = &from->se_dev, *se_to = &to->se_dev;

	copy->block = se_from->dev_attrib.block_size;
	if (copy->block != se_to->dev_attrib.block_size)
		return TCM_COPY_TARGET_DEVICE_NOT_REACHABLE;
	if (!lfile_copy_list_fits(&copy->list,
				  se_from->transport->get_blocks(se_from) + 1,
				  se_to->transport->get_blocks(se_to) + 1))
		return TCM_COPY_TARGET_DEVICE_NOT_REACHABLE;
	if (from->inode == to->inode && lfile_copy_list_overlaps(&copy->list))
		return TCM_INVALID_PARAMETER_LIST;
	if (to->read_only)
		return TCM_WRITE_PROTECTED;
	copy->from.dev = from;
	copy->to.dev = to;
	copy->to.write = true;
	copy->to.wb_seen = READ_ONCE(to->wb_errors);
	copy->to.done = ended;
	return 0;
}

/* How to do it: only a try will tell. */
static void choose_means(struct lfile_copy *copy)
{
	const struct lfile_dev *from = copy->from.dev, *to = copy->to.dev;
	const struct file_operations *f_op = to->file->f_op;

	if (from->is_block || to->is_block)
		return;
	if (f_op->remap_file_range && from->inode->i_sb == to->inode->i_sb)
		copy->clone_unit = i_blocksize(to->inode);
	copy->offload = f_op->copy_file_range &&
			f_op->copy_file_range == from->file->f_op->copy_file_range;
}

/* One of both is the disk that the command came to. */
static sense_reason_t find_disks(struct lfile_copy *copy, struct se_cmd *cmd)
{
	struct lfile_dev *own = to_lfile_dev(cmd->se_dev);
	bool from_own = lfile_peer_is_own(cmd, copy->list.from);
	bool to_own = lfile_peer_is_own(cmd, copy->list.to);
	sense_reason_t ret;

	if (from_own && to_own)
		return check_blocks(copy, own, own);
	if (!from_own && !to_own)
		return TCM_COPY_TARGET_DEVICE_NOT_REACHABLE;
	ret = lfile_peer_get(cmd, from_own ? copy->list.to : copy->list.from,
			     from_own, &copy->peer);
	if (ret)
		return ret;
	return from_own ? check_blocks(copy, own, copy->peer) :
			  check_blocks(copy, copy->peer, own);
}

static sense_reason_t parse_list(struct lfile_copy *copy, struct se_cmd *cmd)
{
	static const sense_reason_t refusals[] = {
		[LFILE_COPY_LIST_OK] = 0,
		[LFILE_COPY_LIST_BAD_LENGTH] = TCM_PARAMETER_LIST_LENGTH_ERROR,
		[LFILE_COPY_LIST_BAD_FIELD] = TCM_INVALID_PARAMETER_LIST,
		[LFILE_COPY_LIST_MANY_CSCDS] = TCM_TOO_MANY_TARGET_DESCS,
		[LFILE_COPY_LIST_CSCD_TYPE] =
			TCM_UNSUPPORTED_TARGET_DESC_TYPE_CODE,
		[LFILE_COPY_LIST_MANY_SEGMENTS] = TCM_TOO_MANY_SEGMENT_DESCS,
		[LFILE_COPY_LIST_SEGMENT_TYPE] =
			TCM_UNSUPPORTED_SEGMENT_DESC_TYPE_CODE,
		[LFILE_COPY_LIST_NO_CSCD] =
			TCM_COPY_TARGET_DEVICE_NOT_REACHABLE,
	};
	u8 *list = transport_kmap_data_sg(cmd);
	enum lfile_copy_list_error error;

	if (!list)
		return TCM_OUT_OF_RESOURCES;
	error = lfile_copy_list_parse(list, cmd->data_length, &copy->list);
	transport_kunmap_data_sg(cmd);
	return refusals[error];
}

static void start(struct lfile_copy *copy, struct se_cmd *cmd)
{
	struct lfile_io *io = lfile_inflight_get(cmd, true);

	io->copy = copy;
	io->len = 0;
	copy->io = io;
	choose_means(copy);
	lfile_thin_look(copy->to.dev);
	start_segment(copy);
}

/**
 * lfile_copy_parse - check a CDB of EXTENDED COPY or RECEIVE COPY RESULTS
 * @cmd: the command, as target core has parsed it; any other is fine
 *
 * Return: 0, or why the CDB is refused.
 */
sense_reason_t lfile_copy_parse(struct se_cmd *cmd)
{
	const u8 *cdb = cmd->t_task_cdb;

	if (cdb[0] != EXTENDED_COPY && cdb[0] != RECEIVE_COPY_RESULTS)
		return 0;
	if (!cmd->se_dev->dev_attrib.emulate_3pc)
		return TCM_UNSUPPORTED_SCSI_OPCODE;
	if (cdb[0] == RECEIVE_COPY_RESULTS)
		return (cdb[1] & 0x1f) == LFILE_COPY_LIST_PARAMETERS ||
		       (cdb[1] & 0x1f) == LFILE_COPY_LIST_STATUS ?
		       0 : TCM_INVALID_CDB_FIELD;
	if (cdb[1] & 0x1f)		/* LID4, and commands of tokens */
		return TCM_UNSUPPORTED_SCSI_OPCODE;
	/* Target core goes by it, not by the CDB, to see what is write protected. */
	if (cmd->data_length && cmd->data_direction != DMA_TO_DEVICE)
		return TCM_INVALID_CDB_FIELD;
	/* Before memory is allocated */
	return cmd->data_length > LFILE_COPY_LIST_MAX ?
	       TCM_PARAMETER_LIST_LENGTH_ERROR : 0;
}

/**
 * lfile_copy_execute - EXTENDED COPY(LID1)
 * @cmd: the command
 *
 * Not target core's execute function: that one copies by READs and WRITEs of its
 * own, which go on after an abort and on top of what came later.
 *
 * Context: process, does not sleep on I/O.
 * Return: 0, or why it is refused.
 */
sense_reason_t lfile_copy_execute(struct se_cmd *cmd)
{
	struct lfile_copy *copy;
	sense_reason_t ret = 0;

	if (!cmd->data_length)
		goto good;
	copy = kzalloc(sizeof(*copy), GFP_NOIO);
	if (!copy)
		return TCM_OUT_OF_RESOURCES;
	ret = parse_list(copy, cmd);
	if (!ret && copy->list.nsegments)
		ret = find_disks(copy, cmd);
	if (!ret && copy->list.hold) {
		copy->result = lfile_copy_result_begin(cmd, copy->list.id);
		if (!copy->result)
			ret = TCM_OUT_OF_RESOURCES;
	}
	if (!ret && copy->list.nsegments) {
		start(copy, cmd);
		return 0;
	}
	if (!ret)
		set_state(copy, LFILE_COPY_GOOD);
	if (copy->peer)
		lfile_peer_put(copy->peer);
	kfree(copy);
	if (ret)
		return ret;
good:
	target_complete_cmd(cmd, SAM_STAT_GOOD);
	return 0;
}

/**
 * lfile_copy_execute_results - RECEIVE COPY RESULTS: how far, or the limits
 * @cmd: the command
 *
 * Context: process, does not sleep.
 * Return: 0, or why it is refused.
 */
sense_reason_t lfile_copy_execute_results(struct se_cmd *cmd)
{
	u8 answer[LFILE_COPY_LIST_PARAMETERS_LEN];
	u32 len = LFILE_COPY_LIST_PARAMETERS_LEN;
	struct lfile_copy_status status;

	if ((cmd->t_task_cdb[1] & 0x1f) == LFILE_COPY_LIST_PARAMETERS) {
		lfile_copy_list_parameters(answer);
	} else {
		if (!lfile_copy_result_get(cmd, cmd->t_task_cdb[2], &status))
			return TCM_INVALID_CDB_FIELD;
		lfile_copy_list_status(&status, answer);
		len = LFILE_COPY_LIST_STATUS_LEN;
	}
	sg_copy_from_buffer(cmd->t_data_sg, cmd->t_data_nents, answer,
			    min_t(u32, len, cmd->data_length));
	target_complete_cmd_with_length(cmd, SAM_STAT_GOOD, len);
	return 0;
}
