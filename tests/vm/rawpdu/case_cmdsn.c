// SPDX-License-Identifier: GPL-2.0
/* Gaps in CmdSN: what is behind one waits, and gets its turn (RFC 7143 4.2.2.1). */

#include <string.h>

#include "rawpdu.h"

#define LBA		30000
#define BLOCKS		64
#define LEN		(BLOCKS * BLOCK)
#define SILENT_MS	(200 * opt.factor)

static u8 old[LEN], new[LEN];

static struct conn *prepare(void)
{
	struct conn *c = login(&(struct login){ .keys = "InitialR2T=No\nImmediateData=Yes\n" });

	fill(old, LEN, 31);
	fill(new, LEN, 32);
	write_blocks(c, LBA, old, BLOCKS);
	return c;
}

/* A NOP-Out with that CmdSN and its low byte as ping data. Returns its ITT. */
static itt_t ping(struct conn *c, u32 cmdsn)
{
	u8 data[5] = { cmdsn, 1, 2, 3, 4 };
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_NOOP_OUT);
	c->cmdsn--;
	bhs.nop_out.ttt = htobe32(ISCSI_RESERVED_TAG);
	bhs.nop_out.cmdsn = htobe32(cmdsn);
	pdu_send(c, &bhs, data, sizeof(data));
	return bhs.hdr.itt;
}

static void want_ping(struct conn *c, u32 cmdsn, itt_t itt)
{
	const u8 data[5] = { cmdsn, 1, 2, 3, 4 };
	const struct pdu *pdu = pdu_want(c, ISCSI_OP_NOOP_IN);

	if (pdu->bhs.hdr.itt != itt || pdu->len != sizeof(data) ||
	    memcmp(pdu->data, data, sizeof(data)))
		fail("not the answer to the ping with CmdSN %u", cmdsn);
}

/* A SCSI Command whose CmdSN is @ahead of the next; c->cmdsn stays. */
static u32 send_ahead(struct conn *c, u32 ahead, const u8 *cdb, u8 flags, u32 edtl,
		      const void *data, u32 len)
{
	u32 next = c->cmdsn, itt;

	c->cmdsn += ahead;
	itt = scsi_send(c, cdb, flags, edtl, data, len);
	c->cmdsn = next;
	return itt;
}

static void want_silence(struct conn *c)
{
	if (pdu_pending(c, SILENT_MS))
		fail("a command behind a gap is answered");
	/* Immediate delivery is not held up by it. */
	if (task_management(c, ISCSI_TM_FUNC_ABORT_TASK, 0xabcdef, c->cmdsn - 1) !=
	    ISCSI_TMF_RSP_COMPLETE)
		fail("ABORT TASK of nothing fails");
	if (c->exp_cmdsn != c->cmdsn)
		fail("ExpCmdSN %u is beyond the gap at %u", c->exp_cmdsn, c->cmdsn);
}

/* Pings in the order 3, 1, 2, 3 (a duplicate), 0: answered 0, 1, 2, 3. */
static void gap_order(void)
{
	static const u8 order[] = { 3, 1, 2, 3 };
	struct conn *c = login_usual();
	itt_t itt[4] = { 0 };
	u32 first = c->cmdsn, i;

	for (i = 0; i < ARRAY_SIZE(order); i++) {
		itt_t tag = ping(c, first + order[i]);

		/* Of two with one number the first counts. */
		if (!itt[order[i]])
			itt[order[i]] = tag;
	}
	want_silence(c);
	itt[0] = ping(c, first);
	c->cmdsn += 4;
	for (i = 0; i < ARRAY_SIZE(itt); i++)
		want_ping(c, first + i, itt[i]);
	test_unit_ready(c);
	logout(c);
}

/* A WRITE behind a gap, with immediate and unsolicited data. */
static void gap_write(void)
{
	struct conn *c = prepare();
	u8 cdb[ISCSI_CDB_SIZE];
	const struct pdu *pdu;
	struct result res;
	u32 itt;
	itt_t nop;

	cdb_rw(cdb, WRITE_10, LBA, BLOCKS);
	itt = send_ahead(c, 1, cdb, ISCSI_FLAG_CMD_WRITE, LEN, new, 4096);
	scsi_data_out(c, itt, ISCSI_RESERVED_TAG, 4096, new + 4096, LEN - 4096, 5000);
	want_silence(c);
	nop = ping(c, c->cmdsn);
	c->cmdsn += 2;
	want_ping(c, c->cmdsn - 2, nop);
	pdu = pdu_want(c, ISCSI_OP_SCSI_CMD_RSP);
	if (pdu->bhs.hdr.itt != htobe32(itt))
		fail("not the answer to the WRITE");
	scsi_response(pdu, &res);
	if (res.status || res.flags)
		fail("WRITE behind a gap: status 0x%02x, flags 0x%02x", res.status, res.flags);
	check_blocks(c, LBA, new, BLOCKS);
	logout(c);
}

/* ABORT TASK of the command that never came closes the gap. */
static void gap_abort_missing(void)
{
	struct conn *c = login_usual();
	itt_t nop[3], late;
	u32 n = 0, functions = 0;
	union bhs bhs;

	/* Two are missing: 0 and 2. */
	nop[0] = ping(c, c->cmdsn + 1);
	nop[1] = ping(c, c->cmdsn + 3);
	nop[2] = ping(c, c->cmdsn + 4);
	want_silence(c);
	c->cmdsn += 5;
	if (task_management(c, ISCSI_TM_FUNC_ABORT_TASK, 0x4711, c->cmdsn - 3))
		fail("ABORT TASK of the second missing one fails");
	bhs_init(c, &bhs, ISCSI_OP_SCSI_TMFUNC | ISCSI_OP_IMMEDIATE);
	bhs.tm.flags = FINAL | ISCSI_TM_FUNC_ABORT_TASK;
	bhs.tm.lun.scsi_lun[1] = opt.lun;
	bhs.tm.rtt = htobe32(0x4712);
	bhs.tm.refcmdsn = htobe32(c->cmdsn - 5);
	pdu_send(c, &bhs, NULL, 0);
	/* Now it may not come any more. */
	late = ping(c, c->cmdsn - 5);
	while (n < ARRAY_SIZE(nop) || !functions) {
		static struct pdu pdu;

		if (!pdu_recv(c, &pdu))
			fail("closed");
		if (pdu.bhs.hdr.itt == late)
			fail("what was aborted is executed when it comes");
		if (pdu.bhs.hdr.itt == bhs.hdr.itt && !pdu.bhs.tm_rsp.response)
			functions++;
		else if (n == ARRAY_SIZE(nop) || pdu.bhs.hdr.itt != nop[n++])
			fail("opcode 0x%02x out of order", pdu.bhs.hdr.opcode);
	}
	test_unit_ready(c);
	logout(c);
}

/* A TMF for a WRITE behind a gap: it must not take effect when its turn comes. */
static void end_held(u8 function)
{
	struct conn *c = prepare();
	u8 cdb[ISCSI_CDB_SIZE];
	itt_t nop;
	u32 itt;

	cdb_rw(cdb, WRITE_10, LBA, BLOCKS);
	itt = send_ahead(c, 1, cdb, ISCSI_FLAG_CMD_WRITE, LEN, new, 4096);
	scsi_data_out(c, itt, ISCSI_RESERVED_TAG, 4096, new + 4096, 8192, 4096);
	c->cmdsn += 2;
	if (task_management(c, function, itt, c->cmdsn - 1))
		fail("the function fails");
	nop = ping(c, c->cmdsn - 2);
	want_ping(c, c->cmdsn - 2, nop);
	test_unit_ready(c);
	check_blocks(c, LBA, old, BLOCKS);
	logout(c);
}

static void gap_abort_held(void)
{
	end_held(ISCSI_TM_FUNC_ABORT_TASK);
}

static void gap_reset_held(void)
{
	end_held(ISCSI_TM_FUNC_LOGICAL_UNIT_RESET);
}

/* More than is kept: the connection ends, and only that. */
static void gap_too_much(void)
{
	static u8 data[65536];
	struct conn *c = login_usual();
	u32 len = c->key[TARGET_MAX_RECV], i;
	union bhs bhs;

	if (len > sizeof(data))
		len = sizeof(data);
	for (i = 1; i < 100; i++) {
		bhs_init(c, &bhs, ISCSI_OP_NOOP_OUT);
		c->cmdsn--;
		bhs.nop_out.ttt = htobe32(ISCSI_RESERVED_TAG);
		bhs.nop_out.cmdsn = htobe32(c->cmdsn + i);
		if (!pdu_send(c, &bhs, data, len))
			break;
	}
	want_closed(c);
	still_serves();
}

/* RFC 7143 7.3: what is rejected was not received, its CmdSN is used again. */
static void gap_reject(void)
{
	static const u8 ahs[4] = { 0, 1, 0x3f, 0 };
	struct conn *c = login_usual();
	union bhs bhs;
	u32 i;

	for (i = 0; i < 3; i++) {
		bhs_init(c, &bhs, i == 1 ? 0x0f : ISCSI_OP_SCSI_CMD);
		bhs.cmd.lun.scsi_lun[1] = opt.lun;
		c->cmdsn--;
		if (i == 2)
			bhs.hdr.itt = RESERVED_ITT;
		pdu_send_ahs(c, &bhs, ahs, i ? 0 : sizeof(ahs), NULL, 0);
		want_reject(c, &bhs, i == 1 ? ISCSI_REASON_CMD_NOT_SUPPORTED : -1);
		if (c->exp_cmdsn != c->cmdsn)
			fail("a rejected command counts as received");
	}
	test_unit_ready(c);
	logout(c);
}

const struct test_case cmdsn_cases[] = {
	{ "cmdsn-gap-order", "4.2.2.1", gap_order },
	{ "cmdsn-gap-write", "4.2.2.1", gap_write },
	{ "cmdsn-gap-abort-missing", "11.5.5, 11.6.1", gap_abort_missing },
	{ "cmdsn-gap-abort-held", "11.5.5", gap_abort_held },
	{ "cmdsn-gap-reset-held", "4.2.3.3", gap_reset_held },
	{ "cmdsn-gap-too-much", "4.2.2.1: bounded", gap_too_much },
	{ "cmdsn-gap-reject", "7.3", gap_reject },
	{}
};
