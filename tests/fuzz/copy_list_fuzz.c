// SPDX-License-Identifier: GPL-2.0
/*
 * The parameter list of EXTENDED COPY, in a buffer of just its length. The first
 * byte is the size of the disks.
 */

#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "file/copy_list.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define require(condition)		\
	do {				\
		if (!(condition))	\
			abort();	\
	} while (0)

/* What is accepted is on the disks. */
static void check(const struct lfile_copy_list *copy, u64 capacity)
{
	u32 i;

	require(copy->nsegments <= LFILE_COPY_LIST_SEGMENTS);
	if (!lfile_copy_list_fits(copy, capacity, capacity / 2))
		return;
	lfile_copy_list_overlaps(copy);
	for (i = 0; i < copy->nsegments; i++) {
		const struct lfile_copy_segment *segment = &copy->segments[i];

		require(segment->blocks);
		require(segment->from + segment->blocks > segment->from);
		require(segment->from + segment->blocks <= capacity);
		require(segment->to + segment->blocks > segment->to);
		require(segment->to + segment->blocks <= capacity / 2);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct lfile_copy_list copy;
	u8 *list;

	if (!size--)
		return 0;
	list = malloc(size ? size : 1);
	memcpy(list, data + 1, size);
	if (lfile_copy_list_parse(list, size, &copy) == LFILE_COPY_LIST_OK)
		check(&copy, 1ull << *data % 64);
	free(list);
	return 0;
}
