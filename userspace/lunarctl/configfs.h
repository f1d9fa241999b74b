/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Access to LIO's configfs tree; the only part that knows where it is. What a
 * function returns as char * or struct strings is the caller's to free.
 */
#ifndef LUNARCTL_CONFIGFS_H
#define LUNARCTL_CONFIGFS_H

#include <dirent.h>
#include <stdbool.h>

#include "util.h"

struct disk;
struct target;
struct tpg;

/* Where sysfs is: /sys, or for the tests what LUNARCTL_SYSFS names. */
const char *sysfs(void);

/* Paths: of something below target/, of a backstore object, of a TPG. */
char *in_target(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *disk_dir(const struct disk *d);
char *tpg_dir(const struct target *t, const struct tpg *tpg);
bool exists(const char *path);

/* The text of dir/name without white space at its end; NULL when unreadable. */
char *read_attr(const char *dir, const char *name);
/* The number dir/name begins with; 0 when there is none. */
unsigned int read_number(const char *dir, const char *name);
/* Writes an attribute that exists. Returns 0 or an errno. */
int write_attr(const char *path, const char *value);

/* Names in a directory, numbers in them in order; none when it is absent. */
struct strings list_names(const char *dir, int (*filter)(const struct dirent *));
int is_dir(const struct dirent *e);
int is_link(const struct dirent *e);

/* Takes the number off the end of "<prefix><number>"; false for any other name. */
bool parse_name(const char *name, const char *prefix, unsigned int *number);

/*
 * The object that the only link in a LUN directory leads to: the last two
 * components of its path, because the kernel shows a relative one. NULL without
 * a link.
 */
char *linked_object(const char *dir);

/* Fills in what the kernel says about the disk of this plugin, HBA and name (load.c). */
void load_disk(struct disk *d);

#endif /* LUNARCTL_CONFIGFS_H */
