/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The PDU a connection is receiving, the one it is sending, and the task management
 * functions it is working on. All belong to the connection's owner (conn.h) and
 * have no lock; rx.c, tx.c and tmf.c work on them.
 */
#ifndef LUNAR_STREAM_H
#define LUNAR_STREAM_H

#include <linux/list.h>
#include <linux/timer.h>
#include "pdu.h"

struct lunar_cmd;
struct lunar_conn;

/* Received beyond what is asked for: headers. Data that gets there is copied twice. */
#define LUNAR_RX_AHEAD	(8 * sizeof(struct iscsi_hdr))

enum lunar_rx_step {
	LUNAR_RX_BHS,
	LUNAR_RX_AHS,
	LUNAR_RX_HEADER_DIGEST,
	LUNAR_RX_DATA,
	LUNAR_RX_PAD,
	LUNAR_RX_DATA_DIGEST,
};

/* Where the data segment of the PDU being received goes. */
enum lunar_rx_dest {
	LUNAR_RX_SKIP,		/* nowhere */
	LUNAR_RX_BUFFER,	/* rx.buf, at least data_len + 1 bytes */
	LUNAR_RX_CMD,		/* rx.cmd's scatterlist from rx.cmd_offset on */
};

/**
 * struct lunar_rx - receive state
 * @step:	what the next byte belongs to
 * @dest:	set by the header handler; SKIP unless it says otherwise
 * @reject:	reason to Reject the PDU once its data is skipped, or why it was
 *		rejected, or 0
 * @ignore:	out of the CmdSN window: skip it silently
 * @hold:	behind a gap in CmdSN: keep it (hold.h)
 * @numbered:	has the expected CmdSN, which is taken if all goes well
 * @unsummed:	part of the data was skipped, so @crc says nothing
 * @starved:	the step is to be done again when there is memory
 * @done:	bytes of the current step received
 * @hdr:	the BHS
 * @ahs:	its AHS, pdu.ahs_len bytes
 * @digest:	digest as received
 * @pad:	padding as received
 * @crc:	of the data segment so far
 * @pdu:	proven shape of @hdr
 * @buf:	data segment for BUFFER; owned here unless a handler takes it
 *		(and sets it to NULL), freed with kvfree()
 * @cmd:	destination for CMD; the command is kept by its own reference
 * @cmd_offset: where in the command's data this segment starts
 * @ahead:	received, and not yet used
 * @ahead_pos:	where that begins in @ahead
 * @ahead_end:	and ends
 * @held:	struct lunar_held.entry: PDUs behind a gap in CmdSN
 * @held_pdus:	their number
 * @held_bytes:	their data
 */
struct lunar_rx {
	enum lunar_rx_step	step;
	enum lunar_rx_dest	dest;
	u8			reject;
	bool			ignore;
	bool			hold;
	bool			numbered;
	bool			starved;
	bool			unsummed;
	u32			done;
	struct iscsi_hdr	hdr;
	u8			ahs[LUNAR_MAX_AHS];
	__le32			digest;
	u8			pad[ISCSI_PAD_LEN];
	u32			crc;
	struct lunar_pdu	pdu;
	char			*buf;
	struct lunar_cmd	*cmd;
	u32			cmd_offset;
	u8			ahead[LUNAR_RX_AHEAD];
	u32			ahead_pos;
	u32			ahead_end;
	struct list_head	held;
	u32			held_pdus;
	u32			held_bytes;
};

/**
 * struct lunar_ping - is the initiator still there?
 * @heard:	jiffies when something last came from it; any context
 * @sent:	jiffies when the NOP-In was asked for; the timer's
 * @open:	nothing was heard since; the timer's
 * @due:	a NOP-In is to be sent; set by the timer, cleared by the owner
 */
struct lunar_ping {
	unsigned long		heard;
	unsigned long		sent;
	bool			open;
	bool			due;
};

/**
 * struct lunar_handler - what to do with one opcode; chosen per phase
 * @header:	header and AHS are proven and complete: choose rx.dest.
 *		Returns 0 or -errno, which closes the connection.
 * @done:	the data segment is complete and its digest right
 */
struct lunar_handler {
	int (*header)(struct lunar_conn *conn);
	int (*done)(struct lunar_conn *conn);
};

/**
 * struct lunar_conn_ops - the layer above, given once per module
 * @io:		body of io_work and jump_work; returns whether there is more to do at once
 * @login:	body of login_work
 */
struct lunar_conn_ops {
	bool (*io)(struct lunar_conn *conn);
	void (*login)(struct lunar_conn *conn);
};

/* What happens when the last byte of a LUNAR_CMD_PDU was sent. */
enum lunar_cmd_after {
	LUNAR_AFTER_NOTHING,
	LUNAR_AFTER_CLOSE,	/* logout, or a login that was refused */
	LUNAR_AFTER_DIGEST,	/* Reject of data that session recovery brings again */
	LUNAR_AFTER_FULL,	/* final Login Response */
	LUNAR_AFTER_RESET,	/* TARGET COLD RESET: all sessions end */
};

enum lunar_tx_step {
	LUNAR_TX_IDLE,
	LUNAR_TX_HEADER,
	LUNAR_TX_DATA,
	LUNAR_TX_TRAILER,
};

/**
 * struct lunar_tx - transmit state
 * @step:	what the next byte belongs to
 * @last:	the PDU is the command's last; it is done when this one is sent
 * @held:	the PDU before was sent as one that more follows
 * @done:	bytes of the current step sent
 * @hdr:	BHS and header digest on the wire
 * @hdr_len:	bytes of @hdr in use
 * @data_len:	length of the data segment
 * @trailer:	padding and data digest
 * @trailer_len: bytes of @trailer in use
 * @cmd:	whose PDU this is; NULL for an R2T, which keeps none
 * @buf:	the data segment if it is not in pages; belongs to @cmd
 * @queue:	lunar_cmd.tx_entry: commands with something to send
 * @after:	what the PDU just sent asks for; the caller of lunar_tx_run()
 *		acts on it
 */
struct lunar_tx {
	enum lunar_tx_step	step;
	bool			last;
	bool			held;
	u32			done;
	struct {
		struct iscsi_hdr bhs;
		__le32		digest;
	} hdr;
	u32			hdr_len;
	u32			data_len;
	u8			trailer[2 * ISCSI_PAD_LEN];
	u32			trailer_len;
	struct lunar_cmd	*cmd;
	char			*buf;
	struct list_head	queue;
	enum lunar_cmd_after	after;
};

/**
 * struct lunar_tmfs - task management of a connection
 * @list:	W; commands of kind TMF (tx_entry) that are not over
 * @nr:		their number; W to write
 * @serial:	W; that of the last TMF, never 0 once there was one
 * @deadline:	of the first one, jiffies; @timer reads it
 * @timer:	closes the connection when a TMF takes too long
 */
struct lunar_tmfs {
	struct list_head	list;
	u32			nr;
	u32			serial;
	unsigned long		deadline;
	struct timer_list	timer;
};

#endif /* LUNAR_STREAM_H */
