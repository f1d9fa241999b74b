// SPDX-License-Identifier: GPL-2.0
#include "parse.h"
#include "model.h"
#include "util.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../uapi/lunar.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* A decimal number without sign or space; *end is what follows it. */
static bool parse_number(const char *text, uint64_t *n, const char **end)
{
	char *rest;

	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	*n = strtoull(text, &rest, 10);
	*end = rest;
	return !errno;
}

bool parse_size(const char *text, uint64_t *bytes)
{
	static const char units[] = "KMGT";
	const char *end, *unit = NULL;
	uint64_t n, shift = 0;
	bool ok = parse_number(text, &n, &end);

	if (ok && *end) {
		unit = strchr(units, toupper((unsigned char)*end));
		ok = unit && !end[1];
		if (unit)
			shift = 10 * (unit - units + 1);
	}
	ok = ok && n && n <= (uint64_t)INT64_MAX >> shift;
	if (!ok) {
		complain(
			"size '%s' is not valid; give bytes or a number with K, M, G or T, such as "
			"500G, below 8 EiB",
			text);
		return false;
	}
	*bytes = n << shift;
	return true;
}

bool parse_block_size(const char *text, unsigned int *bytes)
{
	uint64_t n;
	const char *end;

	if (!parse_number(text, &n, &end) || *end ||
	    (n != 512 && n != 1024 && n != 2048 && n != 4096)) {
		complain("block size '%s' is not valid; use 512 (for ESXi), 1024, 2048 or 4096",
			 text);
		return false;
	}
	*bytes = n;
	return true;
}

bool parse_lun(const char *text, unsigned int *lun)
{
	uint64_t n;
	const char *end;

	if (!parse_number(text, &n, &end) || *end || n > LUNAR_LUN_MAX) {
		complain("LUN '%s' is not valid; use 0 to %d", text, LUNAR_LUN_MAX);
		return false;
	}
	*lun = n;
	return true;
}

bool parse_mode(const char *text, unsigned int *mode)
{
	for (*mode = MODE_WRITE_THROUGH; *mode <= MODE_DIRECT; (*mode)++) {
		if (!strcmp(text, mode_name(*mode)))
			return true;
	}
	complain("mode '%s' is not valid; use write-through, write-back or direct", text);
	return false;
}

/* iqn.YYYY-MM.domain.reversed[:anything], of what rtslib and RFC 7143 both allow. */
static bool is_iqn(const char *s)
{
	const char *dot;

	if (strncmp(s, "iqn.", 4) || strspn(s + 4, DIGITS) != 4 || s[8] != '-' ||
	    strspn(s + 9, DIGITS) != 2 || s[11] != '.')
		return false;
	if (s[9] > '1' || strspn(s, LOWER DIGITS "-.:") != strlen(s))
		return false;
	dot = strchr(s + 12, '.');
	return isalnum((unsigned char)s[12]) && dot && dot[1];
}

static bool is_hex_name(const char *s, const char *prefix, size_t digits, const char *first)
{
	size_t len = strlen(prefix);

	return !strncmp(s, prefix, len) && strlen(s) == len + digits &&
	       strspn(s + len, DIGITS "abcdef") == digits && strchr(first, s[len]);
}

char *parse_iscsi_name(const char *what, const char *text)
{
	char *name = xstrdup(text);

	for (char *p = name; *p; p++)
		*p = tolower((unsigned char)*p);
	if (strlen(name) <= LUNAR_ISCSI_NAME_MAX &&
	    (is_iqn(name) || is_hex_name(name, "eui.", 16, DIGITS "abcdef") ||
	     is_hex_name(name, "naa.", 16, "125")))
		return name;
	complain(
		"%s name '%s' is not valid; an iSCSI name looks like "
		"iqn.2001-04.com.example:disk1, has letters, digits, '-', '.' and ':', and at most "
		"%d of them",
		what, text, LUNAR_ISCSI_NAME_MAX);
	free(name);
	return NULL;
}

char *parse_portal(const char *text)
{
	char *copy = xstrdup(text);
	char *host = copy, *port = NULL, *portal = NULL;
	char address[INET6_ADDRSTRLEN];
	uint64_t number = LUNAR_PORTAL_PORT_DEFAULT;
	unsigned char binary[sizeof(struct in6_addr)];
	int family = AF_INET;
	const char *end = "";
	bool ok = true;

	if (*copy == '[') {
		family = AF_INET6;
		host++;
		port = strchr(host, ']');
		ok = port;
		if (port) {
			*port++ = '\0';
			ok = !*port || *port == ':';
		}
	} else {
		port = strchr(copy, ':');
	}
	if (ok && port && *port == ':') {
		*port++ = '\0';
		ok = parse_number(port, &number, &end) && !*end && number && number <= 65535;
	}
	if (ok && inet_pton(family, host, binary) == 1 &&
	    inet_ntop(family, binary, address, sizeof(address)))
		portal = fmt(family == AF_INET6 ? "[%s]:%u" : "%s:%u", address,
			     (unsigned int)number);
	else
		complain(
			"portal '%s' is not valid; use an address of this host and a port, such as "
			"192.0.2.1:%d or [2001:db8::1]:%d",
			text, LUNAR_PORTAL_PORT_DEFAULT, LUNAR_PORTAL_PORT_DEFAULT);
	free(copy);
	return portal;
}

bool check_disk_name(const char *name)
{
	size_t len = strlen(name);

	if (len && len <= LUNAR_DISK_NAME_MAX && isalnum((unsigned char)*name) &&
	    strspn(name, LOWER UPPER DIGITS "-_.") == len)
		return true;
	complain(
		"name '%s' is not valid; use 1 to %d letters, digits, '-', '_' and '.', the first a "
		"letter or digit, and set it with --name",
		name, LUNAR_DISK_NAME_MAX);
	return false;
}

char *parse_serial(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	bool ok = strlen(text) == strlen(form);
	char *serial;

	for (size_t i = 0; ok && form[i]; i++)
		ok = form[i] == '-' ? text[i] == '-' : isxdigit((unsigned char)text[i]);
	if (!ok) {
		complain("serial '%s' is not valid; it is an UUID, as uuidgen makes it", text);
		return NULL;
	}
	serial = xstrdup(text);
	for (char *p = serial; *p; p++)
		*p = tolower((unsigned char)*p);
	return serial;
}

/* The kernel takes a user or secret that begins with NULL for "not set". */
static bool means_unset(const char *s)
{
	return !strncmp(s, LUNAR_AUTH_UNSET, strlen(LUNAR_AUTH_UNSET));
}

bool check_chap_user(const char *user)
{
	size_t len = strlen(user);

	for (const char *p = user; *p; p++) {
		if (!isgraph((unsigned char)*p))
			len = 0;
	}
	if (len && len <= LUNAR_CHAP_USER_MAX && !means_unset(user))
		return true;
	complain(
		"CHAP user '%s' is not valid; use 1 to %d printable characters without spaces, not "
		"beginning with %s",
		user, LUNAR_CHAP_USER_MAX, LUNAR_AUTH_UNSET);
	return false;
}

static bool check_chap_secret(const char *secret, const char *from)
{
	size_t len = strlen(secret);
	bool printable = true;

	for (const char *p = secret; *p; p++)
		printable = printable && isprint((unsigned char)*p);
	if (len < LUNAR_CHAP_SECRET_MIN || len > LUNAR_CHAP_SECRET_MAX)
		complain("the CHAP secret from %s is too %s; use %d to %d characters", from,
			 len < LUNAR_CHAP_SECRET_MIN ? "short" : "long", LUNAR_CHAP_SECRET_MIN,
			 LUNAR_CHAP_SECRET_MAX);
	else if (!printable || secret[len - 1] == ' ')
		complain(
			"the CHAP secret from %s has characters that cannot be typed at an initiator, "
			"or a space at its end; use printable ASCII",
			from);
	else if (means_unset(secret))
		complain("the CHAP secret from %s begins with %s, which the kernel takes for no "
			 "secret; use another",
			 from, LUNAR_AUTH_UNSET);
	else
		return true;
	return false;
}

/* One line, without stdio's buffers that would keep a copy. */
static char *read_line(int fd)
{
	char buffer[LUNAR_CHAP_SECRET_MAX + 3]; /* one too many, CR LF, NUL */
	size_t len = 0;
	ssize_t n = 1;
	char *line = NULL;

	while (n > 0 && len < sizeof(buffer) - 1 && !memchr(buffer, '\n', len)) {
		n = read(fd, buffer + len, sizeof(buffer) - 1 - len);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			len += n;
	}
	if (n >= 0) {
		buffer[len] = '\0';
		buffer[strcspn(buffer, "\r\n")] = '\0';
		line = xstrdup(buffer);
	}
	explicit_bzero(buffer, sizeof(buffer));
	return line;
}

char *read_chap_secret(const char *file)
{
	const char *from = !file ? "LUNARCTL_CHAP_SECRET" : strcmp(file, "-") ? file : "stdin";
	char *secret = NULL;
	struct stat st;
	int fd = -1;

	if (!file) {
		const char *value = secure_getenv("LUNARCTL_CHAP_SECRET");

		if (!value) {
			complain("--chap-user needs a secret; give --chap-secret-file FILE (- for "
				 "standard input) or set LUNARCTL_CHAP_SECRET");
			return NULL;
		}
		secret = xstrdup(value);
	} else {
		fd = strcmp(file, "-") ? open(file, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
		if (fd >= 0)
			secret = read_line(fd);
		if (!secret) {
			complain("cannot read the CHAP secret from %s: %s", from, strerror(errno));
		} else if (fd != STDIN_FILENO && !fstat(fd, &st) && (st.st_mode & 077)) {
			complain("warning: others than its owner can read the CHAP secret in %s "
				 "(mode %04o); run chmod 600 %s",
				 file, st.st_mode & 07777, file);
		}
		if (fd > STDIN_FILENO)
			close(fd);
	}
	if (secret && !check_chap_secret(secret, from)) {
		free_secret(secret);
		secret = NULL;
	}
	return secret;
}
