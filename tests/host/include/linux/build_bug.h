/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LUNAR_HOST_BUILD_BUG_H
#define LUNAR_HOST_BUILD_BUG_H

#include <assert.h>	/* static_assert */

#endif /* LUNAR_HOST_BUILD_BUG_H */
