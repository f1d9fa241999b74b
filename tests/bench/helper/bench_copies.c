// SPDX-License-Identifier: GPL-2.0
/*
 * bench_copies: a tracepoint, bench_copies/copy, for each copy of data between
 * memory and an iov_iter. Sockets and files do all of theirs with the functions
 * below. The kernel's own kprobe events do not take these: lib/ is built without
 * ftrace.
 */
#include <linux/kprobes.h>
#include <linux/module.h>

#define CREATE_TRACE_POINTS
#include "bench_copies.h"

/* _copy_to_iter(addr, bytes, iter), _copy_from_iter() alike. */
static int copy(struct kprobe *probe, struct pt_regs *regs)
{
	trace_copy(regs_get_kernel_argument(regs, 1));
	return 0;
}

/* copy_page_from_iter_atomic(page, offset, bytes, iter) */
static int copy_to_page(struct kprobe *probe, struct pt_regs *regs)
{
	trace_copy(regs_get_kernel_argument(regs, 2));
	return 0;
}

static struct kprobe probes[] = {
	{ .symbol_name = "_copy_to_iter", .pre_handler = copy },
	{ .symbol_name = "_copy_from_iter", .pre_handler = copy },
	{ .symbol_name = "copy_page_from_iter_atomic", .pre_handler = copy_to_page },
};

static struct kprobe *all[] = { &probes[0], &probes[1], &probes[2] };

static int __init bench_copies_init(void)
{
	return register_kprobes(all, ARRAY_SIZE(all));
}
module_init(bench_copies_init);

static void __exit bench_copies_exit(void)
{
	unregister_kprobes(all, ARRAY_SIZE(all));
}
module_exit(bench_copies_exit);

MODULE_DESCRIPTION("tracepoint for copies of data, for lunar's bench");
MODULE_LICENSE("GPL");
