/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The key=value pairs of a Text Request (RFC 7143 11.10): what each is answered,
 * and where the answer may be cut. Pure.
 */
#ifndef LUNAR_PAIRS_H
#define LUNAR_PAIRS_H

#include "keys.h"

/* In one request. */
#define LUNAR_PAIRS_MAX	8

/**
 * struct lunar_pair - one pair of a request
 * @name:	the key, in the request's text
 * @targets:	value of SendTargets, there as well; NULL for any other key
 * @reply:	value to answer, or empty
 */
struct lunar_pair {
	const char	*name;
	const char	*targets;
	char		reply[LUNAR_KEY_REPLY_MAX];
};

int lunar_pairs_take(struct lunar_nego *nego, char *buf, u32 len,
		     struct lunar_pair pairs[LUNAR_PAIRS_MAX]);
bool lunar_pairs_targets(const char *own, const char *value,
			 const char **name);
u32 lunar_pairs_cut(const char *buf, u32 len, u32 max);

#endif /* LUNAR_PAIRS_H */
