// SPDX-License-Identifier: GPL-2.0
/* Before and in the login phase. */

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rawpdu.h"

#define CLOSE_MS	(5000 * opt.factor)
#define OPERATIONAL	(ISCSI_OP_PARMS_NEGOTIATION_STAGE << 2)

/* The login must end with this status (-1: any refusal) and a closed connection. */
static void want_refused(const struct login *l, int want)
{
	struct conn *c = conn_open();
	u16 status = login_try(c, l);

	if (!status)
		fail("the login succeeds");
	if (want >= 0 && status != want)
		fail("status 0x%04x, should be 0x%04x", status, want);
	if (status != LOGIN_CLOSED)
		want_closed(c);
	conn_close(c);
}

static void usual(void)
{
	logout(login_usual());
}

static void esxi_keys(void)
{
	static const char *const offered[] = {
		"HeaderDigest", "DataDigest", "DefaultTime2Wait", "DefaultTime2Retain",
		"IFMarker", "OFMarker", "ErrorRecoveryLevel", "InitialR2T", "ImmediateData",
		"MaxBurstLength", "FirstBurstLength", "MaxOutstandingR2T", "MaxConnections",
		"DataPDUInOrder", "DataSequenceInOrder", "MaxRecvDataSegmentLength",
	};
	static const char *const want[][2] = {
		{ "HeaderDigest", "None" }, { "DataDigest", "None" },
		{ "IFMarker", "No" }, { "OFMarker", "No" },
		{ "ErrorRecoveryLevel", "0" }, { "MaxConnections", "1" },
		{ "DefaultTime2Wait", "2" }, { "DefaultTime2Retain", "0" },
		{ "DataPDUInOrder", "Yes" }, { "DataSequenceInOrder", "Yes" },
	};
	struct conn *c = login_usual();
	const char *value;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(offered); i++)
		if (!text_find(&c->answer, c->answer.len, offered[i]))
			fail("%s is not answered", offered[i]);
	for (i = 0; i < ARRAY_SIZE(want); i++) {
		value = text_find(&c->answer, c->answer.len, want[i][0]);
		if (strcmp(value, want[i][1]))
			fail("%s=%s, should be %s", want[i][0], value, want[i][1]);
	}
	if (!text_find(&c->answer, c->first_answer, "TargetPortalGroupTag"))
		fail("no TargetPortalGroupTag in the first response");
	logout(c);
}

static void skip_security(void)
{
	if (opt.secret)
		skip("needs a target without CHAP");
	logout(login(&(struct login){ .skip_security = true }));
}

static void garbage(void)
{
	static const char *const text[] = { "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\r\n", "\xff" };
	static u8 buf[65536];
	struct conn *c;
	u32 i;

	for (i = 0; i < 40; i++) {
		u32 len = 1 + rnd(i % 4 ? 200 : sizeof(buf));

		fill(buf, len, rnd(1 << 30));
		if (i < ARRAY_SIZE(text)) {
			len = strlen(text[i]);
			memcpy(buf, text[i], len);
		}
		c = conn_open();
		conn_send(c, buf, len);
		shutdown(c->fd, SHUT_WR);
		if (!conn_wait_closed(c, CLOSE_MS))
			fail("not closed after %u bytes of garbage", len);
		conn_close(c);
	}
	still_serves();
}

/* Every length of a Login Request, then the end of the connection. */
static void truncated(void)
{
	static struct text text;
	u8 buf[ISCSI_HDR_LEN + 512] = { ISCSI_OP_LOGIN | ISCSI_OP_IMMEDIATE,
					ISCSI_FLAG_LOGIN_TRANSIT | 1 };
	struct conn *c;
	u32 len;

	login_text(&text, &(struct login){});
	hton24((buf + 5), text.len);
	memcpy(buf + ISCSI_HDR_LEN, text.buf, text.len);
	for (len = 0; len < ISCSI_HDR_LEN + text.len; len += 1 + rnd(4)) {
		c = conn_open();
		conn_send(c, buf, len);
		conn_close(c);
	}
	still_serves();
}

/* A Login Request with a header of its own making. */
static void want_header_refused(const union bhs *bhs, const void *more, u32 len)
{
	struct conn *c = conn_open();

	conn_send(c, bhs, sizeof(*bhs));
	conn_send(c, more, len);
	if (!conn_wait_closed(c, CLOSE_MS))
		fail("the connection stays open");
	conn_close(c);
}

static union bhs login_header(u8 flags)
{
	union bhs bhs = { .login = { .opcode = ISCSI_OP_LOGIN | ISCSI_OP_IMMEDIATE,
				     .flags = flags } };

	return bhs;
}

static void oversized_data(void)
{
	static const u32 lengths[] = { 8193, 65536, 0x800000, 0xffffff };
	union bhs bhs = login_header(ISCSI_FLAG_LOGIN_TRANSIT | 1);
	static u8 more[16384];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(lengths); i++) {
		hton24(bhs.hdr.dlength, lengths[i]);
		want_header_refused(&bhs, more, sizeof(more));
	}
	still_serves();
}

static void with_ahs(void)
{
	union bhs bhs = login_header(ISCSI_FLAG_LOGIN_TRANSIT | 1);
	static u8 more[1020];

	bhs.hdr.hlength = 255;
	want_header_refused(&bhs, more, sizeof(more));
	still_serves();
}

static void not_a_login(void)
{
	static const u8 opcodes[] = {
		ISCSI_OP_NOOP_OUT, ISCSI_OP_SCSI_CMD, ISCSI_OP_SCSI_TMFUNC, ISCSI_OP_TEXT,
		ISCSI_OP_SCSI_DATA_OUT, ISCSI_OP_LOGOUT, ISCSI_OP_SNACK, 0x1d, 0x23, 0x3f,
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(opcodes); i++) {
		union bhs bhs = { .hdr = { .opcode = opcodes[i], .flags = FINAL } };

		want_header_refused(&bhs, NULL, 0);
	}
	still_serves();
}

/* Stages and their bits (RFC 7143 11.12.3). */
static void bad_stages(void)
{
	static const u8 flags[] = {
		2 << 2,					/* CSG is reserved */
		3 << 2,
		ISCSI_FLAG_LOGIN_TRANSIT,		/* to the same stage */
		ISCSI_FLAG_LOGIN_TRANSIT | 2,		/* NSG is reserved */
		ISCSI_FLAG_LOGIN_TRANSIT | OPERATIONAL,	/* back */
		ISCSI_FLAG_LOGIN_TRANSIT | ISCSI_FLAG_LOGIN_CONTINUE | 1,
	};
	static struct text text;
	static struct pdu rsp;
	struct conn *c;
	u32 i;

	login_text(&text, &(struct login){});
	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		c = conn_open();
		if (login_exchange(c, flags[i], &text, 0, &rsp)) {
			if (rsp.bhs.login_rsp.status_class != ISCSI_STATUS_CLS_INITIATOR_ERR)
				fail("flags 0x%02x: status class %u", flags[i],
				     rsp.bhs.login_rsp.status_class);
			want_closed(c);
		}
		conn_close(c);
	}
}

static void bad_version(void)
{
	union bhs bhs = login_header(ISCSI_FLAG_LOGIN_TRANSIT | 1);
	struct conn *c = conn_open();
	const struct pdu *rsp;

	bhs.login.max_version = 5;
	bhs.login.min_version = 4;
	conn_send(c, &bhs, sizeof(bhs));
	rsp = pdu_want(c, ISCSI_OP_LOGIN_RSP);
	if (rsp->bhs.login_rsp.status_class != ISCSI_STATUS_CLS_INITIATOR_ERR ||
	    rsp->bhs.login_rsp.status_detail != ISCSI_LOGIN_STATUS_NO_VERSION)
		fail("status 0x%02x%02x, should be 0x0205", rsp->bhs.login_rsp.status_class,
		     rsp->bhs.login_rsp.status_detail);
	want_closed(c);
}

static void wrong_target(void)
{
	want_refused(&(struct login){ .target = "iqn.2026-01.vm.lunar:not-there" }, 0x0203);
	want_refused(&(struct login){ .target = "not a name" }, -1);
	want_refused(&(struct login){ .target = "" }, -1);
}

static void wrong_initiator(void)
{
	want_refused(&(struct login){ .initiator = "iqn.2026-01.vm.lunar:stranger" }, 0x0202);
	want_refused(&(struct login){ .initiator = "../../etc/passwd" }, -1);
	want_refused(&(struct login){ .initiator = "iqn.2026-01.%s%n%n%n" }, -1);
}

static void unknown_tsih(void)
{
	want_refused(&(struct login){ .tsih = 0xbeef }, -1);
}

static void unknown_session_type(void)
{
	struct conn *c = conn_open();
	static struct text text;
	static struct pdu rsp;

	text_add(&text, "InitiatorName=%s", opt.initiator);
	text_add(&text, "SessionType=Other");
	if (login_exchange(c, ISCSI_FLAG_LOGIN_TRANSIT | 1, &text, 0, &rsp)) {
		if (!rsp.bhs.login_rsp.status_class)
			fail("accepted");
		want_closed(c);
	}
}

static void no_initiator_name(void)
{
	struct conn *c = conn_open();
	static struct text text;
	static struct pdu rsp;

	text_add(&text, "TargetName=%s", opt.target);
	if (login_exchange(c, ISCSI_FLAG_LOGIN_TRANSIT | 1, &text, 0, &rsp)) {
		if (rsp.bhs.login_rsp.status_class != ISCSI_STATUS_CLS_INITIATOR_ERR ||
		    rsp.bhs.login_rsp.status_detail != ISCSI_LOGIN_STATUS_MISSING_FIELDS)
			fail("status 0x%02x%02x, should be 0x0207",
			     rsp.bhs.login_rsp.status_class, rsp.bhs.login_rsp.status_detail);
		want_closed(c);
	}
}

static void key_twice(void)
{
	want_refused(&(struct login){ .keys = "MaxBurstLength=4096\nMaxBurstLength=8192\n" }, 0x0200);
	want_refused(&(struct login){ .keys = "HeaderDigest=None\nInitialR2T=No\nHeaderDigest=None\n" },
		     0x0200);
}

static void overlong(void)
{
	static char lines[16384];
	struct conn *c;

	/* A name of more than 63 characters (6.1). */
	memset(lines, 'K', 100);
	strcpy(lines + 100, "=Yes\n");
	want_refused(&(struct login){ .keys = lines }, -1);
	/* An iSCSI name of more than 223 (4.2.7.1). */
	strcpy(lines, "iqn.2026-01.vm.");
	memset(lines + 15, 'a', 230);
	lines[245] = '\0';
	want_refused(&(struct login){ .initiator = lines }, -1);
	/* A value that fills the data segment: refused, or answered by Reject. */
	strcpy(lines, "MaxBurstLength=");
	memset(lines + 15, '1', 7500);
	strcpy(lines + 7515, "\n");
	c = conn_open();
	if (!login_try(c, &(struct login){ .keys = lines }) &&
	    strcmp(text_find(&c->answer, c->answer.len, "MaxBurstLength"), "Reject"))
		fail("MaxBurstLength of 7500 digits is taken");
	conn_close(c);
	still_serves();
}

static void malformed(void)
{
	static const char *const lines[] = { "MaxBurstLength", "=262144", "Max Burst=1",
					     "ImmediateData=Maybe" };
	struct conn *c;
	u32 i;

	for (i = 0; i < 3; i++)
		want_refused(&(struct login){ .keys = lines[i] }, -1);
	/* RFC 7143 6.2: an illegal value is Reject; then the default holds. */
	c = conn_open();
	if (!login_try(c, &(struct login){ .keys = lines[3] })) {
		const char *value = text_find(&c->answer, c->answer.len, "ImmediateData");

		if (!value || strcmp(value, "Reject"))
			fail("ImmediateData=Maybe is answered %s", value ? value : "by nothing");
	}
	conn_close(c);
	still_serves();
}

static void not_understood(void)
{
	struct conn *c = login(&(struct login){ .keys = "X-com.example.Key=1\nNoSuchKey=7\n" });
	const char *value = text_find(&c->answer, c->answer.len, "X-com.example.Key");

	if (!value || strcmp(value, "NotUnderstood"))
		fail("X-com.example.Key is answered %s", value ? value : "by nothing");
	value = text_find(&c->answer, c->answer.len, "NoSuchKey");
	if (!value || strcmp(value, "NotUnderstood"))
		fail("NoSuchKey is answered %s", value ? value : "by nothing");
	logout(c);
}

static void too_many_keys(void)
{
	struct conn *c = conn_open();
	static char lines[8000];
	size_t len = 0;
	int i;

	for (i = 0; i < 300; i++) {
		strcpy(lines + len, "X-a.00=1\n");
		lines[len + 4] = '0' + i / 10 % 10;
		lines[len + 5] = '0' + i % 10;
		len += strlen(lines + len);
	}
	/* Refused or answered, but not fatal to the target. */
	login_try(c, &(struct login){ .keys = lines });
	conn_close(c);
	still_serves();
}

static void c_bit(void)
{
	static const u32 pieces[] = { 23, 40, 100 };
	static struct pdu rsp;
	struct conn *c;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		c = login(&(struct login){ .piece = pieces[i] });
		if (c->key[MAX_BURST] > 262144 || c->key[INITIAL_R2T])
			fail("keys got lost: MaxBurstLength=%u", c->key[MAX_BURST]);
		logout(c);
	}
	/* Text without end. */
	c = conn_open();
	for (i = 0; i < 20000; i++) {
		union bhs bhs = login_header(ISCSI_FLAG_LOGIN_CONTINUE);

		if (!pdu_send(c, &bhs, "Key=12345678901234567890", 24))
			break;
		if (pdu_pending(c, 0) && !pdu_recv(c, &rsp))
			break;
	}
	if (!conn_wait_closed(c, CLOSE_MS))
		fail("text without end is taken");
	still_serves();
}

/* Many empty requests in one stage. */
static void without_end(void)
{
	struct conn *c = conn_open();
	static struct text text;
	static struct pdu rsp;
	u32 i;

	login_text(&text, &(struct login){});
	for (i = 0; i < 10000; i++) {
		if (!login_exchange(c, 0, &text, 0, &rsp) || rsp.bhs.login_rsp.status_class)
			break;
		text.len = 0;
	}
	if (i == 10000)
		fail("10000 requests are answered");
	conn_close(c);
}

/* login_timeout: after the target is named, and before anything is said. */
static void half_way(void)
{
	u64 begin = now_ms(), end = begin + (opt.login_timeout + 4) * 1000 + 1000 * opt.factor;
	struct conn *silent = conn_open(), *half = conn_open();
	static struct text text;
	static struct pdu rsp;

	login_text(&text, &(struct login){});
	if (!login_exchange(half, 0, &text, 0, &rsp) || rsp.bhs.login_rsp.status_class)
		fail("the first request is refused");
	if (!conn_wait_closed(half, end - now_ms()))
		fail("not closed within login_timeout=%u s and some", opt.login_timeout);
	if (!conn_wait_closed(silent, 20000 + 1000 * opt.factor))
		fail("a connection that says nothing is not closed within 20 s and some");
	if (now_ms() - begin < 3000)
		fail("closed after %u ms already", (unsigned int)(now_ms() - begin));
	still_serves();
}

static void half_open(void)
{
	struct conn *c[200];
	u64 begin;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(c); i++) {
		union bhs bhs = login_header(0);

		c[i] = conn_open();
		hton24(bhs.hdr.dlength, 100);
		conn_send(c[i], &bhs, i % 2 * 24 + i % 3 * 12);
	}
	begin = now_ms();
	logout(login_usual());
	if (now_ms() - begin > 1000 * opt.factor)
		fail("a login beside %zu half-open ones takes %u ms", ARRAY_SIZE(c),
		     (unsigned int)(now_ms() - begin));
	for (i = 0; i < ARRAY_SIZE(c); i++)
		conn_close(c[i]);
	still_serves();
}

const struct test_case login_cases[] = {
	{ "login", "6.3", usual },
	{ "login-esxi-keys", "13: every key offered is answered", esxi_keys },
	{ "login-skip-security", "6.3: the security stage is optional", skip_security },
	{ "login-garbage", "6.3", garbage },
	{ "login-truncated", "6.3", truncated, 40 },
	{ "login-oversized-data", "13.12: 8192 bytes before it is declared", oversized_data },
	{ "login-ahs", "11.12", with_ahs },
	{ "login-other-pdu", "6.3: no other PDU before login", not_a_login },
	{ "login-bad-stage", "11.12.3", bad_stages },
	{ "login-version", "11.12.4", bad_version },
	{ "login-wrong-target", "11.13.5: 0x0203", wrong_target },
	{ "login-wrong-initiator", "11.13.5: 0x0202", wrong_initiator },
	{ "login-unknown-tsih", "6.3.1", unknown_tsih },
	{ "login-session-type", "13.21", unknown_session_type },
	{ "login-no-name", "11.13.5: 0x0207", no_initiator_name },
	{ "login-key-twice", "6.2: a key once in a negotiation", key_twice },
	{ "login-overlong", "6.1", overlong },
	{ "login-malformed", "6.1, 6.2", malformed },
	{ "login-not-understood", "6.2", not_understood },
	{ "login-too-many-keys", "6.2", too_many_keys },
	{ "login-c-bit", "6.2, 11.12.2", c_bit },
	{ "login-without-end", "6.3", without_end },
	{ "login-half-way", "login_timeout", half_way, 60 },
	{ "login-half-open", "DESIGN 2: logins are parallel", half_open },
	{}
};
