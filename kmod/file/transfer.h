/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_TRANSFER_H
#define LFILE_TRANSFER_H

#include <linux/types.h>

struct bio_vec;
struct lfile_dev;
struct lfile_io;

u32 lfile_transfer_align(const struct lfile_dev *dev);
int lfile_transfer_block(struct lfile_io *io);
int lfile_transfer_map(struct lfile_io *io, gfp_t gfp);
void lfile_transfer_move(struct lfile_io *io);
void lfile_transfer_move_later(struct lfile_io *io);
void lfile_transfer_queue(struct lfile_io *io);
int lfile_transfer_sync(struct lfile_io *io, bool write, u64 at,
			const struct bio_vec *bvec, u32 nents, u64 skip,
			u64 len);

#endif /* LFILE_TRANSFER_H */
