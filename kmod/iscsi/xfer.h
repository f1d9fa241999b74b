/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arithmetic of data sequences: what of a WRITE arrives unsolicited, which
 * R2Ts to send, whether a Data-Out fits (RFC 7143 11.7, 11.8), and how a READ
 * is cut into Data-In PDUs. Pure; owned by the connection's io_work.
 */
#ifndef LUNAR_XFER_H
#define LUNAR_XFER_H

#include "wire.h"

#define LUNAR_MAX_R2T	8

/**
 * struct lunar_xfer_limits - the negotiated keys that shape a WRITE
 * @first_burst: FirstBurstLength, bytes
 * @max_burst:	MaxBurstLength, bytes
 * @max_r2t:	MaxOutstandingR2T, 1 to LUNAR_MAX_R2T
 * @initial_r2t: InitialR2T: no unsolicited Data-Out
 * @immediate_data: ImmediateData: data may follow the command's header
 */
struct lunar_xfer_limits {
	u32	first_burst;
	u32	max_burst;
	u32	max_r2t;
	bool	initial_r2t;
	bool	immediate_data;
};

/**
 * struct lunar_r2t - one Ready To Transfer, or the unsolicited sequence
 * @ttt:	Target Transfer Tag; ISCSI_RESERVED_TAG for the unsolicited one
 * @r2tsn:	R2TSN
 * @offset:	first byte
 * @length:	bytes wanted (unsolicited: at most)
 * @done:	bytes received
 * @datasn:	DataSN expected next
 */
struct lunar_r2t {
	u32	ttt;
	u32	r2tsn;
	u32	offset;
	u32	length;
	u32	done;
	u32	datasn;
};

/**
 * struct lunar_xfer - the data-out side of one command
 * @length:	bytes the command transfers (ExpectedDataTransferLength)
 * @received:	bytes that have arrived
 * @next:	first byte that neither arrived nor was asked for
 * @next_r2tsn:	R2TSN of the next R2T
 * @nr_open:	sequences in @open
 * @unsolicited: @open[0] is the unsolicited sequence; no R2T until it ends
 * @spoiled:	some of the data was lost; see lunar_xfer_spoil()
 * @open:	sequences in progress, oldest first
 */
struct lunar_xfer {
	u32	length;
	u32	received;
	u32	next;
	u32	next_r2tsn;
	u8	nr_open;
	bool	unsolicited;
	bool	spoiled;
	struct lunar_r2t open[LUNAR_MAX_R2T];
};

/* Why a Data-Out or the immediate data of a command does not fit. */
enum lunar_xfer_error {
	LUNAR_XFER_OK,
	LUNAR_XFER_NO_SEQUENCE,		/* no open sequence has this TTT */
	LUNAR_XFER_BAD_OFFSET,		/* BufferOffset out of order */
	LUNAR_XFER_BAD_DATASN,
	LUNAR_XFER_TOO_MUCH,		/* more than the sequence or command wants */
	LUNAR_XFER_TOO_LITTLE,		/* F bit before the R2T was satisfied */
	LUNAR_XFER_UNEXPECTED,		/* unsolicited data that was not negotiated */
	LUNAR_XFER_NOT_FINAL,		/* sequence filled without the F bit */
	LUNAR_XFER_SPOILED,		/* a Data-Out before it was lost */
};

enum lunar_xfer_error lunar_xfer_start(struct lunar_xfer *xfer,
				       const struct lunar_xfer_limits *limits,
				       u32 length, u32 immediate, bool final);
enum lunar_xfer_error lunar_xfer_data_out(struct lunar_xfer *xfer, u32 ttt,
					  u32 offset, u32 len, u32 datasn,
					  bool final);
void lunar_xfer_limit(struct lunar_xfer *xfer, u32 size);
void lunar_xfer_spoil(struct lunar_xfer *xfer, u32 ttt, bool final);
bool lunar_xfer_next_r2t(struct lunar_xfer *xfer,
			 const struct lunar_xfer_limits *limits, u32 ttt,
			 struct lunar_r2t *r2t);

/* All that was announced or asked for has come, and some of it was lost. */
static inline bool lunar_xfer_failed(const struct lunar_xfer *xfer)
{
	return xfer->spoiled && !xfer->nr_open;
}

static inline bool lunar_xfer_complete(const struct lunar_xfer *xfer)
{
	return xfer->received == xfer->length && !xfer->spoiled;
}

/**
 * struct lunar_data_in - where a READ stands, and the Data-In to send next
 * @length:	bytes to send in all
 * @offset:	BufferOffset of the next PDU
 * @datasn:	its DataSN
 * @burst:	bytes already sent in the current sequence
 */
struct lunar_data_in {
	u32	length;
	u32	offset;
	u32	datasn;
	u32	burst;
};

/**
 * struct lunar_data_in_pdu - one Data-In PDU
 * @offset:	BufferOffset
 * @length:	DataSegmentLength
 * @datasn:	DataSN
 * @final:	F bit: ends a sequence of at most MaxBurstLength
 * @last:	ends the command's data; the S bit may be set
 */
struct lunar_data_in_pdu {
	u32	offset;
	u32	length;
	u32	datasn;
	bool	final;
	bool	last;
};

void lunar_xfer_next_data_in(struct lunar_data_in *din, u32 max_segment,
			     u32 max_burst, struct lunar_data_in_pdu *pdu);

#endif /* LUNAR_XFER_H */
