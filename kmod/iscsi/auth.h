/* SPDX-License-Identifier: GPL-2.0 */
/* CHAP (RFC 7143 12.1, RFC 1994). No I/O: keys in, keys out. */
#ifndef LUNAR_AUTH_H
#define LUNAR_AUTH_H

#include <linux/spinlock.h>
#include <lunar.h>
#include "chap.h"
#include "keys.h"

struct lunar_chap;

/**
 * struct lunar_auth - CHAP credentials; an empty user id means unset
 * @lock:	protects all members; copies are taken under it
 * @userid:	CHAP_N that initiators must give
 * @password:	their secret
 * @userid_mutual: CHAP_N that we give
 * @password_mutual: our secret
 */
struct lunar_auth {
	spinlock_t	lock;	/* all members */
	char		userid[LUNAR_CHAP_USER_MAX + 1];
	char		password[LUNAR_CHAP_SECRET_MAX + 1];
	char		userid_mutual[LUNAR_CHAP_USER_MAX + 1];
	char		password_mutual[LUNAR_CHAP_SECRET_MAX + 1];
};

enum lunar_auth_verdict {
	LUNAR_AUTH_MORE,	/* send what was put into the reply, go on */
	LUNAR_AUTH_PASS,	/* authenticated; the reply may hold CHAP_N, CHAP_R */
	LUNAR_AUTH_FAIL,
};

/* Most bytes of text that one lunar_auth_step() puts into the reply. */
#define LUNAR_AUTH_REPLY_MAX	512

struct lunar_chap *lunar_auth_alloc(struct lunar_auth *auth);
void lunar_auth_free(struct lunar_chap *chap);
enum lunar_auth_verdict lunar_auth_step(struct lunar_chap *chap,
					const struct lunar_chap_request *request,
					struct lunar_text *reply,
					const char **why);

#endif /* LUNAR_AUTH_H */
