/* SPDX-License-Identifier: GPL-2.0 */
/* CRC32C header and data digests (RFC 7143 13.1). */
#ifndef LUNAR_DIGEST_H
#define LUNAR_DIGEST_H

#include <linux/bvec.h>
#include <linux/types.h>

/* A digest is built as begin, any number of updates, end. */
#define LUNAR_DIGEST_BEGIN	(~0U)

u32 lunar_digest_update(u32 crc, const void *buf, u32 len);
u32 lunar_digest_update_bvec(u32 crc, const struct bio_vec *bvec, u32 nr);

/* The wire carries the digest's bytes in little-endian order. */
static inline __le32 lunar_digest_end(u32 crc)
{
	return cpu_to_le32(~crc);
}

#endif /* LUNAR_DIGEST_H */
