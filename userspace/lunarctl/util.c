// SPDX-License-Identifier: GPL-2.0
#include "util.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

void complain(const char *format, ...)
{
	va_list args;

	fflush(stdout);
	fputs("lunarctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static void *or_die(void *p)
{
	if (!p) {
		complain("out of memory");
		abort();
	}
	return p;
}

char *fmt(const char *format, ...)
{
	va_list args;
	char *s = NULL;

	va_start(args, format);
	if (vasprintf(&s, format, args) < 0)
		s = NULL;
	va_end(args);
	return or_die(s);
}

char *xstrdup(const char *s)
{
	return or_die(strdup(s));
}

void *xzalloc(size_t size)
{
	return or_die(calloc(1, size));
}

char *random_uuid(void)
{
	unsigned char b[16];

	if (getrandom(b, sizeof(b), 0) != sizeof(b)) /* so few bytes come whole */
		abort();
	b[6] = (b[6] & 0x0f) | 0x40;
	b[8] = (b[8] & 0x3f) | 0x80;
	return fmt("%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0],
		   b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13],
		   b[14], b[15]);
}

void free_secret(char *s)
{
	if (!s)
		return;
	explicit_bzero(s, strlen(s));
	free(s);
}

void strings_add(struct strings *list, char *s)
{
	list->at = or_die(reallocarray(list->at, list->count + 1, sizeof(*list->at)));
	list->at[list->count++] = s;
}

bool strings_have(const struct strings *list, const char *s)
{
	for (size_t i = 0; i < list->count; i++) {
		if (!strcmp(list->at[i], s))
			return true;
	}
	return false;
}

void strings_free(struct strings *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->at[i]);
	free(list->at);
	*list = (struct strings){ 0 };
}
