/* SPDX-License-Identifier: GPL-2.0 */
/* The file or block device behind an export. */
#ifndef LUNARCTL_IMAGE_H
#define LUNARCTL_IMAGE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct disk;
struct model;

struct image {
	char *path; /* absolute; a link at its end is kept, such as /dev/vg/lv */
	bool present;
	bool is_file;
	bool is_block;
	uint64_t size;           /* bytes; 0 while the file is not there */
	unsigned int block_size; /* of a block device: its logical blocks */
	dev_t device;            /* with inode: which file or device it is */
	ino_t inode;
};

/*
 * Both return an exit code of util.h and have then printed why. The first finds
 * out what a path leads to, the second that it can be exported: it needs
 * a device that nothing else uses, and finds out its size.
 */
int image_look(struct image *img, const char *path);
int image_check(struct image *img);

/* Whether a path leads to the same file or device. */
bool image_is(const struct image *img, const char *path);

/*
 * The disk of a model that a name or a path means; a path may be another one of the
 * same file. Returns an exit code and has then printed why.
 */
int image_find_disk(const struct model *m, const char *what, struct disk **disk);

/* Makes a sparse file of img->size bytes, on disk when this returns. */
int image_create(struct image *img);
void image_free(struct image *img);

#endif /* LUNARCTL_IMAGE_H */
