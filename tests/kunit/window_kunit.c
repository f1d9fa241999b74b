// SPDX-License-Identifier: GPL-2.0
/* kmod/iscsi/window.c: the CmdSN window. */

#include <kunit/test.h>
#include <linux/kernel.h>

#include "iscsi/window.h"
#include "random.h"

/* CmdSN of the login; the interesting ones are before a wrap. */
static const u32 starts[] = {
	0, 1, 1000, S32_MAX - 2, S32_MAX, 0x80000000, U32_MAX - 2, U32_MAX,
};

static void window_init_test(struct kunit *test)
{
	static const struct {
		u32 depth, is;
	} depths[] = {
		{ 0, 1 }, { 1, 1 }, { 256, 256 }, { S32_MAX, S32_MAX },
		{ 0x80000000, S32_MAX }, { U32_MAX, S32_MAX },
	};
	u32 s, d;

	for (s = 0; s < ARRAY_SIZE(starts); s++)
		for (d = 0; d < ARRAY_SIZE(depths); d++) {
			struct lunar_window win;

			lunar_window_init(&win, starts[s], depths[d].depth);
			KUNIT_EXPECT_EQ(test, win.depth, depths[d].is);
			KUNIT_EXPECT_EQ(test, win.exp_cmdsn, starts[s]);
			KUNIT_EXPECT_EQ(test, win.max_cmdsn,
					(u32)(starts[s] + depths[d].is - 1));
		}
}

static void window_check_test(struct kunit *test)
{
	static const struct {
		u32 ahead;	/* of ExpCmdSN */
		enum lunar_window_verdict verdict;
	} cases[] = {
		{ 0, LUNAR_WINDOW_TAKE },
		{ 1, LUNAR_WINDOW_AHEAD },
		{ 14, LUNAR_WINDOW_AHEAD },
		{ 15, LUNAR_WINDOW_AHEAD },	/* MaxCmdSN */
		{ 16, LUNAR_WINDOW_IGNORE },
		{ S32_MAX, LUNAR_WINDOW_IGNORE },
		{ 0x80000000, LUNAR_WINDOW_IGNORE },
		{ -1, LUNAR_WINDOW_IGNORE },	/* a duplicate */
		{ -16, LUNAR_WINDOW_IGNORE },
	};
	u32 s, i;

	for (s = 0; s < ARRAY_SIZE(starts); s++)
		for (i = 0; i < ARRAY_SIZE(cases); i++) {
			u32 cmdsn = starts[s] + cases[i].ahead;
			struct lunar_window win;

			lunar_window_init(&win, starts[s], 16);
			KUNIT_EXPECT_EQ_MSG(test, lunar_window_check(&win, cmdsn, false),
					    cases[i].verdict, "%u from %u",
					    cmdsn, starts[s]);
			KUNIT_EXPECT_EQ(test, lunar_window_check(&win, cmdsn, true),
					LUNAR_WINDOW_TAKE);
		}
}

/* A full window is closed: MaxCmdSN is ExpCmdSN - 1, and nothing is taken. */
static void window_close_test(struct kunit *test)
{
	u32 s, i;

	for (s = 0; s < ARRAY_SIZE(starts); s++) {
		struct lunar_window win;

		lunar_window_init(&win, starts[s], 4);
		for (i = 1; i <= 4; i++) {
			KUNIT_EXPECT_EQ(test, lunar_window_check(&win, starts[s] + i - 1, false),
					LUNAR_WINDOW_TAKE);
			lunar_window_take(&win);
			lunar_window_update(&win, i, false);
		}
		KUNIT_EXPECT_EQ(test, win.exp_cmdsn, (u32)(starts[s] + 4));
		KUNIT_EXPECT_EQ(test, win.max_cmdsn, (u32)(starts[s] + 3));
		KUNIT_EXPECT_EQ(test, lunar_window_check(&win, win.exp_cmdsn, false),
				LUNAR_WINDOW_IGNORE);
		KUNIT_EXPECT_EQ(test, lunar_window_check(&win, win.exp_cmdsn, true),
				LUNAR_WINDOW_TAKE);
		/* One answered makes room for one. */
		lunar_window_update(&win, 3, false);
		KUNIT_EXPECT_EQ(test, lunar_window_check(&win, win.exp_cmdsn, false),
				LUNAR_WINDOW_TAKE);
		KUNIT_EXPECT_EQ(test, lunar_window_check(&win, win.exp_cmdsn + 1, false),
				LUNAR_WINDOW_IGNORE);
	}
}

/* What an ABORT TASK may declare received: in the window, before itself. */
static void window_missing_test(struct kunit *test)
{
	static const struct {
		u32 cmdsn, before;	/* both ahead of ExpCmdSN */
		bool missing;
	} cases[] = {
		{ 0, 0, false },
		{ 0, 1, true },
		{ 0, S32_MAX, true },
		{ 1, 1, false },
		{ 1, 2, true },
		{ 15, 16, true },	/* MaxCmdSN */
		{ 16, 17, false },
		{ 5, -3, false },
		{ -1, 0, false },
		{ -1, 5, false },
	};
	u32 s, i;

	for (s = 0; s < ARRAY_SIZE(starts); s++)
		for (i = 0; i < ARRAY_SIZE(cases); i++) {
			struct lunar_window win;

			lunar_window_init(&win, starts[s], 16);
			KUNIT_EXPECT_EQ_MSG(test,
					    lunar_window_missing(&win,
								 starts[s] + cases[i].cmdsn,
								 starts[s] + cases[i].before),
					    cases[i].missing, "case %u from %u",
					    i, starts[s]);
		}
}

/* A depth set lower does not take back what was promised. */
static void window_shrink_test(struct kunit *test)
{
	struct lunar_window win;
	u32 i;

	lunar_window_init(&win, U32_MAX - 3, 8);
	win.depth = 2;
	lunar_window_update(&win, 0, false);
	KUNIT_EXPECT_EQ(test, win.max_cmdsn, 3);
	for (i = 1; i <= 8; i++) {
		lunar_window_take(&win);
		lunar_window_update(&win, i, false);
		KUNIT_EXPECT_EQ(test, win.max_cmdsn, 3);
	}
	KUNIT_EXPECT_EQ(test, win.exp_cmdsn, 4);
	/* More open than the depth: closed until they are answered. */
	lunar_window_update(&win, 3, false);
	KUNIT_EXPECT_EQ(test, win.max_cmdsn, 3);
	lunar_window_update(&win, 2, false);
	KUNIT_EXPECT_EQ(test, win.max_cmdsn, 3);
	lunar_window_update(&win, 1, false);
	KUNIT_EXPECT_EQ(test, win.max_cmdsn, 4);
	lunar_window_update(&win, 0, false);
	KUNIT_EXPECT_EQ(test, win.max_cmdsn, 5);
	/* A depth of 0 would close the window for good. */
	lunar_window_take(&win);
	lunar_window_take(&win);
	win.depth = 0;
	lunar_window_update(&win, 0, false);
	KUNIT_EXPECT_EQ(test, win.max_cmdsn, 6);
}

/* Short of memory: one at a time, and back to all of them afterwards. */
static void window_shrunk_test(struct kunit *test)
{
	struct lunar_window win;

	lunar_window_init(&win, U32_MAX, 4);
	/* What was promised may come; nothing more until all are answered. */
	lunar_window_take(&win);
	lunar_window_take(&win);
	lunar_window_update(&win, 2, true);
	lunar_window_update(&win, 0, true);
	KUNIT_EXPECT_EQ(test, win.max_cmdsn, 2);
	lunar_window_take(&win);
	lunar_window_take(&win);
	lunar_window_update(&win, 2, true);
	lunar_window_update(&win, 1, true);
	KUNIT_EXPECT_EQ(test, win.max_cmdsn, 2);
	lunar_window_update(&win, 0, true);
	KUNIT_EXPECT_EQ(test, win.max_cmdsn, win.exp_cmdsn);
	lunar_window_update(&win, 0, false);
	KUNIT_EXPECT_EQ(test, win.max_cmdsn, win.exp_cmdsn + 3);
}

/*
 * An initiator that uses whatever the window allows, while commands end and
 * the depth changes at random: MaxCmdSN never moves back, the promise is never
 * more than the depths seen, and an idle target always has room for one.
 */
static void window_random_test(struct kunit *test)
{
	u32 seed = 4221;
	u32 round, step;

	for (round = 0; round < 200; round++) {
		u32 cmdsn = U32_MAX - random_below(&seed, 300);
		u32 depth = 1 + random_below(&seed, 64);
		u32 most = depth, open = 0;
		struct lunar_window win;

		lunar_window_init(&win, cmdsn, depth);
		for (step = 0; step < 1000; step++) {
			u32 before = win.max_cmdsn;

			if (random_below(&seed, 50) == 0) {
				win.depth = 1 + random_below(&seed, 64);
				most = max(most, win.depth);
			}
			if (open && random_below(&seed, 2))
				open -= 1 + random_below(&seed, open);
			if (lunar_window_check(&win, cmdsn, false) == LUNAR_WINDOW_TAKE) {
				lunar_window_take(&win);
				cmdsn++;
				open++;
			}
			lunar_window_update(&win, open, false);
			KUNIT_ASSERT_EQ(test, win.exp_cmdsn, cmdsn);
			KUNIT_ASSERT_LE(test, 0, (s32)(win.max_cmdsn - before));
			KUNIT_ASSERT_LE(test, -1, (s32)(win.max_cmdsn - win.exp_cmdsn));
			KUNIT_ASSERT_LE(test, open + win.max_cmdsn + 1 - win.exp_cmdsn, most);
			KUNIT_ASSERT_TRUE(test, open || win.max_cmdsn != win.exp_cmdsn - 1);
		}
	}
}

static struct kunit_case window_cases[] = {
	KUNIT_CASE(window_init_test),
	KUNIT_CASE(window_check_test),
	KUNIT_CASE(window_close_test),
	KUNIT_CASE(window_missing_test),
	KUNIT_CASE(window_shrink_test),
	KUNIT_CASE(window_shrunk_test),
	KUNIT_CASE(window_random_test),
	{}
};

static struct kunit_suite window_suite = {
	.name = "lunar-window",
	.test_cases = window_cases,
};

kunit_test_suite(window_suite);
