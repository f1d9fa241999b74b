// SPDX-License-Identifier: GPL-2.0
/* Several sessions, and one in place of another (RFC 7143 6.3.5). */

#include <stdlib.h>
#include <string.h>

#include "rawpdu.h"

#define LBA	40000
#define BLOCKS	512
#define CLOSE_MS	(5000 * opt.factor)

static void reinstate(void)
{
	static u8 old[BLOCKS * BLOCK], new[BLOCKS * BLOCK];
	struct conn *a = login(&(struct login){ .isid = 0x21 }), *b, *c;
	u8 cdb[ISCSI_CDB_SIZE];
	struct iscsi_r2t_rsp r2t;
	u64 begin;
	u32 itt;

	fill(old, sizeof(old), 1);
	fill(new, sizeof(new), 2);
	write_blocks(a, LBA, old, BLOCKS);
	c = login(&(struct login){ .isid = 0x22 });
	cdb_rw(cdb, WRITE_10, LBA, BLOCKS);
	itt = scsi_send(a, cdb, FINAL | ISCSI_FLAG_CMD_WRITE, sizeof(new), NULL, 0);
	r2t = pdu_want(a, ISCSI_OP_R2T)->bhs.r2t;

	begin = now_ms();
	b = login(&(struct login){ .isid = 0x21 });
	if (now_ms() - begin > 1000 * opt.factor)
		fail("the second login takes %u ms", (unsigned int)(now_ms() - begin));
	scsi_data_out(a, itt, be32toh(r2t.ttt), 0, new, be32toh(r2t.data_length), 65536);
	if (!conn_wait_closed(a, CLOSE_MS))
		fail("the old session lives on");
	check_blocks(b, LBA, old, BLOCKS);
	write_blocks(b, LBA, new, BLOCKS);
	/* Another ISID is another session. */
	check_blocks(c, LBA, new, BLOCKS);
	logout(b);
	logout(c);
	conn_close(a);
}

/* Again and again, with nobody closing anything. */
static void reinstate_often(void)
{
	struct conn *last = NULL, *c;
	u8 buf[8 * BLOCK];
	u32 i;

	for (i = 0; i < 30; i++) {
		c = login(&(struct login){ .isid = 0x23 });
		fill(buf, sizeof(buf), i);
		write_blocks(c, LBA, buf, 8);
		check_blocks(c, LBA, buf, 8);
		if (last && !conn_wait_closed(last, CLOSE_MS))
			fail("the old session lives on");
		if (last)
			conn_close(last);
		last = c;
	}
	logout(last);
}

static void send_final(struct conn *c)
{
	union bhs bhs = { .login = {
		.opcode = ISCSI_OP_LOGIN | ISCSI_OP_IMMEDIATE,
		.flags = ISCSI_FLAG_LOGIN_TRANSIT | ISCSI_OP_PARMS_NEGOTIATION_STAGE << 2 |
			 ISCSI_FULL_FEATURE_PHASE,
		.isid = { 0x00, 0x02, 0x3d, 0x00, 0x00, 0x24 },
		.itt = htobe32(0x10),
		.cmdsn = htobe32(c->cmdsn),
		.exp_statsn = htobe32(c->exp_statsn),
	} };

	pdu_send(c, &bhs, NULL, 0);
}

/* Does this connection serve, after the answer to its last Login Request? */
static bool serves(struct conn *c)
{
	static const u8 cdb[ISCSI_CDB_SIZE] = { TEST_UNIT_READY };
	static struct pdu pdu;

	if (!pdu_recv(c, &pdu) || pdu.bhs.login_rsp.status_class)
		return false;
	c->full = true;
	scsi_send(c, cdb, FINAL, 0, NULL, 0);
	return pdu_recv(c, &pdu) && pdu.bhs.hdr.opcode == ISCSI_OP_SCSI_CMD_RSP;
}

/* Two logins of one initiator port at the same moment: one wins. */
static void simultaneous(void)
{
	u32 i, j;

	for (i = 0; i < 20; i++) {
		struct conn *c[2];
		bool first, second;

		for (j = 0; j < 2; j++) {
			c[j] = conn_open();
			memcpy(c[j]->isid, "\x00\x02\x3d\x00\x00\x24", 6);
			if (login_security(c[j], &(struct login){}))
				fail("refused in the security stage");
		}
		send_final(c[i % 2]);
		send_final(c[!(i % 2)]);
		first = serves(c[0]);
		second = serves(c[1]);
		/* The one that was asked first may have been replaced since. */
		if (first && second && !conn_wait_closed(c[0], CLOSE_MS))
			fail("both serve");
		if (!first && !second)
			fail("none serves");
		conn_close(c[0]);
		conn_close(c[1]);
	}
	still_serves();
}

/* Sessions with different ISIDs live side by side. */
static void many(void)
{
	struct conn *c[32];
	u8 buf[8 * BLOCK];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(c); i++)
		c[i] = login(&(struct login){ .isid = 0x40 + i });
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		fill(buf, sizeof(buf), i);
		write_blocks(c[i], LBA + 8 * i, buf, 8);
	}
	for (i = 0; i < ARRAY_SIZE(c); i++) {
		fill(buf, sizeof(buf), i);
		check_blocks(c[ARRAY_SIZE(c) - 1 - i], LBA + 8 * i, buf, 8);
	}
	for (i = 0; i < ARRAY_SIZE(c); i++)
		logout(c[i]);
}

static u8 reserve(struct conn *c, u8 opcode)
{
	const u8 cdb[ISCSI_CDB_SIZE] = { opcode };
	struct result res;

	scsi_command(c, cdb, &res);
	return res.status;
}

/* What a session has reserved is free when it has logged out, or lost its connection. */
static void reservation(void)
{
	const char *second = getenv("SECOND");
	struct conn *a, *b;
	int i;

	if (!second)
		skip("no SECOND initiator in the environment");
	b = login(&(struct login){ .initiator = second, .isid = 0x51 });
	test_unit_ready(b);
	for (i = 0; i < 20; i++) {
		a = login(&(struct login){ .isid = 0x52 });
		test_unit_ready(a);
		if (reserve(a, RESERVE) != SAM_STAT_GOOD)
			fail("RESERVE fails");
		if (reserve(b, RESERVE) != SAM_STAT_RESERVATION_CONFLICT)
			fail("RESERVE of another initiator does not fail");
		logout(a);
		if (reserve(b, RESERVE) != SAM_STAT_GOOD)
			fail("logout %d: the disk is reserved still", i);
		if (reserve(b, RELEASE) != SAM_STAT_GOOD)
			fail("RELEASE fails");
	}
	a = login(&(struct login){ .isid = 0x52 });
	test_unit_ready(a);
	if (reserve(a, RESERVE) != SAM_STAT_GOOD)
		fail("RESERVE fails");
	conn_close(a);
	a = login(&(struct login){ .isid = 0x52 });
	test_unit_ready(a);
	if (reserve(b, RESERVE) != SAM_STAT_GOOD || reserve(b, RELEASE) != SAM_STAT_GOOD)
		fail("the disk is reserved still by a session that is gone");
	logout(a);
	logout(b);
}

const struct test_case session_cases[] = {
	{ "session-reinstate", "6.3.5", reinstate },
	{ "session-reinstate-often", "6.3.5", reinstate_often },
	{ "session-simultaneous", "6.3.5", simultaneous, 40 },
	{ "session-many", "4.4.3", many },
	{ "session-reservation", "SPC-2 5.5.1", reservation },
	{}
};
