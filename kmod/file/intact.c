// SPDX-License-Identifier: GPL-2.0
/*
 * Is the image still what it was: neither truncated nor deleted?
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include "inflight.h"
#include "intact.h"

static void report_deleted(struct lfile_dev *dev)
{
	spin_lock(&dev->wb_lock);
	if (!dev->deleted)
		pr_err("%s: %s was deleted under the disk: writes fail from now on, what it held can be read until the disk goes\n",
		       dev->name, dev->path);
	dev->deleted = true;
	spin_unlock(&dev->wb_lock);
}

/**
 * lfile_intact_readable - is the file still there?
 * @dev: the disk
 * @pos: first byte
 * @len: bytes
 *
 * The file had at least the size of the disk when the disk was enabled. What
 * lies beyond a smaller size seen since is lost: it is neither read as zeros
 * nor written over, even when the file has grown again. The way back is to
 * set up the disk anew. A command that meets a truncation in progress may be
 * the last to get through. A block device has what it has at this moment.
 *
 * Context: process.
 * Return: false if some of the range is lost.
 */
bool lfile_intact_readable(struct lfile_dev *dev, loff_t pos, u64 len)
{
	u64 size;

	/* One that has died has no capacity, and takes what is written to it for beyond. */
	if (dev->is_block)
		return pos + len <= i_size_read(dev->inode);

	if (unlikely(i_size_read(dev->inode) < READ_ONCE(dev->intact))) {
		spin_lock(&dev->wb_lock);
		size = i_size_read(dev->inode);	/* it may just grow: size.c */
		if (size < dev->intact) {
			pr_err("%s: %s was truncated to %llu bytes under the disk of %llu bytes: what lies beyond fails from now on\n",
			       dev->name, dev->path, size, dev->size);
			WRITE_ONCE(dev->intact, size);
		}
		spin_unlock(&dev->wb_lock);
	}
	return pos + len <= READ_ONCE(dev->intact);
}

/**
 * lfile_intact_check - is the file still there where the command goes?
 * @io: record with its position and length
 *
 * A file that was deleted keeps its data until the disk goes: it can be read,
 * but a write to it would not be stable.
 *
 * Context: process.
 * Return: false if some of the range is lost, or cannot be written for good.
 */
bool lfile_intact_check(struct lfile_io *io)
{
	struct lfile_dev *dev = io->dev;

	if (unlikely(io->write && !dev->is_block && !dev->inode->i_nlink)) {
		report_deleted(dev);
		return false;
	}
	return lfile_intact_readable(dev, io->pos, io->len);
}
