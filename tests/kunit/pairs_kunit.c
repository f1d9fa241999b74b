// SPDX-License-Identifier: GPL-2.0
/* kmod/iscsi/pairs.c: Text Requests of full feature phase, and their answers. */

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "iscsi/pairs.h"

#define OWN	"iqn.2026-01.com.example:own"

/* @text has | for NUL. */
static int take(struct kunit *test, struct lunar_nego *nego, const char *text,
		struct lunar_pair *pairs)
{
	struct lunar_params *offer = kunit_kzalloc(test, sizeof(*offer), GFP_KERNEL);
	u32 len = strlen(text), i;
	char *buf = kunit_kzalloc(test, len + 1, GFP_KERNEL);

	KUNIT_ASSERT_TRUE(test, offer && buf);
	for (i = 0; i < len; i++)
		buf[i] = text[i] == '|' ? '\0' : text[i];
	lunar_keys_defaults(offer);
	lunar_keys_init(nego, offer);
	return lunar_pairs_take(nego, buf, len, pairs);
}

static void pairs_take_test(struct kunit *test)
{
	struct lunar_pair pairs[LUNAR_PAIRS_MAX];
	struct lunar_nego nego;

	KUNIT_EXPECT_EQ(test, take(test, &nego, "", pairs), 0);
	KUNIT_ASSERT_EQ(test, take(test, &nego,
				   "SendTargets=All|MaxRecvDataSegmentLength=4096|"
				   "HeaderDigest=CRC32C|X-com.example.a=b|", pairs), 4);
	KUNIT_EXPECT_STREQ(test, pairs[0].name, "SendTargets");
	KUNIT_EXPECT_STREQ(test, pairs[0].targets, "All");
	KUNIT_EXPECT_STREQ(test, pairs[0].reply, "");
	KUNIT_EXPECT_NULL(test, pairs[1].targets);
	KUNIT_EXPECT_STREQ(test, pairs[1].reply, "");
	KUNIT_EXPECT_EQ(test, nego.peer_max_recv, 4096);
	KUNIT_EXPECT_STREQ(test, pairs[2].reply, "Reject");
	KUNIT_EXPECT_STREQ(test, pairs[3].reply, "NotUnderstood");

	KUNIT_EXPECT_EQ(test, take(test, &nego, "SendTargets=All", pairs), -EPROTO);
	KUNIT_EXPECT_EQ(test, take(test, &nego, "SendTargets=All|SendTargets=All|", pairs),
			-EPROTO);
	KUNIT_EXPECT_EQ(test, take(test, &nego, "MaxRecvDataSegmentLength=1|", pairs), 1);
	KUNIT_EXPECT_STREQ(test, pairs[0].reply, "Reject");
	KUNIT_EXPECT_EQ(test, take(test, &nego, "A=|B=|C=|D=|E=|F=|G=|H=|", pairs),
			LUNAR_PAIRS_MAX);
	KUNIT_EXPECT_EQ(test, take(test, &nego, "A=|B=|C=|D=|E=|F=|G=|H=|I=|", pairs), -EPROTO);
}

struct targets_case {
	const char *label;
	const char *own;
	const char *value;
	bool ok;
	const char *name;
};

/* RFC 7143 Appendix C */
static const struct targets_case targets_cases[] = {
	{ "discovery, all", NULL, "All", true, NULL },
	{ "discovery, one", NULL, OWN, true, OWN },
	{ "discovery, empty", NULL, "", false },
	{ "normal, empty", OWN, "", true, OWN },
	{ "normal, own", OWN, OWN, true, OWN },
	{ "normal, own in capitals", OWN, "IQN.2026-01.com.example:OWN", true, OWN },
	{ "normal, all", OWN, "All", false },
	{ "normal, other", OWN, "iqn.2026-01.com.example:other", false },
};

static void targets_desc(const struct targets_case *c, char *desc)
{
	strscpy(desc, c->label, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(targets, targets_cases, targets_desc);

static void pairs_targets_test(struct kunit *test)
{
	const struct targets_case *c = test->param_value;
	const char *name;

	KUNIT_EXPECT_EQ(test, lunar_pairs_targets(c->own, c->value, &name), c->ok);
	if (c->ok && c->name)
		KUNIT_EXPECT_STREQ(test, name, c->name);
	else if (c->ok)
		KUNIT_EXPECT_NULL(test, name);
}

static void pairs_cut_test(struct kunit *test)
{
	static const char text[] = "A=12\0B=3";	/* 9 bytes with the last NUL */

	KUNIT_EXPECT_EQ(test, lunar_pairs_cut(text, 0, 512), 0);
	KUNIT_EXPECT_EQ(test, lunar_pairs_cut(text, 9, 9), 9);
	KUNIT_EXPECT_EQ(test, lunar_pairs_cut(text, 9, 8), 5);
	KUNIT_EXPECT_EQ(test, lunar_pairs_cut(text, 9, 5), 5);
	/* a pair that is longer than a PDU */
	KUNIT_EXPECT_EQ(test, lunar_pairs_cut(text, 9, 4), 4);
}

static struct kunit_case pairs_cases[] = {
	KUNIT_CASE(pairs_take_test),
	KUNIT_CASE_PARAM(pairs_targets_test, targets_gen_params),
	KUNIT_CASE(pairs_cut_test),
	{}
};

static struct kunit_suite pairs_suite = {
	.name = "lunar-pairs",
	.test_cases = pairs_cases,
};

kunit_test_suite(pairs_suite);
