/* SPDX-License-Identifier: GPL-2.0 */
/* Keys and values of CHAP as text (RFC 7143 6.1, 12.1.3). Pure. */
#ifndef LUNAR_CHAP_H
#define LUNAR_CHAP_H

#include <linux/types.h>

/* RFC 7143 12.1.3: a challenge has 1 to 1024 bytes. */
#define LUNAR_CHAP_CHALLENGE_MAX	1024

/* Room for what lunar_chap_encode() makes of that many bytes, with the NUL. */
#define LUNAR_CHAP_TEXT_SIZE(bytes)	(2 * (bytes) + 3)

/**
 * struct lunar_chap_request - the CHAP keys of one Login Request
 * @algorithms:	CHAP_A
 * @id:		CHAP_I
 * @challenge:	CHAP_C
 * @name:	CHAP_N
 * @response:	CHAP_R
 *
 * NULL is a key that was not sent. The values belong to whoever owns the text.
 */
struct lunar_chap_request {
	const char	*algorithms;
	const char	*id;
	const char	*challenge;
	const char	*name;
	const char	*response;
};

/*
 * Users with their secrets, as text: lines of name, blank, secret. A name has no
 * blank; it and the secret have no newline.
 */
const char *lunar_chap_find_user(const char *users, const char *name, u32 *len);
const char *lunar_chap_next_user(const char *users, u32 *len);
int lunar_chap_put_user(char *users, u32 size, const char *name, u32 name_len,
			const char *secret, u32 secret_len);
int lunar_chap_del_user(char *users, const char *name, u32 name_len);

int lunar_chap_take(struct lunar_chap_request *request, const char *name,
		    const char *value);
int lunar_chap_number(const char *text, u32 len);
int lunar_chap_decode(const char *text, u8 *buf, u32 size);
void lunar_chap_encode(const u8 *buf, u32 len, char *text);

#endif /* LUNAR_CHAP_H */
