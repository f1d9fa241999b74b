// SPDX-License-Identifier: GPL-2.0
/* kmod/file/copy_list.c: the parameter list of EXTENDED COPY, and its limits. */

#include <kunit/test.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "file/copy_list.h"

#define CSCD		32
#define SEGMENT		28
#define LIST_MAX	(LFILE_COPY_LIST_MAX + 256)

static void put(u8 *to, u64 value, u32 bytes)
{
	while (bytes--)
		*to++ = value >> 8 * bytes;
}

static u64 get(const u8 *from, u32 bytes)
{
	u64 value = 0;

	while (bytes--)
		value = value << 8 | *from++;
	return value;
}

/* One list at a time: it is large for a stack. */
static u8 list[LIST_MAX];
static struct lfile_copy_list copy;

static u8 *cscd(u32 n)
{
	return list + LFILE_COPY_LIST_HEADER + n * CSCD;
}

/* A list with @cscds designators 6n, n, n, ... and @segments segments of 0 blocks. */
static u32 make(u32 cscds, u32 segments)
{
	u32 i;

	memset(list, 0, sizeof(list));
	put(list + 2, cscds * CSCD, 2);
	put(list + 8, segments * SEGMENT, 4);
	for (i = 0; i < cscds; i++) {
		cscd(i)[0] = 0xe4;
		cscd(i)[4] = 1;
		cscd(i)[5] = 3;
		cscd(i)[7] = LFILE_COPY_LIST_NAA;
		memset(cscd(i) + 8, i, LFILE_COPY_LIST_NAA);
		cscd(i)[8] = 0x60 | i;
	}
	for (i = 0; i < segments; i++) {
		u8 *desc = cscd(cscds) + i * SEGMENT;

		desc[0] = 0x02;
		put(desc + 2, SEGMENT - 4, 2);
	}
	return LFILE_COPY_LIST_HEADER + cscds * CSCD + segments * SEGMENT;
}

static void set_segment(u8 *desc, u16 from_id, u16 to_id, u16 blocks, u64 from, u64 to)
{
	put(desc + 4, from_id, 2);
	put(desc + 6, to_id, 2);
	put(desc + 10, blocks, 2);
	put(desc + 12, from, 8);
	put(desc + 20, to, 8);
}

static void copy_list_good_test(struct kunit *test)
{
	u32 len = make(2, 3);

	set_segment(cscd(2), 1, 0, 0xffff, 0x123456789abcull, 7);
	set_segment(cscd(2) + SEGMENT, 1, 0, 0, 1, 1);
	set_segment(cscd(2) + 2 * SEGMENT, 1, 0, 1, 5, ~0ull);
	KUNIT_EXPECT_EQ(test, lfile_copy_list_parse(list, len, &copy), LFILE_COPY_LIST_OK);
	KUNIT_EXPECT_EQ(test, memcmp(copy.from, cscd(1) + 8, sizeof(copy.from)), 0);
	KUNIT_EXPECT_EQ(test, memcmp(copy.to, cscd(0) + 8, sizeof(copy.to)), 0);
	KUNIT_ASSERT_EQ(test, copy.nsegments, 2u);
	KUNIT_EXPECT_EQ(test, copy.segments[0].blocks, 0xffffu);
	KUNIT_EXPECT_EQ(test, copy.segments[0].from, 0x123456789abcull);
	KUNIT_EXPECT_EQ(test, copy.segments[0].to, 7ull);
	KUNIT_EXPECT_EQ(test, copy.segments[1].to, ~0ull);
	KUNIT_EXPECT_EQ(test, copy.segments[1].before, 2u);
	KUNIT_EXPECT_EQ(test, copy.nall, 3u);

	/* LIST ID USAGE: 00b is to keep the result, 10b to discard, 11b has no identifier */
	KUNIT_EXPECT_TRUE(test, copy.hold);
	KUNIT_EXPECT_EQ(test, copy.id, 0);
	list[0] = 0xa5;
	list[1] = 0x10;
	KUNIT_EXPECT_EQ(test, lfile_copy_list_parse(list, len, &copy), LFILE_COPY_LIST_OK);
	KUNIT_EXPECT_FALSE(test, copy.hold);
	KUNIT_EXPECT_EQ(test, copy.id, 0xa5);
	list[1] = 0x18;
	KUNIT_EXPECT_EQ(test, lfile_copy_list_parse(list, len, &copy), LFILE_COPY_LIST_OK);
	KUNIT_EXPECT_FALSE(test, copy.hold);
	list[1] = 0x27;
	KUNIT_EXPECT_EQ(test, lfile_copy_list_parse(list, len, &copy), LFILE_COPY_LIST_OK);
	KUNIT_EXPECT_TRUE(test, copy.hold);

	/* one descriptor for both; no segment; more than the list says */
	len = make(1, 1);
	set_segment(cscd(1), 0, 0, 1, 0, 8);
	KUNIT_EXPECT_EQ(test, lfile_copy_list_parse(list, len + 100, &copy), LFILE_COPY_LIST_OK);
	KUNIT_EXPECT_EQ(test, memcmp(copy.to, cscd(0) + 8, sizeof(copy.to)), 0);
	KUNIT_EXPECT_EQ(test, memcmp(copy.from, copy.to, sizeof(copy.to)), 0);
	len = make(2, 0);
	KUNIT_EXPECT_EQ(test, lfile_copy_list_parse(list, len, &copy), LFILE_COPY_LIST_OK);
	KUNIT_EXPECT_EQ(test, copy.nsegments, 0u);
	len = make(LFILE_COPY_LIST_CSCDS, LFILE_COPY_LIST_SEGMENTS);
	KUNIT_EXPECT_EQ(test, lfile_copy_list_parse(list, len, &copy), LFILE_COPY_LIST_OK);
}

static void copy_list_limits_test(struct kunit *test)
{
	u32 len = make(LFILE_COPY_LIST_CSCDS + 1, 1);

	KUNIT_EXPECT_EQ(test, lfile_copy_list_parse(list, len, &copy), LFILE_COPY_LIST_MANY_CSCDS);
	len = make(1, LFILE_COPY_LIST_SEGMENTS + 1);
	KUNIT_EXPECT_EQ(test, lfile_copy_list_parse(list, len, &copy),
			LFILE_COPY_LIST_MANY_SEGMENTS);
	len = make(2, 1);
	for (; len; len--)	/* a byte too few, and less */
		KUNIT_EXPECT_EQ(test, lfile_copy_list_parse(list, len - 1, &copy),
				LFILE_COPY_LIST_BAD_LENGTH);
	make(2, 1);
	put(list + 8, LFILE_COPY_LIST_DESCRIPTORS - 2 * CSCD + 1, 4);
	KUNIT_EXPECT_EQ(test, lfile_copy_list_parse(list, LIST_MAX, &copy),
			LFILE_COPY_LIST_BAD_LENGTH);
	put(list + 8, U32_MAX, 4);	/* the sum of both wraps */
	KUNIT_EXPECT_EQ(test, lfile_copy_list_parse(list, LIST_MAX, &copy),
			LFILE_COPY_LIST_BAD_LENGTH);
	len = make(2, 1);
	put(list + 12, 1, 4);
	KUNIT_EXPECT_EQ(test, lfile_copy_list_parse(list, len, &copy), LFILE_COPY_LIST_BAD_FIELD);
}

/* Each with one byte of a good list of two descriptors and two segments changed. */
static void copy_list_descriptors_test(struct kunit *test)
{
	static const struct {
		u32 at;
		u8 value;
		enum lfile_copy_list_error error;
	} cases[] = {
		{ 0, 0xe3, LFILE_COPY_LIST_CSCD_TYPE }, { CSCD, 0, LFILE_COPY_LIST_CSCD_TYPE },
		{ 4, 2, LFILE_COPY_LIST_BAD_FIELD }, { 5, 0x13, LFILE_COPY_LIST_BAD_FIELD },
		{ 5, 2, LFILE_COPY_LIST_BAD_FIELD }, { 7, 8, LFILE_COPY_LIST_BAD_FIELD },
		{ CSCD + 8, 0x50, LFILE_COPY_LIST_BAD_FIELD }, { 1, 0xc1, LFILE_COPY_LIST_OK },
		{ 31, 77, LFILE_COPY_LIST_OK }, { 4, 0x51, LFILE_COPY_LIST_OK },
		{ 2 * CSCD, 0x0a, LFILE_COPY_LIST_SEGMENT_TYPE },
		{ 2 * CSCD + 3, 23, LFILE_COPY_LIST_BAD_FIELD },
		{ 2 * CSCD + SEGMENT + 5, 1, LFILE_COPY_LIST_BAD_FIELD },
		{ 2 * CSCD + 1, 3, LFILE_COPY_LIST_OK },
	};
	u32 len, i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		len = make(2, 2);
		cscd(0)[cases[i].at] = cases[i].value;
		KUNIT_EXPECT_EQ(test, lfile_copy_list_parse(list, len, &copy), cases[i].error);
	}

	/* no such descriptor, as source and as destination */
	len = make(2, 1);
	set_segment(cscd(2), 2, 0, 1, 0, 8);
	KUNIT_EXPECT_EQ(test, lfile_copy_list_parse(list, len, &copy), LFILE_COPY_LIST_NO_CSCD);
	set_segment(cscd(2), 0, 0xffff, 1, 0, 8);
	KUNIT_EXPECT_EQ(test, lfile_copy_list_parse(list, len, &copy), LFILE_COPY_LIST_NO_CSCD);

	/* what is left is too short for a descriptor */
	len = make(2, 1);
	put(list + 8, SEGMENT - 1, 4);
	KUNIT_EXPECT_EQ(test, lfile_copy_list_parse(list, len, &copy), LFILE_COPY_LIST_BAD_FIELD);
	len = make(2, 0);
	put(list + 2, CSCD + 1, 2);
	KUNIT_EXPECT_EQ(test, lfile_copy_list_parse(list, len, &copy), LFILE_COPY_LIST_BAD_FIELD);
}

static void copy_list_fits_test(struct kunit *test)
{
	copy.nsegments = 2;
	copy.segments[0] = (struct lfile_copy_segment){ 100, 10, 5 };
	copy.segments[1] = (struct lfile_copy_segment){ 50, 20, 10 };
	KUNIT_EXPECT_TRUE(test, lfile_copy_list_fits(&copy, 105, 30));
	KUNIT_EXPECT_FALSE(test, lfile_copy_list_fits(&copy, 104, 30));
	KUNIT_EXPECT_FALSE(test, lfile_copy_list_fits(&copy, 105, 29));
	KUNIT_EXPECT_FALSE(test, lfile_copy_list_fits(&copy, 99, 30));
	copy.segments[1].to = ~0ull - 5;	/* wraps */
	KUNIT_EXPECT_FALSE(test, lfile_copy_list_fits(&copy, 105, ~0ull));
}

static void copy_list_overlaps_test(struct kunit *test)
{
	copy.nsegments = 2;
	copy.segments[0] = (struct lfile_copy_segment){ 100, 10, 5 };
	copy.segments[1] = (struct lfile_copy_segment){ 50, 60, 10 };
	KUNIT_EXPECT_FALSE(test, lfile_copy_list_overlaps(&copy));
	copy.segments[1].blocks = 11;
	KUNIT_EXPECT_TRUE(test, lfile_copy_list_overlaps(&copy));
	copy.segments[1] = (struct lfile_copy_segment){ 60, 50, 10 };
	KUNIT_EXPECT_FALSE(test, lfile_copy_list_overlaps(&copy));
	copy.segments[1].to = 51;
	KUNIT_EXPECT_TRUE(test, lfile_copy_list_overlaps(&copy));
	copy.segments[1].to = 60;
	KUNIT_EXPECT_TRUE(test, lfile_copy_list_overlaps(&copy));
}

/* The VPD page is a list of descriptors; finds one of them. */
static const u8 *find(const u8 *page, u32 type)
{
	const u8 *at = page + 4, *end = at + get(page + 2, 2);

	while (at < end) {
		if (get(at, 2) == type)
			return at;
		at += 4 + get(at + 2, 2);
	}
	return at == end ? NULL : page;
}

/* Both say the same, and what is checked. */
static void copy_list_answers_test(struct kunit *test)
{
	u8 answer[LFILE_COPY_LIST_PARAMETERS_LEN], page[LFILE_COPY_LIST_PAGE_LEN];
	const u8 *limits, *general;

	lfile_copy_list_parameters(answer);
	lfile_copy_list_page(page);
	KUNIT_EXPECT_EQ(test, get(answer, 4), (u64)sizeof(answer) - 4);
	KUNIT_EXPECT_EQ(test, get(page + 2, 2), (u64)sizeof(page) - 4);
	KUNIT_EXPECT_EQ(test, page[1], 0x8f);
	KUNIT_EXPECT_NULL(test, find(page, 0xffff));
	KUNIT_EXPECT_NOT_NULL(test, find(page, 0x0001));
	KUNIT_EXPECT_NOT_NULL(test, find(page, 0x0008));
	KUNIT_EXPECT_NOT_NULL(test, find(page, 0x000c));
	limits = find(page, 0x0004);
	general = find(page, 0x8001);
	KUNIT_ASSERT_NOT_NULL(test, limits);
	KUNIT_ASSERT_NOT_NULL(test, general);
	KUNIT_EXPECT_EQ(test, memcmp(limits + 8, answer + 8, 8), 0);
	KUNIT_EXPECT_EQ(test, get(answer + 8, 2), (u64)LFILE_COPY_LIST_CSCDS);
	KUNIT_EXPECT_EQ(test, get(answer + 10, 2), (u64)LFILE_COPY_LIST_SEGMENTS);
	KUNIT_EXPECT_EQ(test, get(answer + 12, 4), (u64)LFILE_COPY_LIST_DESCRIPTORS);
	KUNIT_EXPECT_EQ(test, memcmp(general + 12, answer + 16, 4), 0);
	KUNIT_EXPECT_EQ(test, general[16], answer[37]);
}

/* What is told of a copy. */
static void copy_list_status_test(struct kunit *test)
{
	struct lfile_copy_status status = { LFILE_COPY_FAILED, 0x0203, 0xffffffff };
	u8 answer[LFILE_COPY_LIST_STATUS_LEN];
	const u8 *page_list;
	u8 page[LFILE_COPY_LIST_PAGE_LEN];

	lfile_copy_list_status(&status, answer);
	KUNIT_EXPECT_EQ(test, get(answer, 4), (u64)8);
	KUNIT_EXPECT_EQ(test, get(answer + 4, 4), (u64)0x02020300);
	KUNIT_EXPECT_EQ(test, get(answer + 8, 4), (u64)0xffffffff);
	status.bytes++;
	lfile_copy_list_status(&status, answer);
	KUNIT_EXPECT_EQ(test, answer[7], 1);
	KUNIT_EXPECT_EQ(test, get(answer + 8, 4), (u64)0x400000);

	/* the same service actions as the VPD page: 2, COPY STATUS among them */
	lfile_copy_list_page(page);
	page_list = find(page, 0x0001);
	KUNIT_ASSERT_NOT_NULL(test, page_list);
	KUNIT_EXPECT_EQ(test, page_list[4], 7);
	KUNIT_EXPECT_EQ(test, get(page_list + 8, 4), (u64)0x84020003);
}

static struct kunit_case copy_list_cases[] = {
	KUNIT_CASE(copy_list_good_test),
	KUNIT_CASE(copy_list_limits_test),
	KUNIT_CASE(copy_list_descriptors_test),
	KUNIT_CASE(copy_list_fits_test),
	KUNIT_CASE(copy_list_overlaps_test),
	KUNIT_CASE(copy_list_answers_test),
	KUNIT_CASE(copy_list_status_test),
	{}
};

static struct kunit_suite copy_list_suite = {
	.name = "lunar-copy-list",
	.test_cases = copy_list_cases,
};

kunit_test_suite(copy_list_suite);
