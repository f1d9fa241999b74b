/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_STATUS_H
#define LFILE_STATUS_H

#include <linux/types.h>

struct se_cmd;

void lfile_status_miscompare(struct se_cmd *cmd, u64 offset);
void lfile_status_attention(struct se_cmd *cmd, u8 asc, u8 ascq);
void lfile_status_complete(struct se_cmd *cmd, int err, bool write);

#endif /* LFILE_STATUS_H */
