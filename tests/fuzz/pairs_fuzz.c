// SPDX-License-Identifier: GPL-2.0
/*
 * A Text Request of full feature phase, taken apart and answered. The first byte
 * is the kind of session and what the initiator can receive, the rest the text.
 */

#include <errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "iscsi/pairs.h"

#define OWN	"iqn.2026-01.com.example:own"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define require(condition)		\
	do {				\
		if (!(condition))	\
			abort();	\
	} while (0)

/* What text.c does with each pair, with a target for every one that is asked for. */
static void answer(const struct lunar_pair *pair, const char *own, struct lunar_text *out)
{
	const char *name;

	if (pair->targets && !lunar_pairs_targets(own, pair->targets, &name)) {
		lunar_keys_put(out, "SendTargets", "Reject");
	} else if (pair->targets) {
		require(!own || !strcasecmp(name, own));
		require(own || !name == !strcmp(pair->targets, "All"));
		lunar_keys_put(out, "TargetName", name ? name : OWN);
		lunar_keys_put(out, "TargetAddress", "[2001:db8::1]:3260,1");
	} else if (pair->reply[0]) {
		lunar_keys_put(out, pair->name, pair->reply);
	}
}

/* In PDUs: all of it arrives, cut where a reader can begin anew if that is possible. */
static void cut(const char *buf, u32 len, u32 max)
{
	while (len) {
		u32 n = lunar_pairs_cut(buf, len, max);

		require(n && n <= len && n <= max);
		require(n == len || !buf[n - 1] || !memchr(buf, '\0', max));
		buf += n;
		len -= n;
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct lunar_pair pairs[LUNAR_PAIRS_MAX];
	char answers[65536];
	struct lunar_text out = { .buf = answers, .size = sizeof(answers) };
	struct lunar_params offer, before;
	struct lunar_nego nego;
	const char *own;
	char *buf;
	int nr, i;

	if (!size--)
		return 0;
	own = *data & 1 ? OWN : NULL;
	buf = malloc(size ? size : 1);
	memcpy(buf, data + 1, size);
	lunar_keys_defaults(&offer);
	lunar_keys_init(&nego, &offer);
	nego.discovery = !own;
	before = nego.result;

	nr = lunar_pairs_take(&nego, buf, size, pairs);
	require(nr == -EPROTO || (nr >= 0 && nr <= LUNAR_PAIRS_MAX));
	/* What was agreed in the login stays. */
	require(!memcmp(&nego.result, &before, sizeof(before)));
	require(nego.peer_max_recv >= 512 && nego.peer_max_recv <= 16777215);
	for (i = 0; i < nr; i++) {
		require(pairs[i].name >= buf && pairs[i].name < buf + size);
		require(strnlen(pairs[i].reply, sizeof(pairs[i].reply)) < sizeof(pairs[i].reply));
		answer(&pairs[i], own, &out);
	}
	require(!out.overflow);
	cut(answers, out.len, 1 + *data);
	free(buf);
	return 0;
}
