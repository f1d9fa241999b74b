// SPDX-License-Identifier: GPL-2.0
/*
 * Arithmetic of data sequences. Pure.
 */

#include <linux/kernel.h>
#include <linux/string.h>

#include "xfer.h"

/**
 * lunar_xfer_start() - begin the data-out side of a SCSI Command
 * @xfer:	the transfer to initialise
 * @limits:	negotiated keys
 * @length:	ExpectedDataTransferLength of the write, bytes; may be 0
 * @immediate:	bytes of immediate data that came with the command
 * @final:	F bit of the command
 *
 * F=0 announces unsolicited Data-Out (RFC 7143 11.3.1), of which there must be
 * room for at least a byte: immediate data and unsolicited Data-Out together
 * are at most FirstBurstLength (RFC 7143 13.14).
 *
 * Context: any; the caller owns @xfer.
 * Return: LUNAR_XFER_OK or what is wrong; @xfer is then not to be used.
 */
enum lunar_xfer_error lunar_xfer_start(struct lunar_xfer *xfer,
				       const struct lunar_xfer_limits *limits,
				       u32 length, u32 immediate, bool final)
{
	u32 unsolicited = min(limits->first_burst, length);

	memset(xfer, 0, sizeof(*xfer));
	xfer->length = length;

	if (immediate && !limits->immediate_data)
		return LUNAR_XFER_UNEXPECTED;
	if (!final && limits->initial_r2t)
		return LUNAR_XFER_UNEXPECTED;
	if (immediate > unsolicited)
		return LUNAR_XFER_TOO_MUCH;
	if (!final && immediate == unsolicited)
		return LUNAR_XFER_NOT_FINAL;

	xfer->received = immediate;
	xfer->next = immediate;
	if (!final) {
		xfer->unsolicited = true;
		xfer->nr_open = 1;
		xfer->open[0] = (struct lunar_r2t) {
			.ttt	= ISCSI_RESERVED_TAG,
			.offset	= immediate,
			.length	= unsolicited - immediate,
		};
	}
	return LUNAR_XFER_OK;
}

static struct lunar_r2t *xfer_find(struct lunar_xfer *xfer, u32 ttt)
{
	u32 i;

	for (i = 0; i < xfer->nr_open; i++)
		if (xfer->open[i].ttt == ttt)
			return &xfer->open[i];
	return NULL;
}

static void xfer_end_sequence(struct lunar_xfer *xfer, struct lunar_r2t *seq)
{
	u32 behind = &xfer->open[xfer->nr_open] - (seq + 1);

	/* An unsolicited sequence may end short; R2Ts fetch the rest. */
	if (seq->ttt == ISCSI_RESERVED_TAG) {
		xfer->unsolicited = false;
		xfer->next = seq->offset + seq->done;
	}
	memmove(seq, seq + 1, behind * sizeof(*seq));
	xfer->nr_open--;
}

/**
 * lunar_xfer_data_out() - account for one Data-Out PDU
 * @xfer:	the command's transfer
 * @ttt:	its Target Transfer Tag
 * @offset:	its BufferOffset
 * @len:	its DataSegmentLength
 * @datasn:	its DataSN, which counts from 0 in every sequence (RFC 7143
 *		11.7.5)
 * @final:	its F bit
 *
 * Within a sequence PDUs are in order (DataPDUInOrder=Yes, RFC 7143 13.18).
 * Answers to several outstanding R2Ts may interleave: it costs nothing, since
 * each byte range is open once.
 *
 * Context: any; the caller owns @xfer.
 * Return: LUNAR_XFER_OK, or what is wrong; @xfer is then unchanged.
 */
enum lunar_xfer_error lunar_xfer_data_out(struct lunar_xfer *xfer, u32 ttt,
					  u32 offset, u32 len, u32 datasn,
					  bool final)
{
	struct lunar_r2t *seq = xfer_find(xfer, ttt);
	u32 left;

	if (!seq)
		return ttt == ISCSI_RESERVED_TAG ? LUNAR_XFER_UNEXPECTED :
						   LUNAR_XFER_NO_SEQUENCE;
	if (datasn != seq->datasn)
		return LUNAR_XFER_BAD_DATASN;
	if (offset != seq->offset + seq->done)
		return LUNAR_XFER_BAD_OFFSET;

	left = seq->length - seq->done;
	if (len > left)
		return LUNAR_XFER_TOO_MUCH;
	if (len == left && !final)
		return LUNAR_XFER_NOT_FINAL;
	if (len < left && final && ttt != ISCSI_RESERVED_TAG)
		return LUNAR_XFER_TOO_LITTLE;

	seq->done += len;
	seq->datasn++;
	xfer->received += len;
	if (final)
		xfer_end_sequence(xfer, seq);
	return LUNAR_XFER_OK;
}

/**
 * lunar_xfer_limit() - do not ask for what will not be used
 * @xfer:	the command's transfer, just started
 * @size:	bytes that the CDB takes
 *
 * The initiator may have announced more (residual underflow). What comes
 * unsolicited has to be received nevertheless.
 *
 * Context: any; the caller owns @xfer.
 */
void lunar_xfer_limit(struct lunar_xfer *xfer, u32 size)
{
	u32 coming = xfer->received;

	if (xfer->unsolicited)
		coming += xfer->open[0].length;
	xfer->length = min(xfer->length, max(size, coming));
}

/**
 * lunar_xfer_spoil() - a Data-Out was lost, or shows that one was
 * @xfer:	the command's transfer
 * @ttt:	its Target Transfer Tag
 * @final:	its F bit
 *
 * RFC 7143 7.8, 7.9: the task fails, once every sequence has been seen to its
 * end (lunar_xfer_failed()); no further one is asked for. For each Data-Out that
 * comes from now on, in place of lunar_xfer_data_out().
 *
 * Context: any; the caller owns @xfer.
 */
void lunar_xfer_spoil(struct lunar_xfer *xfer, u32 ttt, bool final)
{
	struct lunar_r2t *seq = xfer_find(xfer, ttt);

	xfer->spoiled = true;
	if (seq && final)
		xfer_end_sequence(xfer, seq);
}

/**
 * lunar_xfer_next_r2t() - open the next solicited sequence
 * @xfer:	the command's transfer
 * @limits:	negotiated keys; max_burst is at least 512 (RFC 7143 13.13)
 * @ttt:	Target Transfer Tag to use, not ISCSI_RESERVED_TAG and not open
 *		in this command
 * @r2t:	the R2T to send
 *
 * R2Ts go out in offset order and cover each byte once
 * (DataSequenceInOrder=Yes, RFC 7143 13.19). None goes out before unsolicited
 * data has ended, since only then it is known what is missing.
 *
 * Context: any; the caller owns @xfer.
 * Return: true when @r2t is to be sent; false when there is nothing left to
 * ask for or MaxOutstandingR2T is reached, with @r2t untouched.
 */
bool lunar_xfer_next_r2t(struct lunar_xfer *xfer,
			 const struct lunar_xfer_limits *limits, u32 ttt,
			 struct lunar_r2t *r2t)
{
	if (xfer->unsolicited || xfer->spoiled || xfer->next >= xfer->length)
		return false;
	if (xfer->nr_open >= min_t(u32, limits->max_r2t, LUNAR_MAX_R2T))
		return false;

	*r2t = (struct lunar_r2t) {
		.ttt	= ttt,
		.r2tsn	= xfer->next_r2tsn++,
		.offset	= xfer->next,
		.length	= min(limits->max_burst, xfer->length - xfer->next),
	};
	xfer->next += r2t->length;
	xfer->open[xfer->nr_open++] = *r2t;
	return true;
}

/**
 * lunar_xfer_next_data_in() - cut the next Data-In PDU of a READ
 * @din:	where the READ stands; moved forward
 * @max_segment: the initiator's MaxRecvDataSegmentLength, at least 512
 * @max_burst:	MaxBurstLength, at least 512
 * @pdu:	the PDU to send
 *
 * Not to be called again after a PDU with @last set. A READ of no data gives
 * one empty PDU with @final and @last set.
 *
 * Context: any; the caller owns @din.
 */
void lunar_xfer_next_data_in(struct lunar_data_in *din, u32 max_segment,
			     u32 max_burst, struct lunar_data_in_pdu *pdu)
{
	u32 left = din->length - din->offset;
	u32 len = min(left, max_burst - din->burst);

	/* RFC 7143 11.7.7: whole words unless the F bit is set. */
	if (len > max_segment)
		len = max_segment & ~(ISCSI_PAD_LEN - 1);

	pdu->offset = din->offset;
	pdu->length = len;
	pdu->datasn = din->datasn;
	pdu->last = len == left;
	pdu->final = pdu->last || len == max_burst - din->burst;

	din->offset += len;
	din->datasn++;
	din->burst = pdu->final ? 0 : din->burst + len;
}
