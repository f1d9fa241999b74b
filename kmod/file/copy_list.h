/* SPDX-License-Identifier: GPL-2.0 */
/*
 * EXTENDED COPY(LID1), SPC-4: its parameter list, checked, and what initiators
 * are told of the limits that it is checked against. Pure.
 */
#ifndef LFILE_COPY_LIST_H
#define LFILE_COPY_LIST_H

#include <linux/types.h>

/* The limits: CSCD descriptors, segment descriptors, bytes of both together. */
#define LFILE_COPY_LIST_CSCDS		2
#define LFILE_COPY_LIST_SEGMENTS	16
#define LFILE_COPY_LIST_DESCRIPTORS	1024
#define LFILE_COPY_LIST_HEADER		16
#define LFILE_COPY_LIST_MAX \
	(LFILE_COPY_LIST_HEADER + LFILE_COPY_LIST_DESCRIPTORS)

/* Copies at a time. */
#define LFILE_COPY_LIST_CONCURRENT	128

/* A designator of type NAA, IEEE Registered Extended. */
#define LFILE_COPY_LIST_NAA		16

/* RECEIVE COPY RESULTS: the service actions that there are, and their answers. */
#define LFILE_COPY_LIST_STATUS		0x00
#define LFILE_COPY_LIST_STATUS_LEN	12
#define LFILE_COPY_LIST_PARAMETERS	0x03
#define LFILE_COPY_LIST_PARAMETERS_LEN	46

/* Third-party Copy VPD page. */
#define LFILE_COPY_LIST_PAGE		0x8f
#define LFILE_COPY_LIST_PAGE_LEN	100

/* What is wrong with a list; the sense data is copy.c's. */
enum lfile_copy_list_error {
	LFILE_COPY_LIST_OK,
	LFILE_COPY_LIST_BAD_LENGTH,
	LFILE_COPY_LIST_BAD_FIELD,
	LFILE_COPY_LIST_MANY_CSCDS,
	LFILE_COPY_LIST_CSCD_TYPE,
	LFILE_COPY_LIST_MANY_SEGMENTS,
	LFILE_COPY_LIST_SEGMENT_TYPE,
	LFILE_COPY_LIST_NO_CSCD,
};

/* First blocks, and how many: not 0. */
struct lfile_copy_segment {
	u64 from;
	u64 to;
	u32 blocks;
	u32 before;			/* segments that precede it */
};

struct lfile_copy_list {
	u8 from[LFILE_COPY_LIST_NAA];
	u8 to[LFILE_COPY_LIST_NAA];
	u8 id;				/* LIST IDENTIFIER */
	bool hold;			/* LIST ID USAGE: keep the result */
	u32 nall;			/* segments, with those of no block */
	u32 nsegments;			/* may be 0: nothing is copied */
	struct lfile_copy_segment segments[LFILE_COPY_LIST_SEGMENTS];
};

/* COPY MANAGER STATUS */
enum lfile_copy_state {
	LFILE_COPY_RUNS,
	LFILE_COPY_GOOD,
	LFILE_COPY_FAILED,
};

struct lfile_copy_status {
	enum lfile_copy_state state;
	u32 segments;			/* with the one that is being copied */
	u64 bytes;
};

enum lfile_copy_list_error lfile_copy_list_parse(const u8 *list, u32 len,
						 struct lfile_copy_list *copy);
bool lfile_copy_list_fits(const struct lfile_copy_list *copy, u64 capacity_from,
			  u64 capacity_to);
bool lfile_copy_list_overlaps(const struct lfile_copy_list *copy);
void lfile_copy_list_parameters(u8 *answer);
void lfile_copy_list_status(const struct lfile_copy_status *status, u8 *answer);
void lfile_copy_list_page(u8 *page);

#endif /* LFILE_COPY_LIST_H */
