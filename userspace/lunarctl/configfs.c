// SPDX-License-Identifier: GPL-2.0
#include "configfs.h"
#include "model.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *sysfs(void)
{
	const char *dir = secure_getenv("LUNARCTL_SYSFS");

	return dir ? dir : "/sys";
}

char *in_target(const char *format, ...)
{
	va_list args;
	char *tail, *path;

	va_start(args, format);
	if (vasprintf(&tail, format, args) < 0)
		abort();
	va_end(args);
	path = fmt("%s/kernel/config/target/%s", sysfs(), tail);
	free(tail);
	return path;
}

char *disk_dir(const struct disk *d)
{
	return in_target("core/%s_%u/%s", d->plugin, d->hba, d->name);
}

char *tpg_dir(const struct target *t, const struct tpg *tpg)
{
	return in_target("%s/%s/tpgt_%u", t->fabric, t->name, tpg->tag);
}

bool exists(const char *path)
{
	return !access(path, F_OK);
}

char *read_attr(const char *dir, const char *name)
{
	char *path = fmt("%s/%s", dir, name);
	char page[4096 + 1]; /* configfs shows at most 4 KiB */
	ssize_t n = -1;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	free(path);
	if (fd >= 0) {
		n = read(fd, page, sizeof(page) - 1);
		close(fd);
	}
	if (n < 0)
		return NULL;
	while (n > 0 && strchr(" \t\n", page[n - 1]))
		n--;
	page[n] = '\0';
	return xstrdup(page);
}

unsigned int read_number(const char *dir, const char *name)
{
	char *text = read_attr(dir, name);
	unsigned int n = text ? strtoul(text, NULL, 10) : 0;

	free(text);
	return n;
}

int is_dir(const struct dirent *e)
{
	return e->d_type == DT_DIR && e->d_name[0] != '.';
}

int is_link(const struct dirent *e)
{
	return e->d_type == DT_LNK;
}

struct strings list_names(const char *dir, int (*filter)(const struct dirent *))
{
	struct strings names = { 0 };
	struct dirent **found;
	int n = scandir(dir, &found, filter, versionsort);

	for (int i = 0; i < n; i++) {
		strings_add(&names, xstrdup(found[i]->d_name));
		free(found[i]);
	}
	if (n >= 0)
		free(found);
	return names;
}

bool parse_name(const char *name, const char *prefix, unsigned int *number)
{
	size_t len = strlen(prefix);
	char *end;

	if (strncmp(name, prefix, len) || name[len] < '0' || name[len] > '9')
		return false;
	*number = strtoul(name + len, &end, 10);
	return !*end;
}

char *linked_object(const char *dir)
{
	struct strings links = list_names(dir, is_link);
	char target[PATH_MAX], *path, *slash, *object = NULL;
	ssize_t n;

	if (links.count) {
		path = fmt("%s/%s", dir, links.at[0]);
		n = readlink(path, target, sizeof(target) - 1);
		free(path);
		if (n > 0) {
			target[n] = '\0';
			slash = strrchr(target, '/');
			while (slash && slash > target && slash[-1] != '/')
				slash--;
			object = xstrdup(slash ? slash : target);
		}
	}
	strings_free(&links);
	return object;
}

int write_attr(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	size_t len = strlen(value);
	ssize_t n;
	int error;

	if (fd < 0)
		return errno;
	n = write(fd, value, len);
	error = n < 0 ? errno : (size_t)n == len ? 0 : EIO;
	close(fd);
	return error;
}
