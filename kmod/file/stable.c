// SPDX-License-Identifier: GPL-2.0
/*
 * What a flush of the image is worth, as far as it can be known: said once in the
 * log, and in the info attribute.
 *
 * The kernel takes the word of those below: a filesystem mounted without barriers,
 * a disk that lies about its cache, a hypervisor that drops flushes cannot be told
 * from those that keep their promise.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/fs.h>
#include <linux/kprobes.h>
#include <linux/magic.h>
#include <linux/pagemap.h>
#include <linux/ptrace.h>
#include <linux/sched.h>
#include <target/target_core_backend.h>
#include <lunar_file.h>
#include "inflight.h"
#include "stable.h"

#ifdef CONFIG_KRETPROBES

/* Someone else's fsync may be in the probed function at the same time. */
struct fsync_probe {
	struct kretprobe krp;
	struct task_struct *task;
	bool called;
	int result;
};

static int fsync_returned(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct fsync_probe *probe = container_of(get_kretprobe(ri),
						 struct fsync_probe, krp);

	if (current == probe->task) {
		probe->called = true;
		probe->result = regs_return_value(regs);
	}
	return 0;
}

/*
 * Does the FUSE server implement fsync? When it says that it does not, FUSE takes
 * that for success, now and ever after without asking again, and keeps it to itself.
 * So look what its function that asks the server returns, or that it is not
 * called any more. A server that gives up fsync later is not noticed.
 */
static enum lfile_flush probe_fuse(struct lfile_dev *dev)
{
	struct fsync_probe probe = {
		.krp.kp.symbol_name = "fuse_fsync_common",
		.krp.handler = fsync_returned,
		.task = current,
	};
	int err;

	if (register_kretprobe(&probe.krp))
		return LFILE_FLUSH_UNKNOWN;
	err = vfs_fsync(dev->file, 0);
	unregister_kretprobe(&probe.krp);

	if (err || probe.krp.nmissed)
		return LFILE_FLUSH_UNKNOWN;
	if (!probe.called || probe.result)
		return LFILE_FLUSH_IGNORED;
	return LFILE_FLUSH_STABLE;
}

#else

static enum lfile_flush probe_fuse(struct lfile_dev *dev)
{
	return LFILE_FLUSH_UNKNOWN;
}

#endif

static enum lfile_flush find_out(struct lfile_dev *dev)
{
	if (dev->file->f_op->fsync == noop_fsync)
		return LFILE_FLUSH_VOLATILE;
	if (dev->inode->i_sb->s_magic == FUSE_SUPER_MAGIC)
		return probe_fuse(dev);
	return LFILE_FLUSH_STABLE;
}

/**
 * lfile_stable_configure - find out what a flush of the image is worth
 * @dev: the disk, its file open and its control keys final
 *
 * Context: may sleep, as long as fsync does.
 * Return: 0, or -EINVAL if the keys contradict each other.
 */
int lfile_stable_configure(struct lfile_dev *dev)
{
	if (dev->nv_cache &&
	    (dev->write_back || dev->se_dev.dev_attrib.emulate_write_cache)) {
		pr_err("%s: %s=1 says that no cache can lose data, but the write cache is on\n",
		       dev->name, LUNAR_FILE_KEY_NV_CACHE);
		return -EINVAL;
	}

	dev->flush = find_out(dev);
	switch (dev->flush) {
	case LFILE_FLUSH_VOLATILE:
		pr_warn("%s: %s is in memory: nothing of the disk survives a restart\n",
			dev->name, dev->path);
		break;
	case LFILE_FLUSH_IGNORED:
		pr_warn("%s: the FUSE server of %s does not implement fsync: writes are no more stable than it makes them by itself\n",
			dev->name, dev->path);
		break;
	case LFILE_FLUSH_UNKNOWN:
		pr_warn("%s: cannot find out whether the FUSE server of %s implements fsync\n",
			dev->name, dev->path);
		break;
	case LFILE_FLUSH_STABLE:
		break;
	}
	if (dev->nv_cache)
		pr_warn("%s: %s=1: writes are answered from the cache and never flushed: they survive a power cut only if this machine's %s does\n",
			dev->name, LUNAR_FILE_KEY_NV_CACHE,
			dev->direct ? "disk cache" : "memory");
	return 0;
}

/**
 * lfile_stable_check - can the image still be written for good?
 * @dev: the disk
 *
 * A filesystem that was made read-only under an open file (an error, SysRq) may keep
 * what is in the page cache to itself, and let fsync succeed. So does a block device
 * that has died or has shrunk: pages beyond its end are dropped as if they were written.
 *
 * Of an fsync it tells what is asked after it: the capacity goes before the pages.
 *
 * Context: any.
 * Return: 0, -EROFS if its filesystem has become read-only, -ENODATA if its device is
 * smaller than the disk.
 */
int lfile_stable_check(const struct lfile_dev *dev)
{
	if (dev->is_block)
		return i_size_read(dev->inode) < READ_ONCE(dev->size) ? -ENODATA : 0;
	return !dev->read_only && sb_rdonly(dev->inode->i_sb) ? -EROFS : 0;
}

/* Under the folio's lock, so that it cannot get older than what is on the disk. */
static bool write_again(struct lfile_dev *dev, struct folio *folio)
{
	struct bio_vec bvec;
	struct bio bio;
	int err;

	lockdep_assert(folio_test_locked(folio));
	if (!folio_test_uptodate(folio) || folio_test_dirty(folio))
		return false;
	bvec_set_page(&bvec, folio_page(folio, 0), folio_size(folio), 0);
	bio_init(&bio, I_BDEV(dev->inode), &bvec, 1, REQ_OP_WRITE);
	bio.bi_vcnt = 1;
	bio.bi_iter.bi_sector = folio_pos(folio) >> SECTOR_SHIFT;
	bio.bi_iter.bi_size = folio_size(folio);
	err = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return err == -ENOSPC;
}

/**
 * lfile_stable_no_space - did writeback fail because a thin device is full?
 * @dev: the disk, on a block device
 * @pos: first byte of what may not have been written
 * @len: bytes
 *
 * The page cache of a block device makes EIO of every error (mark_buffer_write_io_error()),
 * and a VM that could have been paused gets a medium error. So what is still cached is
 * written once more, for the device's own word.
 *
 * Context: process, sleeps.
 * Return: whether the device has no space.
 */
bool lfile_stable_no_space(struct lfile_dev *dev, loff_t pos, u64 len)
{
	struct address_space *mapping = dev->file->f_mapping;
	loff_t size = i_size_read(mapping->host);
	bool full = false;
	loff_t at = pos;

	while (!full && at < pos + len) {
		struct folio *folio = filemap_lock_folio(mapping, at >> PAGE_SHIFT);

		if (IS_ERR_OR_NULL(folio)) {
			at = round_down(at, PAGE_SIZE) + PAGE_SIZE;
			continue;
		}
		folio_wait_writeback(folio);
		at = folio_pos(folio) + folio_size(folio);
		full = at <= size && write_again(dev, folio);
		folio_unlock(folio);
		folio_put(folio);
		cond_resched();
	}
	return full;
}

/**
 * lfile_stable_word - what a flush is worth, for the info attribute
 * @dev: the disk
 *
 * Return: a word of uapi/lunar_file.h.
 */
const char *lfile_stable_word(const struct lfile_dev *dev)
{
	static const char *const words[] = {
		[LFILE_FLUSH_STABLE] = LUNAR_FILE_FLUSH_STABLE,
		[LFILE_FLUSH_VOLATILE] = LUNAR_FILE_FLUSH_VOLATILE,
		[LFILE_FLUSH_IGNORED] = LUNAR_FILE_FLUSH_IGNORED,
		[LFILE_FLUSH_UNKNOWN] = LUNAR_FILE_FLUSH_UNKNOWN,
	};

	return dev->nv_cache ? LUNAR_FILE_FLUSH_NV_CACHE : words[dev->flush];
}
