/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_THIN_H
#define LFILE_THIN_H

struct lfile_dev;

void lfile_thin_create(struct lfile_dev *dev);
void lfile_thin_destroy(struct lfile_dev *dev);
void lfile_thin_look(struct lfile_dev *dev);

#endif /* LFILE_THIN_H */
