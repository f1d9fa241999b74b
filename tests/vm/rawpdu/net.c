// SPDX-License-Identifier: GPL-2.0
/* Bytes and PDUs. What every target PDU must have right is checked here. */

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "rawpdu.h"

/* The target's time to answer anything. */
#define ANSWER_MS	(10000 * opt.factor)

static u32 crc32c(u32 crc, const void *buf, size_t len)
{
	static u32 table[256];
	const u8 *p = buf;
	u32 i, j;

	for (i = 0; i < 256 && !table[255]; i++) {
		u32 entry = i;

		for (j = 0; j < 8; j++)
			entry = entry >> 1 ^ (entry & 1 ? 0x82f63b78 : 0);
		table[i] = entry;
	}
	while (len--)
		crc = crc >> 8 ^ table[(u8)(crc ^ *p++)];
	return crc;
}

static void bind_source(int fd, const struct addrinfo *hints)
{
	struct addrinfo *addr;
	int ret = getaddrinfo(opt.source, NULL, hints, &addr);

	if (ret)
		fail("%s: %s", opt.source, gai_strerror(ret));
	if (bind(fd, addr->ai_addr, addr->ai_addrlen))
		fail("%s: %s", opt.source, strerror(errno));
	freeaddrinfo(addr);
}

struct conn *conn_open(void)
{
	struct addrinfo hints = { .ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_STREAM };
	struct conn *c = calloc(1, sizeof(*c));
	struct addrinfo *addr;
	int one = 1, ret;

	ret = getaddrinfo(opt.host, opt.port, &hints, &addr);
	if (ret)
		fail("%s:%s: %s", opt.host, opt.port, gai_strerror(ret));
	c->fd = socket(addr->ai_family, addr->ai_socktype | SOCK_CLOEXEC, 0);
	if (opt.source)
		bind_source(c->fd, &hints);
	if (connect(c->fd, addr->ai_addr, addr->ai_addrlen))
		fail("connect: %s", strerror(errno));
	freeaddrinfo(addr);
	setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	c->cmdsn = 1;
	c->itt = 0x100;
	c->max_recv = ISCSI_DEF_MAX_RECV_SEG_LEN;
	return c;
}

void conn_close(struct conn *c)
{
	close(c->fd);
	free(c);
}

/* The same with RST, and what is not yet sent is lost. */
void conn_reset(struct conn *c)
{
	struct linger linger = { .l_onoff = 1 };

	setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	conn_close(c);
}

/* What is sent meanwhile goes out in one segment, if it fits into one. */
void conn_cork(struct conn *c, bool on)
{
	int cork = on;

	setsockopt(c->fd, IPPROTO_TCP, TCP_CORK, &cork, sizeof(cork));
}

/* False if the target has closed the connection. */
bool conn_send(struct conn *c, const void *buf, size_t len)
{
	while (len) {
		ssize_t n = send(c->fd, buf, len, MSG_NOSIGNAL);

		if (n < 0)
			return false;
		buf = (const u8 *)buf + n;
		len -= n;
	}
	return true;
}

/* Is there something to read, the end included, within that time? */
bool pdu_pending(struct conn *c, u32 ms)
{
	struct pollfd pfd = { .fd = c->fd, .events = POLLIN };

	return poll(&pfd, 1, ms) > 0;
}

/* False at the end of the connection. */
static bool receive(struct conn *c, void *buf, u32 len)
{
	while (len) {
		ssize_t n;

		if (!pdu_pending(c, ANSWER_MS))
			fail("no answer within %u ms", ANSWER_MS);
		n = recv(c->fd, buf, len, 0);
		if (n <= 0)
			return false;
		buf = (u8 *)buf + n;
		len -= n;
	}
	return true;
}

/* Reads and forgets until the target closes; false if it does not in time. */
bool conn_wait_closed(struct conn *c, u32 ms)
{
	u64 end = now_ms() + ms;
	u8 buf[4096];

	for (;;) {
		u64 now = now_ms();

		if (now > end || !pdu_pending(c, end - now))
			return false;
		if (recv(c->fd, buf, sizeof(buf), 0) <= 0)
			return true;
	}
}

/* A request with the next ITT and CmdSN; all else is 0. */
void bhs_init(struct conn *c, union bhs *bhs, u8 opcode)
{
	memset(bhs, 0, sizeof(*bhs));
	bhs->hdr.opcode = opcode;
	bhs->hdr.flags = FINAL;
	bhs->hdr.itt = htobe32(c->itt++);
	bhs->cmd.cmdsn = htobe32(c->cmdsn);
	bhs->cmd.exp_statsn = htobe32(c->exp_statsn);
	if (!(opcode & ISCSI_OP_IMMEDIATE) && opcode != ISCSI_OP_SCSI_DATA_OUT)
		c->cmdsn++;
}

bool pdu_send_ahs(struct conn *c, union bhs *bhs, const void *ahs, u32 ahs_len,
		  const void *data, u32 len)
{
	u32 pad = -len % ISCSI_PAD_LEN, at = 0, crc;
	u8 *buf = malloc(sizeof(*bhs) + ahs_len + len + pad + 8);
	bool sent;

	bhs->hdr.hlength = ahs_len / 4;
	hton24(bhs->hdr.dlength, len);
	memcpy(buf, bhs, sizeof(*bhs));
	if (ahs_len)
		memcpy(buf + sizeof(*bhs), ahs, ahs_len);
	at = sizeof(*bhs) + ahs_len;
	if (c->header_digest) {
		crc = htole32(~crc32c(~0u, buf, at));
		if (c->corrupt == CORRUPT_HEADER_DIGEST)
			crc ^= htole32(0x10);
		memcpy(buf + at, &crc, sizeof(crc));
		at += sizeof(crc);
	}
	if (len)
		memcpy(buf + at, data, len);
	memset(buf + at + len, 0, pad);
	if (c->data_digest && len) {
		crc = htole32(~crc32c(~0u, buf + at, len + pad));
		if (c->corrupt == CORRUPT_DATA_DIGEST)
			crc ^= htole32(0x10);
		memcpy(buf + at + len + pad, &crc, sizeof(crc));
		at += sizeof(crc);
	}
	c->corrupt = CORRUPT_NOTHING;
	sent = conn_send(c, buf, at + len + pad);
	free(buf);
	return sent;
}

bool pdu_send(struct conn *c, union bhs *bhs, const void *data, u32 len)
{
	return pdu_send_ahs(c, bhs, NULL, 0, data, len);
}

/* Does this PDU use a StatSN up (RFC 7143 11)? */
static bool has_status(const union bhs *bhs)
{
	switch (bhs->hdr.opcode) {
	case ISCSI_OP_R2T:
		return false;
	case ISCSI_OP_NOOP_IN:
		return bhs->hdr.itt != RESERVED_ITT;
	case ISCSI_OP_SCSI_DATA_IN:
		return bhs->hdr.flags & ISCSI_FLAG_DATA_STATUS;
	default:
		return true;
	}
}

/* StatSN, ExpCmdSN, MaxCmdSN (RFC 7143 4.2.2). */
static void check_numbers(struct conn *c, const union bhs *bhs)
{
	u32 statsn = be32toh(bhs->rsp.statsn);
	u32 exp_cmdsn = be32toh(bhs->rsp.exp_cmdsn);
	u32 max_cmdsn = be32toh(bhs->rsp.max_cmdsn);

	/* A refusal of a login that had not begun says nothing here. */
	if (bhs->hdr.opcode == ISCSI_OP_LOGIN_RSP && bhs->login_rsp.status_class)
		return;
	if (bhs->hdr.opcode != ISCSI_OP_SCSI_DATA_IN || has_status(bhs)) {
		if (c->exp_statsn && statsn != c->exp_statsn)
			fail("opcode 0x%02x has StatSN %u, should be %u",
			     bhs->hdr.opcode, statsn, c->exp_statsn);
		if (has_status(bhs))
			c->exp_statsn = statsn + 1;
	}
	if (iscsi_sna_gt(exp_cmdsn, c->cmdsn))
		fail("ExpCmdSN %u, but %u is the next to be sent", exp_cmdsn, c->cmdsn);
	if (iscsi_sna_lt(max_cmdsn, exp_cmdsn - 1))
		fail("MaxCmdSN %u is below ExpCmdSN %u - 1", max_cmdsn, exp_cmdsn);
	if (c->full && (iscsi_sna_lt(exp_cmdsn, c->exp_cmdsn) ||
			iscsi_sna_lt(max_cmdsn, c->max_cmdsn)))
		fail("ExpCmdSN or MaxCmdSN goes back");
	c->exp_cmdsn = exp_cmdsn;
	c->max_cmdsn = max_cmdsn;
}

static bool receive_digest(struct conn *c, u32 crc, const char *what)
{
	__le32 digest;

	if (!receive(c, &digest, sizeof(digest)))
		return false;
	if (le32toh(digest) != ~crc)
		fail("wrong %s digest from the target", what);
	return true;
}

static bool receive_pdu(struct conn *c, struct pdu *pdu)
{
	u32 pad;

	if (!receive(c, &pdu->bhs, sizeof(pdu->bhs)))
		return false;
	if (pdu->bhs.hdr.hlength)
		fail("opcode 0x%02x with AHS", pdu->bhs.hdr.opcode);
	if (c->header_digest &&
	    !receive_digest(c, crc32c(~0u, &pdu->bhs, sizeof(pdu->bhs)), "header"))
		return false;
	pdu->len = ntoh24(pdu->bhs.hdr.dlength);
	if (pdu->len > c->max_recv)
		fail("opcode 0x%02x with %u bytes, we take %u",
		     pdu->bhs.hdr.opcode, pdu->len, c->max_recv);
	pad = -pdu->len % ISCSI_PAD_LEN;
	if (!receive(c, pdu->data, pdu->len + pad))
		return false;
	if (c->data_digest && pdu->len &&
	    !receive_digest(c, crc32c(~0u, pdu->data, pdu->len + pad), "data"))
		return false;
	check_numbers(c, &pdu->bhs);
	return true;
}

/* Answers a ping of the target; false if that was not one. */
static bool answer_ping(struct conn *c, const struct pdu *pdu)
{
	union bhs bhs;

	if (pdu->bhs.hdr.opcode != ISCSI_OP_NOOP_IN ||
	    pdu->bhs.hdr.ttt == htobe32(ISCSI_RESERVED_TAG))
		return false;
	bhs_init(c, &bhs, ISCSI_OP_NOOP_OUT | ISCSI_OP_IMMEDIATE);
	bhs.nop_out.itt = RESERVED_ITT;
	bhs.nop_out.ttt = pdu->bhs.nop_in.ttt;
	bhs.nop_out.lun = pdu->bhs.nop_in.lun;
	pdu_send(c, &bhs, NULL, 0);
	return true;
}

/* The next PDU has to be a ping, which is answered. */
void pdu_ping(struct conn *c)
{
	static struct pdu pdu;

	if (!receive_pdu(c, &pdu))
		fail("closed instead of a ping");
	if (pdu.len || !answer_ping(c, &pdu))
		fail("opcode 0x%02x instead of a ping", pdu.bhs.hdr.opcode);
}

/* The next PDU; false if the connection is closed instead. */
bool pdu_recv(struct conn *c, struct pdu *pdu)
{
	do {
		if (!receive_pdu(c, pdu))
			return false;
	} while (answer_ping(c, pdu));
	return true;
}

/* The next PDU, which must have this opcode. Overwritten by the next call. */
struct pdu *pdu_want(struct conn *c, u8 opcode)
{
	static struct pdu pdu;

	if (!pdu_recv(c, &pdu))
		fail("the connection is closed, expected opcode 0x%02x", opcode);
	if (pdu.bhs.hdr.opcode != opcode)
		fail("opcode 0x%02x (byte 2: 0x%02x), expected 0x%02x",
		     pdu.bhs.hdr.opcode, pdu.bhs.raw[2], opcode);
	return &pdu;
}

/* The target must close; before that it may Reject or give an event. */
void want_closed(struct conn *c)
{
	static struct pdu pdu;

	while (pdu_recv(c, &pdu))
		if (pdu.bhs.hdr.opcode != ISCSI_OP_REJECT &&
		    pdu.bhs.hdr.opcode != ISCSI_OP_ASYNC_EVENT)
			fail("opcode 0x%02x instead of a closed connection",
			     pdu.bhs.hdr.opcode);
}

/* RFC 7143 11.17: a Reject with this reason (-1: any) and the header of @bhs. */
void want_reject(struct conn *c, const union bhs *bhs, int reason)
{
	const struct pdu *pdu = pdu_want(c, ISCSI_OP_REJECT);

	if (reason >= 0 && pdu->bhs.reject.reason != reason)
		fail("Reject reason 0x%02x, should be 0x%02x", pdu->bhs.reject.reason, reason);
	if (be32toh(pdu->bhs.reject.ffffffff) != 0xffffffff)
		fail("Reject: bytes 16 to 19 are not 0xffffffff");
	if (pdu->len < sizeof(*bhs) || memcmp(pdu->data, bhs, sizeof(*bhs)))
		fail("Reject does not carry the header it rejects");
}
