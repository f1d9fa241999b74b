// SPDX-License-Identifier: GPL-2.0
/*
 * dm-slowflush: a device-mapper target, "slowflush DEVICE US", for a disk in
 * memory whose flushes, and writes with FUA, take US microseconds longer, as on
 * disks with a volatile cache. One flush at a time; those that come meanwhile
 * share the next, as the block layer has it for a disk.
 *
 * dm-delay counts in jiffies, and from 6.7 on polls for short delays, which is no
 * way to spend the only CPU of an icount VM.
 */
#include <linux/bio.h>
#include <linux/device-mapper.h>
#include <linux/hrtimer.h>
#include <linux/module.h>
#include <linux/workqueue.h>

struct slowflush {
	struct dm_dev *dev;
	ktime_t delay;
	struct hrtimer timer;
	struct work_struct work;
	spinlock_t lock;		/* of the rest */
	struct bio_list flushing, waiting;
};

/* Under the lock. */
static void next_flush(struct slowflush *sf)
{
	bio_list_merge(&sf->flushing, &sf->waiting);
	bio_list_init(&sf->waiting);
	if (!bio_list_empty(&sf->flushing))
		hrtimer_start(&sf->timer, sf->delay, HRTIMER_MODE_REL);
}

static void submit_flushed(struct work_struct *work)
{
	struct slowflush *sf = container_of(work, struct slowflush, work);
	struct bio_list list;
	struct bio *bio;

	spin_lock_irq(&sf->lock);
	list = sf->flushing;
	bio_list_init(&sf->flushing);
	next_flush(sf);
	spin_unlock_irq(&sf->lock);
	while ((bio = bio_list_pop(&list)))
		dm_submit_bio_remap(bio, NULL);
}

static enum hrtimer_restart time_is_up(struct hrtimer *timer)
{
	struct slowflush *sf = container_of(timer, struct slowflush, timer);

	queue_work(system_highpri_wq, &sf->work);
	return HRTIMER_NORESTART;
}

static int slowflush_map(struct dm_target *ti, struct bio *bio)
{
	struct slowflush *sf = ti->private;

	bio_set_dev(bio, sf->dev->bdev);
	bio->bi_iter.bi_sector = dm_target_offset(ti, bio->bi_iter.bi_sector);
	if (!op_is_flush(bio->bi_opf))
		return DM_MAPIO_REMAPPED;
	spin_lock_irq(&sf->lock);
	bio_list_add(&sf->waiting, bio);
	if (bio_list_empty(&sf->flushing))
		next_flush(sf);
	spin_unlock_irq(&sf->lock);
	return DM_MAPIO_SUBMITTED;
}

static int slowflush_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct slowflush *sf;
	unsigned int us;
	int err;

	if (argc != 2 || kstrtouint(argv[1], 10, &us)) {
		ti->error = "DEVICE US is wanted";
		return -EINVAL;
	}
	sf = kzalloc(sizeof(*sf), GFP_KERNEL);
	if (!sf)
		return -ENOMEM;
	err = dm_get_device(ti, argv[0], dm_table_get_mode(ti->table), &sf->dev);
	if (err) {
		ti->error = "no such device";
		kfree(sf);
		return err;
	}
	spin_lock_init(&sf->lock);
	INIT_WORK(&sf->work, submit_flushed);
	hrtimer_init(&sf->timer, CLOCK_MONOTONIC, HRTIMER_MODE_REL);
	sf->timer.function = time_is_up;
	sf->delay = ns_to_ktime((u64)us * NSEC_PER_USEC);
	ti->private = sf;
	ti->num_flush_bios = 1;
	ti->flush_supported = true;
	ti->accounts_remapped_io = true;
	return 0;
}

static void slowflush_dtr(struct dm_target *ti)
{
	struct slowflush *sf = ti->private;

	dm_put_device(ti, sf->dev);
	kfree(sf);
}

static int slowflush_iterate(struct dm_target *ti, iterate_devices_callout_fn fn, void *data)
{
	struct slowflush *sf = ti->private;

	return fn(ti, sf->dev, 0, ti->len, data);
}

static struct target_type slowflush = {
	.name = "slowflush",
	.version = { 1, 0, 0 },
	.module = THIS_MODULE,
	.ctr = slowflush_ctr,
	.dtr = slowflush_dtr,
	.map = slowflush_map,
	.iterate_devices = slowflush_iterate,
};

static int __init slowflush_init(void)
{
	return dm_register_target(&slowflush);
}
module_init(slowflush_init);

static void __exit slowflush_exit(void)
{
	dm_unregister_target(&slowflush);
}
module_exit(slowflush_exit);

MODULE_DESCRIPTION("device-mapper target with slow flushes, for lunar's bench");
MODULE_LICENSE("GPL");
