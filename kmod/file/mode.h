/* SPDX-License-Identifier: GPL-2.0 */
/* MODE SELECT of the caching mode page. */
#ifndef LFILE_MODE_H
#define LFILE_MODE_H

#include <target/target_core_base.h>

void lfile_mode_parse(struct se_cmd *cmd);

#endif /* LFILE_MODE_H */
