// SPDX-License-Identifier: GPL-2.0
/*
 * The backstore as target core sees it: HBAs, disks, and which function
 * executes a command.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/module.h>
#include <linux/namei.h>
#include <linux/slab.h>
#include <linux/stat.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_base.h>
#include <target/target_core_backend.h>
#include <lunar_file.h>
#include "answer.h"
#include "atomic.h"
#include "attr.h"
#include "backend.h"
#include "buffers.h"
#include "compat.h"
#include "copy.h"
#include "copy_result.h"
#include "dev.h"
#include "flush.h"
#include "inflight.h"
#include "intact.h"
#include "mode.h"
#include "opcode.h"
#include "pages.h"
#include "params.h"
#include "prefetch.h"
#include "read.h"
#include "size.h"
#include "snapshot.h"
#include "space.h"
#include "stable.h"
#include "thin.h"
#include "ua.h"
#include "verify.h"
#include "write.h"

/*
 * Workers of one disk. More do not make one file faster; fewer would leave
 * reads of a cold file waiting for one another.
 */
#define WORKERS		64

struct lfile_hba {
	u32 id;
	u32 next_dev_id;
};

/*
 * Where target core's own functions run that wait for other commands or write
 * files: PERSISTENT RESERVE OUT, SET TARGET PORT GROUPS. They may wait for
 * commands of the same disk, so not among its workers.
 */
static struct workqueue_struct *control_wq;

/* All disks with a file, to find two with the same. */
static LIST_HEAD(disks);
static DEFINE_MUTEX(disks_lock);

/* tb_dev_attrib_attrs of backend.ops */
static struct configfs_attribute **attrib_attrs;

static int attach_hba(struct se_hba *hba, u32 host_id)
{
	struct lfile_hba *lhba = kzalloc(sizeof(*lhba), GFP_KERNEL);

	if (!lhba)
		return -ENOMEM;
	lhba->id = host_id;
	hba->hba_ptr = lhba;
	return 0;
}

static void detach_hba(struct se_hba *hba)
{
	kfree(hba->hba_ptr);
	hba->hba_ptr = NULL;
}

static struct se_device *alloc_device(struct se_hba *hba, const char *name)
{
	struct lfile_dev *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return NULL;
	strscpy(dev->name, name, sizeof(dev->name));
	lfile_inflight_create(dev);
	INIT_LIST_HEAD(&dev->node);
	mutex_init(&dev->change_lock);
	lfile_ua_create(dev);
	lfile_thin_create(dev);
	lfile_snapshot_create(dev);
	lfile_flush_create(dev);
	return &dev->se_dev;
}

static void free_device_rcu(struct rcu_head *rcu)
{
	kfree(to_lfile_dev(container_of(rcu, struct se_device, rcu_head)));
}

/* Target core walks its devices under RCU. */
static void free_device(struct se_device *se_dev)
{
	call_rcu(&se_dev->rcu_head, free_device_rcu);
}

/* Look before opening: to open a tape or a watchdog is to do something to it. */
static int check_type(struct lfile_dev *dev)
{
	struct path path;
	umode_t mode;
	int err = kern_path(dev->path, LOOKUP_FOLLOW, &path);

	if (err) {
		pr_err("%s: cannot find %s: %pe\n", dev->name, dev->path,
		       ERR_PTR(err));
		return err;
	}
	mode = d_backing_inode(path.dentry)->i_mode;
	path_put(&path);

	if (S_ISREG(mode) || S_ISBLK(mode))
		return 0;
	pr_err("%s: %s is %s, not a file or block device\n", dev->name,
	       dev->path, S_ISDIR(mode) ? "a directory" : "something else");
	return S_ISDIR(mode) ? -EISDIR : -EINVAL;
}

/*
 * Can the file do direct I/O, and how has that to be aligned? Unknown is as good as
 * any: a request that is refused goes through the page cache.
 */
static bool find_alignment(struct lfile_dev *dev, struct file *file)
{
	struct inode *inode = file->f_mapping->host;
	struct kstat stat;

	dev->align = 1;
	dev->align_memory = 1;
	if (S_ISBLK(inode->i_mode)) {
		dev->align = bdev_logical_block_size(I_BDEV(inode));
		dev->align_memory = bdev_dma_alignment(I_BDEV(inode)) + 1;
	} else if (!vfs_getattr(&file->f_path, &stat, STATX_DIOALIGN,
				AT_STATX_SYNC_AS_STAT) &&
		   stat.result_mask & STATX_DIOALIGN) {
		dev->align = stat.dio_offset_align;
		dev->align_memory = stat.dio_mem_align;
	}
	return dev->align;
}

/* The file, with O_DIRECT if that is wanted and possible. */
static struct file *open_image(struct lfile_dev *dev)
{
	int flags = (dev->read_only ? O_RDONLY : O_RDWR) | O_LARGEFILE;
	struct file *file;

	dev->direct = false;
	if (!dev->wants_direct)
		return filp_open(dev->path, flags, 0);

	file = filp_open(dev->path, flags | O_DIRECT, 0);
	if (!IS_ERR(file) && find_alignment(dev, file)) {
		dev->direct = true;
		if (dev->align > LUNAR_FILE_SIZE_UNIT)
			pr_warn("%s: direct I/O to %s is in units of %u bytes: anything else goes through the page cache\n",
				dev->name, dev->path, dev->align);
		return file;
	}
	if (!IS_ERR(file))
		filp_close(file, NULL);
	else if (file != ERR_PTR(-EINVAL))
		return file;
	pr_warn("%s: there is no direct I/O to %s: all goes through the page cache\n",
		dev->name, dev->path);
	return filp_open(dev->path, flags, 0);
}

/* Not O_CREAT: a missing image is a filesystem that is not mounted. */
static int open_file(struct lfile_dev *dev)
{
	struct file *file;
	int err;

	if (!dev->path[0]) {
		pr_err("%s: no %s given\n", dev->name, LUNAR_FILE_KEY_PATH);
		return -EINVAL;
	}
	err = check_type(dev);
	if (err)
		return err;

	file = open_image(dev);
	if (IS_ERR(file)) {
		pr_err("%s: cannot open %s to read%s: %pe\n", dev->name,
		       dev->path, dev->read_only ? "" : " and write", file);
		return PTR_ERR(file);
	}
	/* A READ would write the time of access, and wait for the journal. */
	spin_lock(&file->f_lock);
	file->f_flags |= O_NOATIME;
	spin_unlock(&file->f_lock);
	dev->file = file;
	dev->inode = file->f_mapping->host;
	dev->is_block = S_ISBLK(dev->inode->i_mode);
	if (!file->f_op->read_iter || !file->f_op->fsync ||
	    (!file->f_op->write_iter && !dev->read_only)) {
		pr_err("%s: the filesystem of %s lacks what a disk needs\n",
		       dev->name, dev->path);
		return -EOPNOTSUPP;
	}
	return 0;
}

static int set_block_device(struct lfile_dev *dev)
{
	struct se_dev_attrib *attrib = &dev->se_dev.dev_attrib;
	struct block_device *bdev = I_BDEV(dev->inode);
	u64 size = bdev_nr_bytes(bdev);

	if (!size || (dev->has_size && dev->size != size)) {
		pr_err("%s: block device %s has %llu bytes, %s is %llu\n",
		       dev->name, dev->path, size, LUNAR_FILE_KEY_SIZE,
		       dev->size);
		return -EINVAL;
	}
	dev->size = size;
	attrib->hw_block_size = bdev_logical_block_size(bdev);
	attrib->is_nonrot = bdev_nonrot(bdev);
	return 0;
}

/*
 * A shorter file is extended, so that from here on one that is shorter than
 * its disk has been truncated: lfile_intact_check().
 */
static int set_regular_file(struct lfile_dev *dev)
{
	int err;

	if (!dev->has_size) {
		pr_err("%s: %s is a file: %s is needed\n", dev->name, dev->path,
		       LUNAR_FILE_KEY_SIZE);
		return -EINVAL;
	}
	if (i_size_read(dev->inode) < dev->size) {
		err = dev->read_only ? -EROFS :
				       vfs_truncate(&dev->file->f_path,
						    dev->size);
		if (err) {
			pr_err("%s: cannot extend %s to %llu bytes: %pe\n",
			       dev->name, dev->path, dev->size, ERR_PTR(err));
			return err;
		}
	}
	dev->intact = dev->size;
	dev->se_dev.dev_attrib.hw_block_size = LUNAR_FILE_SIZE_UNIT;
	return 0;
}

static void set_attributes(struct lfile_dev *dev)
{
	struct se_dev_attrib *attrib = &dev->se_dev.dev_attrib;
	struct file *file = dev->file;

	dev->lends = lfile_pages_suitable(dev);
	dev->nowait_read = file->f_mode & FMODE_NOWAIT;
	dev->nowait_write = dev->nowait_read &&
			    (dev->direct || file_buffer_wasync(file));

	attrib->hw_max_sectors = LUNAR_FILE_IO_MAX / attrib->hw_block_size;
	attrib->hw_queue_depth = LUNAR_FILE_QUEUE_DEPTH;
	attrib->max_write_same_len = LUNAR_FILE_WRITE_SAME_MAX;
	/* Before a LUN is made: it takes its WP bit from here. */
	if (dev->read_only)
		dev->se_dev.dev_flags |= DF_READ_ONLY;
	if (dev->write_back)
		attrib->emulate_write_cache = 1;
	if (attrib->emulate_write_cache)
		pr_warn("%s: the write cache is on: a write is stable only after a flush, and ESXi never flushes\n",
			dev->name);
}

static int create_workers(struct lfile_dev *dev)
{
	struct lfile_hba *lhba = dev->se_dev.se_hba->hba_ptr;

	dev->id = lhba->next_dev_id++;
	/*
	 * Not WQ_MEM_RECLAIM, here and in flush.c: filesystems wait for
	 * workqueues of theirs that are not (XFS when it runs full), which the
	 * workqueue code warns of. The loop driver has none either.
	 */
	dev->io_wq = alloc_workqueue("lfile-%u.%u", WQ_UNBOUND, WORKERS,
				     lhba->id, dev->id);
	if (!dev->io_wq)
		return -ENOMEM;
	if (!dev->is_block && !dev->direct &&
	    lfile_line_create(&dev->line, lhba->id, dev->id))
		goto free_wq;
	if (lfile_atomic_create(dev, lhba->id))
		goto free_line;
	if (lfile_copy_create(dev, lhba->id))
		goto free_caw;
	if (lfile_inflight_create_pool(dev))
		goto free_copy;
	return 0;

free_copy:
	lfile_copy_destroy(dev);
free_caw:
	lfile_atomic_destroy(dev);
free_line:
	lfile_line_destroy(&dev->line);
free_wq:
	destroy_workqueue(dev->io_wq);
	return -ENOMEM;
}

static bool same_data(const struct inode *a, const struct inode *b)
{
	struct block_device *one, *other;

	if (a == b)
		return true;
	if (!S_ISBLK(a->i_mode) || !S_ISBLK(b->i_mode))
		return false;
	one = I_BDEV((struct inode *)a);
	other = I_BDEV((struct inode *)b);
	return one->bd_disk == other->bd_disk &&
	       (!bdev_is_partition(one) || !bdev_is_partition(other));
}

/*
 * Two disks of one image destroy each other's filesystems: initiators lock
 * against others of the same disk only. Whatever path it was opened by.
 */
static int claim_file(struct lfile_dev *dev)
{
	struct lfile_dev *other;
	int err = 0;

	mutex_lock(&disks_lock);
	list_for_each_entry(other, &disks, node) {
		if (dev->shared || !same_data(dev->inode, other->inode))
			continue;
		pr_err("%s: %s is the image of disk %s already, as %s: if that is wanted, say %s=1\n",
		       dev->name, dev->path, other->name, other->path,
		       LUNAR_FILE_KEY_SHARED);
		err = -EBUSY;
		break;
	}
	if (!err)
		list_add_tail(&dev->node, &disks);
	mutex_unlock(&disks_lock);
	return err;
}

/*
 * The same file a second time, for lfile_flush_end_alone(). Only where an fsync of a
 * range is less work than one of all, two at a time are as good as one, and each file
 * hears of failed writeback. FUSE servers may keep what was written by handle; ext4
 * without a journal lets an fsync pass another one that still writes metadata, and
 * btrfs does not look at the range.
 *
 * That of a block device claims it, too: then nobody here can mount it or write a
 * filesystem or LVM's data to it.
 */
static int open_alone(struct lfile_dev *dev)
{
	int flags = dev->file->f_flags & ~O_DIRECT;
	struct file *file;

	if (dev->is_block && !dev->shared)
		flags |= O_EXCL;
	if (!dev->is_block && dev->inode->i_sb->s_magic != XFS_SUPER_MAGIC)
		return 0;
	file = dentry_open(&dev->file->f_path, flags, current_cred());
	if (!IS_ERR(file)) {
		dev->alone = file;
		return 0;
	}
	if (!dev->is_block)
		return 0;
	pr_err("%s: cannot claim %s: %pe%s\n", dev->name, dev->path, file,
	       file != ERR_PTR(-EBUSY) ? "" :
	       ": is it mounted, or in use by LVM? If that is wanted, say "
	       LUNAR_FILE_KEY_SHARED "=1");
	return PTR_ERR(file);
}

/* Core retries after a mistake: leave nothing of this attempt. */
static void close_file(struct lfile_dev *dev)
{
	if (!dev->file)
		return;
	mutex_lock(&disks_lock);
	list_del_init(&dev->node);
	mutex_unlock(&disks_lock);
	if (dev->alone)
		fput(dev->alone);
	filp_close(dev->file, NULL);
	dev->alone = NULL;
	dev->file = NULL;
	dev->inode = NULL;
}

static int configure_device(struct se_device *se_dev)
{
	struct lfile_dev *dev = to_lfile_dev(se_dev);
	int err;

	err = open_file(dev);
	if (!err)
		err = claim_file(dev);
	if (!err)
		err = open_alone(dev);
	if (!err)
		err = dev->is_block ? set_block_device(dev) :
				      set_regular_file(dev);
	if (!err)
		err = lfile_stable_configure(dev);
	if (!err)
		err = create_workers(dev);
	if (err) {
		close_file(dev);
		return err;
	}
	set_attributes(dev);
	return 0;
}

/*
 * Every command has been answered and none can come. What may still run: I/O of
 * commands that were aborted, the ends of workers that answered one, and a flush
 * that nobody waits for.
 */
static void destroy_device(struct se_device *se_dev)
{
	struct lfile_dev *dev = to_lfile_dev(se_dev);

	lfile_inflight_drain(dev);
	destroy_workqueue(dev->io_wq);
	lfile_line_destroy(&dev->line);
	lfile_atomic_destroy(dev);
	lfile_copy_destroy(dev);
	lfile_flush_destroy(dev);
	lfile_thin_destroy(dev);
	lfile_ua_destroy(dev);
	mempool_destroy(dev->io_pool);
	close_file(dev);
}

static bool configure_unmap(struct se_device *se_dev)
{
	return lfile_space_configure(to_lfile_dev(se_dev));
}

/* Returns the last LBA. */
static sector_t get_blocks(struct se_device *se_dev)
{
	struct lfile_dev *dev = to_lfile_dev(se_dev);
	u64 blocks = div_u64(READ_ONCE(dev->size),
			     se_dev->dev_attrib.block_size);

	return blocks ? blocks - 1 : 0;
}

/* Does the command change the medium, if it has blocks at all? */
static bool changes_medium(const struct se_cmd *cmd)
{
	return lfile_opcode_flags(cmd->t_task_cdb) & LFILE_OPCODE_CHANGES;
}

static sense_reason_t execute_rw(struct se_cmd *cmd, struct scatterlist *sgl,
				 u32 nents, enum dma_data_direction direction)
{
	if (!cmd->data_length) {
		target_complete_cmd(cmd, SAM_STAT_GOOD);
		return 0;
	}
	if (direction == DMA_FROM_DEVICE)
		return lfile_read_execute(cmd, sgl, nents);
	/* The direction is what the fabric says, and may not be that of the CDB. */
	if (!changes_medium(cmd))
		return TCM_INVALID_CDB_FIELD;
	return lfile_write_execute(cmd, sgl, nents);
}

/* Only for sbc_parse_cdb() to see that there is UNMAP: parse_cdb() replaces it. */
static sense_reason_t execute_unmap(struct se_cmd *cmd, sector_t lba,
				    sector_t blocks)
{
	return TCM_UNSUPPORTED_SCSI_OPCODE;
}

static struct exec_cmd_ops exec_ops = {
	.execute_rw		= execute_rw,
	.execute_sync_cache	= lfile_flush_execute,
	.execute_write_same	= lfile_space_execute_write_same,
	.execute_unmap		= execute_unmap,
};

static void control_worker(struct work_struct *work)
{
	struct lfile_io *io = container_of(work, struct lfile_io, work);
	sense_reason_t (*execute)(struct se_cmd *cmd) = io->execute;
	struct se_cmd *cmd = io->cmd;
	sense_reason_t ret;

	lfile_inflight_drop(io);
	ret = execute(cmd);
	if (ret)
		target_complete_cmd_with_sense(cmd, SAM_STAT_CHECK_CONDITION,
					       ret);
}

/* Target core's own function is in priv. */
static sense_reason_t execute_control(struct se_cmd *cmd)
{
	sense_reason_t (*execute)(struct se_cmd *cmd) = cmd->priv;
	struct lfile_io *io = lfile_inflight_get(cmd, true);

	io->execute = execute;
	INIT_WORK(&io->work, control_worker);
	queue_work(control_wq, &io->work);
	return 0;
}

/*
 * Target core's own execute functions that sleep on I/O or on other commands are
 * replaced: the caller may be a receive context, see LUNAR_TRANSPORT_NONBLOCK.
 */
static void choose_execute(struct se_cmd *cmd)
{
	switch (cmd->t_task_cdb[0]) {
	case UNMAP:
		cmd->execute_cmd = lfile_space_execute_unmap;
		break;
	case WRITE_SAME:
	case WRITE_SAME_16:
	case VARIABLE_LENGTH_CMD:	/* WRITE SAME(32) */
		cmd->execute_cmd = lfile_space_execute_write_same;
		break;
	case EXTENDED_COPY:
		cmd->execute_cmd = lfile_copy_execute;
		break;
	case RECEIVE_COPY_RESULTS:
		cmd->execute_cmd = lfile_copy_execute_results;
		break;
	case PERSISTENT_RESERVE_OUT:
	case MAINTENANCE_OUT:
		cmd->priv = cmd->execute_cmd;
		cmd->execute_cmd = execute_control;
		break;
	}
}

static sense_reason_t parse_core(struct se_cmd *cmd)
{
	switch (cmd->t_task_cdb[0]) {
	case COMPARE_AND_WRITE:
	case LFILE_OPCODE_ORWRITE_16:
		return lfile_atomic_parse(cmd, &exec_ops);
	case VERIFY:
	case VERIFY_12:
	case VERIFY_16:
	case WRITE_VERIFY:
	case WRITE_VERIFY_12:
	case WRITE_VERIFY_16:
		return lfile_verify_parse(cmd, &exec_ops);
	case PRE_FETCH:
	case LFILE_OPCODE_PRE_FETCH_16:
		return lfile_prefetch_parse(cmd, &exec_ops);
	case MAINTENANCE_IN:
		return lfile_answer_parse_opcodes(cmd, &exec_ops);
	default:
		return lfile_space_parse(cmd, &exec_ops);
	}
}

/*
 * Target core checks the CDB, and chooses first. With the write cache off it would
 * refuse DPO and FUA; answer.c says that there is FUA then too.
 */
static sense_reason_t parse_flags(struct se_cmd *cmd)
{
	u8 mask = lfile_opcode_flags(cmd->t_task_cdb) &
		  (LFILE_OPCODE_DPO | LFILE_OPCODE_FUA);
	u8 *cdb = cmd->t_task_cdb, flags = cdb[1];
	sense_reason_t ret;

	if (flags & mask && !cmd->se_dev->dev_attrib.emulate_fua_write)
		return TCM_INVALID_CDB_FIELD;
	cdb[1] &= ~mask;
	ret = parse_core(cmd);
	cdb[1] = flags;
	if (flags & mask & LFILE_OPCODE_FUA)
		cmd->se_cmd_flags |= SCF_FUA;
	return ret;
}

/*
 * MAXIMUM TRANSFER LENGTH, SBC-4 6.6.4: before memory is allocated. For target core
 * the bytes of 2^23 blocks and one are those of one.
 */
static bool is_too_long(const struct se_cmd *cmd)
{
	const struct se_dev_attrib *attrib = &cmd->se_dev->dev_attrib;
	const u8 *cdb = cmd->t_task_cdb;
	u64 len = cmd->data_length;

	if (!(cmd->se_cmd_flags & SCF_SCSI_DATA_CDB))
		return false;
	if (cdb[0] >= 0x80 && cdb[0] < 0xc0)	/* of 16 or 12 bytes */
		len = (u64)lfile_opcode_blocks(cdb) * attrib->block_size;
	return len > (u64)attrib->hw_max_sectors * attrib->hw_block_size;
}

static sense_reason_t parse_cdb(struct se_cmd *cmd)
{
	struct lfile_dev *dev = to_lfile_dev(cmd->se_dev);
	sense_reason_t ret;

	cmd->priv = NULL;		/* no record yet */
	/*
	 * Target core's own EXTENDED COPY sends READs and WRITEs from its stack, and
	 * cannot be told of an abort: xcopy_pt_tfo alone has no such function.
	 */
	if (!cmd->se_tfo->aborted_task)
		return TCM_UNSUPPORTED_SCSI_OPCODE;
	lfile_size_look(dev);
	ret = parse_flags(cmd) ?: lfile_copy_parse(cmd);
	if (ret)
		return ret;
	if (changes_medium(cmd)) {
		if (dev->read_only)
			return TCM_WRITE_PROTECTED;
		lfile_thin_look(dev);
	}

	if (is_too_long(cmd))
		return TCM_INVALID_CDB_FIELD;

	lfile_pages_parse(cmd);
	lfile_answer_parse(cmd);
	lfile_buffers_parse(cmd);
	lfile_mode_parse(cmd);

	choose_execute(cmd);
	lfile_ua_parse(cmd);
	return 0;
}

/*
 * Target core writes files itself for those of control_wq: it has them. Their priv
 * is no record of ours, nor is that of a command that reports a unit attention. That
 * one may become one of control_wq at this moment, but not the other way round.
 */
static void abort_cmd(struct se_cmd *cmd)
{
	if (!lfile_ua_parsed(cmd) &&
	    READ_ONCE(cmd->execute_cmd) != execute_control)
		lfile_inflight_abort(to_lfile_dev(cmd->se_dev), cmd);
}

/* Target core has marked these commands and will wait for them. */
static void tmr_notify(struct se_device *se_dev, enum tcm_tmreq_table tmf,
		       struct list_head *aborted)
{
	struct se_cmd *cmd, *next;

	list_for_each_entry_safe(cmd, next, aborted, state_list)
		abort_cmd(cmd);
	if (tmf == TMR_LUN_RESET)
		lfile_copy_result_reset(to_lfile_dev(se_dev));
}

static struct lunar_backend_ops backend = {
	.abort = abort_cmd,
	.ops = {
		.inquiry_prod		= LUNAR_FILE_PRODUCT,
		.inquiry_rev		= LUNAR_FILE_REVISION,
		.owner			= THIS_MODULE,
		.transport_flags_default = LUNAR_TRANSPORT_NONBLOCK |
					   LUNAR_TRANSPORT_ORDERED,
		.attach_hba		= attach_hba,
		.detach_hba		= detach_hba,
		.alloc_device		= alloc_device,
		.configure_device	= configure_device,
		.destroy_device		= destroy_device,
		.free_device		= free_device,
		.configure_unmap	= configure_unmap,
		.parse_cdb		= parse_cdb,
		.tmr_notify		= tmr_notify,
		.set_configfs_dev_params = lfile_params_set,
		.show_configfs_dev_params = lfile_params_show,
		.get_device_type	= sbc_get_device_type,
		.get_blocks		= get_blocks,
		.get_lbppbe		= lfile_size_lbppbe,
		.get_io_min		= lfile_size_physical,
	},
};

/**
 * lfile_dev_register - offer the backstore to target core
 * @name: its name: the part before "_<N>" of an HBA's directory
 *
 * Return: 0; -EINVAL for a bad name; -EBUSY if there is a backstore of that
 * name (modprobe takes -EEXIST for success); -ENOMEM.
 */
int lfile_dev_register(const char *name)
{
	int err;

	if (!*name || strchr(name, '_') || strchr(name, '/') ||
	    strscpy(backend.ops.name, name, sizeof(backend.ops.name)) < 0) {
		pr_err("name=%s: must have 1 to %zu characters, no underscore or slash\n",
		       name, sizeof(backend.ops.name) - 1);
		return -EINVAL;
	}
	attrib_attrs = lfile_attr_create();
	if (!attrib_attrs)
		return -ENOMEM;
	backend.ops.tb_dev_attrib_attrs = attrib_attrs;
	backend.ops.tb_dev_action_attrs = lfile_attr_actions;
	control_wq = alloc_workqueue("lfile-control", WQ_UNBOUND, 0);
	if (!control_wq) {
		err = -ENOMEM;
		goto free_attrs;
	}
	err = transport_backend_register(&backend.ops);
	if (err)
		goto destroy_wq;
	return 0;

destroy_wq:
	destroy_workqueue(control_wq);
	if (err == -EEXIST) {
		pr_err("name=%s: another backstore has this name: unload it, or give another name here\n",
		       name);
		err = -EBUSY;
	}
free_attrs:
	kfree(attrib_attrs);
	return err;
}

/**
 * lfile_dev_unregister - undo lfile_dev_register()
 *
 * There are no disks: each holds a reference on the module.
 */
void lfile_dev_unregister(void)
{
	target_backend_unregister(&backend.ops);
	destroy_workqueue(control_wq);
	kfree(attrib_attrs);
}
