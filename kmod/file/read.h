/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_READ_H
#define LFILE_READ_H

#include <target/target_core_base.h>

sense_reason_t lfile_read_execute(struct se_cmd *cmd, struct scatterlist *sgl,
				  u32 nents);

#endif /* LFILE_READ_H */
