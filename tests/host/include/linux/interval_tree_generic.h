/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's interval tree as a list that is searched from its start, sorted
 * as the tree is: what is tested on the host is who uses it.
 */
#ifndef LUNAR_HOST_INTERVAL_TREE_GENERIC_H
#define LUNAR_HOST_INTERVAL_TREE_GENERIC_H

#include <linux/kernel.h>
#include <linux/rbtree.h>

#define INTERVAL_TREE_DEFINE(ITSTRUCT, ITRB, ITTYPE, ITSUBTREE, ITSTART, ITLAST, ITSTATIC, ITPREFIX) \
ITSTATIC void ITPREFIX##_insert(ITSTRUCT *node, struct rb_root_cached *root) \
{									\
	struct rb_node **at = &root->first;				\
									\
	while (*at && ITSTART(container_of(*at, ITSTRUCT, ITRB)) <= ITSTART(node)) \
		at = &(*at)->next;					\
	node->ITRB.next = *at;						\
	*at = &node->ITRB;						\
}									\
									\
ITSTATIC void ITPREFIX##_remove(ITSTRUCT *node, struct rb_root_cached *root) \
{									\
	struct rb_node **at = &root->first;				\
									\
	while (*at != &node->ITRB)					\
		at = &(*at)->next;					\
	*at = node->ITRB.next;						\
}									\
									\
static ITSTRUCT *ITPREFIX##_search(struct rb_node *at, ITTYPE start, ITTYPE last) \
{									\
	for (; at; at = at->next) {					\
		ITSTRUCT *node = container_of(at, ITSTRUCT, ITRB);	\
									\
		if (ITSTART(node) <= last && start <= ITLAST(node))	\
			return node;					\
	}								\
	return NULL;							\
}									\
									\
ITSTATIC ITSTRUCT *ITPREFIX##_iter_first(struct rb_root_cached *root,	\
					 ITTYPE start, ITTYPE last)	\
{									\
	return ITPREFIX##_search(root->first, start, last);		\
}									\
									\
ITSTATIC ITSTRUCT *ITPREFIX##_iter_next(ITSTRUCT *node, ITTYPE start, ITTYPE last) \
{									\
	return ITPREFIX##_search(node->ITRB.next, start, last);		\
}

#endif /* LUNAR_HOST_INTERVAL_TREE_GENERIC_H */
