/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_SPACE_H
#define LFILE_SPACE_H

#include <target/target_core_base.h>

struct lfile_dev;

bool lfile_space_configure(struct lfile_dev *dev);
sense_reason_t lfile_space_execute_unmap(struct se_cmd *cmd);
sense_reason_t lfile_space_execute_write_same(struct se_cmd *cmd);

#endif /* LFILE_SPACE_H */
