// SPDX-License-Identifier: GPL-2.0
/*
 * Order of commands that overlap.
 *
 * A command that changes the medium (WRITE, UNMAP, COMPARE AND WRITE, ...) has
 * its range in the tree from its arrival to its end. Whatever arrives later and
 * overlaps it waits: nothing old can land on something new, and what is read
 * does not change afterwards by something old. Nothing ever waits for a READ:
 * it is in no tree. A hold is a READ that changes wait for, and READs do not.
 *
 * A command waits for those before it only, so there is no cycle, and none that
 * arrives later can overtake it, so there is no starvation. It is on the list
 * of one that it waits for: the latest, since that one probably ends last. When
 * this one ends, it looks again.
 */
#include <linux/interval_tree_generic.h>
#include <linux/kernel.h>
#include "range.h"

#define START(range)	((range)->start)
#define LAST(range)	((range)->last)

INTERVAL_TREE_DEFINE(struct lfile_range, rb, u64, subtree_last, START, LAST,
		     static, changes)

/**
 * lfile_range_init - set up a tree
 * @tree: the tree
 */
void lfile_range_init(struct lfile_range_tree *tree)
{
	tree->changes = RB_ROOT_CACHED;
	tree->next_seq = 0;
}

/* Has @range to wait for @other, which came before and overlaps? */
static bool blocks(const struct lfile_range *other,
		   const struct lfile_range *range)
{
	return other->kind == LFILE_RANGE_CHANGE ||
	       range->kind == LFILE_RANGE_CHANGE;
}

/* The latest of those that @range has to wait for, or NULL. */
static struct lfile_range *find_blocker(struct lfile_range_tree *tree,
					struct lfile_range *range)
{
	struct lfile_range *other, *latest = NULL;

	for (other = changes_iter_first(&tree->changes, range->start,
					range->last);
	     other;
	     other = changes_iter_next(other, range->start, range->last))
		if (other->seq < range->seq && blocks(other, range) &&
		    (!latest || other->seq > latest->seq))
			latest = other;
	return latest;
}

/* Returns false if @range waits for another now. */
static bool proceed(struct lfile_range_tree *tree, struct lfile_range *range)
{
	struct lfile_range *blocker = find_blocker(tree, range);

	if (!blocker)
		return true;
	list_add_tail(&range->node, &blocker->waiters);
	return false;
}

/**
 * lfile_range_acquire - a command arrives
 * @tree: the tree of its disk
 * @range: its record
 * @start: first byte
 * @len: bytes, not 0
 * @kind: what it does
 *
 * Either way lfile_range_release() ends it, whether it proceeded or not.
 *
 * Return: true if it can proceed; false if lfile_range_release() of another will
 * say so.
 */
bool lfile_range_acquire(struct lfile_range_tree *tree,
			 struct lfile_range *range, u64 start, u64 len,
			 enum lfile_range_kind kind)
{
	bool free;

	range->start = start;
	range->last = start + len - 1;
	range->kind = kind;
	range->seq = tree->next_seq++;
	INIT_LIST_HEAD(&range->node);
	INIT_LIST_HEAD(&range->waiters);

	free = proceed(tree, range);
	if (kind != LFILE_RANGE_READ)
		changes_insert(range, &tree->changes);
	return free;
}

/**
 * lfile_range_release - a command ends, or gives up waiting
 * @tree: the tree of its disk
 * @range: its record, which is then free to be used again
 * @ready: list to which those are added (by node) that can proceed now, in the
 *	   order in which they came to wait
 */
void lfile_range_release(struct lfile_range_tree *tree,
			 struct lfile_range *range, struct list_head *ready)
{
	struct lfile_range *waiter, *next;

	list_del_init(&range->node);
	if (range->kind == LFILE_RANGE_READ)
		return;
	changes_remove(range, &tree->changes);

	list_for_each_entry_safe(waiter, next, &range->waiters, node) {
		list_del_init(&waiter->node);
		if (proceed(tree, waiter))
			list_add_tail(&waiter->node, ready);
	}
}

/**
 * lfile_range_busy - would a READ that arrives now wait?
 * @tree: the tree of its disk
 * @start: first byte
 * @len: bytes, not 0
 *
 * Return: whether it would.
 */
bool lfile_range_busy(struct lfile_range_tree *tree, u64 start, u64 len)
{
	u64 last = start + len - 1;
	struct lfile_range *other;

	for (other = changes_iter_first(&tree->changes, start, last); other;
	     other = changes_iter_next(other, start, last))
		if (other->kind == LFILE_RANGE_CHANGE)
			return true;
	return false;
}
