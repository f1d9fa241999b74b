// SPDX-License-Identifier: GPL-2.0
/* kmod/iscsi/keys.c: syntax of text segments, values and iSCSI names. */

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "iscsi/keys.h"
#include "random.h"

#define LABEL63	"Abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz01234567890"

struct next_case {
	const char *name;
	const char *segment;	/* with | for NUL */
	int ret;		/* of the last call */
	const char *pairs[4];	/* name, value, name, value before it */
};

static const struct next_case next_cases[] = {
	{ "empty", "", 0 },
	{ "one", "Key=value|", 0, { "Key", "value" } },
	{ "two", "A=1|B=2|", 0, { "A", "1", "B", "2" } },
	{ "empty value", "Key=|", 0, { "Key", "" } },
	{ "equal signs in the value", "Key==a=b|", 0, { "Key", "=a=b" } },
	{ "any byte in the value", "Key=\xff\x01 ,=|", 0, { "Key", "\xff\x01 ,=" } },
	{ "all kinds of characters", "X-a.b+c@d_e#9=1|", 0, { "X-a.b+c@d_e#9", "1" } },
	{ "small first letter", "iSCSIProtocolLevel=1|", 0,
	  { "iSCSIProtocolLevel", "1" } },
	{ "longest name", LABEL63 "=1|", 0, { LABEL63, "1" } },
	{ "NULs between and behind", "|A=1|||B=2||", 0, { "A", "1", "B", "2" } },
	{ "only NULs", "|||", 0 },
	{ "no equal sign", "Key|", -EINVAL },
	{ "no equal sign, second", "A=1|B|C=3|", -EINVAL, { "A", "1" } },
	{ "no NUL", "Key=value", -EINVAL },
	{ "no NUL, second", "A=1|B=2", -EINVAL, { "A", "1" } },
	{ "no name", "=value|", -EINVAL },
	{ "name too long", LABEL63 "x=1|", -EINVAL },
	{ "digit first", "1Key=1|", -EINVAL },
	{ "dot first", ".Key=1|", -EINVAL },
	{ "space in the name", "My Key=1|", -EINVAL },
	{ "comma in the name", "My,Key=1|", -EINVAL },
	{ "newline in the name", "Key\n=1|", -EINVAL },
	{ "no ASCII in the name", "K\xc3\xa4y=1|", -EINVAL },
	{ "just an equal sign", "=", -EINVAL },
};

static void next_desc(const struct next_case *c, char *desc)
{
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(next, next_cases, next_desc);

static void text_next_test(struct kunit *test)
{
	const struct next_case *c = test->param_value;
	u32 len = strlen(c->segment);
	char *buf = kunit_kzalloc(test, len, GFP_KERNEL);
	char *segment = kunit_kzalloc(test, len, GFP_KERNEL);
	char *name, *value;
	u32 pos = 0, before, i;

	KUNIT_ASSERT_TRUE(test, buf && segment);
	for (i = 0; i < len; i++)
		segment[i] = c->segment[i] == '|' ? '\0' : c->segment[i];
	memcpy(buf, segment, len);
	for (i = 0; i < 4 && c->pairs[i]; i += 2) {
		KUNIT_ASSERT_EQ(test, lunar_keys_next(buf, len, &pos, &name, &value), 1);
		KUNIT_EXPECT_STREQ(test, name, c->pairs[i]);
		KUNIT_EXPECT_STREQ(test, value, c->pairs[i + 1]);
	}
	before = pos;
	KUNIT_EXPECT_EQ(test, lunar_keys_next(buf, len, &pos, &name, &value), c->ret);
	if (!c->ret) {
		KUNIT_EXPECT_EQ(test, pos, len);
		return;
	}
	KUNIT_EXPECT_EQ(test, pos, before);
	KUNIT_EXPECT_EQ(test, memcmp(buf + pos, segment + pos, len - pos), 0);
}

/* A value may be a list of up to 8192 bytes. */
static void text_value_length_test(struct kunit *test)
{
	u32 len;

	for (len = 8191; len <= 8193; len++) {
		u32 size = len + sizeof("A=");
		char *buf = kunit_kzalloc(test, size, GFP_KERNEL);
		char *name, *value;
		u32 pos = 0;
		int ret;

		KUNIT_ASSERT_NOT_NULL(test, buf);
		memset(buf, 'x', size - 1);
		memcpy(buf, "A=", 2);
		ret = lunar_keys_next(buf, size, &pos, &name, &value);
		KUNIT_EXPECT_EQ_MSG(test, ret, len <= 8192 ? 1 : -EINVAL, "%u bytes", len);
		if (ret == 1)
			KUNIT_EXPECT_EQ(test, strlen(value), len);
	}
}

/* Random pairs, put and taken apart again, in a buffer that may be too small. */
static void text_round_trip_test(struct kunit *test)
{
	static const char chars[] = "abcXYZ019.-+@_";
	u32 seed = 61;
	u32 round, i, k;

	for (round = 0; round < 500; round++) {
		char pairs[8][2][16] = { };
		struct lunar_text text = { .size = random_below(&seed, 200) };
		char *name, *value;
		u32 pos = 0, want = 0, fit = 0;
		bool over = false;

		text.buf = kunit_kzalloc(test, text.size, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, text.buf);
		for (i = 0; i < 8; i++) {
			u32 name_len = 1 + random_below(&seed, 14);
			u32 value_len = random_below(&seed, 15);
			bool fits;

			for (k = 0; k < name_len; k++)
				pairs[fit][0][k] = chars[random_below(&seed, k ? 14 : 6)];
			pairs[fit][0][k] = '\0';
			for (k = 0; k < value_len; k++)
				pairs[fit][1][k] = 1 + random_below(&seed, 127);
			pairs[fit][1][k] = '\0';
			fits = want + name_len + value_len + 2 <= text.size;
			lunar_keys_put(&text, pairs[fit][0], pairs[fit][1]);
			if (fits) {
				want += name_len + value_len + 2;
				fit++;
			} else {
				over = true;
			}
			KUNIT_ASSERT_EQ(test, text.len, want);
			KUNIT_ASSERT_EQ(test, text.overflow, over);
		}
		for (i = 0; i < fit; i++) {
			KUNIT_ASSERT_EQ(test, lunar_keys_next(text.buf, text.len, &pos, &name,
							      &value), 1);
			KUNIT_EXPECT_STREQ(test, name, pairs[i][0]);
			KUNIT_EXPECT_STREQ(test, value, pairs[i][1]);
		}
		KUNIT_ASSERT_EQ(test, lunar_keys_next(text.buf, text.len, &pos, &name, &value), 0);
	}
}

struct parse_case {
	int id;
	const char *text;
	int ret;
	u32 val;
};

#define T2W	LUNAR_KEY_DEFAULT_TIME2WAIT
#define BURST	LUNAR_KEY_MAX_BURST_LENGTH

static const struct parse_case parse_cases[] = {
	{ T2W, "0", 0, 0 },
	{ T2W, "7", 0, 7 },
	{ T2W, "3600", 0, 3600 },
	{ T2W, "0x0", 0, 0 },
	{ T2W, "0X00e10", 0, 3600 },
	{ T2W, "0xE1", 0, 0xe1 },
	{ BURST, "0xabcdef", 0, 0xabcdef },
	{ BURST, "0xABCDEF", 0, 0xabcdef },
	{ T2W, "3601", -EINVAL },
	{ T2W, "", -EINVAL },
	{ T2W, "0x", -EINVAL },
	{ T2W, "x1", -EINVAL },
	{ T2W, "00", -EINVAL },
	{ T2W, "010", -EINVAL },
	{ T2W, "+1", -EINVAL },
	{ T2W, "-1", -EINVAL },
	{ T2W, " 1", -EINVAL },
	{ T2W, "1 ", -EINVAL },
	{ T2W, "1\n", -EINVAL },
	{ T2W, "a", -EINVAL },
	{ T2W, "1f", -EINVAL },
	{ T2W, "0x1g", -EINVAL },
	{ T2W, "4294967296", -EINVAL },
	{ T2W, "4294967297", -EINVAL },
	{ T2W, "0x100000000", -EINVAL },
	{ T2W, "18446744073709551616", -EINVAL },
	{ T2W, "18446744073709551617", -EINVAL },
	{ T2W, "0x10000000000000001", -EINVAL },
	{ LUNAR_KEY_INITIAL_R2T, "Yes", 0, 1 },
	{ LUNAR_KEY_INITIAL_R2T, "No", 0, 0 },
	{ LUNAR_KEY_INITIAL_R2T, "Yes\n", -EINVAL },
	{ LUNAR_KEY_INITIAL_R2T, "1", -EINVAL },
	{ LUNAR_KEY_HEADER_DIGEST, "None", 0, LUNAR_DIGEST_NONE },
	{ LUNAR_KEY_HEADER_DIGEST, "CRC32C", 0, LUNAR_DIGEST_CRC32C },
	{ LUNAR_KEY_DATA_DIGEST, "None,CRC32C", 0, 3 },
	{ LUNAR_KEY_DATA_DIGEST, "CRC32C,None", 0, 3 },
	{ LUNAR_KEY_DATA_DIGEST, "CRC32C,", -EINVAL },
	{ LUNAR_KEY_DATA_DIGEST, "", -EINVAL },
	{ LUNAR_KEY_DATA_DIGEST, "CRC32C,SHA1", -EINVAL },
	{ LUNAR_KEY_DATA_DIGEST, "none", -EINVAL },
	/* Legal, and not what lunar does. */
	{ LUNAR_KEY_MAX_CONNECTIONS, "2", -EOPNOTSUPP },
	{ LUNAR_KEY_MAX_CONNECTIONS, "0", -EINVAL },
	{ LUNAR_KEY_ERROR_RECOVERY_LEVEL, "1", -EOPNOTSUPP },
	{ LUNAR_KEY_ERROR_RECOVERY_LEVEL, "3", -EINVAL },
	{ LUNAR_KEY_MAX_OUTSTANDING_R2T, "8", 0, 8 },
	{ LUNAR_KEY_MAX_OUTSTANDING_R2T, "9", -EOPNOTSUPP },
	{ LUNAR_KEY_DATA_PDU_IN_ORDER, "No", -EOPNOTSUPP },
	{ LUNAR_KEY_DATA_SEQUENCE_IN_ORDER, "No", -EOPNOTSUPP },
	{ LUNAR_KEY_IF_MARKER, "Yes", -EOPNOTSUPP },
	{ LUNAR_KEY_OF_MARKER, "Yes", -EOPNOTSUPP },
	{ LUNAR_KEY_OF_MARKER, "No", 0, 0 },
	{ LUNAR_KEY_TASK_REPORTING, "RFC3720", 0, 1 },
	{ LUNAR_KEY_TASK_REPORTING, "FastAbort", -EINVAL },
	{ LUNAR_KEY_ISCSI_PROTOCOL_LEVEL, "2", -EOPNOTSUPP },
	/* Not numbers. */
	{ LUNAR_KEY_AUTH_METHOD, "None", -EINVAL },
	{ LUNAR_KEY_IF_MARK_INT, "Reject", -EINVAL },
	{ LUNAR_KEY_TABLE_SIZE, "1", -EINVAL },
	{ -ENOENT, "1", -EINVAL },
};

static void parse_desc(const struct parse_case *c, char *desc)
{
	bool known = c->id >= 0 && c->id < LUNAR_KEY_TABLE_SIZE;

	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s, %.*s",
		 known ? lunar_keys_table[c->id].name : "no key",
		 (int)strcspn(c->text, "\n"), c->text);
}

KUNIT_ARRAY_PARAM(parse, parse_cases, parse_desc);

static void text_parse_test(struct kunit *test)
{
	const struct parse_case *c = test->param_value;
	u32 val = 4711;

	KUNIT_EXPECT_EQ(test, lunar_keys_parse(c->id, c->text, &val), c->ret);
	KUNIT_EXPECT_EQ(test, val, c->ret ? 4711 : c->val);
}

/* Never a byte beyond the buffer, and -ENOSPC exactly when it is too small. */
static void text_format_test(struct kunit *test)
{
	static const struct {
		int id;
		u32 val;
		const char *text;
	} cases[] = {
		{ T2W, 0, "0" },
		{ T2W, 3600, "3600" },
		{ BURST, U32_MAX, "4294967295" },
		{ LUNAR_KEY_INITIAL_R2T, 0, "No" },
		{ LUNAR_KEY_INITIAL_R2T, 1, "Yes" },
		{ LUNAR_KEY_HEADER_DIGEST, 1, "None" },
		{ LUNAR_KEY_HEADER_DIGEST, 2, "CRC32C" },
		{ LUNAR_KEY_HEADER_DIGEST, 3, "None,CRC32C" },
		{ LUNAR_KEY_TASK_REPORTING, 1, "RFC3720" },
	};
	u32 i, size;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int len = strlen(cases[i].text);

		for (size = 1; size <= len + 2; size++) {
			char *buf = kunit_kzalloc(test, size, GFP_KERNEL);
			int ret;

			KUNIT_ASSERT_NOT_NULL(test, buf);
			ret = lunar_keys_format(cases[i].id, cases[i].val, buf, size);
			KUNIT_EXPECT_EQ_MSG(test, ret, size > len ? len : -ENOSPC, "%s in %u",
					    cases[i].text, size);
			if (ret >= 0)
				KUNIT_EXPECT_STREQ(test, buf, cases[i].text);
		}
	}
}

static void text_list_has_test(struct kunit *test)
{
	static const struct {
		const char *list, *item;
		bool has;
	} cases[] = {
		{ "CHAP", "CHAP", true }, { "CHAP,None", "None", true },
		{ "CHAP,None", "CHAP", true }, { "SRP,CHAP,None", "CHAP", true },
		{ "", "CHAP", false }, { "CHAP2", "CHAP", false }, { "CHA", "CHAP", false },
		{ "XCHAP", "CHAP", false }, { "chap", "CHAP", false }, { " CHAP", "CHAP", false },
		{ "CHAP,", "None", false }, { ",CHAP", "CHAP", true },
		{ "CHAP None", "None", false },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		KUNIT_EXPECT_EQ_MSG(test, lunar_keys_list_has(cases[i].list, cases[i].item),
				    cases[i].has, "%s in \"%s\"", cases[i].item, cases[i].list);
}

struct name_case {
	const char *name;
	bool ok;
};

#define IQN	"iqn.2001-04.com.example"

static const struct name_case name_cases[] = {
	{ IQN, true },
	{ IQN ":storage:diskarrays-sn-a8675309", true },
	{ IQN ":", true },
	{ "iqn.1998-01.com.vmware:esx1-0a1b2c3d", true },
	{ "iqn.2003-01.org.linux-iscsi.host.x8664:sn.0123456789ab", true },
	{ "iqn.1991-05.com.microsoft:WIN_HOST.example.com", true },
	{ "IQN.2001-04.COM.EXAMPLE", true },
	{ "iqn.2001-04.com.ex\xc3\xa4mple", true },	/* a umlaut */
	{ IQN "\xc2\xa0", true },		/* U+00A0, the first that is no control */
	{ IQN "\xe0\xa0\x80", true },		/* U+0800 */
	{ IQN "\xed\x9f\xbf", true },		/* U+D7FF, the last before the surrogates */
	{ IQN "\xee\x80\x80", true },		/* U+E000 */
	{ IQN "\xf0\x90\x80\x80", true },	/* U+10000 */
	{ IQN "\xf4\x8f\xbf\xbf", true },	/* U+10FFFF */
	{ "iqn.2001-01.a", true },
	{ "iqn.2001-12.a", true },
	{ "iqn.2001-00.com.example", false },
	{ "iqn.2001-13.com.example", false },
	{ "iqn.2001-4.com.example", false },
	{ "iqn.201-04.com.example", false },
	{ "iqn.20010-4.com.example", false },
	{ "iqn.2001.04.com.example", false },
	{ "iqn.2001-04", false },
	{ "iqn.2001-04.", false },
	{ "iqn.2001-04.:disk", false },
	{ "iqn.2001-04..com", false },
	{ "iqn.2001-04:disk", false },
	{ "iqn.", false },
	{ "iqn", false },
	{ "", false },
	{ "disk0", false },
	{ IQN " ", false },
	{ IQN "\n", false },
	{ IQN "/..", false },
	{ IQN "\\x", false },
	{ IQN "%n", false },
	{ IQN ",t", false },
	{ IQN "\x7f", false },
	{ IQN "\x80", false },			/* continuation alone */
	{ IQN "\xbf\xbf", false },
	{ IQN "\xc3", false },			/* cut off */
	{ IQN "\xe3\x82", false },
	{ IQN "\xf0\x9f\x8c", false },
	{ IQN "\xc0\xaf", false },		/* overlong '/' */
	{ IQN "\xe0\x80\xaf", false },
	{ IQN "\xf0\x80\x80\xaf", false },
	{ IQN "\xc2\x85", false },		/* control, NEL */
	{ IQN "\xed\xa0\x80", false },		/* surrogates */
	{ IQN "\xed\xbf\xbf", false },
	{ IQN "\xf4\x90\x80\x80", false },	/* beyond U+10FFFF */
	{ IQN "\xf5\x80\x80\x80", false },
	{ IQN "\xf8\x90\x80\x80", false },	/* no sequence begins so */
	{ IQN "\xff", false },
	{ "eui.02004567A425678D", true },
	{ "eui.02004567a425678d", true },
	{ "EUI.02004567A425678D", true },
	{ "eui.02004567A425678", false },
	{ "eui.02004567A425678D0", false },
	{ "eui.02004567A425678G", false },
	{ "eui.", false },
	{ "naa.52004567BA64678D", true },
	{ "naa.62004567BA64678D0123456789ABCDEF", true },
	{ "naa.62004567BA64678D0123456789ABCDE", false },
	{ "naa.52004567BA64678D0", false },
	{ "naa.62004567BA64678D0123456789ABCDEF0", false },
	{ "naa.x2004567BA64678D", false },
};

static void name_desc(const struct name_case *c, char *desc)
{
	u32 i;

	/* Any byte can be in a name that is refused, and TAP is text. */
	strscpy(desc, c->name, KUNIT_PARAM_DESC_SIZE);
	for (i = 0; desc[i]; i++)
		if (desc[i] <= ' ' || desc[i] >= 0x7f)
			desc[i] = '?';
}

KUNIT_ARRAY_PARAM(name, name_cases, name_desc);

static void text_name_test(struct kunit *test)
{
	const struct name_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, lunar_keys_name_ok(c->name), c->ok);
}

/* RFC 7143 4.2.7.1: 223 bytes at most. */
static void text_name_length_test(struct kunit *test)
{
	u32 len;

	for (len = 222; len <= 225; len++) {
		char *name = kunit_kzalloc(test, len + 1, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, name);
		memset(name, 'x', len);
		memcpy(name, IQN ":", sizeof(IQN));
		KUNIT_EXPECT_EQ_MSG(test, lunar_keys_name_ok(name), len <= 223, "%u", len);
	}
}

static struct kunit_case text_cases[] = {
	KUNIT_CASE_PARAM(text_next_test, next_gen_params),
	KUNIT_CASE(text_value_length_test),
	KUNIT_CASE(text_round_trip_test),
	KUNIT_CASE_PARAM(text_parse_test, parse_gen_params),
	KUNIT_CASE(text_format_test),
	KUNIT_CASE(text_list_has_test),
	KUNIT_CASE_PARAM(text_name_test, name_gen_params),
	KUNIT_CASE(text_name_length_test),
	{}
};

static struct kunit_suite text_suite = {
	.name = "lunar-text",
	.test_cases = text_cases,
};

kunit_test_suite(text_suite);
