// SPDX-License-Identifier: GPL-2.0
/* kmod/iscsi/chap.c: keys and values of CHAP, lists of users. */

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "iscsi/chap.h"
#include "random.h"

static void chap_take_test(struct kunit *test)
{
	struct lunar_chap_request request = { };
	static const char *const names[] = { "CHAP_A", "CHAP_I", "CHAP_C", "CHAP_N", "CHAP_R" };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		KUNIT_EXPECT_EQ(test, lunar_chap_take(&request, names[i], names[i]), 0);
		KUNIT_EXPECT_EQ(test, lunar_chap_take(&request, names[i], "x"), -EEXIST);
	}
	KUNIT_EXPECT_STREQ(test, request.algorithms, "CHAP_A");
	KUNIT_EXPECT_STREQ(test, request.id, "CHAP_I");
	KUNIT_EXPECT_STREQ(test, request.challenge, "CHAP_C");
	KUNIT_EXPECT_STREQ(test, request.name, "CHAP_N");
	KUNIT_EXPECT_STREQ(test, request.response, "CHAP_R");
	KUNIT_EXPECT_EQ(test, lunar_chap_take(&request, "CHAP_X", "x"), -ENOENT);
	KUNIT_EXPECT_EQ(test, lunar_chap_take(&request, "chap_a", "x"), -ENOENT);
}

static const struct {
	const char *text;
	int number;
} numbers[] = {
	{ "0", 0 }, { "5", 5 }, { "255", 255 }, { "0x0", 0 }, { "0xfF", 255 }, { "007", 7 },
	{ "256", -EINVAL }, { "0x100", -EINVAL }, { "", -EINVAL }, { "0x", -EINVAL },
	{ "-1", -EINVAL }, { "+1", -EINVAL }, { " 1", -EINVAL }, { "1a", -EINVAL },
	{ "4294967301", -EINVAL },
};

static void chap_number_test(struct kunit *test)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		KUNIT_EXPECT_EQ_MSG(test,
				    lunar_chap_number(numbers[i].text, strlen(numbers[i].text)),
				    numbers[i].number, "%s", numbers[i].text);
}

static const struct {
	const char *text;
	int len;
	const char *bytes;
} binaries[] = {
	{ "0x00ff", 2, "\x00\xff" },
	{ "0XaBcD", 2, "\xab\xcd" },
	{ "0bTWFu", 3, "Man" },
	{ "0bTWE=", 2, "Ma" },
	{ "0BTQ==", 1, "M" },
	{ "0x0102030405060708", 8, "\x01\x02\x03\x04\x05\x06\x07\x08" },
	{ "0x010203040506070809", -EINVAL },	/* more than there is room for */
	{ "0x", -EINVAL },
	{ "0x0", -EINVAL },
	{ "0x0g", -EINVAL },
	{ "0b", -EINVAL },
	{ "0bTWF", -EINVAL },
	{ "0bT===", -EINVAL },
	{ "0bTR==", -EINVAL },		/* unused bits */
	{ "0bT WE", -EINVAL },
	{ "0bTWE=TWE=", -EINVAL },
	{ "17", -EINVAL },
	{ "", -EINVAL },
};

static void chap_decode_test(struct kunit *test)
{
	u8 buf[8];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(binaries); i++) {
		int len = lunar_chap_decode(binaries[i].text, buf, sizeof(buf));

		KUNIT_EXPECT_EQ_MSG(test, len, binaries[i].len, "%s", binaries[i].text);
		if (len > 0)
			KUNIT_EXPECT_EQ_MSG(test, memcmp(buf, binaries[i].bytes, len), 0, "%s",
					    binaries[i].text);
	}
}

static void chap_round_trip_test(struct kunit *test)
{
	char text[LUNAR_CHAP_TEXT_SIZE(64)];
	u32 seed = 1994, round, i;
	u8 in[64], out[64];

	for (round = 0; round < 300; round++) {
		u32 len = 1 + random_below(&seed, sizeof(in));

		for (i = 0; i < len; i++)
			in[i] = next_random(&seed) >> 9;
		lunar_chap_encode(in, len, text);
		KUNIT_EXPECT_EQ(test, strlen(text) + 1, LUNAR_CHAP_TEXT_SIZE(len));
		KUNIT_ASSERT_EQ(test, lunar_chap_decode(text, out, sizeof(out)), len);
		KUNIT_EXPECT_EQ(test, memcmp(in, out, len), 0);
	}
}

static int put(char *users, u32 size, const char *name, const char *secret)
{
	return lunar_chap_put_user(users, size, name, strlen(name), secret, strlen(secret));
}

static void chap_users_test(struct kunit *test)
{
	char users[40] = "";
	const char *secret, *next;
	u32 len, i;

	KUNIT_EXPECT_NULL(test, lunar_chap_find_user(users, "a", &len));
	KUNIT_EXPECT_NULL(test, lunar_chap_next_user(users, &len));
	KUNIT_EXPECT_EQ(test, lunar_chap_del_user(users, "a", 1), -ENOENT);
	KUNIT_EXPECT_EQ(test, put(users, sizeof(users), "anna", "secret one"), 0);
	KUNIT_EXPECT_EQ(test, put(users, sizeof(users), "ann", "two"), 0);
	KUNIT_EXPECT_STREQ(test, users, "anna secret one\nann two\n");
	secret = lunar_chap_find_user(users, "anna", &len);
	KUNIT_ASSERT_NOT_NULL(test, secret);
	KUNIT_EXPECT_EQ(test, len, 10);
	KUNIT_EXPECT_EQ(test, memcmp(secret, "secret one", 10), 0);
	KUNIT_EXPECT_NULL(test, lunar_chap_find_user(users, "an", &len));
	KUNIT_EXPECT_NULL(test, lunar_chap_find_user(users, "annab", &len));
	KUNIT_EXPECT_NULL(test, lunar_chap_find_user(users, "", &len));
	/* A name that looks like a line is none. */
	KUNIT_EXPECT_NULL(test, lunar_chap_find_user(users, "ann two", &len));
	next = lunar_chap_next_user(users, &len);
	KUNIT_EXPECT_EQ(test, len, 4);
	next = lunar_chap_next_user(next, &len);
	KUNIT_EXPECT_EQ(test, len, 3);
	KUNIT_EXPECT_NULL(test, lunar_chap_next_user(next, &len));
	/* Another secret, also where only the old one's room is left. */
	KUNIT_EXPECT_EQ(test, put(users, 25, "anna", "secret 111"), 0);
	KUNIT_EXPECT_STREQ(test, users, "ann two\nanna secret 111\n");
	KUNIT_EXPECT_EQ(test, put(users, 25, "anna", "secret 1111"), -ENOSPC);
	KUNIT_EXPECT_EQ(test, put(users, 25, "x", ""), -ENOSPC);
	KUNIT_EXPECT_STREQ(test, users, "ann two\nanna secret 111\n");
	KUNIT_EXPECT_EQ(test, lunar_chap_del_user(users, "ann", 3), 0);
	KUNIT_EXPECT_EQ(test, lunar_chap_del_user(users, "anna", 4), 0);
	for (i = 0; i < sizeof(users); i++)
		KUNIT_EXPECT_EQ(test, users[i], 0);
}

static struct kunit_case chap_cases[] = {
	KUNIT_CASE(chap_take_test),
	KUNIT_CASE(chap_number_test),
	KUNIT_CASE(chap_decode_test),
	KUNIT_CASE(chap_round_trip_test),
	KUNIT_CASE(chap_users_test),
	{}
};

static struct kunit_suite chap_suite = {
	.name = "lunar-chap",
	.test_cases = chap_cases,
};

kunit_test_suite(chap_suite);
