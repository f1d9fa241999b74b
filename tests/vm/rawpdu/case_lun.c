// SPDX-License-Identifier: GPL-2.0
/* LUNs, mapped or not. Needs -M: LUNs 0, 5, 255, 256, 300 and 16383 are mapped. */

#include <string.h>

#include "rawpdu.h"

#define UNMAPPED	77

static const u16 mapped[] = { 0x0000, 0x0005, 0x00ff, 0x4100, 0x412c, 0x7fff };
static const u16 unmapped[] = { UNMAPPED, 0x4000 | UNMAPPED, 0x412d, 0x8005, 0xc102 };

static void need_luns(void)
{
	if (!opt.many_luns)
		skip("needs LUNs 0, 5, 255, 256, 300, 16383");
}

/* REPORT LUNS sent to LUN @lun. */
static u32 report(struct conn *c, u16 lun, u8 select, u32 length, u8 *buf, struct result *res)
{
	const u8 cdb[ISCSI_CDB_SIZE] = {
		REPORT_LUNS, 0, select, [6] = length >> 24, length >> 16, length >> 8, length,
	};

	opt.lun = lun;
	memset(buf, 0xee, length);
	scsi_read(c, cdb, length, buf, res);
	return res->length;
}

static void want_list(const u8 *buf, u32 len, const u16 *luns, u32 nr)
{
	u8 want[8 + 8 * 16] = { 0, 0, 0, nr * 8 };
	u32 i;

	for (i = 0; i < nr; i++) {
		want[8 + 8 * i] = luns[i] >> 8;
		want[9 + 8 * i] = luns[i];
	}
	if (len != 8 + 8 * nr)
		fail("%u bytes, should be %u", len, 8 + 8 * nr);
	for (i = 0; i < len; i++)
		if (buf[i] != want[i])
			fail("byte %u is %02x, should be %02x", i, buf[i], want[i]);
}

static void report_luns(void)
{
	static const u16 to[] = { 0, 5, 0x412c, UNMAPPED, 0xc101 };
	u16 all[ARRAY_SIZE(mapped) + 1];
	struct result res;
	struct conn *c;
	u8 buf[1024];
	u32 i;

	need_luns();
	c = login_usual();
	memcpy(all, mapped, sizeof(mapped));
	all[ARRAY_SIZE(mapped)] = 0xc101;
	for (i = 0; i < ARRAY_SIZE(to); i++) {
		want_list(buf, report(c, to[i], 0, sizeof(buf), buf, &res), mapped,
			  ARRAY_SIZE(mapped));
		if (res.flags != ISCSI_FLAG_CMD_UNDERFLOW || res.residual != sizeof(buf) - 56)
			fail("flags 0x%02x, residual %u", res.flags, res.residual);
		want_list(buf, report(c, to[i], 1, sizeof(buf), buf, &res), all + 6, 1);
		want_list(buf, report(c, to[i], 2, sizeof(buf), buf, &res), all, 7);
	}
	/* Cut off, the length of the whole list is still there. */
	if (report(c, 0, 0, 20, buf, &res) != 20 || res.flags || buf[3] != 48 || buf[17] != 5)
		fail("%u of 20 bytes, list length %u", res.length, buf[3]);
	report(c, 0, 0x33, sizeof(buf), buf, &res);
	if (res.status != SAM_STAT_CHECK_CONDITION || res.asc != 0x24)
		fail("SELECT REPORT 33h: status 0x%02x", res.status);
	opt.lun = 0;
	logout(c);
}

static void inquiry(struct conn *c, u16 lun, u8 first)
{
	static const u8 cdb[ISCSI_CDB_SIZE] = { INQUIRY, [4] = 255 };
	struct result res;
	u8 buf[255];

	opt.lun = lun;
	scsi_read(c, cdb, sizeof(buf), buf, &res);
	if (res.status != SAM_STAT_GOOD || res.length < 36 || buf[0] != first)
		fail("INQUIRY of LUN %04x: status 0x%02x, %u bytes, byte 0 %02x", lun, res.status,
		     res.length, buf[0]);
}

/* Each by the address in the list, and by others that mean the same. */
static void access_luns(void)
{
	static const u16 same[] = { 0x4005, 0x0100, 0x012c };
	u8 data[8 * BLOCK], cdb[ISCSI_CDB_SIZE];
	struct iscsi_r2t_rsp r2t;
	struct result res;
	struct conn *c;
	u32 i, itt;

	need_luns();
	c = login_usual();
	for (i = 0; i < ARRAY_SIZE(mapped) + ARRAY_SIZE(same); i++) {
		u16 lun = i < ARRAY_SIZE(mapped) ? mapped[i] : same[i - ARRAY_SIZE(mapped)];

		inquiry(c, lun, 0x00);
		test_unit_ready(c);
		fill(data, sizeof(data), lun);
		write_blocks(c, 8 * i, data, 8);
		check_blocks(c, 8 * i, data, 8);
	}
	/* An R2T names the LUN as the list does. */
	opt.lun = 0x412c;
	cdb_rw(cdb, WRITE_10, 0, 8);
	itt = scsi_send(c, cdb, FINAL | ISCSI_FLAG_CMD_WRITE, sizeof(data), NULL, 0);
	r2t = pdu_want(c, ISCSI_OP_R2T)->bhs.r2t;
	if (r2t.lun.scsi_lun[0] != 0x41 || r2t.lun.scsi_lun[1] != 0x2c)
		fail("R2T of LUN %02x%02x", r2t.lun.scsi_lun[0], r2t.lun.scsi_lun[1]);
	scsi_data_out(c, itt, be32toh(r2t.ttt), 0, data, sizeof(data), 4096);
	scsi_response(pdu_want(c, ISCSI_OP_SCSI_CMD_RSP), &res);
	if (res.status != SAM_STAT_GOOD)
		fail("status 0x%02x", res.status);
	/* And a TMF finds it. */
	if (task_management(c, ISCSI_TM_FUNC_LOGICAL_UNIT_RESET, 0xffffffff, 0))
		fail("LOGICAL UNIT RESET of LUN 300 fails");
	opt.lun = 0;
	test_unit_ready(c);
	logout(c);
}

static void want_sense(struct conn *c, const u8 *cdb, u8 key, u8 asc)
{
	struct result res;
	u8 buf[256];

	scsi_read(c, cdb, sizeof(buf), buf, &res);
	if (res.status != SAM_STAT_CHECK_CONDITION || res.key != key || res.asc != asc)
		fail("opcode 0x%02x of LUN %04x: status 0x%02x, sense %x/%02x", cdb[0], opt.lun,
		     res.status, res.key, res.asc);
}

static void request_sense(struct conn *c, u8 key, u8 asc)
{
	u8 cdb[ISCSI_CDB_SIZE] = { REQUEST_SENSE, [4] = 252 };
	struct result res;
	u8 buf[252];

	scsi_read(c, cdb, sizeof(buf), buf, &res);
	if (res.status != SAM_STAT_GOOD || res.length != 18 || buf[0] != 0x70 || buf[2] != key ||
	    buf[12] != asc)
		fail("REQUEST SENSE: status 0x%02x, %u bytes, %02x, sense %x/%02x", res.status,
		     res.length, buf[0], buf[2], buf[12]);
	cdb[1] = 1;
	scsi_read(c, cdb, sizeof(buf), buf, &res);
	if (res.status != SAM_STAT_GOOD || res.length != 8 || buf[0] != 0x72 || buf[1] != key ||
	    buf[2] != asc)
		fail("REQUEST SENSE, descriptor format: %u bytes, %02x", res.length, buf[0]);
}

static void unmapped_luns(void)
{
	static const u8 vpd[ISCSI_CDB_SIZE] = { INQUIRY, 1, 0, [4] = 255 };
	static const u8 tur[ISCSI_CDB_SIZE] = { TEST_UNIT_READY };
	u8 cdb[ISCSI_CDB_SIZE];
	struct conn *c;
	u32 i;

	need_luns();
	c = login_usual();
	for (i = 0; i < ARRAY_SIZE(unmapped); i++) {
		inquiry(c, unmapped[i], 0x7f);
		want_sense(c, vpd, ILLEGAL_REQUEST, 0x24);
		want_sense(c, tur, ILLEGAL_REQUEST, 0x25);
		cdb_rw(cdb, READ_10, 0, 1);
		want_sense(c, cdb, ILLEGAL_REQUEST, 0x25);
		request_sense(c, ILLEGAL_REQUEST, 0x25);
	}
	opt.lun = 0;
	logout(c);
}

static void well_known_lun(void)
{
	u8 cdb[ISCSI_CDB_SIZE];
	struct conn *c;

	need_luns();
	c = login_usual();
	inquiry(c, 0xc101, 0x1e);
	test_unit_ready(c);
	request_sense(c, 0, 0);
	cdb_rw(cdb, READ_10, 0, 1);
	want_sense(c, cdb, ILLEGAL_REQUEST, 0x25);
	opt.lun = 0;
	logout(c);
}

const struct test_case lun_cases[] = {
	{ "lun-report", "SPC-4 6.33, SAM-5 4.7", report_luns },
	{ "lun-access", "SAM-5 4.7.7.3", access_luns },
	{ "lun-unmapped", "SAM-5 5.11, SPC-4 6.6.2", unmapped_luns },
	{ "lun-well-known", "SPC-4 8.2", well_known_lun },
	{}
};
