// SPDX-License-Identifier: GPL-2.0
/*
 * Proof of received PDU headers and additional header segments. Pure.
 *
 * Reserved bits and fields are ignored, as a receiver must (RFC 7143 11).
 */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <asm/byteorder.h>

#include "pdu.h"

/* What may come with a request, and where it is legal. */
#define PDU_KNOWN	0x01	/* a request that lunar serves */
#define PDU_LOGIN	0x02	/* login phase only; all others: full feature */
#define PDU_DISCOVERY	0x04	/* also in a discovery session */
#define PDU_DATA	0x08	/* may have a data segment */
#define PDU_AHS		0x10	/* may have additional header segments */
#define PDU_NO_I_BIT	0x20	/* the I bit is reserved */
#define PDU_SNACK	0x40	/* known, but not at ErrorRecoveryLevel 0 */

static const u8 pdu_rules[ISCSI_OPCODE_MASK + 1] = {
	[ISCSI_OP_NOOP_OUT]	= PDU_KNOWN | PDU_DISCOVERY | PDU_DATA,
	[ISCSI_OP_SCSI_CMD]	= PDU_KNOWN | PDU_DATA | PDU_AHS,
	[ISCSI_OP_SCSI_TMFUNC]	= PDU_KNOWN,
	[ISCSI_OP_LOGIN]	= PDU_KNOWN | PDU_LOGIN | PDU_DATA,
	[ISCSI_OP_TEXT]		= PDU_KNOWN | PDU_DISCOVERY | PDU_DATA,
	[ISCSI_OP_SCSI_DATA_OUT] = PDU_KNOWN | PDU_DATA | PDU_NO_I_BIT,
	[ISCSI_OP_LOGOUT]	= PDU_KNOWN | PDU_DISCOVERY,
	[ISCSI_OP_SNACK]	= PDU_KNOWN | PDU_SNACK | PDU_NO_I_BIT,
};

static bool pdu_immediate(const struct iscsi_hdr *hdr, u8 rules)
{
	if (rules & PDU_NO_I_BIT)
		return false;
	/* RFC 7143 11.12: a Login Request is always immediate. */
	return (rules & PDU_LOGIN) || lunar_immediate(hdr);
}

/* Rules on the flags byte; returns a Reject reason or 0. */
static u8 pdu_check_flags(const struct iscsi_hdr *hdr, const struct lunar_pdu *pdu)
{
	const struct iscsi_scsi_req *req = (const struct iscsi_scsi_req *)hdr;
	u8 rw = hdr->flags & (ISCSI_FLAG_CMD_READ | ISCSI_FLAG_CMD_WRITE);

	switch (pdu->opcode) {
	case ISCSI_OP_SCSI_CMD:
		/* RFC 7143 11.3.1: W=0 with F=0 is an error. */
		if (!(rw & ISCSI_FLAG_CMD_WRITE) &&
		    (!(hdr->flags & ISCSI_FLAG_CMD_FINAL) || pdu->data_len))
			return LUNAR_REJECT_INVALID_PDU_FIELD;
		/* RFC 7143 11.3.1: R and W MUST NOT both be 0 with a length. */
		if (!rw && req->data_length)
			return LUNAR_REJECT_INVALID_PDU_FIELD;
		return 0;
	case ISCSI_OP_TEXT:
		/* RFC 7143 11.10.2: C=1 MUST have F=0. */
		if ((hdr->flags & LUNAR_OPCODE_FINAL) &&
		    (hdr->flags & ISCSI_FLAG_TEXT_CONTINUE))
			return LUNAR_REJECT_INVALID_PDU_FIELD;
		return 0;
	default:
		return 0;
	}
}

/* Rules of the full feature phase; returns a Reject reason or 0. */
static u8 pdu_check_request(const struct iscsi_hdr *hdr,
			    const struct lunar_pdu_limits *limits,
			    const struct lunar_pdu *pdu)
{
	u8 rules = pdu_rules[pdu->opcode];

	if (!(rules & PDU_KNOWN))
		return ISCSI_REASON_CMD_NOT_SUPPORTED;
	/*
	 * SNACK belongs to ErrorRecoveryLevel 1 and above (RFC 7143 7.1.5).
	 * Not "SNACK reject" (0x03): the initiator may send that one again.
	 */
	if (rules & (PDU_LOGIN | PDU_SNACK))
		return ISCSI_REASON_PROTOCOL_ERROR;
	if (limits->discovery && !(rules & PDU_DISCOVERY))
		return ISCSI_REASON_PROTOCOL_ERROR;
	if (pdu->ahs_len && !(rules & PDU_AHS))
		return LUNAR_REJECT_INVALID_PDU_FIELD;
	/* RFC 7143 11.5.2, 11.14.2: DataSegmentLength MUST be 0. */
	if (pdu->data_len && !(rules & PDU_DATA))
		return LUNAR_REJECT_INVALID_PDU_FIELD;
	return pdu_check_flags(hdr, pdu);
}

/**
 * lunar_pdu_check() - prove a basic header segment
 * @hdr:	the 48 bytes received
 * @limits:	what is allowed on this connection at this moment
 * @pdu:	the shape of the PDU; filled in whatever the verdict
 *
 * After LUNAR_PDU_OK or LUNAR_PDU_REJECT the lengths in @pdu are within
 * LUNAR_MAX_AHS and @limits->max_data and can be used to receive or skip the
 * rest of the PDU. After LUNAR_PDU_CLOSE nothing more may be read from the
 * connection.
 *
 * There is no Reject in the login phase, hence a Login Request with additional
 * header segments is LUNAR_PDU_CLOSE. Its C, T, CSG and NSG fields are for the
 * login engine, tags for the engine of the opcode. Requests of another kind
 * are LUNAR_PDU_OK there: the login engine refuses them, once their data has
 * gone by (RFC 7143 6.3).
 *
 * Context: any.
 * Return: the verdict.
 */
enum lunar_pdu_verdict lunar_pdu_check(const struct iscsi_hdr *hdr,
				       const struct lunar_pdu_limits *limits,
				       struct lunar_pdu *pdu)
{
	memset(pdu, 0, sizeof(*pdu));
	pdu->opcode = lunar_opcode(hdr);
	pdu->immediate = pdu_immediate(hdr, pdu_rules[pdu->opcode]);
	pdu->ahs_len = hdr->hlength * 4;
	pdu->data_len = ntoh24(hdr->dlength);
	pdu->pad = lunar_pad(pdu->data_len);

	/* RFC 7143 13.12: a longer segment is outside the contract. */
	if (pdu->data_len > limits->max_data)
		return LUNAR_PDU_CLOSE;

	if (limits->login) {
		if (pdu->opcode == ISCSI_OP_LOGIN && pdu->ahs_len)
			return LUNAR_PDU_CLOSE;
		return LUNAR_PDU_OK;
	}

	pdu->reason = pdu_check_request(hdr, limits, pdu);
	return pdu->reason ? LUNAR_PDU_REJECT : LUNAR_PDU_OK;
}

static int ahs_take(struct lunar_ahs *ahs, u8 type, const u8 *specific, u32 len)
{
	__be32 read_len;

	switch (type) {
	case ISCSI_AHSTYPE_CDB:
		/* RFC 7143 11.2.2.3: only for CDBs longer than 16 bytes. */
		if (ahs->ecdb || len < 2 ||
		    len - 1 > SCSI_MAX_VARLEN_CDB_SIZE - ISCSI_CDB_SIZE)
			return -EINVAL;
		ahs->ecdb = specific + 1;
		ahs->ecdb_len = len - 1;
		return 0;
	case ISCSI_AHSTYPE_RLENGTH:
		/* RFC 7143 11.2.2.4: a reserved byte and the length. */
		if (ahs->has_read_len || len != 1 + sizeof(read_len))
			return -EINVAL;
		memcpy(&read_len, specific + 1, sizeof(read_len));
		ahs->read_len = be32_to_cpu(read_len);
		ahs->has_read_len = true;
		return 0;
	default:
		/* RFC 7143 11.2.2.1: the other codes are reserved. */
		return -EINVAL;
	}
}

/**
 * lunar_pdu_parse_ahs() - take the additional header segments apart
 * @buf:	the segments as received, any alignment
 * @len:	TotalAHSLength in bytes
 * @ahs:	what they say; points into @buf
 *
 * RFC 7143 11.2.2. An AHS is AHSLength (2 bytes), AHSType (1), AHSLength
 * bytes, and padding to 4 bytes. AHS of an unknown type cannot be skipped: the
 * command would be executed as another one than was meant.
 *
 * Context: any.
 * Return: 0, or -EINVAL when lengths do not add up, a type is unknown or
 * comes twice; @ahs is then not to be used.
 */
int lunar_pdu_parse_ahs(const u8 *buf, u32 len, struct lunar_ahs *ahs)
{
	u32 pos = 0;

	memset(ahs, 0, sizeof(*ahs));
	while (pos < len) {
		u32 left = len - pos;
		u32 specific, total;
		int ret;

		if (left < 3)
			return -EINVAL;
		specific = buf[pos] << 8 | buf[pos + 1];
		total = 3 + specific;
		total += lunar_pad(total);
		if (total > left)
			return -EINVAL;
		/* The upper two bits of AHSType are reserved. */
		ret = ahs_take(ahs, buf[pos + 2] & 0x3f, buf + pos + 3, specific);
		if (ret)
			return ret;
		pos += total;
	}
	return 0;
}

/* SAM-5 4.7.7.3: flat space addressing, for LUNs that do not fit a byte. */
#define LUN_FLAT	0x40
#define LUN_METHOD	0xc0
#define LUN_FLAT_MAX	0x3fff

/**
 * lunar_pdu_lun() - unpack a LUN
 * @wire:	as received
 *
 * The flat space method and the peripheral device method name the same logical
 * units; a bus in the latter makes it the number that older initiators mean.
 * What has more levels or another method is a number that nothing is mapped by.
 *
 * Context: any.
 * Return: the number by which the logical unit is mapped.
 */
u64 lunar_pdu_lun(const struct scsi_lun *wire)
{
	const u8 *b = wire->scsi_lun;
	u64 lun = 0;
	int i;

	for (i = 0; i < sizeof(wire->scsi_lun); i += 2)
		lun |= (u64)(b[i] << 8 | b[i + 1]) << (i * 8);
	if (lun <= 0xffff && (b[0] & LUN_METHOD) == LUN_FLAT)
		lun &= LUN_FLAT_MAX;
	return lun;
}

/**
 * lunar_pdu_put_lun() - pack a LUN
 * @lun:	number by which the logical unit is mapped
 * @wire:	filled in
 *
 * Context: any.
 */
void lunar_pdu_put_lun(u64 lun, struct scsi_lun *wire)
{
	u8 *b = wire->scsi_lun;
	int i;

	for (i = 0; i < sizeof(wire->scsi_lun); i += 2, lun >>= 16) {
		b[i] = lun >> 8;
		b[i + 1] = lun;
		if (!i && lun > 0xff && lun <= LUN_FLAT_MAX)
			b[0] |= LUN_FLAT;
	}
}
