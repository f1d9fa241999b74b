/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_PEER_H
#define LFILE_PEER_H

#include <linux/types.h>
#include <target/target_core_base.h>

struct lfile_dev;

bool lfile_peer_is_own(struct se_cmd *cmd, const u8 *naa);
sense_reason_t lfile_peer_get(struct se_cmd *cmd, const u8 *naa, bool write,
			      struct lfile_dev **peer);
bool lfile_peer_may(struct se_cmd *cmd, struct lfile_dev *dev, bool write);
void lfile_peer_put(struct lfile_dev *dev);

#endif /* LFILE_PEER_H */
