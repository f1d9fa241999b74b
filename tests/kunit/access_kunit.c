// SPDX-License-Identifier: GPL-2.0
/* kmod/iscsi/access.c: which addresses are in a list, and what is no list. */

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/inet.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "iscsi/access.h"
#include "random.h"

static const struct {
	const char *list;
	int ret;
} lists[] = {
	{ "", 0 },
	{ " , ", 0 },
	{ "192.0.2.7", 0 },
	{ "192.0.2.7/32,10.0.0.0/8", 0 },
	{ "192.0.2.7 10.0.0.0/8\t0.0.0.0/0", 0 },
	{ "10.1.2.3/8", 0 },	/* the bits behind the prefix do not count */
	{ "2001:db8::1", 0 },
	{ "::/0, fe80::/10,::ffff:192.0.2.1", 0 },
	{ "2001:db8:1:2:3:4:5:6/128", 0 },
	{ "192.0.2", -EINVAL },
	{ "192.0.2.7.8", -EINVAL },
	{ "192.0.2.256", -EINVAL },
	{ "192.0.2.7/33", -EINVAL },
	{ "192.0.2.7/", -EINVAL },
	{ "192.0.2.7/-1", -EINVAL },
	{ "192.0.2.7/0x8", -EINVAL },
	{ "192.0.2.7/255.255.255.0", -EINVAL },
	{ "192.0.2.7/0008", -EINVAL },
	{ "/8", -EINVAL },
	{ "192.0.2.7:3260", -EINVAL },
	{ "[2001:db8::1]", -EINVAL },
	{ "2001:db8::1/129", -EINVAL },
	{ "2001:db8::1::2", -EINVAL },
	{ "2001:db8:::1", -EINVAL },
	{ "1:2:3:4:5:6:7:8:9", -EINVAL },
	{ "host.example", -EINVAL },
	{ "10.0.0.0/8,all", -EINVAL },
	{ "10.0.0.0/8;192.0.2.7", -EINVAL },
};

static void access_check_test(struct kunit *test)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(lists); i++)
		KUNIT_EXPECT_EQ_MSG(test, lunar_access_check(lists[i].list),
				    lists[i].ret, "%s", lists[i].list);
}

static struct sockaddr_storage address(const char *text)
{
	struct sockaddr_storage addr = { };

	if (strchr(text, ':')) {
		addr.ss_family = AF_INET6;
		in6_pton(text, -1,
			 (u8 *)&((struct sockaddr_in6 *)&addr)->sin6_addr, -1, NULL);
	} else {
		addr.ss_family = AF_INET;
		in4_pton(text, -1,
			 (u8 *)&((struct sockaddr_in *)&addr)->sin_addr, -1, NULL);
	}
	return addr;
}

static const struct {
	const char *list;
	const char *addr;
	bool has;
} members[] = {
	{ "", "192.0.2.7", false },
	{ "192.0.2.7", "192.0.2.7", true },
	{ "192.0.2.7", "192.0.2.6", false },
	{ "192.0.2.7/32", "192.0.2.6", false },
	{ "192.0.2.7/31", "192.0.2.6", true },
	{ "192.0.2.0/25", "192.0.2.127", true },
	{ "192.0.2.0/25", "192.0.2.128", false },
	{ "192.0.2.99/24", "192.0.2.1", true },
	{ "10.0.0.0/8,192.0.2.0/24", "192.0.2.1", true },
	{ "10.0.0.0/8,192.0.2.0/24", "11.0.0.1", false },
	{ "0.0.0.0/0", "203.0.113.9", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "::/0", "2001:db8::1", true },
	{ "::/0", "192.0.2.1", false },
	{ "2001:db8::/32", "2001:db8:ffff::1", true },
	{ "2001:db8::/32", "2001:db9::1", false },
	{ "2001:db8::/33", "2001:db8:8000::", false },
	{ "2001:db8::1", "2001:db8::1", true },
	{ "2001:db8::1", "2001:db8::2", false },
	{ "192.0.2.1,2001:db8::2 10.0.0.0/9", "10.127.255.255", true },
	{ "192.0.2.1,2001:db8::2 10.0.0.0/9", "10.128.0.0", false },
};

static void access_has_test(struct kunit *test)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(members); i++) {
		struct sockaddr_storage addr = address(members[i].addr);

		KUNIT_EXPECT_EQ_MSG(test, lunar_access_has(members[i].list, &addr),
				    members[i].has, "%s in \"%s\"", members[i].addr,
				    members[i].list);
	}
}

/* Every prefix, against the arithmetic. */
static void access_prefix_test(struct kunit *test)
{
	u32 seed = 3260, round, prefix;
	char list[32];

	for (round = 0; round < 200; round++) {
		u32 net = next_random(&seed), host = net ^ 1U << random_below(&seed, 32);
		struct sockaddr_storage addr = { .ss_family = AF_INET };

		((struct sockaddr_in *)&addr)->sin_addr.s_addr = cpu_to_be32(host);
		for (prefix = 0; prefix <= 32; prefix++) {
			u32 mask = prefix ? ~0U << (32 - prefix) : 0;

			snprintf(list, sizeof(list), "%u.%u.%u.%u/%u", net >> 24,
				 net >> 16 & 255, net >> 8 & 255, net & 255, prefix);
			KUNIT_EXPECT_EQ_MSG(test, lunar_access_has(list, &addr),
					    !((net ^ host) & mask), "%08x in %s", host, list);
		}
	}
}

static void access_same_host_test(struct kunit *test)
{
	struct sockaddr_storage a = address("192.0.2.7"), b = a, c = address("2001:db8::7"), d = c;

	((struct sockaddr_in *)&a)->sin_port = 1;
	((struct sockaddr_in6 *)&c)->sin6_port = 1;
	KUNIT_EXPECT_TRUE(test, lunar_access_same_host(&a, &b));
	KUNIT_EXPECT_TRUE(test, lunar_access_same_host(&c, &d));
	KUNIT_EXPECT_FALSE(test, lunar_access_same_host(&a, &c));
	b = address("192.0.2.8");
	d = address("2001:db8::8");
	KUNIT_EXPECT_FALSE(test, lunar_access_same_host(&a, &b));
	KUNIT_EXPECT_FALSE(test, lunar_access_same_host(&c, &d));
}

static struct kunit_case access_cases[] = {
	KUNIT_CASE(access_check_test),
	KUNIT_CASE(access_has_test),
	KUNIT_CASE(access_prefix_test),
	KUNIT_CASE(access_same_host_test),
	{}
};

static struct kunit_suite access_suite = {
	.name = "lunar-access",
	.test_cases = access_cases,
};

kunit_test_suite(access_suite);
