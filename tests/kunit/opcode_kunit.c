// SPDX-License-Identifier: GPL-2.0
/* kmod/file/opcode.c: what CDBs say, and REPORT SUPPORTED OPERATION CODES. */

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "file/opcode.h"

#define ALL		0xffu

static u8 answer[LFILE_OPCODE_REPORT_MAX];

static int report(u8 options, u8 opcode, u16 action, u32 with)
{
	const u8 cdb[12] = {
		MAINTENANCE_IN, MI_REPORT_SUPPORTED_OPERATION_CODES, options, opcode,
		action >> 8, action & 0xff,
	};

	memset(answer, 0xee, sizeof(answer));
	return lfile_opcode_report(cdb, with, answer);
}

static void opcode_flags_test(struct kunit *test)
{
	static const struct {
		u8 opcode;
		u8 flags;
	} cases[] = {
		{ READ_6, 0 }, { WRITE_6, LFILE_OPCODE_CHANGES },
		{ READ_10, LFILE_OPCODE_DPO | LFILE_OPCODE_FUA },
		{ WRITE_16, LFILE_OPCODE_DPO | LFILE_OPCODE_FUA | LFILE_OPCODE_CHANGES },
		{ LFILE_OPCODE_ORWRITE_16,
		  LFILE_OPCODE_DPO | LFILE_OPCODE_FUA | LFILE_OPCODE_CHANGES },
		{ COMPARE_AND_WRITE,
		  LFILE_OPCODE_DPO | LFILE_OPCODE_FUA | LFILE_OPCODE_CHANGES },
		{ VERIFY, LFILE_OPCODE_DPO }, { VERIFY_12, LFILE_OPCODE_DPO },
		{ WRITE_VERIFY_12, LFILE_OPCODE_DPO | LFILE_OPCODE_CHANGES },
		{ UNMAP, LFILE_OPCODE_CHANGES }, { WRITE_SAME_16, LFILE_OPCODE_CHANGES },
		{ VARIABLE_LENGTH_CMD, LFILE_OPCODE_CHANGES | LFILE_OPCODE_ACTION },
		{ SERVICE_ACTION_IN_16, LFILE_OPCODE_ACTION },
		{ SYNCHRONIZE_CACHE, 0 }, { PRE_FETCH, 0 }, { 0xc1, 0 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, lfile_opcode_flags(&cases[i].opcode),
				    cases[i].flags, "opcode %02x", cases[i].opcode);
}

static void opcode_range_test(struct kunit *test)
{
	u8 cdb[16] = { VERIFY, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14 };

	KUNIT_EXPECT_EQ(test, lfile_opcode_lba(cdb), 0x01020304ull);
	KUNIT_EXPECT_EQ(test, lfile_opcode_blocks(cdb), 0x0607u);
	cdb[0] = PRE_FETCH;
	KUNIT_EXPECT_EQ(test, lfile_opcode_blocks(cdb), 0x0607u);
	cdb[0] = VERIFY_12;
	KUNIT_EXPECT_EQ(test, lfile_opcode_lba(cdb), 0x01020304ull);
	KUNIT_EXPECT_EQ(test, lfile_opcode_blocks(cdb), 0x05060708u);
	cdb[0] = LFILE_OPCODE_ORWRITE_16;
	KUNIT_EXPECT_EQ(test, lfile_opcode_lba(cdb), 0x0102030405060708ull);
	KUNIT_EXPECT_EQ(test, lfile_opcode_blocks(cdb), 0x090a0b0cu);
}

/* Each list is as long as it says, and what it has can be asked for one by one. */
static void opcode_all_test(struct kunit *test)
{
	static u8 list[LFILE_OPCODE_REPORT_MAX];
	u32 with, at, size, none = 0;
	int len, timeouts;

	for (with = 0; with <= ALL; with++) {
		for (timeouts = 0; timeouts < 2; timeouts++) {
			size = timeouts ? 20 : 8;
			len = report(timeouts << 7, 0, 0, with);
			KUNIT_ASSERT_TRUE(test, len > 4);
			KUNIT_ASSERT_LE(test, len, (int)sizeof(answer));
			KUNIT_EXPECT_EQ(test, answer[2] << 8 | answer[3], len - 4);
			KUNIT_EXPECT_EQ(test, (len - 4) % size, 0u);
		}
		if (!with)
			none = (len - 4) / size;
	}
	KUNIT_EXPECT_TRUE(test, (len - 4) / size > none);

	len = report(0, 0, 0, ALL);
	memcpy(list, answer, len);
	for (at = 4; at < (u32)len; at += 8) {
		bool acts = list[at + 5] & 1;
		u16 action = list[at + 2] << 8 | list[at + 3];
		int n = 4 + list[at + 7];

		KUNIT_EXPECT_EQ(test, report(acts ? 2 : 1, list[at], action, ALL), n);
		KUNIT_EXPECT_EQ(test, answer[1], 3);
		KUNIT_EXPECT_EQ(test, answer[4], list[at]);
		KUNIT_EXPECT_EQ(test, report(3, list[at], action, ALL), n);
		KUNIT_EXPECT_EQ(test, report(acts ? 1 : 2, list[at], action, ALL), -EINVAL);
		KUNIT_EXPECT_EQ(test, report(0x83, list[at], action, ALL), n + 12);
		KUNIT_EXPECT_EQ(test, answer[1], 0x83);
		KUNIT_EXPECT_EQ(test, answer[n + 1], 10);
	}
}

static void opcode_one_test(struct kunit *test)
{
	static const u8 read[] = { 0, 3, 0, 10, READ_10, 0xf8, 0xff, 0xff, 0xff, 0xff, 0, 0xff,
				   0xff, 0 };
	static const u8 missing[] = { 0, 1, 0, 0 };
	int options;

	KUNIT_EXPECT_EQ(test, report(1, READ_10, 0, ALL), (int)sizeof(read));
	KUNIT_EXPECT_TRUE(test, !memcmp(answer, read, sizeof(read)));
	report(1, READ_10, 0, 0);
	KUNIT_EXPECT_EQ(test, answer[5], 0xe0);
	report(1, VERIFY_16, 0, ALL);
	KUNIT_EXPECT_EQ(test, answer[5], 0xf6);

	for (options = 1; options <= 3; options++) {
		KUNIT_EXPECT_EQ(test, report(options, 0xc1, 0, ALL), 4);
		KUNIT_EXPECT_TRUE(test, !memcmp(answer, missing, sizeof(missing)));
	}
	report(2, SERVICE_ACTION_IN_16, 0x1f, ALL);
	KUNIT_EXPECT_EQ(test, answer[1], 1);
	report(3, READ_10, 1, ALL);
	KUNIT_EXPECT_EQ(test, answer[1], 1);
	report(1, COMPARE_AND_WRITE, 0, ALL & ~LFILE_OPCODE_WITH_CAW);
	KUNIT_EXPECT_EQ(test, answer[1], 1);
	for (options = 4; options < 8; options++)
		KUNIT_EXPECT_EQ(test, report(options, READ_10, 0, ALL), -EINVAL);
	/* The service action of a variable length CDB is elsewhere. */
	KUNIT_EXPECT_EQ(test, report(2, VARIABLE_LENGTH_CMD, WRITE_SAME_32, ALL), 36);
	KUNIT_EXPECT_EQ(test, answer[4 + 9], WRITE_SAME_32);
}

static struct kunit_case opcode_cases[] = {
	KUNIT_CASE(opcode_flags_test),
	KUNIT_CASE(opcode_range_test),
	KUNIT_CASE(opcode_all_test),
	KUNIT_CASE(opcode_one_test),
	{}
};

static struct kunit_suite opcode_suite = {
	.name = "lunar-opcode",
	.test_cases = opcode_cases,
};

kunit_test_suite(opcode_suite);
