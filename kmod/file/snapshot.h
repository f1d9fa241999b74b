/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_SNAPSHOT_H
#define LFILE_SNAPSHOT_H

struct lfile_dev;

void lfile_snapshot_create(struct lfile_dev *dev);
int lfile_snapshot_take(struct lfile_dev *dev, const char *path);

#endif /* LFILE_SNAPSHOT_H */
