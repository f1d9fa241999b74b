/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text keys of RFC 7143 section 13: one const table, a row per key. Login,
 * configfs and the documentation all read it. Pure.
 */
#ifndef LUNAR_KEYS_H
#define LUNAR_KEYS_H

#include "wire.h"

/* The operational keys whose result is a number, in table order. */
enum lunar_key_id {
	LUNAR_KEY_HEADER_DIGEST,	/* LUNAR_DIGEST_* */
	LUNAR_KEY_DATA_DIGEST,
	LUNAR_KEY_MAX_CONNECTIONS,
	LUNAR_KEY_INITIAL_R2T,
	LUNAR_KEY_IMMEDIATE_DATA,
	LUNAR_KEY_MAX_RECV_DATA_SEGMENT_LENGTH,
	LUNAR_KEY_MAX_BURST_LENGTH,
	LUNAR_KEY_FIRST_BURST_LENGTH,
	LUNAR_KEY_DEFAULT_TIME2WAIT,
	LUNAR_KEY_DEFAULT_TIME2RETAIN,
	LUNAR_KEY_MAX_OUTSTANDING_R2T,
	LUNAR_KEY_DATA_PDU_IN_ORDER,
	LUNAR_KEY_DATA_SEQUENCE_IN_ORDER,
	LUNAR_KEY_ERROR_RECOVERY_LEVEL,
	LUNAR_KEY_IF_MARKER,		/* obsolete, answered No */
	LUNAR_KEY_OF_MARKER,
	LUNAR_KEY_TASK_REPORTING,	/* RFC 7143 13.23: RFC3720 only */
	LUNAR_KEY_ISCSI_PROTOCOL_LEVEL,	/* 1: RFC 7143 */
	LUNAR_KEY_NR,			/* rows below here are not numbers */
	LUNAR_KEY_AUTH_METHOD = LUNAR_KEY_NR,
	LUNAR_KEY_INITIATOR_NAME,
	LUNAR_KEY_INITIATOR_ALIAS,
	LUNAR_KEY_TARGET_NAME,
	LUNAR_KEY_TARGET_ALIAS,
	LUNAR_KEY_TARGET_ADDRESS,
	LUNAR_KEY_TARGET_PORTAL_GROUP_TAG,
	LUNAR_KEY_SESSION_TYPE,
	LUNAR_KEY_SEND_TARGETS,
	LUNAR_KEY_IF_MARK_INT,		/* obsolete, answered Reject */
	LUNAR_KEY_OF_MARK_INT,
	LUNAR_KEY_TABLE_SIZE,
};

#define LUNAR_DIGEST_NONE	0x1	/* bits: a configured set */
#define LUNAR_DIGEST_CRC32C	0x2	/* negotiated: exactly one bit */

#define LUNAR_TASK_REPORTING_RFC3720	0x1

enum lunar_key_type {
	LUNAR_KEY_BOOL_AND,	/* result Yes only if both say Yes */
	LUNAR_KEY_BOOL_OR,
	LUNAR_KEY_NUM_MIN,
	LUNAR_KEY_NUM_MAX,
	LUNAR_KEY_NUM_DECLARE,	/* each side states its own, no answer */
	LUNAR_KEY_LIST,		/* first of the list that we support */
	LUNAR_KEY_TEXT,		/* declarative string, login.c reads it */
};

/* When and where a key may appear (RFC 7143 13, "Use:" lines). */
#define LUNAR_KEY_ANY_STAGE	0x01	/* also in security negotiation */
#define LUNAR_KEY_FULL_FEATURE	0x02	/* also in a Text Request */
#define LUNAR_KEY_NORMAL_ONLY	0x04	/* Irrelevant in a discovery session */
#define LUNAR_KEY_FROM_TARGET	0x08	/* an initiator must not send it */
#define LUNAR_KEY_OBSOLETE	0x10	/* RFC 7143 13.25: answered, never used */
#define LUNAR_KEY_INITIAL_ONLY	0x20	/* first Login Request only */

/**
 * struct lunar_key - one row of the table
 * @name:	as on the wire
 * @type:	negotiation rule
 * @flags:	LUNAR_KEY_* above
 * @min:	smallest legal number
 * @max:	largest legal number
 * @config_min:	smallest that may be configured, if more than @min
 * @config_max:	largest that may be configured (list: every bit)
 * @rfc_default: value when nobody offers the key
 * @lunar_default: what lunar offers unless configured otherwise
 * @items:	list of numbered items: name of each bit, NULL at the end
 */
struct lunar_key {
	const char		*name;
	enum lunar_key_type	type;
	u8			flags;
	u32			min;
	u32			max;
	u32			config_min;
	u32			config_max;
	u32			rfc_default;
	u32			lunar_default;
	const char *const	*items;
};

/* Indexed by enum lunar_key_id. Booleans are 0 or 1. */
struct lunar_params {
	u32	val[LUNAR_KEY_NR];
};

extern const struct lunar_key lunar_keys_table[LUNAR_KEY_TABLE_SIZE];

/**
 * struct lunar_nego - one negotiation in progress
 * @offer:	what we are configured to offer; not changed
 * @result:	values in force; starts as the RFC's defaults
 * @peer_max_recv: the initiator's declared MaxRecvDataSegmentLength
 * @seen:	bit per key id: keys the initiator has sent in this login
 * @discovery:	the session is a discovery session
 */
struct lunar_nego {
	const struct lunar_params *offer;
	struct lunar_params	result;
	u32			peer_max_recv;
	u64			seen;
	bool			discovery;
};

/* What to do about one received key=value. */
enum lunar_key_verdict {
	LUNAR_KEY_ANSWER,	/* @reply holds the value to send back */
	LUNAR_KEY_SILENT,	/* declarative: nothing to send back */
	LUNAR_KEY_FATAL,	/* protocol error: end the login (0x0200) */
};

/**
 * struct lunar_text - a bounded text segment under construction
 * @buf:	the caller's buffer
 * @len:	bytes used
 * @size:	bytes there are
 * @overflow:	something did not fit; @len is still right
 */
struct lunar_text {
	char	*buf;
	u32	len;
	u32	size;
	bool	overflow;
};

/* Longest value lunar_keys_negotiate() writes, with its NUL. */
#define LUNAR_KEY_REPLY_MAX	64

int lunar_keys_next(char *buf, u32 len, u32 *pos, char **name, char **value);
int lunar_keys_find(const char *name);
void lunar_keys_init(struct lunar_nego *nego, const struct lunar_params *offer);
enum lunar_key_verdict lunar_keys_negotiate(struct lunar_nego *nego, int id,
					    const char *value,
					    char reply[LUNAR_KEY_REPLY_MAX]);
int lunar_keys_finish(struct lunar_nego *nego);
void lunar_keys_defaults(struct lunar_params *params);
int lunar_keys_parse(int id, const char *value, u32 *val);
int lunar_keys_format(int id, u32 val, char *buf, u32 size);
bool lunar_keys_name_ok(const char *name);
bool lunar_keys_list_has(const char *list, const char *item);
void lunar_keys_put(struct lunar_text *text, const char *name,
		    const char *value);

#endif /* LUNAR_KEYS_H */
