/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The text of the login phase: who logs in where, authentication, operational
 * keys. login.c deals with PDUs and stages and is the only user.
 */
#ifndef LUNAR_LOGIN_NEGO_H
#define LUNAR_LOGIN_NEGO_H

#include "auth.h"
#include "conn.h"
#include "keys.h"

/* Status-Class and Status-Detail (RFC 7143 11.13.5) in one number. */
enum lunar_login_status {
	LUNAR_LOGIN_SUCCESS		= 0x0000,
	LUNAR_LOGIN_MOVED_TEMPORARILY	= 0x0101,
	LUNAR_LOGIN_MOVED_PERMANENTLY	= 0x0102,
	LUNAR_LOGIN_INITIATOR_ERROR	= 0x0200,
	LUNAR_LOGIN_AUTH_FAILED		= 0x0201,
	LUNAR_LOGIN_FORBIDDEN		= 0x0202,
	LUNAR_LOGIN_NOT_FOUND		= 0x0203,
	LUNAR_LOGIN_BAD_VERSION		= 0x0205,
	LUNAR_LOGIN_TOO_MANY_CONNECTIONS = 0x0206,
	LUNAR_LOGIN_MISSING_PARAMETER	= 0x0207,
	LUNAR_LOGIN_BAD_SESSION_TYPE	= 0x0209,
	LUNAR_LOGIN_NO_SESSION		= 0x020a,
	LUNAR_LOGIN_INVALID_REQUEST	= 0x020b,
	LUNAR_LOGIN_TARGET_ERROR	= 0x0300,
	LUNAR_LOGIN_UNAVAILABLE		= 0x0301,
	LUNAR_LOGIN_NO_RESOURCES	= 0x0302,
};

/* Keys in one request, initiators send about 20. */
#define LUNAR_LOGIN_MAX_KEYS	48
/* A request's text, over all PDUs with the C bit. */
#define LUNAR_LOGIN_MAX_TEXT	65536
/* RFC 7143 13.12: what the initiator takes in the login phase. */
#define LUNAR_LOGIN_MAX_REPLY	ISCSI_DEF_MAX_RECV_SEG_LEN

/**
 * struct lunar_login - a login in progress; all of it login_work's
 * @first:	header of the first request
 * @requests:	received so far
 * @stage:	CSG that the next request must have
 * @status:	fault in the header of the current request, or SUCCESS
 * @why:	reason of a refusal, a constant string
 * @over:	the last answer is queued: accepted or refused
 * @text:	text of the current request and a NUL; owned
 * @text_len:	its length without the NUL
 * @keys:	its key=value pairs, in @text
 * @nr_keys:	their number
 * @reply:	the answer's text; its buffer is owned
 * @target:	name of the target once it is known and well-formed, in @text
 * @deadline:	of the login, jiffies
 * @offer:	what we offer
 * @nego:	the operational keys
 * @identified:	who and where is known: the first request was complete
 * @declared:	our MaxRecvDataSegmentLength was sent
 * @auth_required: None is not accepted
 * @authenticated: CHAP has passed
 * @chap:	CHAP was agreed on; owned
 */
struct lunar_login {
	struct iscsi_login_req	first;
	u32			requests;
	u8			stage;
	enum lunar_login_status	status;
	const char		*why;
	bool			over;
	char			*text;
	u32			text_len;
	struct {
		char		*name;
		char		*value;
	} keys[LUNAR_LOGIN_MAX_KEYS];
	u32			nr_keys;
	struct lunar_text	reply;
	const char		*target;
	unsigned long		deadline;
	struct lunar_params	offer;
	struct lunar_nego	nego;
	bool			identified;
	bool			declared;
	bool			auth_required;
	bool			authenticated;
	struct lunar_chap	*chap;
};

static inline enum lunar_login_status
lunar_login_fault(struct lunar_login *login, enum lunar_login_status status,
		  const char *why)
{
	login->why = why;
	return status;
}

enum lunar_login_status lunar_login_nego_text(struct lunar_conn *conn);
enum lunar_login_status lunar_login_nego_finish(struct lunar_conn *conn);

#endif /* LUNAR_LOGIN_NEGO_H */
