// SPDX-License-Identifier: GPL-2.0
/* kmod/file/range.c: order of commands that overlap. */

#include <kunit/test.h>
#include <linux/kernel.h>
#include <linux/list.h>

#include "file/range.h"
#include "random.h"

/* Takes the one that is ready, or NULL; fails the case if there are more. */
static struct lfile_range *only(struct kunit *test, struct list_head *ready)
{
	struct lfile_range *range;

	if (list_empty(ready))
		return NULL;
	range = list_first_entry(ready, struct lfile_range, node);
	list_del_init(&range->node);
	KUNIT_EXPECT_TRUE(test, list_empty(ready));
	return range;
}

/* From the definition, not from the code. */
static bool waits_for(enum lfile_range_kind later, enum lfile_range_kind earlier)
{
	static const bool waits[3][3] = {	/* for READ, CHANGE, HOLD */
		[LFILE_RANGE_READ] = { false, true, false },
		[LFILE_RANGE_CHANGE] = { false, true, true },
		[LFILE_RANGE_HOLD] = { false, true, false },
	};

	return waits[later][earlier];
}

/* Two ranges: what the second does while the first is there. */
static void range_pair_test(struct kunit *test)
{
	static const struct {
		u64 start, len;		/* of the second; the first is 100 to 199 */
		bool overlaps;
	} pairs[] = {
		{ 0, 100, false }, { 0, 101, true }, { 199, 1, true },
		{ 200, 1, false }, { 120, 10, true }, { 0, 1000, true },
		{ 100, 100, true }, { 99, 1, false }, { 0, ~0ull, true },
		{ 200, ~0ull - 200, false },
	};
	u32 i, kinds;

	for (i = 0; i < ARRAY_SIZE(pairs); i++)
		for (kinds = 0; kinds < 9; kinds++) {
			bool waits = pairs[i].overlaps && waits_for(kinds / 3, kinds % 3);
			bool busy = pairs[i].overlaps && kinds % 3 == LFILE_RANGE_CHANGE;
			struct lfile_range_tree tree;
			struct lfile_range first, second;
			LIST_HEAD(ready);

			lfile_range_init(&tree);
			KUNIT_EXPECT_TRUE(test, lfile_range_acquire(&tree, &first, 100, 100,
								    kinds % 3));
			KUNIT_EXPECT_EQ(test, lfile_range_busy(&tree, pairs[i].start,
							       pairs[i].len), busy);
			KUNIT_EXPECT_EQ(test, lfile_range_acquire(&tree, &second, pairs[i].start,
								  pairs[i].len, kinds / 3),
					!waits);
			lfile_range_release(&tree, &first, &ready);
			KUNIT_EXPECT_PTR_EQ(test, only(test, &ready), waits ? &second : NULL);
			lfile_range_release(&tree, &second, &ready);
			KUNIT_EXPECT_TRUE(test, list_empty(&ready));
			KUNIT_EXPECT_FALSE(test, lfile_range_busy(&tree, 0, ~0ull));
		}
}

/* One that waits holds up later ones, until it gives up. */
static void range_give_up_test(struct kunit *test)
{
	struct lfile_range_tree tree;
	struct lfile_range a, b, c, read;
	LIST_HEAD(ready);

	lfile_range_init(&tree);
	KUNIT_EXPECT_TRUE(test, lfile_range_acquire(&tree, &a, 0, 10, LFILE_RANGE_CHANGE));
	KUNIT_EXPECT_FALSE(test, lfile_range_acquire(&tree, &b, 5, 10, LFILE_RANGE_CHANGE));
	KUNIT_EXPECT_FALSE(test, lfile_range_acquire(&tree, &c, 12, 10, LFILE_RANGE_CHANGE));
	KUNIT_EXPECT_FALSE(test, lfile_range_acquire(&tree, &read, 12, 1, LFILE_RANGE_READ));

	/* nobody waits for the READ, whose wait is for c by now */
	lfile_range_release(&tree, &read, &ready);
	KUNIT_EXPECT_TRUE(test, list_empty(&ready));
	lfile_range_release(&tree, &b, &ready);
	KUNIT_EXPECT_PTR_EQ(test, only(test, &ready), &c);
	/* b is off the list of a */
	lfile_range_release(&tree, &a, &ready);
	KUNIT_EXPECT_TRUE(test, list_empty(&ready));
	lfile_range_release(&tree, &c, &ready);
	KUNIT_EXPECT_TRUE(test, list_empty(&ready));
}

/* One that waits for several goes on when the last of them has ended. */
static void range_several_test(struct kunit *test)
{
	u32 order;

	for (order = 0; order < 3; order++) {
		struct lfile_range_tree tree;
		struct lfile_range few[3], all;
		LIST_HEAD(ready);
		u32 i;

		lfile_range_init(&tree);
		for (i = 0; i < 3; i++)
			KUNIT_EXPECT_TRUE(test, lfile_range_acquire(&tree, &few[i], i * 10, 10,
								    LFILE_RANGE_CHANGE));
		KUNIT_EXPECT_FALSE(test, lfile_range_acquire(&tree, &all, 0, 30, LFILE_RANGE_READ));
		for (i = 0; i < 3; i++) {
			lfile_range_release(&tree, &few[(order + i) % 3], &ready);
			KUNIT_EXPECT_PTR_EQ(test, only(test, &ready), i == 2 ? &all : NULL);
		}
		lfile_range_release(&tree, &all, &ready);
	}
}

#define RANDOM_RANGES	40

struct model {
	struct lfile_range range;
	bool used, runs;
	u64 start, last, seq;
	enum lfile_range_kind kind;
};

static bool must_wait(const struct model *all, const struct model *one)
{
	u32 i;

	for (i = 0; i < RANDOM_RANGES; i++)
		if (all[i].used && waits_for(one->kind, all[i].kind) && all[i].seq < one->seq &&
		    all[i].start <= one->last && one->start <= all[i].last)
			return true;
	return false;
}

/* Against the definition: one runs when nothing that it overlaps came before. */
static void range_random_test(struct kunit *test)
{
	struct model *all = kunit_kzalloc(test, RANDOM_RANGES * sizeof(*all), GFP_KERNEL);
	struct lfile_range_tree tree;
	u32 state = 20261120, turn, waited = 0, gave_up = 0;
	u64 seq = 0;

	KUNIT_ASSERT_NOT_NULL(test, all);
	lfile_range_init(&tree);
	for (turn = 0; turn < 20000; turn++) {
		struct model *one = &all[random_below(&state, RANDOM_RANGES)];
		LIST_HEAD(ready);
		u32 i;

		if (one->used) {
			gave_up += !one->runs;
			one->used = false;
			lfile_range_release(&tree, &one->range, &ready);
		} else {
			u64 start = random_below(&state, 100);
			u64 len = 1 + random_below(&state, 20);

			one->used = true;
			one->start = start;
			one->last = start + len - 1;
			one->seq = seq++;
			one->kind = random_below(&state, 8) ? !!random_below(&state, 3) :
				    LFILE_RANGE_HOLD;
			one->runs = lfile_range_acquire(&tree, &one->range, start, len,
							one->kind);
			waited += !one->runs;
		}
		while (!list_empty(&ready)) {
			one = container_of(list_first_entry(&ready, struct lfile_range, node),
					   struct model, range);
			list_del_init(&one->range.node);
			KUNIT_ASSERT_TRUE(test, one->used && !one->runs);
			one->runs = true;
		}
		for (i = 0; i < RANDOM_RANGES; i++)
			if (all[i].used)
				KUNIT_ASSERT_EQ(test, all[i].runs, !must_wait(all, &all[i]));
	}
	/* or nothing was tested */
	KUNIT_EXPECT_TRUE(test, waited > 1000);
	KUNIT_EXPECT_TRUE(test, gave_up > 1000);
}

static struct kunit_case range_cases[] = {
	KUNIT_CASE(range_pair_test),
	KUNIT_CASE(range_give_up_test),
	KUNIT_CASE(range_several_test),
	KUNIT_CASE(range_random_test),
	{}
};

static struct kunit_suite range_suite = {
	.name = "lunar-range",
	.test_cases = range_cases,
};

kunit_test_suite(range_suite);
