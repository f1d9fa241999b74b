// SPDX-License-Identifier: GPL-2.0
/* CHAP: who must not get in. Needs a target that requires it. */

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "rawpdu.h"

#define AUTH_FAILED	0x0201

static void need_chap(void)
{
	if (!opt.secret)
		skip("needs a target with CHAP");
}

static void want_refused(const struct login *l)
{
	struct conn *c = conn_open();
	u16 status = login_try(c, l);

	if (status != AUTH_FAILED)
		fail("status 0x%04x, should be 0x%04x", status, AUTH_FAILED);
	want_closed(c);
	conn_close(c);
}

static void wrong_secret(void)
{
	need_chap();
	want_refused(&(struct login){ .secret = "not-the-secret-1" });
	want_refused(&(struct login){ .secret = "" });
	still_serves();
}

static void wrong_user(void)
{
	need_chap();
	want_refused(&(struct login){ .user = "nobody" });
	want_refused(&(struct login){ .user = "" });
}

static void none(void)
{
	need_chap();
	want_refused(&(struct login){ .methods = "None" });
	want_refused(&(struct login){ .methods = "SRP,KRB5" });
}

static void skipped(void)
{
	struct conn *c;
	u16 status;

	need_chap();
	c = conn_open();
	status = login_try(c, &(struct login){ .skip_security = true });
	if (status >> 8 != ISCSI_STATUS_CLS_INITIATOR_ERR)
		fail("status 0x%04x", status);
	want_closed(c);
}

static void both_offered(void)
{
	need_chap();
	logout(login(&(struct login){ .methods = "None,CHAP" }));
	logout(login(&(struct login){ .methods = "CHAP,None" }));
}

static void algorithms(void)
{
	u8 id;

	need_chap();
	for (id = 5; id <= 8; id++) {
		logout(login(&(struct login){ .algorithm = id }));
		want_refused(&(struct login){ .algorithm = id, .secret = "not-the-secret-1" });
	}
}

/* One exchange of these lines in the security stage; true if it is refused. */
static bool refused(struct conn *c, u8 flags, const char *lines)
{
	static struct text text;
	static struct pdu rsp;

	text.len = 0;
	text_add_lines(&text, lines);
	return !login_exchange(c, flags, &text, 0, &rsp) || rsp.bhs.login_rsp.status_class;
}

static struct conn *up_to_chap(bool challenged)
{
	struct conn *c = conn_open();
	static struct text text;
	static struct pdu rsp;

	text.len = 0;
	login_text(&text, &(struct login){});
	if (!login_exchange(c, 0, &text, 0, &rsp) || rsp.bhs.login_rsp.status_class)
		fail("the first request is refused");
	if (challenged && refused(c, 0, "CHAP_A=5\n"))
		fail("CHAP_A=5 is refused");
	return c;
}

/* Our response, and a challenge in hex for the target. */
static u16 mutual_step(struct conn *c, const char *challenge, struct pdu *rsp)
{
	static struct text text;

	chap_answer(c, &(struct login){}, &text);
	text_add(&text, "CHAP_I=17");
	text_add(&text, "CHAP_C=%s", challenge);
	if (!login_exchange(c, ISCSI_FLAG_LOGIN_TRANSIT | 1, &text, 0, rsp))
		fail("the connection is closed");
	return rsp->bhs.login_rsp.status_class << 8 | rsp->bhs.login_rsp.status_detail;
}

static void need_mutual(void)
{
	need_chap();
	if (!opt.target_secret)
		skip("needs a target with mutual CHAP");
}

/* The target proves itself, and its proof is right. */
static void mutual(void)
{
	static const char challenge[] = "0x00112233445566778899aabbccddeeff01";
	u8 input[512] = { 17 }, digest[HASH_MAX];
	const struct hash *hash = hash_of(5);
	char want[2 * HASH_MAX + 3] = "0x";
	const char *got;
	static struct pdu rsp;
	struct conn *c;
	u32 len, i;

	need_mutual();
	c = up_to_chap(true);
	if (mutual_step(c, challenge, &rsp))
		fail("refused");
	len = 1 + strlen(opt.target_secret);
	memcpy(input + 1, opt.target_secret, len - 1);
	for (i = 2; challenge[i]; i += 2, len++)
		sscanf(challenge + i, "%2hhx", &input[len]);
	hash->digest(input, len, digest);
	for (i = 0; i < hash->len; i++)
		sprintf(want + 2 + 2 * i, "%02x", digest[i]);
	got = text_find(&c->answer, c->answer.len, "CHAP_R");
	if (!got || strcmp(got, want))
		fail("CHAP_R is %s, should be %s", got ? got : "missing", want);
	if (!text_find(&c->answer, c->answer.len, "CHAP_N"))
		fail("no CHAP_N");
	conn_close(c);
}

/* RFC 7143 9.2.1: a challenge of the target's own is never answered. */
static void reflection(void)
{
	struct conn *c, *other;
	static struct pdu rsp;

	need_mutual();
	c = up_to_chap(true);
	if (mutual_step(c, text_find(&c->answer, c->answer.len, "CHAP_C"), &rsp) != AUTH_FAILED)
		fail("the target's challenge is answered on the same connection");
	if (rsp.len)
		fail("text with the refusal");
	conn_close(c);
	c = up_to_chap(true);
	other = up_to_chap(true);
	if (mutual_step(c, text_find(&other->answer, other->answer.len, "CHAP_C"), &rsp) !=
	    AUTH_FAILED)
		fail("the target's challenge is answered on another connection");
	conn_close(c);
	conn_close(other);
	still_serves();
}

/* Each exchange has a challenge of its own, and it is as long as the digest. */
static void challenges(void)
{
	struct conn *c[8];
	const char *text;
	u32 i, j;

	need_chap();
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		c[i] = up_to_chap(true);
		text = text_find(&c[i]->answer, c[i]->answer.len, "CHAP_C");
		if (strlen(text) != 2 + 2 * 16)
			fail("CHAP_C=%s", text);
		for (j = 0; j < i; j++)
			if (!strcmp(text, text_find(&c[j]->answer, c[j]->answer.len, "CHAP_C")))
				fail("a challenge is used again");
	}
	for (i = 0; i < ARRAY_SIZE(c); i++)
		conn_close(c[i]);
}

static void bad_exchange(void)
{
	static const char *const before[] = {
		"CHAP_A=1\n", "CHAP_A=\n", "CHAP_A=x\n", "CHAP_A=5\nCHAP_A=5\n",
		"CHAP_N=user\nCHAP_R=0x00112233445566778899aabbccddeeff\n",
	};
	static const char *const after[] = {
		"CHAP_N=user\n", "CHAP_R=0x00\n", "CHAP_A=5\n",
		"CHAP_N=user\nCHAP_R=0x0011\n", "CHAP_N=user\nCHAP_R=0xzz\n",
		"CHAP_N=user\nCHAP_R=0b!!!!\n", "CHAP_N=user\nCHAP_R=\n",
		"CHAP_N=user\nCHAP_R=0x00112233445566778899aabbccddeeff00112233445566778899aabbcc\n",
		"CHAP_N=user\nCHAP_R=0x00112233445566778899aabbccddeeff\nCHAP_I=300\nCHAP_C=0x00\n",
	};
	struct conn *c;
	u32 i;

	need_chap();
	for (i = 0; i < ARRAY_SIZE(before); i++) {
		c = up_to_chap(false);
		if (!refused(c, 0, before[i]))
			fail("not refused: %s", before[i]);
		conn_close(c);
	}
	for (i = 0; i < ARRAY_SIZE(after); i++) {
		c = up_to_chap(true);
		if (!refused(c, ISCSI_FLAG_LOGIN_TRANSIT | 1, after[i]))
			fail("not refused: %s", after[i]);
		conn_close(c);
	}
	still_serves();
}

/* T=1 instead of a response, and then on as if nothing was. */
static void no_response(void)
{
	struct conn *c;
	u8 flags = ISCSI_OP_PARMS_NEGOTIATION_STAGE << 2 | ISCSI_FLAG_LOGIN_TRANSIT |
		   ISCSI_FULL_FEATURE_PHASE;

	need_chap();
	c = up_to_chap(true);
	if (!refused(c, ISCSI_FLAG_LOGIN_TRANSIT | 1, "") && !refused(c, flags, ""))
		fail("in without a CHAP response");
	conn_close(c);
	c = up_to_chap(false);
	if (!refused(c, ISCSI_FLAG_LOGIN_TRANSIT | ISCSI_FULL_FEATURE_PHASE, "") &&
	    !refused(c, flags, ""))
		fail("in without CHAP");
	conn_close(c);
}

/* A response that was right, to the next challenge. */
static void replay(void)
{
	struct conn *heard, *c;
	static struct text text;
	static struct pdu rsp;

	need_chap();
	heard = up_to_chap(true);
	chap_answer(heard, &(struct login){}, &text);
	c = up_to_chap(true);
	if (!login_exchange(c, ISCSI_FLAG_LOGIN_TRANSIT | 1, &text, 0, &rsp) ||
	    (rsp.bhs.login_rsp.status_class << 8 | rsp.bhs.login_rsp.status_detail) != AUTH_FAILED)
		fail("a response to another challenge is taken");
	conn_close(c);
	if (!login_exchange(heard, ISCSI_FLAG_LOGIN_TRANSIT | 1, &text, 0, &rsp) ||
	    rsp.bhs.login_rsp.status_class)
		fail("it was not right");
	conn_close(heard);
}

/* RFC 7143 12.1.3: CHAP_C and CHAP_R have at most 1024 bytes, which is no promise. */
static void oversized(void)
{
	static const char *const keys[] = { "CHAP_N", "CHAP_R", "CHAP_R=0x", "CHAP_R=0b",
					    "CHAP_I", "CHAP_A", "CHAP_I=1\nCHAP_C=0x" };
	static char lines[8192];
	static const u32 lengths[] = { 255, 1025, 2049, 4000, 7000 };
	u32 i, j, n;

	need_chap();
	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		for (j = 0; j < ARRAY_SIZE(lengths); j++) {
			struct conn *c = up_to_chap(true);
			const char *equal = strchr(keys[i], '=') ? "" : "=";

			n = snprintf(lines, sizeof(lines), "%s%s", keys[i], equal);
			memset(lines + n, '7', lengths[j]);
			lines[n + lengths[j]] = '\0';
			if (!refused(c, ISCSI_FLAG_LOGIN_TRANSIT | 1, lines))
				fail("%s of %u bytes is not refused", keys[i], lengths[j]);
			conn_close(c);
		}
	}
	still_serves();
}

static void want_alive(struct conn *c, const u8 *data)
{
	check_blocks(c, 16, data, 4);
	write_blocks(c, 16, data, 4);
}

/*
 * A login with the name and ISID of a session ends it (RFC 7143 6.3.5), but not
 * before whoever asks for that has shown to be the same initiator.
 */
static void takeover(void)
{
	static struct text text;
	static struct pdu rsp;
	struct login l = { .isid = 0x31 };
	struct conn *c, *half;
	u8 data[4 * BLOCK];

	need_chap();
	c = login(&l);
	fill(data, sizeof(data), 31);
	write_blocks(c, 16, data, 4);
	want_refused(&(struct login){ .isid = 0x31, .secret = "not-the-secret-1" });
	want_alive(c, data);
	want_refused(&(struct login){ .isid = 0x31, .user = "nobody" });
	want_alive(c, data);
	want_refused(&(struct login){ .isid = 0x31, .methods = "None" });
	want_alive(c, data);
	half = conn_open();
	if (login_try(half, &(struct login){ .isid = 0x31, .tsih = c->tsih,
					     .secret = "not-the-secret-1" }) >> 8 !=
	    ISCSI_STATUS_CLS_INITIATOR_ERR)
		fail("TSIH of another's session");
	want_alive(c, data);
	/* One that stops half way. */
	half = conn_open();
	memcpy(half->isid, c->isid, sizeof(half->isid));
	login_text(&text, &l);
	if (!login_exchange(half, 0, &text, 0, &rsp) || refused(half, 0, "CHAP_A=5\n"))
		fail("CHAP does not begin");
	want_alive(c, data);
	conn_close(half);
	want_alive(c, data);
	/* The same secret does. */
	half = login(&l);
	want_closed(c);
	want_alive(half, data);
	logout(half);
}

/* Before the login is over nothing else is answered, with or without a name. */
static void nothing_read(void)
{
	struct conn *c;
	union bhs bhs;
	u32 steps;
	u8 byte;

	need_chap();
	for (steps = 0; steps < 2; steps++) {
		c = steps ? up_to_chap(true) : conn_open();
		bhs_init(c, &bhs, ISCSI_OP_SCSI_CMD | ISCSI_OP_IMMEDIATE);
		cdb_rw(bhs.cmd.cdb, READ_10, 0, 8);
		bhs.cmd.flags = FINAL | ISCSI_FLAG_CMD_READ;
		bhs.cmd.data_length = htobe32(8 * BLOCK);
		pdu_send(c, &bhs, NULL, 0);
		while (recv(c->fd, &byte, 1, MSG_PEEK) > 0) {
			static struct pdu pdu;

			if (!pdu_recv(c, &pdu))
				break;
			if (pdu.bhs.hdr.opcode != ISCSI_OP_LOGIN_RSP || pdu.len ||
			    !pdu.bhs.login_rsp.status_class)
				fail("opcode 0x%02x with %u bytes", pdu.bhs.hdr.opcode, pdu.len);
		}
		conn_close(c);
	}
}

const struct test_case security_cases[] = {
	{ "chap-wrong-secret", "12.1.3", wrong_secret },
	{ "chap-wrong-user", "12.1.3", wrong_user },
	{ "chap-none", "6.3.2", none },
	{ "chap-skipped", "6.3.2", skipped },
	{ "chap-both-offered", "6.2.1", both_offered },
	{ "chap-algorithms", "12.1.3: MD5, SHA1, SHA-256, SHA3-256", algorithms },
	{ "chap-mutual", "12.1.3", mutual },
	{ "chap-reflection", "9.2.1", reflection },
	{ "chap-challenges", "9.2.1", challenges },
	{ "chap-bad-exchange", "12.1.3", bad_exchange },
	{ "chap-no-response", "6.3.2", no_response },
	{ "chap-replay", "9.2.1", replay },
	{ "chap-oversized", "12.1.3", oversized, 60 },
	{ "chap-takeover", "9.2, 6.3.5", takeover },
	{ "chap-nothing-read", "6.3", nothing_read },
	{}
};
