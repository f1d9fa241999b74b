/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_COPY_H
#define LFILE_COPY_H

#include <target/target_core_base.h>

struct lfile_dev;

int lfile_copy_create(struct lfile_dev *dev, u32 hba);
void lfile_copy_destroy(struct lfile_dev *dev);
sense_reason_t lfile_copy_parse(struct se_cmd *cmd);
sense_reason_t lfile_copy_execute(struct se_cmd *cmd);
sense_reason_t lfile_copy_execute_results(struct se_cmd *cmd);

#endif /* LFILE_COPY_H */
