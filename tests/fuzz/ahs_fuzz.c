// SPDX-License-Identifier: GPL-2.0
/* Additional header segments, in a buffer of just their length. */

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
	struct lunar_ahs ahs;
	u8 *buf;

	if (size > LUNAR_MAX_AHS)
		return 0;
	buf = malloc(size ? size : 1);
	memcpy(buf, data, size);
	memset(&ahs, 0xa5, sizeof(ahs));
	if (!lunar_pdu_parse_ahs(buf, size, &ahs)) {
		require(size % 4 == 0);
		require(!ahs.ecdb == !ahs.ecdb_len);
		if (ahs.ecdb)
			require(ahs.ecdb >= buf + 4 && ahs.ecdb + ahs.ecdb_len <= buf + size);
		require(ahs.has_read_len || !ahs.read_len);
		require(!size == (!ahs.ecdb && !ahs.has_read_len));
	}
	free(buf);
	return 0;
}
