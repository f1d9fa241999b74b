// SPDX-License-Identifier: GPL-2.0
/*
 * A value of a CHAP key as a number and as bytes; lines as commands to a list of
 * users; the same as a list of addresses.
 */

#include <errno.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "iscsi/access.h"
#include "iscsi/chap.h"

#define USERS_SIZE	96

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define require(condition)		\
	do {				\
		if (!(condition))	\
			abort();	\
	} while (0)

static void decode(const char *text, u32 room)
{
	u8 *buf = malloc(room), *again = malloc(room);
	int len = lunar_chap_decode(text, buf, room);
	char *out;

	require(len == -EINVAL || (len > 0 && len <= room));
	if (len > 0) {
		out = malloc(LUNAR_CHAP_TEXT_SIZE(len));
		lunar_chap_encode(buf, len, out);
		require(lunar_chap_decode(out, again, room) == len);
		require(!memcmp(buf, again, len));
		free(out);
	}
	free(buf);
	free(again);
}

static u32 count(const char *users)
{
	u32 len, n = 0;

	while ((users = lunar_chap_next_user(users, &len)))
		n++;
	return n;
}

/* "-NAME" or "NAME SECRET", neither of which has a newline. */
static void change_users(char *users, const char *line, u32 len)
{
	u32 name_len, secret_len, before = count(users), got;
	const char *secret;
	char name[64] = "";
	bool known;

	name_len = *line == '-' ? len - 1 : strcspn(line, " \n");
	if (!len || name_len >= sizeof(name))
		return;
	memcpy(name, line + (*line == '-'), name_len);
	known = lunar_chap_find_user(users, name, &got);
	if (*line == '-') {
		require(lunar_chap_del_user(users, name, name_len) == (known ? 0 : -ENOENT));
		require(!lunar_chap_find_user(users, name, &got));
		require(count(users) == before - known);
		return;
	}
	if (!name_len || name_len >= len)
		return;
	secret_len = len - name_len - 1;
	if (!lunar_chap_put_user(users, USERS_SIZE, name, name_len, line + name_len + 1,
				 secret_len)) {
		secret = lunar_chap_find_user(users, name, &got);
		require(secret && got == secret_len);
		require(!memcmp(secret, line + name_len + 1, got));
		require(count(users) == before + !known);
	} else {
		require(count(users) == before);
	}
	require(strnlen(users, USERS_SIZE) < USERS_SIZE);
}

static void addresses(const char *text, const u8 *data, size_t size)
{
	struct sockaddr_storage addr = { .ss_family = size % 2 ? AF_INET : AF_INET6 };

	memcpy((u8 *)&addr + 4, data, min_t(size_t, size, 16));
	if (!lunar_access_check(text))
		lunar_access_has(text, &addr);
	require(lunar_access_same_host(&addr, &addr));
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	char *text = malloc(size + 1), *users = calloc(1, USERS_SIZE);
	const char *line;
	int number;
	u32 len;

	memcpy(text, data, size);
	text[size] = '\0';
	number = lunar_chap_number(text, size);
	require(number == -EINVAL || (number >= 0 && number <= 255));
	decode(text, 1 + size % 64);
	addresses(text, data, size);
	for (line = text; *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		change_users(users, line, len);
	}
	free(text);
	free(users);
	return 0;
}
