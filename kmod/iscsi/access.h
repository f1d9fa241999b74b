/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lists of addresses and subnets, as an administrator writes them: entries like
 * 192.0.2.7, 192.0.2.0/24, 2001:db8::/32, with commas or blanks between. The
 * text is the list: it is short, and looked at when somebody logs in. Pure.
 */
#ifndef LUNAR_ACCESS_H
#define LUNAR_ACCESS_H

#include <linux/socket.h>
#include <linux/types.h>

int lunar_access_check(const char *list);
bool lunar_access_has(const char *list, const struct sockaddr_storage *addr);
bool lunar_access_same_host(const struct sockaddr_storage *a,
			    const struct sockaddr_storage *b);

#endif /* LUNAR_ACCESS_H */
