// SPDX-License-Identifier: GPL-2.0
/* Data that is right: residuals, every combination of keys, R2Ts. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rawpdu.h"

#define LBA	20000

static void read_residual(void)
{
	static const u32 edtl[] = { 8192, 4096 + 512, 2048, 512, 100, 4095, 5000 };
	u8 data[8 * BLOCK], buf[8192], cdb[ISCSI_CDB_SIZE];
	struct conn *c = login_usual();
	struct result res;
	u32 i;

	fill(data, sizeof(data), 5);
	write_blocks(c, LBA, data, 8);
	for (i = 0; i < ARRAY_SIZE(edtl); i++) {
		bool over = edtl[i] < sizeof(data);
		u32 len = over ? edtl[i] : sizeof(data);

		cdb_rw(cdb, READ_10, LBA, 8);
		scsi_read(c, cdb, edtl[i], buf, &res);
		if (res.status != SAM_STAT_GOOD || res.length != len || memcmp(buf, data, len))
			fail("EDTL %u: status 0x%02x, %u bytes", edtl[i], res.status, res.length);
		if (res.flags != (over ? ISCSI_FLAG_CMD_OVERFLOW : ISCSI_FLAG_CMD_UNDERFLOW))
			fail("EDTL %u: flags 0x%02x", edtl[i], res.flags);
		if (res.residual != (over ? sizeof(data) - edtl[i] : edtl[i] - sizeof(data)))
			fail("EDTL %u: residual %u", edtl[i], res.residual);
	}
	logout(c);
}

/* Of 8 blocks those are written that there is data for, and no other byte. */
static void write_residual(void)
{
	static const u32 edtl[] = { 8192, 262144, 512, 4096 + 4, 4096 - 4, 100, 0 };
	static u8 new[262144], old[16 * BLOCK];
	u8 cdb[ISCSI_CDB_SIZE];
	struct conn *c = login_usual();
	u32 i;

	for (i = 0; i < 2 * ARRAY_SIZE(edtl); i++) {
		u32 len = edtl[i / 2], size = 8 * BLOCK;
		struct write_plan plan = plan_usual(c, len);
		bool over = len < size;
		struct result res;

		if (i % 2) {
			plan.immediate = 0;
			plan.unsolicited = 0;
		}
		plan.unused = true;
		fill(old, sizeof(old), i);
		fill(new, sizeof(new), 100 + i);
		write_blocks(c, LBA, old, 16);
		cdb_rw(cdb, WRITE_10, LBA, 8);
		scsi_write(c, cdb, len, new, &plan, &res);
		if (res.status != SAM_STAT_GOOD)
			fail("EDTL %u: status 0x%02x, sense %x/%02x/%02x", len, res.status,
			     res.key, res.asc, res.ascq);
		if (res.flags != (over ? ISCSI_FLAG_CMD_OVERFLOW : ISCSI_FLAG_CMD_UNDERFLOW) ||
		    res.residual != (over ? size - len : len - size))
			fail("EDTL %u: flags 0x%02x, residual %u", len, res.flags, res.residual);
		memcpy(old, new, over ? len & -BLOCK : size);
		check_blocks(c, LBA, old, 16);
	}
	logout(c);
}

/* Nothing happens in part if a part of it makes no sense. */
static void odd_length(void)
{
	static const struct {
		u8 cdb[ISCSI_CDB_SIZE];
		u32 edtl;
	} cmds[] = {
		{ { COMPARE_AND_WRITE, [13] = 1 }, BLOCK },
		{ { COMPARE_AND_WRITE, [13] = 1 }, 3 * BLOCK },
		{ { WRITE_SAME, [8] = 1 }, BLOCK / 2 },
		{ { WRITE_SAME, [8] = 1 }, 2 * BLOCK },
		{ { UNMAP, [8] = 24 }, 16 },
		{ { MODE_SELECT, 0x10, [4] = 24 }, 12 },
	};
	static u8 data[3 * BLOCK], zero[4 * BLOCK];
	struct conn *c = login_usual();
	u32 i;

	write_blocks(c, 0, zero, 4);
	fill(data, sizeof(data), 9);
	for (i = 0; i < ARRAY_SIZE(cmds); i++) {
		struct write_plan plan = plan_usual(c, cmds[i].edtl);
		struct result res;

		plan.unused = true;
		scsi_write(c, cmds[i].cdb, cmds[i].edtl, data, &plan, &res);
		if (res.status != SAM_STAT_CHECK_CONDITION || res.key != ILLEGAL_REQUEST)
			fail("opcode 0x%02x with %u bytes: status 0x%02x", cmds[i].cdb[0],
			     cmds[i].edtl, res.status);
	}
	check_blocks(c, 0, zero, 4);
	logout(c);
}

/* Nothing comes back that was not expected, and nothing is written. */
static void read_with_data(void)
{
	static u8 new[64 * BLOCK], old[64 * BLOCK];
	struct conn *c = login_usual();
	u8 cdb[ISCSI_CDB_SIZE];
	struct result res;
	u32 i;

	fill(old, sizeof(old), 3);
	fill(new, sizeof(new), 4);
	write_blocks(c, LBA, old, 64);
	for (i = 0; i < 3; i++) {
		struct write_plan plan = plan_usual(c, sizeof(new));

		if (i)
			plan.immediate = i == 1 ? 512 : 0;
		if (i == 2)
			plan.unsolicited = 0;
		plan.unused = true;
		cdb_rw(cdb, READ_10, LBA, 64);
		scsi_write(c, cdb, sizeof(new), new, &plan, &res);
		if (res.status != SAM_STAT_GOOD)
			fail("status 0x%02x, sense %x/%02x", res.status, res.key, res.asc);
		if (res.flags != ISCSI_FLAG_CMD_UNDERFLOW || res.residual != sizeof(new))
			fail("flags 0x%02x, residual %u", res.flags, res.residual);
		check_blocks(c, LBA, old, 64);
	}
	logout(c);
}

/* BYTCHK=01b, by opcodes with 10, 12 and 16 bytes. */
static void cdb_verify(u8 *cdb, u8 opcode, u32 lba, u32 blocks)
{
	__be32 be_lba = htobe32(lba), be_blocks = htobe32(blocks);

	if (opcode == VERIFY) {
		cdb_rw(cdb, opcode, lba, blocks);
	} else {
		memset(cdb, 0, ISCSI_CDB_SIZE);
		cdb[0] = opcode;
		memcpy(cdb + (opcode == VERIFY_12 ? 2 : 6), &be_lba, sizeof(be_lba));
		memcpy(cdb + (opcode == VERIFY_12 ? 6 : 10), &be_blocks, sizeof(be_blocks));
	}
	cdb[1] = 0x02;
}

/* Data beyond what is compared does not matter; with less nothing can be said. */
static void verify_residual(void)
{
	static const u8 opcodes[] = { VERIFY, VERIFY_12, VERIFY_16 };
	static u8 data[601 * BLOCK];
	u32 size = 600 * BLOCK, i;
	struct conn *c = login_usual();
	u8 cdb[ISCSI_CDB_SIZE];
	struct result res;

	fill(data, sizeof(data), 8);
	write_blocks(c, LBA, data, 600);
	for (i = 0; i < 5 * ARRAY_SIZE(opcodes); i++) {
		u32 len = size + (i % 5 == 1 ? BLOCK : i % 5 == 2 ? 4 : 0);
		struct write_plan plan;
		bool good = i % 5 < 3;

		if (i % 5 == 3)
			len -= BLOCK;
		data[size - 1] ^= i % 5 == 4;
		plan = plan_usual(c, len);
		plan.unused = true;
		cdb_verify(cdb, opcodes[i / 5], LBA, 600);
		scsi_write(c, cdb, len, data, &plan, &res);
		data[size - 1] ^= i % 5 == 4;
		if (good && (res.status != SAM_STAT_GOOD || res.residual != len - size ||
			     res.flags != (len > size ? ISCSI_FLAG_CMD_UNDERFLOW : 0)))
			fail("opcode 0x%02x, EDTL %u: status 0x%02x, flags 0x%02x, residual %u",
			     cdb[0], len, res.status, res.flags, res.residual);
		if (!good && (res.status != SAM_STAT_CHECK_CONDITION ||
			      res.key != (len < size ? ILLEGAL_REQUEST : MISCOMPARE) ||
			      res.asc != (len < size ? 0x24 : 0x1d)))
			fail("opcode 0x%02x, EDTL %u: status 0x%02x, sense %x/%02x", cdb[0], len,
			     res.status, res.key, res.asc);
		test_unit_ready(c);
	}
	check_blocks(c, LBA, data, 600);
	logout(c);
}

static void tur_with_read(void)
{
	static const u8 cdb[ISCSI_CDB_SIZE] = { TEST_UNIT_READY };
	struct conn *c = login_usual();
	struct result res;
	u8 buf[512];

	scsi_read(c, cdb, sizeof(buf), buf, &res);
	if (res.status != SAM_STAT_GOOD || res.length)
		fail("status 0x%02x, %u bytes", res.status, res.length);
	if (res.flags != ISCSI_FLAG_CMD_UNDERFLOW || res.residual != sizeof(buf))
		fail("flags 0x%02x, residual %u", res.flags, res.residual);
	test_unit_ready(c);
	logout(c);
}

/* A READ that fails although data was expected: no Data-In, sense, residual. */
static void read_beyond(void)
{
	struct conn *c = login_usual();
	u8 buf[4096], cdb[ISCSI_CDB_SIZE];
	struct result res;

	cdb_rw(cdb, READ_10, 0xfffffff0, 8);
	scsi_read(c, cdb, sizeof(buf), buf, &res);
	if (res.status != SAM_STAT_CHECK_CONDITION || res.key != ILLEGAL_REQUEST || res.asc != 0x21)
		fail("status 0x%02x, sense %x/%02x/%02x", res.status, res.key, res.asc, res.ascq);
	test_unit_ready(c);
	logout(c);
}

/* A WRITE that fails while all its data is on the way. */
static void write_beyond(void)
{
	static u8 buf[262144];
	struct conn *c = login_usual();
	u8 cdb[ISCSI_CDB_SIZE];
	struct result res;
	u32 i;

	for (i = 0; i < 4; i++) {
		struct write_plan plan = plan_usual(c, sizeof(buf));

		if (i % 2)
			plan.immediate = plan.immediate / 2 & ~3u;
		if (i / 2)
			plan.unsolicited = plan.immediate;
		cdb_rw(cdb, WRITE_10, 0xffffff00, 512);
		scsi_write(c, cdb, sizeof(buf), buf, &plan, &res);
		if (res.status != SAM_STAT_CHECK_CONDITION || res.key != ILLEGAL_REQUEST ||
		    res.asc != 0x21)
			fail("status 0x%02x, sense %x/%02x/%02x", res.status, res.key, res.asc,
			     res.ascq);
		test_unit_ready(c);
	}
	logout(c);
}

/* A tag is free again as soon as the status has arrived. */
static void same_itt(void)
{
	struct conn *c = login_usual();
	u8 buf[BLOCK], cdb[ISCSI_CDB_SIZE];
	struct result res;
	u32 i;

	cdb_rw(cdb, READ_10, LBA, 1);
	for (i = 0; i < 3000; i++) {
		c->itt = 0x777;
		scsi_read(c, cdb, sizeof(buf), buf, &res);
		if (res.status != SAM_STAT_GOOD)
			fail("READ %u: status 0x%02x", i, res.status);
	}
	c->itt++;
	logout(c);
}

/* Some writes with this session's keys, each read back by two cuts of lengths. */
static void write_and_check(struct conn *c, u32 rounds)
{
	static u8 data[512 * BLOCK];
	u8 cdb[ISCSI_CDB_SIZE];
	struct result res;

	while (rounds--) {
		u32 blocks = 1 + rnd(rnd(2) ? 512 : 24), lba = LBA + rnd(512);
		struct write_plan plan = plan_random(c, blocks * BLOCK);

		fill(data, blocks * BLOCK, rnd(1 << 30));
		cdb_rw(cdb, WRITE_10, lba, blocks);
		scsi_write(c, cdb, blocks * BLOCK, data, &plan, &res);
		if (res.status != SAM_STAT_GOOD || res.flags)
			fail("WRITE of %u bytes, %u immediate, %u unsolicited, segments of %u: status 0x%02x, flags 0x%02x",
			     blocks * BLOCK, plan.immediate, plan.unsolicited, plan.segment,
			     res.status, res.flags);
		check_blocks(c, lba, data, blocks);
	}
}

/* A length key: small, odd, or large. */
static u32 random_length(void)
{
	switch (rnd(3)) {
	case 0:
		return 512 + rnd(64);
	case 1:
		return 513 + rnd(70000);
	default:
		return 65536 << rnd(3);
	}
}

static void random_keys(void)
{
	u32 i;

	for (i = 0; i < 24; i++) {
		u32 first = random_length(), burst = random_length();
		char keys[512];
		struct conn *c;

		if (first > burst)
			first = burst;
		snprintf(keys, sizeof(keys),
			 "HeaderDigest=%s\nDataDigest=%s\nInitialR2T=%s\nImmediateData=%s\n"
			 "MaxBurstLength=%u\nFirstBurstLength=%u\nMaxOutstandingR2T=%u\n"
			 "MaxRecvDataSegmentLength=%u\n",
			 i & 4 ? "CRC32C" : "None", i & 8 ? "CRC32C" : "None",
			 i & 1 ? "Yes" : "No", i & 2 ? "Yes" : "No",
			 burst, first, 1 + rnd(8), random_length());
		c = login(&(struct login){ .keys = keys });
		if (c->key[MAX_BURST] > burst || c->key[FIRST_BURST] > first ||
		    (i & 1 && !c->key[INITIAL_R2T]) || (!(i & 2) && c->key[IMMEDIATE_DATA]))
			fail("the target agrees to more than was offered");
		printf("# %u: R2T %u imm %u first %u burst %u out %u target %u us %u\n", i,
		       c->key[INITIAL_R2T], c->key[IMMEDIATE_DATA], c->key[FIRST_BURST],
		       c->key[MAX_BURST], c->key[MAX_OUTSTANDING_R2T],
		       c->key[TARGET_MAX_RECV], c->max_recv);
		write_and_check(c, 4);
		logout(c);
	}
}

/* The target must keep as many R2Ts open as was agreed: each answer waits for
 * the last of them.
 */
static void outstanding_r2t(void)
{
	static u8 data[128 * BLOCK];
	u8 cdb[ISCSI_CDB_SIZE];
	u32 i;

	for (i = 1; i <= MAX_R2T; i++) {
		struct write_plan plan = { .segment = 4096, .hold = true };
		struct result res;
		char keys[256];
		struct conn *c;

		snprintf(keys, sizeof(keys), "InitialR2T=Yes\nImmediateData=No\nMaxBurstLength=4096\n"
			 "FirstBurstLength=4096\nMaxOutstandingR2T=%u\n", i);
		c = login(&(struct login){ .keys = keys });
		if (c->key[MAX_OUTSTANDING_R2T] > i)
			fail("MaxOutstandingR2T=%u is answered %u", i, c->key[MAX_OUTSTANDING_R2T]);
		fill(data, sizeof(data), i);
		cdb_rw(cdb, WRITE_10, LBA, 128);
		scsi_write(c, cdb, sizeof(data), data, &plan, &res);
		if (res.status != SAM_STAT_GOOD)
			fail("status 0x%02x", res.status);
		check_blocks(c, LBA, data, 128);
		logout(c);
	}
}

/* Allocations begin to fail (-H) once the session is there, and end (-R) before it
 * goes. No command fails for it, and no status says that it did.
 */
static void without_memory(void)
{
	struct conn *c;
	u32 i;

	if (!opt.hold || !strstr(opt.hold, "failslab"))
		skip("needs faults to inject");
	c = login(&(struct login){ .keys = "MaxBurstLength=8192\nFirstBurstLength=4096\n" });
	if (system(opt.hold))
		fail("%s fails", opt.hold);
	for (i = 0; i < 60; i++)
		write_and_check(c, 1);
	test_unit_ready(c);
	if (system(opt.release))
		fail("%s fails", opt.release);
	test_unit_ready(c);
	logout(c);
}

const struct test_case data_cases[] = {
	{ "read-residual", "11.4.5", read_residual },
	{ "write-residual", "11.4.5", write_residual },
	{ "odd-length", "11.4.5, SBC: 05/24/00", odd_length },
	{ "read-with-data", "11.4.5", read_with_data },
	{ "verify-residual", "11.4.5, SBC: 05/24/00, 0e/1d/00", verify_residual },
	{ "tur-with-read", "11.4.5", tur_with_read },
	{ "read-beyond", "SBC: 05/21/00", read_beyond },
	{ "write-beyond", "SBC: 05/21/00, 11.7", write_beyond },
	{ "same-itt", "11.2.1.8", same_itt },
	{ "random-keys", "13.10 to 13.14, 11.7, 11.8", random_keys, 120 },
	{ "without-memory", "4.2.2.1: the window shrinks, no BUSY", without_memory, 60 },
	{ "outstanding-r2t", "13.17", outstanding_r2t },
	{}
};
