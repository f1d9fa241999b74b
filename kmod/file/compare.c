// SPDX-License-Identifier: GPL-2.0
/*
 * The medium compared with what a command has brought.
 */
#include <linux/bvec.h>
#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/string.h>
#include <linux/uio.h>
#include "compare.h"
#include "compat.h"
#include "inflight.h"
#include "transfer.h"

/* It is read in pieces of 64 KiB if there is memory, else of a page. */
#define PIECE_MAX	65536

/**
 * lfile_compare_buffer - memory for a piece of the medium
 * @len: bytes that shall be read, in pieces
 * @size: set to the size of the piece, a power of two and a page at least
 *
 * Context: process, sleeps for memory.
 * Return: the buffer, to be freed by lfile_compare_free(), or NULL.
 */
void *lfile_compare_buffer(u64 len, u32 *size)
{
	unsigned int order = get_order(min_t(u64, len, PIECE_MAX));
	unsigned long buf = 0;

	if (order)
		/* Direct I/O may take references on each page. */
		buf = __get_free_pages(GFP_NOIO | __GFP_NORETRY | __GFP_NOWARN |
				       __GFP_COMP, order);
	if (!buf) {
		order = 0;
		buf = __get_free_page(GFP_NOIO);
	}
	*size = PAGE_SIZE << order;
	return (void *)buf;
}

/**
 * lfile_compare_free - undo lfile_compare_buffer()
 * @buf: the buffer
 * @size: its size
 */
void lfile_compare_free(void *buf, u32 size)
{
	free_pages((unsigned long)buf, get_order(size));
}

/* Where two pieces of memory differ, which they do. */
static u32 first_difference(const u8 *a, const u8 *b)
{
	u32 i = 0;

	while (a[i] == b[i])
		i++;
	return i;
}

/* The command's data from byte @at on. Returns as compare_piece(). */
static int compare_data(struct lfile_io *io, const u8 *found, u64 at, u32 len,
			u64 *offset)
{
	struct iov_iter iter;
	u8 expected[64];
	u32 i, part;

	iov_iter_bvec(&iter, ITER_SOURCE, io->bvec, io->nents, at + len);
	iov_iter_advance(&iter, at);
	for (i = 0; i < len; i += part) {
		part = min_t(u32, len - i, sizeof(expected));
		if (copy_from_iter(expected, part, &iter) != part)
			return -EFAULT;
		if (memcmp(found + i, expected, part)) {
			*offset = at + i + first_difference(found + i, expected);
			return -EILSEQ;
		}
	}
	return 0;
}

/* A page of blocks that are all alike; pieces begin with a page of the range. */
static int compare_block(struct lfile_io *io, const u8 *found, u64 at, u32 len,
			 u64 *offset)
{
	const u8 *expected = page_address(io->block);
	u32 i, part;

	for (i = 0; i < len; i += part) {
		part = min_t(u32, len - i, PAGE_SIZE);
		if (memcmp(found + i, expected, part)) {
			*offset = at + i + first_difference(found + i, expected);
			return -EILSEQ;
		}
	}
	return 0;
}

/* -EILSEQ and the offset of the first byte that differs, if one does. */
static int compare_piece(struct lfile_io *io, enum lfile_compare with, u8 *found,
			 u64 at, u32 len, u64 *offset)
{
	struct bio_vec bvec;
	int err;

	bvec_set_page(&bvec, virt_to_page(found), len, 0);
	err = lfile_transfer_sync(io, false, at, &bvec, 1, 0, len);
	if (err || with == LFILE_COMPARE_NOTHING)
		return err;
	if (with == LFILE_COMPARE_BLOCK)
		return compare_block(io, found, at, len, offset);
	return compare_data(io, found, at, len, offset);
}

static int compare(struct lfile_io *io, enum lfile_compare with, bool can_stop,
		   u64 *offset)
{
	u32 size, part;
	u8 *found = lfile_compare_buffer(io->len, &size);
	u64 at;
	int err = 0;

	if (!found)
		return -ENOMEM;
	for (at = 0; at < io->len && !err; at += part) {
		if (can_stop && lfile_inflight_given_up(io))
			break;
		part = min_t(u64, io->len - at, size);
		err = compare_piece(io, with, found, at, part, offset);
	}
	lfile_compare_free(found, size);
	return err;
}

/**
 * lfile_compare_read - can all of it be read?
 * @io: the record, in stage LFILE_MOVING: its position and length say where
 *
 * Context: process, sleeps.
 * Return: 0 if so, or if the command was given up meanwhile, or a negative errno.
 */
int lfile_compare_read(struct lfile_io *io)
{
	return compare(io, LFILE_COMPARE_NOTHING, true, NULL);
}

/**
 * lfile_compare_medium - is the medium as the command expects it?
 * @io: the record, in stage LFILE_MOVING: its position and length say where
 * @with: what it expects
 * @offset: set to the offset of the first byte that differs, if one does
 *
 * What the page cache has need not be read.
 *
 * Context: process, sleeps.
 * Return: 0 if it is, -EILSEQ if not, or another negative errno.
 */
int lfile_compare_medium(struct lfile_io *io, enum lfile_compare with,
			 u64 *offset)
{
	return compare(io, with, false, offset);
}

/*
 * What was written to the cache goes to the medium, and then out of the cache, so
 * that it has to be read. Not pages that somebody uses at this moment, nor those of
 * a filesystem that has no medium. The errors of writeback are flush.c's to report,
 * which must find them where they are.
 */
static int drop_cached(struct lfile_io *io)
{
	struct address_space *mapping = io->dev->file->f_mapping;
	loff_t last = io->pos + io->len - 1;
	errseq_t since = filemap_sample_wb_err(mapping);
	int err;

	err = filemap_fdatawrite_range(mapping, io->pos, last);
	if (err)
		return err;
	filemap_fdatawait_range_keep_errors(mapping, io->pos, last);
	err = filemap_check_wb_err(mapping, since);
	if (!err)
		invalidate_mapping_pages(mapping, io->pos >> PAGE_SHIFT,
					 last >> PAGE_SHIFT);
	return err;
}

/**
 * lfile_compare_fresh - the same, read from the medium as far as that can be had
 * @io: the record, in stage LFILE_MOVING: its position and length say where
 * @with: what the command expects
 * @offset: set to the offset of the first byte that differs, if one does
 *
 * Context: process, sleeps.
 * Return: 0 if it is so, or if the command was given up meanwhile; -EILSEQ if it is
 * not, or another negative errno.
 */
int lfile_compare_fresh(struct lfile_io *io, enum lfile_compare with,
			u64 *offset)
{
	return drop_cached(io) ?: compare(io, with, true, offset);
}
