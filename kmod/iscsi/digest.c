// SPDX-License-Identifier: GPL-2.0
/* CRC32C digests. See digest.h. */

#include <linux/crc32c.h>
#include <linux/highmem.h>
#include <linux/minmax.h>
#include "digest.h"

/**
 * lunar_digest_update() - add memory to a digest
 * @crc:	LUNAR_DIGEST_BEGIN or the last result
 * @buf:	bytes to add
 * @len:	their number
 *
 * Any context.
 *
 * Return: for the next update or lunar_digest_end().
 */
u32 lunar_digest_update(u32 crc, const void *buf, u32 len)
{
	return crc32c(crc, buf, len);
}

/**
 * lunar_digest_update_bvec() - add pages to a digest
 * @crc:	LUNAR_DIGEST_BEGIN or the last result
 * @bvec:	bytes to add; entries may span pages
 * @nr:		entries of @bvec
 *
 * Any context.
 *
 * Return: for the next update or lunar_digest_end().
 */
u32 lunar_digest_update_bvec(u32 crc, const struct bio_vec *bvec, u32 nr)
{
	u32 i, done, len;

	for (i = 0; i < nr; i++) {
		for (done = 0; done < bvec[i].bv_len; done += len) {
			u32 offset = bvec[i].bv_offset + done;
			struct page *page = bvec[i].bv_page +
					    (offset >> PAGE_SHIFT);
			void *addr = kmap_local_page(page);

			offset = offset_in_page(offset);
			len = min_t(u32, bvec[i].bv_len - done,
				    PAGE_SIZE - offset);
			crc = crc32c(crc, addr + offset, len);
			kunmap_local(addr);
		}
	}
	return crc;
}
