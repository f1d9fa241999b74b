// SPDX-License-Identifier: GPL-2.0
/*
 * The size of a disk, which may grow while it is in use, and of its physical blocks. It
 * never shrinks: initiators have been told of the larger one.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/fs.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/sizes.h>
#include <lunar_file.h>
#include "inflight.h"
#include "intact.h"
#include "size.h"
#include "ua.h"

/* CAPACITY DATA HAS CHANGED, SBC-4 4.7.2 */
static void announce(struct lfile_dev *dev, u64 before, u64 size)
{
	pr_info("%s: has grown from %llu to %llu bytes\n", dev->name, before,
		size);
	lfile_ua_raise(dev, 0x2a, 0x09, NULL);
}

static int grow_file(struct lfile_dev *dev, u64 size)
{
	int err = 0;

	if (!lfile_intact_readable(dev, 0, dev->size)) {
		pr_err("%s: %s was truncated under the disk: it cannot grow before it is set up anew\n",
		       dev->name, dev->path);
		return -EIO;
	}
	if (i_size_read(dev->inode) < size)
		err = dev->read_only ? -EROFS :
				       vfs_truncate(&dev->file->f_path, size);
	if (err) {
		pr_err("%s: cannot extend %s to %llu bytes: %pe\n", dev->name,
		       dev->path, size, ERR_PTR(err));
		return err;
	}
	/* From here on a shorter file is a truncated one. */
	spin_lock(&dev->wb_lock);
	if (dev->intact < dev->size)	/* a command has just seen it shorter */
		err = -EIO;
	else
		WRITE_ONCE(dev->intact, size);
	spin_unlock(&dev->wb_lock);
	return err;
}

/**
 * lfile_size_grow - give a disk that is enabled another size
 * @dev: the disk
 * @size: bytes, a multiple of LUNAR_FILE_SIZE_UNIT
 *
 * A file is extended if it is shorter. A block device has to have the size.
 * Calls are serialized by change_lock.
 *
 * Context: configfs, may sleep.
 * Return: 0, also if the size is what it was; -EINVAL to shrink, or another
 * errno, with a line in the log.
 */
int lfile_size_grow(struct lfile_dev *dev, u64 size)
{
	u64 before;
	int err = 0;

	mutex_lock(&dev->change_lock);
	before = READ_ONCE(dev->size);
	if (size < before) {
		pr_err("%s: %s: %llu is less than the %llu bytes that initiators know of: a disk does not shrink\n",
		       dev->name, LUNAR_FILE_KEY_SIZE, size, before);
		err = -EINVAL;
	} else if (size > before && dev->is_block) {
		lfile_size_look(dev);
		if (READ_ONCE(dev->size) != size) {
			pr_err("%s: %s: block device %s has %llu bytes\n",
			       dev->name, LUNAR_FILE_KEY_SIZE, dev->path,
			       i_size_read(dev->inode));
			err = -EINVAL;
		}
	} else if (size > before) {
		err = grow_file(dev, size);
		if (!err) {
			WRITE_ONCE(dev->size, size);
			announce(dev, before, size);
		}
	}
	mutex_unlock(&dev->change_lock);
	return err;
}

/**
 * lfile_size_look - notice a block device that has grown
 * @dev: the disk
 *
 * Context: process, does not sleep: for every command.
 */
void lfile_size_look(struct lfile_dev *dev)
{
	u64 before, size;

	if (!dev->is_block)
		return;
	before = READ_ONCE(dev->size);
	size = i_size_read(dev->inode);
	if (unlikely(size > before) &&
	    cmpxchg64(&dev->size, before, size) == before)
		announce(dev, before, size);
}

/**
 * lfile_size_physical - what the filesystem or the device writes in one piece
 * @se_dev: the disk
 *
 * Of what is less it reads the rest, changes and writes it. Larger than 4 KiB it is
 * for no initiator.
 *
 * Context: any.
 * Return: bytes.
 */
u32 lfile_size_physical(struct se_device *se_dev)
{
	struct lfile_dev *dev = to_lfile_dev(se_dev);
	u32 size = i_blocksize(dev->inode);

	if (dev->is_block) {
		struct block_device *bdev = I_BDEV(dev->inode);

		/* A partition that begins within one is of no use to align to. */
		size = bdev_alignment_offset(bdev) ?
			       0 : bdev_physical_block_size(bdev);
	}
	return clamp_t(u32, size, se_dev->dev_attrib.block_size, SZ_4K);
}

/**
 * lfile_size_lbppbe - LOGICAL BLOCKS PER PHYSICAL BLOCK EXPONENT, SBC-4 5.20.2
 * @se_dev: the disk
 *
 * Context: any.
 * Return: the exponent.
 */
unsigned int lfile_size_lbppbe(struct se_device *se_dev)
{
	return ilog2(lfile_size_physical(se_dev) / se_dev->dev_attrib.block_size);
}
