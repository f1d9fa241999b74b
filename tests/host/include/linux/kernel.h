/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LUNAR_HOST_KERNEL_H
#define LUNAR_HOST_KERNEL_H

#include <assert.h>
#include <linux/types.h>
#include <stdio.h>

#define U32_MAX		UINT32_MAX
#define S32_MAX		INT32_MAX

#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* As in the kernel: both sides of min() and max() must be of one type. */
#define host_same_type(a, b) \
	static_assert(__builtin_types_compatible_p(typeof((a) + 0), typeof((b) + 0)), "types")
#define min(a, b) ({ \
	typeof(a) _a = (a); typeof(b) _b = (b); \
	host_same_type(_a, _b); _a < _b ? _a : _b; })
#define max(a, b) ({ \
	typeof(a) _a = (a); typeof(b) _b = (b); \
	host_same_type(_a, _b); _a > _b ? _a : _b; })
#define min_t(type, a, b)	({ type _ta = (a), _tb = (b); _ta < _tb ? _ta : _tb; })
#define max_t(type, a, b)	({ type _ta = (a), _tb = (b); _ta > _tb ? _ta : _tb; })
#define clamp_t(type, v, lo, hi)	min_t(type, max_t(type, v, lo), hi)

#endif /* LUNAR_HOST_KERNEL_H */
