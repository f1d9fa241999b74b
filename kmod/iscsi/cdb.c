// SPDX-License-Identifier: GPL-2.0
/* What a CDB says. Pure. */

#include <linux/kernel.h>

#include "cdb.h"

#define ORWRITE_16	0x8b		/* not in scsi_proto.h */

/* Of VARIABLE LENGTH CDB, SPC-4 4.2.3. */
static u32 service_action(const u8 *cdb)
{
	return cdb[8] << 8 | cdb[9];
}

/**
 * lunar_cdb_direction() - which way the data of a command goes
 * @cdb:	complete
 *
 * Context: any.
 * Return: ISCSI_FLAG_CMD_READ, ISCSI_FLAG_CMD_WRITE, or 0 if it may be any.
 */
u8 lunar_cdb_direction(const u8 *cdb)
{
	switch (cdb[0]) {
	case READ_6:
	case READ_10:
	case READ_12:
	case READ_16:
		return ISCSI_FLAG_CMD_READ;
	case WRITE_6:
	case WRITE_10:
	case WRITE_12:
	case WRITE_16:
	case WRITE_VERIFY:
	case WRITE_VERIFY_12:
	case WRITE_VERIFY_16:
	case ORWRITE_16:
	case WRITE_SAME:
	case WRITE_SAME_16:
	case COMPARE_AND_WRITE:
	case UNMAP:
	case MODE_SELECT:
	case MODE_SELECT_10:
	case PERSISTENT_RESERVE_OUT:
	case EXTENDED_COPY:
		return ISCSI_FLAG_CMD_WRITE;
	case VARIABLE_LENGTH_CMD:
		if (service_action(cdb) == READ_32)
			return ISCSI_FLAG_CMD_READ;
		if (service_action(cdb) == WRITE_32 ||
		    service_action(cdb) == WRITE_SAME_32)
			return ISCSI_FLAG_CMD_WRITE;
		return 0;
	default:
		return 0;
	}
}

/**
 * lunar_cdb_is_write_same() - is it one of the WRITE SAME commands?
 * @cdb:	complete
 *
 * Context: any.
 * Return: true if so.
 */
bool lunar_cdb_is_write_same(const u8 *cdb)
{
	return cdb[0] == WRITE_SAME || cdb[0] == WRITE_SAME_16 ||
	       (cdb[0] == VARIABLE_LENGTH_CMD &&
		service_action(cdb) == WRITE_SAME_32);
}

/**
 * lunar_cdb_may_differ() - may there be more or less data than the CDB takes?
 * @cdb:	complete, of a command for data-out
 * @more:	there is more; false: there is less
 *
 * RFC 7143 11.4.5 has residuals for both. But of a parameter list a part makes
 * no sense, and of COMPARE AND WRITE and WRITE SAME neither does more: the
 * initiator means something else than it says.
 *
 * Context: any.
 * Return: whether to execute it, with a residual.
 */
bool lunar_cdb_may_differ(const u8 *cdb, bool more)
{
	switch (cdb[0]) {
	case WRITE_6:
	case WRITE_10:
	case WRITE_12:
	case WRITE_16:
	case WRITE_VERIFY:
	case WRITE_VERIFY_12:
	case WRITE_VERIFY_16:
	case ORWRITE_16:
		return true;
	case COMPARE_AND_WRITE:
	case WRITE_SAME:
	case WRITE_SAME_16:
		return false;
	case VARIABLE_LENGTH_CMD:
		if (service_action(cdb) == WRITE_32)
			return true;
		return more && service_action(cdb) != WRITE_SAME_32;
	default:
		return more;
	}
}

/**
 * lunar_cdb_from_memory() - does target core answer from memory?
 * @cdb:	complete
 *
 * Context: any.
 * Return: true if so, whatever the backstore does.
 */
bool lunar_cdb_from_memory(const u8 *cdb)
{
	switch (cdb[0]) {
	case TEST_UNIT_READY:
	case REQUEST_SENSE:
	case INQUIRY:
	case REPORT_LUNS:
	case MODE_SENSE:
	case MODE_SENSE_10:
		return true;
	default:
		return false;
	}
}

/**
 * lunar_cdb_sleeps() - does target core itself write a file or sleep?
 * @cdb:	complete
 *
 * Context: any.
 * Return: true if so, whatever the backstore promises.
 */
bool lunar_cdb_sleeps(const u8 *cdb)
{
	switch (cdb[0]) {
	case PERSISTENT_RESERVE_OUT:
	case MAINTENANCE_OUT:
		return true;
	default:
		return false;
	}
}
