/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parameter lists: what UNMAP and MODE SELECT bring along, checked. Pure.
 */
#ifndef LFILE_LIST_H
#define LFILE_LIST_H

#include <linux/types.h>

/* UNMAP, SBC-4 5.39: a header, then descriptors. */
#define LFILE_LIST_UNMAP_HEADER		8
#define LFILE_LIST_UNMAP_DESCRIPTOR	16

/* The caching mode page, SBC-4 6.5.6. */
#define LFILE_LIST_CACHING_PAGE		0x08
#define LFILE_LIST_CACHING_LEN		20
#define LFILE_LIST_CACHING_WCE		0x04	/* byte 2 */

int lfile_list_unmap_count(const u8 *header, u32 len, u32 max);
int lfile_list_unmap_extent(const u8 *desc, u64 capacity, u32 max, u64 *lba,
			    u32 *blocks);
bool lfile_list_caching_valid(const u8 *page, bool may_cache);

#endif /* LFILE_LIST_H */
