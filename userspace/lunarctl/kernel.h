/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel boundary: two calls. */
#ifndef LUNARCTL_KERNEL_H
#define LUNARCTL_KERNEL_H

#include <stdbool.h>

struct model;

/*
 * Fills a model that model_init() made with what the kernel exports now; an
 * empty one when the modules are not loaded. With will_change it first waits
 * for the lock that keeps other lunarctl commands out until model_free().
 * Returns an exit code of util.h and has then printed why.
 */
int kernel_load(struct model *m, bool will_change);

/*
 * Does what the model's elements are marked with. First every ADD, from the
 * backstore up to enabling the target; when one fails, all of them are undone
 * in reverse order. Then every REMOVE, from the initiators' mappings down to the
 * backstore; when one fails, what is gone stays gone and a second attempt goes
 * on from there (but does not know that an empty target was to go too). Loads the kernel modules if
 * something is to be added. Returns an exit code of util.h and has then printed why.
 */
int kernel_apply(const struct model *m);

#endif /* LUNARCTL_KERNEL_H */
