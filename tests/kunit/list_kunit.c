// SPDX-License-Identifier: GPL-2.0
/* kmod/file/list.c: the parameter lists of UNMAP and MODE SELECT. */

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/string.h>

#include "file/list.h"

#define CAPACITY	0x10000000ull
#define MOST		0x40000u

static void list_count_test(struct kunit *test)
{
	static const struct {
		u16 says;
		u32 len;
		int count;
	} cases[] = {
		{ 16, 24, 1 }, { 0, 24, 0 }, { 15, 24, 0 }, { 16, 8, 0 }, { 16, 23, 0 },
		{ 0xffff, 24, 1 }, { 31, 40, 1 }, { 32, 40, 2 }, { 512, 520, 32 },
		{ 528, 536, -EINVAL }, { 0xffff, 0xffffffff, -EINVAL }, { 528, 520, 32 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		const u8 header[LFILE_LIST_UNMAP_HEADER] = {
			[2] = cases[i].says >> 8, [3] = cases[i].says & 0xff,
		};

		KUNIT_EXPECT_EQ(test, lfile_list_unmap_count(header, cases[i].len, 32),
				cases[i].count);
	}
}

static void put(u8 *to, u64 value, u32 bytes)
{
	while (bytes--)
		*to++ = value >> 8 * bytes;
}

static void list_extent_test(struct kunit *test)
{
	static const struct {
		u64 lba;
		u32 blocks;
		int ret;
	} cases[] = {
		{ 0, 0, 0 }, { 0, 1, 0 }, { 5, MOST, 0 }, { 5, MOST + 1, -EINVAL },
		{ CAPACITY - 1, 1, 0 }, { CAPACITY - 1, 2, -ERANGE }, { CAPACITY, 0, 0 },
		{ CAPACITY, 1, -ERANGE }, { CAPACITY + 1, 0, -ERANGE },
		{ ~0ull, 1, -ERANGE }, { ~0ull - MOST, MOST, -ERANGE }, { 0, U32_MAX, -EINVAL },
	};
	u32 i, blocks;
	u64 lba;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		u8 desc[LFILE_LIST_UNMAP_DESCRIPTOR] = {};

		put(desc, cases[i].lba, 8);
		put(desc + 8, cases[i].blocks, 4);
		KUNIT_EXPECT_EQ(test, lfile_list_unmap_extent(desc, CAPACITY, MOST, &lba, &blocks),
				cases[i].ret);
		KUNIT_EXPECT_EQ(test, lba, cases[i].lba);
		KUNIT_EXPECT_EQ(test, blocks, cases[i].blocks);
	}
}

/* Every single bit that differs makes it invalid, but WCE. */
static void list_caching_test(struct kunit *test)
{
	u8 page[LFILE_LIST_CACHING_LEN] = { 0x08, 0x12, [12] = 0x20 };
	u32 bit;

	KUNIT_EXPECT_TRUE(test, lfile_list_caching_valid(page, true));
	KUNIT_EXPECT_TRUE(test, lfile_list_caching_valid(page, false));
	for (bit = 0; bit < sizeof(page) * 8; bit++) {
		bool wce = bit == 2 * 8 + 2;

		page[bit / 8] ^= 1 << bit % 8;
		KUNIT_EXPECT_EQ(test, lfile_list_caching_valid(page, true), wce);
		KUNIT_EXPECT_FALSE(test, lfile_list_caching_valid(page, false));
		page[bit / 8] ^= 1 << bit % 8;
	}
}

static struct kunit_case list_cases[] = {
	KUNIT_CASE(list_count_test),
	KUNIT_CASE(list_extent_test),
	KUNIT_CASE(list_caching_test),
	{}
};

static struct kunit_suite list_suite = {
	.name = "lunar-list",
	.test_cases = list_cases,
};

kunit_test_suite(list_suite);
