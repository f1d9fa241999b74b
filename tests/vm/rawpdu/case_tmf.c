// SPDX-License-Identifier: GPL-2.0
/* Task management functions, while the backstore hangs and when it does not. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rawpdu.h"
#include "stuck.h"

/* What initiators wait for an answer. */
#define TMF_MS		(2000 * opt.factor)

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

/*
 * SAM-5 7.3: commands of all initiators end, of this LUN only, and nobody is told of a
 * reset. Others get TASK ABORTED, or a unit attention: TAS in the environment.
 */
static void tmf_clear(void)
{
	static const u8 tur[ISCSI_CDB_SIZE] = { TEST_UNIT_READY };
	bool tas = !getenv("TAS") || atoi(getenv("TAS"));
	u32 lun = opt.lun, i, response, waits;
	struct conn *c, *other, *idle;
	u8 cdb[ISCSI_CDB_SIZE];
	struct result res;

	if (!opt.ordered)
		skip("needs a backstore that gives commands up");
	c = login_stuck();
	other = login_usual();
	idle = login(&(struct login){ .isid = ISID + 1 });
	/* What a new session is told of each LUN. */
	opt.lun = 0;
	test_unit_ready(other);
	opt.lun = lun;
	test_unit_ready(idle);
	cdb_rw(cdb, WRITE_10, LBA + STUCK * STRIDE, BLOCKS);
	waits = scsi_send(other, cdb, FINAL | ISCSI_FLAG_CMD_WRITE, BLOCKS * BLOCK, NULL, 0);
	pdu_want(other, ISCSI_OP_R2T);
	hold();
	for (i = 0; i < STUCK; i++)
		send_write(i % 2 ? c : other, LBA + i * STRIDE, i);
	ping(c);
	ping(other);
	send_tmf(c, ISCSI_TM_FUNC_CLEAR_TASK_SET, ISCSI_RESERVED_TAG);
	response = tmf_response(c);
	if (response != ISCSI_TMF_RSP_COMPLETE)
		fail("response 0x%02x", response);
	for (i = 0; tas && i < STUCK / 2 + 1; i++) {
		scsi_response(pdu_want(other, ISCSI_OP_SCSI_CMD_RSP), &res);
		if (res.status != SAM_STAT_TASK_ABORTED)
			fail("status 0x%02x", res.status);
	}
	/* Its data comes too late. */
	scsi_data_out(other, waits, 0, 0, cdb, 4, 4);
	scsi_command(c, tur, &res);
	if (res.status)
		fail("the one that asked: status 0x%02x", res.status);
	scsi_command(idle, tur, &res);
	if (res.status)
		fail("one that had no command: status 0x%02x", res.status);
	opt.lun = 0;
	scsi_command(other, tur, &res);
	if (res.status)
		fail("another LUN: status 0x%02x", res.status);
	opt.lun = lun;
	scsi_command(other, tur, &res);
	if (tas ? res.status : res.key != UNIT_ATTENTION || res.asc != 0x2f || res.ascq)
		fail("TAS %u: status 0x%02x, sense %x/%02x/%02x", tas, res.status, res.key,
		     res.asc, res.ascq);
	test_unit_ready(other);
	release();
	logout(c);
	logout(other);
	logout(idle);
}

/* An initiator that has stopped reading does not hold up the reset of another. */
static void tmf_unread(void)
{
	struct conn *c, *deaf;
	u8 cdb[ISCSI_CDB_SIZE];
	u32 lun = opt.lun, i;

	if (!opt.ordered)
		skip("needs a backstore that gives commands up");
	c = login_stuck();
	deaf = login_usual();
	hold();
	send_write(deaf, LBA, 1);
	ping(deaf);
	/* More than the socket takes, from a LUN that does not hang. */
	opt.lun = 0;
	cdb_rw(cdb, READ_10, 0, (1 << 20) / BLOCK);
	for (i = 0; i < 32; i++)
		scsi_send(deaf, cdb, FINAL | ISCSI_FLAG_CMD_READ, 1 << 20, NULL, 0);
	opt.lun = lun;
	if (!pdu_pending(deaf, TMF_MS))
		fail("no answer to a READ");
	send_tmf(c, ISCSI_TM_FUNC_LOGICAL_UNIT_RESET, 0xffffffff);
	i = tmf_response(c);
	if (i != ISCSI_TMF_RSP_COMPLETE)
		fail("response 0x%02x", i);
	release();
	conn_close(deaf);
	test_unit_ready(c);
	logout(c);
}

/*
 * A backstore that gives nothing up: a CLEAR TASK SET cannot be answered, and neither
 * can the next one, while what the first has aborted may still be written.
 */
static void tmf_clear_again(void)
{
	struct conn *c, *other;
	u32 i;

	if (opt.ordered)
		skip("needs a backstore that gives nothing up");
	other = login_usual();
	hold();
	send_write(other, LBA, 1);
	ping(other);
	for (i = 0; i < 2; i++) {
		c = login(&(struct login){ .isid = ISID + i });
		send_tmf(c, ISCSI_TM_FUNC_CLEAR_TASK_SET, ISCSI_RESERVED_TAG);
		if (tmf_response(c) != TMF_CLOSED)
			fail("function %u is over, the WRITE is not", i + 1);
		conn_close(c);
	}
	release();
	conn_close(other);
	still_serves();
}

/* Commands that are just being refused when they are cleared end once. */
static void tmf_clear_refused(void)
{
	struct conn *c = login_stuck(), *other = login_usual();
	u8 cdb[ISCSI_CDB_SIZE];
	struct result res;
	u32 i, j;

	cdb_rw(cdb, READ_10, 0x7fffffff, 1);
	for (i = 0; i < 200; i++) {
		for (j = 0; j < 32; j++)
			scsi_send(other, cdb, FINAL | ISCSI_FLAG_CMD_READ, BLOCK, NULL, 0);
		send_tmf(c, ISCSI_TM_FUNC_CLEAR_TASK_SET, ISCSI_RESERVED_TAG);
		if (tmf_response(c) != ISCSI_TMF_RSP_COMPLETE)
			fail("refused");
		for (j = 0; j < 32; j++) {
			scsi_response(pdu_want(other, ISCSI_OP_SCSI_CMD_RSP), &res);
			if (res.status != SAM_STAT_TASK_ABORTED &&
			    res.status != SAM_STAT_CHECK_CONDITION)
				fail("status 0x%02x", res.status);
		}
	}
	logout(c);
	logout(other);
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

const struct test_case tmf_cases[] = {
	{ "stuck-other-reset", "11.5.1", tmf_other_lun, 60 },
	{ "stuck-abort-task", "11.5.1", tmf_abort_task, 40 },
	{ "stuck-abort-task-set", "11.5.1", tmf_abort_task_set, 40 },
	{ "stuck-clear-aca", "11.5.1", tmf_clear_aca, 40 },
	{ "stuck-clear-task-set", "11.5.1", tmf_clear_task_set, 40 },
	{ "stuck-lun-reset", "11.5.1", tmf_lun_reset, 40 },
	{ "stuck-target-warm-reset", "11.5.1", tmf_warm_reset, 40 },
	{ "stuck-target-cold-reset", "11.5.1", tmf_cold_reset, 40 },
	{ "stuck-task-reassign", "11.5.1", tmf_reassign, 40 },
	{ "stuck-clear-others", "SAM-5 7.3", tmf_clear, 40 },
	{ "stuck-clear-again", "11.5.1", tmf_clear_again, 60 },
	{ "stuck-reset-unread", "11.5.1", tmf_unread, 60 },
	{ "tmf-clear-refused", "SAM-5 7.3", tmf_clear_refused, 60 },
	{ "tmf-idle", "11.6.1", tmf_idle },
	{ "tmf-no-lun", "11.6.1", tmf_no_lun },
	{ "tmf-cold-reset", "11.5.1", tmf_cold },
	{ "tmf-never-sent", "11.6.1", tmf_never_sent },
	{ "tmf-race", "11.6.1", tmf_race, 40 },
	{}
};
