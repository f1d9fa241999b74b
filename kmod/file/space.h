/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_SPACE_H
#define LFILE_SPACE_H

#include <target/target_core_base.h>
#include "compat.h"

struct lfile_dev;
struct exec_cmd_ops;

bool lfile_space_configure(struct lfile_dev *dev);
sense_reason_t lfile_space_parse(struct se_cmd *cmd, struct exec_cmd_ops *ops);
sense_reason_t lfile_space_execute_lba_status(struct se_cmd *cmd);
sense_reason_t lfile_space_execute_unmap(struct se_cmd *cmd);
sense_reason_t lfile_space_execute_write_same(struct se_cmd *cmd);

#endif /* LFILE_SPACE_H */
