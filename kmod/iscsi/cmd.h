/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A command: one task of an initiator, or one PDU that the target sends on its
 * own account. Knows target core; the engines above know the wire.
 *
 * Lifetime of a SCSI or TMF command: target core's kref. The fabric holds the
 * acknowledge reference (TARGET_SCF_ACK_KREF) until the last byte of the answer
 * is in the socket or the connection has gone, then calls lunar_cmd_finish();
 * target core drops it itself when it aborts a command (aborted_task). A TMR, our
 * own request to target core, is given back when it is answered. Other kinds have one
 * owner and lunar_cmd_finish() frees them. Each holds a reference on its connection.
 */
#ifndef LUNAR_CMD_H
#define LUNAR_CMD_H

#include <linux/bvec.h>
#include <linux/scatterlist.h>
#include <target/target_core_base.h>
#include "backend.h"
#include "conn.h"
#include "xfer.h"

/* Bytes of a data or parameter list buffer; more than any backstore takes. */
#define LUNAR_CMD_MAX_DATA	(32 << 20)

/* Immediate commands a session may have beyond its window (RFC 7143 4.2.2.1). */
#define LUNAR_CMD_MAX_IMMEDIATE	32

/* What the transmit side makes of a command. */
enum lunar_cmd_kind {
	LUNAR_CMD_SCSI,
	LUNAR_CMD_TMF,		/* of the initiator: see tmf.c */
	LUNAR_CMD_TMR,		/* ours to target core, for a TMF: see abort.c */
	LUNAR_CMD_PDU,		/* cmd->rsp and cmd->data as they are */
};

/* Written by whoever moves the command on: see each value. */
enum lunar_cmd_state {
	LUNAR_CMD_NEW,		/* io_work */
	LUNAR_CMD_NEED_DATA,	/* io_work: waits for Data-Out */
	LUNAR_CMD_EXEC,		/* with target core */
	LUNAR_CMD_DONE,		/* the backstore: see lunar_cmd_complete() */
	LUNAR_CMD_DATA_IN,	/* queue_data_in: data and status to send */
	LUNAR_CMD_STATUS,	/* queue_status: status to send */
	LUNAR_CMD_DROPPED,	/* aborted_task: nothing to send */
};

/**
 * struct lunar_cmd_cursor - a place in a command's flat scatterlist
 * @sg:		the entry
 * @offset:	bytes of it that are done
 * @pos:	bytes from the start of the scatterlist
 */
struct lunar_cmd_cursor {
	struct scatterlist	*sg;
	u32			offset;
	u32			pos;
};

/**
 * struct lunar_tmf - a task management function in progress (W)
 * @function:	ISCSI_TM_FUNC_*
 * @response:	ISCSI_TMF_RSP_*; a TMR of it may set it, from any context
 * @serial:	waits for what this serial number, or an earlier one, has given up
 * @clear:	number of a CLEAR TASK SET
 * @disk:	of a CLEAR TASK SET, to tell it from others: it may be gone
 * @ref:	Referenced Task Tag
 * @lun:	unpacked
 * @deadline:	jiffies; then the connection is closed
 * @luns:	those that target core has to reset, unpacked; owned
 * @nr:		entries of @luns
 * @next:	first entry that it has not been asked for
 * @tmrs:	requests that are with target core
 */
struct lunar_tmf {
	u8			function;
	u8			response;
	u32			serial;
	u32			clear;
	const struct se_device	*disk;
	itt_t			ref;
	u64			lun;
	unsigned long		deadline;
	u64			*luns;
	u32			nr;
	u32			next;
	atomic_t		tmrs;
};

/**
 * struct lunar_cmd - one command
 * @se_cmd:	target core's part; used by SCSI and TMR
 * @backend:	@se_cmd and what goes between us and the backstore
 * @conn:	holds a reference
 * @kind:	I
 * @state:	see enum lunar_cmd_state
 * @after:	I
 * @immediate:	came with the I bit: holds no slot of the CmdSN window
 * @slot:	holds a slot, given back when its status is sent
 * @abandoned:	serial number of the TMF that gave it up, or 0: no answer will be
 *		sent; set by io_work, read by exec_work
 * @cleared:	C; number of the first CLEAR TASK SET of another session for it
 * @resets:	counted in lunar_abort_resets()
 * @late:	counted in conn->late
 * @ordered:	its backstore sets LUNAR_TRANSPORT_ORDERED
 * @no_statsn:	the PDU does not consume a StatSN (NOP-In with reserved ITT)
 * @itt:	I
 * @status:	SAM status that the backstore has for it, in state DONE
 * @edtl:	ExpectedDataTransferLength
 * @condition:	sense key, code and qualifier to report for target core's, or 0
 * @hash_entry: in conn->cmds
 * @ready_entry: in conn->ready
 * @tx_entry:	in conn->tx.queue (W)
 * @exec_work:	hands the command to a backstore that may sleep
 * @tmf:	kind TMF
 * @parent:	kind TMR: the TMF it is for, which outlives it
 * @place:	kind TMR: in the list of those with target core (abort.c)
 * @xfer:	data-out state (W)
 * @din:	data-in state (W)
 * @cursor:	next byte of the scatterlist to receive or to send (W)
 * @sense:	data segment of a SCSI Response: SenseLength, sense data
 * @rsp:	PDU kind: header; the transmit side adds the sequence numbers
 * @data:	PDU kind: data segment, owned, freed with kvfree()
 * @data_len:	its length
 */
struct lunar_cmd {
	union {
		struct se_cmd	se_cmd;
		struct lunar_backend_cmd backend;
	};
	struct lunar_conn	*conn;
	enum lunar_cmd_kind	kind;
	enum lunar_cmd_state	state;
	enum lunar_cmd_after	after;
	bool			immediate;
	bool			slot;
	bool			resets;
	bool			late;
	bool			ordered;
	u32			abandoned;
	u32			cleared;
	bool			no_statsn;
	u8			status;
	itt_t			itt;
	u32			edtl;
	u32			condition;
	struct hlist_node	hash_entry;
	struct llist_node	ready_entry;
	struct list_head	tx_entry;
	struct work_struct	exec_work;
	union {
		struct lunar_tmf	tmf;
		struct {
			struct lunar_cmd	*parent;
			const struct se_device	**place;
		};
		struct {
			struct lunar_xfer	xfer;
			struct lunar_data_in	din;
			struct lunar_cmd_cursor	cursor;
		};
	};
	struct {
		__be16		len;
		u8		data[TRANSPORT_SENSE_BUFFER];
	} __packed sense;
	struct iscsi_hdr	rsp;
	char			*data;
	u32			data_len;
};

static inline struct lunar_cmd *to_lunar_cmd(struct se_cmd *se_cmd)
{
	return container_of(se_cmd, struct lunar_cmd, se_cmd);
}

int lunar_cmd_init(void);
void lunar_cmd_exit(void);
struct lunar_cmd *lunar_cmd_alloc(struct lunar_conn *conn,
				  enum lunar_cmd_kind kind, itt_t itt);
bool lunar_cmd_too_many(struct lunar_conn *conn);
bool lunar_cmd_exists(struct lunar_conn *conn, itt_t itt);
struct lunar_cmd *lunar_cmd_find(struct lunar_conn *conn, itt_t itt);
u32 lunar_cmd_count_lun(struct lunar_conn *conn, const struct se_lun *lun);
struct lunar_cmd *lunar_cmd_find_waiting(struct lunar_conn *conn, itt_t itt);
int lunar_cmd_begin(struct lunar_cmd *cmd, struct iscsi_scsi_req *req,
		    const u8 *cdb);
void lunar_cmd_execute(struct lunar_cmd *cmd);
void lunar_cmd_fail(struct lunar_cmd *cmd);
void lunar_cmd_complete(struct lunar_cmd *cmd);
void lunar_cmd_queue(struct lunar_cmd *cmd);
void lunar_cmd_finish(struct lunar_cmd *cmd);
void lunar_cmd_free(struct lunar_cmd *cmd);
void lunar_cmd_give_slot(struct lunar_cmd *cmd);
u32 lunar_cmd_bvecs(const struct lunar_cmd_cursor *at, struct bio_vec *bvec,
		    u32 max, u32 len, u32 *total);
void lunar_cmd_seek(struct lunar_cmd *cmd, u32 pos);
void lunar_cmd_advance(struct lunar_cmd_cursor *at, u32 len);

#endif /* LUNAR_CMD_H */
