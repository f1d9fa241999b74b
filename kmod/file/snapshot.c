// SPDX-License-Identifier: GPL-2.0
/*
 * A snapshot of a disk in use: a copy of its image that shares the blocks.
 *
 * Flush; hold up commands that change the medium and let those in flight end; clone;
 * let them go on; make the copy stable; give it its name. So there is nothing of
 * that name until all is well, and nothing to clean up after a failure or a crash.
 *
 * A worker does all that may hang. Who asked for it waits with a deadline and can
 * be interrupted: he then gives up the worker, as an abort does a command, which
 * lets the commands go on. A clone that hangs in the filesystem may end later, in
 * a file without a name.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/fs.h>
#include <linux/fileattr.h>		/* of 6.1, needs fs.h */
#include <linux/ktime.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/refcount.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/wait.h>
#include <target/target_core_backend.h>
#include <lunar_file.h>
#include "compat.h"
#include "flush.h"
#include "inflight.h"
#include "intact.h"
#include "snapshot.h"

/* In this order; of each but the last, how long it may take, and what if not. */
enum stage {
	FLUSHING,
	PAUSED,
	SAVING,
	ENDED,
};

static const struct {
	long jiffies;
	const char *late;
} limits[ENDED] = {
	[FLUSHING] = { LUNAR_FILE_SNAPSHOT_FLUSH * HZ,
		       "given up, the image has not been flushed in time" },
	[PAUSED] = { LUNAR_FILE_SNAPSHOT_PAUSE * HZ,
		     "given up, writes would be held up for too long" },
	[SAVING] = { MAX_SCHEDULE_TIMEOUT },
};

/* Who is first: the worker with the name, or who waits with leaving. */
enum fate {
	OPEN,
	LINKED,
	GIVEN_UP,
};

/* Has two users, the worker and who waits for it; freed by the last. */
struct lfile_snapshot {
	struct lfile_io io;		/* of no command: to wait for others */
	struct work_struct work;
	refcount_t users;
	struct completion turn;		/* of the worker, by io */
	int result;			/* of the flush that ended then */
	struct path dir;		/* where the name goes */
	char *name;
	struct file *file;		/* without a name */
	s64 pause;			/* us */
	const char *step;		/* what err is about */
	const char *given_up;		/* why; of who waits */
	int err;
	enum stage stage;
	atomic_t fate;			/* enum fate */
	wait_queue_head_t wait;		/* for another stage */
};

/**
 * lfile_snapshot_create - set up what a disk knows of its snapshots
 * @dev: the disk
 */
void lfile_snapshot_create(struct lfile_dev *dev)
{
	atomic_set(&dev->snapshots, 0);
	dev->snapshot_pause = -1;
}

static void put(struct lfile_snapshot *snap)
{
	struct lfile_dev *dev = snap->io.dev;
	bool orphan;

	if (!refcount_dec_and_test(&snap->users))
		return;
	if (!IS_ERR_OR_NULL(snap->file))
		fput(snap->file);
	if (snap->dir.mnt)
		path_put(&snap->dir);
	orphan = snap->io.orphan;
	kfree(snap->name);
	kfree(snap);
	atomic_set(&dev->snapshots, 0);
	if (orphan)
		lfile_inflight_forget(dev, 0);
}

static void advance(struct lfile_snapshot *snap, enum stage stage)
{
	/* Pairs with stage_of(): what came before is there to be seen. */
	smp_store_release(&snap->stage, stage);
	wake_up(&snap->wait);
}

static enum stage stage_of(const struct lfile_snapshot *snap)
{
	/* Pairs with advance(). */
	return smp_load_acquire(&snap->stage);
}

/* No copy on write of its data: such a file shares blocks with its like only. */
static int copy_nocow(struct lfile_snapshot *snap)
{
	struct dentry *dentry = snap->file->f_path.dentry;
	struct fileattr attr;

	if (vfs_fileattr_get(snap->io.dev->file->f_path.dentry, &attr) ||
	    !(attr.flags & FS_NOCOW_FL))
		return 0;
	fileattr_fill_flags(&attr, FS_NOCOW_FL);
	return vfs_fileattr_set(file_mnt_idmap(snap->file), dentry, &attr);
}

/* Owner and permissions of the image. */
static int copy_owner(struct lfile_snapshot *snap)
{
	struct file *image = snap->io.dev->file;
	struct inode *from = file_inode(image), *to = file_inode(snap->file);
	struct iattr attr = {
		.ia_valid = ATTR_UID | ATTR_GID | ATTR_MODE | ATTR_CTIME,
		.ia_vfsuid = i_uid_into_vfsuid(file_mnt_idmap(image), from),
		.ia_vfsgid = i_gid_into_vfsgid(file_mnt_idmap(image), from),
		.ia_mode = S_IFREG | (from->i_mode & 0777),
	};
	int err;

	inode_lock(to);
	err = notify_change(file_mnt_idmap(snap->file),
			    snap->file->f_path.dentry, &attr, NULL);
	inode_unlock(to);
	return err;
}

static int make_file(struct lfile_snapshot *snap)
{
	int err;

	snap->step = "cannot make a file there";
	snap->file = file_open_root(&snap->dir, ".",
				    O_TMPFILE | O_WRONLY | O_LARGEFILE, 0600);
	if (IS_ERR(snap->file))
		return PTR_ERR(snap->file);
	err = mnt_want_write(snap->dir.mnt);
	if (err)
		return err;
	err = copy_nocow(snap);
	if (!err)
		err = copy_owner(snap);
	mnt_drop_write(snap->dir.mnt);
	return err;
}

static void flushed(struct lfile_io *io, int err)
{
	struct lfile_snapshot *snap = container_of(io, struct lfile_snapshot,
						   io);

	snap->result = err;
	complete(&snap->turn);
}

/* By the flusher, who alone knows whom a failed writeback concerns. */
static int flush(struct lfile_snapshot *snap)
{
	snap->step = "the image cannot be flushed";
	snap->io.done = flushed;
	lfile_flush_request(&snap->io);
	wait_for_completion(&snap->turn);
	return snap->result;
}

static void turn_worker(struct work_struct *work)
{
	struct lfile_snapshot *snap = container_of(work, struct lfile_snapshot,
						   io.work);

	complete(&snap->turn);
}

/* The filesystem first writes what the page cache has got since the flush. */
static int clone_image(struct lfile_snapshot *snap)
{
	struct lfile_dev *dev = snap->io.dev;
	loff_t size = i_size_read(dev->inode), cloned;

	snap->step = "the image was truncated";
	if (!lfile_intact_readable(dev, 0, READ_ONCE(dev->size)))
		return -ENODATA;
	snap->step = "the image cannot be cloned";
	cloned = vfs_clone_file_range(dev->file, 0, snap->file, 0, 0, 0);
	if (cloned < 0)
		return cloned;
	return cloned == size ? 0 : -EIO;
}

static int clone_paused(struct lfile_snapshot *snap)
{
	ktime_t start = ktime_get();
	int err = -EINTR;

	advance(snap, PAUSED);
	INIT_WORK(&snap->io.work, turn_worker);
	lfile_inflight_pause(&snap->io);
	wait_for_completion(&snap->turn);
	if (!READ_ONCE(snap->io.orphan))
		err = clone_image(snap);
	lfile_inflight_resume(&snap->io);
	snap->pause = ktime_us_delta(ktime_get(), start);
	if (!err)
		advance(snap, SAVING);
	return err;
}

static int link_name(struct lfile_snapshot *snap)
{
	struct inode *dir = d_inode(snap->dir.dentry);
	struct dentry *dentry;
	int err;

	err = mnt_want_write(snap->dir.mnt);
	if (err)
		return err;
	inode_lock_nested(dir, I_MUTEX_PARENT);
	dentry = lookup_one(file_mnt_idmap(snap->file), snap->name,
			    snap->dir.dentry, strlen(snap->name));
	if (IS_ERR(dentry)) {
		err = PTR_ERR(dentry);
	} else {
		/* -EEXIST if somebody was faster */
		err = vfs_link(snap->file->f_path.dentry,
			       file_mnt_idmap(snap->file), dir, dentry, NULL);
		dput(dentry);
	}
	inode_unlock(dir);
	mnt_drop_write(snap->dir.mnt);
	return err;
}

static int save(struct lfile_snapshot *snap)
{
	struct file *dir;
	int err;

	snap->step = "it cannot be made stable";
	err = vfs_fsync(snap->file, 0);
	if (err)
		return err;
	if (atomic_cmpxchg(&snap->fate, OPEN, LINKED) != OPEN)
		return -EINTR;
	err = link_name(snap);
	if (err)
		return err;
	/* Again: btrfs does not log a file without a name. */
	err = vfs_fsync(snap->file, 0);
	if (err)
		return err;
	dir = file_open_root(&snap->dir, ".", O_RDONLY | O_DIRECTORY, 0);
	if (IS_ERR(dir))
		return PTR_ERR(dir);
	err = vfs_fsync(dir, 0);
	fput(dir);
	return err;
}

static void worker(struct work_struct *work)
{
	struct lfile_snapshot *snap = container_of(work, struct lfile_snapshot,
						   work);
	int err;

	err = make_file(snap);
	if (!err)
		err = flush(snap);
	if (!err)
		err = clone_paused(snap);
	if (!err)			/* whether all of it was written */
		err = flush(snap);
	if (!err)
		err = save(snap);
	snap->err = err;
	advance(snap, ENDED);
	put(snap);
}

/* Returns 0 or what the worker has come to, or why it was given up. */
static int wait(struct lfile_snapshot *snap)
{
	enum stage stage;
	long ret;

	for (stage = FLUSHING; stage < ENDED; stage++) {
		ret = wait_event_interruptible_timeout(snap->wait,
						       stage_of(snap) > stage,
						       limits[stage].jiffies);
		if (ret > 0)
			continue;
		lfile_inflight_abandon(&snap->io);
		if (stage_of(snap) == ENDED)
			break;		/* just now */
		/* Its name is the last thing that it gets. */
		if (atomic_cmpxchg(&snap->fate, OPEN, GIVEN_UP) == LINKED)
			snap->given_up = "given up too late, it may be there";
		else
			snap->given_up = ret ? "interrupted" : limits[stage].late;
		return ret ? -EINTR : -ETIMEDOUT;
	}
	/* Its last step, or the next snapshot would find this one. */
	flush_work(&snap->work);
	return snap->err;
}

/* Where it is to be, and that it can be there. */
static int look(struct lfile_snapshot *snap, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	struct path other;
	char *dir;
	int err;

	snap->step = "not the path of a file";
	if (!*name)
		return -EISDIR;
	snap->step = "its directory cannot be found";
	snap->name = kstrdup(name, GFP_KERNEL);
	dir = kstrndup(path, name - path, GFP_KERNEL);
	if (!snap->name || !dir) {
		kfree(dir);
		return -ENOMEM;
	}
	err = kern_path(dir, LOOKUP_FOLLOW | LOOKUP_DIRECTORY, &snap->dir);
	kfree(dir);
	if (err)
		return err;
	if (snap->dir.dentry->d_sb != snap->io.dev->inode->i_sb)
		return -EXDEV;
	if (kern_path(path, 0, &other))
		return 0;
	path_put(&other);
	return -EEXIST;
}

static int run(struct lfile_snapshot *snap, const char *path)
{
	int err = look(snap, path);

	if (err)
		return err;
	refcount_inc(&snap->users);
	queue_work(snap->io.dev->io_wq, &snap->work);
	return wait(snap);
}

static struct lfile_snapshot *create(struct lfile_dev *dev)
{
	struct lfile_snapshot *snap = kzalloc(sizeof(*snap), GFP_KERNEL);

	if (!snap)
		return NULL;
	snap->io.dev = dev;
	snap->io.wq = dev->io_wq;
	snap->io.wb_seen = READ_ONCE(dev->wb_errors);
	INIT_WORK(&snap->work, worker);
	refcount_set(&snap->users, 1);
	init_completion(&snap->turn);
	init_waitqueue_head(&snap->wait);
	return snap;
}

static const char *reason(const struct lfile_snapshot *snap, int err)
{
	if (snap->given_up)
		return snap->given_up;
	switch (err) {
	case -EEXIST:
		return "it exists already";
	case -EXDEV:
		return "it is not on the filesystem of the image";
	case -EOPNOTSUPP:
		return "the filesystem cannot share blocks of files";
	}
	return snap->step;
}

/* Only an image file can be cloned, and not on all filesystems. */
static int check(struct lfile_dev *dev, const char *path)
{
	if (!target_dev_configured(&dev->se_dev)) {
		pr_err("%s: snapshot %s: the disk is not enabled\n", dev->name,
		       path);
		return -ENODEV;
	}
	if (dev->is_block) {
		pr_err("%s: snapshot %s: %s is a block device: only a file can be cloned\n",
		       dev->name, path, dev->path);
		return -EOPNOTSUPP;
	}
	if (path[0] != '/') {
		pr_err("%s: snapshot: \"%s\" is no absolute path\n", dev->name,
		       path);
		return -EINVAL;
	}
	return 0;
}

/**
 * lfile_snapshot_take - clone the image of a disk in use
 * @dev: the disk; one at a time
 * @path: of the clone, see LUNAR_FILE_ACTION_SNAPSHOT
 *
 * Context: configfs, may sleep; returns on a signal.
 * Return: 0 or an errno, either with a line in the log.
 */
int lfile_snapshot_take(struct lfile_dev *dev, const char *path)
{
	struct lfile_snapshot *snap;
	int err = check(dev, path);

	if (err)
		return err;
	if (atomic_cmpxchg(&dev->snapshots, 0, 1)) {
		pr_err("%s: snapshot %s: an earlier one has not ended\n",
		       dev->name, path);
		return -EBUSY;
	}
	snap = create(dev);
	if (!snap) {
		atomic_set(&dev->snapshots, 0);
		return -ENOMEM;
	}
	err = dev->file->f_op->remap_file_range ? run(snap, path) : -EOPNOTSUPP;
	if (err) {
		pr_err("%s: snapshot %s: %s: %pe\n", dev->name, path,
		       reason(snap, err), ERR_PTR(err));
	} else {
		WRITE_ONCE(dev->snapshot_pause, snap->pause);
		pr_info("%s: snapshot %s: writes were held up for %lld us\n",
			dev->name, path, snap->pause);
	}
	put(snap);
	return err;
}
