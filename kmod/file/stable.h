/* SPDX-License-Identifier: GPL-2.0 */
/* What a flush of the image is worth. */
#ifndef LFILE_STABLE_H
#define LFILE_STABLE_H

struct lfile_dev;

int lfile_stable_configure(struct lfile_dev *dev);
int lfile_stable_check(const struct lfile_dev *dev);
bool lfile_stable_no_space(struct lfile_dev *dev, loff_t pos, u64 len);
const char *lfile_stable_word(const struct lfile_dev *dev);

#endif /* LFILE_STABLE_H */
