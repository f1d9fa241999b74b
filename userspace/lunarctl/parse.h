/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Checks of what an administrator typed. A function that returns false or NULL
 * has printed what is wrong with the value and what would be right.
 */
#ifndef LUNARCTL_PARSE_H
#define LUNARCTL_PARSE_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes: a number, with K, M, G or T (powers of 1024) or without. */
bool parse_size(const char *text, uint64_t *bytes);
bool parse_block_size(const char *text, unsigned int *bytes);
bool parse_lun(const char *text, unsigned int *lun);
bool parse_mode(const char *text, unsigned int *mode);

/* An iSCSI name that rtslib takes too, in lower case. what: "target" or so. */
char *parse_iscsi_name(const char *what, const char *text);

/* A portal as the kernel names it: 192.0.2.1:3260 or [2001:db8::1]:3260. */
char *parse_portal(const char *text);

/* A backstore name; an UUID in lower case. */
bool check_disk_name(const char *name);
char *parse_serial(const char *text);

/* A CHAP user name. */
bool check_chap_user(const char *user);

/*
 * A CHAP secret: the first line of a file, of standard input for "-", or when
 * file is NULL of the environment variable LUNARCTL_CHAP_SECRET. Warns when
 * others than its owner can read the file. To be freed with free_secret().
 */
char *read_chap_secret(const char *file);

#endif /* LUNARCTL_PARSE_H */
