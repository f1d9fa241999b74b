/* SPDX-License-Identifier: GPL-2.0 */
/* Messages, exit codes and memory that cannot fail quietly. */
#ifndef LUNARCTL_UTIL_H
#define LUNARCTL_UTIL_H

#include <stdbool.h>
#include <stddef.h>

/* Exit codes, as lunarctl(8) documents them. Functions return them too. */
enum {
	LUNARCTL_OK = 0,
	LUNARCTL_FAILED = 1,   /* the system refused; what had been done was undone */
	LUNARCTL_USAGE = 2,    /* an argument is wrong; nothing was tried */
	LUNARCTL_MISSING = 3,  /* the object named does not exist */
	LUNARCTL_CONFLICT = 4, /* it exists already, or what exists does not agree with it */
	LUNARCTL_BUSY = 5,     /* initiators are logged in, or something else uses it */
	LUNARCTL_UNCLEAN = 6,  /* the system refused, and not all of it could be undone */
};

/* Prints one line "lunarctl: ..." on standard error. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* As asprintf, xstrdup, calloc; ends the program when memory runs out. */
char *fmt(const char *format, ...) __attribute__((format(printf, 1, 2)));
char *xstrdup(const char *s);
void *xzalloc(size_t size);

/* A random UUID (RFC 9562 version 4), 36 characters. */
char *random_uuid(void);

/* Overwrites a string that held a secret, then frees it. Takes NULL. */
void free_secret(char *s);

/* A growing array of strings, for options that may be given several times. */
struct strings {
	char **at;
	size_t count;
};

void strings_add(struct strings *list, char *s); /* takes s over */
bool strings_have(const struct strings *list, const char *s);
void strings_free(struct strings *list);

#define for_each(pos, head) for ((pos) = (head); (pos); (pos) = (pos)->next)

#endif /* LUNARCTL_UTIL_H */
