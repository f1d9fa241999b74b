// SPDX-License-Identifier: GPL-2.0
/*
 * A text segment from an initiator, taken apart and answered. The first byte
 * is the configuration, the rest the segment; it is also tried as a name, as a
 * configured value and as a list.
 */

#include <errno.h>
#include <linux/kernel.h>
#include <stdlib.h>
#include <string.h>

#include "iscsi/keys.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#define require(condition)		\
	do {				\
		if (!(condition))	\
			abort();	\
	} while (0)

static void negotiate(struct lunar_nego *nego, const char *name, const char *value,
		      struct lunar_text *out)
{
	int id = lunar_keys_find(name);
	char reply[LUNAR_KEY_REPLY_MAX];
	u64 seen = nego->seen;

	memset(reply, 0x7f, sizeof(reply));
	switch (lunar_keys_negotiate(nego, id, value, reply)) {
	case LUNAR_KEY_ANSWER:
		require(strnlen(reply, sizeof(reply)) < sizeof(reply));
		require(*reply);
		lunar_keys_put(out, name, reply);
		break;
	case LUNAR_KEY_SILENT:
	case LUNAR_KEY_FATAL:
		require(*reply == 0x7f);
		break;
	}
	require((nego->seen & seen) == seen);
	require(id >= 0 || nego->seen == seen);
}

/* Results are legal, and within what either side can have offered. */
static void check_result(struct lunar_nego *nego)
{
	int id;

	for (id = 0; id < LUNAR_KEY_NR; id++) {
		const struct lunar_key *key = &lunar_keys_table[id];
		u32 val = nego->result.val[id];

		if (key->type == LUNAR_KEY_LIST)
			require(__builtin_popcount(val) == 1 && val <= key->config_max);
		else
			require(val >= key->min && val <= key->max);
	}
	require(nego->peer_max_recv >= 512 && nego->peer_max_recv <= 16777215);
	require(nego->result.val[LUNAR_KEY_MAX_OUTSTANDING_R2T] <= 8);
	require(nego->result.val[LUNAR_KEY_ERROR_RECOVERY_LEVEL] == 0);
	require(nego->result.val[LUNAR_KEY_MAX_CONNECTIONS] == 1);
	lunar_keys_finish(nego);
	require(nego->result.val[LUNAR_KEY_FIRST_BURST_LENGTH] <=
		nego->result.val[LUNAR_KEY_MAX_BURST_LENGTH]);
}

static void segment(u8 config, const u8 *data, size_t size)
{
	char *buf = malloc(size ? size : 1), *name, *value;
	char answers[512];
	struct lunar_text out = { .buf = answers, .size = config };
	struct lunar_params offer;
	struct lunar_nego nego;
	u32 pos = 0, before;
	int ret;

	memcpy(buf, data, size);
	lunar_keys_defaults(&offer);
	offer.val[LUNAR_KEY_HEADER_DIGEST] = 1 + (config & 3) % 3;
	offer.val[LUNAR_KEY_INITIAL_R2T] = !!(config & 4);
	offer.val[LUNAR_KEY_MAX_BURST_LENGTH] = config & 8 ? 512 : 16777215;
	lunar_keys_init(&nego, &offer);
	nego.discovery = config & 16;

	for (;;) {
		before = pos;
		ret = lunar_keys_next(buf, size, &pos, &name, &value);
		require(pos >= before && pos <= size);
		if (ret <= 0)
			break;
		require(pos > before && name >= buf + before && value + strlen(value) < buf + pos);
		negotiate(&nego, name, value, &out);
	}
	require(ret == -EINVAL || pos == size);
	require(out.len <= out.size);
	check_result(&nego);
	free(buf);

	/* What we answer is a text segment, too. */
	pos = 0;
	while ((ret = lunar_keys_next(answers, out.len, &pos, &name, &value)) > 0)
		require(*value);
	require(ret == 0);
}

static void value(u8 config, const u8 *data, size_t size)
{
	int id = config % LUNAR_KEY_TABLE_SIZE;
	char *text = malloc(size + 1);
	char again[64];
	u32 val, back;

	memcpy(text, data, size);
	text[size] = '\0';
	lunar_keys_list_has(text, "CHAP");
	if (lunar_keys_name_ok(text))
		require(strlen(text) <= 223 && !strpbrk(text, "/ \n\\\"%"));
	if (!lunar_keys_parse(id, text, &val)) {
		require(lunar_keys_format(id, val, again, sizeof(again)) > 0);
		require(!lunar_keys_parse(id, again, &back) && back == val);
	}
	free(text);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	if (!size)
		return 0;
	segment(data[0], data + 1, size - 1);
	value(data[0], data + 1, size - 1);
	return 0;
}
