// SPDX-License-Identifier: GPL-2.0
/* Is memory for commands short? See memory.h. */

#include <linux/atomic.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/typecheck.h>
#include "memory.h"

/* How long after a failed allocation the CmdSN windows stay small. */
#define SHORTAGE	(HZ / 2)

static unsigned long short_until;	/* jiffies; 0: there was no shortage yet */

/**
 * lunar_memory_failed() - an allocation for a command has failed
 *
 * Any context.
 */
void lunar_memory_failed(void)
{
	WRITE_ONCE(short_until, (jiffies + SHORTAGE) ?: 1);
}

/**
 * lunar_memory_short() - is memory for commands short?
 *
 * Any context.
 *
 * Return: whether initiators are to send fewer commands.
 */
bool lunar_memory_short(void)
{
	unsigned long until = READ_ONCE(short_until);

	if (likely(!until))
		return false;
	if (time_before(jiffies, until))
		return true;
	/* Not to be found in the future when jiffies wrap. */
	cmpxchg(&short_until, until, 0);
	return false;
}
