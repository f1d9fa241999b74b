/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The commands of a disk: which there are, what their CDBs say, and what REPORT
 * SUPPORTED OPERATION CODES says of them. Pure.
 */
#ifndef LFILE_OPCODE_H
#define LFILE_OPCODE_H

#include <asm/byteorder.h>
#include <linux/types.h>
#include <scsi/scsi_proto.h>

/* Not in scsi_proto.h. */
#define LFILE_OPCODE_ORWRITE_16		0x8b
#define LFILE_OPCODE_PRE_FETCH_16	0x90

/* Bits of byte 1 of a CDB, SBC-4 5.16, also used as flags of a command. */
#define LFILE_OPCODE_DPO	0x10
#define LFILE_OPCODE_FUA	0x08
#define LFILE_OPCODE_PROTECT	0xe0

/* Other flags. */
#define LFILE_OPCODE_ACTION	0x01	/* has service actions */
#define LFILE_OPCODE_CHANGES	0x02	/* changes the medium, if it has blocks */

/* What a disk may do without, and the commands with it. */
#define LFILE_OPCODE_WITH_DPOFUA	0x01
#define LFILE_OPCODE_WITH_CAW		0x02
#define LFILE_OPCODE_WITH_UNMAP		0x04
#define LFILE_OPCODE_WITH_3PC		0x08
#define LFILE_OPCODE_WITH_PR		0x10
#define LFILE_OPCODE_WITH_ALUA		0x20	/* set by the initiator */
#define LFILE_OPCODE_WITH_REFERRALS	0x40
#define LFILE_OPCODE_WITH_REPORT	0x80

/* Room for any answer to REPORT SUPPORTED OPERATION CODES. */
#define LFILE_OPCODE_REPORT_MAX	2048

u8 lfile_opcode_flags(const u8 *cdb);
u64 lfile_opcode_lba(const u8 *cdb);
u32 lfile_opcode_blocks(const u8 *cdb);
int lfile_opcode_report(const u8 *cdb, u32 with, u8 *buf);

#endif /* LFILE_OPCODE_H */
