/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_ATOMIC_H
#define LFILE_ATOMIC_H

#include <target/target_core_base.h>

struct lfile_dev;

int lfile_atomic_create(struct lfile_dev *dev, u32 hba);
void lfile_atomic_destroy(struct lfile_dev *dev);
void lfile_atomic_parse(struct se_cmd *cmd);

#endif /* LFILE_ATOMIC_H */
