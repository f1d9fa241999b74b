/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Small helpers on top of <scsi/iscsi_proto.h>, which holds the PDU structs.
 * Pure: no sockets, locks or allocation; compiled on the host as well.
 */
#ifndef LUNAR_WIRE_H
#define LUNAR_WIRE_H

#include <linux/types.h>
#include <scsi/iscsi_proto.h>

/* Names the standard has and <scsi/iscsi_proto.h> lacks. */
#define LUNAR_OPCODE_FINAL	0x80	/* F bit, byte 1 of most PDUs */
#define LUNAR_REJECT_INVALID_PDU_FIELD	0x09	/* RFC 7143 11.17.1 */
#define LUNAR_REJECT_LONG_OP	0x0a

/* An AHS is at most 255 words of 4 bytes (RFC 7143 11.2.1.5). */
#define LUNAR_MAX_AHS		1020

/* RFC 7143 11.2.3: data segments are padded to a multiple of 4 bytes. */
static inline u32 lunar_pad(u32 len)
{
	return -len & (ISCSI_PAD_LEN - 1);
}

static inline u8 lunar_opcode(const struct iscsi_hdr *hdr)
{
	return hdr->opcode & ISCSI_OPCODE_MASK;
}

static inline bool lunar_immediate(const struct iscsi_hdr *hdr)
{
	return hdr->opcode & ISCSI_OP_IMMEDIATE;
}

#endif /* LUNAR_WIRE_H */
