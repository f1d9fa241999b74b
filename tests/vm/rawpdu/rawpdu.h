/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An initiator that can do everything wrong. Each case runs in a process of its
 * own with a deadline; fail() and skip() end it, so nothing here returns errors
 * that a case does not ask for, and nothing is freed.
 */
#ifndef RAWPDU_H
#define RAWPDU_H

#include "net.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define BLOCK		512u
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
extern const struct test_case nego_cases[];
extern const struct test_case security_cases[];
extern const struct test_case pdu_cases[];
extern const struct test_case cmdsn_cases[];
extern const struct test_case write_cases[];
extern const struct test_case data_cases[];
extern const struct test_case lun_cases[];
extern const struct test_case session_cases[];
extern const struct test_case time_cases[];
extern const struct test_case stuck_cases[];
extern const struct test_case tmf_cases[];
extern const struct test_case order_cases[];
extern const struct test_case full_cases[];
extern const struct test_case fault_cases[];

struct options {
	const char *host;
	const char *source;	/* address to come from, or NULL */
	const char *port;
	const char *target;
	const char *initiator;
	const char *user;
	const char *secret;
	const char *target_secret;	/* for mutual CHAP, or NULL */
	unsigned int lun;	/* the first two bytes of it */
	bool many_luns;		/* what case_lun.c wants is mapped */
	unsigned int factor;	/* how much slower than a fast machine */
	unsigned int login_timeout;	/* that of the TPG, seconds */
	unsigned int seed;
	unsigned int patience;	/* of the ACL: seconds until a ping, for its answer, for data */
	const char *hold;	/* shell command that makes the backstore hang */
	const char *release;	/* and the one that ends it */
	bool ordered;		/* the backstore orders what overlaps */
	unsigned int soak;	/* seconds; 0: run the cases */
	const char *fuzz;	/* rounds, or seconds with an s; NULL: run the cases */
};

extern struct options opt;

void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
u32 rnd(u32 limit);
u64 now_ms(void);
void fill(void *buf, u32 len, u32 seed);

/* --- login.c --------------------------------------------------------------- */

#define LOGIN_CLOSED	0xffff	/* no answer, the connection is closed */

/* What to log in with; a member that is 0 or NULL means the usual. */
struct login {
	const char *initiator;
	const char *target;
	const char *methods;	/* value of AuthMethod */
	const char *user;
	const char *secret;
	u8 algorithm;		/* CHAP_A; MD5 is the usual one */
	const char *keys;	/* lines of key=value, before the usual ones */
	const char *extra;	/* more such lines, first request */
	bool discovery;
	bool skip_security;	/* begin in the operational stage */
	u16 isid;		/* last two bytes */
	u16 tsih;
	u32 piece;		/* split text in pieces of that size, C bit */
};

void text_add(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void text_add_lines(struct text *text, const char *lines);
const char *text_find(const struct text *text, u32 len, const char *key);
void login_text(struct text *text, const struct login *l);
void chap_answer(struct conn *c, const struct login *l, struct text *text);
bool login_exchange(struct conn *c, u8 flags, const struct text *text, u32 piece,
		    struct pdu *rsp);
u16 login_security(struct conn *c, const struct login *l);
u16 login_operational(struct conn *c, const struct login *l);
u16 login_try(struct conn *c, const struct login *l);
struct conn *login(const struct login *l);
struct conn *login_usual(void);
void logout(struct conn *c);
void still_serves(void);

/* --- case_pdu.c ------------------------------------------------------------ */

void exchange_text(struct conn *c, const char *lines, struct text *text);

/* --- query.c --------------------------------------------------------------- */

int query(const char *verb);

/* --- hash.c ---------------------------------------------------------------- */

#define HASH_MAX	32

/* What CHAP_A=@id stands for. */
struct hash {
	u8 id;
	u32 len;
	void (*digest)(const void *buf, u32 len, u8 *out);
};

const struct hash *hash_of(u8 id);

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
	bool unused;		/* not all of it need be asked for */
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

/* --- soak.c ---------------------------------------------------------------- */

int soak_run(u32 seconds);

/* --- fuzz.c ---------------------------------------------------------------- */

int fuzz(u32 rounds, u32 seconds);

#endif /* RAWPDU_H */
