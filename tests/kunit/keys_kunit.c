// SPDX-License-Identifier: GPL-2.0
/* kmod/iscsi/keys.c: the key table and negotiation. Syntax: text_kunit.c. */

#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "iscsi/keys.h"
#include "random.h"

/* Defaults written down a second time: RFC 7143 13, and the design. */
static const struct {
	const char *name, *rfc, *lunar;
} defaults[] = {
	{ "HeaderDigest", "None", "None,CRC32C" },
	{ "DataDigest", "None", "None,CRC32C" },
	{ "MaxConnections", "1", "1" },
	{ "InitialR2T", "Yes", "No" },
	{ "ImmediateData", "Yes", "Yes" },
	{ "MaxRecvDataSegmentLength", "8192", "262144" },
	{ "MaxBurstLength", "262144", "1048576" },
	{ "FirstBurstLength", "65536", "262144" },
	{ "DefaultTime2Wait", "2", "2" },
	{ "DefaultTime2Retain", "20", "0" },
	{ "MaxOutstandingR2T", "1", "8" },
	{ "DataPDUInOrder", "Yes", "Yes" },
	{ "DataSequenceInOrder", "Yes", "Yes" },
	{ "ErrorRecoveryLevel", "0", "0" },
	{ "IFMarker", "No", "No" },
	{ "OFMarker", "No", "No" },
	{ "TaskReporting", "RFC3720", "RFC3720" },
	{ "iSCSIProtocolLevel", "1", "1" },
};

static void keys_defaults_test(struct kunit *test)
{
	char text[LUNAR_KEY_REPLY_MAX];
	struct lunar_params offer;
	struct lunar_nego nego;
	u32 i;

	lunar_keys_defaults(&offer);
	lunar_keys_init(&nego, &offer);
	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(defaults), LUNAR_KEY_NR);
	for (i = 0; i < ARRAY_SIZE(defaults); i++) {
		bool boolean = lunar_keys_table[i].type == LUNAR_KEY_BOOL_AND ||
			       lunar_keys_table[i].type == LUNAR_KEY_BOOL_OR;
		int id = lunar_keys_find(defaults[i].name);

		KUNIT_ASSERT_EQ(test, id, i);
		KUNIT_EXPECT_TRUE(test, !boolean || (nego.result.val[i] <= 1 && offer.val[i] <= 1));
		KUNIT_EXPECT_LE(test, lunar_keys_format(id, nego.result.val[id], text,
							sizeof(text)), 32);
		KUNIT_EXPECT_STREQ_MSG(test, text, defaults[i].rfc, "%s", defaults[i].name);
		lunar_keys_format(id, offer.val[id], text, sizeof(text));
		KUNIT_EXPECT_STREQ_MSG(test, text, defaults[i].lunar, "%s", defaults[i].name);
	}
	KUNIT_EXPECT_EQ(test, nego.peer_max_recv, 8192);
	KUNIT_EXPECT_EQ(test, lunar_keys_finish(&nego), 0);
}

/* A row that cannot be found, or whose default nobody may configure. */
static void keys_table_test(struct kunit *test)
{
	char text[LUNAR_KEY_REPLY_MAX];
	int id;

	for (id = 0; id < LUNAR_KEY_TABLE_SIZE; id++) {
		const struct lunar_key *key = &lunar_keys_table[id];
		u32 val = 0;

		KUNIT_ASSERT_NOT_NULL(test, key->name);
		KUNIT_EXPECT_EQ(test, lunar_keys_find(key->name), id);
		KUNIT_EXPECT_LE(test, strlen(key->name), 63);
		if (id >= LUNAR_KEY_NR) {
			KUNIT_EXPECT_EQ(test, lunar_keys_parse(id, "1", &val), -EINVAL);
			KUNIT_EXPECT_EQ(test, lunar_keys_format(id, 1, text, sizeof(text)),
					-EINVAL);
			continue;
		}
		KUNIT_EXPECT_TRUE(test, key->type != LUNAR_KEY_TEXT);
		KUNIT_EXPECT_EQ(test, key->type == LUNAR_KEY_LIST, !!key->items);
		lunar_keys_format(id, key->lunar_default, text, sizeof(text));
		KUNIT_EXPECT_EQ(test, lunar_keys_parse(id, text, &val), 0);
		KUNIT_EXPECT_EQ(test, val, key->lunar_default);
	}
	KUNIT_EXPECT_EQ(test, lunar_keys_find("headerdigest"), -ENOENT);
	KUNIT_EXPECT_EQ(test, lunar_keys_find("HeaderDigest "), -ENOENT);
	KUNIT_EXPECT_EQ(test, lunar_keys_find("X#NodeArchitecture"), -ENOENT);
	KUNIT_EXPECT_EQ(test, lunar_keys_find(""), -ENOENT);
}

/* Which keys may come when: RFC 7143 6.3.2 and the "Use" lines of 13. */
static void keys_flags_test(struct kunit *test)
{
	static const struct {
		const char *name;
		u8 flags;
	} cases[] = {
		{ "HeaderDigest", 0 },
		{ "DataDigest", 0 },
		{ "MaxConnections", LUNAR_KEY_NORMAL_ONLY },
		{ "InitialR2T", LUNAR_KEY_NORMAL_ONLY },
		{ "ImmediateData", LUNAR_KEY_NORMAL_ONLY },
		{ "MaxRecvDataSegmentLength", LUNAR_KEY_FULL_FEATURE },
		{ "MaxBurstLength", LUNAR_KEY_NORMAL_ONLY },
		{ "FirstBurstLength", LUNAR_KEY_NORMAL_ONLY },
		{ "DefaultTime2Wait", 0 },
		{ "DefaultTime2Retain", 0 },
		{ "MaxOutstandingR2T", LUNAR_KEY_NORMAL_ONLY },
		{ "DataPDUInOrder", LUNAR_KEY_NORMAL_ONLY },
		{ "DataSequenceInOrder", LUNAR_KEY_NORMAL_ONLY },
		{ "ErrorRecoveryLevel", 0 },
		{ "IFMarker", LUNAR_KEY_OBSOLETE },
		{ "OFMarker", LUNAR_KEY_OBSOLETE },
		{ "TaskReporting", LUNAR_KEY_NORMAL_ONLY },
		{ "iSCSIProtocolLevel", LUNAR_KEY_NORMAL_ONLY },
		{ "AuthMethod", LUNAR_KEY_ANY_STAGE },
		{ "InitiatorName", LUNAR_KEY_ANY_STAGE | LUNAR_KEY_INITIAL_ONLY },
		{ "InitiatorAlias", LUNAR_KEY_ANY_STAGE | LUNAR_KEY_FULL_FEATURE },
		{ "TargetName", LUNAR_KEY_ANY_STAGE | LUNAR_KEY_INITIAL_ONLY },
		{ "TargetAlias", LUNAR_KEY_ANY_STAGE | LUNAR_KEY_FULL_FEATURE |
				 LUNAR_KEY_FROM_TARGET },
		{ "TargetAddress", LUNAR_KEY_ANY_STAGE | LUNAR_KEY_FULL_FEATURE |
				   LUNAR_KEY_FROM_TARGET },
		{ "TargetPortalGroupTag", LUNAR_KEY_ANY_STAGE | LUNAR_KEY_FROM_TARGET },
		{ "SessionType", LUNAR_KEY_ANY_STAGE | LUNAR_KEY_INITIAL_ONLY },
		{ "SendTargets", LUNAR_KEY_FULL_FEATURE },
		{ "IFMarkInt", LUNAR_KEY_OBSOLETE },
		{ "OFMarkInt", LUNAR_KEY_OBSOLETE },
	};
	u32 i;

	KUNIT_ASSERT_EQ(test, ARRAY_SIZE(cases), LUNAR_KEY_TABLE_SIZE);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		int id = lunar_keys_find(cases[i].name);

		KUNIT_ASSERT_TRUE(test, id >= 0);
		KUNIT_EXPECT_EQ_MSG(test, lunar_keys_table[id].flags, cases[i].flags, "%s",
				    cases[i].name);
	}
}

/* Instead of a reply. */
#define SILENT	"(silent)"
#define FATAL	"(fatal)"

struct nego_case {
	const char *key, *value;
	const char *reply;
	const char *result;	/* in force afterwards; NULL: the RFC's default */
	const char *offer;	/* configured instead of lunar's default */
	bool discovery;
};

static const struct nego_case nego_cases[] = {
	/* Lists: the first of theirs that we allow. */
	{ "HeaderDigest", "None", "None" },
	{ "HeaderDigest", "CRC32C", "CRC32C", "CRC32C" },
	{ "HeaderDigest", "CRC32C,None", "CRC32C", "CRC32C" },
	{ "HeaderDigest", "None,CRC32C", "None", "None" },
	{ "DataDigest", "CRC32C,None", "None", "None", "None" },
	{ "DataDigest", "None,CRC32C", "CRC32C", "CRC32C", "CRC32C" },
	{ "DataDigest", "X-crc64,CRC32C", "CRC32C", "CRC32C" },
	{ "DataDigest", "CRC32C", "Reject", NULL, "None" },
	{ "DataDigest", "None", "Reject", NULL, "CRC32C" },
	{ "DataDigest", "", "Reject" },
	{ "DataDigest", "crc32c", "Reject" },
	{ "DataDigest", "CRC32", "Reject" },
	{ "DataDigest", "CRC32C ", "Reject" },
	{ "DataDigest", ",,CRC32C", "CRC32C", "CRC32C" },
	{ "HeaderDigest", "CRC32C", "CRC32C", "CRC32C", .discovery = true },
	{ "TaskReporting", "FastAbort,ResponseFence,RFC3720", "RFC3720", "RFC3720" },
	{ "TaskReporting", "FastAbort", "Reject" },
	{ "TaskReporting", "RFC3720", "Irrelevant", .discovery = true },

	/* Booleans. */
	{ "InitialR2T", "No", "No", "No" },
	{ "InitialR2T", "Yes", "Yes", "Yes" },
	{ "InitialR2T", "No", "Yes", "Yes", "Yes" },
	{ "InitialR2T", "Yes", "Yes", "Yes", "Yes" },
	{ "ImmediateData", "No", "No", "No" },
	{ "ImmediateData", "Yes", "Yes", "Yes" },
	{ "ImmediateData", "Yes", "No", "No", "No" },
	{ "ImmediateData", "No", "No", "No", "No" },
	{ "ImmediateData", "yes", "Reject" },
	{ "ImmediateData", "Y", "Reject" },
	{ "ImmediateData", "1", "Reject" },
	{ "ImmediateData", "", "Reject" },
	{ "ImmediateData", "Yes,No", "Reject" },
	{ "InitialR2T", "No", "Irrelevant", .discovery = true },
	{ "ImmediateData", "Yes", "Irrelevant", .discovery = true },
	{ "DataPDUInOrder", "Yes", "Yes", "Yes" },
	{ "DataPDUInOrder", "No", "Yes", "Yes" },
	{ "DataSequenceInOrder", "No", "Yes", "Yes" },
	{ "DataSequenceInOrder", "No", "Irrelevant", .discovery = true },

	/* Numbers. */
	{ "MaxConnections", "1", "1", "1" },
	{ "MaxConnections", "65535", "1", "1" },
	{ "MaxConnections", "65536", "Reject" },
	{ "MaxConnections", "0", "Reject" },
	{ "MaxConnections", "4", "Irrelevant", .discovery = true },
	{ "MaxBurstLength", "262144", "262144", "262144" },
	{ "MaxBurstLength", "16776192", "1048576", "1048576" },
	{ "MaxBurstLength", "512", "512", "512" },
	{ "MaxBurstLength", "511", "Reject" },
	{ "MaxBurstLength", "16777215", "1048576", "1048576" },
	{ "MaxBurstLength", "16777216", "Reject" },
	{ "MaxBurstLength", "16777215", "16777215", "16777215", "16777215" },
	{ "FirstBurstLength", "131072", "131072", "131072" },
	{ "FirstBurstLength", "0x40000", "262144", "262144" },
	{ "FirstBurstLength", "16777215", "262144", "262144" },
	{ "FirstBurstLength", "16777215", "1048576", "1048576", "2097152" },
	{ "DefaultTime2Wait", "0", "2", "2" },
	{ "DefaultTime2Wait", "5", "5", "5" },
	{ "DefaultTime2Wait", "3600", "3600", "3600" },
	{ "DefaultTime2Wait", "3601", "Reject" },
	{ "DefaultTime2Wait", "5", "5", "5", .discovery = true },
	{ "DefaultTime2Retain", "20", "0", "0" },
	{ "DefaultTime2Retain", "20", "10", "10", "10" },
	{ "MaxOutstandingR2T", "1", "1", "1" },
	{ "MaxOutstandingR2T", "8", "8", "8" },
	{ "MaxOutstandingR2T", "65535", "8", "8" },
	{ "MaxOutstandingR2T", "0", "Reject" },
	{ "ErrorRecoveryLevel", "0", "0", "0" },
	{ "ErrorRecoveryLevel", "2", "0", "0" },
	{ "ErrorRecoveryLevel", "3", "Reject" },
	{ "ErrorRecoveryLevel", "2", "0", "0", .discovery = true },
	{ "iSCSIProtocolLevel", "1", "1", "1" },
	{ "iSCSIProtocolLevel", "2", "1", "1" },
	{ "iSCSIProtocolLevel", "0", "0", "0" },
	{ "iSCSIProtocolLevel", "32", "Reject" },

	/* Obsolete: No, and always Reject for the intervals. */
	{ "IFMarker", "No", "No", "No" },
	{ "OFMarker", "Yes", "No", "No" },
	{ "OFMarker", "maybe", "Reject" },
	{ "IFMarkInt", "2048~8192", "Reject" },
	{ "OFMarkInt", "1", "Reject", .discovery = true },

	/* Strings, for the caller. */
	{ "InitiatorName", "iqn.2001-04.com.example", SILENT },
	{ "TargetName", "iqn.2001-04.com.example:t", SILENT },
	{ "SessionType", "Discovery", SILENT },
	{ "AuthMethod", "CHAP,None", SILENT },
	{ "SendTargets", "All", SILENT },
	{ "InitiatorAlias", "", SILENT },

	/* For a target to send. */
	{ "TargetAlias", "x", FATAL },
	{ "TargetAddress", "192.0.2.1:3260,1", FATAL },
	{ "TargetPortalGroupTag", "1", FATAL },

	/* Answers to what we declare, and proposals that are none. */
	{ "MaxRecvDataSegmentLength", "Reject", SILENT },
	{ "TargetAlias", "NotUnderstood", SILENT },
	{ "TargetPortalGroupTag", "NotUnderstood", SILENT },
	{ "TargetAddress", "Irrelevant", SILENT },
	{ "IFMarkInt", "Reject", SILENT },
	{ "OFMarker", "Irrelevant", SILENT },
	{ "HeaderDigest", "Reject", FATAL },
	{ "MaxBurstLength", "Irrelevant", FATAL },
	{ "InitialR2T", "NotUnderstood", FATAL },
	{ "InitiatorName", "NotUnderstood", FATAL },
	{ "MaxBurstLength", "reject", "Reject" },

	/* Unknown. */
	{ "X-com.example.key", "1", "NotUnderstood" },
	{ "X#NodeArchitecture", "vmkernel", "NotUnderstood" },
	{ "X-com.example.key", "NotUnderstood", SILENT },
	{ "MaxXmitDataSegmentLength", "8192", "NotUnderstood", .discovery = true },
};

static void nego_desc(const struct nego_case *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s=%s%s%s%s", c->key, c->value,
		 c->offer ? ", we offer " : "", c->offer ? c->offer : "",
		 c->discovery ? ", discovery" : "");
}

KUNIT_ARRAY_PARAM(nego, nego_cases, nego_desc);

static enum lunar_key_verdict case_verdict(const struct nego_case *c)
{
	if (!strcmp(c->reply, SILENT))
		return LUNAR_KEY_SILENT;
	if (!strcmp(c->reply, FATAL))
		return LUNAR_KEY_FATAL;
	return LUNAR_KEY_ANSWER;
}

static void keys_negotiate_test(struct kunit *test)
{
	const struct nego_case *c = test->param_value;
	char reply[LUNAR_KEY_REPLY_MAX] = "untouched";
	struct lunar_nego nego, before;
	struct lunar_params offer;
	enum lunar_key_verdict verdict = case_verdict(c);
	int id = lunar_keys_find(c->key);
	u32 val;

	lunar_keys_defaults(&offer);
	if (c->offer)
		KUNIT_ASSERT_EQ(test, lunar_keys_parse(id, c->offer, &offer.val[id]), 0);
	lunar_keys_init(&nego, &offer);
	nego.discovery = c->discovery;
	before = nego;
	KUNIT_EXPECT_EQ(test, lunar_keys_negotiate(&nego, id, c->value, reply), verdict);
	KUNIT_EXPECT_STREQ(test, reply, verdict == LUNAR_KEY_ANSWER ? c->reply : "untouched");
	if (c->result && !lunar_keys_parse(id, c->result, &val))
		before.result.val[id] = val;
	KUNIT_EXPECT_EQ(test, memcmp(&nego.result, &before.result, sizeof(nego.result)), 0);
}

/* An id from beyond the table is no key. */
static void keys_bad_id_test(struct kunit *test)
{
	static const int ids[] = { -1, -ENOENT, LUNAR_KEY_TABLE_SIZE, LUNAR_KEY_TABLE_SIZE + 1 };
	char reply[LUNAR_KEY_REPLY_MAX];
	struct lunar_params offer;
	struct lunar_nego nego;
	u32 i;

	lunar_keys_defaults(&offer);
	lunar_keys_init(&nego, &offer);
	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		KUNIT_EXPECT_EQ(test, lunar_keys_negotiate(&nego, ids[i], "1", reply),
				LUNAR_KEY_ANSWER);
		KUNIT_EXPECT_STREQ(test, reply, "NotUnderstood");
		KUNIT_EXPECT_EQ(test, nego.seen, 0);
	}
}

/* Each key once per login, whatever became of it. */
static void keys_twice_test(struct kunit *test)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(nego_cases); i++) {
		const struct nego_case *c = &nego_cases[i];
		char reply[LUNAR_KEY_REPLY_MAX];
		int id = lunar_keys_find(c->key);
		enum lunar_key_verdict again;
		struct lunar_params offer;
		struct lunar_nego nego;

		if (id < 0 || case_verdict(c) == LUNAR_KEY_FATAL)
			continue;
		again = LUNAR_KEY_FATAL;
		/* An answer is not a proposal, and may come before ours. */
		if (lunar_keys_list_has("Reject,Irrelevant,NotUnderstood", c->value))
			again = LUNAR_KEY_SILENT;
		lunar_keys_defaults(&offer);
		lunar_keys_init(&nego, &offer);
		lunar_keys_negotiate(&nego, id, c->value, reply);
		KUNIT_EXPECT_EQ_MSG(test, lunar_keys_negotiate(&nego, id, c->value, reply), again,
				    "%s=%s", c->key, c->value);
	}
}

/* What the initiator declares is its own; ours and the result are not touched. */
static void keys_declare_test(struct kunit *test)
{
	static const struct {
		const char *value;
		enum lunar_key_verdict verdict;
		u32 peer_max_recv;
	} cases[] = {
		{ "131072", LUNAR_KEY_SILENT, 131072 },
		{ "512", LUNAR_KEY_SILENT, 512 },
		{ "16777215", LUNAR_KEY_SILENT, 16777215 },
		{ "0x2000", LUNAR_KEY_SILENT, 8192 },
		{ "511", LUNAR_KEY_ANSWER, 8192 },
		{ "16777216", LUNAR_KEY_ANSWER, 8192 },
		{ "lots", LUNAR_KEY_ANSWER, 8192 },
		{ "NotUnderstood", LUNAR_KEY_SILENT, 8192 },
	};
	int id = LUNAR_KEY_MAX_RECV_DATA_SEGMENT_LENGTH;
	u32 i, discovery;

	for (discovery = 0; discovery < 2; discovery++)
		for (i = 0; i < ARRAY_SIZE(cases); i++) {
			char reply[LUNAR_KEY_REPLY_MAX];
			struct lunar_params offer;
			struct lunar_nego nego;

			lunar_keys_defaults(&offer);
			lunar_keys_init(&nego, &offer);
			nego.discovery = discovery;
			KUNIT_EXPECT_EQ_MSG(test,
					    lunar_keys_negotiate(&nego, id, cases[i].value, reply),
					    cases[i].verdict, "%s", cases[i].value);
			if (cases[i].verdict == LUNAR_KEY_ANSWER)
				KUNIT_EXPECT_STREQ(test, reply, "Reject");
			KUNIT_EXPECT_EQ(test, nego.peer_max_recv, cases[i].peer_max_recv);
			KUNIT_EXPECT_EQ(test, nego.result.val[id], 8192);
		}
}

/* RFC 7143 13.14: FirstBurstLength is never more than MaxBurstLength. */
static void keys_bursts_test(struct kunit *test)
{
	static const struct {
		const char *first_key, *first, *second_key, *second;
		const char *reply;	/* to the second */
		u32 first_burst, max_burst;
	} cases[] = {
		{ "MaxBurstLength", "65536", "FirstBurstLength", "262144", "65536", 65536, 65536 },
		{ "FirstBurstLength", "262144", "MaxBurstLength", "65536", "65536", 65536, 65536 },
		{ "FirstBurstLength", "4096", "MaxBurstLength", "65536", "65536", 4096, 65536 },
		{ "InitialR2T", "No", "MaxBurstLength", "1024", "1024", 1024, 1024 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		char reply[LUNAR_KEY_REPLY_MAX];
		struct lunar_params offer;
		struct lunar_nego nego;

		lunar_keys_defaults(&offer);
		lunar_keys_init(&nego, &offer);
		lunar_keys_negotiate(&nego, lunar_keys_find(cases[i].first_key),
				     cases[i].first, reply);
		lunar_keys_negotiate(&nego, lunar_keys_find(cases[i].second_key),
				     cases[i].second, reply);
		KUNIT_EXPECT_STREQ(test, reply, cases[i].reply);
		KUNIT_EXPECT_EQ(test, lunar_keys_finish(&nego), 0);
		KUNIT_EXPECT_EQ(test, nego.result.val[LUNAR_KEY_FIRST_BURST_LENGTH],
				cases[i].first_burst);
		KUNIT_EXPECT_EQ(test, nego.result.val[LUNAR_KEY_MAX_BURST_LENGTH],
				cases[i].max_burst);
	}
}

/* A digest that we require and do not get fails the login. */
static void keys_digest_required_test(struct kunit *test)
{
	static const struct {
		const char *offer, *value;
		int ret;
	} cases[] = {
		{ "None,CRC32C", NULL, 0 },
		{ "None", NULL, 0 },
		{ "CRC32C", NULL, -EPROTO },
		{ "CRC32C", "None", -EPROTO },
		{ "CRC32C", "None,CRC32C", 0 },
		{ "None", "CRC32C", 0 },	/* theirs to give up */
	};
	u32 i, id;

	for (id = LUNAR_KEY_HEADER_DIGEST; id <= LUNAR_KEY_DATA_DIGEST; id++)
		for (i = 0; i < ARRAY_SIZE(cases); i++) {
			char reply[LUNAR_KEY_REPLY_MAX];
			struct lunar_params offer;
			struct lunar_nego nego;

			lunar_keys_defaults(&offer);
			lunar_keys_parse(id, cases[i].offer, &offer.val[id]);
			lunar_keys_init(&nego, &offer);
			if (cases[i].value)
				lunar_keys_negotiate(&nego, id, cases[i].value, reply);
			KUNIT_EXPECT_EQ_MSG(test, lunar_keys_finish(&nego), cases[i].ret,
					    "offer %s, key %u", cases[i].offer, id);
		}
}

/* A whole operational stage, as a text segment in and a text segment out. */
static const struct {
	const char *name;
	const char *pairs[20];
	const char *answer;	/* values only, in order */
} stages[] = {
	{ "ESXi", {
		"HeaderDigest=None", "DataDigest=None", "DefaultTime2Wait=2",
		"DefaultTime2Retain=0", "IFMarker=No", "OFMarker=No", "ErrorRecoveryLevel=0",
		"InitialR2T=No", "ImmediateData=Yes", "MaxBurstLength=262144",
		"FirstBurstLength=262144", "MaxOutstandingR2T=1", "MaxConnections=1",
		"DataPDUInOrder=Yes", "DataSequenceInOrder=Yes",
		"MaxRecvDataSegmentLength=131072",
	  }, "None None 2 0 No No 0 No Yes 262144 262144 1 1 Yes Yes" },
	{ "open-iscsi", {
		"HeaderDigest=None", "DataDigest=None", "DefaultTime2Wait=2",
		"DefaultTime2Retain=0", "IFMarker=No", "OFMarker=No", "ErrorRecoveryLevel=0",
		"InitialR2T=No", "ImmediateData=Yes", "MaxBurstLength=16776192",
		"FirstBurstLength=262144", "MaxOutstandingR2T=1", "MaxConnections=1",
		"DataPDUInOrder=Yes", "DataSequenceInOrder=Yes",
		"MaxRecvDataSegmentLength=262144",
	  }, "None None 2 0 No No 0 No Yes 1048576 262144 1 1 Yes Yes" },
	{ "the most", {
		"HeaderDigest=CRC32C,None", "DataDigest=CRC32C", "DefaultTime2Wait=0",
		"DefaultTime2Retain=3600", "ErrorRecoveryLevel=2", "InitialR2T=Yes",
		"ImmediateData=No", "MaxBurstLength=0xFFFFFF", "MaxOutstandingR2T=64",
		"MaxConnections=8", "DataPDUInOrder=No", "X-org.example.a=b", "OFMarkInt=1~2",
		"TaskReporting=FastAbort,RFC3720", "iSCSIProtocolLevel=2",
	  }, "CRC32C CRC32C 2 0 0 Yes No 1048576 8 1 Yes NotUnderstood Reject RFC3720 1" },
};

static void answer_stage(struct kunit *test, struct lunar_nego *nego, struct lunar_text *in,
			 struct lunar_text *out)
{
	char reply[LUNAR_KEY_REPLY_MAX];
	char *name, *value;
	u32 pos = 0;

	while (lunar_keys_next(in->buf, in->len, &pos, &name, &value) > 0)
		if (lunar_keys_negotiate(nego, lunar_keys_find(name), value, reply) ==
		    LUNAR_KEY_ANSWER)
			lunar_keys_put(out, name, reply);
	KUNIT_EXPECT_EQ(test, pos, in->len);
}

static void keys_stage_test(struct kunit *test)
{
	u32 i, p;

	for (i = 0; i < ARRAY_SIZE(stages); i++) {
		struct lunar_text in = { .buf = kunit_kzalloc(test, 1024, GFP_KERNEL) };
		struct lunar_text out = { .buf = kunit_kzalloc(test, 1024, GFP_KERNEL),
					  .size = 1024 };
		char *answer = kunit_kzalloc(test, 1024, GFP_KERNEL);
		struct lunar_params offer;
		struct lunar_nego nego;
		char *name, *value;
		u32 pos = 0;

		KUNIT_ASSERT_TRUE(test, in.buf && out.buf && answer);
		for (p = 0; stages[i].pairs[p]; p++) {
			u32 len = strlen(stages[i].pairs[p]) + 1;

			memcpy(in.buf + in.len, stages[i].pairs[p], len);
			in.len += len;
		}
		lunar_keys_defaults(&offer);
		lunar_keys_init(&nego, &offer);
		answer_stage(test, &nego, &in, &out);
		KUNIT_EXPECT_EQ(test, lunar_keys_finish(&nego), 0);
		KUNIT_EXPECT_FALSE(test, out.overflow);
		while (lunar_keys_next(out.buf, out.len, &pos, &name, &value) > 0) {
			if (*answer)
				strcat(answer, " ");
			strcat(answer, value);
		}
		KUNIT_EXPECT_STREQ_MSG(test, answer, stages[i].answer, "%s", stages[i].name);
	}
}

/* Any two legal numbers: the answer is legal, and what the rule says. */
static void keys_numbers_random_test(struct kunit *test)
{
	u32 seed = 13;
	u32 round;

	for (round = 0; round < 20000; round++) {
		int id = random_below(&seed, LUNAR_KEY_NR);
		const struct lunar_key *key = &lunar_keys_table[id];
		char value[16], reply[LUNAR_KEY_REPLY_MAX];
		u32 theirs, ours, want, got = 0;
		struct lunar_params offer;
		struct lunar_nego nego;

		if (key->type != LUNAR_KEY_NUM_MIN && key->type != LUNAR_KEY_NUM_MAX)
			continue;
		theirs = key->min + random_below(&seed, key->max - key->min + 1);
		ours = key->min + random_below(&seed, key->config_max - key->min + 1);
		snprintf(value, sizeof(value), random_below(&seed, 2) ? "%u" : "0x%x", theirs);
		lunar_keys_defaults(&offer);
		if (id == LUNAR_KEY_FIRST_BURST_LENGTH)
			offer.val[LUNAR_KEY_MAX_BURST_LENGTH] = key->max;
		offer.val[id] = ours;
		lunar_keys_init(&nego, &offer);
		want = key->type == LUNAR_KEY_NUM_MIN ? min(theirs, ours) : max(theirs, ours);

		KUNIT_ASSERT_EQ(test, lunar_keys_negotiate(&nego, id, value, reply),
				LUNAR_KEY_ANSWER);
		KUNIT_ASSERT_EQ(test, nego.result.val[id], want);
		KUNIT_ASSERT_TRUE(test, !lunar_keys_parse(id, reply, &got) ||
				  want > key->config_max);
		KUNIT_ASSERT_TRUE(test, got == want || want > key->config_max);
	}
}

static struct kunit_case keys_cases[] = {
	KUNIT_CASE(keys_defaults_test),
	KUNIT_CASE(keys_table_test),
	KUNIT_CASE(keys_flags_test),
	KUNIT_CASE_PARAM(keys_negotiate_test, nego_gen_params),
	KUNIT_CASE(keys_bad_id_test),
	KUNIT_CASE(keys_twice_test),
	KUNIT_CASE(keys_declare_test),
	KUNIT_CASE(keys_bursts_test),
	KUNIT_CASE(keys_digest_required_test),
	KUNIT_CASE(keys_stage_test),
	KUNIT_CASE(keys_numbers_random_test),
	{}
};

static struct kunit_suite keys_suite = {
	.name = "lunar-keys",
	.test_cases = keys_cases,
};

kunit_test_suite(keys_suite);
