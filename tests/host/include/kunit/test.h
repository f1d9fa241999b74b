/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The part of the KUnit API that the suites in tests/kunit use, so that they
 * run on the host as well; kunit.c has main(). In the kernel the same files see
 * the real <kunit/test.h>.
 */
#ifndef LUNAR_HOST_KUNIT_H
#define LUNAR_HOST_KUNIT_H

#include <linux/kernel.h>
#include <linux/types.h>
#include <string.h>

#define __printf(fmt, args)		__attribute__((format(printf, fmt, args)))
#define GFP_KERNEL			0
#define KUNIT_PARAM_DESC_SIZE		128

struct kunit {
	const void *param_value;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
	const void *(*generate_params)(const void *prev, char *desc);
};

struct kunit_suite {
	const char name[256];
	struct kunit_case *test_cases;
	struct kunit_suite *next;
};

void kunit_host_register(struct kunit_suite *suite);
__printf(5, 6)
void kunit_host_fail(struct kunit *test, bool abort, const char *file, int line,
		     const char *fmt, ...);
void *kunit_kzalloc(struct kunit *test, size_t size, int gfp);

#define kunit_test_suite(suite)						\
	static void __attribute__((constructor)) suite##_register(void)	\
	{								\
		kunit_host_register(&suite);				\
	}

#define KUNIT_CASE(fn)			{ .run_case = fn, .name = #fn }
#define KUNIT_CASE_PARAM(fn, gen)	{ .run_case = fn, .name = #fn, .generate_params = gen }

#define KUNIT_ARRAY_PARAM(name, array, get_desc)			\
	static const void *name##_gen_params(const void *prev, char *desc) \
	{								\
		typeof((array)[0]) *next = prev ? (typeof(next))prev + 1 : (array); \
									\
		if ((size_t)(next - (array)) >= ARRAY_SIZE(array))	\
			return NULL;					\
		get_desc(next, desc);					\
		return next;						\
	}

#define KUNIT_FAIL(test, ...) \
	kunit_host_fail(test, false, __FILE__, __LINE__, __VA_ARGS__)

#define host_check(test, abort, left, op, right, fmt, ...)		\
	do {								\
		const typeof((left) + 0) _left = (left);		\
		const typeof((right) + 0) _right = (right);		\
									\
		if (!(_left op _right))					\
			kunit_host_fail(test, abort, __FILE__, __LINE__, \
				"expected %s " #op " %s, but %lld and %lld " fmt, \
				#left, #right, (long long)_left,	\
				(long long)_right, ##__VA_ARGS__);	\
	} while (0)

#define host_check_str(test, left, right, fmt, ...)			\
	do {								\
		const char *_left = (left), *_right = (right);		\
									\
		if (strcmp(_left, _right))				\
			kunit_host_fail(test, false, __FILE__, __LINE__, \
				"expected %s to be \"%s\", but it is \"%s\" " fmt, \
				#left, _right, _left, ##__VA_ARGS__);	\
	} while (0)

#define KUNIT_EXPECT_EQ(test, l, r)	host_check(test, false, l, ==, r, "")
#define KUNIT_EXPECT_NE(test, l, r)	host_check(test, false, l, !=, r, "")
#define KUNIT_EXPECT_PTR_EQ(test, l, r)	host_check(test, false, l, ==, r, "")
#define KUNIT_EXPECT_LE(test, l, r)	host_check(test, false, l, <=, r, "")
#define KUNIT_EXPECT_TRUE(test, c)	host_check(test, false, !!(c), ==, true, "")
#define KUNIT_EXPECT_FALSE(test, c)	host_check(test, false, !!(c), ==, false, "")
#define KUNIT_EXPECT_STREQ(test, l, r)	host_check_str(test, l, r, "")
#define KUNIT_ASSERT_EQ(test, l, r)	host_check(test, true, l, ==, r, "")
#define KUNIT_ASSERT_LE(test, l, r)	host_check(test, true, l, <=, r, "")
#define KUNIT_ASSERT_TRUE(test, c)	host_check(test, true, !!(c), ==, true, "")
#define KUNIT_EXPECT_NULL(test, p)	host_check(test, false, !(p), ==, true, "")
#define KUNIT_ASSERT_NOT_NULL(test, p)	host_check(test, true, !!(p), ==, true, "")
#define KUNIT_EXPECT_NOT_NULL(test, p)	host_check(test, false, !!(p), ==, true, "")

#define KUNIT_EXPECT_EQ_MSG(test, l, r, fmt, ...) \
	host_check(test, false, l, ==, r, fmt, ##__VA_ARGS__)
#define KUNIT_ASSERT_EQ_MSG(test, l, r, fmt, ...) \
	host_check(test, true, l, ==, r, fmt, ##__VA_ARGS__)
#define KUNIT_EXPECT_STREQ_MSG(test, l, r, fmt, ...) \
	host_check_str(test, l, r, fmt, ##__VA_ARGS__)

#endif /* LUNAR_HOST_KUNIT_H */
