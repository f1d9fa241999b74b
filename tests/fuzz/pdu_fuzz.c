// SPDX-License-Identifier: GPL-2.0
/*
 * A basic header segment. After the 48 bytes: a byte of flags, and how far
 * max_data is shifted down.
 */

#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "iscsi/pdu.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define require(condition)		\
	do {				\
		if (!(condition))	\
			abort();	\
	} while (0)

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct lunar_pdu_limits limits;
	enum lunar_pdu_verdict verdict;
	struct lunar_pdu pdu;
	struct iscsi_hdr hdr;

	if (size < sizeof(hdr) + 2)
		return 0;
	memcpy(&hdr, data, sizeof(hdr));
	limits.login = data[sizeof(hdr)] & 1;
	limits.discovery = data[sizeof(hdr)] & 2;
	limits.max_data = 0xffffff >> data[sizeof(hdr) + 1] % 16;

	memset(&pdu, 0xa5, sizeof(pdu));
	verdict = lunar_pdu_check(&hdr, &limits, &pdu);
	require(pdu.opcode <= ISCSI_OPCODE_MASK && pdu.pad <= 3);
	require((pdu.data_len + pdu.pad) % 4 == 0);
	require((verdict == LUNAR_PDU_REJECT) == (pdu.reason != 0));
	if (verdict == LUNAR_PDU_CLOSE)
		return 0;
	require(pdu.data_len <= limits.max_data && pdu.ahs_len <= LUNAR_MAX_AHS);
	if (limits.login) {
		require(verdict == LUNAR_PDU_OK);
		require(!pdu.ahs_len || pdu.opcode != ISCSI_OP_LOGIN);
	} else if (verdict == LUNAR_PDU_OK) {
		require(pdu.opcode <= ISCSI_OP_LOGOUT);
		require(!pdu.ahs_len || pdu.opcode == ISCSI_OP_SCSI_CMD);
		require(pdu.opcode != ISCSI_OP_LOGIN);
	}
	return 0;
}
