// SPDX-License-Identifier: GPL-2.0
/* The key=value pairs of a Text Request. */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "pairs.h"

/* RFC 7143 13: which keys may be sent in full feature phase, and their answers. */
static int take_pair(struct lunar_nego *nego, struct lunar_pair *pair,
		     const char *value)
{
	int id = lunar_keys_find(pair->name);

	pair->targets = NULL;
	pair->reply[0] = '\0';
	if (id >= 0 && !(lunar_keys_table[id].flags & LUNAR_KEY_FULL_FEATURE)) {
		strscpy(pair->reply, "Reject", sizeof(pair->reply));
		return 0;
	}
	switch (lunar_keys_negotiate(nego, id, value, pair->reply)) {
	case LUNAR_KEY_ANSWER:
		return 0;
	case LUNAR_KEY_SILENT:
		if (id == LUNAR_KEY_SEND_TARGETS)
			pair->targets = value;
		return 0;
	default:
		return -EPROTO;
	}
}

/**
 * lunar_pairs_take() - take the text of a request apart
 * @nego:	the negotiation, changed by what is declared
 * @buf:	the text, which is cut into strings
 * @len:	its length
 * @pairs:	filled; points into @buf
 *
 * Return: the number of pairs, or -EPROTO.
 */
int lunar_pairs_take(struct lunar_nego *nego, char *buf, u32 len,
		     struct lunar_pair pairs[LUNAR_PAIRS_MAX])
{
	char *name, *value;
	u32 pos = 0;
	int nr = 0;

	for (;;) {
		int ret = lunar_keys_next(buf, len, &pos, &name, &value);

		if (!ret)
			return nr;
		if (ret < 0 || nr == LUNAR_PAIRS_MAX)
			return -EPROTO;
		pairs[nr].name = name;
		if (take_pair(nego, &pairs[nr], value))
			return -EPROTO;
		nr++;
	}
}

/**
 * lunar_pairs_targets() - which targets SendTargets asks for
 * @own:	the target of a normal session; NULL in a discovery session
 * @value:	of the key
 * @name:	the one that is asked for; NULL for all
 *
 * RFC 7143 Appendix C: All belongs to discovery sessions, the empty value to
 * normal ones, and these learn of their own target only.
 *
 * Return: false if the answer is Reject.
 */
bool lunar_pairs_targets(const char *own, const char *value,
			 const char **name)
{
	*name = own ? own : value;
	if (own)
		return !*value || !strcasecmp(value, own);
	if (!strcmp(value, "All"))
		*name = NULL;
	return *value;
}

/**
 * lunar_pairs_cut() - how much of an answer one PDU may carry
 * @buf:	the rest of the answer: whole pairs
 * @len:	its length
 * @max:	at most that many bytes
 *
 * Return: bytes that end with a pair, so that no reader has to join any; @max of
 * them if the first pair is longer.
 */
u32 lunar_pairs_cut(const char *buf, u32 len, u32 max)
{
	u32 end = max;

	if (len <= max)
		return len;
	while (end && buf[end - 1])
		end--;
	return end ? end : max;
}
