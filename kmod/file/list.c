// SPDX-License-Identifier: GPL-2.0
/* Parameter lists. */
#include <asm/byteorder.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "list.h"

#define CACHING_DRA	0x20		/* byte 12: no read ahead that it controls */

/**
 * lfile_list_unmap_count - how many descriptors a list of UNMAP has
 * @header: the first LFILE_LIST_UNMAP_HEADER bytes
 * @len: of the whole list in bytes, not less than that
 * @max: descriptors that are allowed
 *
 * Return: the number of descriptors that are there and meant, or -EINVAL.
 */
int lfile_list_unmap_count(const u8 *header, u32 len, u32 max)
{
	u32 size = min_t(u32, len - LFILE_LIST_UNMAP_HEADER,
			 header[2] << 8 | header[3]);
	u32 count = size / LFILE_LIST_UNMAP_DESCRIPTOR;

	return count <= max ? count : -EINVAL;
}

/**
 * lfile_list_unmap_extent - one descriptor of UNMAP
 * @desc: LFILE_LIST_UNMAP_DESCRIPTOR bytes
 * @capacity: blocks of the disk
 * @max: blocks that are allowed
 * @lba: set to the first block
 * @blocks: set to their number, which may be 0
 *
 * Return: 0, -EINVAL for too many blocks, -ERANGE if they are not all there.
 */
int lfile_list_unmap_extent(const u8 *desc, u64 capacity, u32 max, u64 *lba,
			    u32 *blocks)
{
	__be64 first;
	__be32 nr;

	memcpy(&first, desc, sizeof(first));
	memcpy(&nr, desc + sizeof(first), sizeof(nr));
	*lba = be64_to_cpu(first);
	*blocks = be32_to_cpu(nr);
	if (*blocks > max)
		return -EINVAL;
	if (*lba > capacity || *blocks > capacity - *lba)
		return -ERANGE;
	return 0;
}

/**
 * lfile_list_caching_valid - is this the caching page with only WCE changed?
 * @page: LFILE_LIST_CACHING_LEN bytes
 * @may_cache: WCE may be 1
 *
 * Return: false for what no MODE SELECT may do.
 */
bool lfile_list_caching_valid(const u8 *page, bool may_cache)
{
	u8 same[LFILE_LIST_CACHING_LEN] = {
		[0] = LFILE_LIST_CACHING_PAGE,
		[1] = LFILE_LIST_CACHING_LEN - 2,
		[2] = may_cache ? page[2] & LFILE_LIST_CACHING_WCE : 0,
		[12] = CACHING_DRA,
	};

	return !memcmp(page, same, sizeof(same));
}
