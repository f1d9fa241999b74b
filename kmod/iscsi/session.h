/* SPDX-License-Identifier: GPL-2.0 */
/*
 * An iSCSI session: who the initiator is, what was negotiated, the CmdSN window
 * and target core's I_T nexus. It has no state of its own: it is active while
 * its connection is in FULL. Owned by the connection; immutable after login but
 * for the window.
 */
#ifndef LUNAR_SESSION_H
#define LUNAR_SESSION_H

#include <linux/atomic.h>
#include <linux/xarray.h>
#include "keys.h"
#include "window.h"
#include "xfer.h"

struct lunar_conn;
struct lunar_tpg;
struct se_device;
struct se_node_acl;
struct se_session;

/* Of an ACL, each a file in attrib/; single words, read without a lock. */
struct lunar_timeouts {
	u32	dataout_timeout;	/* seconds, times */
	u32	dataout_timeout_retries; /* this */
	u32	nopin_timeout;		/* seconds, 0 for no pings */
	u32	nopin_response_timeout;	/* seconds */
};

/**
 * struct lunar_session - one session
 * @se_sess:	the nexus, registered; NULL before that, and in a discovery
 *		session
 * @initiator:	InitiatorName
 * @alias:	InitiatorAlias or empty
 * @isid:	as received
 * @tsih:	ours, 0 until login ends
 * @discovery:	SessionType=Discovery
 * @explicit_acl: at login there was an ACL for this initiator, not demo mode
 * @params:	negotiated values
 * @peer_max_recv: the initiator's MaxRecvDataSegmentLength
 * @limits:	what @params mean for a WRITE
 * @window:	the connection's work item only
 * @open:	commands that hold a slot of the window
 * @active:	SCSI commands and TMFs, immediate ones included
 * @cleared:	LUNs whose commands another initiator has cleared, which the next
 *		command is to report; values say nothing
 */
struct lunar_session {
	struct se_session	*se_sess;
	char			initiator[ISCSI_NAME_LEN];
	char			alias[VALUE_MAXLEN + 1];
	u8			isid[6];
	u16			tsih;
	bool			discovery;
	bool			explicit_acl;
	struct lunar_params	params;
	u32			peer_max_recv;
	struct lunar_xfer_limits limits;
	struct lunar_window	window;
	atomic_t		open;
	atomic_t		active;
	struct xarray		cleared;
};

struct lunar_session *lunar_session_alloc(void);
struct se_node_acl *lunar_session_get_acl(struct lunar_tpg *tpg,
					  char *initiator);
void lunar_session_put_acl(struct se_node_acl *se_acl);
int lunar_session_reinstate(struct lunar_conn *conn, unsigned int seconds);
int lunar_session_register(struct lunar_conn *conn);
u32 lunar_session_luns(const struct lunar_session *session, u64 *luns, u32 max);
const struct se_device *lunar_session_disk(const struct lunar_session *session,
					   u64 lun);
void lunar_session_end_reservations(const struct lunar_session *session);
void lunar_session_unregister(struct lunar_conn *conn);
void lunar_session_free(struct lunar_session *session);
void lunar_session_exit(void);

#endif /* LUNAR_SESSION_H */
