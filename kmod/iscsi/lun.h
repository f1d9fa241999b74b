/* SPDX-License-Identifier: GPL-2.0 */
/*
 * LUNs that are not mapped, the well known logical unit REPORT LUNS, and the list
 * of LUNs in the addressing that SAM-5 4.7 asks for: what target core leaves out.
 * Such commands run on LUN 0, which target core always has, with execute functions
 * of this file.
 */
#ifndef LUNAR_LUN_H
#define LUNAR_LUN_H

#include <target/target_core_base.h>

u64 lunar_lun_lookup(struct se_session *se_sess, u64 lun, const u8 *cdb);
void lunar_lun_prepare(struct se_cmd *se_cmd, u64 lun);

#endif /* LUNAR_LUN_H */
