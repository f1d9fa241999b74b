// SPDX-License-Identifier: GPL-2.0
/*
 * Text keys: table, negotiation, and the syntax of names and values. Pure.
 *
 * lunar answers and declares, it never proposes: a key that the initiator
 * leaves out keeps the default of the standard.
 */

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "keys.h"
#include "xfer.h"

/* Longest value taken, names aside; a list has no limit of its own. */
#define KEYS_MAX_VALUE	8192

#define KEYS_DIGITS	"0123456789"
#define KEYS_HEX	KEYS_DIGITS "abcdefABCDEF"
#define KEYS_LETTERS	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static const char *const digest_items[] = { "None", "CRC32C", NULL };
static const char *const task_reporting_items[] = { "RFC3720", NULL };

#define KEYS_LEN_MIN	ISCSI_MIN_MAX_BURST_LEN	/* 512, for all three lengths */
#define KEYS_LEN_MAX	ISCSI_MAX_MAX_BURST_LEN	/* 2^24 - 1 */

#define DIGEST_KEY(_name)						\
	{								\
		.name = _name, .type = LUNAR_KEY_LIST,			\
		.config_min = LUNAR_DIGEST_NONE,			\
		.config_max = LUNAR_DIGEST_NONE | LUNAR_DIGEST_CRC32C,	\
		.rfc_default = LUNAR_DIGEST_NONE,			\
		.lunar_default = LUNAR_DIGEST_NONE | LUNAR_DIGEST_CRC32C, \
		.items = digest_items,					\
	}

#define BOOL_KEY(_name, _type, _flags, _cmin, _cmax, _rfc, _lunar)	\
	{								\
		.name = _name, .type = _type, .flags = _flags,		\
		.min = 0, .max = 1,					\
		.config_min = _cmin, .config_max = _cmax,		\
		.rfc_default = _rfc, .lunar_default = _lunar,		\
	}

/* What may be configured begins where the standard does: config_min is 0. */
#define NUM_KEY(_name, _type, _flags, _min, _max, _cmax, _rfc, _lunar)	\
	{								\
		.name = _name, .type = _type, .flags = _flags,		\
		.min = _min, .max = _max, .config_max = _cmax,		\
		.rfc_default = _rfc, .lunar_default = _lunar,		\
	}

#define TEXT_KEY(_name, _flags)						\
	{ .name = _name, .type = LUNAR_KEY_TEXT, .flags = _flags }

/* Values and flags from the "Use", "Default" and result lines of RFC 7143 13. */
const struct lunar_key lunar_keys_table[LUNAR_KEY_TABLE_SIZE] = {
	[LUNAR_KEY_HEADER_DIGEST] = DIGEST_KEY("HeaderDigest"),
	[LUNAR_KEY_DATA_DIGEST] = DIGEST_KEY("DataDigest"),
	[LUNAR_KEY_MAX_CONNECTIONS] =
		NUM_KEY("MaxConnections", LUNAR_KEY_NUM_MIN,
			LUNAR_KEY_NORMAL_ONLY, 1, 65535, 1, 1, 1),
	[LUNAR_KEY_INITIAL_R2T] =
		BOOL_KEY("InitialR2T", LUNAR_KEY_BOOL_OR,
			 LUNAR_KEY_NORMAL_ONLY, 0, 1, 1, 0),
	[LUNAR_KEY_IMMEDIATE_DATA] =
		BOOL_KEY("ImmediateData", LUNAR_KEY_BOOL_AND,
			 LUNAR_KEY_NORMAL_ONLY, 0, 1, 1, 1),
	[LUNAR_KEY_MAX_RECV_DATA_SEGMENT_LENGTH] =
		NUM_KEY("MaxRecvDataSegmentLength", LUNAR_KEY_NUM_DECLARE,
			LUNAR_KEY_FULL_FEATURE, KEYS_LEN_MIN, KEYS_LEN_MAX,
			KEYS_LEN_MAX, ISCSI_DEF_MAX_RECV_SEG_LEN, 262144),
	[LUNAR_KEY_MAX_BURST_LENGTH] =
		NUM_KEY("MaxBurstLength", LUNAR_KEY_NUM_MIN,
			LUNAR_KEY_NORMAL_ONLY, KEYS_LEN_MIN, KEYS_LEN_MAX,
			KEYS_LEN_MAX, ISCSI_DEF_MAX_BURST_LEN, 1048576),
	[LUNAR_KEY_FIRST_BURST_LENGTH] =
		NUM_KEY("FirstBurstLength", LUNAR_KEY_NUM_MIN,
			LUNAR_KEY_NORMAL_ONLY, KEYS_LEN_MIN, KEYS_LEN_MAX,
			KEYS_LEN_MAX, ISCSI_DEF_FIRST_BURST_LEN, 262144),
	[LUNAR_KEY_DEFAULT_TIME2WAIT] =
		NUM_KEY("DefaultTime2Wait", LUNAR_KEY_NUM_MAX, 0,
			0, 3600, 3600, ISCSI_DEF_TIME2WAIT, 2),
	[LUNAR_KEY_DEFAULT_TIME2RETAIN] =
		NUM_KEY("DefaultTime2Retain", LUNAR_KEY_NUM_MIN, 0,
			0, 3600, 3600, 20, 0),
	[LUNAR_KEY_MAX_OUTSTANDING_R2T] =
		NUM_KEY("MaxOutstandingR2T", LUNAR_KEY_NUM_MIN,
			LUNAR_KEY_NORMAL_ONLY, 1, 65535, LUNAR_MAX_R2T,
			1, LUNAR_MAX_R2T),
	/* The data path counts on order, so these two cannot be configured. */
	[LUNAR_KEY_DATA_PDU_IN_ORDER] =
		BOOL_KEY("DataPDUInOrder", LUNAR_KEY_BOOL_OR,
			 LUNAR_KEY_NORMAL_ONLY, 1, 1, 1, 1),
	[LUNAR_KEY_DATA_SEQUENCE_IN_ORDER] =
		BOOL_KEY("DataSequenceInOrder", LUNAR_KEY_BOOL_OR,
			 LUNAR_KEY_NORMAL_ONLY, 1, 1, 1, 1),
	[LUNAR_KEY_ERROR_RECOVERY_LEVEL] =
		NUM_KEY("ErrorRecoveryLevel", LUNAR_KEY_NUM_MIN, 0,
			0, 2, 0, 0, 0),
	/* RFC 7143 13.25: "Reject" is preferred, "No" is what initiators expect. */
	[LUNAR_KEY_IF_MARKER] =
		BOOL_KEY("IFMarker", LUNAR_KEY_BOOL_AND,
			 LUNAR_KEY_OBSOLETE, 0, 0, 0, 0),
	[LUNAR_KEY_OF_MARKER] =
		BOOL_KEY("OFMarker", LUNAR_KEY_BOOL_AND,
			 LUNAR_KEY_OBSOLETE, 0, 0, 0, 0),
	[LUNAR_KEY_TASK_REPORTING] = {
		.name = "TaskReporting", .type = LUNAR_KEY_LIST,
		.flags = LUNAR_KEY_NORMAL_ONLY,
		.config_min = LUNAR_TASK_REPORTING_RFC3720,
		.config_max = LUNAR_TASK_REPORTING_RFC3720,
		.rfc_default = LUNAR_TASK_REPORTING_RFC3720,
		.lunar_default = LUNAR_TASK_REPORTING_RFC3720,
		.items = task_reporting_items,
	},
	[LUNAR_KEY_ISCSI_PROTOCOL_LEVEL] =
		NUM_KEY("iSCSIProtocolLevel", LUNAR_KEY_NUM_MIN,
			LUNAR_KEY_NORMAL_ONLY, 0, 31, 1, 1, 1),

	[LUNAR_KEY_AUTH_METHOD] = {
		.name = "AuthMethod", .type = LUNAR_KEY_LIST,
		.flags = LUNAR_KEY_ANY_STAGE,
	},
	[LUNAR_KEY_INITIATOR_NAME] =
		TEXT_KEY("InitiatorName",
			 LUNAR_KEY_ANY_STAGE | LUNAR_KEY_INITIAL_ONLY),
	[LUNAR_KEY_INITIATOR_ALIAS] =
		TEXT_KEY("InitiatorAlias",
			 LUNAR_KEY_ANY_STAGE | LUNAR_KEY_FULL_FEATURE),
	[LUNAR_KEY_TARGET_NAME] =
		TEXT_KEY("TargetName",
			 LUNAR_KEY_ANY_STAGE | LUNAR_KEY_INITIAL_ONLY),
	[LUNAR_KEY_TARGET_ALIAS] =
		TEXT_KEY("TargetAlias", LUNAR_KEY_ANY_STAGE |
			 LUNAR_KEY_FULL_FEATURE | LUNAR_KEY_FROM_TARGET),
	[LUNAR_KEY_TARGET_ADDRESS] =
		TEXT_KEY("TargetAddress", LUNAR_KEY_ANY_STAGE |
			 LUNAR_KEY_FULL_FEATURE | LUNAR_KEY_FROM_TARGET),
	[LUNAR_KEY_TARGET_PORTAL_GROUP_TAG] =
		TEXT_KEY("TargetPortalGroupTag",
			 LUNAR_KEY_ANY_STAGE | LUNAR_KEY_FROM_TARGET),
	[LUNAR_KEY_SESSION_TYPE] =
		TEXT_KEY("SessionType",
			 LUNAR_KEY_ANY_STAGE | LUNAR_KEY_INITIAL_ONLY),
	[LUNAR_KEY_SEND_TARGETS] =
		TEXT_KEY("SendTargets", LUNAR_KEY_FULL_FEATURE),
	[LUNAR_KEY_IF_MARK_INT] = TEXT_KEY("IFMarkInt", LUNAR_KEY_OBSOLETE),
	[LUNAR_KEY_OF_MARK_INT] = TEXT_KEY("OFMarkInt", LUNAR_KEY_OBSOLETE),
};

static_assert(LUNAR_KEY_TABLE_SIZE <= 64, "struct lunar_nego.seen is a u64");

/* RFC 7143 6.1: letters, digits, ".-+@_"; "#" as in X#NodeArchitecture. */
static bool keys_label_ok(const char *name, u32 len)
{
	if (!len || len > KEY_MAXLEN - 1 || !strchr(KEYS_LETTERS, *name))
		return false;
	return strspn(name, KEYS_LETTERS KEYS_DIGITS ".-+@_#") == len;
}

/**
 * lunar_keys_next() - take the next key=value pair from a text segment
 * @buf:	the segment; the '=' of a pair becomes its NUL
 * @len:	length of the segment without padding
 * @pos:	where to go on, 0 at the start
 * @name:	the key, in @buf
 * @value:	the value, in @buf; at most 8192 bytes, of any content
 *
 * RFC 7143 6.1: each pair ends with a NUL, the last one too. More NULs between
 * pairs or at the end are skipped, as some initiators send them.
 *
 * Context: any; the caller owns @buf.
 * Return: 1 with a pair, 0 at the end, -EINVAL when the segment is malformed
 * (@buf and @pos are then unchanged).
 */
int lunar_keys_next(char *buf, u32 len, u32 *pos, char **name, char **value)
{
	char *start, *equal, *end;

	while (*pos < len && !buf[*pos])
		(*pos)++;
	if (*pos >= len)
		return 0;

	start = buf + *pos;
	end = memchr(start, '\0', len - *pos);
	if (!end)
		return -EINVAL;
	equal = memchr(start, '=', end - start);
	if (!equal || end - equal - 1 > KEYS_MAX_VALUE)
		return -EINVAL;

	*equal = '\0';
	if (!keys_label_ok(start, equal - start)) {
		*equal = '=';
		return -EINVAL;
	}
	*name = start;
	*value = equal + 1;
	*pos = end - buf + 1;
	return 1;
}

/**
 * lunar_keys_find() - look a key up by its name
 * @name:	as on the wire; case matters (RFC 7143 6.1)
 *
 * Context: any.
 * Return: its enum lunar_key_id, or -ENOENT.
 */
int lunar_keys_find(const char *name)
{
	int id;

	for (id = 0; id < LUNAR_KEY_TABLE_SIZE; id++)
		if (!strcmp(lunar_keys_table[id].name, name))
			return id;
	return -ENOENT;
}

/**
 * lunar_keys_defaults() - what lunar offers when nothing is configured
 * @params:	filled in
 *
 * Context: any.
 */
void lunar_keys_defaults(struct lunar_params *params)
{
	int id;

	for (id = 0; id < LUNAR_KEY_NR; id++)
		params->val[id] = lunar_keys_table[id].lunar_default;
}

/**
 * lunar_keys_init() - begin the negotiation of a login
 * @nego:	the negotiation
 * @offer:	configured values; the caller keeps them alive and unchanged
 *
 * The login engine sets @nego->discovery once it has seen SessionType, and
 * that before it negotiates any other key of the first request: the keys of
 * one request have no order.
 *
 * Context: any; the caller owns @nego.
 */
void lunar_keys_init(struct lunar_nego *nego, const struct lunar_params *offer)
{
	int id;

	memset(nego, 0, sizeof(*nego));
	nego->offer = offer;
	for (id = 0; id < LUNAR_KEY_NR; id++)
		nego->result.val[id] = lunar_keys_table[id].rfc_default;
	nego->peer_max_recv = ISCSI_DEF_MAX_RECV_SEG_LEN;
}

/*
 * RFC 7143 6.1: a decimal number without leading zeros, or 0x and hex digits.
 * kstrtouint() would also take signs, octal and a final newline.
 */
static int keys_parse_number(const char *value, u32 *val)
{
	u32 base = 10;
	u64 num = 0;

	if (value[0] == '0' && (value[1] == 'x' || value[1] == 'X')) {
		base = 16;
		value += 2;
	} else if (value[0] == '0' && value[1]) {
		return -EINVAL;
	}
	if (!*value)
		return -EINVAL;
	for (; *value; value++) {
		const char *digit = strchr(KEYS_HEX, *value);
		u32 n;

		if (!digit)
			return -EINVAL;
		n = digit - KEYS_HEX;
		if (n >= 16)	/* A to F follow a to f */
			n -= 6;
		if (n >= base)
			return -EINVAL;
		num = num * base + n;
		if (num > U32_MAX)
			return -EINVAL;
	}
	*val = num;
	return 0;
}

/* A boolean or number that is legal on the wire. */
static int keys_parse_scalar(const struct lunar_key *key, const char *value,
			     u32 *val)
{
	u32 num;

	if (key->type == LUNAR_KEY_BOOL_AND || key->type == LUNAR_KEY_BOOL_OR) {
		if (strcmp(value, "Yes") && strcmp(value, "No"))
			return -EINVAL;
		*val = *value == 'Y';
		return 0;
	}
	if (keys_parse_number(value, &num))
		return -EINVAL;
	if (num < key->min || num > key->max)
		return -EINVAL;
	*val = num;
	return 0;
}

/* The bit of one item of a list, or 0. */
static u32 keys_item_bit(const struct lunar_key *key, const char *item, u32 len)
{
	u32 i;

	for (i = 0; key->items[i]; i++)
		if (strlen(key->items[i]) == len &&
		    !memcmp(key->items[i], item, len))
			return BIT(i);
	return 0;
}

/* Step through "a,b,c": the length of the item at @list. */
static u32 keys_item_len(const char *list)
{
	return strcspn(list, ",");
}

/* RFC 7143 6.2.1: the first item that we know and are allowed to use. */
static u32 keys_choose(const struct lunar_key *key, const char *list, u32 allowed)
{
	for (;;) {
		u32 len = keys_item_len(list);
		u32 bit = keys_item_bit(key, list, len) & allowed;

		if (bit)
			return bit;
		if (!list[len])
			return 0;
		list += len + 1;
	}
}

/* What we are willing to agree to. */
static u32 keys_offer(const struct lunar_nego *nego, int id)
{
	u32 offer = nego->offer->val[id];

	/*
	 * RFC 7143 13.14: FirstBurstLength MUST NOT exceed MaxBurstLength. Our
	 * own two values may be at odds, and the initiator's may be.
	 */
	if (id == LUNAR_KEY_FIRST_BURST_LENGTH) {
		offer = min(offer, nego->offer->val[LUNAR_KEY_MAX_BURST_LENGTH]);
		if (nego->seen & BIT_ULL(LUNAR_KEY_MAX_BURST_LENGTH))
			offer = min(offer,
				    nego->result.val[LUNAR_KEY_MAX_BURST_LENGTH]);
	}
	return offer;
}

static u32 keys_select(enum lunar_key_type type, u32 theirs, u32 ours)
{
	switch (type) {
	case LUNAR_KEY_BOOL_AND:
		return theirs & ours;
	case LUNAR_KEY_BOOL_OR:
		return theirs | ours;
	case LUNAR_KEY_NUM_MAX:
		return max(theirs, ours);
	default:
		return min(theirs, ours);
	}
}

static enum lunar_key_verdict keys_answer(char *reply, const char *word)
{
	strscpy(reply, word, LUNAR_KEY_REPLY_MAX);
	return LUNAR_KEY_ANSWER;
}

/* A numbered key, sent for the first time. */
static enum lunar_key_verdict keys_settle(struct lunar_nego *nego, int id,
					  const char *value, char *reply)
{
	const struct lunar_key *key = &lunar_keys_table[id];
	u32 theirs, result;

	if (key->type == LUNAR_KEY_LIST) {
		result = keys_choose(key, value, nego->offer->val[id]);
		if (!result)
			return keys_answer(reply, "Reject");
	} else {
		if (keys_parse_scalar(key, value, &theirs))
			return keys_answer(reply, "Reject");
		if (key->type == LUNAR_KEY_NUM_DECLARE) {
			nego->peer_max_recv = theirs;
			return LUNAR_KEY_SILENT;
		}
		result = keys_select(key->type, theirs, keys_offer(nego, id));
	}
	nego->result.val[id] = result;
	lunar_keys_format(id, result, reply, LUNAR_KEY_REPLY_MAX);
	return LUNAR_KEY_ANSWER;
}

/*
 * Words that cannot be proposed (RFC 7143 6.2). They are answers, legal for
 * what we declare; to be told so changes nothing.
 */
static bool keys_is_answer(const char *value)
{
	return !strcmp(value, "NotUnderstood") || !strcmp(value, "Irrelevant") ||
	       !strcmp(value, "Reject");
}

static bool keys_we_send(const struct lunar_key *key)
{
	return key->type == LUNAR_KEY_NUM_DECLARE ||
	       (key->flags & (LUNAR_KEY_FROM_TARGET | LUNAR_KEY_OBSOLETE));
}

/**
 * lunar_keys_negotiate() - deal with one key=value from the initiator
 * @nego:	the negotiation
 * @id:		what lunar_keys_find() said of the key
 * @value:	the value received
 * @reply:	the value to answer, written with LUNAR_KEY_ANSWER only
 *
 * An unknown key (@id negative) is answered "NotUnderstood". A value that is
 * illegal, or a list without anything we allow, is answered "Reject"; the key
 * keeps the default of the standard and the login goes on (RFC 7143 6.2.1,
 * 6.2.2). Whether that default is acceptable is for lunar_keys_finish().
 *
 * LUNAR_KEY_FATAL is a key sent twice (RFC 7143 6.3), one that only a target
 * may send, and "Reject", "Irrelevant" or "NotUnderstood" as a proposal (RFC
 * 7143 6.2). Such an answer to a key that we declare is LUNAR_KEY_SILENT and
 * does not count as sent.
 *
 * Keys below LUNAR_KEY_NR in the table and AuthMethod are LUNAR_KEY_SILENT when
 * legal here; their value and answer are up to the caller, as is the stage of
 * a key (LUNAR_KEY_ANY_STAGE, _FULL_FEATURE, _INITIAL_ONLY). In the full
 * feature phase a key may be sent once per Text negotiation: the caller
 * clears @nego->seen at its start.
 *
 * Context: any; the caller owns @nego.
 * Return: the verdict.
 */
enum lunar_key_verdict lunar_keys_negotiate(struct lunar_nego *nego, int id,
					    const char *value,
					    char reply[LUNAR_KEY_REPLY_MAX])
{
	const struct lunar_key *key;

	if (id < 0 || id >= LUNAR_KEY_TABLE_SIZE) {
		if (keys_is_answer(value))
			return LUNAR_KEY_SILENT;
		return keys_answer(reply, "NotUnderstood");
	}
	key = &lunar_keys_table[id];
	if (keys_is_answer(value))
		return keys_we_send(key) ? LUNAR_KEY_SILENT : LUNAR_KEY_FATAL;
	if ((nego->seen & BIT_ULL(id)) || (key->flags & LUNAR_KEY_FROM_TARGET))
		return LUNAR_KEY_FATAL;
	nego->seen |= BIT_ULL(id);

	if (nego->discovery && (key->flags & LUNAR_KEY_NORMAL_ONLY))
		return keys_answer(reply, "Irrelevant");
	if (id < LUNAR_KEY_NR)
		return keys_settle(nego, id, value, reply);
	/* RFC 7143 13.25: the constant "Reject" for the MarkInt keys. */
	if (key->flags & LUNAR_KEY_OBSOLETE)
		return keys_answer(reply, "Reject");
	return LUNAR_KEY_SILENT;
}

/**
 * lunar_keys_finish() - settle what depends on more than one key
 * @nego:	the negotiation, with all keys of the login in
 *
 * FirstBurstLength is limited to MaxBurstLength (RFC 7143 13.14). A digest that
 * is configured as required must have been agreed to: an initiator that did
 * not offer the key, or got "Reject", is left with None.
 *
 * result.val[LUNAR_KEY_MAX_RECV_DATA_SEGMENT_LENGTH] is the standard's default:
 * whether our own value was declared is known to the login engine.
 *
 * Context: any; the caller owns @nego.
 * Return: 0, or -EPROTO when the login must fail with initiator error for a
 * digest.
 */
int lunar_keys_finish(struct lunar_nego *nego)
{
	const u32 *offer = nego->offer->val;
	u32 *result = nego->result.val;

	result[LUNAR_KEY_FIRST_BURST_LENGTH] =
		min(result[LUNAR_KEY_FIRST_BURST_LENGTH],
		    result[LUNAR_KEY_MAX_BURST_LENGTH]);
	if (!(result[LUNAR_KEY_HEADER_DIGEST] & offer[LUNAR_KEY_HEADER_DIGEST]) ||
	    !(result[LUNAR_KEY_DATA_DIGEST] & offer[LUNAR_KEY_DATA_DIGEST]))
		return -EPROTO;
	return 0;
}

static int keys_parse_list(const struct lunar_key *key, const char *value,
			   u32 *val)
{
	u32 bits = 0;

	for (;;) {
		u32 len = keys_item_len(value);
		u32 bit = keys_item_bit(key, value, len);

		if (!bit)
			return -EINVAL;
		bits |= bit;
		if (!value[len])
			break;
		value += len + 1;
	}
	*val = bits;
	return 0;
}

/**
 * lunar_keys_parse() - a configured value from its text
 * @id:		enum lunar_key_id below LUNAR_KEY_NR
 * @value:	"Yes" or "No", a number, or "None,CRC32C", without newline
 * @val:	the result, for struct lunar_params; untouched on error
 *
 * Context: any.
 * Return: 0, -EINVAL when the standard does not allow the value for this
 * key, -EOPNOTSUPP when lunar does not.
 */
int lunar_keys_parse(int id, const char *value, u32 *val)
{
	const struct lunar_key *key;
	u32 num;
	int ret;

	if (id < 0 || id >= LUNAR_KEY_NR)
		return -EINVAL;
	key = &lunar_keys_table[id];
	if (key->type == LUNAR_KEY_LIST)
		ret = keys_parse_list(key, value, &num);
	else
		ret = keys_parse_scalar(key, value, &num);
	if (ret)
		return ret;
	if (num < key->config_min || num > key->config_max)
		return -EOPNOTSUPP;
	*val = num;
	return 0;
}

static int keys_format_list(const struct lunar_key *key, u32 val, char *buf,
			    u32 size)
{
	u32 len = 0;
	u32 i;

	for (i = 0; key->items[i] && len < size; i++)
		if (val & BIT(i))
			len += snprintf(buf + len, size - len, "%s%s",
					len ? "," : "", key->items[i]);
	return len;
}

/**
 * lunar_keys_format() - a value as text, as on the wire
 * @id:		enum lunar_key_id below LUNAR_KEY_NR
 * @val:	configured or negotiated value
 * @buf:	where to write
 * @size:	bytes there are, at least 1
 *
 * Context: any.
 * Return: length without the NUL, -EINVAL for a key that is not a number,
 * -ENOSPC when it does not fit.
 */
int lunar_keys_format(int id, u32 val, char *buf, u32 size)
{
	const struct lunar_key *key;
	u32 len;

	if (id < 0 || id >= LUNAR_KEY_NR)
		return -EINVAL;
	key = &lunar_keys_table[id];
	switch (key->type) {
	case LUNAR_KEY_LIST:
		len = keys_format_list(key, val, buf, size);
		break;
	case LUNAR_KEY_BOOL_AND:
	case LUNAR_KEY_BOOL_OR:
		len = snprintf(buf, size, "%s", val ? "Yes" : "No");
		break;
	default:
		len = snprintf(buf, size, "%u", val);
		break;
	}
	return len < size ? len : -ENOSPC;
}

/* Bytes of the well-formed UTF-8 sequence at @s, controls excluded; or 0. */
static u32 name_utf8_len(const u8 *s)
{
	static const u32 smallest[] = { 0, 0, 0xa0, 0x800, 0x10000 };
	u32 len = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	u32 code = s[0] & (0x7f >> len);
	u32 i;

	if (s[0] < 0xc0 || s[0] > 0xf4)
		return 0;
	for (i = 1; i < len; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3f);
	}
	if (code < smallest[len] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return len;
}

/*
 * RFC 7143 4.2.7.2: letters, digits, "-.:" and UTF-8. Capitals are folded by
 * who compares names. "_" is not in the standard, but in names made from host
 * names.
 */
static bool name_chars_ok(const char *s)
{
	while (*s) {
		u32 len = strspn(s, KEYS_LETTERS KEYS_DIGITS "-.:_");

		if (!len)
			len = name_utf8_len((const u8 *)s);
		if (!len)
			return false;
		s += len;
	}
	return true;
}

/* RFC 7143 4.2.7.4: "yyyy-mm." and a reversed domain name, then anything. */
static bool name_iqn_ok(const char *s)
{
	u32 month;

	if (strspn(s, KEYS_DIGITS) != 4 || s[4] != '-' ||
	    strspn(s + 5, KEYS_DIGITS) != 2 || s[7] != '.')
		return false;
	month = (s[5] - '0') * 10 + s[6] - '0';
	if (month < 1 || month > 12)
		return false;
	return s[8] && !strchr("-.:", s[8]) && name_chars_ok(s + 8);
}

static bool name_hex_ok(const char *s, u32 digits)
{
	return strlen(s) == digits && strspn(s, KEYS_HEX) == digits;
}

/**
 * lunar_keys_name_ok() - is this an iSCSI name?
 * @name:	InitiatorName or TargetName
 *
 * RFC 7143 4.2.7: "iqn." with date and naming authority, "eui." with 16 hex
 * digits, "naa." with 16 or 32; at most 223 bytes. Such a name is safe as a
 * directory name and in a log line.
 *
 * Context: any.
 * Return: true if it is.
 */
bool lunar_keys_name_ok(const char *name)
{
	if (strnlen(name, ISCSI_NAME_LEN) >= ISCSI_NAME_LEN)
		return false;
	if (!strncasecmp(name, "iqn.", 4))
		return name_iqn_ok(name + 4);
	if (!strncasecmp(name, "eui.", 4))
		return name_hex_ok(name + 4, 16);
	if (!strncasecmp(name, "naa.", 4))
		return name_hex_ok(name + 4, 16) || name_hex_ok(name + 4, 32);
	return false;
}

/**
 * lunar_keys_list_has() - is an item in a list of values?
 * @list:	"a,b,c" as received
 * @item:	the item, compared exactly
 *
 * Context: any.
 * Return: true if it is.
 */
bool lunar_keys_list_has(const char *list, const char *item)
{
	u32 want = strlen(item);

	for (;;) {
		u32 len = keys_item_len(list);

		if (len == want && !memcmp(list, item, len))
			return true;
		if (!list[len])
			return false;
		list += len + 1;
	}
}

/**
 * lunar_keys_put() - append name=value and its NUL to a text segment
 * @text:	the segment
 * @name:	key
 * @value:	its value
 *
 * A pair that does not fit is left out as a whole and sets @text->overflow.
 *
 * Context: any; the caller owns @text.
 */
void lunar_keys_put(struct lunar_text *text, const char *name,
		    const char *value)
{
	size_t name_len = strlen(name);
	size_t value_len = strlen(value);
	char *to = text->buf + text->len;

	if (name_len + value_len + 2 > text->size - text->len) {
		text->overflow = true;
		return;
	}
	memcpy(to, name, name_len);
	to[name_len] = '=';
	memcpy(to + name_len + 1, value, value_len + 1);
	text->len += name_len + value_len + 2;
}
