// SPDX-License-Identifier: GPL-2.0
/* Keys and values of CHAP as text. Pure. */

#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "chap.h"

/**
 * lunar_chap_take() - keep one key=value pair if it belongs to CHAP
 * @request:	where to keep it; all NULL before the first pair
 * @name:	the key
 * @value:	its value; not copied
 *
 * Context: any.
 * Return: 0 if the pair was taken, -ENOENT if it is no key of CHAP, -EEXIST
 * if the key came twice.
 */
int lunar_chap_take(struct lunar_chap_request *request, const char *name,
		    const char *value)
{
	const char **to;

	if (!strcmp(name, "CHAP_A"))
		to = &request->algorithms;
	else if (!strcmp(name, "CHAP_I"))
		to = &request->id;
	else if (!strcmp(name, "CHAP_C"))
		to = &request->challenge;
	else if (!strcmp(name, "CHAP_N"))
		to = &request->name;
	else if (!strcmp(name, "CHAP_R"))
		to = &request->response;
	else
		return -ENOENT;

	if (*to)
		return -EEXIST;
	*to = value;
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -EINVAL;
}

/* RFC 7143 6.1 leaves the case of "0x" and "0b" open. */
static bool has_prefix(const char *text, char letter)
{
	return text[0] == '0' && (text[1] | 0x20) == letter;
}

/**
 * lunar_chap_number() - a number of one byte, as in CHAP_I and CHAP_A
 * @text:	decimal, or "0x" and hex digits; no sign, no octal
 * @len:	its length; @text need not end there
 *
 * Context: any.
 * Return: 0 to 255, or -EINVAL.
 */
int lunar_chap_number(const char *text, u32 len)
{
	int base = 10, number = 0;
	u32 i = 0;

	if (len > 2 && has_prefix(text, 'x')) {
		base = 16;
		i = 2;
	}
	if (i == len)
		return -EINVAL;
	for (; i < len; i++) {
		int digit = hex_digit(text[i]);

		if (digit < 0 || digit >= base)
			return -EINVAL;
		number = number * base + digit;
		if (number > 255)
			return -EINVAL;
	}
	return number;
}

static int decode_hex(const char *text, u8 *buf, u32 size)
{
	size_t len = strlen(text);
	u32 i;

	if (!len || len % 2 || len / 2 > size)
		return -EINVAL;
	for (i = 0; i < len / 2; i++) {
		int high = hex_digit(text[2 * i]);
		int low = hex_digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		buf[i] = high << 4 | low;
	}
	return i;
}

static int base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	if (c == '/')
		return 63;
	return -EINVAL;
}

/* RFC 4648 4: groups of four, padded, unused bits zero. */
static int decode_base64(const char *text, u8 *buf, u32 size)
{
	size_t len = strlen(text);
	u32 bits = 0, out = 0, acc = 0;
	size_t i;

	if (!len || len % 4)
		return -EINVAL;
	if (text[len - 1] == '=')
		len--;
	if (text[len - 1] == '=')
		len--;
	if (len * 6 / 8 > size)
		return -EINVAL;
	for (i = 0; i < len; i++) {
		int digit = base64_digit(text[i]);

		if (digit < 0)
			return -EINVAL;
		acc = acc << 6 | digit;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			buf[out++] = acc >> bits;
		}
	}
	if (acc & ((1U << bits) - 1))
		return -EINVAL;
	return out;
}

/**
 * lunar_chap_decode() - bytes from a large-binary-value (RFC 7143 6.1)
 * @text:	"0x" and hex digits, or "0b" and base64
 * @buf:	the bytes; undefined on error
 * @size:	bytes there are
 *
 * Context: any.
 * Return: number of bytes, at least 1, or -EINVAL when the text is malformed
 * or stands for more than @size bytes.
 */
int lunar_chap_decode(const char *text, u8 *buf, u32 size)
{
	if (has_prefix(text, 'x'))
		return decode_hex(text + 2, buf, size);
	if (has_prefix(text, 'b'))
		return decode_base64(text + 2, buf, size);
	return -EINVAL;
}

/**
 * lunar_chap_encode() - bytes to "0x" and hex digits
 * @buf:	the bytes
 * @len:	their number
 * @text:	LUNAR_CHAP_TEXT_SIZE(@len) bytes
 *
 * Context: any.
 */
void lunar_chap_encode(const u8 *buf, u32 len, char *text)
{
	static const char digits[] = "0123456789abcdef";
	u32 i;

	*text++ = '0';
	*text++ = 'x';
	for (i = 0; i < len; i++) {
		*text++ = digits[buf[i] >> 4];
		*text++ = digits[buf[i] & 0xf];
	}
	*text = '\0';
}

/**
 * lunar_chap_next_user() - the first user of the rest of a list
 * @users:	the list, or any line of it
 * @len:	length of the name at @users
 *
 * Context: any.
 * Return: the line behind that user's, or NULL at the end of the list.
 */
const char *lunar_chap_next_user(const char *users, u32 *len)
{
	if (!*users)
		return NULL;
	*len = strcspn(users, " ");
	return users + strcspn(users, "\n") + 1;
}

static const char *find_line(const char *users, const char *name, u32 name_len)
{
	const char *line, *next;
	u32 len;

	for (line = users; (next = lunar_chap_next_user(line, &len)); line = next)
		if (len == name_len && !memcmp(line, name, len))
			return line;
	return NULL;
}

/**
 * lunar_chap_find_user() - look a user up
 * @users:	the list
 * @name:	CHAP_N as received
 * @len:	length of the secret
 *
 * Context: any.
 * Return: the secret, in @users, or NULL if there is no such user.
 */
const char *lunar_chap_find_user(const char *users, const char *name, u32 *len)
{
	u32 name_len = strlen(name);
	const char *line = find_line(users, name, name_len);

	if (!line)
		return NULL;
	line += name_len + 1;
	*len = strcspn(line, "\n");
	return line;
}

/**
 * lunar_chap_del_user() - take a user off a list
 * @users:	the list; what is behind its end is zeroed
 * @name:	need not end with a NUL
 * @name_len:	its length
 *
 * Context: any.
 * Return: 0, or -ENOENT if there is no such user.
 */
int lunar_chap_del_user(char *users, const char *name, u32 name_len)
{
	const char *line = find_line(users, name, name_len);
	u32 line_len, rest;
	char *to;

	if (!line)
		return -ENOENT;
	to = users + (line - users);
	line_len = strcspn(line, "\n") + 1;
	rest = strlen(line + line_len);
	memmove(to, line + line_len, rest);
	memset(to + rest, 0, line_len);
	return 0;
}

/**
 * lunar_chap_put_user() - add a user to a list, or give one another secret
 * @users:	the list
 * @size:	bytes there are, the NUL included
 * @name:	need not end with a NUL
 * @name_len:	its length, at least 1
 * @secret:	need not end with a NUL
 * @secret_len:	its length
 *
 * Context: any.
 * Return: 0, or -ENOSPC if there is no room; the list is then as it was.
 */
int lunar_chap_put_user(char *users, u32 size, const char *name, u32 name_len,
			const char *secret, u32 secret_len)
{
	const char *old = find_line(users, name, name_len);
	u32 old_len = old ? strcspn(old, "\n") + 1 : 0;
	u32 used = strlen(users);
	char *to;

	if (used - old_len + name_len + secret_len + 2 >= size)
		return -ENOSPC;
	if (old)
		lunar_chap_del_user(users, name, name_len);
	to = users + used - old_len;
	memcpy(to, name, name_len);
	to += name_len;
	*to++ = ' ';
	memcpy(to, secret, secret_len);
	to += secret_len;
	*to++ = '\n';
	*to = '\0';
	return 0;
}
