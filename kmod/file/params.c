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

enum control_key {
	KEY_PATH,
	KEY_SIZE,
	KEY_WRITE_BACK,
	KEY_DIRECT,
	KEY_UNKNOWN,
};

static const match_table_t keys = {
	{ KEY_PATH, LUNAR_FILE_KEY_PATH "=%s" },
	{ KEY_SIZE, LUNAR_FILE_KEY_SIZE "=%s" },
	{ KEY_WRITE_BACK, LUNAR_FILE_KEY_WRITE_BACK "=1" },
	{ KEY_DIRECT, LUNAR_FILE_KEY_DIRECT "=1" },
	{ KEY_UNKNOWN, NULL },
};

static int set_path(struct lfile_dev *dev, substring_t *arg)
{
	if (arg->to - arg->from > LUNAR_DISK_PATH_MAX) {
		pr_err("%s: %s: path of more than %d bytes\n", dev->name,
		       LUNAR_FILE_KEY_PATH, LUNAR_DISK_PATH_MAX);
		return -ENAMETOOLONG;
	}
	match_strlcpy(dev->path, arg, sizeof(dev->path));
	if (dev->path[0] != '/') {
		pr_err("%s: %s: \"%s\" is no absolute path\n", dev->name,
		       LUNAR_FILE_KEY_PATH, dev->path);
		dev->path[0] = 0;
		return -EINVAL;
	}
	return 0;
}

static int set_size(struct lfile_dev *dev, substring_t *arg)
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
	dev->size = size;
	dev->has_size = true;
	return 0;
}

static int set_key(struct lfile_dev *dev, char *word)
{
	substring_t args[MAX_OPT_ARGS];

	switch (match_token(word, keys, args)) {
	case KEY_PATH:
		return set_path(dev, args);
	case KEY_SIZE:
		return set_size(dev, args);
	case KEY_WRITE_BACK:
		dev->write_back = true;
		return 0;
	case KEY_DIRECT:
		dev->direct = true;
		return 0;
	default:
		pr_err("%s: control: unknown key or value \"%s\"\n", dev->name,
		       word);
		return -EINVAL;
	}
}

/**
 * lfile_params_set - store of the control attribute
 * @se_dev: the disk
 * @page: "key=value", separated by commas or newlines
 * @count: bytes in @page
 *
 * Context: configfs, may sleep.
 * Return: @count, -EBUSY if the disk is enabled, or another errno.
 */
ssize_t lfile_params_set(struct se_device *se_dev, const char *page,
			 ssize_t count)
{
	struct lfile_dev *dev = to_lfile_dev(se_dev);
	char *words, *rest, *word;
	int err = 0;

	if (target_dev_configured(se_dev)) {
		pr_err("%s: control: the disk is enabled already\n", dev->name);
		return -EBUSY;
	}

	words = kstrndup(page, count, GFP_KERNEL);
	if (!words)
		return -ENOMEM;
	rest = words;
	while (!err && (word = strsep(&rest, ",\n"))) {
		if (*word)
			err = set_key(dev, word);
	}
	kfree(words);
	return err ?: count;
}

/**
 * lfile_params_show - our line of the info attribute
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

	return sprintf(page, LUNAR_FILE_INFO_FORMAT, dev->id, dev->path,
		       dev->size, dev->write_back ? LUNAR_FILE_MODE_BACK :
						    LUNAR_FILE_MODE_THROUGH,
		       dev->direct);
}
