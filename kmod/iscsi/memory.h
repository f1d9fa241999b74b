/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whether an allocation for a command has failed a moment ago. While it is so the
 * CmdSN windows of all sessions let one command through at a time; an initiator
 * that is told BUSY or TASK SET FULL instead would wait for long.
 */
#ifndef LUNAR_MEMORY_H
#define LUNAR_MEMORY_H

#include <linux/types.h>

void lunar_memory_failed(void);
bool lunar_memory_short(void);

#endif /* LUNAR_MEMORY_H */
