// SPDX-License-Identifier: GPL-2.0
/* The commands of a disk. */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include "opcode.h"

#define DPO		LFILE_OPCODE_DPO
#define FUA		LFILE_OPCODE_FUA
#define PROTECT		LFILE_OPCODE_PROTECT
#define ACTION		LFILE_OPCODE_ACTION
#define CHANGES		LFILE_OPCODE_CHANGES
#define WITH(what)	LFILE_OPCODE_WITH_##what

#define BYTCHK		0x06
#define ACTION_MASK	0x1f	/* byte 1 */

/*
 * Usage: the CDB with a bit set for each that matters; operation code and service
 * action are there as they are (SPC-4 6.35.3). DPO and FUA go by the flags. The
 * first are those that come most often.
 */
static const struct command {
	u8 len;
	u8 flags;
	u8 with;
	u8 usage[32];
} commands[] = {
	{ 10, DPO | FUA, 0,
	  { READ_10, PROTECT, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff } },
	{ 10, DPO | FUA | CHANGES, 0,
	  { WRITE_10, PROTECT, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff } },
	{ 16, DPO | FUA, 0,
	  { READ_16, PROTECT, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff } },
	{ 16, DPO | FUA | CHANGES, 0,
	  { WRITE_16, PROTECT, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff } },
	{ 16, DPO | FUA | CHANGES, WITH(CAW),
	  { COMPARE_AND_WRITE, PROTECT, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0, 0, 0, 0xff } },
	{ 6, 0, 0, { TEST_UNIT_READY } },
	{ 6, 0, 0, { REQUEST_SENSE, 0x01, 0, 0, 0xff } },
	{ 6, 0, 0, { READ_6, 0x1f, 0xff, 0xff, 0xff } },
	{ 6, CHANGES, 0, { WRITE_6, 0x1f, 0xff, 0xff, 0xff } },
	{ 6, 0, 0, { INQUIRY, 0x01, 0xff, 0xff, 0xff } },
	{ 6, 0, 0, { MODE_SELECT, 0x10, 0, 0, 0xff } },
	{ 6, 0, WITH(PR), { RESERVE } },
	{ 6, 0, WITH(PR), { RELEASE } },
	{ 6, 0, 0, { MODE_SENSE, 0x08, 0xff, 0xff, 0xff } },
	{ 6, 0, 0, { START_STOP, 0x01, 0, 0, 0x01 } },
	{ 10, 0, 0,
	  { READ_CAPACITY, 0, 0xff, 0xff, 0xff, 0xff, 0, 0, 0x01 } },
	{ 10, DPO | CHANGES, 0,
	  { WRITE_VERIFY, PROTECT | BYTCHK, 0xff, 0xff, 0xff, 0xff, 0, 0xff,
	    0xff } },
	{ 10, DPO, 0,
	  { VERIFY, PROTECT | BYTCHK, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff } },
	{ 10, 0, 0,
	  { PRE_FETCH, 0x02, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff } },
	{ 10, 0, 0,
	  { SYNCHRONIZE_CACHE, 0x02, 0xff, 0xff, 0xff, 0xff, 0, 0xff, 0xff } },
	{ 10, CHANGES, 0,
	  { WRITE_SAME, PROTECT | 0x08, 0xff, 0xff, 0xff, 0xff, 0, 0xff,
	    0xff } },
	{ 10, CHANGES, WITH(UNMAP), { UNMAP, 0, 0, 0, 0, 0, 0, 0xff, 0xff } },
	{ 10, 0, 0, { MODE_SELECT_10, 0x10, 0, 0, 0, 0, 0, 0xff, 0xff } },
	{ 10, 0, WITH(PR), { RESERVE_10, 0, 0, 0, 0, 0, 0, 0xff, 0xff } },
	{ 10, 0, WITH(PR), { RELEASE_10, 0, 0, 0, 0, 0, 0, 0xff, 0xff } },
	{ 10, 0, 0, { MODE_SENSE_10, 0x18, 0xff, 0xff, 0, 0, 0, 0xff, 0xff } },
	/* READ KEYS, READ RESERVATION, REPORT CAPABILITIES, READ FULL STATUS */
	{ 10, ACTION, WITH(PR),
	  { PERSISTENT_RESERVE_IN, 0x00, 0, 0, 0, 0, 0, 0xff, 0xff } },
	{ 10, ACTION, WITH(PR),
	  { PERSISTENT_RESERVE_IN, 0x01, 0, 0, 0, 0, 0, 0xff, 0xff } },
	{ 10, ACTION, WITH(PR),
	  { PERSISTENT_RESERVE_IN, 0x02, 0, 0, 0, 0, 0, 0xff, 0xff } },
	{ 10, ACTION, WITH(PR),
	  { PERSISTENT_RESERVE_IN, 0x03, 0, 0, 0, 0, 0, 0xff, 0xff } },
	/*
	 * REGISTER, RESERVE, RELEASE, CLEAR, PREEMPT, PREEMPT AND ABORT,
	 * REGISTER AND IGNORE EXISTING KEY, REGISTER AND MOVE
	 */
	{ 10, ACTION, WITH(PR),
	  { PERSISTENT_RESERVE_OUT, 0x00, 0xff, 0, 0, 0xff, 0xff, 0xff,
	    0xff } },
	{ 10, ACTION, WITH(PR),
	  { PERSISTENT_RESERVE_OUT, 0x01, 0xff, 0, 0, 0xff, 0xff, 0xff,
	    0xff } },
	{ 10, ACTION, WITH(PR),
	  { PERSISTENT_RESERVE_OUT, 0x02, 0xff, 0, 0, 0xff, 0xff, 0xff,
	    0xff } },
	{ 10, ACTION, WITH(PR),
	  { PERSISTENT_RESERVE_OUT, 0x03, 0xff, 0, 0, 0xff, 0xff, 0xff,
	    0xff } },
	{ 10, ACTION, WITH(PR),
	  { PERSISTENT_RESERVE_OUT, 0x04, 0xff, 0, 0, 0xff, 0xff, 0xff,
	    0xff } },
	{ 10, ACTION, WITH(PR),
	  { PERSISTENT_RESERVE_OUT, 0x05, 0xff, 0, 0, 0xff, 0xff, 0xff,
	    0xff } },
	{ 10, ACTION, WITH(PR),
	  { PERSISTENT_RESERVE_OUT, 0x06, 0xff, 0, 0, 0xff, 0xff, 0xff,
	    0xff } },
	{ 10, ACTION, WITH(PR),
	  { PERSISTENT_RESERVE_OUT, 0x07, 0xff, 0, 0, 0xff, 0xff, 0xff,
	    0xff } },
	{ 32, ACTION | CHANGES, 0,
	  { VARIABLE_LENGTH_CMD, 0, 0, 0, 0, 0, 0, 0x18, 0, WRITE_SAME_32,
	    PROTECT | 0x08, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff } },
	{ 16, ACTION, WITH(3PC),
	  { EXTENDED_COPY, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff,
	    0xff } },
	/* COPY STATUS, OPERATING PARAMETERS */
	{ 16, ACTION, WITH(3PC),
	  { RECEIVE_COPY_RESULTS, 0x00, 0xff, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
	    0xff, 0xff } },
	{ 16, ACTION, WITH(3PC),
	  { RECEIVE_COPY_RESULTS, 0x03, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff,
	    0xff, 0xff } },
	{ 16, DPO | FUA | CHANGES, 0,
	  { LFILE_OPCODE_ORWRITE_16, PROTECT, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
	{ 16, DPO | CHANGES, 0,
	  { WRITE_VERIFY_16, PROTECT | BYTCHK, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
	{ 16, DPO, 0,
	  { VERIFY_16, PROTECT | BYTCHK, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
	{ 16, 0, 0,
	  { LFILE_OPCODE_PRE_FETCH_16, 0x02, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
	{ 16, 0, 0,
	  { SYNCHRONIZE_CACHE_16, 0x02, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
	{ 16, CHANGES, 0,
	  { WRITE_SAME_16, PROTECT | 0x09, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
	{ 16, ACTION, 0,
	  { SERVICE_ACTION_IN_16, SAI_READ_CAPACITY_16, 0, 0, 0, 0, 0, 0, 0, 0,
	    0xff, 0xff, 0xff, 0xff } },
	{ 16, ACTION, 0,
	  { SERVICE_ACTION_IN_16, SAI_GET_LBA_STATUS, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
	{ 16, ACTION, WITH(REFERRALS),
	  { SERVICE_ACTION_IN_16, SAI_REPORT_REFERRALS, 0, 0, 0, 0, 0, 0, 0, 0,
	    0xff, 0xff, 0xff, 0xff } },
	{ 12, 0, 0,
	  { REPORT_LUNS, 0, 0xff, 0, 0, 0, 0xff, 0xff, 0xff, 0xff } },
	{ 12, ACTION, 0,
	  { MAINTENANCE_IN, 0xe0 | MI_REPORT_TARGET_PGS, 0, 0, 0, 0, 0xff, 0xff,
	    0xff, 0xff } },
	{ 12, ACTION, WITH(REPORT),
	  { MAINTENANCE_IN, MI_REPORT_SUPPORTED_OPERATION_CODES, 0x87, 0xff,
	    0xff, 0xff, 0xff, 0xff, 0xff, 0xff } },
	{ 12, ACTION, WITH(ALUA),
	  { MAINTENANCE_OUT, MO_SET_TARGET_PGS, 0, 0, 0, 0, 0xff, 0xff, 0xff,
	    0xff } },
	{ 12, DPO | FUA, 0,
	  { READ_12, PROTECT, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff } },
	{ 12, DPO | FUA | CHANGES, 0,
	  { WRITE_12, PROTECT, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff } },
	{ 12, DPO | CHANGES, 0,
	  { WRITE_VERIFY_12, PROTECT | BYTCHK, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0xff } },
	{ 12, DPO, 0,
	  { VERIFY_12, PROTECT | BYTCHK, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff } },
};

static u16 service_action(const struct command *command)
{
	const u8 *cdb = command->usage;

	if (!(command->flags & ACTION))
		return 0;
	return cdb[0] == VARIABLE_LENGTH_CMD ? cdb[8] << 8 | cdb[9] :
					       cdb[1] & ACTION_MASK;
}

/**
 * lfile_opcode_flags - what kind of command is it?
 * @cdb: the CDB; its service action does not matter
 *
 * Return: LFILE_OPCODE_DPO, _FUA, _ACTION and _CHANGES, 0 for one that is not known.
 */
u8 lfile_opcode_flags(const u8 *cdb)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].usage[0] == cdb[0])
			return commands[i].flags;
	return 0;
}

/* The group code, SPC-4 4.2.5.1. */
static unsigned int group(const u8 *cdb)
{
	return cdb[0] >> 5;
}

/**
 * lfile_opcode_lba - LOGICAL BLOCK ADDRESS
 * @cdb: the CDB, of 10, 12 or 16 bytes and a command that has one
 *
 * Return: the LBA.
 */
u64 lfile_opcode_lba(const u8 *cdb)
{
	__be32 lba32;
	__be64 lba64;

	if (group(cdb) == 4) {
		memcpy(&lba64, cdb + 2, sizeof(lba64));
		return be64_to_cpu(lba64);
	}
	memcpy(&lba32, cdb + 2, sizeof(lba32));
	return be32_to_cpu(lba32);
}

/**
 * lfile_opcode_blocks - the number of blocks in the usual place
 * @cdb: the CDB, of 10, 12 or 16 bytes and a command that has one
 *
 * Return: the number.
 */
u32 lfile_opcode_blocks(const u8 *cdb)
{
	__be32 blocks;

	if (group(cdb) < 4)
		return cdb[7] << 8 | cdb[8];
	memcpy(&blocks, cdb + (group(cdb) == 4 ? 10 : 6), sizeof(blocks));
	return be32_to_cpu(blocks);
}

/* No timeout is indicated: how long a command takes is the filesystem's affair. */
static u8 *put_timeouts(u8 *buf, bool wanted)
{
	static const u8 timeouts[12] = { 0, 10 };

	if (!wanted)
		return buf;
	memcpy(buf, timeouts, sizeof(timeouts));
	return buf + sizeof(timeouts);
}

/* SPC-4 6.35.2 */
static u32 report_all(u32 with, bool timeouts, u8 *buf)
{
	const struct command *command;
	__be32 len;
	u8 *p = buf + 4;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		command = &commands[i];
		if (command->with & ~with)
			continue;
		memset(p, 0, 8);
		p[0] = command->usage[0];
		p[2] = service_action(command) >> 8;
		p[3] = service_action(command);
		if (timeouts)
			p[5] |= 0x02;
		if (command->flags & ACTION)
			p[5] |= 0x01;
		p[7] = command->len;
		p = put_timeouts(p + 8, timeouts);
	}
	len = cpu_to_be32(p - buf - 4);
	memcpy(buf, &len, sizeof(len));
	return p - buf;
}

/* SPC-4 6.35.3; NULL: no such command */
static u32 report_one(const struct command *command, u32 with, bool timeouts,
		      u8 *buf)
{
	u8 *p = buf + 4;

	memset(buf, 0, 4);
	buf[1] = command ? 3 : 1;
	if (!command)
		return 4;
	buf[1] |= timeouts << 7;
	buf[3] = command->len;
	memcpy(p, command->usage, command->len);
	if (with & WITH(DPOFUA))
		p[1] |= command->flags & (DPO | FUA);
	return put_timeouts(p + command->len, timeouts) - buf;
}

/**
 * lfile_opcode_report - the answer to REPORT SUPPORTED OPERATION CODES
 * @cdb: its CDB
 * @with: LFILE_OPCODE_WITH_ what the disk has
 * @buf: LFILE_OPCODE_REPORT_MAX bytes
 *
 * Return: length of the answer, or -EINVAL for a field in the CDB that is invalid.
 */
int lfile_opcode_report(const u8 *cdb, u32 with, u8 *buf)
{
	const struct command *command, *found = NULL;
	bool timeouts = cdb[2] & 0x80;
	u8 options = cdb[2] & 0x07;
	u16 action = cdb[4] << 8 | cdb[5];
	size_t i;

	if (options > 3)
		return -EINVAL;
	if (!options)
		return report_all(with, timeouts, buf);
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		command = &commands[i];
		if (command->usage[0] != cdb[3] || command->with & ~with)
			continue;
		/* 1: one without service actions, 2: one with, 3: either */
		if (options == (command->flags & ACTION ? 1 : 2))
			return -EINVAL;
		if (options == 1 || action == service_action(command))
			found = command;
	}
	return report_one(found, with, timeouts, buf);
}
