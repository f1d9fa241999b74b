// SPDX-License-Identifier: GPL-2.0
/*
 * One login, told on stdout, for tests written in shell (rawpdu -q VERB):
 *   login     log in, and out again
 *   discover  SendTargets=All in a discovery session
 *   targets   SendTargets= in a normal session
 *   obey      log in, log out when asked to
 *   linger    log in, never log out
 *   idle      the same in a discovery session
 * Prints "status 0xNNNN" or "closed", then the target's text, a pair on a line;
 * -S is the last byte of the ISID. What comes after is told as "async EVENT SECONDS", "closed after MS".
 */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rawpdu.h"

/* How long the last two wait for something to happen. */
#define EVENT_SECONDS	60

static void print_text(const char *text, u32 len)
{
	u32 at = 0;

	while (at < len) {
		printf("%s\n", text + at);
		at += strlen(text + at) + 1;
	}
}

static void wait_for_event(struct conn *c, bool obey)
{
	static struct pdu pdu;
	u64 begin = now_ms();

	while (pdu_pending(c, EVENT_SECONDS * 1000 * opt.factor) && pdu_recv(c, &pdu)) {
		const struct iscsi_async *msg = (const struct iscsi_async *)&pdu.bhs;

		if (pdu.bhs.hdr.opcode != ISCSI_OP_ASYNC_EVENT)
			fail("opcode 0x%02x", pdu.bhs.hdr.opcode);
		if (pdu.bhs.hdr.itt != RESERVED_ITT)
			fail("11.9: bytes 16 to 19 are not 0xffffffff");
		printf("async %u %u\n", msg->async_event, be16toh(msg->param3));
		fflush(stdout);
		begin = now_ms();
		if (obey) {
			logout(c);
			printf("logged out\n");
			return;
		}
	}
	printf("closed after %u\n", (unsigned int)(now_ms() - begin));
}

int query(const char *verb)
{
	bool idle = !strcmp(verb, "idle"), discovery = idle || !strcmp(verb, "discover");
	struct conn *c;
	static struct text text;
	u16 status;

	alarm(EVENT_SECONDS * opt.factor);
	setlinebuf(stdout);
	c = conn_open();
	status = login_try(c, &(struct login){ .discovery = discovery, .isid = opt.seed,
					       .user = opt.user,
					       .secret = opt.secret,
					       .methods = opt.secret ? "CHAP" : "None" });
	if (status == LOGIN_CLOSED) {
		printf("closed\n");
		return 0;
	}
	printf("status 0x%04x\n", status);
	if (status) {
		print_text(c->answer.buf, c->answer.len);
		want_closed(c);
		return 0;
	}
	if (!idle && (discovery || !strcmp(verb, "targets"))) {
		exchange_text(c, discovery ? "SendTargets=All\n" : "SendTargets=\n", &text);
		print_text(text.buf, text.len);
	} else {
		print_text(c->answer.buf, c->answer.len);
	}
	if (idle || !strcmp(verb, "obey") || !strcmp(verb, "linger"))
		wait_for_event(c, !strcmp(verb, "obey"));
	else
		logout(c);
	return 0;
}
