/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_UA_H
#define LFILE_UA_H

#include <target/target_core_base.h>

struct lfile_dev;

void lfile_ua_create(struct lfile_dev *dev);
void lfile_ua_destroy(struct lfile_dev *dev);
void lfile_ua_raise(struct lfile_dev *dev, u8 asc, u8 ascq,
		    const struct se_session *except);
void lfile_ua_parse(struct se_cmd *cmd);
bool lfile_ua_parsed(const struct se_cmd *cmd);

#endif /* LFILE_UA_H */
