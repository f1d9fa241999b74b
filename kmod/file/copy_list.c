// SPDX-License-Identifier: GPL-2.0
/*
 * The parameter list of EXTENDED COPY(LID1).
 *
 * Understood is what initiators send: identification descriptors with the NAA
 * designator of VPD page 83h, and segments from block device to block device. All
 * segments of a list go from one logical unit to one, which may be the same.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "copy_list.h"

/* Descriptor type codes */
#define SEGMENT_BLOCK_TO_BLOCK	0x02
#define CSCD_IDENTIFICATION	0xe4

#define SEGMENT_SIZE		28
#define CSCD_SIZE		32

#define CODE_SET_BINARY		1
#define DESIGNATOR_NAA		3	/* byte 5, association 0: logical unit */
#define NAA_EXTENDED		6

/* log2: copies of less than a block there are not. */
#define GRANULARITY		9

/* As many blocks of 4 KiB as a segment can have. */
#define SEGMENT_BYTES_MAX	0x10000000

static u64 get(const u8 *from, u32 bytes)
{
	u64 value = 0;

	while (bytes--)
		value = value << 8 | *from++;
	return value;
}

static void put(u8 *to, u64 value, u32 bytes)
{
	while (bytes--)
		*to++ = value >> 8 * bytes;
}

/* @ids: the CSCD descriptor IDs of the segment before, or 0. */
static enum lfile_copy_list_error add_segment(struct lfile_copy_list *copy,
					      const u8 *desc, const u8 **ids)
{
	struct lfile_copy_segment *segment = &copy->segments[copy->nsegments];

	if (get(desc + 2, 2) != SEGMENT_SIZE - 4)
		return LFILE_COPY_LIST_BAD_FIELD;
	if (*ids && memcmp(*ids, desc + 4, 4))
		return LFILE_COPY_LIST_BAD_FIELD;
	*ids = desc + 4;
	segment->blocks = get(desc + 10, 2);
	segment->from = get(desc + 12, 8);
	segment->to = get(desc + 20, 8);
	segment->before = copy->nall++;
	copy->nsegments += !!segment->blocks;
	return LFILE_COPY_LIST_OK;
}

static enum lfile_copy_list_error add_segments(struct lfile_copy_list *copy,
					       const u8 *list, u32 len,
					       const u8 **ids)
{
	enum lfile_copy_list_error error = LFILE_COPY_LIST_OK;
	u32 at;

	for (at = 0; at < len && !error; at += SEGMENT_SIZE) {
		if (list[at] != SEGMENT_BLOCK_TO_BLOCK)
			error = LFILE_COPY_LIST_SEGMENT_TYPE;
		else if (len - at < SEGMENT_SIZE)
			error = LFILE_COPY_LIST_BAD_FIELD;
		else
			error = add_segment(copy, list + at, ids);
	}
	return error;
}

/* What they say of the device type and the block length is not used. */
static enum lfile_copy_list_error check_cscds(const u8 *list, u32 len)
{
	u32 at;

	for (at = 0; at < len; at += CSCD_SIZE) {
		const u8 *desc = list + at;

		if (desc[0] != CSCD_IDENTIFICATION)
			return LFILE_COPY_LIST_CSCD_TYPE;
		if (len - at < CSCD_SIZE ||
		    (desc[4] & 0x0f) != CODE_SET_BINARY ||
		    (desc[5] & 0x3f) != DESIGNATOR_NAA ||
		    desc[7] != LFILE_COPY_LIST_NAA ||
		    desc[8] >> 4 != NAA_EXTENDED)
			return LFILE_COPY_LIST_BAD_FIELD;
	}
	return LFILE_COPY_LIST_OK;
}

/**
 * lfile_copy_list_parse - check and take apart a parameter list
 * @list: its bytes
 * @len: how many
 * @copy: filled
 *
 * Return: LFILE_COPY_LIST_OK, or what is wrong, and then @copy is not to be used.
 */
enum lfile_copy_list_error lfile_copy_list_parse(const u8 *list, u32 len,
						 struct lfile_copy_list *copy)
{
	const u8 *cscds = list + LFILE_COPY_LIST_HEADER, *ids = NULL;
	enum lfile_copy_list_error error;
	u32 cscd_len, segment_len, from, to;

	copy->nsegments = 0;
	copy->nall = 0;
	if (len < LFILE_COPY_LIST_HEADER)
		return LFILE_COPY_LIST_BAD_LENGTH;
	copy->id = list[0];
	copy->hold = (list[1] & 0x18) == 0;
	cscd_len = get(list + 2, 2);
	segment_len = get(list + 8, 4);
	if (segment_len > LFILE_COPY_LIST_DESCRIPTORS ||
	    cscd_len + segment_len > LFILE_COPY_LIST_DESCRIPTORS)
		return LFILE_COPY_LIST_BAD_LENGTH;
	if (get(list + 12, 4))		/* inline data */
		return LFILE_COPY_LIST_BAD_FIELD;
	if (len - LFILE_COPY_LIST_HEADER < cscd_len + segment_len)
		return LFILE_COPY_LIST_BAD_LENGTH;
	if (cscd_len > LFILE_COPY_LIST_CSCDS * CSCD_SIZE)
		return LFILE_COPY_LIST_MANY_CSCDS;
	if (segment_len > LFILE_COPY_LIST_SEGMENTS * SEGMENT_SIZE)
		return LFILE_COPY_LIST_MANY_SEGMENTS;

	error = add_segments(copy, cscds + cscd_len, segment_len, &ids) ?:
		check_cscds(cscds, cscd_len);
	if (error || !ids)
		return error;
	from = get(ids, 2);
	to = get(ids + 2, 2);
	if (max(from, to) >= cscd_len / CSCD_SIZE)
		return LFILE_COPY_LIST_NO_CSCD;
	memcpy(copy->from, cscds + from * CSCD_SIZE + 8, sizeof(copy->from));
	memcpy(copy->to, cscds + to * CSCD_SIZE + 8, sizeof(copy->to));
	return LFILE_COPY_LIST_OK;
}

static bool exists(u64 first, u32 blocks, u64 capacity)
{
	return first <= capacity && blocks <= capacity - first;
}

/**
 * lfile_copy_list_fits - do the blocks of a copy exist?
 * @copy: the list
 * @capacity_from: blocks of the source
 * @capacity_to: blocks of the destination
 *
 * Return: whether all do.
 */
bool lfile_copy_list_fits(const struct lfile_copy_list *copy, u64 capacity_from,
			  u64 capacity_to)
{
	u32 i;

	for (i = 0; i < copy->nsegments; i++) {
		const struct lfile_copy_segment *segment = &copy->segments[i];

		if (!exists(segment->from, segment->blocks, capacity_from) ||
		    !exists(segment->to, segment->blocks, capacity_to))
			return false;
	}
	return true;
}

/**
 * lfile_copy_list_overlaps - does a segment overwrite what it is to copy?
 * @copy: the list, from one logical unit to itself; its blocks exist
 *
 * Return: whether one does.
 */
bool lfile_copy_list_overlaps(const struct lfile_copy_list *copy)
{
	u32 i;

	for (i = 0; i < copy->nsegments; i++) {
		const struct lfile_copy_segment *segment = &copy->segments[i];

		if (max(segment->from, segment->to) -
		    min(segment->from, segment->to) < segment->blocks)
			return true;
	}
	return false;
}

/**
 * lfile_copy_list_parameters - the answer of RECEIVE COPY RESULTS
 * @answer: LFILE_COPY_LIST_PARAMETERS_LEN bytes, of OPERATING PARAMETERS
 */
void lfile_copy_list_parameters(u8 *answer)
{
	memset(answer, 0, LFILE_COPY_LIST_PARAMETERS_LEN);
	put(answer, LFILE_COPY_LIST_PARAMETERS_LEN - 4, 4);
	answer[4] = 1;			/* SNLID: no list identifier is fine */
	put(answer + 8, LFILE_COPY_LIST_CSCDS, 2);
	put(answer + 10, LFILE_COPY_LIST_SEGMENTS, 2);
	put(answer + 12, LFILE_COPY_LIST_DESCRIPTORS, 4);
	put(answer + 16, SEGMENT_BYTES_MAX, 4);
	put(answer + 34, LFILE_COPY_LIST_CONCURRENT, 2);
	answer[36] = LFILE_COPY_LIST_CONCURRENT;
	answer[37] = GRANULARITY;
	answer[43] = 2;			/* implemented descriptors */
	answer[44] = SEGMENT_BLOCK_TO_BLOCK;
	answer[45] = CSCD_IDENTIFICATION;
}

/**
 * lfile_copy_list_status - the answer of RECEIVE COPY RESULTS
 * @status: how far the copy has come
 * @answer: LFILE_COPY_LIST_STATUS_LEN bytes, of COPY STATUS
 */
void lfile_copy_list_status(const struct lfile_copy_status *status, u8 *answer)
{
	bool kib = status->bytes > U32_MAX;

	put(answer, LFILE_COPY_LIST_STATUS_LEN - 4, 4);
	answer[4] = status->state;
	put(answer + 5, status->segments, 2);
	answer[7] = kib;		/* TRANSFER COUNT UNITS: 1 is KiB */
	put(answer + 8, kib ? status->bytes >> 10 : status->bytes, 4);
}

/* Returns what is behind the header of a descriptor of the VPD page. */
static u8 *add_descriptor(u8 **page, u32 type, u32 len)
{
	u8 *body = *page + 4;

	put(*page, type, 2);
	put(*page + 2, len, 2);
	*page = body + len;
	return body;
}

/**
 * lfile_copy_list_page - the Third-party Copy VPD page
 * @page: LFILE_COPY_LIST_PAGE_LEN bytes
 */
void lfile_copy_list_page(u8 *page)
{
	static const u8 commands[] = {	/* length; each with service actions */
		7, 0x83, 1, 0x00, 0x84, 2, LFILE_COPY_LIST_STATUS,
		LFILE_COPY_LIST_PARAMETERS,
	};
	static const u8 descriptors[] = {
		2, SEGMENT_BLOCK_TO_BLOCK, CSCD_IDENTIFICATION,
	};
	u8 *next = page + 4, *body;

	memset(page, 0, LFILE_COPY_LIST_PAGE_LEN);
	page[1] = LFILE_COPY_LIST_PAGE;
	put(page + 2, LFILE_COPY_LIST_PAGE_LEN - 4, 2);

	body = add_descriptor(&next, 0x0001, 8);	/* Supported Commands */
	memcpy(body, commands, sizeof(commands));

	body = add_descriptor(&next, 0x0004, 28);	/* Parameter Data */
	put(body + 4, LFILE_COPY_LIST_CSCDS, 2);
	put(body + 6, LFILE_COPY_LIST_SEGMENTS, 2);
	put(body + 8, LFILE_COPY_LIST_DESCRIPTORS, 4);

	body = add_descriptor(&next, 0x0008, 4);	/* Supported Descriptors */
	memcpy(body, descriptors, sizeof(descriptors));

	/* Supported CSCD Descriptor IDs: none but the place in the list */
	add_descriptor(&next, 0x000c, 4);

	body = add_descriptor(&next, 0x8001, 32);	/* General Copy Operations */
	put(body, LFILE_COPY_LIST_CONCURRENT, 4);
	put(body + 4, LFILE_COPY_LIST_CONCURRENT, 4);
	put(body + 8, SEGMENT_BYTES_MAX, 4);
	body[12] = GRANULARITY;
}
