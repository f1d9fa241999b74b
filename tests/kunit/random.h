/* SPDX-License-Identifier: GPL-2.0 */
/* Reproducible random numbers: a failure must come back on the next run. */
#ifndef LUNAR_KUNIT_RANDOM_H
#define LUNAR_KUNIT_RANDOM_H

#include <linux/types.h>

/* xorshift32 (Marsaglia); @state starts as anything but 0. */
static inline u32 next_random(u32 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* 0 to @limit - 1 */
static inline u32 random_below(u32 *state, u32 limit)
{
	return next_random(state) % limit;
}

#endif /* LUNAR_KUNIT_RANDOM_H */
