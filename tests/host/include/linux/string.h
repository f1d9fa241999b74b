/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LUNAR_HOST_STRING_H
#define LUNAR_HOST_STRING_H

#include <errno.h>
#include <linux/types.h>
#include <string.h>
#include <strings.h>
#include <sys/types.h>

static inline ssize_t strscpy(char *to, const char *from, size_t size)
{
	size_t len;

	if (!size)
		return -E2BIG;
	/* Not strnlen(): gcc takes a literal shorter than @size for a mistake. */
	for (len = 0; len < size - 1 && from[len]; len++)
		to[len] = from[len];
	to[len] = '\0';
	return from[len] ? -E2BIG : (ssize_t)len;
}

#endif /* LUNAR_HOST_STRING_H */
