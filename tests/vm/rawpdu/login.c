// SPDX-License-Identifier: GPL-2.0
/* Text, login with or without CHAP, logout. */

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rawpdu.h"

/* The order and values of ESXi's software adapter. */
#define USUAL_KEYS						\
	"HeaderDigest=None\nDataDigest=None\n"			\
	"DefaultTime2Wait=2\nDefaultTime2Retain=0\n"		\
	"IFMarker=No\nOFMarker=No\nErrorRecoveryLevel=0\n"	\
	"InitialR2T=No\nImmediateData=Yes\n"			\
	"MaxBurstLength=262144\nFirstBurstLength=262144\n"	\
	"MaxOutstandingR2T=1\nMaxConnections=1\n"		\
	"DataPDUInOrder=Yes\nDataSequenceInOrder=Yes\n"		\
	"MaxRecvDataSegmentLength=131072\n"

#define DISCOVERY_KEYS						\
	"HeaderDigest=None\nDataDigest=None\n"			\
	"DefaultTime2Wait=2\nDefaultTime2Retain=0\n"		\
	"IFMarker=No\nOFMarker=No\nErrorRecoveryLevel=0\n"	\
	"MaxRecvDataSegmentLength=32768\n"

/* RFC 7143 13: names, and what holds when nobody offers the key. */
static const struct {
	const char *name;
	u32 value;
} keys[NR_KEYS] = {
	[INITIAL_R2T] = { "InitialR2T", 1 },
	[IMMEDIATE_DATA] = { "ImmediateData", 1 },
	[FIRST_BURST] = { "FirstBurstLength", 65536 },
	[MAX_BURST] = { "MaxBurstLength", 262144 },
	[MAX_OUTSTANDING_R2T] = { "MaxOutstandingR2T", 1 },
	[TARGET_MAX_RECV] = { "MaxRecvDataSegmentLength", ISCSI_DEF_MAX_RECV_SEG_LEN },
	[HEADER_DIGEST] = { "HeaderDigest", 0 },
	[DATA_DIGEST] = { "DataDigest", 0 },
};

void text_add(struct text *text, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text->buf + text->len, sizeof(text->buf) - text->len, format, args);
	va_end(args);
	if (n < 0 || text->len + n + 1 > sizeof(text->buf))
		fail("test text too long");
	text->len += n + 1;
}

void text_add_lines(struct text *text, const char *lines)
{
	while (lines && *lines) {
		int n = strcspn(lines, "\n");

		text_add(text, "%.*s", n, lines);
		lines += n + (lines[n] == '\n');
	}
}

/* The value of @key in the first @len bytes, or NULL. */
const char *text_find(const struct text *text, u32 len, const char *key)
{
	size_t n = strlen(key);
	const char *p = text->buf;

	for (; p < text->buf + len; p += strlen(p) + 1)
		if (!strncmp(p, key, n) && p[n] == '=')
			return p + n + 1;
	return NULL;
}

/* Those lines whose keys @text does not have yet. */
static void add_missing(struct text *text, const char *lines)
{
	char line[128];

	while (*lines) {
		size_t n = strcspn(lines, "\n"), name = strcspn(lines, "=");

		snprintf(line, sizeof(line), "%.*s", (int)name, lines);
		if (!text_find(text, text->len, line))
			text_add(text, "%.*s", (int)n, lines);
		lines += n + 1;
	}
}

/* The text of the first request. */
void login_text(struct text *text, const struct login *l)
{
	text->len = 0;
	text_add(text, "InitiatorName=%s", l->initiator ? l->initiator : opt.initiator);
	text_add(text, "InitiatorAlias=rawpdu");
	if (!l->discovery)
		text_add(text, "TargetName=%s", l->target ? l->target : opt.target);
	text_add(text, "SessionType=%s", l->discovery ? "Discovery" : "Normal");
	if (!l->skip_security)
		text_add(text, "AuthMethod=%s", l->methods ? l->methods :
			 opt.secret && !l->discovery ? "CHAP" : "None");
	text_add_lines(text, l->extra);
}

static void send_request(struct conn *c, u8 flags, const char *buf, u32 len)
{
	union bhs bhs;

	memset(&bhs, 0, sizeof(bhs));
	bhs.login.opcode = ISCSI_OP_LOGIN | ISCSI_OP_IMMEDIATE;
	bhs.login.flags = flags;
	memcpy(bhs.login.isid, c->isid, sizeof(c->isid));
	bhs.login.tsih = htobe16(c->tsih);
	bhs.login.itt = htobe32(0x10);
	bhs.login.cmdsn = htobe32(c->cmdsn);
	bhs.login.exp_statsn = htobe32(c->exp_statsn);
	pdu_send(c, &bhs, buf, len);
}

static void keep_answer(struct conn *c, const struct pdu *rsp)
{
	if (c->answer.len + rsp->len > sizeof(c->answer.buf))
		fail("endless login text");
	memcpy(c->answer.buf + c->answer.len, rsp->data, rsp->len);
	c->answer.len += rsp->len;
	if (!c->first_answer)
		c->first_answer = c->answer.len;
}

static bool receive_response(struct conn *c, u8 flags, struct pdu *rsp)
{
	if (!pdu_recv(c, rsp))
		return false;
	if (rsp->bhs.hdr.opcode != ISCSI_OP_LOGIN_RSP)
		fail("opcode 0x%02x in login", rsp->bhs.hdr.opcode);
	if (rsp->bhs.login_rsp.itt != htobe32(0x10) ||
	    memcmp(rsp->bhs.login_rsp.isid, c->isid, sizeof(c->isid)))
		fail("Login Response with another ITT or ISID");
	if (!rsp->bhs.login_rsp.status_class &&
	    ISCSI_LOGIN_CURRENT_STAGE(rsp->bhs.hdr.flags) != ISCSI_LOGIN_CURRENT_STAGE(flags))
		fail("Login Response with another CSG");
	keep_answer(c, rsp);
	return true;
}

/* A request, in pieces of @piece bytes if not 0, and the response to it. */
bool login_exchange(struct conn *c, u8 flags, const struct text *text, u32 piece,
		    struct pdu *rsp)
{
	u8 csg = flags & ISCSI_FLAG_LOGIN_CURRENT_STAGE_MASK;
	u32 at = 0;

	while (piece && text->len - at > piece) {
		send_request(c, csg | ISCSI_FLAG_LOGIN_CONTINUE, text->buf + at, piece);
		if (!receive_response(c, flags, rsp))
			return false;
		if (rsp->bhs.login_rsp.status_class)
			return true;
		if (rsp->len || rsp->bhs.hdr.flags & ISCSI_FLAG_LOGIN_TRANSIT)
			fail("the answer to a C bit is not empty or transits");
		at += piece;
	}
	send_request(c, flags, text->buf + at, text->len - at);
	return receive_response(c, flags, rsp);
}

static u32 parse_hex(const char *value, u8 *out, u32 size)
{
	u32 n = 0;

	if (value[0] != '0' || tolower((unsigned char)value[1]) != 'x')
		fail("CHAP_C is not in hex: %s", value);
	for (value += 2; value[0] && value[1] && n < size; value += 2, n++) {
		char byte[3] = { value[0], value[1] };

		out[n] = strtoul(byte, NULL, 16);
	}
	return n;
}

/* RFC 7143 12.1.3: response to the challenge in the target's answer. */
void chap_answer(struct conn *c, const struct login *l, struct text *text)
{
	const char *id = text_find(&c->answer, c->answer.len, "CHAP_I");
	const char *challenge = text_find(&c->answer, c->answer.len, "CHAP_C");
	const char *algorithm = text_find(&c->answer, c->answer.len, "CHAP_A");
	const char *secret = l->secret ? l->secret : opt.secret;
	const struct hash *hash = hash_of(l->algorithm);
	u8 input[2048], digest[HASH_MAX];
	char hex[2 * HASH_MAX + 1];
	u32 len, i;

	if (!id || !challenge || !algorithm || strtoul(algorithm, NULL, 0) != hash->id)
		fail("CHAP_A=%u is answered without CHAP_A=%u, CHAP_I and CHAP_C", hash->id,
		     hash->id);
	input[0] = strtoul(id, NULL, 0);
	len = 1 + strlen(secret);
	memcpy(input + 1, secret, strlen(secret));
	len += parse_hex(challenge, input + len, 1024);
	hash->digest(input, len, digest);
	for (i = 0; i < hash->len; i++)
		sprintf(hex + 2 * i, "%02x", digest[i]);
	text->len = 0;
	text_add(text, "CHAP_N=%s", l->user ? l->user : opt.user);
	text_add(text, "CHAP_R=0x%s", hex);
}

static u16 status_of(const struct pdu *rsp)
{
	return rsp->bhs.login_rsp.status_class << 8 | rsp->bhs.login_rsp.status_detail;
}

/* Security stage up to the transition out of it. Returns the status. */
u16 login_security(struct conn *c, const struct login *l)
{
	u8 flags = ISCSI_FLAG_LOGIN_TRANSIT | ISCSI_OP_PARMS_NEGOTIATION_STAGE;
	static struct text text;
	static struct pdu rsp;
	const char *method;

	login_text(&text, l);
	if (!login_exchange(c, flags, &text, l->piece, &rsp))
		return LOGIN_CLOSED;
	if (status_of(&rsp))
		return status_of(&rsp);
	method = text_find(&c->answer, c->answer.len, "AuthMethod");
	if (!method)
		fail("no answer to AuthMethod");
	if (!strcmp(method, "CHAP")) {
		text.len = 0;
		text_add(&text, "CHAP_A=%u", hash_of(l->algorithm)->id);
		if (!login_exchange(c, 0, &text, l->piece, &rsp))
			return LOGIN_CLOSED;
		if (status_of(&rsp))
			return status_of(&rsp);
		chap_answer(c, l, &text);
		if (!login_exchange(c, flags, &text, l->piece, &rsp))
			return LOGIN_CLOSED;
		if (status_of(&rsp))
			return status_of(&rsp);
	}
	if (!(rsp.bhs.hdr.flags & ISCSI_FLAG_LOGIN_TRANSIT))
		fail("no transition to the operational stage");
	return 0;
}

static u32 key_value(const char *value)
{
	if (!strcmp(value, "Yes") || !strcmp(value, "CRC32C"))
		return 1;
	return strtoul(value, NULL, 0);
}

/* Into full feature phase with what was agreed. */
static void enter(struct conn *c, const struct text *offered, const struct pdu *rsp)
{
	const char *value;
	int i;

	for (i = 0; i < NR_KEYS; i++) {
		value = text_find(&c->answer, c->answer.len, keys[i].name);
		c->key[i] = value ? key_value(value) : keys[i].value;
	}
	value = text_find(offered, offered->len, "MaxRecvDataSegmentLength");
	if (value)
		c->max_recv = strtoul(value, NULL, 0);
	if (c->max_recv > MAX_DATA)
		fail("the case offers a MaxRecvDataSegmentLength beyond MAX_DATA");
	c->header_digest = c->key[HEADER_DIGEST];
	c->data_digest = c->key[DATA_DIGEST];
	c->tsih = be16toh(rsp->bhs.login_rsp.tsih);
	if (!c->tsih)
		fail("TSIH 0 at the end of login");
	c->full = true;
}

/* Operational stage into full feature phase. Returns the status. */
u16 login_operational(struct conn *c, const struct login *l)
{
	u8 csg = ISCSI_OP_PARMS_NEGOTIATION_STAGE << 2;
	u8 flags = csg | ISCSI_FLAG_LOGIN_TRANSIT | ISCSI_FULL_FEATURE_PHASE;
	static struct text text, offered;
	static struct pdu rsp;
	int rounds = 0;

	text.len = 0;
	if (l->skip_security)
		login_text(&text, l);
	text_add_lines(&text, l->keys);
	add_missing(&text, l->discovery ? DISCOVERY_KEYS : USUAL_KEYS);
	offered = text;
	do {
		if (!login_exchange(c, flags, &text, l->piece, &rsp))
			return LOGIN_CLOSED;
		if (status_of(&rsp))
			return status_of(&rsp);
		text.len = 0;
		if (++rounds > 8)
			fail("login does not come to an end");
	} while (!(rsp.bhs.hdr.flags & ISCSI_FLAG_LOGIN_TRANSIT));
	enter(c, &offered, &rsp);
	return 0;
}

/* Status 0: full feature phase. */
u16 login_try(struct conn *c, const struct login *l)
{
	/* The OUI and shape that ESXi's software adapter uses. */
	static const u8 isid[6] = { 0x00, 0x02, 0x3d, 0x00, 0x00, 0x01 };
	u16 status;

	memcpy(c->isid, isid, sizeof(isid));
	if (l->isid) {
		c->isid[4] = l->isid >> 8;
		c->isid[5] = l->isid;
	}
	c->tsih = l->tsih;
	if (!l->skip_security) {
		status = login_security(c, l);
		if (status)
			return status;
	}
	return login_operational(c, l);
}

/* A session, or the case fails. Unit attentions are fetched. */
struct conn *login(const struct login *l)
{
	struct conn *c = conn_open();
	u16 status = login_try(c, l);

	if (status == LOGIN_CLOSED)
		fail("login: the connection is closed");
	if (status)
		fail("login: status 0x%04x", status);
	if (!l->discovery)
		test_unit_ready(c);
	return c;
}

struct conn *login_usual(void)
{
	static const struct login l;

	return login(&l);
}

void logout(struct conn *c)
{
	const struct pdu *rsp;
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_LOGOUT | ISCSI_OP_IMMEDIATE);
	bhs.logout.flags = FINAL | ISCSI_LOGOUT_REASON_CLOSE_SESSION;
	pdu_send(c, &bhs, NULL, 0);
	rsp = pdu_want(c, ISCSI_OP_LOGOUT_RSP);
	if (rsp->bhs.logout_rsp.response || rsp->bhs.hdr.itt != bhs.hdr.itt)
		fail("logout: response %u", rsp->bhs.logout_rsp.response);
	want_closed(c);
	conn_close(c);
}

/* Whatever was done to it: the target takes a login and moves data. */
void still_serves(void)
{
	struct conn *c = login(&(struct login){ .isid = 0xee });
	u8 buf[4 * BLOCK];

	fill(buf, sizeof(buf), rnd(1000));
	write_blocks(c, 8, buf, 4);
	check_blocks(c, 8, buf, 4);
	logout(c);
}
