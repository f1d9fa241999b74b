// SPDX-License-Identifier: GPL-2.0
/* Counters. See stats.h. */

#include <linux/debugfs.h>
#include <linux/percpu.h>
#include <linux/seq_file.h>
#include <linux/string.h>
#include "stats.h"

struct stats {
	u64 count[LUNAR_STAT_NR];
};

static DEFINE_PER_CPU(struct stats, stats);
static struct dentry *stats_dir;

/* "name\0name\0...", in the order of enum lunar_stat. */
#define LUNAR_STAT_NAME(name) #name "\0"
static const char stat_names[] = LUNAR_STATS(LUNAR_STAT_NAME);
#undef LUNAR_STAT_NAME

/**
 * lunar_stats_add() - count something
 * @stat:	which counter
 * @n:		how much of it
 *
 * Any context.
 */
void lunar_stats_add(enum lunar_stat stat, u64 n)
{
	this_cpu_add(stats.count[stat], n);
}

/* A line per counter: name, space, value. */
static int stats_show(struct seq_file *file, void *unused)
{
	const char *name = stat_names;
	int cpu, i;

	for (i = 0; i < LUNAR_STAT_NR; i++, name += strlen(name) + 1) {
		u64 sum = 0;

		for_each_possible_cpu(cpu)
			sum += READ_ONCE(per_cpu(stats, cpu).count[i]);
		seq_printf(file, "%s %llu\n", name, sum);
	}
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(stats);

/**
 * lunar_stats_init() - module init of this file: <debugfs>/lunar_iscsi/stats
 *
 * Return: 0. A kernel without debugfs has no file and counts all the same.
 */
int lunar_stats_init(void)
{
	stats_dir = debugfs_create_dir("lunar_iscsi", NULL);
	debugfs_create_file("stats", 0444, stats_dir, NULL, &stats_fops);
	return 0;
}

/**
 * lunar_stats_exit() - module exit of this file
 */
void lunar_stats_exit(void)
{
	debugfs_remove_recursive(stats_dir);
}
