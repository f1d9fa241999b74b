/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_COPY_H
#define LFILE_COPY_H

#include <target/target_core_base.h>

sense_reason_t lfile_copy_parse(struct se_cmd *cmd);
sense_reason_t lfile_copy_execute(struct se_cmd *cmd);
sense_reason_t lfile_copy_execute_results(struct se_cmd *cmd);

#endif /* LFILE_COPY_H */
