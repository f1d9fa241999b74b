// SPDX-License-Identifier: GPL-2.0
/* The suites beside this file in one module; see Kbuild. */

#include <linux/module.h>

MODULE_DESCRIPTION("KUnit tests of lunar's pure layers");
MODULE_LICENSE("GPL");
