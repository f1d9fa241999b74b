// SPDX-License-Identifier: GPL-2.0
/*
 * Connections that end by RST, in every state that they can be in; and a walk over
 * all paths, for tests that let things fail below (305-failslab.sh).
 */

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "rawpdu.h"

#define LBA	60000
#define BLOCKS	64
#define LEN	(BLOCKS * BLOCK)

static void reset(struct conn *c)
{
	const struct linger linger = { .l_onoff = 1 };

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	conn_close(c);
}

static u8 data[LEN];

static u32 begin_write(struct conn *c, const void *now, u32 len)
{
	u8 cdb[ISCSI_CDB_SIZE];

	cdb_rw(cdb, WRITE_10, LBA, BLOCKS);
	return scsi_send(c, cdb, FINAL | ISCSI_FLAG_CMD_WRITE, LEN, now, len);
}

static void in_header(struct conn *c)
{
	conn_send(c, data, 20);
}

static void in_login_data(struct conn *c)
{
	union bhs bhs = { .login = { .opcode = ISCSI_OP_LOGIN | ISCSI_OP_IMMEDIATE } };

	hton24(bhs.hdr.dlength, 200);
	conn_send(c, &bhs, sizeof(bhs));
	conn_send(c, "InitiatorName=iqn", 17);
}

static void in_login(struct conn *c)
{
	static struct text text;
	static struct pdu rsp;

	login_text(&text, &(struct login){ .isid = 0x41 });
	login_exchange(c, 0, &text, 0, &rsp);
}

static void idle(struct conn *c)
{
	(void)c;
}

static void in_command(struct conn *c)
{
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_SCSI_CMD);
	conn_send(c, &bhs, 30);
}

static void waits_for_data(struct conn *c)
{
	begin_write(c, NULL, 0);
	pdu_want(c, ISCSI_OP_R2T);
}

static void in_data_out(struct conn *c)
{
	u32 itt = begin_write(c, NULL, 0);
	u32 ttt = be32toh(pdu_want(c, ISCSI_OP_R2T)->bhs.r2t.ttt);
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_SCSI_DATA_OUT);
	bhs.data_out.itt = htobe32(itt);
	bhs.data_out.ttt = htobe32(ttt);
	hton24(bhs.hdr.dlength, LEN);
	conn_send(c, &bhs, sizeof(bhs));
	conn_send(c, data, LEN / 2);
}

/* More answers than the sockets take, and nobody reads them. */
static void sends_data(struct conn *c)
{
	u8 cdb[ISCSI_CDB_SIZE];
	u32 i;

	cdb_rw(cdb, READ_10, 0, 512);
	for (i = 0; i < 64; i++)
		scsi_send(c, cdb, FINAL | ISCSI_FLAG_CMD_READ, 512 * BLOCK, NULL, 0);
	if (!pdu_pending(c, 10000 * opt.factor))
		fail("no data");
}

static void in_execution(struct conn *c)
{
	u32 i;

	for (i = 0; i < 16; i++)
		begin_write(c, data, LEN);
}

static void in_text(struct conn *c)
{
	static struct text text;
	union bhs bhs;

	text_add_lines(&text, "SendTargets=All");
	bhs_init(c, &bhs, ISCSI_OP_TEXT);
	bhs.text.flags = ISCSI_FLAG_TEXT_CONTINUE;
	bhs.text.ttt = ~0u;
	pdu_send(c, &bhs, text.buf, text.len);
}

static void in_reset(struct conn *c)
{
	union bhs bhs;

	begin_write(c, NULL, 0);
	bhs_init(c, &bhs, ISCSI_OP_SCSI_TMFUNC | ISCSI_OP_IMMEDIATE);
	bhs.tm.flags = FINAL | ISCSI_TM_FUNC_LOGICAL_UNIT_RESET;
	bhs.tm.rtt = RESERVED_ITT;
	bhs.tm.lun.scsi_lun[1] = opt.lun;
	pdu_send(c, &bhs, NULL, 0);
}

static void in_logout(struct conn *c)
{
	union bhs bhs;

	bhs_init(c, &bhs, ISCSI_OP_LOGOUT | ISCSI_OP_IMMEDIATE);
	bhs.logout.flags = FINAL | ISCSI_LOGOUT_REASON_CLOSE_SESSION;
	pdu_send(c, &bhs, NULL, 0);
}

static void rst_any_state(void)
{
	static const struct {
		void (*get_there)(struct conn *c);
		bool full;
	} states[] = {
		{ idle }, { in_header }, { in_login_data }, { in_login },
		{ idle, true }, { in_command, true }, { waits_for_data, true },
		{ in_data_out, true }, { sends_data, true }, { in_execution, true },
		{ in_text, true }, { in_reset, true }, { in_logout, true },
	};
	u32 i, times;

	fill(data, sizeof(data), 41);
	for (times = 0; times < 3; times++) {
		for (i = 0; i < ARRAY_SIZE(states); i++) {
			struct conn *c = states[i].full ? login(&(struct login){ .isid = 0x41 }) :
							  conn_open();

			states[i].get_there(c);
			reset(c);
		}
		still_serves();
	}
}

static void unmap(struct conn *c)
{
	u8 cdb[ISCSI_CDB_SIZE] = { UNMAP, [8] = 24 };
	/* a header, and a descriptor of LBA (8 bytes) and blocks (4) */
	u8 list[24] = { 0, 22, 0, 16, [14] = LBA >> 8, LBA & 255, [19] = BLOCKS };
	struct write_plan plan = plan_usual(c, sizeof(list));
	struct result res;

	scsi_write(c, cdb, sizeof(list), list, &plan, &res);
	if (res.status == SAM_STAT_CHECK_CONDITION && res.key == ILLEGAL_REQUEST)
		return;
	if (res.status != SAM_STAT_GOOD)
		fail("UNMAP: status 0x%02x, sense %x/%02x/%02x", res.status, res.key, res.asc,
		     res.ascq);
}

static void compare_and_write(struct conn *c, const u8 *from)
{
	u8 cdb[ISCSI_CDB_SIZE] = { COMPARE_AND_WRITE, [8] = LBA >> 8, LBA & 255,
				   [13] = 1 };
	struct write_plan plan = plan_usual(c, 2 * BLOCK);
	u8 buf[2 * BLOCK];
	struct result res;

	memcpy(buf, from, BLOCK);
	memcpy(buf + BLOCK, from, BLOCK);
	scsi_write(c, cdb, sizeof(buf), buf, &plan, &res);
	if (res.status != SAM_STAT_GOOD)
		fail("COMPARE AND WRITE: status 0x%02x, sense %x/%02x/%02x", res.status, res.key,
		     res.asc, res.ascq);
}

/* Every kind of request once; data of all ways of a WRITE. */
static void every_path(void)
{
	static struct text text;
	struct conn *c;
	u8 cdb[ISCSI_CDB_SIZE] = { SYNCHRONIZE_CACHE };
	struct write_plan plan = {};
	struct result res;
	u32 itt, old;

	fill(data, sizeof(data), rnd(1000));
	c = login(&(struct login){ .isid = 0x42, .keys = "DataDigest=CRC32C" });
	write_blocks(c, LBA, data, BLOCKS);
	check_blocks(c, LBA, data, BLOCKS);
	cdb_rw(cdb, WRITE_10, LBA, BLOCKS);
	plan.segment = 8192;
	scsi_write(c, cdb, LEN, data, &plan, &res);
	if (res.status != SAM_STAT_GOOD)
		fail("WRITE: status 0x%02x", res.status);
	compare_and_write(c, data);
	check_blocks(c, LBA, data, BLOCKS);
	exchange_text(c, "SendTargets=\n", &text);
	memset(cdb, 0, sizeof(cdb));
	cdb[0] = SYNCHRONIZE_CACHE;
	scsi_command(c, cdb, &res);
	if (res.status != SAM_STAT_GOOD)
		fail("SYNCHRONIZE CACHE: status 0x%02x", res.status);
	itt = begin_write(c, NULL, 0);
	pdu_want(c, ISCSI_OP_R2T);
	old = c->cmdsn - 1;
	task_management(c, ISCSI_TM_FUNC_ABORT_TASK, itt, old);
	task_management(c, ISCSI_TM_FUNC_LOGICAL_UNIT_RESET, RESERVED_ITT, 0);
	test_unit_ready(c);
	unmap(c);
	write_blocks(c, LBA, data, BLOCKS);
	check_blocks(c, LBA, data, BLOCKS);
	/* and a new session in the place of this one */
	login(&(struct login){ .isid = 0x42 });
	want_closed(c);
	c = login(&(struct login){ .discovery = true });
	exchange_text(c, "SendTargets=All\n", &text);
	logout(c);
}

const struct test_case fault_cases[] = {
	{ "rst-any-state", "6.3.5", rst_any_state, 60 },
	{ "every-path", "", every_path, 30 },
	{}
};
