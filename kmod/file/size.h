/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_SIZE_H
#define LFILE_SIZE_H

#include <linux/types.h>

struct lfile_dev;

int lfile_size_grow(struct lfile_dev *dev, u64 size);
void lfile_size_look(struct lfile_dev *dev);

#endif /* LFILE_SIZE_H */
