// SPDX-License-Identifier: GPL-2.0
/* CHAP: who must not get in. Needs a target that requires it. */

#include <stdio.h>
#include <string.h>

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
	{}
};
