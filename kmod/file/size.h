/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_SIZE_H
#define LFILE_SIZE_H

#include <linux/types.h>

struct lfile_dev;
struct se_device;

int lfile_size_grow(struct lfile_dev *dev, u64 size);
void lfile_size_look(struct lfile_dev *dev);
u32 lfile_size_physical(struct se_device *se_dev);
unsigned int lfile_size_lbppbe(struct se_device *se_dev);

#endif /* LFILE_SIZE_H */
