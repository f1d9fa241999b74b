/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who may log in: CHAP (RFC 7143 12.1, RFC 1994), keys in, keys out; and lists of
 * addresses. No I/O.
 */
#ifndef LUNAR_AUTH_H
#define LUNAR_AUTH_H

#include <linux/socket.h>
#include <linux/spinlock.h>
#include <lunar.h>
#include "chap.h"
#include "keys.h"

struct lunar_chap;

/**
 * struct lunar_auth - CHAP credentials; an empty string means unset
 * @lock:	protects all members; copies are taken under it
 * @userid:	CHAP_N that initiators must give
 * @password:	their secret
 * @users:	more users and their secrets, see chap.h
 * @userid_mutual: CHAP_N that we give
 * @password_mutual: our secret
 */
struct lunar_auth {
	spinlock_t	lock;	/* all members */
	char		userid[LUNAR_CHAP_USER_MAX + 1];
	char		password[LUNAR_CHAP_SECRET_MAX + 1];
	char		users[LUNAR_CHAP_USERS_SIZE];
	char		userid_mutual[LUNAR_CHAP_USER_MAX + 1];
	char		password_mutual[LUNAR_CHAP_SECRET_MAX + 1];
};

/**
 * struct lunar_access - addresses that may log in; see access.h
 * @lock:	protects all members; nests in none
 * @allowed:	attrib/allowed_addresses, empty for all
 * @denied:	attrib/denied_addresses
 */
struct lunar_access {
	spinlock_t	lock;	/* all members */
	char		allowed[LUNAR_ACCESS_LIST_MAX + 1];
	char		denied[LUNAR_ACCESS_LIST_MAX + 1];
};

enum lunar_auth_verdict {
	LUNAR_AUTH_MORE,	/* send what was put into the reply, go on */
	LUNAR_AUTH_PASS,	/* authenticated; the reply may hold CHAP_N, CHAP_R */
	LUNAR_AUTH_FAIL,
};

/* Most bytes of text that one lunar_auth_step() puts into the reply. */
#define LUNAR_AUTH_REPLY_MAX	512

int lunar_auth_set_user(struct lunar_auth *auth, const char *name, u32 name_len,
			const char *secret, u32 secret_len);
int lunar_auth_del_user(struct lunar_auth *auth, const char *name, u32 len);
struct lunar_chap *lunar_auth_alloc(struct lunar_auth *auth);
void lunar_auth_free(struct lunar_chap *chap);
enum lunar_auth_verdict lunar_auth_step(struct lunar_chap *chap,
					const struct lunar_chap_request *request,
					struct lunar_text *reply,
					const char **why);
bool lunar_auth_permits(struct lunar_access *access,
			const struct sockaddr_storage *peer);

#endif /* LUNAR_AUTH_H */
