/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_PARSE_H
#define LFILE_PARSE_H

#include <target/target_core_base.h>
#include "compat.h"

struct exec_cmd_ops;

sense_reason_t lfile_parse_blocks(struct se_cmd *cmd, struct exec_cmd_ops *ops,
				  u32 blocks, u32 sent);

#endif /* LFILE_PARSE_H */
