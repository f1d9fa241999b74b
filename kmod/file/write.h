/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_WRITE_H
#define LFILE_WRITE_H

#include <target/target_core_base.h>

sense_reason_t lfile_write_execute(struct se_cmd *cmd, struct scatterlist *sgl,
				   u32 nents);

#endif /* LFILE_WRITE_H */
