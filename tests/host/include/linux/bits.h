/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LUNAR_HOST_BITS_H
#define LUNAR_HOST_BITS_H

#define BIT(nr)		(1UL << (nr))
#define BIT_ULL(nr)	(1ULL << (nr))

#endif /* LUNAR_HOST_BITS_H */
