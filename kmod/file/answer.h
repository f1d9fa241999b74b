/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_ANSWER_H
#define LFILE_ANSWER_H

#include <target/target_core_base.h>
#include "compat.h"

struct exec_cmd_ops;

void lfile_answer_parse(struct se_cmd *cmd);
sense_reason_t lfile_answer_parse_opcodes(struct se_cmd *cmd,
					  struct exec_cmd_ops *ops);

#endif /* LFILE_ANSWER_H */
