// SPDX-License-Identifier: GPL-2.0
/*
 * COMPARE AND WRITE.
 */
#include <linux/workqueue.h>
#include "atomic.h"
#include "inflight.h"

/**
 * lfile_atomic_create - set up the lane of a disk
 * @dev: the disk, its id known
 * @hba: number of its HBA
 *
 * Target core's implementation sleeps until the COMPARE AND WRITE before it,
 * of the same disk, is done. Ours waits in an ordered workqueue: one at a
 * time, none in the caller's context, and none in the workers that its reads
 * and writes need.
 *
 * Return: 0 or -ENOMEM.
 */
int lfile_atomic_create(struct lfile_dev *dev, u32 hba)
{
	dev->caw_wq = alloc_ordered_workqueue("lfile-caw-%u.%u", 0, hba,
					      dev->id);
	return dev->caw_wq ? 0 : -ENOMEM;
}

/**
 * lfile_atomic_destroy - undo lfile_atomic_create(), wait for the worker
 * @dev: the disk; without commands
 */
void lfile_atomic_destroy(struct lfile_dev *dev)
{
	destroy_workqueue(dev->caw_wq);
}

/**
 * lfile_atomic_execute - COMPARE AND WRITE
 * @cmd: the command, target core's execute function in priv
 *
 * Core reads and writes through execute_rw, with a scatterlist and data_length
 * of its own for each step, and excludes other COMPARE AND WRITE commands only.
 *
 * Context: process, does not sleep on I/O.
 * Return: 0.
 */
sense_reason_t lfile_atomic_execute(struct se_cmd *cmd)
{
	lfile_inflight_defer(cmd, to_lfile_dev(cmd->se_dev)->caw_wq);
	return 0;
}
