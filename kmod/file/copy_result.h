/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_COPY_RESULT_H
#define LFILE_COPY_RESULT_H

#include <linux/types.h>

struct lfile_copy_result;
struct lfile_copy_status;
struct lfile_dev;
struct se_cmd;

void lfile_copy_result_create(struct lfile_dev *dev);
void lfile_copy_result_destroy(struct lfile_dev *dev);
struct lfile_copy_result *lfile_copy_result_begin(struct se_cmd *cmd, u8 id);
void lfile_copy_result_set(struct lfile_copy_result *result,
			   const struct lfile_copy_status *status);
void lfile_copy_result_reset(struct lfile_dev *dev);
bool lfile_copy_result_get(struct se_cmd *cmd, u8 id,
			   struct lfile_copy_status *status);

#endif /* LFILE_COPY_RESULT_H */
