/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Proof of a received header: every length a peer sends is checked here,
 * once, before any other code uses it (RFC 7143 11.2). Pure.
 */
#ifndef LUNAR_PDU_H
#define LUNAR_PDU_H

#include "wire.h"

enum lunar_pdu_verdict {
	LUNAR_PDU_OK,
	LUNAR_PDU_REJECT,	/* framing is right: skip the data, send Reject */
	LUNAR_PDU_CLOSE,	/* lengths cannot be believed: drop the connection */
};

/**
 * struct lunar_pdu_limits - what the receiver allows at this moment
 * @max_data:	our MaxRecvDataSegmentLength, bytes
 * @login:	in the login phase
 * @discovery:	only Text, Logout and NOP-Out are legal (RFC 7143 4.3)
 */
struct lunar_pdu_limits {
	u32	max_data;
	bool	login;
	bool	discovery;
};

/**
 * struct lunar_pdu - the proven shape of one received PDU
 * @data_len:	DataSegmentLength without padding
 * @ahs_len:	TotalAHSLength in bytes
 * @opcode:	without the I bit
 * @pad:	padding bytes that follow the data
 * @immediate:	the I bit
 * @reason:	Reject reason when the verdict is LUNAR_PDU_REJECT
 */
struct lunar_pdu {
	u32	data_len;
	u16	ahs_len;
	u8	opcode;
	u8	pad;
	bool	immediate;
	u8	reason;
};

/**
 * struct lunar_ahs - what the additional header segments of a SCSI Command say
 * @ecdb:	CDB bytes from 16 on, or NULL; points into the parsed buffer
 * @ecdb_len:	their number
 * @read_len:	expected bidirectional read length
 * @has_read_len: @read_len was present
 */
struct lunar_ahs {
	const u8	*ecdb;
	u16		ecdb_len;
	u32		read_len;
	bool		has_read_len;
};

enum lunar_pdu_verdict lunar_pdu_check(const struct iscsi_hdr *hdr,
				       const struct lunar_pdu_limits *limits,
				       struct lunar_pdu *pdu);
u64 lunar_pdu_lun(const struct scsi_lun *wire);
void lunar_pdu_put_lun(u64 lun, struct scsi_lun *wire);
int lunar_pdu_parse_ahs(const u8 *buf, u32 len, struct lunar_ahs *ahs);

#endif /* LUNAR_PDU_H */
