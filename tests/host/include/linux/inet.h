/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's parsers, out of the C library's. */
#ifndef LUNAR_HOST_INET_H
#define LUNAR_HOST_INET_H

#include <arpa/inet.h>
#include <linux/types.h>
#include <string.h>

static inline int host_pton(int family, const char *src, int len, u8 *dst)
{
	char text[64];

	if (len < 0)
		len = strlen(src);
	if ((size_t)len >= sizeof(text))
		return 0;
	memcpy(text, src, len);
	text[len] = '\0';
	return inet_pton(family, text, dst) == 1;
}

#define in4_pton(src, len, dst, delim, end)	host_pton(AF_INET, src, len, dst)
#define in6_pton(src, len, dst, delim, end)	host_pton(AF_INET6, src, len, dst)

#endif /* LUNAR_HOST_INET_H */
