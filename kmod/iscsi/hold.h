/* SPDX-License-Identifier: GPL-2.0 */
/*
 * PDUs that came before their turn. RFC 7143 4.2.2.1 has commands delivered in
 * the order of CmdSN; on one connection a number is missing only if the
 * initiator did not send it, or sent what was discarded. What follows is held
 * here until the gap is closed: by the command, or by an ABORT TASK for it. SCSI
 * commands among it also wait for the end of a reset: lunar_tmf_is_resetting().
 */
#ifndef LUNAR_HOLD_H
#define LUNAR_HOLD_H

#include "conn.h"

/* What one connection may have held; more than that ends it. */
#define LUNAR_HOLD_MAX_PDUS	1024
#define LUNAR_HOLD_MAX_BYTES	(1024 * 1024)

/**
 * struct lunar_held - one PDU, or the place of one that will not come
 * @entry:	in rx.held, in the order of delivery
 * @cmdsn:	its CmdSN; of Data-Out, that of its command
 * @skip:	nothing is to be delivered: the number counts as received
 * @hdr:	the BHS
 * @pdu:	its shape
 * @ahs:	its additional header segments, or NULL; owned
 * @buf:	its data segment and a NUL, or NULL; owned
 */
struct lunar_held {
	struct list_head	entry;
	u32			cmdsn;
	bool			skip;
	struct iscsi_hdr	hdr;
	struct lunar_pdu	pdu;
	u8			*ahs;
	char			*buf;
};

bool lunar_hold_has(const struct lunar_conn *conn, u32 cmdsn);
bool lunar_hold_is_data_of(const struct lunar_conn *conn, itt_t itt);
int lunar_hold_add(struct lunar_conn *conn);
struct lunar_held *lunar_hold_next(struct lunar_conn *conn, bool resetting);
void lunar_hold_free(struct lunar_held *held);
void lunar_hold_free_all(struct lunar_conn *conn);
int lunar_hold_abort(struct lunar_conn *conn, itt_t itt, u32 cmdsn, u32 before);
void lunar_hold_abort_lun(struct lunar_conn *conn, const u64 *lun, u32 before);

#endif /* LUNAR_HOLD_H */
