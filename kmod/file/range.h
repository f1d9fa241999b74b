/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which commands of a disk wait for which: byte ranges in order of arrival.
 *
 * Pure: no locks, no allocation. The caller keeps struct lfile_range in its own
 * record and holds one lock over every call for a tree.
 */
#ifndef LFILE_RANGE_H
#define LFILE_RANGE_H

#include <linux/list.h>
#include <linux/rbtree.h>
#include <linux/types.h>

enum lfile_range_kind {
	LFILE_RANGE_READ,		/* waits for a change */
	LFILE_RANGE_CHANGE,		/* waits for a change and a hold */
	LFILE_RANGE_HOLD,		/* waits for a change: changes stop here */
};

struct lfile_range_tree {
	struct rb_root_cached changes;	/* changes and holds */
	u64 next_seq;
};

struct lfile_range {
	struct rb_node rb;
	u64 start;			/* bytes */
	u64 last;			/* inclusive */
	u64 subtree_last;		/* of the interval tree */
	u64 seq;			/* order of arrival */
	enum lfile_range_kind kind;
	struct list_head node;		/* in waiters of another, or ready */
	struct list_head waiters;	/* those that look again when this ends */
};

void lfile_range_init(struct lfile_range_tree *tree);
bool lfile_range_acquire(struct lfile_range_tree *tree,
			 struct lfile_range *range, u64 start, u64 len,
			 enum lfile_range_kind kind);
void lfile_range_release(struct lfile_range_tree *tree,
			 struct lfile_range *range, struct list_head *ready);
bool lfile_range_busy(struct lfile_range_tree *tree, u64 start, u64 len);

#endif /* LFILE_RANGE_H */
