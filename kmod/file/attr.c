// SPDX-License-Identifier: GPL-2.0
/*
 * Attributes of a disk besides those of target core, in attrib/ and action/. They
 * are described in uapi/lunar_file.h.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/configfs.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <target/target_core_backend.h>
#include <lunar_file.h>
#include "attr.h"
#include "inflight.h"
#include "snapshot.h"

static struct lfile_dev *to_dev(struct config_item *item)
{
	struct se_dev_attrib *attrib = container_of(to_config_group(item),
						    struct se_dev_attrib,
						    da_group);

	return to_lfile_dev(attrib->da_dev);
}

static struct lfile_dev *action_to_dev(struct config_item *item)
{
	return to_lfile_dev(container_of(to_config_group(item),
					 struct se_device, dev_action_group));
}

static ssize_t thin_threshold_show(struct config_item *item, char *page)
{
	return sprintf(page, "%u\n", READ_ONCE(to_dev(item)->thin_threshold));
}

static ssize_t thin_threshold_store(struct config_item *item, const char *page,
				    size_t count)
{
	struct lfile_dev *dev = to_dev(item);
	u32 percent;

	if (kstrtou32(page, 0, &percent) || percent > 99) {
		pr_err("%s: %s: \"%.*s\" is no number of percent from 0 to 99\n",
		       dev->name, LUNAR_FILE_ATTR_THIN_THRESHOLD,
		       (int)strcspn(page, "\n"), page);
		return -EINVAL;
	}
	WRITE_ONCE(dev->thin_threshold, percent);
	return count;
}

CONFIGFS_ATTR(, thin_threshold);

static struct configfs_attribute *const own[] = {
	&attr_thin_threshold,
};

/**
 * lfile_attr_create - the list of all attributes of a disk
 *
 * Return: an array that ends with NULL, to be freed by kfree(); NULL if there is
 * no memory.
 */
struct configfs_attribute **lfile_attr_create(void)
{
	struct configfs_attribute **attrs;
	size_t n = 0;

	while (sbc_attrib_attrs[n])
		n++;
	attrs = kcalloc(n + ARRAY_SIZE(own) + 1, sizeof(*attrs), GFP_KERNEL);
	if (!attrs)
		return NULL;
	memcpy(attrs, sbc_attrib_attrs, n * sizeof(*attrs));
	memcpy(attrs + n, own, sizeof(own));
	return attrs;
}

static ssize_t snapshot_show(struct config_item *item, char *page)
{
	s64 pause = READ_ONCE(action_to_dev(item)->snapshot_pause);

	return pause < 0 ? 0 : sprintf(page, "%lld\n", pause);
}

static ssize_t snapshot_store(struct config_item *item, const char *page,
			      size_t count)
{
	char *path = kstrndup(page, strcspn(page, "\n"), GFP_KERNEL);
	int err;

	if (!path)
		return -ENOMEM;
	err = lfile_snapshot_take(action_to_dev(item), path);
	kfree(path);
	return err ?: count;
}

CONFIGFS_ATTR(, snapshot);

struct configfs_attribute *lfile_attr_actions[] = {
	&attr_snapshot,
	NULL,
};
