// SPDX-License-Identifier: GPL-2.0
/*
 * COMPARE AND WRITE.
 *
 * Atomic by its byte range: nothing that changes the medium and overlaps is in
 * flight, and whatever comes later waits, reads too. Several run at once where
 * they do not overlap, in a lane of their own, which bulk data does not fill.
 */
#include <linux/bvec.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/uio.h>
#include <linux/workqueue.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include "atomic.h"
#include "flush.h"
#include "inflight.h"
#include "transfer.h"

/* Workers of one disk: some initiators, each with a few locks in progress. */
#define LANES	32

/**
 * lfile_atomic_create - set up the lane of a disk
 * @dev: the disk, its id known
 * @hba: number of its HBA
 *
 * Return: 0 or -ENOMEM.
 */
int lfile_atomic_create(struct lfile_dev *dev, u32 hba)
{
	dev->caw_wq = alloc_workqueue("lfile-caw-%u.%u",
				      WQ_UNBOUND | WQ_HIGHPRI, LANES, hba,
				      dev->id);
	return dev->caw_wq ? 0 : -ENOMEM;
}

/**
 * lfile_atomic_destroy - undo lfile_atomic_create(), wait for the workers
 * @dev: the disk; without commands
 */
void lfile_atomic_destroy(struct lfile_dev *dev)
{
	destroy_workqueue(dev->caw_wq);
}

/* The first @len bytes of the command's data against those of the medium. */
static int compare(struct lfile_io *io, u32 len, u32 *offset)
{
	u8 *found = alloc_pages_exact(2 * len, GFP_NOIO);
	u8 *expected = found + len;
	struct bio_vec bvec;
	struct iov_iter iter;
	int err;
	u32 i;

	if (!found)
		return -ENOMEM;
	bvec_set_page(&bvec, virt_to_page(found), len, 0);
	err = lfile_transfer_sync(io, false, &bvec, 1, 0, len);
	if (err)
		goto out;

	iov_iter_bvec(&iter, ITER_SOURCE, io->bvec, io->nents, len);
	if (copy_from_iter(expected, len, &iter) != len) {
		err = -EFAULT;
		goto out;
	}
	for (i = 0; i < len && found[i] == expected[i]; i++)
		;
	if (i < len) {
		*offset = i;
		err = -EILSEQ;
	}
out:
	free_pages_exact(found, 2 * len);
	return err;
}

/*
 * A command that is aborted before it writes never does. If it is aborted while
 * it writes, what was there is put back: nobody has seen anything else, for the
 * range is still ours.
 */
static void worker(struct work_struct *work)
{
	struct lfile_io *io = container_of(work, struct lfile_io, work);
	u32 len = io->len, offset = 0;
	int err;

	if (!lfile_inflight_enter(io, LFILE_MOVING))
		return;
	err = lfile_inflight_intact(io) ? compare(io, len, &offset) : -ENODATA;
	if (err == -EILSEQ) {
		lfile_inflight_end_miscompare(io, offset);
		return;
	}
	if (err || lfile_inflight_given_up(io)) {
		io->write = false;	/* what failed is the read */
		lfile_inflight_end(io, err);
		return;
	}
	err = lfile_transfer_sync(io, true, io->bvec, io->nents, len, len);
	if (lfile_inflight_given_up(io))
		err = lfile_transfer_sync(io, true, io->bvec, io->nents, 0,
					  len);
	lfile_flush_end(io, err);
}

static sense_reason_t execute(struct se_cmd *cmd)
{
	struct lfile_io *io;
	int err;

	if (!cmd->data_length) {
		target_complete_cmd(cmd, SAM_STAT_GOOD);
		return 0;
	}
	io = lfile_inflight_get(cmd, true);
	io->sgl = cmd->t_data_sg;
	io->nents = cmd->t_data_nents;
	err = lfile_transfer_map(io, GFP_NOIO);
	/* The data is the block as it was, then as it will be. */
	io->len = cmd->data_length / 2;
	if (err)
		lfile_inflight_end(io, err);
	else
		lfile_inflight_start(io, worker, io->dev->caw_wq);
	return 0;
}

/**
 * lfile_atomic_parse - take COMPARE AND WRITE from target core
 * @cmd: the command, which target core has parsed and checked
 *
 * Target core's own excludes other COMPARE AND WRITE commands only, one at a
 * time for a disk, and sleeps in the caller's context for that.
 */
void lfile_atomic_parse(struct se_cmd *cmd)
{
	cmd->se_cmd_flags &= ~SCF_COMPARE_AND_WRITE;
	cmd->transport_complete_callback = NULL;
	cmd->execute_cmd = execute;
}
