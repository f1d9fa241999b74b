// SPDX-License-Identifier: GPL-2.0
/* kmod/iscsi/pdu.c: proof of headers and of additional header segments. */

#include <kunit/test.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "iscsi/pdu.h"
#include "random.h"

#define F	LUNAR_OPCODE_FINAL
#define R	ISCSI_FLAG_CMD_READ
#define W	ISCSI_FLAG_CMD_WRITE
#define C	ISCSI_FLAG_TEXT_CONTINUE
#define I	ISCSI_OP_IMMEDIATE

#define MAX_DATA	8192

/* What is expected: a Reject reason, or one of the other verdicts. */
#define OK		0
#define CLOSE		0xff
#define PROTOCOL	ISCSI_REASON_PROTOCOL_ERROR
#define UNSUPPORTED	ISCSI_REASON_CMD_NOT_SUPPORTED
#define FIELD		LUNAR_REJECT_INVALID_PDU_FIELD

enum phase { LOGIN, FULL, DISCOVERY };

struct check_case {
	const char *name;
	enum phase phase;
	u8 opcode;
	u8 flags;
	u32 data;
	u8 expected;
	u8 ahs_words;
	u32 edtl;
};

static const struct check_case check_cases[] = {
	{ "login", LOGIN, ISCSI_OP_LOGIN | I, F, 300, OK },
	{ "login without I bit", LOGIN, ISCSI_OP_LOGIN, F, 300, OK },
	{ "login, most data", LOGIN, ISCSI_OP_LOGIN | I, F, MAX_DATA, OK },
	{ "login, too much data", LOGIN, ISCSI_OP_LOGIN | I, F, MAX_DATA + 1, CLOSE },
	{ "login with AHS", LOGIN, ISCSI_OP_LOGIN | I, F, 300, CLOSE, .ahs_words = 1 },
	{ "command in login", LOGIN, ISCSI_OP_SCSI_CMD, F | R, 0, OK },
	{ "text in login", LOGIN, ISCSI_OP_TEXT, F, 0, OK },
	{ "nop in login", LOGIN, ISCSI_OP_NOOP_OUT, F, 0, OK },
	{ "command with AHS in login", LOGIN, ISCSI_OP_SCSI_CMD, F | R, 0, OK, .ahs_words = 1 },
	{ "text in login, too much data", LOGIN, ISCSI_OP_TEXT, F, MAX_DATA + 1, CLOSE },
	{ "unknown in login", LOGIN, 0x07, F, 0, OK },
	{ "target's opcode in login", LOGIN, ISCSI_OP_LOGIN_RSP, F, 0, OK },

	{ "login in full feature", FULL, ISCSI_OP_LOGIN | I, F, 300, PROTOCOL },
	{ "login in discovery", DISCOVERY, ISCSI_OP_LOGIN | I, F, 300, PROTOCOL },
	{ "text in discovery", DISCOVERY, ISCSI_OP_TEXT, F, 16, OK },
	{ "logout in discovery", DISCOVERY, ISCSI_OP_LOGOUT | I, F, 0, OK },
	{ "nop in discovery", DISCOVERY, ISCSI_OP_NOOP_OUT | I, F, 0, OK },
	{ "command in discovery", DISCOVERY, ISCSI_OP_SCSI_CMD, F | R, 0, PROTOCOL },
	{ "tmf in discovery", DISCOVERY, ISCSI_OP_SCSI_TMFUNC, F, 0, PROTOCOL },
	{ "data-out in discovery", DISCOVERY, ISCSI_OP_SCSI_DATA_OUT, F, 0, PROTOCOL },

	{ "read", FULL, ISCSI_OP_SCSI_CMD, F | R, 0, OK, .edtl = 512 },
	{ "write, immediate data", FULL, ISCSI_OP_SCSI_CMD, F | W, 512, OK, .edtl = 512 },
	{ "write, more to come", FULL, ISCSI_OP_SCSI_CMD, W, 512, OK, .edtl = 1024 },
	{ "bidirectional", FULL, ISCSI_OP_SCSI_CMD, F | R | W, 512, OK, .edtl = 512 },
	{ "no data at all", FULL, ISCSI_OP_SCSI_CMD, F, 0, OK },
	{ "read of nothing", FULL, ISCSI_OP_SCSI_CMD, F | R, 0, OK },
	{ "immediate command", FULL, ISCSI_OP_SCSI_CMD | I, F | R, 0, OK, .edtl = 512 },
	{ "command with AHS", FULL, ISCSI_OP_SCSI_CMD, F | R, 0, OK, .ahs_words = 2 },
	{ "command, longest AHS", FULL, ISCSI_OP_SCSI_CMD, F | R, 0, OK, .ahs_words = 255 },
	{ "read without F", FULL, ISCSI_OP_SCSI_CMD, R, 0, FIELD, .edtl = 512 },
	{ "neither W nor F", FULL, ISCSI_OP_SCSI_CMD, 0, 0, FIELD },
	{ "read with data", FULL, ISCSI_OP_SCSI_CMD, F | R, 4, FIELD, .edtl = 512 },
	{ "length without direction", FULL, ISCSI_OP_SCSI_CMD, F, 0, FIELD, .edtl = 512 },
	{ "command, most data", FULL, ISCSI_OP_SCSI_CMD, F | W, MAX_DATA, OK },
	{ "command, too much data", FULL, ISCSI_OP_SCSI_CMD, F | W, MAX_DATA + 1, CLOSE },
	{ "longest length", FULL, ISCSI_OP_SCSI_CMD, F | W, 0xffffff, CLOSE },

	{ "data-out", FULL, ISCSI_OP_SCSI_DATA_OUT, 0, 512, OK },
	{ "data-out, final", FULL, ISCSI_OP_SCSI_DATA_OUT, F, 512, OK },
	{ "data-out, empty", FULL, ISCSI_OP_SCSI_DATA_OUT, F, 0, OK },
	{ "data-out with AHS", FULL, ISCSI_OP_SCSI_DATA_OUT, F, 512, FIELD, .ahs_words = 1 },
	{ "tmf", FULL, ISCSI_OP_SCSI_TMFUNC | I, F | 1, 0, OK },
	{ "tmf without F", FULL, ISCSI_OP_SCSI_TMFUNC, 1, 0, OK },
	{ "tmf with data", FULL, ISCSI_OP_SCSI_TMFUNC, F | 1, 1, FIELD },
	{ "tmf with AHS", FULL, ISCSI_OP_SCSI_TMFUNC, F | 1, 0, FIELD, .ahs_words = 1 },
	{ "logout", FULL, ISCSI_OP_LOGOUT, F, 0, OK },
	{ "logout with data", FULL, ISCSI_OP_LOGOUT, F, 4, FIELD },
	{ "nop", FULL, ISCSI_OP_NOOP_OUT, F, 4, OK },
	{ "nop, most data", FULL, ISCSI_OP_NOOP_OUT, F, MAX_DATA, OK },
	{ "nop with AHS", FULL, ISCSI_OP_NOOP_OUT, F, 0, FIELD, .ahs_words = 1 },
	{ "text", FULL, ISCSI_OP_TEXT, F, 17, OK },
	{ "text to be continued", FULL, ISCSI_OP_TEXT, C, 17, OK },
	{ "text, neither C nor F", FULL, ISCSI_OP_TEXT, 0, 17, OK },
	{ "text, C and F", FULL, ISCSI_OP_TEXT, F | C, 17, FIELD },

	{ "snack", FULL, ISCSI_OP_SNACK, F, 0, PROTOCOL },
	{ "vendor", FULL, ISCSI_OP_VENDOR1_CMD, F, 0, UNSUPPORTED },
	{ "vendor with data and AHS", FULL, ISCSI_OP_VENDOR3_CMD, F, 4, UNSUPPORTED,
	  .ahs_words = 1 },
	{ "unknown", FULL, 0x07, F, 0, UNSUPPORTED },
	{ "unknown in discovery", DISCOVERY, 0x07, F, 0, UNSUPPORTED },
	{ "nop-in", FULL, ISCSI_OP_NOOP_IN, F, 0, UNSUPPORTED },
	{ "reject", FULL, ISCSI_OP_REJECT, F, 0, UNSUPPORTED },
	{ "unknown, too much data", FULL, 0x07, F, MAX_DATA + 1, CLOSE },
	{ "reserved bit 7 of the opcode", FULL, 0x80 | ISCSI_OP_NOOP_OUT, F, 0, OK },
};

static void check_desc(const struct check_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(check, check_cases, check_desc);

static void pdu_check_test(struct kunit *test)
{
	const struct check_case *c = test->param_value;
	struct lunar_pdu_limits limits = {
		.max_data = MAX_DATA,
		.login = c->phase == LOGIN,
		.discovery = c->phase == DISCOVERY,
	};
	struct iscsi_scsi_req req = {
		.opcode = c->opcode,
		.flags = c->flags,
		.hlength = c->ahs_words,
		.data_length = cpu_to_be32(c->edtl),
	};
	enum lunar_pdu_verdict verdict = LUNAR_PDU_REJECT;
	struct lunar_pdu pdu;

	if (c->expected == OK)
		verdict = LUNAR_PDU_OK;
	else if (c->expected == CLOSE)
		verdict = LUNAR_PDU_CLOSE;
	hton24(req.dlength, c->data);
	memset(&pdu, 0xa5, sizeof(pdu));
	KUNIT_EXPECT_EQ(test, lunar_pdu_check((struct iscsi_hdr *)&req, &limits, &pdu),
			verdict);
	KUNIT_EXPECT_EQ(test, pdu.reason, verdict == LUNAR_PDU_REJECT ? c->expected : 0);
	KUNIT_EXPECT_EQ(test, pdu.opcode, c->opcode & ISCSI_OPCODE_MASK);
	KUNIT_EXPECT_EQ(test, pdu.data_len, c->data);
	KUNIT_EXPECT_EQ(test, pdu.ahs_len, c->ahs_words * 4);
	KUNIT_EXPECT_EQ(test, (pdu.data_len + pdu.pad) % 4, 0);
	KUNIT_EXPECT_LE(test, pdu.pad, 3);
}

/* The I bit counts for requests only, and a Login Request has it always. */
static void pdu_immediate_test(struct kunit *test)
{
	static const struct {
		u8 opcode;
		bool immediate;
	} cases[] = {
		{ ISCSI_OP_NOOP_OUT, false }, { ISCSI_OP_NOOP_OUT | I, true },
		{ ISCSI_OP_SCSI_CMD, false }, { ISCSI_OP_SCSI_CMD | I, true },
		{ ISCSI_OP_SCSI_TMFUNC, false }, { ISCSI_OP_SCSI_TMFUNC | I, true },
		{ ISCSI_OP_TEXT, false }, { ISCSI_OP_TEXT | I, true },
		{ ISCSI_OP_LOGOUT, false }, { ISCSI_OP_LOGOUT | I, true },
		{ ISCSI_OP_SCSI_DATA_OUT, false }, { ISCSI_OP_SCSI_DATA_OUT | I, false },
		{ ISCSI_OP_SNACK, false }, { ISCSI_OP_SNACK | I, false },
		{ ISCSI_OP_LOGIN, true }, { ISCSI_OP_LOGIN | I, true },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct iscsi_hdr hdr = { .opcode = cases[i].opcode };
		struct lunar_pdu_limits limits = { .max_data = MAX_DATA };
		struct lunar_pdu pdu;

		lunar_pdu_check(&hdr, &limits, &pdu);
		KUNIT_EXPECT_EQ_MSG(test, pdu.immediate, cases[i].immediate,
				    "opcode 0x%02x", cases[i].opcode);
	}
}

static const u32 edge_lengths[] = {
	0, 1, 2, 3, 4, 5, 511, 512, MAX_DATA - 1, MAX_DATA, MAX_DATA + 1, 0xffffff,
};

/* What holds for any header, however it is filled. */
static void check_promises(struct kunit *test, const struct iscsi_hdr *hdr,
			   const struct lunar_pdu_limits *limits)
{
	enum lunar_pdu_verdict verdict;
	struct lunar_pdu pdu;

	verdict = lunar_pdu_check(hdr, limits, &pdu);
	KUNIT_EXPECT_EQ(test, verdict == LUNAR_PDU_REJECT, pdu.reason != 0);
	KUNIT_EXPECT_EQ(test, pdu.pad, (4 - pdu.data_len % 4) % 4);
	if (verdict == LUNAR_PDU_CLOSE)
		return;
	KUNIT_EXPECT_LE(test, pdu.data_len, limits->max_data);
	KUNIT_EXPECT_LE(test, pdu.ahs_len, LUNAR_MAX_AHS);
	if (limits->login) {
		KUNIT_EXPECT_EQ(test, verdict, LUNAR_PDU_OK);
		KUNIT_EXPECT_TRUE(test, !pdu.ahs_len ||
				  pdu.opcode != ISCSI_OP_LOGIN);
	} else if (verdict == LUNAR_PDU_OK) {
		KUNIT_EXPECT_NE(test, pdu.opcode, ISCSI_OP_LOGIN);
		KUNIT_EXPECT_LE(test, pdu.opcode, ISCSI_OP_LOGOUT);
		KUNIT_EXPECT_TRUE(test, !pdu.ahs_len ||
				  pdu.opcode == ISCSI_OP_SCSI_CMD);
	}
}

static void pdu_every_opcode_test(struct kunit *test)
{
	u32 opcode, flags, phase, i;

	for (opcode = 0; opcode < 256; opcode++)
		for (flags = 0; flags < 256; flags += 16)
			for (phase = LOGIN; phase <= DISCOVERY; phase++)
				for (i = 0; i < ARRAY_SIZE(edge_lengths); i++) {
					struct lunar_pdu_limits limits = {
						.max_data = MAX_DATA,
						.login = phase == LOGIN,
						.discovery = phase == DISCOVERY,
					};
					struct iscsi_hdr hdr = {
						.opcode = opcode,
						.flags = flags,
						.hlength = i & 1,
					};

					hton24(hdr.dlength, edge_lengths[i]);
					check_promises(test, &hdr, &limits);
				}
}

static void pdu_random_test(struct kunit *test)
{
	u32 seed = 7143;
	u32 round, i;

	for (round = 0; round < 20000; round++) {
		struct lunar_pdu_limits limits = {
			.max_data = next_random(&seed) >> 8 >> random_below(&seed, 16),
			.login = random_below(&seed, 4) == 0,
			.discovery = random_below(&seed, 4) == 0,
		};
		struct iscsi_hdr hdr;

		for (i = 0; i < sizeof(hdr); i++)
			((u8 *)&hdr)[i] = next_random(&seed) >> 11;
		check_promises(test, &hdr, &limits);
	}
}

struct ahs_case {
	const char *name;
	int ret;
	u16 ecdb_len;		/* expected; first byte is 0xc0 */
	bool has_read_len;	/* expected to be 0x01020304 */
	u16 len;
	char bytes[20];
};

#define CDB1		"\x00\x02\x01\x00\xc0\x00\x00\x00"	/* CDB of 17 bytes */
#define CDB4		"\x00\x05\x01\x00\xc0\x01\x02\x03"	/* CDB of 20 bytes */
#define READ_LEN	"\x00\x05\x02\x00\x01\x02\x03\x04"

static const struct ahs_case ahs_cases[] = {
	{ "none", 0, 0, false, 0, "" },
	{ "shortest CDB, padded", 0, 1, false, 8, CDB1 },
	{ "CDB without padding", 0, 4, false, 8, CDB4 },
	{ "read length", 0, 0, true, 8, READ_LEN },
	{ "CDB and read length", 0, 4, true, 16, CDB4 READ_LEN },
	{ "read length and CDB", 0, 1, true, 16, READ_LEN CDB1 },
	{ "reserved bits", 0, 0, true, 8, "\x00\x05\xc2\xff\x01\x02\x03\x04" },
	{ "two CDBs", -EINVAL, 0, false, 16, CDB4 CDB4 },
	{ "two read lengths", -EINVAL, 0, false, 16, READ_LEN READ_LEN },
	{ "CDB of 16 bytes", -EINVAL, 0, false, 4, "\x00\x01\x01\x00" },
	{ "CDB of no length", -EINVAL, 0, false, 4, "\x00\x00\x01\x00" },
	{ "short read length", -EINVAL, 0, false, 8, "\x00\x04\x02\x00\x01\x02\x03\x00" },
	{ "long read length", -EINVAL, 0, false, 12,
	  "\x00\x06\x02\x00\x01\x02\x03\x04\x05\x00\x00\x00" },
	{ "type 0", -EINVAL, 0, false, 4, "\x00\x01\x00\x00" },
	{ "type 3", -EINVAL, 0, false, 4, "\x00\x01\x03\x00" },
	{ "zeros", -EINVAL, 0, false, 8, "" },
	{ "unknown after known", -EINVAL, 0, false, 12, READ_LEN "\x00\x01\x3f\x00" },
	{ "longer than the buffer", -EINVAL, 0, false, 8,
	  "\x00\x06\x01\x00\xc0\x01\x02\x03" },
	{ "longest length", -EINVAL, 0, false, 8, "\xff\xff\x01\x00\xc0\x01\x02\x03" },
	{ "padding cut off", -EINVAL, 0, false, 7, CDB1 },
	{ "header cut off", -EINVAL, 0, false, 10, READ_LEN "\x00\x05" },
	{ "one byte", -EINVAL, 0, false, 1, "" },
};

static void ahs_desc(const struct ahs_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(ahs, ahs_cases, ahs_desc);

/* In a buffer of exactly that length, so that a sanitizer sees a byte more. */
static int parse_exact(struct kunit *test, const void *bytes, u32 len,
		       struct lunar_ahs *ahs, u8 **copy)
{
	*copy = kunit_kzalloc(test, len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, *copy);
	memcpy(*copy, bytes, len);
	return lunar_pdu_parse_ahs(*copy, len, ahs);
}

static void pdu_ahs_test(struct kunit *test)
{
	const struct ahs_case *c = test->param_value;
	struct lunar_ahs ahs;
	u8 *copy;

	KUNIT_EXPECT_EQ(test, parse_exact(test, c->bytes, c->len, &ahs, &copy), c->ret);
	if (c->ret)
		return;
	KUNIT_EXPECT_EQ(test, ahs.ecdb_len, c->ecdb_len);
	KUNIT_EXPECT_EQ(test, !!ahs.ecdb, !!c->ecdb_len);
	if (ahs.ecdb)
		KUNIT_EXPECT_EQ(test, ahs.ecdb[0], 0xc0);
	KUNIT_EXPECT_EQ(test, ahs.has_read_len, c->has_read_len);
	KUNIT_EXPECT_EQ(test, ahs.read_len, c->has_read_len ? 0x01020304U : 0);
}

/* Every extended CDB up to the longest that target core takes, and one more. */
static void pdu_ahs_cdb_length_test(struct kunit *test)
{
	u32 longest = SCSI_MAX_VARLEN_CDB_SIZE - ISCSI_CDB_SIZE;
	u8 bytes[4 + 248];
	u32 len, i;

	for (len = 1; len <= longest + 1; len++) {
		u32 total = 4 + len + lunar_pad(len);
		struct lunar_ahs ahs;
		u8 *copy;
		int ret;

		memset(bytes, 0, sizeof(bytes));
		bytes[0] = (len + 1) >> 8;
		bytes[1] = len + 1;
		bytes[2] = ISCSI_AHSTYPE_CDB;
		for (i = 0; i < len; i++)
			bytes[4 + i] = i + 1;
		ret = parse_exact(test, bytes, total, &ahs, &copy);
		KUNIT_EXPECT_EQ_MSG(test, ret, len <= longest ? 0 : -EINVAL,
				    "length %u", len);
		if (ret)
			continue;
		KUNIT_EXPECT_EQ(test, ahs.ecdb_len, len);
		KUNIT_EXPECT_TRUE(test, ahs.ecdb == copy + 4);
		KUNIT_EXPECT_EQ(test, ahs.ecdb[len - 1], (u8)len);
	}
}

/* Whatever comes, what is returned lies in the buffer. */
static void pdu_ahs_random_test(struct kunit *test)
{
	u32 seed = 3720;
	u32 round, i;

	for (round = 0; round < 4000; round++) {
		u32 len = random_below(&seed, 33);
		struct lunar_ahs ahs;
		u8 bytes[32];
		u8 *copy;

		for (i = 0; i < len; i++) {
			bytes[i] = random_below(&seed, 8);
			if (i % 4 == 0)
				bytes[i] = 0;
		}
		if (parse_exact(test, bytes, len, &ahs, &copy) || !ahs.ecdb)
			continue;
		KUNIT_EXPECT_TRUE(test, ahs.ecdb >= copy + 4);
		KUNIT_EXPECT_TRUE(test, ahs.ecdb + ahs.ecdb_len <= copy + len);
	}
}

static void pdu_lun_test(struct kunit *test)
{
	static const struct {
		u8 wire[8];
		u64 lun;
		bool canonical;
	} rows[] = {
		{ { 0 }, 0, true },
		{ { 0, 1 }, 1, true },
		{ { 0, 255 }, 255, true },
		{ { 0x41, 0 }, 256, true },
		{ { 0x41, 0x2c }, 300, true },
		{ { 0x7f, 0xff }, 0x3fff, true },
		{ { 0x40, 0 }, 0, false },
		{ { 0x40, 7 }, 7, false },
		{ { 0x01, 0 }, 256, false },		/* bus 1 */
		{ { 0x3f, 0xff }, 0x3fff, false },
		{ { 0xc1, 0x01 }, 0xc101, true },	/* REPORT LUNS */
		{ { 0x80, 0x05 }, 0x8005, true },
		{ { 0, 0, 0, 1 }, 0x10000, true },	/* two levels */
		{ { 0x40, 1, 0, 1 }, 0x14001, false },
		{ { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff }, ~0ULL, true },
	};
	struct scsi_lun wire;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		memcpy(&wire, rows[i].wire, sizeof(wire));
		KUNIT_EXPECT_EQ_MSG(test, lunar_pdu_lun(&wire), rows[i].lun, "row %u", i);
		lunar_pdu_put_lun(rows[i].lun, &wire);
		if (rows[i].canonical)
			KUNIT_EXPECT_EQ_MSG(test, memcmp(&wire, rows[i].wire, sizeof(wire)), 0,
					    "row %u", i);
	}
	for (i = 0; i <= 0x3fff; i++) {
		lunar_pdu_put_lun(i, &wire);
		KUNIT_ASSERT_EQ(test, lunar_pdu_lun(&wire), (u64)i);
	}
}

static struct kunit_case pdu_cases[] = {
	KUNIT_CASE(pdu_lun_test),
	KUNIT_CASE_PARAM(pdu_check_test, check_gen_params),
	KUNIT_CASE(pdu_immediate_test),
	KUNIT_CASE(pdu_every_opcode_test),
	KUNIT_CASE(pdu_random_test),
	KUNIT_CASE_PARAM(pdu_ahs_test, ahs_gen_params),
	KUNIT_CASE(pdu_ahs_cdb_length_test),
	KUNIT_CASE(pdu_ahs_random_test),
	{}
};

static struct kunit_suite pdu_suite = {
	.name = "lunar-pdu",
	.test_cases = pdu_cases,
};

kunit_test_suite(pdu_suite);
