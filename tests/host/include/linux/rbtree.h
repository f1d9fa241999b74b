/* SPDX-License-Identifier: GPL-2.0 */
/* A list in place of the tree, for interval_tree_generic.h beside this file. */
#ifndef LUNAR_HOST_RBTREE_H
#define LUNAR_HOST_RBTREE_H

#include <linux/types.h>

struct rb_node {
	struct rb_node *next;
};

struct rb_root_cached {
	struct rb_node *first;
};

#define RB_ROOT_CACHED	((struct rb_root_cached){ NULL })

#endif /* LUNAR_HOST_RBTREE_H */
