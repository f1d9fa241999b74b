// SPDX-License-Identifier: GPL-2.0
/* lunarctl snapshot: has the kernel clone the image of an export in use. */
#include "commands.h"
#include "configfs.h"
#include "image.h"
#include "kernel.h"
#include "model.h"
#include "util.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../uapi/lunar_file.h"

struct request {
	const char *what;
	const char *file;
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct request *req = state->input;

	switch (key) {
	case ARGP_KEY_ARG:
		if (state->arg_num == 0)
			req->what = arg;
		else if (state->arg_num == 1)
			req->file = arg;
		else
			argp_error(state, "one NAME and one FILE, not also %s", arg);
		break;
	case ARGP_KEY_END:
		if (!req->file)
			argp_error(state, "a snapshot of what, and where? Give NAME and FILE");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	.parser = parse_option,
	.args_doc = "NAME|PATH FILE",
	.doc = "Clone the image of an export, which may be in use, into a new FILE on the same "
	       "filesystem. It is as after a power cut at that moment.",
};

static int explain(const struct disk *d, const char *file, int error)
{
	switch (error) {
	case EOPNOTSUPP:
		if (d->is_block)
			complain("%s is a block device; only an image file can be cloned", d->path);
		else
			complain("the filesystem of %s cannot share blocks between files; XFS and "
				 "btrfs can",
				 d->path);
		return LUNARCTL_CONFLICT;
	case EXDEV:
		complain("%s is not on the filesystem of %s; choose a FILE there", file, d->path);
		return LUNARCTL_CONFLICT;
	case EEXIST:
		complain("%s exists already; choose another FILE or remove it", file);
		return LUNARCTL_CONFLICT;
	case EBUSY:
		complain("an earlier snapshot of %s has not ended", d->name);
		return LUNARCTL_BUSY;
	case ETIMEDOUT:
		complain("no snapshot of %s: it took too long, and %s goes on without; see the "
			 "kernel log, and try again",
			 d->name, d->name);
		return LUNARCTL_FAILED;
	default:
		complain("no snapshot of %s: %s; see the kernel log", d->name, strerror(error));
		return LUNARCTL_FAILED;
	}
}

static int take(const struct disk *d, const char *file)
{
	char *dir = disk_dir(d);
	char *path = fmt("%s/action/%s", dir, LUNAR_FILE_ACTION_SNAPSHOT);
	int rc = LUNARCTL_OK, error;

	if (!exists(path)) {
		complain("the kernel's backstore of %s cannot take snapshots; it is not lunar's",
			 d->name);
		rc = LUNARCTL_FAILED;
	} else {
		error = write_attr(path, file);
		if (error)
			rc = explain(d, file, error);
		else
			printf("%s: writes were held up for %.3f ms\n", file,
			       read_number(dir, "action/" LUNAR_FILE_ACTION_SNAPSHOT) / 1000.0);
	}
	free(path);
	free(dir);
	return rc;
}

int cmd_snapshot(int argc, char **argv)
{
	struct request req = { 0 };
	struct image img = { 0 };
	struct disk *disk;
	struct model m;
	int rc;

	model_init(&m);
	if (argp_parse(&argp, argc, argv, 0, NULL, &req))
		return LUNARCTL_USAGE;
	/* Nothing is configured: no lock, and a signal may end it. */
	rc = kernel_load(&m, false);
	if (!rc)
		rc = image_find_disk(&m, req.what, &disk);
	if (!rc)
		rc = image_look(&img, req.file);
	if (!rc && strchr(img.path, '\n')) {
		complain("the kernel cannot take a FILE with a line break in its name");
		rc = LUNARCTL_USAGE;
	}
	if (!rc)
		rc = take(disk, img.path);
	image_free(&img);
	model_free(&m);
	return rc;
}
