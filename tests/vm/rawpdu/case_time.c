// SPDX-License-Identifier: GPL-2.0
/* What a silent or slow initiator may do. Needs -P: an ACL with short timeouts. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "rawpdu.h"

#define LBA		50000
#define BLOCKS		8
#define LEN		(BLOCKS * BLOCK)
#define SLACK_MS	(3000 * opt.factor)

static void need_timeouts(void)
{
	if (!opt.patience)
		skip("needs an ACL with short timeouts");
}

/* One that answers pings stays, however long it has nothing else to say. */
static void ping_answered(void)
{
	struct conn *c;
	u32 i;

	need_timeouts();
	c = login_usual();
	for (i = 0; i < 3; i++) {
		if (!pdu_pending(c, opt.patience * 1000 + SLACK_MS))
			fail("no ping when idle");
		pdu_ping(c);
	}
	test_unit_ready(c);
	logout(c);
}

/* One that does not answer is gone: its socket is closed, and other commands of
 * it are not waited for.
 */
static void ping_ignored(void)
{
	u64 begin = now_ms();
	struct conn *c;

	need_timeouts();
	c = login_usual();
	if (!conn_wait_closed(c, 2 * opt.patience * 1000 + SLACK_MS))
		fail("a silent initiator keeps its session");
	if (now_ms() - begin < 2 * opt.patience * 1000 - 1000)
		fail("closed after %u ms", (unsigned int)(now_ms() - begin));
	still_serves();
}

static u32 begin_write(struct conn *c, struct iscsi_r2t_rsp *r2t)
{
	u8 cdb[ISCSI_CDB_SIZE];
	u32 itt;

	cdb_rw(cdb, WRITE_10, LBA, BLOCKS);
	itt = scsi_send(c, cdb, FINAL | ISCSI_FLAG_CMD_WRITE, LEN, NULL, 0);
	*r2t = pdu_want(c, ISCSI_OP_R2T)->bhs.r2t;
	return itt;
}

/* The data of one Data-Out in small pieces over twice the time allowed. */
static void drip_feed(void)
{
	u32 steps = opt.patience * 2 * 2, at = 0, n;
	struct iscsi_r2t_rsp r2t;
	struct result res;
	struct conn *c;
	u8 data[LEN];
	union bhs bhs;

	need_timeouts();
	c = login_usual();
	fill(data, LEN, 77);
	bhs_init(c, &bhs, ISCSI_OP_SCSI_DATA_OUT);
	bhs.data_out.itt = htobe32(begin_write(c, &r2t));
	bhs.data_out.ttt = r2t.ttt;
	hton24(bhs.hdr.dlength, LEN);
	conn_send(c, &bhs, sizeof(bhs));
	for (; at < LEN; at += n) {
		n = (LEN - at) / (steps ? steps-- : 1);
		if (!conn_send(c, data + at, n))
			fail("closed while data came");
		if (at + n < LEN && pdu_pending(c, 500))
			fail("the target loses patience");
	}
	scsi_response(pdu_want(c, ISCSI_OP_SCSI_CMD_RSP), &res);
	if (res.status != SAM_STAT_GOOD)
		fail("status 0x%02x", res.status);
	check_blocks(c, LBA, data, BLOCKS);
	logout(c);
}

/* No data at all. Pings are answered, so it is not for those. */
static void no_data(void)
{
	u64 end = now_ms() + opt.patience * 1000 + SLACK_MS;
	struct iscsi_r2t_rsp r2t;
	struct conn *c;

	need_timeouts();
	c = login_usual();
	begin_write(c, &r2t);
	for (;;) {
		static struct pdu pdu;
		u64 now = now_ms();

		if (now >= end)
			fail("a WRITE without data is waited for");
		if (pdu_pending(c, end - now) && !pdu_recv(c, &pdu))
			break;
	}
	still_serves();
}

/* ABSENT in the environment is a file to make; then silence, whatever happens. */
static void absent(void)
{
	const char *ready = getenv("ABSENT");
	struct iscsi_r2t_rsp r2t;
	struct conn *c;

	if (!ready)
		skip("no ABSENT in the environment");
	c = login_usual();
	begin_write(c, &r2t);
	fclose(fopen(ready, "w"));
	for (;;)
		pause();
}

const struct test_case time_cases[] = {
	{ "ping-answered", "11.19", ping_answered, 60 },
	{ "ping-ignored", "11.19, 7.1: absent initiator", ping_ignored, 60 },
	{ "data-out-drip", "DESIGN: slow is not stuck", drip_feed, 60 },
	{ "absent", "11.19: until it is killed", absent, 600 },
	{ "data-out-never", "DESIGN: a WRITE without data ends", no_data, 60 },
	{}
};
