// SPDX-License-Identifier: GPL-2.0
#include "image.h"
#include "model.h"
#include "util.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <linux/fs.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../uapi/lunar.h"

/* NULL when the directory is not there, and has then said so. */
static char *absolute_path(const char *path)
{
	char *for_dir = xstrdup(path), *for_base = xstrdup(path);
	char *dir = realpath(dirname(for_dir), NULL);
	char *base = basename(for_base);
	char *absolute = NULL;

	if (!dir)
		complain("the directory of '%s' cannot be reached: %s; create it first", path,
			 strerror(errno));
	else if (!strcmp(base, "/") || !strcmp(base, ".") || !strcmp(base, ".."))
		complain("'%s' is a directory; give an image file or a block device", path);
	else
		absolute = fmt("%s/%s", strcmp(dir, "/") ? dir : "", base);
	free(dir);
	free(for_base);
	free(for_dir);
	return absolute;
}

/* The control attribute takes a list with commas, and cuts a long path short. */
static bool path_fits_kernel(const char *path)
{
	bool plain = true;

	for (const char *p = path; *p; p++)
		plain = plain && *p != ',' && !iscntrl((unsigned char)*p);
	if (!plain)
		complain(
			"path '%s' has a comma or a control character in it, which the kernel cannot "
			"take; rename it",
			path);
	else if (strlen(path) > LUNAR_DISK_PATH_MAX)
		complain(
			"path '%s' is longer than the %d bytes that the kernel takes; use a shorter "
			"one",
			path, LUNAR_DISK_PATH_MAX);
	else
		return true;
	return false;
}

static int look_at_device(struct image *img)
{
	/* O_EXCL: fails while it is mounted or part of something else. */
	int fd = open(img->path, O_RDWR | O_EXCL | O_NONBLOCK | O_CLOEXEC);
	int block_size = 0, rc = LUNARCTL_OK;

	if (fd < 0 || ioctl(fd, BLKGETSIZE64, &img->size) || ioctl(fd, BLKSSZGET, &block_size)) {
		int error = errno;

		complain("cannot use block device %s: %s; %s", img->path, strerror(error),
			 error == EBUSY ? "it is mounted or in use, stop that first"
					: "see that it is there and writable");
		rc = error == EBUSY ? LUNARCTL_BUSY : LUNARCTL_FAILED;
	}
	img->block_size = block_size;
	if (fd >= 0)
		close(fd);
	return rc;
}

int image_look(struct image *img, const char *path)
{
	struct stat st;

	*img = (struct image){ .path = absolute_path(path) };
	if (!img->path)
		return LUNARCTL_USAGE;
	if (stat(img->path, &st)) {
		if (errno == ENOENT)
			return LUNARCTL_OK;
		complain("cannot look at %s: %s", img->path, strerror(errno));
		return LUNARCTL_FAILED;
	}
	img->present = true;
	img->is_file = S_ISREG(st.st_mode);
	img->is_block = S_ISBLK(st.st_mode);
	img->device = img->is_block ? st.st_rdev : st.st_dev;
	img->inode = img->is_block ? 0 : st.st_ino;
	img->size = img->is_file ? st.st_size : 0;
	return LUNARCTL_OK;
}

int image_check(struct image *img)
{
	if (!path_fits_kernel(img->path))
		return LUNARCTL_USAGE;
	if (img->is_block)
		return look_at_device(img);
	if (!img->present && !strncmp(img->path, "/dev/", strlen("/dev/"))) {
		complain("there is no device %s; correct the path", img->path);
		return LUNARCTL_MISSING;
	}
	if (img->present && !img->is_file) {
		complain("%s is neither a file nor a block device; only these can be exported",
			 img->path);
		return LUNARCTL_USAGE;
	}
	return LUNARCTL_OK;
}

bool image_is(const struct image *img, const char *path)
{
	struct stat st;

	if (!strcmp(img->path, path))
		return true;
	if (!img->present || stat(path, &st))
		return false;
	if (S_ISBLK(st.st_mode))
		return img->is_block && img->device == st.st_rdev;
	return !img->is_block && img->device == st.st_dev && img->inode == st.st_ino;
}

/* A name that is lost in a crash is data lost. */
static int sync_directory_of(const char *path)
{
	char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int rc = fd < 0 ? -1 : fsync(fd);

	if (fd >= 0)
		close(fd);
	free(copy);
	return rc;
}

int image_create(struct image *img)
{
	int fd = open(img->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0) {
		complain("cannot create %s: %s", img->path, strerror(errno));
		return LUNARCTL_FAILED;
	}
	if (ftruncate(fd, img->size) || fsync(fd) || sync_directory_of(img->path)) {
		complain(
			"cannot make %s %ju bytes long: %s; choose a filesystem that can hold it, or "
			"another --size",
			img->path, (uintmax_t)img->size, strerror(errno));
		close(fd);
		unlink(img->path);
		return LUNARCTL_FAILED;
	}
	close(fd);
	return LUNARCTL_OK;
}

int image_find_disk(const struct model *m, const char *what, struct disk **disk)
{
	struct image img = { 0 };
	struct disk *d;
	int rc = LUNARCTL_OK;

	*disk = model_disk(m, LUNAR_BACKSTORE_NAME, what);
	for_each(d, m->disks) {
		if (!*disk && *d->path && !strcmp(d->path, what))
			*disk = d;
	}
	if (!*disk && strchr(what, '/')) {
		rc = image_look(&img, what);
		for_each(d, m->disks) {
			if (!rc && !*disk && *d->path && image_is(&img, d->path))
				*disk = d;
		}
		image_free(&img);
	}
	if (rc)
		return rc;
	if (!*disk) {
		complain("'%s' is not exported; lunarctl ls shows what is", what);
		return LUNARCTL_MISSING;
	}
	if (strcmp((*disk)->plugin, LUNAR_BACKSTORE_NAME)) {
		complain("%s is a %s backstore, not one of lunarctl; use targetcli for it",
			 (*disk)->name, (*disk)->plugin);
		return LUNARCTL_CONFLICT;
	}
	return LUNARCTL_OK;
}

void image_free(struct image *img)
{
	free(img->path);
	img->path = NULL;
}
