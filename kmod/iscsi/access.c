// SPDX-License-Identifier: GPL-2.0
/* Lists of addresses and subnets. See access.h. Pure. */

#include <linux/errno.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/inet.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "access.h"

#define ACCESS_SEPARATORS	", \t"
#define ACCESS_DIGITS		"0123456789"

/**
 * struct access_entry - one entry of a list
 * @family:	AF_INET or AF_INET6
 * @addr:	in network order, 4 or 16 bytes
 * @prefix:	leading bits that count
 */
struct access_entry {
	int	family;
	u8	addr[16];
	u32	prefix;
};

/* 0 to @max, of at most 3 digits. */
static int parse_prefix(const char *text, u32 len, u32 max, u32 *prefix)
{
	u32 i, number = 0;

	if (!len || len > 3 || strspn(text, ACCESS_DIGITS) < len)
		return -EINVAL;
	for (i = 0; i < len; i++)
		number = number * 10 + text[i] - '0';
	if (number > max)
		return -EINVAL;
	*prefix = number;
	return 0;
}

static int parse_entry(const char *text, u32 len, struct access_entry *entry)
{
	const char *slash = memchr(text, '/', len);
	u32 addr_len = slash ? slash - text : len;
	u32 max = 32;

	entry->family = AF_INET;
	if (!addr_len)
		return -EINVAL;
	if (memchr(text, ':', addr_len)) {
		entry->family = AF_INET6;
		max = 128;
		if (!in6_pton(text, addr_len, entry->addr, -1, NULL))
			return -EINVAL;
	} else if (!in4_pton(text, addr_len, entry->addr, -1, NULL)) {
		return -EINVAL;
	}
	entry->prefix = max;
	if (!slash)
		return 0;
	return parse_prefix(slash + 1, len - addr_len - 1, max, &entry->prefix);
}

/* 1 with the next entry of the list at @list, 0 at its end, or -EINVAL. */
static int next_entry(const char **list, struct access_entry *entry)
{
	u32 len;
	int ret;

	*list += strspn(*list, ACCESS_SEPARATORS);
	len = strcspn(*list, ACCESS_SEPARATORS);
	if (!len)
		return 0;
	ret = parse_entry(*list, len, entry);
	*list += len;
	return ret ?: 1;
}

static bool matches(const struct access_entry *entry,
		    const struct sockaddr_storage *addr)
{
	u32 bytes = entry->prefix / 8, bits = entry->prefix % 8;
	const u8 *theirs;

	if (entry->family != addr->ss_family)
		return false;
	if (entry->family == AF_INET6)
		theirs = (const u8 *)&((const struct sockaddr_in6 *)addr)->sin6_addr;
	else
		theirs = (const u8 *)&((const struct sockaddr_in *)addr)->sin_addr;
	if (memcmp(theirs, entry->addr, bytes))
		return false;
	return !bits || !((theirs[bytes] ^ entry->addr[bytes]) >> (8 - bits));
}

/**
 * lunar_access_check() - is this a list of addresses and subnets?
 * @list:	as written; may be empty
 *
 * Context: any.
 * Return: 0 or -EINVAL.
 */
int lunar_access_check(const char *list)
{
	struct access_entry entry;
	int ret;

	do
		ret = next_entry(&list, &entry);
	while (ret > 0);
	return ret;
}

/**
 * lunar_access_has() - is an address in a list?
 * @list:	as lunar_access_check() found it to be right
 * @addr:	IPv4 or IPv6; the port does not matter
 *
 * Context: any.
 * Return: true if one of the entries is the address or a subnet that has it.
 */
bool lunar_access_has(const char *list, const struct sockaddr_storage *addr)
{
	struct access_entry entry;

	while (next_entry(&list, &entry) > 0)
		if (matches(&entry, addr))
			return true;
	return false;
}

/**
 * lunar_access_same_host() - the same address, whatever the port?
 * @a:		IPv4 or IPv6
 * @b:		another
 *
 * Context: any.
 * Return: true if it is.
 */
bool lunar_access_same_host(const struct sockaddr_storage *a,
			    const struct sockaddr_storage *b)
{
	if (a->ss_family != b->ss_family)
		return false;
	if (a->ss_family == AF_INET6)
		return !memcmp(&((const struct sockaddr_in6 *)a)->sin6_addr,
			       &((const struct sockaddr_in6 *)b)->sin6_addr,
			       sizeof(struct in6_addr));
	return ((const struct sockaddr_in *)a)->sin_addr.s_addr ==
	       ((const struct sockaddr_in *)b)->sin_addr.s_addr;
}
