/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An iSCSI header (RFC 7143 11.2) as far as load and floor need it: all PDUs
 * have the same shape, the words from byte 20 on differ.
 */
#ifndef BENCH_PDU_H
#define BENCH_PDU_H

#include <stdint.h>

#define PDU_IMMEDIATE	0x40
#define PDU_COMMAND	0x01
#define PDU_LOGIN	0x03
#define PDU_DATA_OUT	0x05
#define PDU_RESPONSE	0x21
#define PDU_LOGIN_RSP	0x23
#define PDU_DATA_IN	0x25
#define PDU_R2T		0x31

#define PDU_READ	0x40
#define PDU_WRITE	0x20

/*
 * w[] of a command: expected length, CmdSN, ExpStatSN, CDB in 3 to 6. Of what
 * the target sends: TTT in 0, StatSN, ExpCmdSN, MaxCmdSN in 1 to 3.
 */
struct pdu {
	uint8_t opcode, flags, response, status;
	uint8_t ahs, length[3];
	uint8_t lun[8];
	uint32_t itt;
	uint32_t w[7];
};

_Static_assert(sizeof(struct pdu) == 48, "header");

static inline unsigned int pdu_length(const struct pdu *pdu)
{
	return pdu->length[0] << 16 | pdu->length[1] << 8 | pdu->length[2];
}

static inline void pdu_set_length(struct pdu *pdu, unsigned int len)
{
	pdu->length[0] = len >> 16;
	pdu->length[1] = len >> 8;
	pdu->length[2] = len;
}

#endif /* BENCH_PDU_H */
