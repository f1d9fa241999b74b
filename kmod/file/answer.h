/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_ANSWER_H
#define LFILE_ANSWER_H

#include <target/target_core_base.h>

void lfile_answer_parse(struct se_cmd *cmd);

#endif /* LFILE_ANSWER_H */
