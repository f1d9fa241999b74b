/* SPDX-License-Identifier: GPL-2.0 */
/* Counters of the whole module, read through debugfs. */
#ifndef LUNAR_STATS_H
#define LUNAR_STATS_H

#include <linux/types.h>

/* One row per counter; stats.c makes the names from it. */
#define LUNAR_STATS(X)			\
	X(accepted)			\
	X(login_ok)			\
	X(login_failed)			\
	X(login_timeout)		\
	X(login_limited)		\
	X(login_redirected)		\
	X(data_out_timeout)		\
	X(pings)			\
	X(ping_timeout)			\
	X(auth_failed)			\
	X(reinstated)			\
	X(logout_requests)		\
	X(closed)			\
	X(protocol_errors)		\
	X(header_digest_errors)		\
	X(data_digest_errors)		\
	X(rejects)			\
	X(ignored_cmdsn)		\
	X(held_pdus)			\
	X(starved)			\
	X(discarded_data_out)		\
	X(scsi_commands)		\
	X(tmf_commands)			\
	X(tmf_timeout)			\
	X(immediate_bytes)		\
	X(unsolicited_bytes)		\
	X(solicited_bytes)		\
	X(read_bytes)			\
	X(lent_bytes)			\
	X(aborted)			\
	X(inline_submits)		\
	X(queued_submits)

enum lunar_stat {
#define LUNAR_STAT_ENUM(name) LUNAR_STAT_##name,
	LUNAR_STATS(LUNAR_STAT_ENUM)
#undef LUNAR_STAT_ENUM
	LUNAR_STAT_NR,
};

void lunar_stats_add(enum lunar_stat stat, u64 n);
int lunar_stats_init(void);
void lunar_stats_exit(void);

static inline void lunar_stats_inc(enum lunar_stat stat)
{
	lunar_stats_add(stat, 1);
}

#endif /* LUNAR_STATS_H */
