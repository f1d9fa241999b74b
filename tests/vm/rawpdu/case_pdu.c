// SPDX-License-Identifier: GPL-2.0
/* PDUs of the full feature phase: framing, Reject, NOP, text, digests, TMFs. */

#include <string.h>

#include "rawpdu.h"

static const u8 tur[ISCSI_CDB_SIZE] = { TEST_UNIT_READY };

/* Is the connection still good? */
static void check_alive(struct conn *c)
{
	test_unit_ready(c);
}

/* Sends a PDU that is to be rejected; the session goes on. */
static void reject_and_go_on(u8 opcode, u8 flags, int reason)
{
	struct conn *c = login_usual();
	union bhs bhs;

	bhs_init(c, &bhs, opcode | ISCSI_OP_IMMEDIATE);
	bhs.hdr.flags = flags;
	pdu_send(c, &bhs, NULL, 0);
	want_reject(c, &bhs, reason);
	check_alive(c);
	logout(c);
}

static void unknown_opcode(void)
{
	reject_and_go_on(0x1d, FINAL, ISCSI_REASON_CMD_NOT_SUPPORTED);
	reject_and_go_on(0x0f, FINAL, -1);
	/* One of the target's own. */
	reject_and_go_on(ISCSI_OP_SCSI_DATA_IN, FINAL, -1);
}

static void snack(void)
{
	struct conn *c = login_usual();
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_SNACK);
	c->cmdsn--;
	bhs.hdr.flags = FINAL | ISCSI_FLAG_SNACK_TYPE_STATUS;
	pdu_send(c, &bhs, NULL, 0);
	want_reject(c, &bhs, -1);
	check_alive(c);
	logout(c);
}

static void login_in_ffp(void)
{
	struct conn *c = login_usual();
	static struct pdu pdu;
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_LOGIN | ISCSI_OP_IMMEDIATE);
	bhs.hdr.flags = ISCSI_FLAG_LOGIN_TRANSIT | 1;
	pdu_send(c, &bhs, NULL, 0);
	if (pdu_recv(c, &pdu)) {
		if (pdu.bhs.hdr.opcode != ISCSI_OP_REJECT ||
		    pdu.bhs.reject.reason != ISCSI_REASON_PROTOCOL_ERROR)
			fail("opcode 0x%02x, reason 0x%02x", pdu.bhs.hdr.opcode,
			     pdu.bhs.reject.reason);
		check_alive(c);
	}
	still_serves();
}

/* Rejected or the connection is closed; the target survives. */
static void want_reject_or_closed(struct conn *c)
{
	static struct pdu pdu;

	if (pdu_recv(c, &pdu) && pdu.bhs.hdr.opcode != ISCSI_OP_REJECT)
		fail("opcode 0x%02x instead of Reject", pdu.bhs.hdr.opcode);
	conn_close(c);
	still_serves();
}

static void oversized_data(void)
{
	static const u8 opcodes[] = { ISCSI_OP_NOOP_OUT, ISCSI_OP_SCSI_CMD, ISCSI_OP_TEXT,
				      ISCSI_OP_SCSI_DATA_OUT };
	static u8 data[65536];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(opcodes); i++) {
		struct conn *c = login_usual();
		u32 len = i % 2 ? 0xffffff : c->key[TARGET_MAX_RECV] + 1;
		union bhs bhs;

		bhs_init(c, &bhs, opcodes[i]);
		hton24(bhs.hdr.dlength, len);
		conn_send(c, &bhs, sizeof(bhs));
		for (; len >= sizeof(data); len -= sizeof(data))
			if (!conn_send(c, data, sizeof(data)))
				break;
		conn_send(c, data, len < sizeof(data) ? (len + 3) & ~3 : 0);
		want_reject_or_closed(c);
	}
}

static void unexpected_ahs(void)
{
	struct conn *c = login_usual();
	static u8 ahs[1020];
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_NOOP_OUT | ISCSI_OP_IMMEDIATE);
	pdu_send_ahs(c, &bhs, ahs, sizeof(ahs), NULL, 0);
	want_reject_or_closed(c);
}

/* Lengths that do not add up, unknown types, types twice. */
static void bad_ahs(void)
{
	static const u8 ahs[][12] = {
		{ 0xff, 0xff, ISCSI_AHSTYPE_CDB, 0 }, { 0, 0, 0, 0 }, { 0, 1, 0x3f, 0 },
		{ 0, 1, ISCSI_AHSTYPE_CDB, 0 },
		{ 0, 9, ISCSI_AHSTYPE_RLENGTH, 0, 1, 1, 1, 1, 1, 1, 1, 1 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(ahs); i++) {
		struct conn *c = login_usual();
		union bhs bhs;

		bhs_init(c, &bhs, ISCSI_OP_SCSI_CMD);
		bhs.cmd.lun.scsi_lun[1] = opt.lun;
		memcpy(bhs.cmd.cdb, tur, sizeof(tur));
		pdu_send_ahs(c, &bhs, ahs[i], sizeof(ahs[i]), NULL, 0);
		want_reject_or_closed(c);
	}
}

/* A CDB that says it is longer than what came. */
static void long_cdb(void)
{
	static const u8 cdb[ISCSI_CDB_SIZE] = { VARIABLE_LENGTH_CMD, [7] = 0xf8 };
	struct conn *c = login_usual();
	static struct pdu pdu;

	scsi_send(c, cdb, FINAL, 0, NULL, 0);
	if (pdu_recv(c, &pdu) && pdu.bhs.hdr.opcode != ISCSI_OP_REJECT &&
	    (pdu.bhs.hdr.opcode != ISCSI_OP_SCSI_CMD_RSP || !pdu.bhs.rsp.cmd_status))
		fail("opcode 0x%02x", pdu.bhs.hdr.opcode);
	conn_close(c);
	still_serves();
}

static void bad_flags(void)
{
	static const struct {
		u8 flags;
		u32 edtl;
	} req[] = {
		{ 0, 0 },				/* W=0 needs F=1 */
		{ FINAL, 4096 },			/* a length and no direction */
		{ ISCSI_FLAG_CMD_READ, 4096 },
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(req); i++) {
		struct conn *c = login_usual();
		static struct pdu pdu;

		scsi_send(c, tur, req[i].flags, req[i].edtl, NULL, 0);
		if (pdu_recv(c, &pdu) && pdu.bhs.hdr.opcode == ISCSI_OP_SCSI_DATA_IN)
			fail("data in answer to TEST UNIT READY");
		conn_close(c);
	}
	still_serves();
}

static void wrong_lun(void)
{
	struct conn *c = login_usual();
	const struct pdu *pdu;
	struct result res;
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_SCSI_CMD);
	memset(&bhs.cmd.lun, 0xff, sizeof(bhs.cmd.lun));
	pdu_send(c, &bhs, NULL, 0);
	pdu = pdu_want(c, ISCSI_OP_SCSI_CMD_RSP);
	scsi_response(pdu, &res);
	if (res.key != ILLEGAL_REQUEST || res.asc != 0x25)
		fail("sense %x/%02x/%02x", res.key, res.asc, res.ascq);
	check_alive(c);
	logout(c);
}

static void nop_out(void)
{
	static const u32 lengths[] = { 0, 1, 3, 4, 5, 100, 4095, 4096 };
	struct conn *c = login_usual();
	const struct pdu *pdu;
	u8 data[4096];
	union bhs bhs;
	u32 i;

	for (i = 0; i < 2 * ARRAY_SIZE(lengths); i++) {
		u32 len = lengths[i / 2];

		fill(data, len, i);
		bhs_init(c, &bhs, ISCSI_OP_NOOP_OUT | (i % 2 ? ISCSI_OP_IMMEDIATE : 0));
		bhs.nop_out.ttt = htobe32(ISCSI_RESERVED_TAG);
		pdu_send(c, &bhs, data, len);
		pdu = pdu_want(c, ISCSI_OP_NOOP_IN);
		if (pdu->bhs.hdr.itt != bhs.hdr.itt || pdu->len != len ||
		    memcmp(pdu->data, data, len) ||
		    pdu->bhs.nop_in.ttt != htobe32(ISCSI_RESERVED_TAG))
			fail("ping of %u bytes comes back as something else", len);
	}
	logout(c);
}

/* RFC 7143 4.2.2.1: outside of the window a command does not exist. */
static void cmdsn_window(void)
{
	struct conn *c = login_usual();
	const struct pdu *pdu;
	union bhs bhs;
	u32 cmdsn[3];
	u32 i;

	cmdsn[0] = c->max_cmdsn + 10;
	cmdsn[1] = c->cmdsn - 1;
	cmdsn[2] = c->cmdsn + 0x7ffffff0;
	for (i = 0; i < ARRAY_SIZE(cmdsn); i++) {
		bhs_init(c, &bhs, ISCSI_OP_NOOP_OUT);
		c->cmdsn--;
		bhs.nop_out.ttt = htobe32(ISCSI_RESERVED_TAG);
		bhs.nop_out.cmdsn = htobe32(cmdsn[i]);
		pdu_send(c, &bhs, "ignore me", 9);
	}
	bhs_init(c, &bhs, ISCSI_OP_NOOP_OUT);
	bhs.nop_out.ttt = htobe32(ISCSI_RESERVED_TAG);
	pdu_send(c, &bhs, NULL, 0);
	pdu = pdu_want(c, ISCSI_OP_NOOP_IN);
	if (pdu->bhs.hdr.itt != bhs.hdr.itt)
		fail("a command outside of the CmdSN window is answered");
	check_alive(c);
	logout(c);
}

/* All commands that the window allows at once. */
static void full_window(void)
{
	struct conn *c = login_usual();
	u32 n = c->max_cmdsn - c->cmdsn + 1, i;
	u32 first = c->itt;
	static bool seen[4096];

	if (n > ARRAY_SIZE(seen))
		n = ARRAY_SIZE(seen);
	for (i = 0; i < n; i++)
		scsi_send(c, tur, FINAL, 0, NULL, 0);
	for (i = 0; i < n; i++) {
		u32 nr = be32toh(pdu_want(c, ISCSI_OP_SCSI_CMD_RSP)->bhs.hdr.itt) - first;

		if (nr >= n || seen[nr])
			fail("an answer twice, or to nothing");
		seen[nr] = true;
	}
	check_alive(c);
	if (n < 16)
		fail("the window has only %u commands", n);
	logout(c);
}

static void logout_cid(void)
{
	struct conn *c = login_usual();
	const struct pdu *pdu;
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_LOGOUT | ISCSI_OP_IMMEDIATE);
	bhs.logout.flags = FINAL | ISCSI_LOGOUT_REASON_CLOSE_CONNECTION;
	bhs.logout.cid = htobe16(77);
	pdu_send(c, &bhs, NULL, 0);
	pdu = pdu_want(c, ISCSI_OP_LOGOUT_RSP);
	if (pdu->bhs.logout_rsp.response != ISCSI_LOGOUT_CID_NOT_FOUND)
		fail("response %u", pdu->bhs.logout_rsp.response);
	check_alive(c);
	logout(c);
}

static void abort_unseen(void)
{
	struct conn *c = login_usual();
	u8 response = task_management(c, ISCSI_TM_FUNC_ABORT_TASK, 0xabcdef, c->cmdsn);

	if (response != ISCSI_TMF_RSP_COMPLETE)
		fail("response %u, should be 0", response);
	/* One that was answered long ago. */
	response = task_management(c, ISCSI_TM_FUNC_ABORT_TASK, c->itt - 2, c->cmdsn - 1);
	if (response != ISCSI_TMF_RSP_COMPLETE && response != ISCSI_TMF_RSP_NO_TASK)
		fail("response %u for a task that is over", response);
	check_alive(c);
	logout(c);
}

static void unknown_tmf(void)
{
	struct conn *c = login_usual();
	static struct pdu pdu;
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_SCSI_TMFUNC | ISCSI_OP_IMMEDIATE);
	bhs.tm.flags = FINAL | 0x3f;
	pdu_send(c, &bhs, NULL, 0);
	if (pdu_recv(c, &pdu) && pdu.bhs.hdr.opcode != ISCSI_OP_REJECT &&
	    (pdu.bhs.hdr.opcode != ISCSI_OP_SCSI_TMFUNC_RSP || !pdu.bhs.tm_rsp.response))
		fail("opcode 0x%02x", pdu.bhs.hdr.opcode);
	conn_close(c);
	still_serves();
}

static void digests(void)
{
	static const char *const keys[] = {
		"HeaderDigest=CRC32C\nDataDigest=None\n", "HeaderDigest=None\nDataDigest=CRC32C\n",
		"HeaderDigest=CRC32C\nDataDigest=CRC32C,None\n",
	};
	u8 buf[64 * BLOCK];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		struct conn *c = login(&(struct login){ .keys = keys[i] });

		if (c->header_digest != (i != 1) || c->data_digest != (i != 0))
			fail("the target does not agree to digests");
		fill(buf, sizeof(buf), i);
		write_blocks(c, 100, buf, 64);
		check_blocks(c, 100, buf, 64);
		logout(c);
	}
}

static void wrong_header_digest(void)
{
	struct conn *c = login(&(struct login){ .keys = "HeaderDigest=CRC32C\n" });

	c->corrupt = CORRUPT_HEADER_DIGEST;
	scsi_send(c, tur, FINAL, 0, NULL, 0);
	want_closed(c);
	still_serves();
}

/* RFC 7143 7.8: the data must not be taken. */
static void one_wrong_data_digest(u32 blocks)
{
	const struct login l = { .keys = "DataDigest=CRC32C\nImmediateData=Yes\n", .isid = 9 };
	struct conn *c = login(&l);
	u8 old[8 * BLOCK], new[8 * BLOCK], cdb[ISCSI_CDB_SIZE];
	static struct pdu pdu;

	fill(old, sizeof(old), 1);
	fill(new, sizeof(new), 2);
	write_blocks(c, 200, old, 8);
	cdb_rw(cdb, WRITE_10, 200, blocks);
	c->corrupt = CORRUPT_DATA_DIGEST;
	scsi_send(c, cdb, FINAL | ISCSI_FLAG_CMD_WRITE, sizeof(new), new, sizeof(new));
	if (!pdu_recv(c, &pdu) || pdu.bhs.hdr.opcode != ISCSI_OP_REJECT ||
	    pdu.bhs.reject.reason != ISCSI_REASON_DATA_DIGEST_ERROR)
		fail("no Reject of the WRITE");
	want_closed(c);
	c = login_usual();
	check_blocks(c, 200, old, 8);
	logout(c);
}

/* Also with more data than the CDB has a place for. */
static void wrong_data_digest(void)
{
	one_wrong_data_digest(8);
	one_wrong_data_digest(1);
}

/* What is immediate leaves no gap: only the Reject tells of it. */
static void wrong_ping_digest(void)
{
	struct conn *c = login(&(struct login){ .keys = "DataDigest=CRC32C\n" });
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_NOOP_OUT | ISCSI_OP_IMMEDIATE);
	bhs.nop_out.ttt = htobe32(ISCSI_RESERVED_TAG);
	c->corrupt = CORRUPT_DATA_DIGEST;
	pdu_send(c, &bhs, "ping", 4);
	want_reject(c, &bhs, ISCSI_REASON_DATA_DIGEST_ERROR);
	check_alive(c);
	logout(c);
}

/* A Text Request, and the whole text of the answer in @text. */
void exchange_text(struct conn *c, const char *lines, struct text *text)
{
	static struct text request;
	const struct pdu *pdu;
	union bhs bhs;
	u32 itt;

	request.len = 0;
	text->len = 0;
	text_add_lines(&request, lines);
	bhs_init(c, &bhs, ISCSI_OP_TEXT | ISCSI_OP_IMMEDIATE);
	bhs.text.ttt = htobe32(ISCSI_RESERVED_TAG);
	itt = bhs.hdr.itt;
	pdu_send(c, &bhs, request.buf, request.len);
	for (;;) {
		pdu = pdu_want(c, ISCSI_OP_TEXT_RSP);
		if (pdu->bhs.hdr.itt != itt)
			fail("Text Response with another ITT");
		if (text->len + pdu->len > sizeof(text->buf))
			fail("endless text");
		memcpy(text->buf + text->len, pdu->data, pdu->len);
		text->len += pdu->len;
		if (pdu->bhs.hdr.flags & FINAL)
			return;
		bhs_init(c, &bhs, ISCSI_OP_TEXT | ISCSI_OP_IMMEDIATE);
		bhs.hdr.itt = itt;
		bhs.text.ttt = pdu->bhs.text_rsp.ttt;
		pdu_send(c, &bhs, NULL, 0);
	}
}

static void check_targets(const struct text *text)
{
	static char want[256];
	const char *p;
	bool found = false, in_target = false;
	size_t n;

	strcpy(want, strchr(opt.host, ':') ? "[" : "");
	strcat(want, opt.host);
	strcat(want, strchr(opt.host, ':') ? "]:" : ":");
	strcat(want, opt.port);
	strcat(want, ",");
	n = strlen(want);
	for (p = text->buf; p < text->buf + text->len; p += strlen(p) + 1) {
		if (!strncmp(p, "TargetName=", 11))
			in_target = !strcmp(p + 11, opt.target);
		if (in_target && !strncmp(p, "TargetAddress=", 14) && !strncmp(p + 14, want, n))
			found = true;
	}
	if (!found)
		fail("SendTargets does not name %s at %s", opt.target, want);
}

static void send_targets(void)
{
	static const char *const keys[] = { NULL, "MaxRecvDataSegmentLength=512\n" };
	static struct text text;
	struct conn *c;
	u32 i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		c = login(&(struct login){ .discovery = true, .keys = keys[i] });
		exchange_text(c, "SendTargets=All\n", &text);
		check_targets(&text);
		logout(c);
	}
	c = login_usual();
	exchange_text(c, "SendTargets=\n", &text);
	check_targets(&text);
	logout(c);
}

/* RFC 7143 4.3: no SCSI in a discovery session. */
static void discovery_scsi(void)
{
	struct conn *c = login(&(struct login){ .discovery = true });

	scsi_send(c, tur, FINAL, 0, NULL, 0);
	want_reject_or_closed(c);
}

/* 4.3: anybody may have such a session, so it is worth little memory. */
static void discovery_small(void)
{
	struct conn *c = login(&(struct login){ .discovery = true });
	u32 window;

	window = c->max_cmdsn - c->exp_cmdsn + 1;
	if (c->key[TARGET_MAX_RECV] > 8192 || window > 1)
		fail("%u requests of %u bytes", window, c->key[TARGET_MAX_RECV]);
	logout(c);
}

static void bad_text(void)
{
	static const char *const lines[] = { "NoEqualSign\n", "SendTargets=All\nSendTargets=All\n",
					     "MaxBurstLength=512\n" };
	u32 i;

	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		struct conn *c = login_usual();
		static struct pdu pdu;
		static struct text text;
		union bhs bhs;

		text.len = 0;
		text_add_lines(&text, lines[i]);
		bhs_init(c, &bhs, ISCSI_OP_TEXT | ISCSI_OP_IMMEDIATE);
		bhs.text.ttt = htobe32(i == 1 ? 0x1234 : ISCSI_RESERVED_TAG);
		pdu_send(c, &bhs, text.buf, text.len);
		if (pdu_recv(c, &pdu) && pdu.bhs.hdr.opcode != ISCSI_OP_REJECT &&
		    pdu.bhs.hdr.opcode != ISCSI_OP_TEXT_RSP)
			fail("opcode 0x%02x", pdu.bhs.hdr.opcode);
		conn_close(c);
	}
	still_serves();
}

/* Valid and random headers mixed; whatever is answered, the target lives. */
static void random_pdus(void)
{
	u32 i, j;

	for (i = 0; i < 60; i++) {
		struct conn *c = login_usual();
		u8 data[256];
		union bhs bhs;

		for (j = 0; j < 4; j++) {
			u8 opcode = rnd(8), cdb0 = rnd(2) ? TEST_UNIT_READY : READ_10;

			fill(data, sizeof(data), rnd(1 << 30));
			bhs_init(c, &bhs, opcode | (rnd(2) ? ISCSI_OP_IMMEDIATE : 0));
			fill(bhs.raw + 8 + rnd(8), rnd(32), rnd(1 << 30));
			bhs.hdr.flags = rnd(256);
			if (opcode == ISCSI_OP_SCSI_CMD)
				bhs.cmd.cdb[0] = cdb0;
			bhs.cmd.cmdsn = htobe32(c->cmdsn - 1);
			pdu_send(c, &bhs, data, rnd(2) ? rnd(sizeof(data)) : 0);
		}
		conn_close(c);
	}
	still_serves();
}

const struct test_case pdu_cases[] = {
	{ "reject-unknown-opcode", "11.17", unknown_opcode },
	{ "reject-snack", "11.16, ErrorRecoveryLevel 0", snack },
	{ "reject-login", "6.3: no Login Request in full feature phase", login_in_ffp },
	{ "oversized-data", "13.12", oversized_data, 40 },
	{ "oversized-ahs", "11.2.1.5", unexpected_ahs },
	{ "bad-ahs", "11.2.2", bad_ahs },
	{ "long-cdb", "11.2.2.3", long_cdb },
	{ "bad-command-flags", "11.3.1", bad_flags },
	{ "wrong-lun", "SAM-5: 05/25/00", wrong_lun },
	{ "nop-out", "11.18, 11.19", nop_out },
	{ "cmdsn-window", "4.2.2.1", cmdsn_window },
	{ "cmdsn-full-window", "4.2.2.1", full_window },
	{ "logout-cid", "11.15", logout_cid },
	{ "tmf-abort-unseen", "11.6.1", abort_unseen },
	{ "tmf-unknown", "11.5", unknown_tmf },
	{ "digest", "11.2.3", digests },
	{ "digest-wrong-header", "7.8", wrong_header_digest },
	{ "digest-wrong-data", "7.8", wrong_data_digest },
	{ "digest-wrong-ping", "7.8", wrong_ping_digest },
	{ "send-targets", "Appendix C", send_targets },
	{ "discovery-scsi", "4.3", discovery_scsi },
	{ "discovery-small", "4.3", discovery_small },
	{ "bad-text", "11.10", bad_text },
	{ "random-pdus", "7: no oops, no hang", random_pdus, 90 },
	{}
};
