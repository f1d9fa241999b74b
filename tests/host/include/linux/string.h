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
	size_t len = strnlen(from, size);

	if (!size)
		return -E2BIG;
	if (len == size) {
		memcpy(to, from, size - 1);
		to[size - 1] = '\0';
		return -E2BIG;
	}
	memcpy(to, from, len + 1);
	return len;
}

#endif /* LUNAR_HOST_STRING_H */
