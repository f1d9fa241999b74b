// SPDX-License-Identifier: GPL-2.0
/*
 * PRE-FETCH.
 *
 * What is read stays in the page cache until the kernel wants the memory. That may be
 * at once, so the answer is GOOD, as of a cache that has not room for all of it, and
 * never CONDITION MET (SBC-4 5.11).
 */
#include <linux/fadvise.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <linux/workqueue.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include "compare.h"
#include "inflight.h"
#include "intact.h"
#include "opcode.h"
#include "parse.h"
#include "prefetch.h"
#include "transfer.h"

#define IMMED		0x02

/* What is beyond has no room, whatever was asked for. */
#define PREFETCH_MAX	SZ_64M

/* The kernel reads ahead no more than it finds good for the device in one go. */
#define ADVICE		SZ_128K

/* Has the reads begun, and does not wait for them. */
static void begin_reads(struct lfile_io *io)
{
	u64 at;

	for (at = 0; at < io->len && !lfile_inflight_given_up(io); at += ADVICE)
		if (vfs_fadvise(io->dev->file, io->pos + at,
				min_t(u64, io->len - at, ADVICE),
				POSIX_FADV_WILLNEED))
			break;
}

static void immediate_worker(struct work_struct *work)
{
	struct lfile_io *io = container_of(work, struct lfile_io, work);

	if (!lfile_inflight_enter(io, LFILE_MOVING))
		return;
	begin_reads(io);
	lfile_inflight_end(io, 0);
}

static void worker(struct work_struct *work)
{
	struct lfile_io *io = container_of(work, struct lfile_io, work);
	int err = -ENODATA;

	if (!lfile_inflight_enter(io, LFILE_MOVING))
		return;
	if (lfile_intact_check(io))
		err = lfile_compare_read(io);
	lfile_inflight_end(io, err);
}

static sense_reason_t execute(struct se_cmd *cmd)
{
	struct lfile_dev *dev = to_lfile_dev(cmd->se_dev);
	loff_t pos = lfile_inflight_offset(cmd, cmd->t_task_lba);
	u64 len = lfile_inflight_offset(cmd, cmd->t_task_nolb);
	struct lfile_io *io;

	/* No blocks: all up to the last. */
	if (!len)
		len = READ_ONCE(dev->size) - pos;
	if (!len || lfile_transfer_align(dev)) {
		target_complete_cmd(cmd, SAM_STAT_GOOD);
		return 0;
	}
	io = lfile_inflight_get(cmd, false);
	io->len = min_t(u64, len, PREFETCH_MAX);
	lfile_inflight_start(io, cmd->t_task_cdb[1] & IMMED ? immediate_worker :
							      worker,
			     dev->io_wq);
	return 0;
}

/**
 * lfile_prefetch_parse - check the CDB of a PRE-FETCH
 * @cmd: the command
 * @ops: for sbc_parse_cdb()
 *
 * Return: 0, or why the CDB is refused.
 */
sense_reason_t lfile_prefetch_parse(struct se_cmd *cmd,
				    struct exec_cmd_ops *ops)
{
	sense_reason_t ret;

	ret = lfile_parse_blocks(cmd, ops,
				 lfile_opcode_blocks(cmd->t_task_cdb), 0);
	cmd->execute_cmd = execute;
	return ret;
}
