/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_COMPARE_H
#define LFILE_COMPARE_H

#include <linux/types.h>

struct lfile_io;

/* What to compare the medium with. */
enum lfile_compare {
	LFILE_COMPARE_NOTHING,		/* it has to be readable */
	LFILE_COMPARE_DATA,		/* the command's, from its beginning */
	LFILE_COMPARE_BLOCK,		/* io->block, again and again */
};

void *lfile_compare_buffer(u64 len, u32 *size);
void lfile_compare_free(void *buf, u32 size);
int lfile_compare_read(struct lfile_io *io);
int lfile_compare_medium(struct lfile_io *io, enum lfile_compare with,
			 u64 *offset);
int lfile_compare_fresh(struct lfile_io *io, enum lfile_compare with,
			u64 *offset);

#endif /* LFILE_COMPARE_H */
