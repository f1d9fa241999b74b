// SPDX-License-Identifier: GPL-2.0
/* SCSI commands, their data in all the ways RFC 7143 has for it, and TMFs. */

#include <stdlib.h>
#include <string.h>

#include "rawpdu.h"

void cdb_rw(u8 *cdb, u8 opcode, u32 lba, u32 blocks)
{
	__be32 be_lba = htobe32(lba);
	__be16 be_blocks = htobe16(blocks);

	memset(cdb, 0, ISCSI_CDB_SIZE);
	cdb[0] = opcode;
	memcpy(cdb + 2, &be_lba, sizeof(be_lba));
	memcpy(cdb + 7, &be_blocks, sizeof(be_blocks));
}

/* A SCSI Command with these flags and immediate data. Returns its ITT. */
u32 scsi_send(struct conn *c, const u8 *cdb, u8 flags, u32 edtl, const void *data, u32 len)
{
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_SCSI_CMD);
	bhs.cmd.flags = flags | ISCSI_ATTR_SIMPLE;
	bhs.cmd.lun.scsi_lun[0] = opt.lun >> 8;
	bhs.cmd.lun.scsi_lun[1] = opt.lun;
	bhs.cmd.data_length = htobe32(edtl);
	memcpy(bhs.cmd.cdb, cdb, ISCSI_CDB_SIZE);
	pdu_send(c, &bhs, data, len);
	return be32toh(bhs.cmd.itt);
}

/* Status, sense and residual of a SCSI Response. */
void scsi_response(const struct pdu *pdu, struct result *res)
{
	const u8 *sense = pdu->data + 2;

	if (pdu->bhs.rsp.response != ISCSI_STATUS_CMD_COMPLETED)
		fail("iSCSI response 0x%02x", pdu->bhs.rsp.response);
	res->status = pdu->bhs.rsp.cmd_status;
	res->flags = pdu->bhs.rsp.flags & (ISCSI_FLAG_CMD_OVERFLOW | ISCSI_FLAG_CMD_UNDERFLOW);
	res->residual = be32toh(pdu->bhs.rsp.residual_count);
	if (res->status == SAM_STAT_CHECK_CONDITION) {
		if (pdu->len < 2 + 14)
			fail("CHECK CONDITION with %u bytes of data", pdu->len);
		if ((sense[0] & 0x7f) != 0x70)
			fail("sense format 0x%02x", sense[0]);
		res->key = sense[2] & 0xf;
		res->asc = sense[12];
		res->ascq = sense[13];
	}
}

/* A command without data. */
void scsi_command(struct conn *c, const u8 *cdb, struct result *res)
{
	u32 itt = scsi_send(c, cdb, FINAL, 0, NULL, 0);
	const struct pdu *pdu = pdu_want(c, ISCSI_OP_SCSI_CMD_RSP);

	memset(res, 0, sizeof(*res));
	if (pdu->bhs.hdr.itt != htobe32(itt))
		fail("SCSI Response with ITT %x, should be %x: status 0x%02x",
		     be32toh(pdu->bhs.hdr.itt), itt, pdu->bhs.rsp.cmd_status);
	scsi_response(pdu, res);
}

/* RFC 7143 11.7: order and limits of Data-In. True at the last one. */
static bool take_data_in(struct conn *c, const struct pdu *pdu, u32 nr, u32 edtl,
			 u32 *burst, u8 *buf, struct result *res)
{
	const struct iscsi_data_rsp *rsp = &pdu->bhs.data_in;

	if (be32toh(rsp->datasn) != nr)
		fail("DataSN %u, should be %u", be32toh(rsp->datasn), nr);
	if (be32toh(rsp->offset) != res->length)
		fail("BufferOffset %u, should be %u", be32toh(rsp->offset), res->length);
	if (res->length + pdu->len > edtl)
		fail("more data than was asked for");
	*burst += pdu->len;
	if (*burst > c->key[MAX_BURST])
		fail("a sequence beyond MaxBurstLength");
	if (!(rsp->flags & FINAL) && pdu->len % 4)
		fail("Data-In of %u bytes without the F bit", pdu->len);
	memcpy(buf + res->length, pdu->data, pdu->len);
	res->length += pdu->len;
	if (rsp->flags & FINAL)
		*burst = 0;
	if (!(rsp->flags & ISCSI_FLAG_DATA_STATUS))
		return false;
	if (!(rsp->flags & FINAL))
		fail("Data-In with S and without F");
	res->status = rsp->cmd_status;
	res->flags = rsp->flags & (ISCSI_FLAG_DATA_OVERFLOW | ISCSI_FLAG_DATA_UNDERFLOW);
	res->residual = be32toh(rsp->residual_count);
	return true;
}

void scsi_read(struct conn *c, const u8 *cdb, u32 edtl, void *buf, struct result *res)
{
	u32 itt = scsi_send(c, cdb, FINAL | ISCSI_FLAG_CMD_READ, edtl, NULL, 0);
	static struct pdu pdu;
	u32 nr = 0, burst = 0;

	memset(res, 0, sizeof(*res));
	for (;;) {
		if (!pdu_recv(c, &pdu))
			fail("the connection is closed instead of data");
		if (pdu.bhs.hdr.itt != htobe32(itt))
			fail("an answer with another ITT");
		if (pdu.bhs.hdr.opcode == ISCSI_OP_SCSI_CMD_RSP)
			break;
		if (pdu.bhs.hdr.opcode != ISCSI_OP_SCSI_DATA_IN)
			fail("opcode 0x%02x in a READ", pdu.bhs.hdr.opcode);
		if (take_data_in(c, &pdu, nr++, edtl, &burst, buf, res))
			return;
	}
	scsi_response(&pdu, res);
}

/* One sequence of Data-Out, from DataSN 0 to the F bit. */
void scsi_data_out(struct conn *c, u32 itt, u32 ttt, u32 offset, const void *data,
		   u32 len, u32 segment)
{
	u32 done = 0, datasn = 0;
	union bhs bhs;

	do {
		u32 n = len - done < segment ? len - done : segment;

		bhs_init(c, &bhs, ISCSI_OP_SCSI_DATA_OUT);
		bhs.data_out.rsvd4 = 0;
		bhs.data_out.lun.scsi_lun[0] = opt.lun >> 8;
		bhs.data_out.lun.scsi_lun[1] = opt.lun;
		bhs.data_out.itt = htobe32(itt);
		bhs.data_out.ttt = htobe32(ttt);
		bhs.data_out.datasn = htobe32(datasn++);
		bhs.data_out.offset = htobe32(offset + done);
		bhs.data_out.flags = done + n == len ? FINAL : 0;
		pdu_send(c, &bhs, (const u8 *)data + done, n);
		done += n;
	} while (done < len);
}

/* R2Ts that wait for their data. */
struct r2t_queue {
	u32 nr;
	u32 next_offset;
	u32 next_r2tsn;
	struct iscsi_r2t_rsp open[MAX_R2T];
};

/* RFC 7143 11.8: order and limits of R2Ts. */
static void take_r2t(struct conn *c, const struct pdu *pdu, u32 edtl, struct r2t_queue *queue)
{
	const struct iscsi_r2t_rsp *r2t = &pdu->bhs.r2t;
	u32 len = be32toh(r2t->data_length);

	if (queue->nr == c->key[MAX_OUTSTANDING_R2T])
		fail("more R2Ts than MaxOutstandingR2T=%u", queue->nr);
	if (be32toh(r2t->r2tsn) != queue->next_r2tsn)
		fail("R2TSN %u, should be %u", be32toh(r2t->r2tsn), queue->next_r2tsn);
	if (be32toh(r2t->data_offset) != queue->next_offset)
		fail("R2T for offset %u, should be %u", be32toh(r2t->data_offset),
		     queue->next_offset);
	if (!len || len > c->key[MAX_BURST] || queue->next_offset + len > edtl)
		fail("R2T for %u bytes", len);
	if (r2t->ttt == htobe32(ISCSI_RESERVED_TAG))
		fail("R2T with the reserved TTT");
	queue->next_r2tsn++;
	queue->next_offset += len;
	queue->open[queue->nr++] = *r2t;
}

static bool may_answer(const struct conn *c, const struct r2t_queue *queue,
		       const struct write_plan *plan, u32 edtl)
{
	return queue->nr && (!plan->hold || queue->nr == c->key[MAX_OUTSTANDING_R2T] ||
			     queue->next_offset == edtl);
}

static void answer_r2t(struct conn *c, struct r2t_queue *queue, u32 itt, const void *buf,
		       u32 segment)
{
	u32 offset = be32toh(queue->open[0].data_offset);

	scsi_data_out(c, itt, be32toh(queue->open[0].ttt), offset,
		      (const u8 *)buf + offset, be32toh(queue->open[0].data_length), segment);
	queue->nr--;
	memmove(queue->open, queue->open + 1, queue->nr * sizeof(queue->open[0]));
}

void scsi_write(struct conn *c, const u8 *cdb, u32 edtl, const void *buf,
		const struct write_plan *plan, struct result *res)
{
	struct r2t_queue queue = { .next_offset = plan->unsolicited };
	u8 flags = ISCSI_FLAG_CMD_WRITE;
	static struct pdu pdu;
	u32 itt;

	memset(res, 0, sizeof(*res));
	if (plan->unsolicited == plan->immediate)
		flags |= FINAL;
	itt = scsi_send(c, cdb, flags, edtl, buf, plan->immediate);
	if (!(flags & FINAL))
		scsi_data_out(c, itt, ISCSI_RESERVED_TAG, plan->immediate,
			      (const u8 *)buf + plan->immediate,
			      plan->unsolicited - plan->immediate, plan->segment);
	for (;;) {
		if (!pdu_recv(c, &pdu))
			fail("the connection is closed in a WRITE");
		if (pdu.bhs.hdr.itt != htobe32(itt))
			fail("an answer with another ITT");
		if (pdu.bhs.hdr.opcode == ISCSI_OP_SCSI_CMD_RSP)
			break;
		if (pdu.bhs.hdr.opcode != ISCSI_OP_R2T)
			fail("opcode 0x%02x in a WRITE", pdu.bhs.hdr.opcode);
		take_r2t(c, &pdu, edtl, &queue);
		while (may_answer(c, &queue, plan, edtl))
			answer_r2t(c, &queue, itt, buf, plan->segment);
	}
	scsi_response(&pdu, res);
	if (res->status == SAM_STAT_GOOD && !plan->unused && (queue.nr || queue.next_offset != edtl))
		fail("GOOD before all data was asked for and sent");
}

static u32 min_u32(u32 a, u32 b)
{
	return a < b ? a : b;
}

/* As much as possible as early as possible. */
struct write_plan plan_usual(const struct conn *c, u32 len)
{
	u32 first = min_u32(len, c->key[FIRST_BURST]);
	struct write_plan plan = { .segment = min_u32(c->key[TARGET_MAX_RECV], MAX_DATA) & ~3u };

	if (c->key[IMMEDIATE_DATA])
		plan.immediate = min_u32(first, plan.segment);
	plan.unsolicited = c->key[INITIAL_R2T] ? plan.immediate : first;
	return plan;
}

/* Anything that was negotiated. */
struct write_plan plan_random(const struct conn *c, u32 len)
{
	struct write_plan plan = plan_usual(c, len);

	/* RFC 7143 11.7.7: whole words unless the F bit is set. */
	plan.segment = (rnd(plan.segment) & ~3u) + 4;
	if (plan.segment < 512 && len > 65536)
		plan.segment = 512;
	if (plan.immediate && rnd(3))
		plan.immediate = rnd(plan.immediate / 4 + 1) * 4;
	if (c->key[INITIAL_R2T] || !rnd(3))
		plan.unsolicited = plan.immediate;
	else if (rnd(2))
		plan.unsolicited -= rnd((plan.unsolicited - plan.immediate) / 4 + 1) * 4;
	plan.hold = rnd(2);
	return plan;
}

/* Until it is, which takes one attempt per unit attention. */
void test_unit_ready(struct conn *c)
{
	static const u8 cdb[ISCSI_CDB_SIZE] = { TEST_UNIT_READY };
	struct result res;
	int i;

	for (i = 0; i < 8; i++) {
		scsi_command(c, cdb, &res);
		if (res.status == SAM_STAT_GOOD)
			return;
		if (res.status != SAM_STAT_CHECK_CONDITION || res.key != UNIT_ATTENTION)
			break;
	}
	fail("TEST UNIT READY: status 0x%02x, sense %x/%02x/%02x", res.status, res.key,
	     res.asc, res.ascq);
}

/* It may come at any time: a reset that was given up on ends when it ends. */
static bool attention(const struct result *res)
{
	return res->status == SAM_STAT_CHECK_CONDITION && res->key == UNIT_ATTENTION;
}

void write_blocks(struct conn *c, u32 lba, const void *buf, u32 blocks)
{
	struct write_plan plan = plan_usual(c, blocks * BLOCK);
	u8 cdb[ISCSI_CDB_SIZE];
	struct result res;
	int tries = 0;

	cdb_rw(cdb, WRITE_10, lba, blocks);
	do {
		scsi_write(c, cdb, blocks * BLOCK, buf, &plan, &res);
	} while (attention(&res) && tries++ < 8);
	if (res.status != SAM_STAT_GOOD)
		fail("WRITE of %u blocks at %u: status 0x%02x, sense %x/%02x/%02x", blocks,
		     lba, res.status, res.key, res.asc, res.ascq);
	if (res.flags)
		fail("WRITE: residual %u", res.residual);
}

void check_blocks(struct conn *c, u32 lba, const void *want, u32 blocks)
{
	u8 *buf = malloc(blocks * BLOCK);
	u8 cdb[ISCSI_CDB_SIZE];
	struct result res;
	int tries = 0;
	u32 i;

	cdb_rw(cdb, READ_10, lba, blocks);
	do {
		scsi_read(c, cdb, blocks * BLOCK, buf, &res);
	} while (attention(&res) && tries++ < 8);
	if (res.status != SAM_STAT_GOOD || res.flags || res.length != blocks * BLOCK)
		fail("READ of %u blocks at %u: status 0x%02x, sense %x/%02x/%02x, %u bytes",
		     blocks, lba, res.status, res.key, res.asc, res.ascq, res.length);
	for (i = 0; i < blocks * BLOCK; i++)
		if (buf[i] != ((const u8 *)want)[i])
			fail("wrong data: byte %u of %u blocks at %u is %02x, should be %02x",
			     i, blocks, lba, buf[i], ((const u8 *)want)[i]);
	free(buf);
}

/* Returns the response. */
u8 task_management(struct conn *c, u8 function, u32 ref_itt, u32 ref_cmdsn)
{
	const struct pdu *rsp;
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_SCSI_TMFUNC | ISCSI_OP_IMMEDIATE);
	bhs.tm.flags = FINAL | function;
	bhs.tm.lun.scsi_lun[0] = opt.lun >> 8;
	bhs.tm.lun.scsi_lun[1] = opt.lun;
	bhs.tm.rtt = htobe32(ref_itt);
	bhs.tm.refcmdsn = htobe32(ref_cmdsn);
	pdu_send(c, &bhs, NULL, 0);
	rsp = pdu_want(c, ISCSI_OP_SCSI_TMFUNC_RSP);
	if (rsp->bhs.hdr.itt != bhs.hdr.itt)
		fail("TMF response with another ITT");
	return rsp->bhs.tm_rsp.response;
}
