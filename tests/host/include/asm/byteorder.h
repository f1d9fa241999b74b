/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LUNAR_HOST_BYTEORDER_H
#define LUNAR_HOST_BYTEORDER_H

#include_next <asm/byteorder.h>

#define be32_to_cpu	__be32_to_cpu
#define be64_to_cpu	__be64_to_cpu
#define cpu_to_be32	__cpu_to_be32

#endif /* LUNAR_HOST_BYTEORDER_H */
