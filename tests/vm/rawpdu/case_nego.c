// SPDX-License-Identifier: GPL-2.0
/* Tables: stages and bits of a login, its header, its keys. */

#include <stdio.h>
#include <string.h>

#include "rawpdu.h"

#define T		ISCSI_FLAG_LOGIN_TRANSIT
#define C		ISCSI_FLAG_LOGIN_CONTINUE
#define SECURITY	(ISCSI_SECURITY_NEGOTIATION_STAGE << 2)
#define OPERATIONAL	(ISCSI_OP_PARMS_NEGOTIATION_STAGE << 2)
#define TO_OPERATIONAL	(T | ISCSI_OP_PARMS_NEGOTIATION_STAGE)
#define TO_FULL		(T | ISCSI_FULL_FEATURE_PHASE)

#define NAMES		"@"	/* the text of a usual first request */
#define NAMES_ONLY	"-"	/* without AuthMethod, as in the operational stage */

/* A Login Request, and the status of the response. */
struct step {
	u8 flags;
	const char *lines;	/* NAMES or NAMES_ONLY first, if any */
	u16 want;
	u8 want_flags;		/* of the response, when @want is 0 */
};

struct walk {
	const char *name;
	const char *clause;
	struct step step[3];	/* up to the first that is refused or has no lines */
};

static const struct walk walks[] = {
	{ "T=0 stays", "6.3", { { SECURITY, NAMES, 0, SECURITY }, { SECURITY, "", 0, SECURITY } } },
	{ "security to operational", "11.12.3",
	  { { SECURITY | TO_OPERATIONAL, NAMES, 0, SECURITY | TO_OPERATIONAL },
	    { OPERATIONAL | TO_FULL, "", 0, OPERATIONAL | TO_FULL } } },
	{ "security to full feature", "11.12.3",
	  { { SECURITY | TO_FULL, NAMES, 0, SECURITY | TO_FULL } } },
	{ "operational to full feature", "6.3",
	  { { OPERATIONAL | TO_FULL, NAMES_ONLY, 0, OPERATIONAL | TO_FULL } } },
	{ "operational, T=0, then on", "6.3",
	  { { OPERATIONAL, NAMES_ONLY "\nMaxBurstLength=1024", 0, OPERATIONAL },
	    { OPERATIONAL | TO_FULL, "FirstBurstLength=512", 0, OPERATIONAL | TO_FULL } } },
	{ "NSG without T is reserved", "11.12.3",
	  { { SECURITY | ISCSI_FULL_FEATURE_PHASE, NAMES, 0, SECURITY } } },
	{ "CSG 2", "11.12.3", { { 2 << 2, NAMES, 0x0200 } } },
	{ "CSG 3", "11.12.3", { { 3 << 2, NAMES, 0x0200 } } },
	{ "NSG 2", "11.12.3", { { SECURITY | T | 2, NAMES, 0x0200 } } },
	{ "NSG is CSG", "11.12.3", { { SECURITY | T, NAMES, 0x0200 } } },
	{ "NSG before CSG", "11.12.3", { { OPERATIONAL | T, NAMES_ONLY, 0x0200 } } },
	{ "T and C", "11.12.2", { { SECURITY | TO_OPERATIONAL | C, NAMES, 0x0200 } } },
	{ "another stage without T", "6.3",
	  { { SECURITY, NAMES, 0, SECURITY }, { OPERATIONAL, "", 0x0200 } } },
	{ "back to security", "6.3",
	  { { SECURITY | TO_OPERATIONAL, NAMES, 0, SECURITY | TO_OPERATIONAL },
	    { SECURITY, "", 0x0200 } } },
	{ "an operational key in security", "13.14",
	  { { SECURITY, NAMES "\nMaxBurstLength=1024", 0x0200 } } },
	{ "AuthMethod in operational", "12.1",
	  { { OPERATIONAL, NAMES_ONLY "\nAuthMethod=None", 0x0200 } } },
	{ "AuthMethod twice", "6.2",
	  { { SECURITY, NAMES, 0, SECURITY }, { SECURITY, "AuthMethod=None", 0x0200 } } },
	{ "unknown AuthMethod", "6.2.1", { { SECURITY, NAMES_ONLY "\nAuthMethod=KRB5", 0x0201 } } },
	{ "AuthMethod=Reject", "6.2", { { SECURITY, NAMES_ONLY "\nAuthMethod=Reject", 0x0200 } } },
	{ "no method offered", "12.1", { { SECURITY, NAMES_ONLY "\nAuthMethod=", 0x0201 } } },
	{ "InitiatorName twice", "13.5",
	  { { SECURITY, NAMES, 0, SECURITY },
	    { SECURITY, "InitiatorName=iqn.2026-01.vm.lunar:other", 0x0200 } } },
	{ "TargetName twice", "13.4",
	  { { SECURITY, NAMES, 0, SECURITY },
	    { SECURITY, "TargetName=iqn.2026-01.vm.lunar:other", 0x0200 } } },
	{ "SessionType twice", "13.21",
	  { { SECURITY, NAMES, 0, SECURITY }, { SECURITY, "SessionType=Discovery", 0x0200 } } },
	{ "TargetAlias of an initiator", "13.7",
	  { { SECURITY, NAMES "\nTargetAlias=x", 0x0200 } } },
	{ "TargetAddress of an initiator", "13.8",
	  { { SECURITY, NAMES "\nTargetAddress=127.0.0.1", 0x0200 } } },
	{ "TargetPortalGroupTag of an initiator", "13.9",
	  { { SECURITY, NAMES "\nTargetPortalGroupTag=1", 0x0200 } } },
	{ "SendTargets in login", "13.22", { { SECURITY, NAMES "\nSendTargets=All", 0x0200 } } },
	{ "renegotiation", "6.3",
	  { { OPERATIONAL, NAMES_ONLY "\nMaxBurstLength=1024", 0, OPERATIONAL },
	    { OPERATIONAL, "MaxBurstLength=2048", 0x0200 } } },
	{ "declared twice", "6.2",
	  { { OPERATIONAL, NAMES_ONLY "\nMaxRecvDataSegmentLength=1024", 0, OPERATIONAL },
	    { OPERATIONAL, "MaxRecvDataSegmentLength=2048", 0x0200 } } },
	{ "NotUnderstood is no proposal", "6.2",
	  { { OPERATIONAL, NAMES_ONLY "\nInitialR2T=NotUnderstood", 0x0200 } } },
	{ "Irrelevant is no proposal", "6.2",
	  { { OPERATIONAL, NAMES_ONLY "\nMaxConnections=Irrelevant", 0x0200 } } },
	{ "Reject is no proposal", "6.2",
	  { { OPERATIONAL, NAMES_ONLY "\nHeaderDigest=Reject", 0x0200 } } },
	{ "Reject answers what we declare", "6.2",
	  { { OPERATIONAL, NAMES_ONLY, 0, OPERATIONAL },
	    { OPERATIONAL, "MaxRecvDataSegmentLength=Reject", 0, OPERATIONAL } } },
	{ "no InitiatorName", "11.13.5",
	  { { SECURITY, "TargetName=iqn.2026-01.vm.lunar:x\nAuthMethod=None", 0x0207 } } },
	{ "no TargetName", "11.13.5",
	  { { SECURITY, "InitiatorName=iqn.2026-01.vm.lunar:x\nSessionType=Normal", 0x0207 } } },
	{ "no such target", "11.13.5",
	  { { SECURITY, "InitiatorName=iqn.2026-01.vm.lunar:x\nTargetName=iqn.2026-01.vm.lunar:x",
	      0x0203 } } },
	{ "unknown SessionType", "11.13.5, 13.21",
	  { { SECURITY, "InitiatorName=iqn.2026-01.vm.lunar:x\nSessionType=Other", 0x0209 } } },
	{ "InitiatorName that is none", "4.2.7",
	  { { SECURITY, "InitiatorName=x\nSessionType=Discovery", 0x0200 } } },
	{ "discovery", "4.3",
	  { { SECURITY | TO_FULL, "InitiatorName=iqn.2026-01.vm.lunar:x\nSessionType=Discovery", 0,
	      SECURITY | TO_FULL } } },
	{ "CHAP keys without CHAP", "12.1.3",
	  { { SECURITY, NAMES, 0, SECURITY }, { SECURITY, "CHAP_A=5", 0x0201 } } },
};

/* Adds @lines, with the names that stand for themselves spelt out. */
static void add_lines(struct text *text, const char *lines)
{
	text->len = 0;
	if (*lines == *NAMES || *lines == *NAMES_ONLY) {
		login_text(text, &(struct login){ .skip_security = *lines == *NAMES_ONLY });
		lines++;
		lines += *lines == '\n';
	}
	text_add_lines(text, lines);
}

static u16 status_of(const struct pdu *rsp)
{
	return rsp->bhs.login_rsp.status_class << 8 | rsp->bhs.login_rsp.status_detail;
}

static void take_step(struct conn *c, const struct walk *w, const struct step *s)
{
	static struct text text;
	static struct pdu rsp;

	add_lines(&text, s->lines);
	if (!login_exchange(c, s->flags, &text, 0, &rsp))
		fail("%s (%s): the connection is closed", w->name, w->clause);
	if (status_of(&rsp) != s->want)
		fail("%s (%s): flags 0x%02x: status 0x%04x, should be 0x%04x", w->name, w->clause,
		     s->flags, status_of(&rsp), s->want);
	if (s->want) {
		want_closed(c);
		return;
	}
	if (rsp.bhs.hdr.flags != s->want_flags)
		fail("%s (%s): flags 0x%02x: the answer has 0x%02x, should have 0x%02x", w->name,
		     w->clause, s->flags, rsp.bhs.hdr.flags, s->want_flags);
	if ((s->want_flags & TO_FULL) == TO_FULL && !rsp.bhs.login_rsp.tsih)
		fail("%s (11.13.3): TSIH 0 at the end of login", w->name);
}

static void stages(void)
{
	const struct walk *w;
	u32 i;

	if (opt.secret)
		skip("needs a target without CHAP");
	for (w = walks; w < walks + ARRAY_SIZE(walks); w++) {
		struct conn *c = conn_open();

		for (i = 0; i < ARRAY_SIZE(w->step) && w->step[i].lines; i++)
			take_step(c, w, &w->step[i]);
		conn_close(c);
	}
}

/* --- headers ------------------------------------------------------------------ */

enum field { NOTHING, VERSION, VERSION_MAX, ITT, ISID, CID, TSIH };

static const struct header {
	const char *name;
	const char *clause;
	enum field field;	/* that has another value */
	bool second;		/* in the second request only */
	u16 want;
} headers[] = {
	{ "as usual", "11.12", NOTHING, false, 0 },
	{ "Version-max above ours", "11.12.4", VERSION_MAX, false, 0 },
	{ "Version-min above ours", "11.12.5", VERSION, false, 0x0205 },
	{ "Version-min above ours, later", "11.12.5", VERSION, true, 0x0205 },
	{ "TSIH that does not exist", "6.3.1", TSIH, false, 0x020a },
	{ "another ITT", "11.12", ITT, true, 0x0200 },
	{ "another ISID", "11.12", ISID, true, 0x0200 },
	{ "another CID", "11.12", CID, true, 0x0200 },
	{ "another TSIH", "11.12", TSIH, true, 0x0200 },
};

static union bhs request(u8 flags)
{
	union bhs bhs = { .login = {
		.opcode = ISCSI_OP_LOGIN | ISCSI_OP_IMMEDIATE, .flags = flags,
		.isid = { 0x00, 0x02, 0x3d, 0x00, 0x00, 0x60 },
		.itt = htobe32(0x10), .cmdsn = htobe32(1),
	} };

	return bhs;
}

static void change(union bhs *bhs, enum field field)
{
	switch (field) {
	case NOTHING:
		break;
	case VERSION:
		bhs->login.min_version = 1;
		bhs->login.max_version = 1;
		break;
	case VERSION_MAX:
		bhs->login.max_version = 3;
		break;
	case ITT:
		bhs->login.itt = htobe32(0x11);
		break;
	case ISID:
		bhs->login.isid[5]++;
		break;
	case CID:
		bhs->login.cid = htobe16(1);
		break;
	case TSIH:
		bhs->login.tsih = htobe16(0xbeef);
		break;
	}
}

static void want_status(struct conn *c, const char *name, const char *clause, u16 want)
{
	const struct pdu *rsp = pdu_want(c, ISCSI_OP_LOGIN_RSP);

	if (status_of(rsp) != want)
		fail("%s (%s): status 0x%04x, should be 0x%04x", name, clause, status_of(rsp), want);
	if (want)
		want_closed(c);
}

static void header_fields(void)
{
	const struct header *h;
	static struct text text;

	for (h = headers; h < headers + ARRAY_SIZE(headers); h++) {
		struct conn *c = conn_open();
		union bhs bhs = request(SECURITY);

		login_text(&text, &(struct login){});
		if (h->second) {
			pdu_send(c, &bhs, text.buf, text.len);
			want_status(c, h->name, h->clause, 0);
			text.len = 0;
		}
		change(&bhs, h->field);
		pdu_send(c, &bhs, text.buf, text.len);
		want_status(c, h->name, h->clause, h->want);
		conn_close(c);
	}
}

/* RFC 7143 6.3.1: what a TSIH of an existing session asks for. */
static void existing_tsih(void)
{
	struct conn *first = login(&(struct login){ .isid = 0x60 }), *c;
	static struct text text;
	u32 i;

	for (i = 0; i < 2; i++) {
		union bhs bhs = request(SECURITY);

		bhs.login.tsih = htobe16(first->tsih);
		bhs.login.cid = htobe16(1);
		bhs.login.isid[5] += i;
		c = conn_open();
		login_text(&text, &(struct login){});
		pdu_send(c, &bhs, text.buf, text.len);
		want_status(c, i ? "another ISID" : "one more connection", "6.3.1",
			    i ? 0x020a : 0x0206);
		conn_close(c);
	}
	/* The session has not noticed. */
	test_unit_ready(first);
	logout(first);
}

/* RFC 7143 6.3: another PDU closes the connection, with 0x020b once it has begun. */
static void other_pdu(void)
{
	static const u8 opcodes[] = {
		ISCSI_OP_NOOP_OUT, ISCSI_OP_SCSI_CMD, ISCSI_OP_SCSI_TMFUNC, ISCSI_OP_TEXT,
		ISCSI_OP_SCSI_DATA_OUT, ISCSI_OP_LOGOUT, ISCSI_OP_SNACK, 0x1d,
		ISCSI_OP_LOGIN_RSP, 0x3f,
	};
	static struct text text;
	static u8 data[8192];
	u32 i, begun;

	for (i = 0; i < 2 * ARRAY_SIZE(opcodes); i++) {
		union bhs bhs = request(SECURITY), other = {
			.hdr = { .opcode = opcodes[i / 2], .flags = FINAL,
				 .itt = htobe32(0x20) },
		};
		struct conn *c = conn_open();

		begun = i % 2;
		if (begun) {
			login_text(&text, &(struct login){});
			pdu_send(c, &bhs, text.buf, text.len);
			want_status(c, "first request", "6.3", 0);
		}
		pdu_send(c, &other, data, i % 3 ? sizeof(data) : 0);
		if (begun)
			want_status(c, "another PDU", "6.3, 11.13.5", 0x020b);
		else
			want_closed(c);
		conn_close(c);
	}
	still_serves();
}

/* --- keys --------------------------------------------------------------------- */

static const struct proposal {
	const char *clause;
	const char *key;
	const char *value;
	const char *want;	/* NULL: no answer */
} proposals[] = {
	{ "13.1", "HeaderDigest", "None", "None" },
	{ "13.1", "HeaderDigest", "CRC32C", "CRC32C" },
	{ "13.1", "HeaderDigest", "None,CRC32C", "None" },
	{ "6.2.1", "DataDigest", "X-com.example.sum,CRC32C,None", "CRC32C" },
	{ "6.2.1", "DataDigest", "X-com.example.sum", "Reject" },
	{ "13.2", "MaxConnections", "1", "1" },
	{ "13.2", "MaxConnections", "65535", "1" },
	{ "13.2", "MaxConnections", "0", "Reject" },
	{ "13.2", "MaxConnections", "65536", "Reject" },
	{ "13.10", "InitialR2T", "No", "No" },
	{ "13.10", "InitialR2T", "Yes", "Yes" },
	{ "6.2.2", "InitialR2T", "yes", "Reject" },
	{ "13.11", "ImmediateData", "No", "No" },
	{ "13.11", "ImmediateData", "Yes", "Yes" },
	{ "13.12", "MaxRecvDataSegmentLength", "512", "262144" },
	{ "13.12", "MaxRecvDataSegmentLength", "511", "Reject" },
	{ "13.12", "MaxRecvDataSegmentLength", "16777216", "Reject" },
	{ "13.13", "MaxBurstLength", "512", "512" },
	{ "13.13", "MaxBurstLength", "0x1000", "4096" },
	{ "13.13", "MaxBurstLength", "16777215", "1048576" },
	{ "13.13", "MaxBurstLength", "511", "Reject" },
	{ "13.13", "MaxBurstLength", "16777216", "Reject" },
	{ "6.1", "MaxBurstLength", "01024", "Reject" },
	{ "6.1", "MaxBurstLength", "-1", "Reject" },
	{ "6.1", "MaxBurstLength", "", "Reject" },
	{ "13.14", "FirstBurstLength", "512", "512" },
	{ "13.14", "FirstBurstLength", "16777215", "262144" },
	{ "13.14", "FirstBurstLength", "99999999999999999999", "Reject" },
	{ "13.15", "DefaultTime2Wait", "0", "2" },
	{ "13.15", "DefaultTime2Wait", "3600", "3600" },
	{ "13.15", "DefaultTime2Wait", "3601", "Reject" },
	{ "13.16", "DefaultTime2Retain", "20", "0" },
	{ "13.16", "DefaultTime2Retain", "3601", "Reject" },
	{ "13.17", "MaxOutstandingR2T", "1", "1" },
	{ "13.17", "MaxOutstandingR2T", "65535", "8" },
	{ "13.17", "MaxOutstandingR2T", "0", "Reject" },
	{ "13.18", "DataPDUInOrder", "No", "Yes" },
	{ "13.19", "DataSequenceInOrder", "No", "Yes" },
	{ "13.20", "ErrorRecoveryLevel", "0", "0" },
	{ "13.20", "ErrorRecoveryLevel", "2", "0" },
	{ "13.20", "ErrorRecoveryLevel", "3", "Reject" },
	{ "13.23", "TaskReporting", "FastAbort,RFC3720", "RFC3720" },
	{ "13.23", "TaskReporting", "FastAbort", "Reject" },
	{ "13.24", "iSCSIProtocolLevel", "1", "1" },
	{ "13.24", "iSCSIProtocolLevel", "2", "1" },
	{ "13.24", "iSCSIProtocolLevel", "32", "Reject" },
	{ "13.25", "IFMarker", "Yes", "No" },
	{ "13.25", "OFMarker", "No", "No" },
	{ "13.25", "IFMarkInt", "2048~8192", "Reject" },
	{ "13.25", "OFMarkInt", "2048", "Reject" },
	{ "6.1", "maxburstlength", "1024", "NotUnderstood" },
	{ "6.2", "X-com.example.key", "1", "NotUnderstood" },
	{ "6.2", "X#key", "1", "NotUnderstood" },
	{ "6.2", "NoSuchKey", "", "NotUnderstood" },
	{ "6.2", "NoSuchKey", "NotUnderstood", NULL },
};

/* In a discovery session these say nothing (their "Irrelevant when" lines). */
static const char *const irrelevant[] = {
	"MaxConnections=1", "InitialR2T=No", "ImmediateData=Yes", "MaxBurstLength=1024",
	"FirstBurstLength=512", "MaxOutstandingR2T=1", "DataPDUInOrder=Yes",
	"DataSequenceInOrder=Yes", "TaskReporting=RFC3720", "iSCSIProtocolLevel=1",
};

/* The answer to one line in the operational stage, where the login stays. */
static const char *answer(struct conn *c, bool discovery, const char *key, const char *line)
{
	struct login l = { .discovery = discovery, .skip_security = true };
	static struct text text;
	static struct pdu rsp;

	login_text(&text, &l);
	text_add(&text, "%s", line);
	if (!login_exchange(c, OPERATIONAL, &text, 0, &rsp))
		fail("%s: the connection is closed", line);
	if (status_of(&rsp))
		fail("%s: status 0x%04x", line, status_of(&rsp));
	return text_find(&c->answer, c->answer.len, key);
}

static void keys(void)
{
	const struct proposal *p;
	char line[256];

	if (opt.secret)
		skip("needs a target without CHAP");
	for (p = proposals; p < proposals + ARRAY_SIZE(proposals); p++) {
		struct conn *c = conn_open();
		const char *got;

		snprintf(line, sizeof(line), "%s=%s", p->key, p->value);
		got = answer(c, false, p->key, line);
		if (!got != !p->want || (got && strcmp(got, p->want)))
			fail("%s (%s) is answered %s, should be %s", line, p->clause,
			     got ? got : "by nothing", p->want ? p->want : "by nothing");
		conn_close(c);
	}
}

static void discovery_keys(void)
{
	char key[64];
	u32 i;

	for (i = 0; i < ARRAY_SIZE(irrelevant); i++) {
		struct conn *c = conn_open();
		const char *got;

		snprintf(key, sizeof(key), "%.*s", (int)strcspn(irrelevant[i], "="), irrelevant[i]);
		got = answer(c, true, key, irrelevant[i]);
		if (!got || strcmp(got, "Irrelevant"))
			fail("%s (%s) is answered %s", irrelevant[i], "13",
			     got ? got : "by nothing");
		conn_close(c);
	}
}

const struct test_case nego_cases[] = {
	{ "login-stages", "6.3, 11.12: a table", stages, 40 },
	{ "login-header", "11.12: a table", header_fields },
	{ "login-existing-tsih", "6.3.1", existing_tsih },
	{ "login-other-pdu-later", "6.3, 11.13.5: 0x020b", other_pdu },
	{ "login-keys", "6.2, 13: a table", keys, 40 },
	{ "login-discovery-keys", "13: Irrelevant", discovery_keys },
	{}
};
