// SPDX-License-Identifier: GPL-2.0
/*
 * The parameter lists of UNMAP and MODE SELECT, in buffers of just their length.
 * The first byte is the size of the disk and what is allowed.
 */

#include <errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "file/list.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define require(condition)		\
	do {				\
		if (!(condition))	\
			abort();	\
	} while (0)

static void unmap(const u8 *list, u32 len, u64 capacity, u32 max)
{
	u32 most = 1 + max % 64, blocks;
	int nr, i;
	u64 lba;

	if (len < LFILE_LIST_UNMAP_HEADER)
		return;
	nr = lfile_list_unmap_count(list, len, most);
	require(nr == -EINVAL || (nr >= 0 && nr <= most));
	for (i = 0; i < nr; i++) {
		const u8 *desc = list + LFILE_LIST_UNMAP_HEADER + i * LFILE_LIST_UNMAP_DESCRIPTOR;
		u8 *copy = malloc(LFILE_LIST_UNMAP_DESCRIPTOR);
		int ret;

		require(desc + LFILE_LIST_UNMAP_DESCRIPTOR <= list + len);
		memcpy(copy, desc, LFILE_LIST_UNMAP_DESCRIPTOR);
		ret = lfile_list_unmap_extent(copy, capacity, max, &lba, &blocks);
		require(!ret || ret == -EINVAL || ret == -ERANGE);
		if (!ret)
			require(blocks <= max && lba <= capacity && lba + blocks >= lba &&
				lba + blocks <= capacity);
		free(copy);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	u8 *list;

	if (!size--)
		return 0;
	list = malloc(size ? size : 1);
	memcpy(list, data + 1, size);
	unmap(list, size, 1ull << *data % 55, 1u << *data % 19);
	if (size >= LFILE_LIST_CACHING_LEN) {
		/* nothing but WCE may differ from what MODE SENSE says */
		if (lfile_list_caching_valid(list, false))
			require(lfile_list_caching_valid(list, true) && !list[2]);
		else if (lfile_list_caching_valid(list, true))
			require(list[2] == LFILE_LIST_CACHING_WCE);
	}
	free(list);
	return 0;
}
