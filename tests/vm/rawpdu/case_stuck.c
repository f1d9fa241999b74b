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

#define LBA	20000
#define BLOCKS	8
#define STUCK	128		/* commands; the window is larger */
#define STRIDE	(2 * BLOCKS)
#define ISID	0x31

/* RFC 7143 10.8: what the standard and initiators call soon. */
#define SOON_MS		(1000 * opt.factor)
#define PING_MS		(100 * opt.factor)
#define PINGS		8
#define TMF_MS		(2000 * opt.factor)
#define CLOSE_MS	(5000 * opt.factor)
#define NO_RESOURCES	0x0302
#define TOO_MANY_CONNECTIONS 0x0206
#define NO_SESSION	0x020a

static void shell(const char *command)
{
	if (system(command))
		fail("fails: %s", command);
}

/* The backstore answers nothing from here on. */
static void hold(void)
{
	if (!opt.hold)
		skip("needs -H and -R");
	shell(opt.hold);
}

static void release(void)
{
	shell(opt.release);
}

static struct conn *login_stuck(void)
{
	return login(&(struct login){ .isid = ISID });
}

static u32 send_read(struct conn *c, u32 lba)
{
	u8 cdb[ISCSI_CDB_SIZE];

	cdb_rw(cdb, READ_10, lba, BLOCKS);
	return scsi_send(c, cdb, FINAL | ISCSI_FLAG_CMD_READ, BLOCKS * BLOCK, NULL, 0);
}

/* All of its data is immediate. */
static u32 send_write(struct conn *c, u32 lba, u32 seed)
{
	u8 cdb[ISCSI_CDB_SIZE], buf[BLOCKS * BLOCK];

	fill(buf, sizeof(buf), seed);
	cdb_rw(cdb, WRITE_10, lba, BLOCKS);
	return scsi_send(c, cdb, FINAL | ISCSI_FLAG_CMD_WRITE, sizeof(buf), buf, sizeof(buf));
}

static void check_seed(struct conn *c, u32 lba, u32 seed)
{
	u8 buf[BLOCKS * BLOCK];

	fill(buf, sizeof(buf), seed);
	check_blocks(c, lba, buf, BLOCKS);
}

/* Half of them READs, half WRITEs, or READs only. */
static void send_many(struct conn *c, u32 nr, bool writes)
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

static void ping(struct conn *c)
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
	for (i = 0; i < 8 && !status; i++) {
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

static void send_tmf(struct conn *c, u8 function, u32 itt)
{
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_SCSI_TMFUNC | ISCSI_OP_IMMEDIATE);
	bhs.tm.flags = FINAL | function;
	if (function != ISCSI_TM_FUNC_TARGET_WARM_RESET &&
	    function != ISCSI_TM_FUNC_TARGET_COLD_RESET)
		bhs.tm.lun.scsi_lun[1] = opt.lun;
	bhs.tm.rtt = htobe32(itt);
	pdu_send(c, &bhs, NULL, 0);
}

/* The response of a TMF, or TMF_CLOSED, in time in any case. */
#define TMF_CLOSED	0x100
static u32 tmf_response(struct conn *c)
{
	static struct pdu pdu;
	u64 begin = now_ms();

	do {
		if (!pdu_recv(c, &pdu))
			pdu.bhs.hdr.opcode = ISCSI_OP_ASYNC_EVENT;
		if (now_ms() - begin > TMF_MS)
			fail("it takes %u ms", (unsigned int)(now_ms() - begin));
		if (pdu.bhs.hdr.opcode == ISCSI_OP_ASYNC_EVENT)
			return TMF_CLOSED;
		/* Commands that the backstore had answered already. */
	} while (pdu.bhs.hdr.opcode != ISCSI_OP_SCSI_TMFUNC_RSP);
	return pdu.bhs.tm_rsp.response;
}

/* New data to where the aborted WRITEs went; what the TMF did comes first. */
static void overwrite(struct conn *c)
{
	u32 i;

	for (i = 1; i < STUCK; i += 2)
		send_write(c, LBA + i * STRIDE, 300 + i);
	ping(c);
	release();
	for (i = 1; i < STUCK; i += 2)
		if (pdu_want(c, ISCSI_OP_SCSI_CMD_RSP)->bhs.rsp.cmd_status)
			fail("WRITE after the TMF: status 0x%02x", c->itt);
	for (i = 1; i < STUCK; i += 2)
		check_seed(c, LBA + i * STRIDE, 300 + i);
}

static void tmf_while_stuck(u8 function)
{
	u32 want = function == ISCSI_TM_FUNC_CLEAR_ACA ? ISCSI_TMF_RSP_NOT_SUPPORTED :
		   function == ISCSI_TM_FUNC_TASK_REASSIGN ? ISCSI_TMF_RSP_NO_FAILOVER :
		   ISCSI_TMF_RSP_COMPLETE;
	struct conn *c = login_stuck();
	u32 first = c->itt, response, i;

	hold();
	send_many(c, STUCK, true);
	ping(c);
	for (i = 0; i < (function == ISCSI_TM_FUNC_ABORT_TASK ? STUCK : 1u); i++)
		send_tmf(c, function, first + i);
	do
		response = tmf_response(c);
	while (response == want && --i);
	if (response != want && (response != TMF_CLOSED || opt.ordered || want))
		fail("response 0x%02x", response);
	if (want || response == TMF_CLOSED || function == ISCSI_TM_FUNC_TARGET_COLD_RESET) {
		if (!want && !conn_wait_closed(c, CLOSE_MS))
			fail("not closed");
		release();
	} else {
		/* The unit attention of a reset comes with the next command. */
		test_unit_ready(c);
		overwrite(c);
		logout(c);
		return;
	}
	conn_close(c);
	still_serves();
}

/*
 * A backstore that gives nothing up, and more resets of it than target core may
 * work on: those of another LUN are answered all the same.
 */
static void tmf_other_lun(void)
{
	u32 lun = opt.lun, i, j;
	struct conn *c[24], *other;
	u8 response;

	if (opt.ordered)
		skip("needs a backstore that gives nothing up");
	other = login_usual();
	for (i = 0; i < ARRAY_SIZE(c); i++)
		c[i] = login(&(struct login){ .isid = 0x80 + i });
	hold();
	for (i = 0; i < ARRAY_SIZE(c); i++)
		send_read(c[i], LBA + i * STRIDE);
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		/* Time for them to get there: before that they are given up. */
		pdu_pending(c[i], 50);
		for (j = 0; j < 8; j++)
			send_tmf(c[i], ISCSI_TM_FUNC_LOGICAL_UNIT_RESET, 0xffffffff);
		ping(c[i]);
	}
	opt.lun = 0;
	response = task_management(other, ISCSI_TM_FUNC_LOGICAL_UNIT_RESET, 0xffffffff, 0);
	if (response)
		fail("response 0x%02x", response);
	test_unit_ready(other);
	opt.lun = lun;
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		if (!conn_wait_closed(c[i], CLOSE_MS))
			fail("not closed");
		conn_close(c[i]);
	}
	release();
	logout(other);
	still_serves();
}

static void tmf_abort_task(void)
{
	tmf_while_stuck(ISCSI_TM_FUNC_ABORT_TASK);
}

static void tmf_abort_task_set(void)
{
	tmf_while_stuck(ISCSI_TM_FUNC_ABORT_TASK_SET);
}

static void tmf_clear_aca(void)
{
	tmf_while_stuck(ISCSI_TM_FUNC_CLEAR_ACA);
}

static void tmf_clear_task_set(void)
{
	tmf_while_stuck(ISCSI_TM_FUNC_CLEAR_TASK_SET);
}

static void tmf_lun_reset(void)
{
	tmf_while_stuck(ISCSI_TM_FUNC_LOGICAL_UNIT_RESET);
}

static void tmf_warm_reset(void)
{
	tmf_while_stuck(ISCSI_TM_FUNC_TARGET_WARM_RESET);
}

static void tmf_cold_reset(void)
{
	tmf_while_stuck(ISCSI_TM_FUNC_TARGET_COLD_RESET);
}

static void tmf_reassign(void)
{
	tmf_while_stuck(ISCSI_TM_FUNC_TASK_REASSIGN);
}

/* Nothing hangs: the same functions, what they answer, and where they reach. */
static void tmf_idle(void)
{
	static const struct {
		u8 function;
		u8 response;
	} row[] = {
		{ ISCSI_TM_FUNC_ABORT_TASK, ISCSI_TMF_RSP_COMPLETE },
		{ ISCSI_TM_FUNC_ABORT_TASK_SET, ISCSI_TMF_RSP_COMPLETE },
		{ ISCSI_TM_FUNC_CLEAR_ACA, ISCSI_TMF_RSP_NOT_SUPPORTED },
		{ ISCSI_TM_FUNC_CLEAR_TASK_SET, ISCSI_TMF_RSP_COMPLETE },
		{ ISCSI_TM_FUNC_LOGICAL_UNIT_RESET, ISCSI_TMF_RSP_COMPLETE },
		{ ISCSI_TM_FUNC_TARGET_WARM_RESET, ISCSI_TMF_RSP_COMPLETE },
		{ ISCSI_TM_FUNC_TASK_REASSIGN, ISCSI_TMF_RSP_NO_FAILOVER },
	};
	struct conn *c = login_stuck();
	u32 i, response;

	for (i = 0; i < ARRAY_SIZE(row); i++) {
		send_tmf(c, row[i].function, c->itt);
		response = tmf_response(c);
		if (response != row[i].response)
			fail("function %u: response 0x%02x", row[i].function, response);
		test_unit_ready(c);
	}
	logout(c);
}

static void tmf_no_lun(void)
{
	static const u8 functions[] = {
		ISCSI_TM_FUNC_ABORT_TASK, ISCSI_TM_FUNC_ABORT_TASK_SET,
		ISCSI_TM_FUNC_CLEAR_TASK_SET, ISCSI_TM_FUNC_LOGICAL_UNIT_RESET,
	};
	struct conn *c = login_stuck();
	u32 lun = opt.lun, response, i;

	for (i = 0; i < ARRAY_SIZE(functions); i++) {
		opt.lun = 77;
		send_tmf(c, functions[i], c->itt);
		opt.lun = lun;
		response = tmf_response(c);
		if (response != ISCSI_TMF_RSP_NO_LUN)
			fail("function %u: response 0x%02x", functions[i], response);
	}
	logout(c);
}

/* All sessions of the target end, also those that did not ask. */
static void tmf_cold(void)
{
	struct conn *c = login_stuck(), *other = login_usual();

	send_tmf(c, ISCSI_TM_FUNC_TARGET_COLD_RESET, ISCSI_RESERVED_TAG);
	if (tmf_response(c) != ISCSI_TMF_RSP_COMPLETE)
		fail("refused");
	if (!conn_wait_closed(c, CLOSE_MS) || !conn_wait_closed(other, CLOSE_MS))
		fail("a session lives on");
	still_serves();
}

/* A command that never came, before the function in order: taken for received. */
static void tmf_never_sent(void)
{
	struct conn *c = login_stuck();
	u32 never = c->cmdsn++;
	u8 response = task_management(c, ISCSI_TM_FUNC_ABORT_TASK, 0xabcdef, never);

	if (response != ISCSI_TMF_RSP_COMPLETE)
		fail("response 0x%02x", response);
	test_unit_ready(c);
	/* Now it comes after all, and is ignored as what was received before. */
	c->cmdsn = never;
	send_read(c, LBA);
	c->cmdsn = c->exp_cmdsn;
	test_unit_ready(c);
	logout(c);
}

/* A no-data command that is just being started: complete means it will not run. */
static void tmf_race(void)
{
	u8 cdb[ISCSI_CDB_SIZE] = { SYNCHRONIZE_CACHE };
	struct conn *c = login_stuck();
	u32 i, itt;

	for (i = 0; i < 200; i++) {
		bool answered = false;

		itt = scsi_send(c, cdb, FINAL, 0, NULL, 0);
		send_tmf(c, ISCSI_TM_FUNC_ABORT_TASK, itt);
		for (;;) {
			static struct pdu pdu;

			if (!pdu_recv(c, &pdu))
				fail("closed");
			if (pdu.bhs.hdr.opcode == ISCSI_OP_SCSI_TMFUNC_RSP)
				break;
			if (answered || pdu.bhs.hdr.itt != htobe32(itt))
				fail("an answer too many");
			answered = true;
		}
		if (pdu_pending(c, 0))
			fail("an answer after the task management response");
	}
	logout(c);
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
	{ "stuck-other-reset", "11.5.1", tmf_other_lun, 60 },
	{ "stuck-abort-task", "11.5.1", tmf_abort_task, 40 },
	{ "stuck-abort-task-set", "11.5.1", tmf_abort_task_set, 40 },
	{ "stuck-clear-aca", "11.5.1", tmf_clear_aca, 40 },
	{ "stuck-clear-task-set", "11.5.1", tmf_clear_task_set, 40 },
	{ "stuck-lun-reset", "11.5.1", tmf_lun_reset, 40 },
	{ "stuck-target-warm-reset", "11.5.1", tmf_warm_reset, 40 },
	{ "stuck-target-cold-reset", "11.5.1", tmf_cold_reset, 40 },
	{ "stuck-task-reassign", "11.5.1", tmf_reassign, 40 },
	{ "tmf-idle", "11.6.1", tmf_idle },
	{ "tmf-no-lun", "11.6.1", tmf_no_lun },
	{ "tmf-cold-reset", "11.5.1", tmf_cold },
	{ "tmf-never-sent", "11.6.1", tmf_never_sent },
	{ "tmf-race", "11.6.1", tmf_race, 40 },
	{}
};
