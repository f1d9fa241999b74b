/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel's <linux/types.h> has beyond the one of user space. */
#ifndef LUNAR_HOST_TYPES_H
#define LUNAR_HOST_TYPES_H

#include_next <linux/types.h>
#include <linux/stddef.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;

#define __force
#define DECLARE_FLEX_ARRAY	__DECLARE_FLEX_ARRAY

#endif /* LUNAR_HOST_TYPES_H */
