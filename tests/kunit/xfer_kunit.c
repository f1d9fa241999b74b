// SPDX-License-Identifier: GPL-2.0
/* kmod/iscsi/xfer.c: unsolicited data, R2Ts, Data-Out and Data-In. */

#include <kunit/test.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "iscsi/xfer.h"
#include "random.h"

#define KIB	1024
#define UNSOL	ISCSI_RESERVED_TAG

struct start_case {
	const char *name;
	struct lunar_xfer_limits limits;
	u32 length, immediate;
	bool final;
	enum lunar_xfer_error error;
	u32 unsolicited;	/* room for unsolicited Data-Out */
};

/* FirstBurstLength, MaxBurstLength, MaxOutstandingR2T, InitialR2T, ImmediateData */
#define FREE	{ 64 * KIB, 256 * KIB, 1, false, true }
#define NO_IMM	{ 64 * KIB, 256 * KIB, 1, false, false }
#define NO_UNS	{ 64 * KIB, 256 * KIB, 1, true, true }
#define R2T	{ 64 * KIB, 256 * KIB, 1, true, false }

static const struct start_case start_cases[] = {
	{ "nothing to write", FREE, 0, 0, true, LUNAR_XFER_OK, 0 },
	{ "nothing to write, not final", FREE, 0, 0, false, LUNAR_XFER_NOT_FINAL, 0 },
	{ "data for nothing", FREE, 0, 4, true, LUNAR_XFER_TOO_MUCH, 0 },
	{ "all immediate", FREE, 4096, 4096, true, LUNAR_XFER_OK, 0 },
	{ "all immediate, not final", FREE, 4096, 4096, false, LUNAR_XFER_NOT_FINAL, 0 },
	{ "one byte", FREE, 1, 1, true, LUNAR_XFER_OK, 0 },
	{ "more immediate than expected", FREE, 4096, 4097, true, LUNAR_XFER_TOO_MUCH, 0 },
	{ "first burst immediate", FREE, 1024 * KIB, 64 * KIB, true, LUNAR_XFER_OK, 0 },
	{ "beyond first burst", FREE, 1024 * KIB, 64 * KIB + 1, true, LUNAR_XFER_TOO_MUCH, 0 },
	{ "first burst immediate, not final", FREE, 1024 * KIB, 64 * KIB, false,
	  LUNAR_XFER_NOT_FINAL, 0 },
	{ "less immediate, final", FREE, 1024 * KIB, 8 * KIB, true, LUNAR_XFER_OK, 0 },
	{ "immediate and unsolicited", FREE, 1024 * KIB, 8 * KIB, false, LUNAR_XFER_OK, 56 * KIB },
	{ "one byte left unsolicited", FREE, 1024 * KIB, 64 * KIB - 1, false, LUNAR_XFER_OK, 1 },
	{ "unsolicited only", FREE, 1024 * KIB, 0, false, LUNAR_XFER_OK, 64 * KIB },
	{ "unsolicited, short command", FREE, 5000, 1000, false, LUNAR_XFER_OK, 4000 },
	{ "no unsolicited data at all", FREE, 1024 * KIB, 0, true, LUNAR_XFER_OK, 0 },
	{ "longest", FREE, U32_MAX, 64 * KIB, true, LUNAR_XFER_OK, 0 },

	{ "immediate not allowed", NO_IMM, 4096, 4096, true, LUNAR_XFER_UNEXPECTED, 0 },
	{ "immediate not allowed, more to come", NO_IMM, 4096, 1, false,
	  LUNAR_XFER_UNEXPECTED, 0 },
	{ "unsolicited without immediate", NO_IMM, 128 * KIB, 0, false, LUNAR_XFER_OK, 64 * KIB },

	{ "InitialR2T, immediate", NO_UNS, 4096, 4096, true, LUNAR_XFER_OK, 0 },
	{ "InitialR2T, part immediate", NO_UNS, 4096, 512, true, LUNAR_XFER_OK, 0 },
	{ "InitialR2T, not final", NO_UNS, 4096, 512, false, LUNAR_XFER_UNEXPECTED, 0 },

	{ "R2T only", R2T, 4096, 0, true, LUNAR_XFER_OK, 0 },
	{ "R2T only, immediate", R2T, 4096, 512, true, LUNAR_XFER_UNEXPECTED, 0 },
	{ "R2T only, not final", R2T, 4096, 0, false, LUNAR_XFER_UNEXPECTED, 0 },
};

static void start_desc(const struct start_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(start, start_cases, start_desc);

static void xfer_start_test(struct kunit *test)
{
	const struct start_case *c = test->param_value;
	struct lunar_xfer xfer;
	struct lunar_r2t r2t;

	memset(&xfer, 0xa5, sizeof(xfer));
	KUNIT_EXPECT_EQ(test, lunar_xfer_start(&xfer, &c->limits, c->length, c->immediate,
					       c->final), c->error);
	if (c->error)
		return;
	KUNIT_EXPECT_EQ(test, xfer.received, c->immediate);
	KUNIT_EXPECT_EQ(test, xfer.unsolicited, c->unsolicited != 0);
	KUNIT_EXPECT_EQ(test, xfer.nr_open, c->unsolicited != 0);
	KUNIT_EXPECT_EQ(test, lunar_xfer_complete(&xfer), c->immediate == c->length);
	if (c->unsolicited) {
		KUNIT_EXPECT_EQ(test, xfer.open[0].offset, c->immediate);
		KUNIT_EXPECT_EQ(test, xfer.open[0].length, c->unsolicited);
	}
	/* R2Ts begin behind the immediate data, and not before the rest came. */
	KUNIT_EXPECT_EQ(test, lunar_xfer_next_r2t(&xfer, &c->limits, 1, &r2t),
			!c->unsolicited && c->immediate < c->length);
	if (!c->unsolicited && c->immediate < c->length)
		KUNIT_EXPECT_EQ(test, r2t.offset, c->immediate);
}

/* A Data-Out and what comes of it. */
struct data_out {
	u32 ttt, offset, len, datasn;
	bool final;
	enum lunar_xfer_error error;
};

struct data_case {
	const char *name;
	u32 length, immediate;
	bool final;
	u32 r2ts;	/* with TTT 1, 2, ... of 1000 bytes each */
	u32 received;	/* at the end */
	struct data_out steps[5];	/* no length and no F bit: the end */
};

static const struct data_case data_cases[] = {
	{ "unsolicited in one", 3000, 0, false, 0, 2000, {
	  { UNSOL, 0, 2000, 0, true, LUNAR_XFER_OK },
	  { UNSOL, 2000, 1000, 0, true, LUNAR_XFER_UNEXPECTED } } },
	{ "unsolicited in two", 3000, 500, false, 0, 2000, {
	  { UNSOL, 500, 500, 0, false, LUNAR_XFER_OK },
	  { UNSOL, 1000, 1000, 1, true, LUNAR_XFER_OK } } },
	{ "unsolicited ends early", 3000, 0, false, 0, 1, {
	  { UNSOL, 0, 1, 0, true, LUNAR_XFER_OK },
	  { UNSOL, 1, 1, 1, true, LUNAR_XFER_UNEXPECTED } } },
	{ "unsolicited, empty at the end", 3000, 0, false, 0, 500, {
	  { UNSOL, 0, 500, 0, false, LUNAR_XFER_OK },
	  { UNSOL, 500, 0, 1, true, LUNAR_XFER_OK } } },
	{ "unsolicited, beyond first burst", 3000, 0, false, 0, 0, {
	  { UNSOL, 0, 2001, 0, true, LUNAR_XFER_TOO_MUCH } } },
	{ "unsolicited, beyond the command", 1500, 500, false, 0, 500, {
	  { UNSOL, 500, 1001, 0, true, LUNAR_XFER_TOO_MUCH },
	  { UNSOL, 500, U32_MAX, 0, true, LUNAR_XFER_TOO_MUCH } } },
	{ "unsolicited, full without F", 3000, 0, false, 0, 0, {
	  { UNSOL, 0, 2000, 0, false, LUNAR_XFER_NOT_FINAL } } },
	{ "unsolicited when final", 3000, 0, true, 0, 0, {
	  { UNSOL, 0, 1000, 0, true, LUNAR_XFER_UNEXPECTED } } },
	{ "TTT while unsolicited", 3000, 0, false, 0, 0, {
	  { 1, 0, 1000, 0, true, LUNAR_XFER_NO_SEQUENCE } } },

	{ "R2T in one", 3000, 0, true, 1, 1000, {
	  { 1, 0, 1000, 0, true, LUNAR_XFER_OK } } },
	{ "R2T in three", 3000, 0, true, 1, 1000, {
	  { 1, 0, 1, 0, false, LUNAR_XFER_OK },
	  { 1, 1, 998, 1, false, LUNAR_XFER_OK },
	  { 1, 999, 1, 2, true, LUNAR_XFER_OK } } },
	{ "R2T satisfied already", 3000, 0, true, 1, 1000, {
	  { 1, 0, 1000, 0, true, LUNAR_XFER_OK },
	  { 1, 0, 1000, 0, true, LUNAR_XFER_NO_SEQUENCE },
	  { 1, 1000, 1, 1, true, LUNAR_XFER_NO_SEQUENCE } } },
	{ "wrong TTT", 3000, 0, true, 1, 0, {
	  { 2, 0, 1000, 0, true, LUNAR_XFER_NO_SEQUENCE },
	  { 0, 0, 1000, 0, true, LUNAR_XFER_NO_SEQUENCE } } },
	{ "unsolicited instead", 3000, 0, true, 1, 0, {
	  { UNSOL, 0, 1000, 0, true, LUNAR_XFER_UNEXPECTED } } },
	{ "DataSN", 3000, 0, true, 1, 500, {
	  { 1, 0, 500, 1, false, LUNAR_XFER_BAD_DATASN },
	  { 1, 0, 500, 0, false, LUNAR_XFER_OK },
	  { 1, 500, 500, 0, true, LUNAR_XFER_BAD_DATASN },
	  { 1, 500, 500, 2, true, LUNAR_XFER_BAD_DATASN } } },
	{ "DataSN starts again", 3000, 0, true, 2, 2000, {
	  { 1, 0, 500, 0, false, LUNAR_XFER_OK },
	  { 1, 500, 500, 1, true, LUNAR_XFER_OK },
	  { 2, 1000, 1000, 2, true, LUNAR_XFER_BAD_DATASN },
	  { 2, 1000, 1000, 0, true, LUNAR_XFER_OK } } },
	{ "offset", 3000, 0, true, 1, 500, {
	  { 1, 1, 999, 0, true, LUNAR_XFER_BAD_OFFSET },
	  { 1, 0, 500, 0, false, LUNAR_XFER_OK },
	  { 1, 0, 500, 1, false, LUNAR_XFER_BAD_OFFSET },
	  { 1, 501, 499, 1, true, LUNAR_XFER_BAD_OFFSET },
	  { 1, -500, 500, 1, true, LUNAR_XFER_BAD_OFFSET } } },
	{ "F too early", 3000, 0, true, 1, 0, {
	  { 1, 0, 999, 0, true, LUNAR_XFER_TOO_LITTLE },
	  { 1, 0, 0, 0, true, LUNAR_XFER_TOO_LITTLE } } },
	{ "R2T, more than wanted", 3000, 0, true, 1, 0, {
	  { 1, 0, 1001, 0, true, LUNAR_XFER_TOO_MUCH },
	  { 1, 0, U32_MAX, 0, true, LUNAR_XFER_TOO_MUCH } } },
	{ "R2T, full without F", 3000, 0, true, 1, 0, {
	  { 1, 0, 1000, 0, false, LUNAR_XFER_NOT_FINAL } } },
	{ "last R2T is short", 2500, 0, true, 3, 500, {
	  { 3, 2000, 1000, 0, true, LUNAR_XFER_TOO_MUCH },
	  { 3, 2000, 500, 0, true, LUNAR_XFER_OK } } },
	{ "answers interleaved", 3000, 0, true, 3, 3000, {
	  { 2, 1000, 400, 0, false, LUNAR_XFER_OK },
	  { 1, 0, 1000, 0, true, LUNAR_XFER_OK },
	  { 3, 2000, 1000, 0, true, LUNAR_XFER_OK },
	  { 1, 0, 1000, 0, true, LUNAR_XFER_NO_SEQUENCE },
	  { 2, 1400, 600, 1, true, LUNAR_XFER_OK } } },
};

static void data_desc(const struct data_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(data, data_cases, data_desc);

static void xfer_data_out_test(struct kunit *test)
{
	static const struct lunar_xfer_limits limits = {
		.first_burst = 2000, .max_burst = 1000, .max_r2t = 4,
		.immediate_data = true,
	};
	const struct data_case *c = test->param_value;
	struct lunar_xfer xfer, before;
	struct lunar_r2t r2t;
	u32 i;

	KUNIT_ASSERT_EQ(test, lunar_xfer_start(&xfer, &limits, c->length, c->immediate,
					       c->final), LUNAR_XFER_OK);
	for (i = 1; i <= c->r2ts; i++)
		KUNIT_ASSERT_TRUE(test, lunar_xfer_next_r2t(&xfer, &limits, i, &r2t));
	for (i = 0; i < ARRAY_SIZE(c->steps); i++) {
		const struct data_out *s = &c->steps[i];

		if (!s->len && !s->final)
			break;
		before = xfer;
		KUNIT_EXPECT_EQ_MSG(test, lunar_xfer_data_out(&xfer, s->ttt, s->offset, s->len,
							      s->datasn, s->final),
				    s->error, "step %u", i);
		if (s->error)
			KUNIT_EXPECT_EQ_MSG(test, memcmp(&xfer, &before, sizeof(xfer)), 0,
					    "changed by step %u", i);
	}
	KUNIT_EXPECT_EQ(test, xfer.received, c->received);
	KUNIT_EXPECT_EQ(test, lunar_xfer_complete(&xfer), c->received == c->length);
}

/* A CDB that takes less than was announced: only what comes anyway is received. */
static void xfer_limit_test(struct kunit *test)
{
	static const struct lunar_xfer_limits limits = {
		.first_burst = 2000, .max_burst = 1000, .max_r2t = 1,
		.immediate_data = true,
	};
	static const struct {
		u32 length, immediate;
		bool final;
		u32 size, is;
	} cases[] = {
		{ 3000, 0, true, 3000, 3000 },
		{ 3000, 0, true, 512, 512 },
		{ 3000, 0, true, 0, 0 },
		{ 3000, 0, true, U32_MAX, 3000 },
		{ 3000, 700, true, 512, 700 },
		{ 3000, 700, false, 512, 2000 },
		{ 3000, 0, false, 2500, 2500 },
		{ 1000, 0, false, 0, 1000 },
	};
	struct lunar_xfer xfer;
	struct lunar_r2t r2t;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		KUNIT_ASSERT_EQ(test, lunar_xfer_start(&xfer, &limits, cases[i].length,
						       cases[i].immediate, cases[i].final),
				LUNAR_XFER_OK);
		lunar_xfer_limit(&xfer, cases[i].size);
		KUNIT_EXPECT_EQ_MSG(test, xfer.length, cases[i].is, "case %u", i);
	}
	/* The announced data ends early; the rest of what the CDB takes is asked for. */
	lunar_xfer_start(&xfer, &limits, 3000, 0, false);
	lunar_xfer_limit(&xfer, 2500);
	KUNIT_EXPECT_EQ(test, lunar_xfer_data_out(&xfer, UNSOL, 0, 1600, 0, true), LUNAR_XFER_OK);
	KUNIT_EXPECT_TRUE(test, lunar_xfer_next_r2t(&xfer, &limits, 7, &r2t));
	KUNIT_EXPECT_EQ(test, r2t.offset, 1600);
	KUNIT_EXPECT_EQ(test, r2t.length, 900);
	KUNIT_EXPECT_EQ(test, lunar_xfer_data_out(&xfer, 7, 1600, 900, 0, true), LUNAR_XFER_OK);
	KUNIT_EXPECT_TRUE(test, lunar_xfer_complete(&xfer));
	KUNIT_EXPECT_FALSE(test, lunar_xfer_next_r2t(&xfer, &limits, 8, &r2t));
}

/* Lost data: no R2T any more, over when each open sequence had its F bit. */
static void xfer_spoil_test(struct kunit *test)
{
	static const struct lunar_xfer_limits limits = {
		.max_burst = 1000, .max_r2t = 3, .initial_r2t = true,
	};
	struct lunar_xfer xfer;
	struct lunar_r2t r2t;
	u32 i;

	KUNIT_ASSERT_EQ(test, lunar_xfer_start(&xfer, &limits, 9000, 0, true), LUNAR_XFER_OK);
	for (i = 1; i <= 3; i++)
		KUNIT_ASSERT_TRUE(test, lunar_xfer_next_r2t(&xfer, &limits, i, &r2t));
	lunar_xfer_spoil(&xfer, 2, false);
	KUNIT_EXPECT_FALSE(test, lunar_xfer_failed(&xfer));
	lunar_xfer_spoil(&xfer, 2, true);
	lunar_xfer_spoil(&xfer, 2, true);	/* of no sequence: nothing */
	lunar_xfer_spoil(&xfer, 99, true);
	lunar_xfer_spoil(&xfer, 1, true);
	KUNIT_EXPECT_FALSE(test, lunar_xfer_next_r2t(&xfer, &limits, 9, &r2t));
	KUNIT_EXPECT_FALSE(test, lunar_xfer_failed(&xfer));
	lunar_xfer_spoil(&xfer, 3, true);
	KUNIT_EXPECT_TRUE(test, lunar_xfer_failed(&xfer));
	KUNIT_EXPECT_FALSE(test, lunar_xfer_complete(&xfer));

	/* In the last piece of all, every byte accounted for. */
	KUNIT_ASSERT_EQ(test, lunar_xfer_start(&xfer, &limits, 1000, 0, true), LUNAR_XFER_OK);
	KUNIT_ASSERT_TRUE(test, lunar_xfer_next_r2t(&xfer, &limits, 1, &r2t));
	KUNIT_EXPECT_EQ(test, lunar_xfer_data_out(&xfer, 1, 0, 1000, 0, true), LUNAR_XFER_OK);
	xfer.spoiled = true;
	KUNIT_EXPECT_FALSE(test, lunar_xfer_complete(&xfer));
	KUNIT_EXPECT_TRUE(test, lunar_xfer_failed(&xfer));
}

/* R2Ts: in order, each at most MaxBurstLength, not more than negotiated. */
static void xfer_r2t_test(struct kunit *test)
{
	struct lunar_xfer_limits limits = { .max_burst = 1000, .initial_r2t = true };
	u32 max_r2t;

	for (max_r2t = 1; max_r2t <= LUNAR_MAX_R2T + 1; max_r2t++) {
		u32 most = min_t(u32, max_r2t, LUNAR_MAX_R2T);
		struct lunar_xfer xfer;
		struct lunar_r2t r2t;
		u32 i;

		limits.max_r2t = max_r2t;
		KUNIT_ASSERT_EQ(test, lunar_xfer_start(&xfer, &limits, 10500, 0, true),
				LUNAR_XFER_OK);
		for (i = 0; i < 11; i++) {
			u32 len = i == 10 ? 500 : 1000;

			if (i >= most) {
				KUNIT_EXPECT_FALSE(test, lunar_xfer_next_r2t(&xfer, &limits,
									     100 + i, &r2t));
				KUNIT_EXPECT_EQ(test, lunar_xfer_data_out(&xfer, 100 + i - most,
									  (i - most) * 1000, 1000,
									  0, true),
						LUNAR_XFER_OK);
			}
			KUNIT_EXPECT_TRUE(test, lunar_xfer_next_r2t(&xfer, &limits,
								    100 + i, &r2t));
			KUNIT_EXPECT_EQ(test, r2t.ttt, 100 + i);
			KUNIT_EXPECT_EQ(test, r2t.r2tsn, i);
			KUNIT_EXPECT_EQ(test, r2t.offset, i * 1000);
			KUNIT_EXPECT_EQ(test, r2t.length, len);
		}
		/* All is asked for. */
		KUNIT_EXPECT_EQ(test, lunar_xfer_data_out(&xfer, 110 - (most - 1),
							  (11 - most) * 1000,
							  most == 1 ? 500 : 1000, 0, true),
				LUNAR_XFER_OK);
		KUNIT_EXPECT_FALSE(test, lunar_xfer_next_r2t(&xfer, &limits, 200, &r2t));
	}
}

/*
 * An initiator that keeps the rules, and counts how often it was asked for or
 * sent each byte.
 */
struct initiator {
	struct kunit *test;
	struct lunar_xfer_limits limits;
	u32 mrdsl;		/* the target's MaxRecvDataSegmentLength */
	u32 length;
	u8 *sent;		/* per byte: times */
	u32 seed;
	u32 ttt, r2tsn, asked;
	struct lunar_xfer xfer;
	struct lunar_r2t r2ts[LUNAR_MAX_R2T];	/* what it was asked for */
	u32 nr_r2ts;
};

static void mark_sent(struct initiator *ini, u32 offset, u32 len)
{
	KUNIT_ASSERT_LE(ini->test, offset + len, ini->length);
	while (len--)
		ini->sent[offset++]++;
}

/* One Data-Out of sequence @seq; true when it was the last. */
static bool send_data_out(struct initiator *ini, struct lunar_r2t *seq, u32 wanted)
{
	u32 len = min(ini->mrdsl, wanted - seq->done);
	bool final;

	if (len && random_below(&ini->seed, 3) == 0)
		len = 1 + random_below(&ini->seed, len);
	final = seq->done + len == wanted;
	KUNIT_ASSERT_EQ(ini->test, lunar_xfer_data_out(&ini->xfer, seq->ttt,
						       seq->offset + seq->done, len,
						       seq->datasn, final), LUNAR_XFER_OK);
	mark_sent(ini, seq->offset + seq->done, len);
	seq->done += len;
	seq->datasn++;
	return final;
}

/* Command, immediate data, unsolicited Data-Out. */
static void send_command(struct initiator *ini)
{
	u32 room = min(ini->limits.first_burst, ini->length);
	struct lunar_r2t seq = { .ttt = UNSOL };
	struct lunar_r2t r2t;
	u32 immediate = 0;
	bool more;
	u32 wanted;

	if (ini->limits.immediate_data && random_below(&ini->seed, 4))
		immediate = min(ini->mrdsl, room);
	if (immediate && random_below(&ini->seed, 4) == 0)
		immediate = random_below(&ini->seed, immediate);
	more = !ini->limits.initial_r2t && immediate < room && random_below(&ini->seed, 4);

	KUNIT_ASSERT_EQ(ini->test, lunar_xfer_start(&ini->xfer, &ini->limits, ini->length,
						    immediate, !more), LUNAR_XFER_OK);
	mark_sent(ini, 0, immediate);
	if (!more)
		return;
	seq.offset = immediate;
	wanted = room - immediate;
	if (random_below(&ini->seed, 4) == 0)
		wanted = random_below(&ini->seed, wanted);
	do {
		KUNIT_ASSERT_TRUE(ini->test, !lunar_xfer_next_r2t(&ini->xfer, &ini->limits,
								  1, &r2t));
	} while (!send_data_out(ini, &seq, wanted));
}

static void take_r2ts(struct initiator *ini)
{
	u32 most = min_t(u32, ini->limits.max_r2t, LUNAR_MAX_R2T);
	struct lunar_r2t r2t;

	while (lunar_xfer_next_r2t(&ini->xfer, &ini->limits, ini->ttt, &r2t)) {
		KUNIT_ASSERT_EQ(ini->test, r2t.ttt, ini->ttt++);
		KUNIT_ASSERT_EQ(ini->test, r2t.r2tsn, ini->r2tsn++);
		KUNIT_ASSERT_EQ(ini->test, r2t.offset, ini->asked);
		KUNIT_ASSERT_TRUE(ini->test, r2t.length > 0);
		KUNIT_ASSERT_LE(ini->test, r2t.length, ini->limits.max_burst);
		ini->asked += r2t.length;
		KUNIT_ASSERT_LE(ini->test, ini->nr_r2ts + 1, most);
		ini->r2ts[ini->nr_r2ts++] = r2t;
	}
}

static void run_write(struct initiator *ini)
{
	u32 i;

	send_command(ini);
	ini->asked = ini->xfer.received;
	take_r2ts(ini);
	while (!lunar_xfer_complete(&ini->xfer)) {
		u32 pick;

		KUNIT_ASSERT_TRUE(ini->test, ini->nr_r2ts > 0);
		pick = random_below(&ini->seed, 2) ? 0 : random_below(&ini->seed, ini->nr_r2ts);
		if (send_data_out(ini, &ini->r2ts[pick], ini->r2ts[pick].length)) {
			ini->nr_r2ts--;
			memmove(&ini->r2ts[pick], &ini->r2ts[pick + 1],
				(ini->nr_r2ts - pick) * sizeof(ini->r2ts[0]));
		}
		take_r2ts(ini);
	}
	KUNIT_ASSERT_EQ(ini->test, ini->nr_r2ts, 0);
	KUNIT_ASSERT_EQ(ini->test, ini->xfer.nr_open, 0);
	for (i = 0; i < ini->length; i++)
		KUNIT_ASSERT_EQ(ini->test, ini->sent[i], 1);
}

static const u32 write_lengths[] = { 0, 1, 511, 512, 513, 4096, 8191, 10000, 20480 };
static const u32 bursts[] = { 512, 1000, 4096, 16384 };

static void write_all_lengths(struct kunit *test, const struct lunar_xfer_limits *limits,
			      u32 mrdsl, u8 *sent, u32 *seed)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(write_lengths); i++) {
		struct initiator ini = {
			.test = test,
			.limits = *limits,
			.mrdsl = mrdsl,
			.length = write_lengths[i],
			.sent = sent,
			.seed = next_random(seed),
			.ttt = random_below(seed, 1000),
		};

		memset(sent, 0, ini.length);
		run_write(&ini);
	}
}

/* Every combination of the four keys, several bursts, and segment lengths. */
static void xfer_initiator_test(struct kunit *test)
{
	u32 seed = 20, f, m, s, r2ts, keys;
	u8 *sent = kunit_kzalloc(test, 20480, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, sent);
	for (f = 0; f < ARRAY_SIZE(bursts); f++)
		for (m = 0; m < ARRAY_SIZE(bursts); m++)
			for (s = 0; s < ARRAY_SIZE(bursts); s++)
				for (r2ts = 1; r2ts <= LUNAR_MAX_R2T; r2ts++)
					for (keys = 0; keys < 4; keys++) {
						struct lunar_xfer_limits limits = {
							.first_burst = bursts[f],
							.max_burst = bursts[m],
							.max_r2t = r2ts,
							.initial_r2t = keys & 1,
							.immediate_data = keys & 2,
						};

						write_all_lengths(test, &limits, bursts[s],
								  sent, &seed);
					}
}

/* Nonsense changes nothing when refused, and never counts a byte twice. */
static void xfer_random_test(struct kunit *test)
{
	u32 seed = 117;
	u32 round, step;

	for (round = 0; round < 2000; round++) {
		struct lunar_xfer_limits limits = {
			.first_burst = 1 + random_below(&seed, 8),
			.max_burst = 1 + random_below(&seed, 8),
			.max_r2t = 1 + random_below(&seed, 3),
			.initial_r2t = random_below(&seed, 2),
			.immediate_data = random_below(&seed, 2),
		};
		u32 length = random_below(&seed, 20);
		struct lunar_xfer xfer, before;
		struct lunar_r2t r2t;

		if (lunar_xfer_start(&xfer, &limits, length, random_below(&seed, 10),
				     random_below(&seed, 2)))
			continue;
		for (step = 0; step < 60; step++) {
			u32 ttt = random_below(&seed, 5);
			u32 len = random_below(&seed, 6);

			if (random_below(&seed, 3) == 0)
				lunar_xfer_next_r2t(&xfer, &limits, step, &r2t);
			ttt = ttt && xfer.nr_open ? xfer.open[0].ttt : ttt ? ttt : UNSOL;
			before = xfer;
			if (lunar_xfer_data_out(&xfer, ttt, random_below(&seed, length + 1), len,
						random_below(&seed, 2), random_below(&seed, 2))) {
				KUNIT_ASSERT_EQ(test, memcmp(&xfer, &before, sizeof(xfer)), 0);
				continue;
			}
			KUNIT_ASSERT_EQ(test, xfer.received, before.received + len);
			KUNIT_ASSERT_LE(test, xfer.received, length);
			KUNIT_ASSERT_LE(test, xfer.nr_open, before.nr_open);
		}
	}
}

struct read_case {
	const char *name;
	u32 length, max_segment, max_burst;
	u32 nr;
	struct lunar_data_in_pdu pdus[5];
};

static const struct read_case read_cases[] = {
	{ "nothing", 0, 8192, 262144, 1, { { 0, 0, 0, true, true } } },
	{ "one segment", 131072, 131072, 262144, 1, { { 0, 131072, 0, true, true } } },
	{ "a byte more", 1025, 1024, 8192, 2, {
	  { 0, 1024, 0, false, false }, { 1024, 1, 1, true, true } } },
	{ "two bursts", 4096, 1024, 2048, 4, {
	  { 0, 1024, 0, false, false }, { 1024, 1024, 1, true, false },
	  { 2048, 1024, 2, false, false }, { 3072, 1024, 3, true, true } } },
	{ "burst is no multiple", 3000, 1024, 1536, 4, {
	  { 0, 1024, 0, false, false }, { 1024, 512, 1, true, false },
	  { 1536, 1024, 2, false, false }, { 2560, 440, 3, true, true } } },
	{ "burst shorter than a segment", 1500, 8192, 512, 3, {
	  { 0, 512, 0, true, false }, { 512, 512, 1, true, false },
	  { 1024, 476, 2, true, true } } },
	{ "odd segment", 1600, 1001, 8192, 2, {
	  { 0, 1000, 0, false, false }, { 1000, 600, 1, true, true } } },
	{ "odd segment, at the end", 1001, 1001, 8192, 1, { { 0, 1001, 0, true, true } } },
};

static void read_desc(const struct read_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(read, read_cases, read_desc);

static void xfer_data_in_test(struct kunit *test)
{
	const struct read_case *c = test->param_value;
	struct lunar_data_in din = { .length = c->length };
	u32 i;

	for (i = 0; i < c->nr; i++) {
		struct lunar_data_in_pdu pdu;

		lunar_xfer_next_data_in(&din, c->max_segment, c->max_burst, &pdu);
		KUNIT_EXPECT_EQ(test, pdu.offset, c->pdus[i].offset);
		KUNIT_EXPECT_EQ(test, pdu.length, c->pdus[i].length);
		KUNIT_EXPECT_EQ(test, pdu.datasn, c->pdus[i].datasn);
		KUNIT_EXPECT_EQ(test, pdu.final, c->pdus[i].final);
		KUNIT_EXPECT_EQ(test, pdu.last, c->pdus[i].last);
	}
}

/* Each byte once and in order; segments and sequences within their limits. */
static void xfer_data_in_random_test(struct kunit *test)
{
	u32 seed = 1177;
	u32 round;

	for (round = 0; round < 5000; round++) {
		struct lunar_data_in din = { .length = random_below(&seed, 100000) };
		u32 max_segment = 512 + random_below(&seed, 10000);
		u32 max_burst = 512 + random_below(&seed, 30000);
		u32 sent = 0, burst = 0, datasn = 0;
		struct lunar_data_in_pdu pdu;

		do {
			lunar_xfer_next_data_in(&din, max_segment, max_burst, &pdu);
			KUNIT_ASSERT_EQ(test, pdu.offset, sent);
			KUNIT_ASSERT_EQ(test, pdu.datasn, datasn++);
			KUNIT_ASSERT_LE(test, pdu.length, max_segment);
			KUNIT_ASSERT_TRUE(test, pdu.length || !din.length);
			KUNIT_ASSERT_TRUE(test, pdu.final || pdu.length % 4 == 0);
			sent += pdu.length;
			burst += pdu.length;
			KUNIT_ASSERT_LE(test, burst, max_burst);
			if (pdu.final)
				burst = 0;
		} while (!pdu.last);
		KUNIT_ASSERT_TRUE(test, pdu.final);
		KUNIT_ASSERT_EQ(test, sent, din.length);
	}
}

static struct kunit_case xfer_cases[] = {
	KUNIT_CASE_PARAM(xfer_start_test, start_gen_params),
	KUNIT_CASE_PARAM(xfer_data_out_test, data_gen_params),
	KUNIT_CASE(xfer_limit_test),
	KUNIT_CASE(xfer_spoil_test),
	KUNIT_CASE(xfer_r2t_test),
	KUNIT_CASE(xfer_initiator_test),
	KUNIT_CASE(xfer_random_test),
	KUNIT_CASE_PARAM(xfer_data_in_test, read_gen_params),
	KUNIT_CASE(xfer_data_in_random_test),
	{}
};

static struct kunit_suite xfer_suite = {
	.name = "lunar-xfer",
	.test_cases = xfer_cases,
};

kunit_test_suite(xfer_suite);
