// SPDX-License-Identifier: GPL-2.0
/* Tables: what the full feature phase has to answer to what. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rawpdu.h"

#define LBA		36000
#define CLOSE_MS	(5000 * opt.factor)

/* --- opcodes ------------------------------------------------------------------ */

/* 11.2.1.2: 00h to 06h and 10h, the rest is reserved, vendor specific or ours. */
static bool is_request(u8 opcode)
{
	return opcode <= ISCSI_OP_LOGOUT || opcode == ISCSI_OP_SNACK;
}

/* All that no initiator may send is rejected, and nothing comes of it. */
static void opcodes(void)
{
	struct conn *c = login_usual();
	union bhs bhs;
	u32 i;

	for (i = 0; i < 2 * (ISCSI_OPCODE_MASK + 1); i++) {
		u8 opcode = i / 2;

		if (is_request(opcode))
			continue;
		bhs_init(c, &bhs, opcode | (i % 2 ? ISCSI_OP_IMMEDIATE : 0));
		pdu_send(c, &bhs, NULL, 0);
		want_reject(c, &bhs, ISCSI_REASON_CMD_NOT_SUPPORTED);
		/* Rejected is not received (7.3). */
		if (!(i % 2))
			c->cmdsn--;
	}
	test_unit_ready(c);
	logout(c);
}

/* 7.1.5, 11.16: no kind of SNACK at ErrorRecoveryLevel 0. */
static void snacks(void)
{
	struct conn *c = login_usual();
	union bhs bhs;
	u32 type;

	for (type = 0; type < 16; type++) {
		bhs_init(c, &bhs, ISCSI_OP_SNACK);
		c->cmdsn--;
		bhs.hdr.flags = FINAL | type;
		bhs.hdr.ttt = htobe32(ISCSI_RESERVED_TAG);
		pdu_send(c, &bhs, NULL, 0);
		want_reject(c, &bhs, ISCSI_REASON_PROTOCOL_ERROR);
	}
	test_unit_ready(c);
	logout(c);
}

/* --- Logout ------------------------------------------------------------------- */

static const struct logout_row {
	const char *clause;
	u8 flags;
	u16 cid;
	int response;		/* -1: Reject */
	bool over;		/* and the connection is closed */
} logouts[] = {
	{ "11.14.1: close the session", FINAL | ISCSI_LOGOUT_REASON_CLOSE_SESSION, 0,
	  ISCSI_LOGOUT_SUCCESS, true },
	{ "11.14.1: the CID says nothing then", FINAL | ISCSI_LOGOUT_REASON_CLOSE_SESSION, 99,
	  ISCSI_LOGOUT_SUCCESS, true },
	{ "11.14.1: close the connection", FINAL | ISCSI_LOGOUT_REASON_CLOSE_CONNECTION, 0,
	  ISCSI_LOGOUT_SUCCESS, true },
	{ "11.15.1: CID not found", FINAL | ISCSI_LOGOUT_REASON_CLOSE_CONNECTION, 99,
	  ISCSI_LOGOUT_CID_NOT_FOUND, false },
	{ "11.15.1: no recovery at ErrorRecoveryLevel 0", FINAL | ISCSI_LOGOUT_REASON_RECOVERY, 0,
	  ISCSI_LOGOUT_RECOVERY_UNSUPPORTED, false },
	{ "11.14.1: reserved reason", FINAL | 3, 0, -1, false },
	{ "11.14.1: reserved reason", FINAL | 0x7f, 0, -1, false },
	{ "11.14: byte 1 has the F bit", ISCSI_LOGOUT_REASON_CLOSE_SESSION, 0, -1, false },
};

static void logout_row(const struct logout_row *row, bool immediate)
{
	struct conn *c = login_usual();
	const struct pdu *rsp;
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_LOGOUT | (immediate ? ISCSI_OP_IMMEDIATE : 0));
	bhs.logout.flags = row->flags;
	bhs.logout.cid = htobe16(row->cid);
	pdu_send(c, &bhs, NULL, 0);
	if (row->response < 0) {
		want_reject(c, &bhs, -1);
		if (!immediate)
			c->cmdsn--;
	} else {
		rsp = pdu_want(c, ISCSI_OP_LOGOUT_RSP);
		if (rsp->bhs.hdr.itt != bhs.hdr.itt || rsp->len ||
		    rsp->bhs.logout_rsp.response != row->response)
			fail("%s: response %u", row->clause, rsp->bhs.logout_rsp.response);
	}
	if (row->over) {
		want_closed(c);
		conn_close(c);
	} else {
		test_unit_ready(c);
		logout(c);
	}
}

static void logout_table(void)
{
	u32 i;

	for (i = 0; i < 2 * ARRAY_SIZE(logouts); i++)
		logout_row(&logouts[i / 2], i % 2);
}

/* 4.2.2.1: a Logout in order comes after the commands before it. */
static void logout_behind(void)
{
	static u8 data[16 * BLOCK];
	struct conn *c = login_usual();
	u8 cdb[ISCSI_CDB_SIZE];
	static struct pdu pdu;
	u32 i, answers = 0;
	union bhs bhs;

	fill(data, sizeof(data), 41);
	for (i = 0; i < 16; i++) {
		cdb_rw(cdb, WRITE_10, LBA + i, 1);
		scsi_send(c, cdb, FINAL | ISCSI_FLAG_CMD_WRITE, BLOCK, data + i * BLOCK, BLOCK);
	}
	bhs_init(c, &bhs, ISCSI_OP_LOGOUT);
	bhs.logout.flags = FINAL | ISCSI_LOGOUT_REASON_CLOSE_SESSION;
	pdu_send(c, &bhs, NULL, 0);
	while (pdu_recv(c, &pdu) && pdu.bhs.hdr.opcode == ISCSI_OP_SCSI_CMD_RSP)
		answers += !pdu.bhs.rsp.cmd_status;
	if (pdu.bhs.hdr.opcode != ISCSI_OP_LOGOUT_RSP || pdu.bhs.logout_rsp.response)
		fail("no Logout Response, opcode 0x%02x", pdu.bhs.hdr.opcode);
	printf("# %u of 16 answered before\n", answers);
	conn_close(c);
	/* What was answered is there; what was not is one or the other. */
	still_serves();
}

/*
 * 11.14: what comes behind a Logout is not read, be it in the same segment. This would
 * close the connection before there is an answer.
 */
static void logout_last(void)
{
	struct conn *c = login_usual();
	union bhs bhs;

	conn_cork(c, true);
	bhs_init(c, &bhs, ISCSI_OP_LOGOUT);
	bhs.logout.flags = FINAL | ISCSI_LOGOUT_REASON_CLOSE_SESSION;
	pdu_send(c, &bhs, NULL, 0);
	bhs_init(c, &bhs, ISCSI_OP_NOOP_OUT);
	hton24(bhs.hdr.dlength, 0xffffff);
	conn_send(c, &bhs, sizeof(bhs));
	conn_cork(c, false);
	pdu_want(c, ISCSI_OP_LOGOUT_RSP);
	want_closed(c);
	conn_close(c);
}

/* --- NOP ---------------------------------------------------------------------- */

static void nop_send(struct conn *c, u8 opcode, u32 itt, u32 ttt, const void *data, u32 len)
{
	union bhs bhs;

	bhs_init(c, &bhs, opcode);
	bhs.hdr.itt = htobe32(itt);
	bhs.nop_out.ttt = htobe32(ttt);
	pdu_send(c, &bhs, data, len);
}

/* 11.18: a reserved ITT asks for no answer; its data is not looked at. */
static void nop_silent(void)
{
	struct conn *c = login_usual();
	u8 data[100] = "no answer";

	nop_send(c, ISCSI_OP_NOOP_OUT | ISCSI_OP_IMMEDIATE, ISCSI_RESERVED_TAG,
		 ISCSI_RESERVED_TAG, NULL, 0);
	nop_send(c, ISCSI_OP_NOOP_OUT | ISCSI_OP_IMMEDIATE, ISCSI_RESERVED_TAG,
		 ISCSI_RESERVED_TAG, data, sizeof(data));
	/* An answer to a ping that there was not. */
	nop_send(c, ISCSI_OP_NOOP_OUT | ISCSI_OP_IMMEDIATE, ISCSI_RESERVED_TAG, 0x1234, NULL, 0);
	test_unit_ready(c);
	logout(c);
}

/* 11.18.1: not immediate it would have to be answered. */
static void nop_numbered(void)
{
	struct conn *c = login_usual();
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_NOOP_OUT);
	c->cmdsn--;
	bhs.hdr.itt = RESERVED_ITT;
	bhs.nop_out.ttt = htobe32(ISCSI_RESERVED_TAG);
	pdu_send(c, &bhs, NULL, 0);
	want_reject(c, &bhs, ISCSI_REASON_PROTOCOL_ERROR);
	test_unit_ready(c);
	logout(c);
}

/* 11.19: as much comes back as we take. */
static void nop_cut(void)
{
	struct conn *c = login(&(struct login){ .keys = "MaxRecvDataSegmentLength=512\n" });
	const struct pdu *pdu;
	u8 data[4096];

	fill(data, sizeof(data), 51);
	nop_send(c, ISCSI_OP_NOOP_OUT, 0x777, ISCSI_RESERVED_TAG, data, sizeof(data));
	pdu = pdu_want(c, ISCSI_OP_NOOP_IN);
	if (pdu->len != 512 || memcmp(pdu->data, data, 512))
		fail("%u bytes come back", pdu->len);
	logout(c);
}

/* --- SCSI Command ------------------------------------------------------------- */

/* 11.3.1: ATTR. There is no ACA condition, and 5 to 7 are reserved. */
static void attributes(void)
{
	u8 cdb[ISCSI_CDB_SIZE], data[BLOCK];
	struct conn *c = login_usual();
	union bhs bhs;
	u32 attr, i;

	for (i = 0; i < 64; i++) {
		struct result res = {};

		attr = i % 8;
		if (attr == ISCSI_ATTR_ACA)
			continue;
		fill(data, sizeof(data), i);
		bhs_init(c, &bhs, ISCSI_OP_SCSI_CMD);
		bhs.cmd.flags = FINAL | ISCSI_FLAG_CMD_WRITE | attr;
		bhs.cmd.lun.scsi_lun[1] = opt.lun;
		bhs.cmd.data_length = htobe32(BLOCK);
		cdb_rw(cdb, WRITE_10, LBA, 1);
		memcpy(bhs.cmd.cdb, cdb, sizeof(cdb));
		pdu_send(c, &bhs, data, BLOCK);
		scsi_response(pdu_want(c, ISCSI_OP_SCSI_CMD_RSP), &res);
		if (res.status != SAM_STAT_GOOD)
			fail("ATTR %u: status 0x%02x", attr, res.status);
		check_blocks(c, LBA, data, 1);
	}
	logout(c);
}

/* SAM-5 5.3.1: without ACA there is no task with that attribute. */
static void attribute_aca(void)
{
	static const u8 tur[ISCSI_CDB_SIZE] = { TEST_UNIT_READY };
	struct conn *c = login_usual();
	struct result res = {};
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_SCSI_CMD);
	bhs.cmd.flags = FINAL | ISCSI_ATTR_ACA;
	bhs.cmd.lun.scsi_lun[1] = opt.lun;
	memcpy(bhs.cmd.cdb, tur, sizeof(tur));
	pdu_send(c, &bhs, NULL, 0);
	scsi_response(pdu_want(c, ISCSI_OP_SCSI_CMD_RSP), &res);
	if (res.status != SAM_STAT_CHECK_CONDITION || res.key != ILLEGAL_REQUEST)
		fail("status 0x%02x, sense %x/%02x/%02x", res.status, res.key, res.asc, res.ascq);
	test_unit_ready(c);
	logout(c);
}

/* Commands with data both ways: none of ours, with or without their AHS. */
static void bidirectional(void)
{
	static const u8 ahs[8] = { 0, 5, ISCSI_AHSTYPE_RLENGTH, 0, 0, 0, 2, 0 };
	struct conn *c = login_usual();
	u8 data[BLOCK] = {};
	union bhs bhs;
	u32 i;

	for (i = 0; i < 2; i++) {
		bhs_init(c, &bhs, ISCSI_OP_SCSI_CMD);
		c->cmdsn--;
		bhs.cmd.flags = FINAL | ISCSI_FLAG_CMD_READ | ISCSI_FLAG_CMD_WRITE;
		bhs.cmd.lun.scsi_lun[1] = opt.lun;
		bhs.cmd.data_length = htobe32(BLOCK);
		cdb_rw(bhs.cmd.cdb, WRITE_10, LBA, 1);
		pdu_send_ahs(c, &bhs, ahs, i ? sizeof(ahs) : 0, data, BLOCK);
		want_reject(c, &bhs, ISCSI_REASON_CMD_NOT_SUPPORTED);
	}
	test_unit_ready(c);
	logout(c);
}

/* 11.2.2.3: a CDB of 32 bytes, WRITE SAME (32), half of it in an AHS. */
static void extended_cdb(void)
{
	struct conn *c = login_usual();
	u8 block[BLOCK], want[8 * BLOCK], ahs[20] = { 0, 17, ISCSI_AHSTYPE_CDB };
	struct result res = {};
	union bhs bhs;
	u32 i;

	fill(want, sizeof(want), 61);
	write_blocks(c, LBA, want, 8);
	fill(block, sizeof(block), 62);
	bhs_init(c, &bhs, ISCSI_OP_SCSI_CMD);
	bhs.cmd.flags = FINAL | ISCSI_FLAG_CMD_WRITE | ISCSI_ATTR_SIMPLE;
	bhs.cmd.lun.scsi_lun[1] = opt.lun;
	bhs.cmd.data_length = htobe32(BLOCK);
	bhs.cmd.cdb[0] = VARIABLE_LENGTH_CMD;
	bhs.cmd.cdb[7] = 0x18;
	bhs.cmd.cdb[9] = WRITE_SAME_32;
	/* Bytes 12 to 19: LBA, 28 to 31: blocks. */
	ahs[4 + 18 - 16] = (LBA + 2) >> 8;
	ahs[4 + 19 - 16] = (LBA + 2) & 0xff;
	ahs[4 + 31 - 16] = 4;
	pdu_send_ahs(c, &bhs, ahs, sizeof(ahs), block, BLOCK);
	scsi_response(pdu_want(c, ISCSI_OP_SCSI_CMD_RSP), &res);
	if (res.status != SAM_STAT_GOOD)
		fail("status 0x%02x, sense %x/%02x/%02x", res.status, res.key, res.asc, res.ascq);
	for (i = 2; i < 6; i++)
		memcpy(want + i * BLOCK, block, BLOCK);
	check_blocks(c, LBA, want, 8);
	logout(c);
}

/* --- data sequences ----------------------------------------------------------- */

/* What is asked of each session: FirstBurst, MaxBurst, our MaxRecvDataSegment. */
static const u32 shapes[][3] = {
	{ 512, 512, 512 }, { 4096, 8192, 1024 }, { 5000, 70001, 4095 }, { 65536, 262144, 131072 },
};

static void one_shape(u32 shape, bool r2t, bool immediate, u32 outstanding)
{
	static u8 data[160 * BLOCK];
	u32 blocks = shape ? 160 : 24, pass;
	u8 cdb[ISCSI_CDB_SIZE];
	struct result res;
	char keys[512];
	struct conn *c;

	snprintf(keys, sizeof(keys),
		 "InitialR2T=%s\nImmediateData=%s\nFirstBurstLength=%u\nMaxBurstLength=%u\n"
		 "MaxRecvDataSegmentLength=%u\nMaxOutstandingR2T=%u\n"
		 "DataPDUInOrder=%s\nDataSequenceInOrder=%s\n",
		 r2t ? "Yes" : "No", immediate ? "Yes" : "No", shapes[shape][0],
		 shapes[shape][1], shapes[shape][2], outstanding,
		 outstanding % 2 ? "Yes" : "No", outstanding % 3 ? "No" : "Yes");
	c = login(&(struct login){ .keys = keys });
	if (c->key[MAX_OUTSTANDING_R2T] != outstanding || c->key[INITIAL_R2T] != r2t ||
	    c->key[IMMEDIATE_DATA] != immediate)
		fail("not as asked for: %s", keys);
	/* As early as it may come, and all of it solicited. */
	for (pass = 0; pass < 2; pass++) {
		struct write_plan plan = plan_usual(c, blocks * BLOCK);

		if (pass)
			plan.immediate = plan.unsolicited = 0;
		plan.hold = true;
		fill(data, blocks * BLOCK, outstanding + 10 * pass + shape);
		cdb_rw(cdb, WRITE_10, LBA, blocks);
		scsi_write(c, cdb, blocks * BLOCK, data, &plan, &res);
		if (res.status != SAM_STAT_GOOD || res.flags)
			fail("status 0x%02x, flags 0x%02x with %s", res.status, res.flags, keys);
		check_blocks(c, LBA, data, blocks);
	}
	logout(c);
}

static void all_keys(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(shapes) * 4 * MAX_R2T; i++)
		one_shape(i / (4 * MAX_R2T), i & 1, i & 2, 1 + i / 4 % MAX_R2T);
}

/* --- text --------------------------------------------------------------------- */

static const struct text_row {
	const char *clause;
	bool discovery;
	const char *request;	/* "@": of this target */
	const char *want;	/* in the answer; NULL: an empty one */
} texts[] = {
	{ "Appendix C: all, in a discovery session", true, "SendTargets=All", "TargetAddress=" },
	{ "Appendix C: by name", true, "SendTargets=@", "TargetAddress=" },
	{ "Appendix C: no such target", true, "SendTargets=iqn.2026-01.vm.lunar:none", NULL },
	{ "Appendix C: empty only in a normal session", true, "SendTargets=",
	  "SendTargets=Reject" },
	{ "Appendix C: empty, in a normal session", false, "SendTargets=", "TargetAddress=" },
	{ "Appendix C: its own target", false, "SendTargets=@", "TargetAddress=" },
	{ "Appendix C: all only in a discovery session", false, "SendTargets=All",
	  "SendTargets=Reject" },
	{ "Appendix C: another target", false, "SendTargets=iqn.2026-01.vm.lunar:none",
	  "SendTargets=Reject" },
	{ "13: a key of the login only", false, "MaxBurstLength=512", "MaxBurstLength=Reject" },
	{ "13: a key of the login only", false, "HeaderDigest=None", "HeaderDigest=Reject" },
	{ "6.2: not understood", false, "X-com.example.key=1",
	  "X-com.example.key=NotUnderstood" },
	{ "6.1: no text at all", false, "", NULL },
};

static bool has_text(const struct text *text, const char *want)
{
	const char *p;

	for (p = text->buf; p < text->buf + text->len; p += strlen(p) + 1)
		if (!strncmp(p, want, strlen(want)))
			return true;
	return false;
}

static void text_table(void)
{
	static struct text text;
	char request[512];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		const struct text_row *row = &texts[i];
		struct conn *c = login(&(struct login){ .discovery = row->discovery });

		snprintf(request, sizeof(request), "%.*s%s", (int)strcspn(row->request, "@"),
			 row->request, strchr(row->request, '@') ? opt.target : "");
		exchange_text(c, request, &text);
		if (row->want ? !has_text(&text, row->want) : text.len)
			fail("%s: %s is answered by %u bytes: %s", row->clause, request, text.len,
			     text.len ? text.buf : "");
		logout(c);
	}
}

/* 11.10.2, 6.2: a request in pieces, each but the last with the C bit. */
static void text_pieces(void)
{
	struct conn *c = login(&(struct login){ .discovery = true });
	static const char request[] = "SendTargets=All";
	u32 ttt = ISCSI_RESERVED_TAG, at, itt = 0;
	const struct pdu *pdu = NULL;
	union bhs bhs;

	for (at = 0; at < sizeof(request); at += 4) {
		bool last = at + 4 >= sizeof(request);

		bhs_init(c, &bhs, ISCSI_OP_TEXT | ISCSI_OP_IMMEDIATE);
		if (!at)
			itt = be32toh(bhs.hdr.itt);
		bhs.hdr.itt = htobe32(itt);
		bhs.hdr.flags = last ? FINAL : ISCSI_FLAG_TEXT_CONTINUE;
		bhs.text.ttt = htobe32(ttt);
		pdu_send(c, &bhs, request + at, 4);
		pdu = pdu_want(c, ISCSI_OP_TEXT_RSP);
		if (last)
			break;
		ttt = be32toh(pdu->bhs.text_rsp.ttt);
		if (pdu->len || pdu->bhs.hdr.flags & FINAL || ttt == ISCSI_RESERVED_TAG)
			fail("the answer to a C bit has text, the F bit or no TTT");
	}
	if (!(pdu->bhs.hdr.flags & FINAL) || !pdu->len ||
	    pdu->bhs.text_rsp.ttt != htobe32(ISCSI_RESERVED_TAG))
		fail("no complete answer: flags 0x%02x, %u bytes", pdu->bhs.hdr.flags, pdu->len);
	logout(c);
}

/* --- many times --------------------------------------------------------------- */

static void many(const char *variable, void (*one)(u32))
{
	const char *number = getenv(variable);
	u32 nr, i;

	if (!number)
		skip("no %s in the environment", variable);
	nr = atoi(number);
	for (i = 0; i < nr; i++)
		one(i);
	printf("# %u times\n", nr);
}

static void cycle(u32 i)
{
	struct conn *c = login(&(struct login){ .isid = 1 + i % 7 });

	logout(c);
}

static void cycles(void)
{
	many("CYCLES", cycle);
}

/* Killed in the middle of a burst: of commands, of data, of answers. */
static void kill_one(u32 i)
{
	static u8 data[64 * BLOCK];
	struct conn *c = login(&(struct login){ .isid = 1 + i % 7 });
	u8 cdb[ISCSI_CDB_SIZE];
	u32 n, len;

	for (n = 0; n < 16; n++) {
		cdb_rw(cdb, n % 2 ? WRITE_10 : READ_10, LBA + n * 64, 64);
		len = n + i % 16 > 15 ? rnd(8192) & ~3u : 8192;
		if (n % 2)
			scsi_send(c, cdb, FINAL | ISCSI_FLAG_CMD_WRITE, sizeof(data), data, len);
		else
			scsi_send(c, cdb, FINAL | ISCSI_FLAG_CMD_READ, sizeof(data), NULL, 0);
	}
	if (i % 3)
		pdu_pending(c, i % 3 * 10);
	conn_reset(c);
}

static void kills(void)
{
	many("KILLS", kill_one);
	still_serves();
}

const struct test_case full_cases[] = {
	{ "full-opcodes", "11.2.1.2, 11.17: a table", opcodes, 40 },
	{ "full-snack", "7.1.5, 11.16: a table", snacks },
	{ "full-logout", "11.14, 11.15: a table", logout_table, 40 },
	{ "full-logout-behind", "4.2.2.1, 11.14", logout_behind },
	{ "full-logout-last", "11.14", logout_last },
	{ "full-nop-silent", "11.18", nop_silent },
	{ "full-nop-numbered", "11.18.1", nop_numbered },
	{ "full-nop-cut", "11.19", nop_cut },
	{ "full-attributes", "11.3.1, SAM-5 8.6", attributes },
	{ "full-attribute-aca", "11.3.1, SAM-5 8.6", attribute_aca },
	{ "full-bidirectional", "11.3.1, 11.2.2.4", bidirectional },
	{ "full-extended-cdb", "11.2.2.3", extended_cdb },
	{ "full-keys", "13.10 to 13.19: every combination", all_keys, 120 },
	{ "full-text", "Appendix C, 13: a table", text_table, 40 },
	{ "full-text-pieces", "6.2, 11.10.2", text_pieces },
	{ "many-cycles", "6.3: $CYCLES sessions", cycles, 3600 },
	{ "many-kills", "7.1: $KILLS connections", kills, 3600 },
	{}
};
