/* SPDX-License-Identifier: GPL-2.0 */
/* net.c: bytes and PDUs of one connection. */
#ifndef RAWPDU_NET_H
#define RAWPDU_NET_H

#include <endian.h>
#include <linux/types.h>
#include <scsi/iscsi_proto.h>
#include <scsi/scsi_proto.h>

#define FINAL		ISCSI_FLAG_CMD_FINAL
#define MAX_DATA	(1u << 20)

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
void conn_reset(struct conn *c);
void conn_cork(struct conn *c, bool on);
bool conn_send(struct conn *c, const void *buf, size_t len);
bool conn_wait_closed(struct conn *c, u32 ms);
void bhs_init(struct conn *c, union bhs *bhs, u8 opcode);
bool pdu_send_ahs(struct conn *c, union bhs *bhs, const void *ahs, u32 ahs_len,
		  const void *data, u32 len);
bool pdu_send(struct conn *c, union bhs *bhs, const void *data, u32 len);
bool pdu_recv(struct conn *c, struct pdu *pdu);
struct pdu *pdu_want(struct conn *c, u8 opcode);
void pdu_ping(struct conn *c);
bool pdu_pending(struct conn *c, u32 ms);
void want_closed(struct conn *c);
void want_reject(struct conn *c, const union bhs *bhs, int reason);

#endif /* RAWPDU_NET_H */
