// SPDX-License-Identifier: GPL-2.0
/*
 * What LIO does behind configfs system calls, on a plain directory tree. The
 * test program is lunarctl's own objects linked with --wrap for the calls
 * below. As in the kernel, making a directory brings its attributes and default
 * groups, they vanish with it, and what is linked to cannot be removed.
 *
 * FAKE_FAIL_AT=N     the Nth call that changes the tree fails with EIO
 * FAKE_FAIL_FROM=N   that call and all after it do
 * FAKE_DROP_KEY=KEY  the backstore skips this control key
 * FAKE_SNAPSHOT=N    action/snapshot fails with errno N
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Marks a directory that somebody made, as against a default group. */
#define ITEM ".item"
/* What was written to a backstore's control attribute. */
#define CONTROL ".control"

int __real_mkdir(const char *path, mode_t mode);
int __real_rmdir(const char *path);
int __real_symlink(const char *target, const char *path);
int __real_unlink(const char *path);
ssize_t __real_write(int fd, const void *buf, size_t len);
int __wrap_mkdir(const char *path, mode_t mode);
int __wrap_rmdir(const char *path);
int __wrap_symlink(const char *target, const char *path);
int __wrap_unlink(const char *path);
ssize_t __wrap_write(int fd, const void *buf, size_t len);

static int fail(int error)
{
	errno = error;
	return -1;
}

/* The part of a path below target/, or NULL if it is elsewhere. */
static const char *below_target(const char *path)
{
	char root[PATH_MAX];
	size_t len;

	snprintf(root, sizeof(root), "%s/kernel/config/target/", getenv("LUNARCTL_SYSFS"));
	len = strlen(root);
	return strncmp(path, root, len) ? NULL : path + len;
}

static bool injected(void)
{
	static unsigned int calls;
	const char *at = getenv("FAKE_FAIL_AT");
	const char *from = getenv("FAKE_FAIL_FROM");

	calls++;
	return (at && calls == strtoul(at, NULL, 10)) || (from && calls >= strtoul(from, NULL, 10));
}

static char *path_of(char *buffer, const char *dir, const char *name)
{
	if (snprintf(buffer, PATH_MAX, "%s/%s", dir, name) >= PATH_MAX)
		abort();
	return buffer;
}

static bool there(const char *dir, const char *name)
{
	char path[PATH_MAX];

	return !access(path_of(path, dir, name), F_OK);
}

static void put(const char *dir, const char *name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void put(const char *dir, const char *name, const char *format, ...)
{
	char path[PATH_MAX];
	FILE *f = fopen(path_of(path, dir, name), "w");
	va_list args;

	if (!f)
		abort();
	va_start(args, format);
	vfprintf(f, format, args);
	va_end(args);
	fclose(f);
}

static char *get(const char *dir, const char *name, char *buffer, size_t size)
{
	char path[PATH_MAX];
	FILE *f = fopen(path_of(path, dir, name), "r");
	size_t n = 0;

	if (f) {
		n = fread(buffer, 1, size - 1, f);
		fclose(f);
	}
	buffer[n] = '\0';
	return buffer;
}

static void group(const char *dir, const char *name)
{
	char path[PATH_MAX];

	if (__real_mkdir(path_of(path, dir, name), 0755))
		abort();
}

static void auth_group(const char *dir)
{
	group(dir, "auth");
	put(dir, "auth/userid", "NULL\n");
	put(dir, "auth/password", "NULL\n");
}

static void new_device(const char *dir)
{
	group(dir, "attrib");
	put(dir, "attrib/block_size", "512\n");
	put(dir, "attrib/emulate_write_cache", "0\n");
	group(dir, "action");
	put(dir, "action/snapshot", "%s", "");
	group(dir, "wwn");
	put(dir, "wwn/vpd_unit_serial", "T10 VPD Unit Serial Number: \n");
	group(dir, "alua");
	group(dir, "alua/default_tg_pt_gp");
	group(dir, "pr");
	put(dir, CONTROL, "%s", "");
	put(dir, "control", "%s", "");
	put(dir, "udev_path", "%s", "");
	put(dir, "enable", "0\n");
	put(dir, "info", "Status: DEACTIVATED  Max Queue Depth: 0  SectorSize: 0\n");
}

static void new_tpg(const char *dir)
{
	static const char *const groups[] = { "attrib", "param", "lun", "acls", "np" };

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		group(dir, groups[i]);
	auth_group(dir);
	put(dir, "attrib/authentication", "1\n");
	put(dir, "attrib/generate_node_acls", "0\n");
	put(dir, "attrib/cache_dynamic_acls", "0\n");
	put(dir, "attrib/demo_mode_write_protect", "1\n");
	put(dir, "enable", "0\n");
	put(dir, "dynamic_sessions", "%s", "");
}

static void new_acl(const char *dir)
{
	auth_group(dir);
	group(dir, "attrib");
	put(dir, "info", "No active iSCSI Session for Initiator Endpoint: %s\n",
	    strrchr(dir, '/') + 1);
}

static bool module_loaded(const char *name)
{
	char dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s/module", getenv("LUNARCTL_SYSFS"));
	return there(dir, name);
}

/* What stands in each place: how many components, and what is made there. */
static int populate(const char *path, const char *below)
{
	char copy[PATH_MAX], *part[8] = { 0 }, *rest = copy;
	unsigned int n = 0;

	snprintf(copy, sizeof(copy), "%s", below);
	while (n < 8 && (part[n] = strsep(&rest, "/")))
		n++;
	if (n == 1 && !strcmp(part[0], "iscsi")) {
		group(path, "discovery_auth");
		put(path, "lio_version", "fake\n");
	} else if (n == 2 && !strcmp(part[0], "core")) {
		put(path, "hba_info", "HBA Index: 1\n");
	} else if (n == 3 && !strcmp(part[0], "core")) {
		new_device(path);
	} else if (n == 2 && !strncmp(part[1], "iqn.", 4)) {
		group(path, "fabric_statistics");
	} else if (n == 3 && !strncmp(part[2], "tpgt_", 5)) {
		new_tpg(path);
	} else if (n == 5 && !strcmp(part[3], "lun")) {
		group(path, "statistics");
	} else if (n == 5 && !strcmp(part[3], "np")) {
		put(path, "iser", "0\n");
	} else if (n == 5 && !strcmp(part[3], "acls")) {
		new_acl(path);
	} else if (n == 6 && !strcmp(part[3], "acls") && !strncmp(part[5], "lun_", 4)) {
		group(path, "statistics");
		put(path, "write_protect", "1\n");
	} else {
		return EPERM;
	}
	put(path, ITEM, "%s", "");
	return 0;
}

int __wrap_mkdir(const char *path, mode_t mode)
{
	const char *below = below_target(path);
	int error;

	if (!below)
		return __real_mkdir(path, mode);
	if (injected())
		return fail(EIO);
	if (!strcmp(below, "iscsi") && !module_loaded("iscsi_target_mod") &&
	    !module_loaded("lunar_iscsi"))
		return fail(ENOENT);
	if (!strncmp(below, "core/", 5) && !module_loaded("target_core_file") &&
	    !module_loaded("lunar_file"))
		return fail(ENODEV);
	if (__real_mkdir(path, mode))
		return -1;
	error = populate(path, below);
	if (error) {
		__real_rmdir(path);
		return fail(error);
	}
	return 0;
}

/* Looking through a tree: what to look for, and whether it was seen. */
static const char *wanted;
static bool found;

static int see_item(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	if (where->level > 1 && !strcmp(path + where->base, ITEM))
		found = true;
	return 0;
}

static int see_link(const char *path, const struct stat *st, int type, struct FTW *where)
{
	char target[PATH_MAX];

	(void)st;
	(void)where;
	if (type == FTW_SL && realpath(path, target) && !strcmp(target, wanted))
		found = true;
	return 0;
}

static int delete (const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)where;
	return type == FTW_DP ? __real_rmdir(path) : __real_unlink(path);
}

static bool seen(const char *dir, __nftw_func_t look)
{
	found = false;
	nftw(dir, look, 16, FTW_PHYS);
	return found;
}

static bool is_linked_to(const char *path)
{
	char real[PATH_MAX], root[PATH_MAX];

	snprintf(root, sizeof(root), "%s/kernel/config/target", getenv("LUNARCTL_SYSFS"));
	wanted = realpath(path, real);
	return seen(root, see_link);
}

static bool has_link(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	bool has = false;

	while (dir && (e = readdir(dir)))
		has = has || e->d_type == DT_LNK;
	if (dir)
		closedir(dir);
	return has;
}

int __wrap_rmdir(const char *path)
{
	if (!below_target(path))
		return __real_rmdir(path);
	if (injected())
		return fail(EIO);
	if (access(path, F_OK))
		return -1;
	if (!there(path, ITEM))
		return fail(EPERM);
	if (seen(path, see_item) || has_link(path))
		return fail(ENOTEMPTY);
	if (is_linked_to(path))
		return fail(EBUSY);
	return nftw(path, delete, 16, FTW_PHYS | FTW_DEPTH);
}

int __wrap_symlink(const char *target, const char *path)
{
	char dir[PATH_MAX], enabled[8];

	if (!below_target(path))
		return __real_symlink(target, path);
	if (injected())
		return fail(EIO);
	snprintf(dir, sizeof(dir), "%s", path);
	*strrchr(dir, '/') = '\0';
	if (has_link(dir))
		return fail(EEXIST);
	if (strstr(dir, "/acls/")) {
		/* Of the same TPG, and with a backstore behind it. */
		size_t tpg = strstr(dir, "/acls/") - dir;

		if (strncmp(dir, target, tpg) || strncmp(target + tpg, "/lun/lun_", 9) ||
		    !has_link(target))
			return fail(EINVAL);
	} else if (!below_target(target) || strncmp(below_target(target), "core/", 5) ||
		   *get(target, "enable", enabled, sizeof(enabled)) != '1') {
		return fail(ENODEV);
	}
	return __real_symlink(target, path);
}

int __wrap_unlink(const char *path)
{
	if (below_target(path) && injected())
		return fail(EIO);
	return __real_unlink(path);
}

/* The value of a key in what was written to control; false without one. */
static bool control_value(const char *dir, const char *key, char *value)
{
	const char *drop = getenv("FAKE_DROP_KEY");
	char text[4096], *rest = text, *word;
	bool has = false;

	get(dir, CONTROL, text, sizeof(text));
	while ((word = strsep(&rest, ",\n"))) {
		size_t len = strlen(key);

		if (!strncmp(word, key, len) && word[len] == '=') {
			snprintf(value, PATH_MAX, "%s", word + len + 1);
			has = true;
		}
	}
	return has && !(drop && !strcmp(drop, key));
}

static int enable_device(const char *dir)
{
	char file[PATH_MAX], size[PATH_MAX] = "0", ignored[PATH_MAX];

	if (!control_value(dir, "fd_dev_name", file))
		return EINVAL;
	if (access(file, F_OK))
		return ENOENT;
	control_value(dir, "fd_dev_size", size);
	put(dir, "info",
	    "Status: ACTIVATED  Max Queue Depth: 0  SectorSize: 512  HwMaxSectors: 16384\n"
	    "        TCM FILEIO ID: 0        File: %s  Size: %s  Mode: %s Async: %d\n",
	    file, size, control_value(dir, "fd_buffered_io", ignored) ? "Buffered-WCE" : "O_DSYNC",
	    control_value(dir, "fd_async_io", ignored));
	return 0;
}

/* A file as long as the image, which is all that a clone shows. */
static int snapshot(const char *dir, const char *file)
{
	const char *error = getenv("FAKE_SNAPSHOT");
	char device[PATH_MAX], image[PATH_MAX];
	struct stat st;
	int fd;

	if (error)
		return atoi(error);
	if (!control_value(path_of(device, dir, ".."), "fd_dev_name", image) || stat(image, &st))
		return ENODEV;
	fd = open(file, O_WRONLY | O_CREAT | O_EXCL, st.st_mode & 0777);
	if (fd < 0 || ftruncate(fd, st.st_size))
		return errno;
	close(fd);
	put(dir, "snapshot", "1234\n");
	return 0;
}

static int store(const char *dir, const char *name, const char *value, const char *below)
{
	char old[4096];

	if (!strcmp(name, "control")) {
		get(dir, CONTROL, old, sizeof(old));
		put(dir, CONTROL, "%s%s,", old, value);
	} else if (!strcmp(name, "enable") && !strncmp(below, "core/", 5)) {
		int error = enable_device(dir);

		if (error)
			return error;
		put(dir, name, "%s\n", value);
	} else if (!strcmp(name, "snapshot")) {
		return snapshot(dir, value);
	} else if (!strcmp(name, "vpd_unit_serial")) {
		put(dir, name, "T10 VPD Unit Serial Number: %s\n", value);
	} else {
		put(dir, name, "%s\n", value);
	}
	return 0;
}

ssize_t __wrap_write(int fd, const void *buf, size_t len)
{
	char proc[32], path[PATH_MAX], value[4096], *name;
	const char *below;
	ssize_t n;
	int error;

	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	n = readlink(proc, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	below = below_target(path);
	if (!below)
		return __real_write(fd, buf, len);
	if (injected())
		return fail(EIO);
	snprintf(value, sizeof(value), "%.*s", (int)len, (const char *)buf);
	name = strrchr(path, '/');
	*name++ = '\0';
	error = store(path, name, value, below);
	return error ? fail(error) : (ssize_t)len;
}
