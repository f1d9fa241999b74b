// SPDX-License-Identifier: GPL-2.0
/*
 * The backstore hangs: -H and -R hold it and release it. Whatever needs no
 * backstore goes on meanwhile, and nothing old has an effect on anything new.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rawpdu.h"
#include "stuck.h"

/* RFC 7143 10.8: what the standard and initiators call soon. */
#define SOON_MS		(1000 * opt.factor)
#define PING_MS		(100 * opt.factor)
#define PINGS		8
#define NO_RESOURCES	0x0302
#define TOO_MANY_CONNECTIONS 0x0206
#define NO_SESSION	0x020a

static void shell(const char *command)
{
	if (system(command))
		fail("fails: %s", command);
}

/* The backstore answers nothing from here on. */
void hold(void)
{
	if (!opt.hold)
		skip("needs -H and -R");
	shell(opt.hold);
}

void release(void)
{
	shell(opt.release);
}

struct conn *login_stuck(void)
{
	return login(&(struct login){ .isid = ISID });
}

u32 send_read(struct conn *c, u32 lba)
{
	u8 cdb[ISCSI_CDB_SIZE];

	cdb_rw(cdb, READ_10, lba, BLOCKS);
	return scsi_send(c, cdb, FINAL | ISCSI_FLAG_CMD_READ, BLOCKS * BLOCK, NULL, 0);
}

/* All of its data is immediate. */
u32 send_write(struct conn *c, u32 lba, u32 seed)
{
	u8 cdb[ISCSI_CDB_SIZE], buf[BLOCKS * BLOCK];

	fill(buf, sizeof(buf), seed);
	cdb_rw(cdb, WRITE_10, lba, BLOCKS);
	return scsi_send(c, cdb, FINAL | ISCSI_FLAG_CMD_WRITE, sizeof(buf), buf, sizeof(buf));
}

void check_seed(struct conn *c, u32 lba, u32 seed)
{
	u8 buf[BLOCKS * BLOCK];

	fill(buf, sizeof(buf), seed);
	check_blocks(c, lba, buf, BLOCKS);
}

/* Half of them READs, half WRITEs, or READs only. */
void send_many(struct conn *c, u32 nr, bool writes)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		if (writes && i % 2)
			send_write(c, LBA + i * STRIDE, i);
		else
			send_read(c, LBA + i * STRIDE);
	}
}

static void read_any(struct conn *c, u32 lba)
{
	u8 cdb[ISCSI_CDB_SIZE], buf[BLOCKS * BLOCK];
	struct result res;

	cdb_rw(cdb, READ_10, lba, BLOCKS);
	scsi_read(c, cdb, sizeof(buf), buf, &res);
	if (res.status)
		fail("READ: status 0x%02x", res.status);
}

static void soon(u64 begin, const char *what)
{
	if (now_ms() - begin > SOON_MS)
		fail("%s takes %u ms", what, (unsigned int)(now_ms() - begin));
}

/* The next PDU is this, and comes soon. */
static const struct pdu *want_soon(struct conn *c, u8 opcode, const char *what)
{
	u64 begin = now_ms();
	const struct pdu *pdu = pdu_want(c, opcode);

	soon(begin, what);
	return pdu;
}

void ping(struct conn *c)
{
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_NOOP_OUT | ISCSI_OP_IMMEDIATE);
	bhs.nop_out.ttt = htobe32(ISCSI_RESERVED_TAG);
	pdu_send(c, &bhs, "ping", 4);
	want_soon(c, ISCSI_OP_NOOP_IN, "a NOP-In");
}

/* The best of some: what is late is the machine, unless all of them are. */
static void ping_at_once(struct conn *c)
{
	u64 best = ~0ull, begin;
	u32 i;

	for (i = 0; i < PINGS; i++) {
		begin = now_ms();
		ping(c);
		if (now_ms() - begin < best)
			best = now_ms() - begin;
	}
	if (best > PING_MS)
		fail("no ping of %u is answered within %u ms", PINGS, PING_MS);
}

/* What target core answers from memory. */
static void from_memory(struct conn *c)
{
	u8 inquiry[ISCSI_CDB_SIZE] = { INQUIRY, 0, 0, 0, 96 };
	u8 luns[ISCSI_CDB_SIZE] = { REPORT_LUNS, [8] = 1 };
	struct result res;
	u8 buf[256];
	u64 begin = now_ms();

	test_unit_ready(c);
	scsi_read(c, inquiry, 96, buf, &res);
	if (res.status)
		fail("INQUIRY: status 0x%02x", res.status);
	scsi_read(c, luns, 256, buf, &res);
	if (res.status)
		fail("REPORT LUNS: status 0x%02x", res.status);
	soon(begin, "TEST UNIT READY, INQUIRY and REPORT LUNS");
}

/* LUN 0 has another backstore. */
static void other_lun(struct conn *c)
{
	u32 lun = opt.lun;
	u64 begin = now_ms();
	u8 buf[BLOCKS * BLOCK];

	opt.lun = 0;
	test_unit_ready(c);
	fill(buf, sizeof(buf), rnd(1000));
	write_blocks(c, LBA, buf, BLOCKS);
	check_blocks(c, LBA, buf, BLOCKS);
	opt.lun = lun;
	soon(begin, "WRITE and READ of another LUN");
}

static void serves_while_stuck(void)
{
	struct conn *c = login_stuck(), *other = login_usual();
	u32 i;

	hold();
	send_many(c, STUCK, true);
	for (i = 0; i < 3; i++) {
		ping_at_once(c);
		from_memory(c);
		other_lun(c);
		other_lun(other);
	}
	release();
	logout(other);
	for (i = 0; i < STUCK; i++) {
		static struct pdu pdu;

		if (!pdu_recv(c, &pdu))
			fail("closed before all commands were answered");
		if (pdu.bhs.hdr.opcode == ISCSI_OP_SCSI_CMD_RSP && pdu.bhs.rsp.cmd_status)
			fail("status 0x%02x", pdu.bhs.rsp.cmd_status);
	}
	logout(c);
}

/* The session of the same port is there soon, the old one closed. */
static struct conn *relogin(struct conn *old)
{
	u64 begin = now_ms();
	struct conn *c = login_stuck();

	soon(begin, "the new login");
	if (!conn_wait_closed(old, CLOSE_MS))
		fail("the old session lives on");
	conn_close(old);
	return c;
}

static void relogin_reads(void)
{
	struct conn *c = login_stuck();

	hold();
	send_many(c, STUCK, false);
	ping(c);
	c = relogin(c);
	ping(c);
	from_memory(c);
	release();
	read_any(c, LBA);
	logout(c);
}

/* A backstore that does not order them: the login waits for old writes. */
static struct conn *relogin_late(struct conn *old)
{
	static const struct login l = { .isid = ISID };
	struct conn *c = conn_open();
	u64 begin = now_ms();
	u16 status;

	memcpy(c->isid, "\x00\x02\x3d\x00\x00\x31", 6);
	status = login_security(c, &l);
	if (status)
		fail("login: status 0x%04x", status);
	status = login_operational(c, &l);
	if (status != LOGIN_CLOSED)
		fail("logged in while an old write is stuck (status 0x%04x)", status);
	if (now_ms() - begin < 500)
		fail("the login did not wait");
	conn_close(c);
	if (!conn_wait_closed(old, CLOSE_MS))
		fail("the old session lives on");
	conn_close(old);
	release();
	return login_stuck();
}

/* Write A is stuck, the session replaced, B written: B remains. */
static void relogin_write(void)
{
	struct conn *c = login_stuck();
	u32 itt, i;

	hold();
	for (i = 0; i < 8; i++)
		send_write(c, LBA + i * STRIDE, 100 + i);
	ping(c);
	if (!opt.ordered) {
		c = relogin_late(c);
		for (i = 0; i < 8; i++)
			send_write(c, LBA + i * STRIDE, 200 + i);
	} else {
		c = relogin(c);
		for (i = 0; i < 8; i++)
			send_write(c, LBA + i * STRIDE, 200 + i);
		ping(c);
		release();
	}
	for (i = 0; i < 8; i++) {
		const struct pdu *pdu = pdu_want(c, ISCSI_OP_SCSI_CMD_RSP);

		itt = be32toh(pdu->bhs.hdr.itt);
		if (pdu->bhs.rsp.cmd_status)
			fail("WRITE %u: status 0x%02x", itt, pdu->bhs.rsp.cmd_status);
	}
	for (i = 0; i < 8; i++)
		check_seed(c, LBA + i * STRIDE, 200 + i);
	logout(c);
}

/*
 * Again and again with stuck commands: refused in the end, and only then; never if
 * the backstore gives up what nobody waits for.
 */
static void relogin_crowd(void)
{
	static const struct login l = { .isid = ISID };
	struct conn *c = login_stuck();
	u16 status = 0;
	u32 i;

	hold();
	/* A session may end before its command has come as far as the backstore. */
	for (i = 0; i < (opt.ordered ? 8 : 32) && !status; i++) {
		send_read(c, LBA);
		ping(c);
		conn_close(c);
		c = conn_open();
		status = login_try(c, &l);
	}
	if (opt.ordered ? status : status != NO_RESOURCES || i < 4)
		fail("after %u sessions with a stuck command: status 0x%04x", i, status);
	conn_close(c);
	release();
	/* They go when their commands have come back. */
	for (i = 0; i < 20; i++) {
		c = conn_open();
		status = login_try(c, &l);
		if (!status)
			break;
		conn_close(c);
	}
	if (status)
		fail("after the release: status 0x%04x", status);
	test_unit_ready(c);
	logout(c);
}

/* A session that has ended does not exist, whatever the backstore still has of it. */
static void tsih_of_ended(void)
{
	struct login again = { .isid = ISID };
	u64 end = now_ms() + CLOSE_MS;
	struct conn *c = login_stuck();
	u16 status;

	again.tsih = c->tsih;
	hold();
	send_read(c, LBA);
	ping(c);
	conn_close(c);
	do {
		c = conn_open();
		status = login_try(c, &again);
		conn_close(c);
	} while (status == TOO_MANY_CONNECTIONS && now_ms() < end);
	release();
	if (status != NO_SESSION)
		fail("status 0x%04x, should be 0x%04x", status, NO_SESSION);
}

#define MANY		256
#define MANY_PROCESSES	16
#define MANY_MS		(5000 * opt.factor)

static void login_some(u32 first, u32 nr)
{
	u32 i;

	for (i = first; i < first + nr; i++) {
		struct conn *c = conn_open();
		u16 status = login_try(c, &(struct login){ .isid = 0x100 + i });

		if (status)
			fail("session %u: status 0x%04x", i, status);
		ping(c);
		logout(c);
	}
}

/* Many sessions, each with a stuck command, all killed, all back together. */
static void relogin_many(void)
{
	static struct conn *c[MANY];
	int status, failed = 0;
	u64 begin;
	u32 i;

	for (i = 0; i < MANY; i++)
		c[i] = login(&(struct login){ .isid = 0x100 + i });
	hold();
	for (i = 0; i < MANY; i++) {
		send_read(c[i], LBA + i * STRIDE);
		if (opt.ordered)
			send_write(c[i], LBA + i * STRIDE, i);
		ping(c[i]);
	}
	begin = now_ms();
	for (i = 0; i < MANY; i++)
		conn_reset(c[i]);
	for (i = 0; i < MANY_PROCESSES; i++) {
		if (!fork()) {
			login_some(i * MANY / MANY_PROCESSES, MANY / MANY_PROCESSES);
			exit(0);
		}
	}
	while (wait(&status) > 0)
		failed += status != 0;
	if (failed || now_ms() - begin > MANY_MS)
		fail("%d of %u processes fail, %u ms", failed, MANY_PROCESSES,
		     (unsigned int)(now_ms() - begin));
	printf("# %u logins in %u ms\n", MANY, (unsigned int)(now_ms() - begin));
	release();
	still_serves();
}

/* REMOVE in the environment takes something away: the session ends at once. */
static void removed(void)
{
	const char *command = getenv("REMOVE");
	struct conn *c;

	if (!command)
		skip("no REMOVE in the environment");
	c = login_stuck();
	hold();
	send_many(c, STUCK, true);
	ping(c);
	shell(command);
	if (!conn_wait_closed(c, SOON_MS))
		fail("the connection is not closed");
}

/* A command of which not all has come: @len bytes of data behind the header. */
static union bhs begin_slowly(struct conn *c, const u8 *cdb, u8 flags, u32 edtl, u32 len)
{
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_SCSI_CMD);
	bhs.cmd.flags = flags | ISCSI_ATTR_SIMPLE;
	bhs.cmd.lun.scsi_lun[1] = opt.lun;
	bhs.cmd.data_length = htobe32(edtl);
	memcpy(bhs.cmd.cdb, cdb, ISCSI_CDB_SIZE);
	hton24(bhs.hdr.dlength, len);
	conn_send(c, &bhs, sizeof(bhs));
	return bhs;
}

/* The answer to it comes while its data still does, a byte at a time. */
static void want_end(struct conn *c, const union bhs *bhs, u32 len)
{
	static const u8 zero;
	struct result res;
	const struct pdu *pdu;

	while (!pdu_pending(c, 100)) {
		if (!--len)
			fail("a command that has not all of its data keeps its LUN");
		conn_send(c, &zero, 1);
	}
	pdu = pdu_want(c, ISCSI_OP_SCSI_CMD_RSP);
	if (pdu->bhs.hdr.itt != bhs->hdr.itt)
		fail("not the answer to it");
	scsi_response(pdu, &res);
	if (res.status != SAM_STAT_CHECK_CONDITION || res.asc != 0x25)
		fail("status 0x%02x, sense %x/%02x/%02x", res.status, res.key, res.asc, res.ascq);
	for (; len; len--)
		conn_send(c, &zero, 1);
}

/*
 * REMOVE takes the LUN away, also from commands that hang, that were not received
 * in full, or wait for data. The sessions stay.
 */
static void removed_lun(void)
{
	static const u8 tur[ISCSI_CDB_SIZE] = { TEST_UNIT_READY };
	const char *command = getenv("REMOVE");
	u8 cdb[ISCSI_CDB_SIZE], inquiry[ISCSI_CDB_SIZE] = { INQUIRY, 0, 0, 0, 96 }, buf[96];
	struct conn *c, *fed, *waits;
	union bhs slow, write;
	struct result res;
	u32 i;

	if (!command)
		skip("no REMOVE in the environment");
	c = login_stuck();
	fed = login(&(struct login){ .isid = ISID + 1 });
	waits = login(&(struct login){ .isid = ISID + 2, .keys = "InitialR2T=Yes\n" });
	hold();
	send_many(c, STUCK, true);
	ping(c);
	cdb_rw(cdb, WRITE_10, LBA, BLOCKS);
	slow = begin_slowly(fed, tur, FINAL | ISCSI_FLAG_CMD_WRITE, 4000, 4000);
	write = begin_slowly(waits, cdb, FINAL | ISCSI_FLAG_CMD_WRITE, BLOCKS * BLOCK, 4000);
	shell(command);
	want_end(fed, &slow, 4000);
	want_end(waits, &write, 4000);
	for (i = 0; i < STUCK; i++)
		want_soon(c, ISCSI_OP_SCSI_CMD_RSP, "the end of a command that hangs");
	scsi_read(c, inquiry, sizeof(buf), buf, &res);
	if (res.status || buf[0] != 0x7f)
		fail("INQUIRY of the LUN: status 0x%02x, byte 0 %02x", res.status, buf[0]);
	logout(c);
	logout(fed);
	logout(waits);
}

const struct test_case stuck_cases[] = {
	{ "stuck-serves", "4.2.2.1", serves_while_stuck, 40 },
	{ "stuck-relogin-reads", "6.3.5", relogin_reads, 40 },
	{ "stuck-relogin-write", "6.3.5", relogin_write, 60 },
	{ "stuck-relogin-crowd", "6.3.5", relogin_crowd, 60 },
	{ "stuck-tsih", "6.3.1: 0x020a", tsih_of_ended, 40 },
	{ "stuck-relogin-many", "6.3.5", relogin_many, 120 },
	{ "removed", "4.2.5.3", removed, 40 },
	{ "removed-lun", "SAM-5 5.11", removed_lun, 60 },
	{}
};
