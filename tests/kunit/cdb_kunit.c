// SPDX-License-Identifier: GPL-2.0
/* kmod/iscsi/cdb.c: what a CDB says of its data. */

#include <kunit/test.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "iscsi/cdb.h"

#define R	ISCSI_FLAG_CMD_READ
#define W	ISCSI_FLAG_CMD_WRITE

/* A row for each opcode that is not "any direction, no less". */
static const struct {
	u8 opcode;
	u16 action;
	u8 direction;
	bool more, less;
} rows[] = {
	{ READ_6, 0, R, true, false },
	{ READ_10, 0, R, true, false },
	{ READ_12, 0, R, true, false },
	{ READ_16, 0, R, true, false },
	{ WRITE_6, 0, W, true, true },
	{ WRITE_10, 0, W, true, true },
	{ WRITE_12, 0, W, true, true },
	{ WRITE_16, 0, W, true, true },
	{ WRITE_VERIFY, 0, W, true, true },
	{ WRITE_VERIFY_12, 0, W, true, true },
	{ WRITE_VERIFY_16, 0, W, true, true },
	{ 0x8b, 0, W, true, true },		/* ORWRITE(16) */
	{ WRITE_SAME, 0, W, false, false },
	{ WRITE_SAME_16, 0, W, false, false },
	{ COMPARE_AND_WRITE, 0, W, false, false },
	{ UNMAP, 0, W, true, false },
	{ MODE_SELECT, 0, W, true, false },
	{ MODE_SELECT_10, 0, W, true, false },
	{ PERSISTENT_RESERVE_OUT, 0, W, true, false },
	{ EXTENDED_COPY, 0, W, true, false },
	{ VARIABLE_LENGTH_CMD, READ_32, R, true, false },
	{ VARIABLE_LENGTH_CMD, WRITE_32, W, true, true },
	{ VARIABLE_LENGTH_CMD, WRITE_SAME_32, W, false, false },
	{ VARIABLE_LENGTH_CMD, 0x7777, 0, true, false },
};

static void cdb_table_test(struct kunit *test)
{
	u32 opcode, i;

	for (opcode = 0; opcode < 256; opcode++) {
		u8 cdb[16] = { opcode };
		bool listed = false;

		for (i = 0; i < ARRAY_SIZE(rows); i++) {
			if (rows[i].opcode != opcode)
				continue;
			listed = true;
			cdb[8] = rows[i].action >> 8;
			cdb[9] = rows[i].action & 0xff;
			KUNIT_EXPECT_EQ_MSG(test, lunar_cdb_is_write_same(cdb),
					    opcode == WRITE_SAME ||
					    opcode == WRITE_SAME_16 ||
					    rows[i].action == WRITE_SAME_32,
					    "opcode %02x", opcode);
			KUNIT_EXPECT_EQ_MSG(test, lunar_cdb_direction(cdb),
					    rows[i].direction, "opcode %02x", opcode);
			KUNIT_EXPECT_EQ_MSG(test, lunar_cdb_may_differ(cdb, true),
					    rows[i].more, "opcode %02x", opcode);
			KUNIT_EXPECT_EQ_MSG(test, lunar_cdb_may_differ(cdb, false),
					    rows[i].less, "opcode %02x", opcode);
		}
		if (listed)
			continue;
		KUNIT_EXPECT_EQ_MSG(test, lunar_cdb_direction(cdb), 0, "opcode %02x", opcode);
		KUNIT_EXPECT_TRUE(test, lunar_cdb_may_differ(cdb, true));
		KUNIT_EXPECT_FALSE(test, lunar_cdb_may_differ(cdb, false));
	}
}

static void cdb_execution_test(struct kunit *test)
{
	static const u8 memory[] = {
		TEST_UNIT_READY, REQUEST_SENSE, INQUIRY, REPORT_LUNS, MODE_SENSE, MODE_SENSE_10,
	};
	static const u8 sleeps[] = { PERSISTENT_RESERVE_OUT, MAINTENANCE_OUT };
	u32 opcode;

	for (opcode = 0; opcode < 256; opcode++) {
		const u8 cdb[16] = { opcode };

		KUNIT_EXPECT_EQ_MSG(test, lunar_cdb_from_memory(cdb),
				    !!memchr(memory, opcode, sizeof(memory)),
				    "opcode %02x", opcode);
		KUNIT_EXPECT_EQ_MSG(test, lunar_cdb_sleeps(cdb),
				    !!memchr(sleeps, opcode, sizeof(sleeps)),
				    "opcode %02x", opcode);
	}
}

static struct kunit_case cdb_cases[] = {
	KUNIT_CASE(cdb_table_test),
	KUNIT_CASE(cdb_execution_test),
	{}
};

static struct kunit_suite cdb_suite = {
	.name = "lunar-cdb",
	.test_cases = cdb_cases,
};

kunit_test_suite(cdb_suite);
