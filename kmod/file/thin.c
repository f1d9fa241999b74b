// SPDX-License-Identifier: GPL-2.0
/*
 * The soft threshold of thin provisioning: initiators hear once that the file
 * system of the image runs full, before writes fail.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/math64.h>
#include <linux/statfs.h>
#include <lunar_file.h>
#include "inflight.h"
#include "thin.h"
#include "ua.h"

/* Free space is looked at that long after a write, however many there are. */
#define LOOK_DELAY	HZ

/*
 * Below the threshold: THIN PROVISIONING SOFT THRESHOLD REACHED, once. Above it
 * by one percent of the filesystem: ready to be told again.
 */
static void look_worker(struct work_struct *work)
{
	struct lfile_dev *dev = container_of(to_delayed_work(work),
					     struct lfile_dev, thin_work);
	u32 percent = READ_ONCE(dev->thin_threshold);
	struct kstatfs stat;
	u64 one;

	if (!percent || vfs_statfs(&dev->file->f_path, &stat) || !stat.f_blocks)
		return;
	one = div_u64(stat.f_blocks, 100);
	if (stat.f_bavail < one * percent && !dev->thin_low) {
		dev->thin_low = true;
		pr_warn("%s: the filesystem of %s has less than %u percent free\n",
			dev->name, dev->path, percent);
		lfile_ua_raise(dev, 0x38, 0x07, NULL);
	} else if (stat.f_bavail >= one * (percent + 1)) {
		dev->thin_low = false;
	}
}

/**
 * lfile_thin_create - set up the threshold of a disk
 * @dev: the disk
 */
void lfile_thin_create(struct lfile_dev *dev)
{
	dev->thin_threshold = LUNAR_FILE_THIN_THRESHOLD;
	INIT_DELAYED_WORK(&dev->thin_work, look_worker);
}

/**
 * lfile_thin_destroy - wait for the last look
 * @dev: the disk, without commands
 *
 * Context: may sleep, as long as statfs does.
 */
void lfile_thin_destroy(struct lfile_dev *dev)
{
	cancel_delayed_work_sync(&dev->thin_work);
}

/**
 * lfile_thin_look - look at the free space soon
 * @dev: the disk; a command that may allocate space is at hand
 *
 * Context: any.
 */
void lfile_thin_look(struct lfile_dev *dev)
{
	if (dev->is_block || !READ_ONCE(dev->thin_threshold) ||
	    delayed_work_pending(&dev->thin_work))
		return;
	queue_delayed_work(system_unbound_wq, &dev->thin_work, LOOK_DELAY);
}
