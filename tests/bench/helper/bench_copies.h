/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The tracepoint of bench_copies.c.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM bench_copies

#if !defined(_BENCH_COPIES_H) || defined(TRACE_HEADER_MULTI_READ)
#define _BENCH_COPIES_H

#include <linux/tracepoint.h>

TRACE_EVENT(copy,
	TP_PROTO(unsigned long bytes),
	TP_ARGS(bytes),
	TP_STRUCT__entry(__field(unsigned long, bytes)),
	TP_fast_assign(__entry->bytes = bytes;),
	TP_printk("bytes=%lu", __entry->bytes)
);

#endif

#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE bench_copies
#include <trace/define_trace.h>
