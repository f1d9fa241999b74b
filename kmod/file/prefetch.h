/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_PREFETCH_H
#define LFILE_PREFETCH_H

#include <target/target_core_base.h>
#include "compat.h"

struct exec_cmd_ops;

sense_reason_t lfile_prefetch_parse(struct se_cmd *cmd,
				    struct exec_cmd_ops *ops);

#endif /* LFILE_PREFETCH_H */
