// SPDX-License-Identifier: GPL-2.0
/* Data-Out that is wrong, late or never comes: old data must stay. */

#include <stdlib.h>
#include <string.h>

#include "rawpdu.h"

#define LBA	4096
#define BLOCKS	1024	/* beyond FirstBurstLength and MaxBurstLength */
#define LEN	(BLOCKS * BLOCK)

static u8 old[LEN], new[LEN];

/* A session and LBA full of the old pattern. */
static struct conn *prepare(u8 isid)
{
	struct conn *c = login(&(struct login){ .isid = isid });

	fill(old, LEN, 11);
	fill(new, LEN, 22);
	write_blocks(c, LBA, old, BLOCKS);
	return c;
}

static void check_old(void)
{
	struct conn *c = login(&(struct login){ .isid = 0x77 });

	check_blocks(c, LBA, old, BLOCKS);
	logout(c);
}

/* A WRITE of all of it that ends with the immediate data and, if there is to be
 * none of it, not even that.
 */
static u32 begin_write(struct conn *c, u32 immediate, bool final)
{
	u8 cdb[ISCSI_CDB_SIZE];

	cdb_rw(cdb, WRITE_10, LBA, BLOCKS);
	return scsi_send(c, cdb, ISCSI_FLAG_CMD_WRITE | (final ? FINAL : 0), LEN, new, immediate);
}

static struct iscsi_r2t_rsp want_r2t(struct conn *c, u32 itt)
{
	const struct pdu *pdu = pdu_want(c, ISCSI_OP_R2T);

	if (pdu->bhs.hdr.itt != htobe32(itt))
		fail("R2T with another ITT");
	return pdu->bhs.r2t;
}

static void cut_immediate(void)
{
	struct conn *c = prepare(1);
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_SCSI_CMD);
	bhs.cmd.flags = FINAL | ISCSI_FLAG_CMD_WRITE;
	bhs.cmd.lun.scsi_lun[1] = opt.lun;
	bhs.cmd.data_length = htobe32(65536);
	cdb_rw(bhs.cmd.cdb, WRITE_10, LBA, 128);
	hton24(bhs.hdr.dlength, 65536);
	conn_send(c, &bhs, sizeof(bhs));
	conn_send(c, new, 30000);
	conn_close(c);
	check_old();
}

static void cut_unsolicited(void)
{
	struct conn *c = prepare(1);
	u32 itt = begin_write(c, 8192, false);
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_SCSI_DATA_OUT);
	bhs.data_out.itt = htobe32(itt);
	bhs.data_out.ttt = htobe32(ISCSI_RESERVED_TAG);
	bhs.data_out.offset = htobe32(8192);
	bhs.data_out.flags = 0;
	pdu_send(c, &bhs, new + 8192, 32768);
	conn_close(c);
	check_old();
}

static void cut_solicited(void)
{
	struct conn *c = prepare(1);
	u32 itt = begin_write(c, 0, true);
	struct iscsi_r2t_rsp r2t = want_r2t(c, itt);
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_SCSI_DATA_OUT);
	bhs.data_out.itt = htobe32(itt);
	bhs.data_out.ttt = r2t.ttt;
	bhs.data_out.flags = 0;
	hton24(bhs.hdr.dlength, 65536);
	conn_send(c, &bhs, sizeof(bhs));
	conn_send(c, new, 12345);
	conn_close(c);
	check_old();
	/* Right after the R2T. */
	c = prepare(1);
	want_r2t(c, begin_write(c, 0, true));
	conn_close(c);
	check_old();
}

/* Many writes on their way at once, cut anywhere: all old or all new. */
static void cut_burst(void)
{
	u8 cdb[ISCSI_CDB_SIZE], buf[8 * BLOCK];
	u32 i, round;

	for (round = 0; round < 8; round++) {
		struct conn *c = prepare(2);
		struct result res;

		for (i = 0; i < 16; i++) {
			u32 n = round + i == 16 ? 1 + rnd(4000) : 4096;

			cdb_rw(cdb, WRITE_10, LBA + 8 * i, 8);
			scsi_send(c, cdb, FINAL | ISCSI_FLAG_CMD_WRITE, 4096, new + i * 4096, n);
		}
		if (round % 2)
			pdu_pending(c, 50);
		conn_close(c);
		c = login(&(struct login){ .isid = 2 });
		for (i = 0; i < 16; i++) {
			cdb_rw(cdb, READ_10, LBA + 8 * i, 8);
			scsi_read(c, cdb, sizeof(buf), buf, &res);
			if (memcmp(buf, old + i * 4096, 4096) && memcmp(buf, new + i * 4096, 4096))
				fail("round %u: write %u is torn", round, i);
		}
		logout(c);
	}
}

/* A Data-Out to a waiting WRITE, wrong in one way. */
static void wrong_data_out(u32 ttt, u32 offset, u32 datasn, u32 len, u8 flags)
{
	struct conn *c = prepare(3);
	u32 itt = begin_write(c, 0, true);
	struct iscsi_r2t_rsp r2t = want_r2t(c, itt);
	static struct pdu pdu;
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_SCSI_DATA_OUT);
	bhs.data_out.itt = htobe32(itt);
	bhs.data_out.ttt = ttt ? htobe32(ttt) : r2t.ttt;
	bhs.data_out.offset = htobe32(offset);
	bhs.data_out.datasn = htobe32(datasn);
	bhs.data_out.flags = flags;
	pdu_send(c, &bhs, new, len);
	if (pdu_pending(c, 1000 * opt.factor) && pdu_recv(c, &pdu) &&
	    pdu.bhs.hdr.opcode != ISCSI_OP_REJECT &&
	    (pdu.bhs.hdr.opcode != ISCSI_OP_SCSI_CMD_RSP || !pdu.bhs.rsp.cmd_status))
		fail("opcode 0x%02x", pdu.bhs.hdr.opcode);
	conn_close(c);
	check_old();
}

static void wrong_ttt(void)
{
	wrong_data_out(0x7654321, 0, 0, 4096, 0);
	wrong_data_out(ISCSI_RESERVED_TAG, 0, 0, 4096, FINAL);
}

static void wrong_offset(void)
{
	wrong_data_out(0, 512, 0, 4096, 0);
	wrong_data_out(0, LEN, 0, 4096, 0);
	wrong_data_out(0, 0xfffffe00, 0, 4096, 0);
}

static void wrong_datasn(void)
{
	wrong_data_out(0, 0, 1, 4096, 0);
	wrong_data_out(0, 0, 0xffffffff, 4096, 0);
}

/* The F bit before all that the R2T asked for has come. */
static void too_little(void)
{
	wrong_data_out(0, 0, 0, 4096, FINAL);
}

/* The answer to a WRITE of which data was lost; the session goes on. */
static void want_crc_error(struct conn *c, u32 itt)
{
	const struct pdu *pdu = pdu_want(c, ISCSI_OP_SCSI_CMD_RSP);
	struct result res;

	if (pdu->bhs.hdr.itt != htobe32(itt))
		fail("not the answer to the WRITE");
	scsi_response(pdu, &res);
	if (res.status != SAM_STAT_CHECK_CONDITION || res.key != ABORTED_COMMAND ||
	    res.asc != 0x47 || res.ascq != 0x05)
		fail("status 0x%02x, sense %x/%02x/%02x", res.status, res.key, res.asc, res.ascq);
	test_unit_ready(c);
	check_blocks(c, LBA, old, BLOCKS);
	write_blocks(c, LBA, new, 8);
	check_blocks(c, LBA, new, 8);
	logout(c);
}

/* All that the R2T asked for, in pieces with these DataSN and the F bit in the
 * last: no answer before that.
 */
static void lost_data_out(const u32 *datasn, u32 nr, u32 offset)
{
	struct conn *c = prepare(3);
	u32 itt = begin_write(c, 0, true), len, i;
	struct iscsi_r2t_rsp r2t = want_r2t(c, itt);
	union bhs bhs;

	len = be32toh(r2t.data_length) / nr & ~3u;
	if (len > 65536)
		len = 65536;
	for (i = 0; i < nr; i++) {
		if (i == nr - 1 && pdu_pending(c, 100 * opt.factor))
			fail("an answer before the F bit");
		bhs_init(c, &bhs, ISCSI_OP_SCSI_DATA_OUT);
		bhs.data_out.itt = htobe32(itt);
		bhs.data_out.ttt = r2t.ttt;
		bhs.data_out.offset = htobe32(offset + i * len);
		bhs.data_out.datasn = htobe32(datasn[i]);
		bhs.data_out.flags = i == nr - 1 ? FINAL : 0;
		pdu_send(c, &bhs, new, len);
	}
	want_crc_error(c, itt);
}

static void lost_sequence(void)
{
	lost_data_out((const u32 []){ 0, 0 }, 2, 0);
	lost_data_out((const u32 []){ 27 }, 1, 0);
	lost_data_out((const u32 []){ 1, 0, 2 }, 3, 0);
	lost_data_out((const u32 []){ 0, 2 }, 2, 0);
	lost_data_out((const u32 []){ 0, 1 }, 2, 512);
	/* The R2T asked for more. */
	lost_data_out((const u32 []){ 0 }, 1, 0);
}

/* RFC 7143 7.8: Reject at once, a status when the rest of the data has come. */
static void digest_data_out(void)
{
	const struct login l = { .keys = "DataDigest=CRC32C\nInitialR2T=No\nImmediateData=No\n"
					 "FirstBurstLength=65536\nMaxBurstLength=65536\n",
				 .isid = 4 };
	bool solicited;

	conn_close(prepare(3));
	for (solicited = false; ; solicited = true) {
		struct conn *c = login(&l);
		u32 ttt = ISCSI_RESERVED_TAG, itt, i;
		union bhs bhs;

		write_blocks(c, LBA, old, 8);
		itt = begin_write(c, 0, solicited);
		if (solicited)
			ttt = be32toh(want_r2t(c, itt).ttt);
		for (i = 0; i < 4; i++) {
			bhs_init(c, &bhs, ISCSI_OP_SCSI_DATA_OUT);
			bhs.data_out.itt = htobe32(itt);
			bhs.data_out.ttt = htobe32(ttt);
			bhs.data_out.offset = htobe32(i * 16384);
			bhs.data_out.datasn = htobe32(i);
			bhs.data_out.flags = i == 3 ? FINAL : 0;
			if (i == 1)
				c->corrupt = CORRUPT_DATA_DIGEST;
			pdu_send(c, &bhs, new + i * 16384, 16384);
			if (i == 1)
				want_reject(c, &bhs, ISCSI_REASON_DATA_DIGEST_ERROR);
		}
		want_crc_error(c, itt);
		if (solicited)
			return;
	}
}

/* One sequence after another beyond what the R2T asked for. */
static void too_much(void)
{
	struct conn *c = prepare(3);
	u32 itt = begin_write(c, 0, true);
	struct iscsi_r2t_rsp r2t = want_r2t(c, itt);
	u32 len = be32toh(r2t.data_length), done, n = 65536, nr = 0;
	union bhs bhs;

	for (done = 0; done < len + 2 * n; done += n) {
		bhs_init(c, &bhs, ISCSI_OP_SCSI_DATA_OUT);
		bhs.data_out.itt = htobe32(itt);
		bhs.data_out.ttt = r2t.ttt;
		bhs.data_out.offset = htobe32(done);
		bhs.data_out.datasn = htobe32(nr++);
		bhs.data_out.flags = 0;
		pdu_send(c, &bhs, new, n);
	}
	if (pdu_pending(c, 1000 * opt.factor) && len < LEN)
		want_closed(c);
	conn_close(c);
	check_old();
}

/* More immediate or unsolicited data than was agreed. */
static void too_much_unsolicited(void)
{
	const struct login limits = { .keys = "FirstBurstLength=4096\nInitialR2T=No\nImmediateData=Yes\n",
				      .isid = 4 };
	const struct login none = { .keys = "InitialR2T=Yes\nImmediateData=No\n", .isid = 4 };
	static struct pdu pdu;
	struct conn *c;

	conn_close(prepare(3));
	c = login(&limits);
	begin_write(c, 8192, true);
	if (pdu_recv(c, &pdu) && pdu.bhs.hdr.opcode != ISCSI_OP_REJECT &&
	    (pdu.bhs.hdr.opcode != ISCSI_OP_SCSI_CMD_RSP || !pdu.bhs.rsp.cmd_status))
		fail("8192 bytes of immediate data: opcode 0x%02x", pdu.bhs.hdr.opcode);
	conn_close(c);
	check_old();
	c = login(&none);
	begin_write(c, 512, true);
	if (pdu_recv(c, &pdu) && pdu.bhs.hdr.opcode != ISCSI_OP_REJECT &&
	    (pdu.bhs.hdr.opcode != ISCSI_OP_SCSI_CMD_RSP || !pdu.bhs.rsp.cmd_status))
		fail("ImmediateData=No: opcode 0x%02x", pdu.bhs.hdr.opcode);
	conn_close(c);
	check_old();
}

/* Data for a task that does not exist. */
static void stray_data_out(void)
{
	struct conn *c = prepare(3);

	scsi_data_out(c, 0x5555, 0x1234, 0, new, 4096, 4096);
	scsi_data_out(c, 0x5555, ISCSI_RESERVED_TAG, 0, new, 4096, 4096);
	conn_close(c);
	check_old();
}

/* A second command with the tag of one that waits for data. */
static void duplicate_itt(void)
{
	struct conn *c = prepare(5);
	u32 itt = begin_write(c, 0, true);
	struct iscsi_r2t_rsp r2t = want_r2t(c, itt);
	static struct pdu pdu;
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_SCSI_CMD);
	bhs.cmd.itt = htobe32(itt);
	bhs.cmd.lun.scsi_lun[1] = opt.lun;
	pdu_send(c, &bhs, NULL, 0);
	if (!pdu_recv(c, &pdu)) {
		check_old();
		return;
	}
	if (pdu.bhs.hdr.opcode != ISCSI_OP_REJECT ||
	    pdu.bhs.reject.reason != ISCSI_REASON_TASK_IN_PROGRESS)
		fail("opcode 0x%02x, byte 2 0x%02x", pdu.bhs.hdr.opcode, pdu.bhs.raw[2]);
	/* The first one goes on, and the CmdSN was not used (RFC 7143 7.3). */
	c->cmdsn--;
	for (;;) {
		u32 offset = be32toh(r2t.data_offset);

		scsi_data_out(c, itt, be32toh(r2t.ttt), offset, new + offset,
			      be32toh(r2t.data_length), 65536);
		if (!pdu_recv(c, &pdu))
			fail("closed");
		if (pdu.bhs.hdr.opcode != ISCSI_OP_R2T)
			break;
		r2t = pdu.bhs.r2t;
	}
	if (pdu.bhs.hdr.opcode != ISCSI_OP_SCSI_CMD_RSP || pdu.bhs.rsp.cmd_status)
		fail("the first command fails: opcode 0x%02x", pdu.bhs.hdr.opcode);
	check_blocks(c, LBA, new, BLOCKS);
	logout(c);
}

/* A TMF while a WRITE waits for its data; the data then comes too late. */
static void tmf_while_waiting(u8 function)
{
	struct conn *c = prepare(6);
	u32 cmdsn = c->cmdsn, itt = begin_write(c, 0, true);
	struct iscsi_r2t_rsp r2t = want_r2t(c, itt);
	u64 begin = now_ms();
	u8 response = task_management(c, function, itt, cmdsn);

	if (response == ISCSI_TMF_RSP_NOT_SUPPORTED && function == ISCSI_TM_FUNC_ABORT_TASK_SET)
		skip("the target has no ABORT TASK SET");
	if (response != ISCSI_TMF_RSP_COMPLETE)
		fail("response %u", response);
	if (now_ms() - begin > 2000 * opt.factor)
		fail("answered after %u ms", (unsigned int)(now_ms() - begin));
	scsi_data_out(c, itt, be32toh(r2t.ttt), 0, new, be32toh(r2t.data_length), 65536);
	test_unit_ready(c);
	check_blocks(c, LBA, old, BLOCKS);
	logout(c);
}

static void abort_waiting(void)
{
	tmf_while_waiting(ISCSI_TM_FUNC_ABORT_TASK);
}

static void abort_set_waiting(void)
{
	tmf_while_waiting(ISCSI_TM_FUNC_ABORT_TASK_SET);
}

static void reset_waiting(void)
{
	tmf_while_waiting(ISCSI_TM_FUNC_LOGICAL_UNIT_RESET);
}

/*
 * What comes with a LUN RESET, but behind it, is answered: if need be with its
 * attention. With a gap both are held, and closing it lets them go on.
 */
static void behind(bool gap)
{
	static const u8 test_unit_ready_cdb[ISCSI_CDB_SIZE];
	struct conn *c = prepare(6);
	bool reset = false, answered = false;
	u32 missing = c->cmdsn, next, itt;
	struct iscsi_r2t_rsp *r2t;
	static struct pdu pdu;
	union bhs bhs;

	c->cmdsn += gap;
	conn_cork(c, true);
	bhs_init(c, &bhs, ISCSI_OP_SCSI_TMFUNC | (gap ? 0 : ISCSI_OP_IMMEDIATE));
	bhs.tm.flags = FINAL | ISCSI_TM_FUNC_LOGICAL_UNIT_RESET;
	bhs.tm.lun.scsi_lun[1] = opt.lun;
	bhs.tm.rtt = htobe32(ISCSI_RESERVED_TAG);
	pdu_send(c, &bhs, NULL, 0);
	itt = begin_write(c, 0, true);
	if (gap) {
		next = c->cmdsn;
		c->cmdsn = missing;
		scsi_send(c, test_unit_ready_cdb, FINAL, 0, NULL, 0);
		c->cmdsn = next;
	}
	conn_cork(c, false);
	while (!reset || !answered) {
		if (!pdu_recv(c, &pdu))
			fail("closed");
		r2t = &pdu.bhs.r2t;
		if (pdu.bhs.hdr.opcode == ISCSI_OP_R2T)
			scsi_data_out(c, itt, be32toh(r2t->ttt), be32toh(r2t->data_offset),
				      new + be32toh(r2t->data_offset),
				      be32toh(r2t->data_length), 65536);
		if (pdu.bhs.hdr.opcode == ISCSI_OP_SCSI_TMFUNC_RSP) {
			if (pdu.bhs.tm_rsp.response)
				fail("response %u", pdu.bhs.tm_rsp.response);
			reset = true;
		}
		answered |= pdu.bhs.hdr.opcode == ISCSI_OP_SCSI_CMD_RSP &&
			    pdu.bhs.hdr.itt == htobe32(itt);
	}
	test_unit_ready(c);
	logout(c);
}

static void behind_reset(void)
{
	behind(false);
}

static void behind_held_reset(void)
{
	behind(true);
}

/* A LUN RESET of one initiator ends the WRITE of another, which waits for data. */
static void reset_by_other(void)
{
	struct conn *c = prepare(6), *other = login(&(struct login){ .isid = 7 });
	u32 itt = begin_write(c, 0, true);
	struct iscsi_r2t_rsp r2t = want_r2t(c, itt);
	u64 begin = now_ms();
	u8 response = task_management(other, ISCSI_TM_FUNC_LOGICAL_UNIT_RESET, 0xffffffff, 0);
	static struct pdu pdu;
	u32 offset;

	if (now_ms() - begin > 2000 * opt.factor)
		fail("answered after %u ms", (unsigned int)(now_ms() - begin));
	if (response != ISCSI_TMF_RSP_COMPLETE)
		fail("response %u", response);
	test_unit_ready(other);
	/* It may get a status now, or after its data, or none (TAS=0). */
	offset = be32toh(r2t.data_offset);
	scsi_data_out(c, itt, be32toh(r2t.ttt), offset, new + offset,
		      be32toh(r2t.data_length), 65536);
	while (pdu_pending(c, 300 * opt.factor) && pdu_recv(c, &pdu)) {
		if (pdu.bhs.hdr.opcode == ISCSI_OP_SCSI_CMD_RSP && !pdu.bhs.rsp.cmd_status)
			fail("GOOD for a WRITE that was reset");
		if (pdu.bhs.hdr.opcode == ISCSI_OP_R2T)
			fail("R2T for a WRITE that was reset");
	}
	check_blocks(other, LBA, old, BLOCKS);
	logout(other);
	conn_close(c);
	still_serves();
}

const struct test_case write_cases[] = {
	{ "cut-immediate", "7.1: connection lost", cut_immediate },
	{ "cut-unsolicited", "7.1", cut_unsolicited },
	{ "cut-solicited", "7.1", cut_solicited },
	{ "cut-burst", "7.1", cut_burst, 60 },
	{ "data-out-ttt", "11.7.4", wrong_ttt },
	{ "data-out-offset", "11.7.6", wrong_offset },
	{ "data-out-datasn", "11.7.5", wrong_datasn },
	{ "data-out-too-little", "11.8.4", too_little },
	{ "data-out-lost", "7.9, 11.4.7.2", lost_sequence },
	{ "data-out-digest", "7.8", digest_data_out },
	{ "data-out-too-much", "11.8.4", too_much },
	{ "data-out-not-agreed", "13.10, 13.11, 13.14", too_much_unsolicited },
	{ "data-out-stray", "11.7", stray_data_out },
	{ "duplicate-itt", "11.2.1.8, 11.17", duplicate_itt },
	{ "tmf-abort-waiting", "11.5, 4.2.3.3", abort_waiting },
	{ "tmf-abort-set-waiting", "11.5", abort_set_waiting },
	{ "tmf-reset-waiting", "11.5", reset_waiting },
	{ "tmf-reset-behind", "11.5.1", behind_reset },
	{ "tmf-reset-behind-held", "11.5.1", behind_held_reset },
	{ "tmf-reset-by-other", "11.5", reset_by_other },
	{}
};
