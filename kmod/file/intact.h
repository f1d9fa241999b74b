/* SPDX-License-Identifier: GPL-2.0 */
/* Is the image still there? */
#ifndef LFILE_INTACT_H
#define LFILE_INTACT_H

#include <linux/types.h>

struct lfile_dev;
struct lfile_io;

bool lfile_intact_readable(struct lfile_dev *dev, loff_t pos, u64 len);
bool lfile_intact_check(struct lfile_io *io);

#endif /* LFILE_INTACT_H */
