/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An initiator that can do everything wrong. Each case runs in a process of its
 * own with a deadline; fail() and skip() end it, so nothing here returns errors
 * that a case does not ask for, and nothing is freed.
 */
#ifndef RAWPDU_H
#define RAWPDU_H

#include <endian.h>
#include <linux/types.h>
#include <scsi/iscsi_proto.h>
#include <scsi/scsi_proto.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define FINAL		ISCSI_FLAG_CMD_FINAL
#define BLOCK		512u
#define MAX_DATA	(1u << 20)
#define MAX_R2T		8

/**
 * struct test_case - one row of the table
 * @name:	one word
 * @clause:	what it follows from: RFC 7143 if nothing else is said
 * @run:	returns if all is well
 * @seconds:	deadline on a fast machine; 0: DEFAULT_SECONDS
 */
struct test_case {
	const char *name;
	const char *clause;
	void (*run)(void);
	unsigned int seconds;
};

extern const struct test_case login_cases[];
extern const struct test_case security_cases[];
extern const struct test_case pdu_cases[];
extern const struct test_case write_cases[];
extern const struct test_case data_cases[];
extern const struct test_case session_cases[];

struct options {
	const char *host;
	const char *port;
	const char *target;
	const char *initiator;
	const char *user;
	const char *secret;
	unsigned int lun;
	unsigned int factor;	/* how much slower than a fast machine */
	unsigned int login_timeout;	/* that of the TPG, seconds */
	unsigned int seed;
};

extern struct options opt;

void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
u32 rnd(u32 limit);
u64 now_ms(void);
void fill(void *buf, u32 len, u32 seed);

/* --- net.c: bytes and PDUs --------------------------------------------------- */

union bhs {
	struct iscsi_hdr hdr;
	struct iscsi_login_req login;
	struct iscsi_login_rsp login_rsp;
	struct iscsi_scsi_req cmd;
	struct iscsi_scsi_rsp rsp;
	struct iscsi_data data_out;
	struct iscsi_data_rsp data_in;
	struct iscsi_r2t_rsp r2t;
	struct iscsi_tm tm;
	struct iscsi_tm_rsp tm_rsp;
	struct iscsi_nopout nop_out;
	struct iscsi_nopin nop_in;
	struct iscsi_text text;
	struct iscsi_text_rsp text_rsp;
	struct iscsi_logout logout;
	struct iscsi_logout_rsp logout_rsp;
	struct iscsi_reject reject;
	u8 raw[ISCSI_HDR_LEN];
};

struct pdu {
	union bhs bhs;
	u32 len;
	u8 data[MAX_DATA + 1];
};

/* key=value pairs, each with its NUL. */
struct text {
	u32 len;
	char buf[65536];
};

/* What was negotiated; indexed by enum key, see login.c. */
enum key {
	INITIAL_R2T,
	IMMEDIATE_DATA,
	FIRST_BURST,
	MAX_BURST,
	MAX_OUTSTANDING_R2T,
	TARGET_MAX_RECV,	/* what we may send */
	HEADER_DIGEST,
	DATA_DIGEST,
	NR_KEYS,
};

enum corrupt {
	CORRUPT_NOTHING,
	CORRUPT_HEADER_DIGEST,
	CORRUPT_DATA_DIGEST,
};

struct conn {
	int fd;
	bool full;		/* login is over */
	bool header_digest;
	bool data_digest;
	enum corrupt corrupt;	/* in the next PDU sent */
	u8 isid[6];
	u16 tsih;
	u32 cmdsn;		/* next to use */
	u32 exp_statsn;
	u32 exp_cmdsn;		/* as the target last said */
	u32 max_cmdsn;
	u32 itt;		/* next to use */
	u32 max_recv;		/* what we may be sent */
	u32 key[NR_KEYS];
	struct text answer;	/* all text of all login responses */
	u32 first_answer;	/* length of that of the first one */
};

struct conn *conn_open(void);
void conn_close(struct conn *c);
bool conn_send(struct conn *c, const void *buf, size_t len);
bool conn_wait_closed(struct conn *c, u32 ms);
void bhs_init(struct conn *c, union bhs *bhs, u8 opcode);
bool pdu_send_ahs(struct conn *c, union bhs *bhs, const void *ahs, u32 ahs_len,
		  const void *data, u32 len);
bool pdu_send(struct conn *c, union bhs *bhs, const void *data, u32 len);
bool pdu_recv(struct conn *c, struct pdu *pdu);
struct pdu *pdu_want(struct conn *c, u8 opcode);
bool pdu_pending(struct conn *c, u32 ms);
void want_closed(struct conn *c);
void want_reject(struct conn *c, const union bhs *bhs, int reason);

/* --- login.c --------------------------------------------------------------- */

#define LOGIN_CLOSED	0xffff	/* no answer, the connection is closed */

/* What to log in with; a member that is 0 or NULL means the usual. */
struct login {
	const char *initiator;
	const char *target;
	const char *methods;	/* value of AuthMethod */
	const char *user;
	const char *secret;
	const char *keys;	/* lines of key=value, operational stage */
	const char *extra;	/* more such lines, first request */
	bool discovery;
	bool skip_security;	/* begin in the operational stage */
	u8 isid;		/* last byte */
	u16 tsih;
	u32 piece;		/* split text in pieces of that size, C bit */
};

void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_lines(struct text *text, const char *lines);
const char *text_find(const struct text *text, u32 len, const char *key);
void login_text(struct text *text, const struct login *l);
bool login_exchange(struct conn *c, u8 flags, const struct text *text, u32 piece,
		    struct pdu *rsp);
u16 login_security(struct conn *c, const struct login *l);
u16 login_operational(struct conn *c, const struct login *l);
u16 login_try(struct conn *c, const struct login *l);
struct conn *login(const struct login *l);
struct conn *login_usual(void);
void logout(struct conn *c);
void still_serves(void);

/* --- scsi.c ---------------------------------------------------------------- */

struct result {
	u8 status;
	u8 key;
	u8 asc;
	u8 ascq;
	u8 flags;	/* residual */
	u32 residual;
	u32 length;	/* bytes of Data-In */
};

/* How to send the data of a WRITE. */
struct write_plan {
	u32 immediate;		/* bytes with the command */
	u32 unsolicited;	/* bytes before any R2T, immediate ones included */
	u32 segment;		/* bytes per Data-Out */
	bool hold;		/* answer an R2T only when no more can be open */
};

void cdb_rw(u8 *cdb, u8 opcode, u32 lba, u32 blocks);
u32 scsi_send(struct conn *c, const u8 *cdb, u8 flags, u32 edtl, const void *data, u32 len);
void scsi_response(const struct pdu *pdu, struct result *res);
void scsi_command(struct conn *c, const u8 *cdb, struct result *res);
void scsi_read(struct conn *c, const u8 *cdb, u32 edtl, void *buf, struct result *res);
void scsi_write(struct conn *c, const u8 *cdb, u32 edtl, const void *buf,
		const struct write_plan *plan, struct result *res);
void scsi_data_out(struct conn *c, u32 itt, u32 ttt, u32 offset, const void *data,
		   u32 len, u32 segment);
struct write_plan plan_usual(const struct conn *c, u32 len);
struct write_plan plan_random(const struct conn *c, u32 len);
void test_unit_ready(struct conn *c);
void write_blocks(struct conn *c, u32 lba, const void *buf, u32 blocks);
void check_blocks(struct conn *c, u32 lba, const void *want, u32 blocks);
u8 task_management(struct conn *c, u8 function, u32 ref_itt, u32 ref_cmdsn);

#endif /* RAWPDU_H */
