// SPDX-License-Identifier: GPL-2.0
/*
 * The control attribute of a disk, and the last line of its info attribute.
 * The keys are described in uapi/lunar_file.h.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/parser.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <target/target_core_backend.h>
#include <lunar_file.h>
#include "inflight.h"
#include "params.h"
#include "size.h"
#include "stable.h"
#include "transfer.h"

enum control_key {
	KEY_PATH,
	KEY_SIZE,
	KEY_WRITE_BACK,
	KEY_DIRECT,
	KEY_READ_ONLY,
	KEY_SHARED,
	KEY_NV_CACHE,
	KEY_UNKNOWN,
};

static const match_table_t keys = {
	{ KEY_PATH, LUNAR_FILE_KEY_PATH "=%s" },
	{ KEY_SIZE, LUNAR_FILE_KEY_SIZE "=%s" },
	{ KEY_WRITE_BACK, LUNAR_FILE_KEY_WRITE_BACK "=1" },
	{ KEY_DIRECT, LUNAR_FILE_KEY_DIRECT "=1" },
	{ KEY_READ_ONLY, LUNAR_FILE_KEY_READ_ONLY "=1" },
	{ KEY_SHARED, LUNAR_FILE_KEY_SHARED "=1" },
	{ KEY_NV_CACHE, LUNAR_FILE_KEY_NV_CACHE "=1" },
	{ KEY_UNKNOWN, NULL },
};

/* Into @path, of LUNAR_DISK_PATH_MAX + 1 bytes. */
static int get_path(struct lfile_dev *dev, substring_t *arg, const char *key,
		    char *path)
{
	if (arg->to - arg->from > LUNAR_DISK_PATH_MAX) {
		pr_err("%s: %s: path of more than %d bytes\n", dev->name, key,
		       LUNAR_DISK_PATH_MAX);
		return -ENAMETOOLONG;
	}
	match_strlcpy(path, arg, LUNAR_DISK_PATH_MAX + 1);
	if (path[0] != '/') {
		pr_err("%s: %s: \"%s\" is no absolute path\n", dev->name, key,
		       path);
		path[0] = 0;
		return -EINVAL;
	}
	return 0;
}

static int get_size(struct lfile_dev *dev, substring_t *arg, u64 *result)
{
	char buf[24];
	u64 size;

	if (match_strlcpy(buf, arg, sizeof(buf)) >= sizeof(buf) ||
	    kstrtou64(buf, 0, &size)) {
		pr_err("%s: %s: \"%s\" is no number of bytes\n", dev->name,
		       LUNAR_FILE_KEY_SIZE, buf);
		return -EINVAL;
	}
	if (!size || size > LLONG_MAX || size % LUNAR_FILE_SIZE_UNIT) {
		pr_err("%s: %s: %llu is no multiple of %d bytes that a disk can have\n",
		       dev->name, LUNAR_FILE_KEY_SIZE, size,
		       LUNAR_FILE_SIZE_UNIT);
		return -EINVAL;
	}
	*result = size;
	return 0;
}

static int set_size(struct lfile_dev *dev, substring_t *arg)
{
	int err = get_size(dev, arg, &dev->size);

	dev->has_size = !err;
	return err;
}

static int set_key(struct lfile_dev *dev, char *word)
{
	substring_t args[MAX_OPT_ARGS];

	switch (match_token(word, keys, args)) {
	case KEY_PATH:
		return get_path(dev, args, LUNAR_FILE_KEY_PATH, dev->path);
	case KEY_SIZE:
		return set_size(dev, args);
	case KEY_WRITE_BACK:
		dev->write_back = true;
		return 0;
	case KEY_DIRECT:
		dev->wants_direct = true;
		return 0;
	case KEY_READ_ONLY:
		dev->read_only = true;
		return 0;
	case KEY_SHARED:
		dev->shared = true;
		return 0;
	case KEY_NV_CACHE:
		dev->nv_cache = true;
		return 0;
	default:
		pr_err("%s: control: unknown key or value \"%s\"\n", dev->name,
		       word);
		return -EINVAL;
	}
}

/* Of a disk that is enabled only some keys can be set. */
static int change_key(struct lfile_dev *dev, char *word)
{
	substring_t args[MAX_OPT_ARGS];
	u64 size;
	int err;

	switch (match_token(word, keys, args)) {
	case KEY_SIZE:
		err = get_size(dev, args, &size);
		return err ?: lfile_size_grow(dev, size);
	default:
		pr_err("%s: control: the disk is enabled already: \"%s\"\n",
		       dev->name, word);
		return -EBUSY;
	}
}

/**
 * lfile_params_set - store of the control attribute
 * @se_dev: the disk
 * @page: "key=value", separated by commas or newlines
 * @count: bytes in @page
 *
 * Context: configfs, may sleep.
 * Return: @count, -EBUSY if the disk is enabled and the key is not for that,
 * or another errno.
 */
ssize_t lfile_params_set(struct se_device *se_dev, const char *page,
			 ssize_t count)
{
	struct lfile_dev *dev = to_lfile_dev(se_dev);
	int (*set)(struct lfile_dev *dev, char *word);
	char *words, *rest, *word;
	int err = 0;

	set = target_dev_configured(se_dev) ? change_key : set_key;
	words = kstrndup(page, count, GFP_KERNEL);
	if (!words)
		return -ENOMEM;
	rest = words;
	while (!err && (word = strsep(&rest, ",\n"))) {
		if (*word)
			err = set(dev, word);
	}
	kfree(words);
	return err ?: count;
}

/* How direct it is, if that was asked for. Returns bytes written. */
static ssize_t show_direct(struct lfile_dev *dev, char *page)
{
	char word[12] = LUNAR_FILE_DIRECT_NONE;
	u32 align;

	if (!dev->wants_direct || !target_dev_configured(&dev->se_dev))
		return 0;
	align = lfile_transfer_align(dev);
	if (align)
		snprintf(word, sizeof(word), "%u", align);
	return sprintf(page, LUNAR_FILE_INFO_DIRECT, word);
}

/**
 * lfile_params_show - our lines of the info attribute
 * @se_dev: the disk
 * @page: where to, PAGE_SIZE less what target core has written before
 *
 * The mode is what was asked for in control. What holds now, and is reported
 * to initiators, is attrib/emulate_write_cache.
 *
 * Return: bytes written.
 */
ssize_t lfile_params_show(struct se_device *se_dev, char *page)
{
	struct lfile_dev *dev = to_lfile_dev(se_dev);
	u32 orphans = READ_ONCE(dev->orphans);
	ssize_t len;

	len = sprintf(page, LUNAR_FILE_INFO_FORMAT LUNAR_FILE_INFO_FLUSH,
		      dev->id, dev->path, READ_ONCE(dev->size),
		      dev->write_back ? LUNAR_FILE_MODE_BACK :
					LUNAR_FILE_MODE_THROUGH,
		      dev->wants_direct,
		      target_dev_configured(se_dev) ? lfile_stable_word(dev) :
						      LUNAR_FILE_FLUSH_UNKNOWN);
	len += show_direct(dev, page + len);
	if (orphans)
		len += sprintf(page + len, LUNAR_FILE_INFO_ORPHANS, orphans,
			       READ_ONCE(dev->orphan_bytes));
	return len;
}
