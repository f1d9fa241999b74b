/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_PEER_H
#define LFILE_PEER_H

#include <linux/percpu-refcount.h>
#include <linux/types.h>
#include <target/target_core_base.h>

struct lfile_dev;

/* Another disk that a command uses. */
struct lfile_peer {
	struct lfile_dev *dev;		/* stays until lfile_peer_put() */
	struct percpu_ref *lun_ref;	/* of its LUN, which stays as well */
};

bool lfile_peer_is_own(struct se_cmd *cmd, const u8 *naa);
sense_reason_t lfile_peer_get(struct se_cmd *cmd, const u8 *naa, bool write,
			      struct lfile_peer *peer);
void lfile_peer_put(struct lfile_dev *dev);

#endif /* LFILE_PEER_H */
