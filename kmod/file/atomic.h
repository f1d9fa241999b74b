/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_ATOMIC_H
#define LFILE_ATOMIC_H

#include <target/target_core_base.h>
#include "compat.h"

struct exec_cmd_ops;
struct lfile_dev;

int lfile_atomic_create(struct lfile_dev *dev, u32 hba);
void lfile_atomic_destroy(struct lfile_dev *dev);
u8 lfile_atomic_max(struct se_device *se_dev);
sense_reason_t lfile_atomic_parse(struct se_cmd *cmd, struct exec_cmd_ops *ops);

#endif /* LFILE_ATOMIC_H */
