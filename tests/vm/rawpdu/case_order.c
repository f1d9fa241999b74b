// SPDX-License-Identifier: GPL-2.0
/*
 * Order of commands that overlap, when a device hangs, and COMPARE AND WRITE. -H
 * and -R hold and release what has the first SPLIT blocks of the disk; what is
 * behind works all the time. Run by tests/vm/160-order.sh.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rawpdu.h"

#define SPLIT	65536
#define BLOCKS	8
#define LEN	(BLOCKS * BLOCK)
#define MANY	128
#define ABORT_MS	(2000 * opt.factor)
/* How long to look that nothing comes. */
#define QUIET_MS	300

static void shell(const char *command)
{
	if (system(command))
		fail("fails: %s", command);
}

static struct conn *begin(void)
{
	struct conn *c;

	if (!opt.hold)
		skip("needs -H and -R");
	c = login_usual();
	test_unit_ready(c);
	return c;
}

static u32 send_write(struct conn *c, u32 lba, const void *buf)
{
	u8 cdb[ISCSI_CDB_SIZE];

	cdb_rw(cdb, WRITE_10, lba, BLOCKS);
	return scsi_send(c, cdb, FINAL | ISCSI_FLAG_CMD_WRITE, LEN, buf, LEN);
}

static u32 send_read(struct conn *c, u32 lba)
{
	u8 cdb[ISCSI_CDB_SIZE];

	cdb_rw(cdb, READ_10, lba, BLOCKS);
	return scsi_send(c, cdb, FINAL | ISCSI_FLAG_CMD_READ, LEN, NULL, 0);
}

static u32 send_caw(struct conn *c, u32 lba, const u8 *from, const u8 *to)
{
	u8 cdb[ISCSI_CDB_SIZE] = { COMPARE_AND_WRITE };
	__be32 be_lba = htobe32(lba);
	u8 data[2 * BLOCK];

	memcpy(cdb + 6, &be_lba, sizeof(be_lba));
	cdb[13] = 1;
	memcpy(data, from, BLOCK);
	memcpy(data + BLOCK, to, BLOCK);
	return scsi_send(c, cdb, FINAL | ISCSI_FLAG_CMD_WRITE, sizeof(data), data, sizeof(data));
}

/* The next answer is the status of that command. */
static struct result want_status(struct conn *c, u32 itt)
{
	const struct pdu *pdu = pdu_want(c, ISCSI_OP_SCSI_CMD_RSP);
	struct result res = {};

	if (pdu->bhs.hdr.itt != htobe32(itt))
		fail("an answer to ITT %x, should be %x", be32toh(pdu->bhs.hdr.itt), itt);
	scsi_response(pdu, &res);
	return res;
}

static void want_good(struct conn *c, u32 itt)
{
	struct result res = want_status(c, itt);

	if (res.status != SAM_STAT_GOOD)
		fail("status 0x%02x, sense %x/%02x/%02x", res.status, res.key, res.asc, res.ascq);
}

/* So many answers, in any order, all GOOD. */
static void want_all_good(struct conn *c, u32 nr)
{
	struct result res;

	while (nr--) {
		res = (struct result){};
		scsi_response(pdu_want(c, ISCSI_OP_SCSI_CMD_RSP), &res);
		if (res.status != SAM_STAT_GOOD)
			fail("status 0x%02x, sense %x/%02x/%02x", res.status, res.key, res.asc,
			     res.ascq);
	}
}

static void quiet_for(struct conn *c, u32 ms)
{
	if (pdu_pending(c, ms))
		fail("an answer to something that has to wait");
}

static void quiet(struct conn *c)
{
	quiet_for(c, QUIET_MS);
}

/* Time for what was sent to get there: before that it is simply cancelled. */
static void reach_device(struct conn *c)
{
	quiet_for(c, 1000 * opt.factor);
}

static void manage(struct conn *c, u8 function, u32 itt)
{
	u64 start = now_ms();
	u8 response = task_management(c, function, itt, c->cmdsn - 1);

	if (response)
		fail("task management function %u: response %u", function, response);
	if (now_ms() - start > ABORT_MS)
		fail("task management function %u takes %u ms", function,
		     (unsigned int)(now_ms() - start));
	printf("# function %u: %u ms\n", function, (unsigned int)(now_ms() - start));
}

/* Given up while its I/O hangs: later ones that overlap wait, others do not. */
static void order_abort(void)
{
	struct conn *c = begin();
	u8 old[LEN], a[LEN], b[LEN], far[LEN];
	u32 itt_a, itt_b;

	fill(old, LEN, 1);
	fill(a, LEN, 2);
	fill(b, LEN, 3);
	fill(far, LEN, 4);
	write_blocks(c, 0, old, BLOCKS);
	write_blocks(c, BLOCKS, old, BLOCKS);
	shell(opt.hold);
	itt_a = send_write(c, 0, a);
	test_unit_ready(c);
	quiet(c);
	manage(c, ISCSI_TM_FUNC_ABORT_TASK, itt_a);
	write_blocks(c, SPLIT, far, BLOCKS);
	check_blocks(c, SPLIT, far, BLOCKS);
	itt_b = send_write(c, BLOCKS / 2, b);
	test_unit_ready(c);
	quiet(c);
	shell(opt.release);
	want_good(c, itt_b);
	check_blocks(c, BLOCKS / 2, b, BLOCKS);
	logout(c);
}

/* One that waits for another and is given up has never been. */
static void order_cancel(void)
{
	struct conn *c = begin();
	u8 a[LEN], b[LEN];
	u32 itt_a, itt_b, itt_read;

	fill(a, LEN, 5);
	fill(b, LEN, 6);
	shell(opt.hold);
	itt_a = send_write(c, 0, a);
	itt_b = send_write(c, 0, b);
	itt_read = send_read(c, 0);
	test_unit_ready(c);
	quiet(c);
	manage(c, ISCSI_TM_FUNC_ABORT_TASK, itt_b);
	manage(c, ISCSI_TM_FUNC_ABORT_TASK, itt_read);
	quiet(c);
	shell(opt.release);
	want_good(c, itt_a);
	check_blocks(c, 0, a, BLOCKS);
	logout(c);
}

/* A READ whose data never comes. */
static void order_read(void)
{
	struct conn *c = begin();
	u8 a[LEN];
	u32 itt;

	fill(a, LEN, 7);
	write_blocks(c, 0, a, BLOCKS);
	shell(opt.hold);
	itt = send_read(c, 0);
	test_unit_ready(c);
	quiet(c);
	manage(c, ISCSI_TM_FUNC_ABORT_TASK, itt);
	shell(opt.release);
	check_blocks(c, 0, a, BLOCKS);
	logout(c);
}

/* All of a queue at once; what is written afterwards stays. */
static void order_reset(void)
{
	static u8 old[MANY * LEN], new[MANY * LEN];
	struct conn *c = begin();
	u8 cdb[ISCSI_CDB_SIZE];
	struct result res;
	u32 i, itt;

	fill(old, sizeof(old), 8);
	fill(new, sizeof(new), 9);
	shell(opt.hold);
	for (i = 0; i < MANY; i++)
		send_write(c, i * BLOCKS, old + i * LEN);
	quiet(c);
	manage(c, ISCSI_TM_FUNC_LOGICAL_UNIT_RESET, ISCSI_RESERVED_TAG);
	test_unit_ready(c);
	itt = send_write(c, 0, new);
	quiet(c);
	shell(opt.release);
	want_good(c, itt);
	for (i = 1; i < MANY; i++)
		write_blocks(c, i * BLOCKS, new + i * LEN, BLOCKS);
	cdb_rw(cdb, READ_10, 0, MANY * BLOCKS);
	scsi_read(c, cdb, sizeof(old), old, &res);
	if (res.status != SAM_STAT_GOOD || memcmp(old, new, sizeof(new)))
		fail("something old has landed on something new");
	logout(c);
}

static void use_other(struct conn *c, u32 seed)
{
	u64 start = now_ms();
	u8 buf[LEN];

	fill(buf, LEN, seed);
	opt.lun = 1;
	test_unit_ready(c);
	write_blocks(c, 0, buf, BLOCKS);
	check_blocks(c, 0, buf, BLOCKS);
	opt.lun = 0;
	if (now_ms() - start > ABORT_MS)
		fail("the other LUN takes %u ms", (unsigned int)(now_ms() - start));
	printf("# other LUN: %u ms\n", (unsigned int)(now_ms() - start));
}

/* LUN 1 is another disk, which has nothing to do with all this. */
static void order_other(void)
{
	struct conn *c = begin(), *d;
	u8 buf[LEN];
	u32 i;

	fill(buf, LEN, 20);
	shell(opt.hold);
	for (i = 0; i < MANY; i++)
		send_write(c, i * BLOCKS, buf);
	for (i = 0; i < 64; i++)
		send_read(c, SPLIT - (i + 1) * BLOCKS);
	quiet(c);
	use_other(c, 21);
	d = login(&(struct login){ .isid = 0x70 });
	use_other(d, 22);
	logout(d);
	manage(c, ISCSI_TM_FUNC_LOGICAL_UNIT_RESET, ISCSI_RESERVED_TAG);
	shell(opt.release);
	test_unit_ready(c);
	logout(c);
}

/*
 * Writes at random that overlap, some aborted, while the device hangs now and
 * then. Afterwards each block has what the last write of it that was answered
 * GOOD has put there, or one that came after that and was aborted.
 */
#define AREA		64u	/* blocks */
#define WRITES		600u
#define OPEN_MAX	48

enum fate { OPEN, GOOD, ABORTED };

struct random_write {
	u32 lba, blocks, itt, cmdsn;
	enum fate fate;
};

static struct random_write writes[WRITES];

static void stamp(u8 *block, u32 nr)
{
	fill(block, BLOCK, nr + 1000);
}

/* One answer: of a write, or of a task management function, which is true. */
static bool take_answer(struct conn *c, u32 sent)
{
	static struct pdu pdu;
	struct result res = {};
	u32 i;

	if (!pdu_recv(c, &pdu))
		fail("the connection is closed");
	if (pdu.bhs.hdr.opcode == ISCSI_OP_SCSI_TMFUNC_RSP) {
		if (pdu.bhs.tm_rsp.response)
			fail("ABORT TASK: response %u", pdu.bhs.tm_rsp.response);
		return true;
	}
	if (pdu.bhs.hdr.opcode != ISCSI_OP_SCSI_CMD_RSP)
		fail("opcode 0x%02x", pdu.bhs.hdr.opcode);
	scsi_response(&pdu, &res);
	if (res.status != SAM_STAT_GOOD)
		fail("status 0x%02x", res.status);
	for (i = 0; i < sent; i++)
		if (writes[i].fate == OPEN && htobe32(writes[i].itt) == pdu.bhs.hdr.itt)
			break;
	if (i == sent)
		fail("an answer to what is not open");
	writes[i].fate = GOOD;
	return false;
}

static void abort_one(struct conn *c, u32 nr, u32 sent)
{
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_SCSI_TMFUNC | ISCSI_OP_IMMEDIATE);
	bhs.tm.flags = FINAL | ISCSI_TM_FUNC_ABORT_TASK;
	bhs.tm.lun.scsi_lun[1] = opt.lun;
	bhs.tm.rtt = htobe32(writes[nr].itt);
	bhs.tm.refcmdsn = htobe32(writes[nr].cmdsn);
	pdu_send(c, &bhs, NULL, 0);
	while (!take_answer(c, sent))
		;
	if (writes[nr].fate == OPEN)
		writes[nr].fate = ABORTED;
}

static u32 count(enum fate fate, u32 sent, u32 *first)
{
	u32 i, n = 0;

	for (i = 0; i < sent; i++)
		if (writes[i].fate == fate && !n++)
			*first = i;
	return n;
}

static void send_random(struct conn *c, u32 nr)
{
	static u8 data[16 * BLOCK];
	struct random_write *w = &writes[nr];
	u8 cdb[ISCSI_CDB_SIZE];
	u32 i;

	w->blocks = 1 + rnd(16);
	w->lba = rnd(AREA - w->blocks + 1);
	w->fate = OPEN;
	w->cmdsn = c->cmdsn;
	for (i = 0; i < w->blocks; i++)
		stamp(data + i * BLOCK, nr);
	cdb_rw(cdb, WRITE_10, w->lba, w->blocks);
	w->itt = scsi_send(c, cdb, FINAL | ISCSI_FLAG_CMD_WRITE, w->blocks * BLOCK, data,
			   w->blocks * BLOCK);
}

static void check_area(struct conn *c)
{
	static u8 area[AREA * BLOCK], want[BLOCK];
	u8 cdb[ISCSI_CDB_SIZE];
	struct result res;
	u32 b, i;

	cdb_rw(cdb, READ_10, 0, AREA);
	scsi_read(c, cdb, sizeof(area), area, &res);
	if (res.status != SAM_STAT_GOOD || res.length != sizeof(area))
		fail("READ: status 0x%02x", res.status);
	for (b = 0; b < AREA; b++) {
		for (i = WRITES; i-- > 0; ) {
			if (b < writes[i].lba || b >= writes[i].lba + writes[i].blocks)
				continue;
			stamp(want, i);
			if (!memcmp(want, area + b * BLOCK, BLOCK))
				break;
			if (writes[i].fate == GOOD)
				fail("block %u has not what write %u has put there", b, i);
		}
	}
}

static void order_random(void)
{
	struct conn *c = begin();
	bool held = false;
	u32 i, first = 0;

	for (i = 0; i < WRITES; i++) {
		if (!rnd(30)) {
			shell(held ? opt.release : opt.hold);
			held = !held;
		}
		send_random(c, i);
		if (!rnd(6) && count(OPEN, i + 1, &first))
			abort_one(c, i - rnd(i - first + 1), i + 1);
		if (held && count(OPEN, i + 1, &first) >= OPEN_MAX) {
			shell(opt.release);
			held = false;
		}
		while (!held && count(OPEN, i + 1, &first) >= OPEN_MAX)
			take_answer(c, i + 1);
	}
	if (held)
		shell(opt.release);
	while (count(OPEN, WRITES, &first))
		take_answer(c, WRITES);
	check_area(c);
	i = count(ABORTED, WRITES, &first);
	printf("# %u of %u writes aborted\n", i, WRITES);
	if (i < 5)
		fail("too few: nothing was tested");
	logout(c);
}

/* Leaves a write stuck, and nobody to wait for it. */
static void order_leave(void)
{
	struct conn *c = begin();
	u8 a[LEN];
	u32 itt;

	fill(a, LEN, 10);
	shell(opt.hold);
	itt = send_write(c, 0, a);
	test_unit_ready(c);
	reach_device(c);
	manage(c, ISCSI_TM_FUNC_ABORT_TASK, itt);
	logout(c);
}

/* Aborted while it compares: never takes effect. Nor does one behind it fail. */
static void caw_abort(void)
{
	struct conn *c = begin();
	u8 a[LEN], b[LEN], x[LEN];
	u32 itt_a, itt_b;

	fill(a, LEN, 11);
	fill(b, LEN, 12);
	fill(x, LEN, 13);
	write_blocks(c, 0, a, BLOCKS);
	shell(opt.hold);
	itt_a = send_caw(c, 0, a, x);
	itt_b = send_caw(c, 0, a, b);
	test_unit_ready(c);
	quiet(c);
	manage(c, ISCSI_TM_FUNC_ABORT_TASK, itt_a);
	quiet(c);
	shell(opt.release);
	want_good(c, itt_b);
	check_blocks(c, 0, b, 1);
	check_blocks(c, 1, a + BLOCK, BLOCKS - 1);
	logout(c);
}

/* Each sees what the one before it has written, and a WRITE in between too. */
static void caw_order(void)
{
	struct conn *c = begin();
	u8 a[LEN], b[LEN], d[LEN], e[LEN];
	fill(a, LEN, 14);
	fill(b, LEN, 15);
	fill(d, LEN, 16);
	fill(e, LEN, 17);
	write_blocks(c, 0, a, BLOCKS);
	shell(opt.hold);
	send_caw(c, 0, a, b);
	send_caw(c, 0, b, a);
	send_write(c, 0, d);
	send_caw(c, 0, d, e);
	test_unit_ready(c);
	quiet(c);
	shell(opt.release);
	want_all_good(c, 4);
	check_blocks(c, 0, e, 1);
	check_blocks(c, 1, d + BLOCK, BLOCKS - 1);
	logout(c);
}

/* SBC-4 5.3: the offset of the first difference is in INFORMATION. */
static void caw_miscompare(void)
{
	static const u32 offsets[] = { 0, 1, 255, BLOCK - 1 };
	struct conn *c = login_usual();
	const struct pdu *pdu;
	u8 a[LEN], wrong[LEN];
	const u8 *sense;
	u32 i, itt;

	test_unit_ready(c);
	fill(a, LEN, 18);
	write_blocks(c, 0, a, BLOCKS);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		memcpy(wrong, a, LEN);
		wrong[offsets[i]] ^= 1;
		itt = send_caw(c, 0, wrong, wrong);
		pdu = pdu_want(c, ISCSI_OP_SCSI_CMD_RSP);
		sense = pdu->data + 2;
		if (pdu->bhs.hdr.itt != htobe32(itt) ||
		    pdu->bhs.rsp.cmd_status != SAM_STAT_CHECK_CONDITION || pdu->len < 2 + 14)
			fail("status 0x%02x", pdu->bhs.rsp.cmd_status);
		if (sense[0] != 0xf0 || (sense[2] & 0xf) != 0x0e || sense[12] != 0x1d || sense[13])
			fail("sense %02x %x/%02x/%02x", sense[0], sense[2], sense[12], sense[13]);
		if (sense[3] || sense[4] || sense[5] != offsets[i] >> 8 ||
		    sense[6] != (offsets[i] & 0xff))
			fail("INFORMATION %02x%02x%02x%02x, should be %u", sense[3], sense[4],
			     sense[5], sense[6], offsets[i]);
		check_blocks(c, 0, a, BLOCKS);
	}
	want_good(c, send_caw(c, 0, a, wrong));
	check_blocks(c, 0, wrong, 1);
	logout(c);
}

static void put(u8 *to, u64 value, u32 bytes)
{
	while (bytes--)
		*to++ = value >> 8 * bytes;
}

/* An identification descriptor with the NAA designator of a LUN. */
static void describe(struct conn *c, u32 lun, u8 *desc)
{
	u8 cdb[ISCSI_CDB_SIZE] = { INQUIRY, 1, 0x83, 0, 252 };
	u8 page[252] = {};
	struct result res;
	u32 at;

	opt.lun = lun;
	scsi_read(c, cdb, sizeof(page), page, &res);
	opt.lun = 0;
	for (at = 4; at + 20 <= res.length; at += 4 + page[at + 3])
		if ((page[at + 1] & 0x3f) == 3 && page[at + 3] == 16)
			break;
	if (res.status != SAM_STAT_GOOD || at + 20 > res.length)
		fail("LUN %u has no NAA designator", lun);
	memset(desc, 0, 32);
	desc[0] = 0xe4;
	memcpy(desc + 4, page + at, 20);
}

/* An EXTENDED COPY to LUN 0 of so many blocks. */
static u32 send_copy(struct conn *c, u32 from_lun, u32 from, u32 to_lun, u32 to, u32 blocks)
{
	u8 list[16 + 2 * 32 + 28] = {}, *segment = list + 16 + 2 * 32;
	u8 cdb[ISCSI_CDB_SIZE] = { EXTENDED_COPY };

	list[1] = 0x18;
	put(list + 2, 2 * 32, 2);
	put(list + 8, 28, 4);
	describe(c, from_lun, list + 16);
	describe(c, to_lun, list + 16 + 32);
	segment[0] = 2;
	put(segment + 2, 24, 2);
	put(segment + 6, 1, 2);
	put(segment + 10, blocks, 2);
	put(segment + 12, from, 8);
	put(segment + 20, to, 8);
	put(cdb + 10, sizeof(list), 4);
	return scsi_send(c, cdb, FINAL | ISCSI_FLAG_CMD_WRITE, sizeof(list), list, sizeof(list));
}

/* Waits for the write of what it is to copy; a write to where it copies waits for it. */
static void copy_order(void)
{
	struct conn *c = begin();
	u8 old[LEN], a[LEN], b[LEN];

	fill(old, LEN, 30);
	fill(a, LEN, 31);
	fill(b, LEN, 32);
	write_blocks(c, 0, old, BLOCKS);
	write_blocks(c, BLOCKS, old, BLOCKS);
	shell(opt.hold);
	send_write(c, 0, a);
	send_copy(c, 0, 0, 0, SPLIT, 2 * BLOCKS);
	send_write(c, SPLIT + BLOCKS, b);
	test_unit_ready(c);
	quiet(c);
	shell(opt.release);
	want_all_good(c, 3);
	check_blocks(c, SPLIT, a, BLOCKS);
	check_blocks(c, SPLIT + BLOCKS, b, BLOCKS);
	logout(c);
}

/* Given up while it waits: never takes effect, and nothing waits for it any more. */
static void copy_cancel(void)
{
	struct conn *c = begin();
	u8 a[LEN], b[LEN];
	u32 itt_a, itt_b, itt_copy, itt_other;

	fill(a, LEN, 33);
	fill(b, LEN, 34);
	shell(opt.hold);
	itt_a = send_write(c, 0, a);
	itt_copy = send_copy(c, 0, 0, 0, SPLIT, BLOCKS);
	itt_b = send_write(c, SPLIT, b);
	quiet(c);
	manage(c, ISCSI_TM_FUNC_ABORT_TASK, itt_copy);
	want_good(c, itt_b);
	opt.lun = 1;
	test_unit_ready(c);
	opt.lun = 0;
	itt_copy = send_copy(c, 0, 0, 1, 0, BLOCKS);
	opt.lun = 1;
	itt_other = send_write(c, 0, b);
	opt.lun = 0;
	quiet(c);
	manage(c, ISCSI_TM_FUNC_ABORT_TASK, itt_copy);
	want_good(c, itt_other);
	shell(opt.release);
	want_good(c, itt_a);
	check_blocks(c, 0, a, BLOCKS);
	check_blocks(c, SPLIT, b, BLOCKS);
	opt.lun = 1;
	check_blocks(c, 0, b, BLOCKS);
	logout(c);
}

/* Given up while it hangs in the filesystem: what comes later lands on top. */
static void copy_abort(void)
{
	struct conn *c = begin();
	u8 a[LEN], b[LEN];
	u32 itt_copy, itt_b;

	fill(a, LEN, 35);
	fill(b, LEN, 36);
	write_blocks(c, SPLIT, a, BLOCKS);
	shell(opt.hold);
	itt_copy = send_copy(c, 0, SPLIT, 0, 0, BLOCKS);
	test_unit_ready(c);
	quiet(c);
	manage(c, ISCSI_TM_FUNC_ABORT_TASK, itt_copy);
	check_blocks(c, SPLIT, a, BLOCKS);
	write_blocks(c, SPLIT + BLOCKS, b, BLOCKS);
	itt_b = send_write(c, 0, b);
	quiet(c);
	shell(opt.release);
	want_good(c, itt_b);
	check_blocks(c, 0, b, BLOCKS);
	logout(c);
}

/* Leaves a copy stuck, which reads LUN 0 to write LUN 1. */
static void copy_leave(void)
{
	struct conn *c = begin();
	u8 a[LEN];
	u32 itt;

	fill(a, LEN, 37);
	write_blocks(c, 0, a, BLOCKS);
	shell(opt.hold);
	itt = send_copy(c, 0, 0, 1, 0, BLOCKS);
	test_unit_ready(c);
	reach_device(c);
	manage(c, ISCSI_TM_FUNC_ABORT_TASK, itt);
	logout(c);
}

/* Figures of one initiator that takes and gives back a lock of its own. */
#define INITIATORS	4
#define PER_SECOND	8
#define SECONDS	15
#define ROUNDS		(PER_SECOND * SECONDS)

struct figures {
	u32 ms[ROUNDS];
};

static int by_value(const void *a, const void *b)
{
	return *(const u32 *)a < *(const u32 *)b ? -1 : 1;
}

static void take_locks(u32 nr, int out)
{
	struct conn *c = login(&(struct login){ .isid = 0x60 + nr });
	static u8 block[2][BLOCKS * BLOCK];
	struct figures figures;
	u64 start, begin;
	u32 i;

	test_unit_ready(c);
	fill(block[0], LEN, nr);
	fill(block[1], LEN, nr + 100);
	write_blocks(c, nr * BLOCKS, block[0], BLOCKS);
	begin = now_ms();
	for (i = 0; i < ROUNDS; i++) {
		while (now_ms() < begin + i * 1000 / PER_SECOND)
			usleep(1000);
		start = now_ms();
		want_good(c, send_caw(c, nr * BLOCKS, block[i % 2], block[!(i % 2)]));
		figures.ms[i] = now_ms() - start;
	}
	logout(c);
	if (write(out, &figures, sizeof(figures)) != sizeof(figures))
		fail("pipe");
}

/* Run while something else keeps the disk busy. */
static void caw_latency(void)
{
	static struct figures figures[INITIATORS];
	u32 *all = figures[0].ms, nr = INITIATORS * ROUNDS, i;
	int out[2], status;

	if (!getenv("CAW_MAX_MS"))
		skip("no load");
	if (pipe(out))
		fail("pipe");
	for (i = 0; i < INITIATORS; i++) {
		if (!fork()) {
			alarm(100 * opt.factor);
			take_locks(i, out[1]);
			exit(0);
		}
	}
	for (i = 0; i < INITIATORS; i++)
		if (wait(&status) < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
			fail("an initiator has failed");
	for (i = 0; i < INITIATORS; i++)
		if (read(out[0], &figures[i], sizeof(figures[i])) != sizeof(figures[i]))
			fail("pipe");
	qsort(all, nr, sizeof(*all), by_value);
	printf("# %u COMPARE AND WRITE: median %u ms, p99 %u ms, longest %u ms\n", nr,
	       all[nr / 2], all[nr * 99 / 100], all[nr - 1]);
	if (all[nr - 1] > (u32)atoi(getenv("CAW_MAX_MS")) * opt.factor)
		fail("the longest takes longer than %s ms", getenv("CAW_MAX_MS"));
}

const struct test_case order_cases[] = {
	{ "order-abort", "11.5.1", order_abort },
	{ "order-cancel", "11.5.1", order_cancel },
	{ "order-read", "11.5.1", order_read },
	{ "order-reset", "11.5.1", order_reset },
	{ "order-other", "11.5.1", order_other },
	{ "order-random", "11.5.1", order_random, 60 },
	{ "order-leave", "11.5.1", order_leave },
	{ "copy-order", "SPC-4", copy_order },
	{ "copy-cancel", "11.5.1", copy_cancel },
	{ "copy-abort", "11.5.1", copy_abort },
	{ "copy-leave", "11.5.1", copy_leave },
	{ "caw-abort", "SBC-4 5.3", caw_abort },
	{ "caw-order", "SBC-4 5.3", caw_order },
	{ "caw-miscompare", "SBC-4 5.3", caw_miscompare },
	{ "caw-latency", "SBC-4 5.3", caw_latency, 120 },
	{}
};
