// SPDX-License-Identifier: GPL-2.0
/* PDUs that came before their turn. See hold.h. */

#include <linux/mm.h>
#include <linux/slab.h>
#include "hold.h"
#include "session.h"

static bool is_data_out(const struct lunar_held *held)
{
	return held->pdu.opcode == ISCSI_OP_SCSI_DATA_OUT;
}

/**
 * lunar_hold_has() - is the command with this number here already?
 * @conn:	the connection
 * @cmdsn:	CmdSN
 *
 * Owner's context.
 *
 * Return: true if so: another one is a duplicate.
 */
bool lunar_hold_has(const struct lunar_conn *conn, u32 cmdsn)
{
	const struct lunar_held *held;

	list_for_each_entry(held, &conn->rx.held, entry)
		if (held->cmdsn == cmdsn && !is_data_out(held))
			return true;
	return false;
}

static struct lunar_held *find(const struct lunar_conn *conn, itt_t itt)
{
	struct lunar_held *held;

	list_for_each_entry(held, &conn->rx.held, entry)
		if (!held->skip && held->hdr.itt == itt &&
		    held->pdu.opcode == ISCSI_OP_SCSI_CMD)
			return held;
	return NULL;
}

/**
 * lunar_hold_is_data_of() - does a Data-Out belong to a command that is held?
 * @conn:	the connection
 * @itt:	its Initiator Task Tag, as on the wire
 *
 * Owner's context.
 *
 * Return: true if so: it is to be held as well.
 */
bool lunar_hold_is_data_of(const struct lunar_conn *conn, itt_t itt)
{
	return find(conn, itt);
}

/* Behind what has the same number, before the first that is later. */
static void insert(struct lunar_conn *conn, struct lunar_held *held)
{
	struct lunar_held *other;

	list_for_each_entry_reverse(other, &conn->rx.held, entry)
		if (!iscsi_sna_gt(other->cmdsn, held->cmdsn))
			break;
	list_add(&held->entry, &other->entry);
	conn->rx.held_pdus++;
	conn->rx.held_bytes += held->pdu.data_len;
}

/* Takes it off the list; the caller's from here on. */
static void take_out(struct lunar_conn *conn, struct lunar_held *held)
{
	list_del(&held->entry);
	conn->rx.held_pdus--;
	conn->rx.held_bytes -= held->pdu.data_len;
}

/**
 * lunar_hold_free() - free a PDU
 * @held:	from lunar_hold_next()
 */
void lunar_hold_free(struct lunar_held *held)
{
	kfree(held->ahs);
	kvfree(held->buf);
	kfree(held);
}

/**
 * lunar_hold_add() - hold the PDU that was just received
 * @conn:	rx has all of it: header, AHS, data in rx.buf, which is taken
 *
 * Owner's context, may sleep for memory.
 *
 * Return: 0, -ENOMEM, or -EPROTO if the initiator sends more behind a gap than
 * is kept.
 */
int lunar_hold_add(struct lunar_conn *conn)
{
	struct lunar_rx *rx = &conn->rx;
	struct lunar_held *held;

	if (conn->rx.held_pdus >= LUNAR_HOLD_MAX_PDUS ||
	    conn->rx.held_bytes + rx->pdu.data_len > LUNAR_HOLD_MAX_BYTES)
		return -EPROTO;
	held = kzalloc(sizeof(*held), GFP_KERNEL);
	if (!held)
		return -ENOMEM;
	if (rx->pdu.ahs_len) {
		held->ahs = kmemdup(rx->ahs, rx->pdu.ahs_len, GFP_KERNEL);
		if (!held->ahs) {
			kfree(held);
			return -ENOMEM;
		}
	}
	held->hdr = rx->hdr;
	held->pdu = rx->pdu;
	held->buf = rx->buf;
	rx->buf = NULL;
	if (is_data_out(held))
		held->cmdsn = find(conn, rx->hdr.itt)->cmdsn;
	else
		held->cmdsn = be32_to_cpu(rx->hdr.statsn);
	insert(conn, held);
	return 0;
}

/**
 * lunar_hold_next() - the next PDU whose turn it is
 * @conn:	the connection
 * @resetting:	a SCSI command, and what is behind it, is to wait
 *
 * Numbers that are to be skipped are taken from the window here. Owner's
 * context.
 *
 * Return: the PDU, for lunar_hold_free(), or NULL if there is none, or a gap
 * before it, or it is to wait.
 */
struct lunar_held *lunar_hold_next(struct lunar_conn *conn, bool resetting)
{
	struct lunar_window *win = &conn->session->window;
	struct lunar_held *held;

	for (;;) {
		held = list_first_entry_or_null(&conn->rx.held, struct lunar_held,
						entry);
		if (!held || iscsi_sna_gt(held->cmdsn, win->exp_cmdsn))
			return NULL;
		if (resetting && !held->skip &&
		    held->pdu.opcode == ISCSI_OP_SCSI_CMD)
			return NULL;
		take_out(conn, held);
		if (!held->skip)
			return held;
		lunar_window_take(win);
		lunar_hold_free(held);
	}
}

/**
 * lunar_hold_free_all() - the connection ends
 * @conn:	its socket is closed
 *
 * Owner's context.
 */
void lunar_hold_free_all(struct lunar_conn *conn)
{
	struct lunar_held *held, *next;

	list_for_each_entry_safe(held, next, &conn->rx.held, entry) {
		take_out(conn, held);
		lunar_hold_free(held);
	}
}

/* Leaves the command's number and drops the rest of it. */
static void abort_held(struct lunar_conn *conn, struct lunar_held *cmd)
{
	struct lunar_held *held, *next;

	list_for_each_entry_safe(held, next, &conn->rx.held, entry) {
		if (held->cmdsn != cmd->cmdsn || !is_data_out(held))
			continue;
		take_out(conn, held);
		lunar_hold_free(held);
	}
	conn->rx.held_bytes -= cmd->pdu.data_len;
	cmd->pdu.data_len = 0;
	kvfree(cmd->buf);
	cmd->buf = NULL;
	cmd->skip = true;
}

/**
 * lunar_hold_abort() - ABORT TASK for a task that was not delivered
 * @conn:	the connection
 * @itt:	Referenced Task Tag, as on the wire
 * @cmdsn:	RefCmdSN
 * @before:	CmdSN of the request itself
 *
 * RFC 7143 11.5.5, 11.6.1: a held command ends here. One that never came, but
 * whose number is in the window and before that of the request, counts as
 * received from here on, which closes the gap that it is. Owner's context, may
 * sleep for memory.
 *
 * Return: 0 or -ENOMEM.
 */
int lunar_hold_abort(struct lunar_conn *conn, itt_t itt, u32 cmdsn, u32 before)
{
	struct lunar_held *held = find(conn, itt);

	if (held) {
		abort_held(conn, held);
		return 0;
	}
	if (!lunar_window_missing(&conn->session->window, cmdsn, before) ||
	    lunar_hold_has(conn, cmdsn))
		return 0;
	held = kzalloc(sizeof(*held), GFP_KERNEL);
	if (!held)
		return -ENOMEM;
	held->cmdsn = cmdsn;
	held->skip = true;
	insert(conn, held);
	return 0;
}

/**
 * lunar_hold_abort_lun() - end all commands of a LUN that were not delivered
 * @conn:	the connection
 * @lun:	only those of this unpacked LUN; NULL for all
 * @before:	CmdSN of the task management function; later ones are not meant
 *
 * RFC 7143 4.2.3.3. Owner's context.
 */
void lunar_hold_abort_lun(struct lunar_conn *conn, const u64 *lun, u32 before)
{
	struct lunar_held *held;
	bool again;

	do {
		again = false;
		list_for_each_entry(held, &conn->rx.held, entry) {
			if (held->skip || !iscsi_sna_lt(held->cmdsn, before) ||
			    held->pdu.opcode != ISCSI_OP_SCSI_CMD)
				continue;
			if (lun && lunar_pdu_lun(&held->hdr.lun) != *lun)
				continue;
			abort_held(conn, held);
			again = true;
			break;
		}
	} while (again);
}
