// SPDX-License-Identifier: GPL-2.0
/* Commands: from the wire's task to target core's se_cmd and back. See cmd.h. */

#include <linux/mm.h>
#include <linux/slab.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>
#include "abort.h"
#include "backend.h"
#include "cdb.h"
#include "cmd.h"
#include "lun.h"
#include "owner.h"
#include "session.h"
#include "stats.h"
#include "tpg.h"

/* Sense key, additional sense code, qualifier: RFC 7143 11.4.7.2 and SAM-5 7.3. */
#define PROTOCOL_SERVICE_CRC_ERROR	0x0b4705
#define CLEARED_BY_ANOTHER_INITIATOR	0x062f00

static struct kmem_cache *cmd_cache;
/*
 * Commands for backstores that may sleep, and those that do although their backstore
 * does not: a stock backstore that hangs fills the first.
 */
static struct workqueue_struct *exec_wq;
static struct workqueue_struct *control_wq;

static void exec_work(struct work_struct *work);

/**
 * lunar_cmd_alloc() - a new command
 * @conn:	its connection; gets a reference
 * @kind:	what it will be
 * @itt:	Initiator Task Tag, as on the wire
 *
 * Owner's context, may sleep for memory. SCSI commands and TMFs take a slot of
 * the CmdSN window unless they came with the I bit (conn->rx.pdu).
 *
 * Return: the command, owned by the caller, or NULL without memory.
 */
struct lunar_cmd *lunar_cmd_alloc(struct lunar_conn *conn,
				  enum lunar_cmd_kind kind, itt_t itt)
{
	struct lunar_cmd *cmd;

	cmd = kmem_cache_zalloc(cmd_cache, GFP_KERNEL);
	if (!cmd)
		return NULL;
	lunar_conn_get(conn);
	cmd->conn = conn;
	cmd->kind = kind;
	cmd->itt = itt;
	INIT_HLIST_NODE(&cmd->hash_entry);
	INIT_LIST_HEAD(&cmd->tx_entry);
	INIT_WORK(&cmd->exec_work, exec_work);
	cmd->immediate = conn->rx.pdu.immediate;
	switch (kind) {
	case LUNAR_CMD_PDU:
		conn->queued++;
		fallthrough;
	case LUNAR_CMD_TMR:
		return cmd;
	default:
		break;
	}
	atomic_inc(&conn->session->active);
	if (!cmd->immediate) {
		cmd->slot = true;
		atomic_inc(&conn->session->open);
	}
	return cmd;
}

/**
 * lunar_cmd_give_slot() - give the slot of the CmdSN window back
 * @cmd:	the command; nothing happens if it holds none
 *
 * When its status is stamped, so that the answer itself opens the window, and
 * at the latest when the command is freed.
 */
void lunar_cmd_give_slot(struct lunar_cmd *cmd)
{
	if (!cmd->slot)
		return;
	cmd->slot = false;
	atomic_dec(&cmd->conn->session->open);
}

/**
 * lunar_cmd_too_many() - is the request received an immediate one too many?
 * @conn:	the connection; rx.pdu is the request
 *
 * Immediate commands are outside the window, so they need a bound of their own.
 * Owner's context.
 *
 * Return: whether to Reject it.
 */
bool lunar_cmd_too_many(struct lunar_conn *conn)
{
	struct lunar_session *session = conn->session;

	return conn->rx.pdu.immediate &&
	       atomic_read(&session->active) >= session->window.depth +
						LUNAR_CMD_MAX_IMMEDIATE;
}

static struct hlist_head *bucket(struct lunar_conn *conn, itt_t itt)
{
	return &conn->cmds[be32_to_cpu((__force __be32)itt) % LUNAR_CONN_HASH];
}

static void unhash(struct lunar_cmd *cmd)
{
	struct lunar_conn *conn = cmd->conn;

	spin_lock_bh(&conn->cmd_lock);
	hlist_del_init(&cmd->hash_entry);
	spin_unlock_bh(&conn->cmd_lock);
}

/* Gives pages back that the backstore lent: see struct lunar_loan. */
static void end_loan(struct lunar_loan *loan)
{
	u32 i;

	for (i = 0; i < loan->nents; i++)
		folio_put(page_folio(sg_page(&loan->sgl[i])));
	if (loan->sgl != loan->few)
		kvfree(loan->sgl);
}

/* A login may wait for the last one: lunar_session_reinstate(). */
static void end_late(struct lunar_conn *conn)
{
	if (atomic_dec_and_test(&conn->late) &&
	    lunar_conn_state(conn) >= LUNAR_CONN_CLOSING)
		wake_up_all(&conn->tpg->idle);
}

/**
 * lunar_cmd_free() - free a command
 * @cmd:	no reference of target core is left
 *
 * Any context but hard interrupts. Drops the reference on the connection.
 */
void lunar_cmd_free(struct lunar_cmd *cmd)
{
	struct lunar_conn *conn = cmd->conn;

	unhash(cmd);
	lunar_cmd_give_slot(cmd);
	if (cmd->kind == LUNAR_CMD_PDU)
		conn->queued--;
	else if (cmd->kind != LUNAR_CMD_TMR)
		atomic_dec(&conn->session->active);
	if (cmd->late)
		end_late(conn);
	lunar_abort_release(cmd);
	end_loan(&cmd->backend.loan);
	kvfree(cmd->data);
	kmem_cache_free(cmd_cache, cmd);
	lunar_conn_put(conn);
}

/**
 * lunar_cmd_find() - a SCSI command by its Initiator Task Tag
 * @conn:	the connection; cmd_lock is held
 * @itt:	as on the wire
 *
 * Return: the command, valid while the lock is held, or NULL.
 */
struct lunar_cmd *lunar_cmd_find(struct lunar_conn *conn, itt_t itt)
{
	struct lunar_cmd *cmd;

	lockdep_assert_held(&conn->cmd_lock);
	hlist_for_each_entry(cmd, bucket(conn, itt), hash_entry) {
		if (cmd->itt == itt)
			break;
	}
	return cmd;
}

/**
 * lunar_cmd_exists() - is an Initiator Task Tag in use?
 * @conn:	the connection
 * @itt:	as on the wire
 *
 * Owner's context.
 *
 * Return: whether a SCSI command with it was begun and not answered.
 */
bool lunar_cmd_exists(struct lunar_conn *conn, itt_t itt)
{
	bool exists;

	spin_lock_bh(&conn->cmd_lock);
	exists = lunar_cmd_find(conn, itt);
	spin_unlock_bh(&conn->cmd_lock);
	return exists;
}

/**
 * lunar_cmd_count_lun() - commands that a LUN has of a connection
 * @conn:	the connection
 * @lun:	the LUN
 *
 * Any context but hard interrupts; for the log.
 *
 * Return: their number.
 */
u32 lunar_cmd_count_lun(struct lunar_conn *conn, const struct se_lun *lun)
{
	struct lunar_cmd *cmd;
	unsigned int i;
	u32 nr = 0;

	spin_lock_bh(&conn->cmd_lock);
	for (i = 0; i < LUNAR_CONN_HASH; i++)
		hlist_for_each_entry(cmd, &conn->cmds[i], hash_entry)
			nr += READ_ONCE(cmd->se_cmd.se_lun) == lun;
	spin_unlock_bh(&conn->cmd_lock);
	return nr;
}

/**
 * lunar_cmd_find_waiting() - the command that a Data-Out is for
 * @conn:	the connection
 * @itt:	Initiator Task Tag, as on the wire
 *
 * Owner's context. Only the owner ends a command that waits for data, so it
 * stays valid; what is with target core may be freed at any moment.
 *
 * Return: the command, or NULL if there is none that waits for data.
 */
struct lunar_cmd *lunar_cmd_find_waiting(struct lunar_conn *conn, itt_t itt)
{
	struct lunar_cmd *cmd;

	spin_lock_bh(&conn->cmd_lock);
	cmd = lunar_cmd_find(conn, itt);
	if (cmd && READ_ONCE(cmd->state) != LUNAR_CMD_NEED_DATA)
		cmd = NULL;
	spin_unlock_bh(&conn->cmd_lock);
	return cmd;
}

static int task_attr(u8 flags)
{
	switch (flags & ISCSI_FLAG_CMD_ATTR_MASK) {
	case ISCSI_ATTR_ORDERED:
		return TCM_ORDERED_TAG;
	case ISCSI_ATTR_HEAD_OF_QUEUE:
		return TCM_HEAD_TAG;
	case ISCSI_ATTR_ACA:
		return TCM_ACA_TAG;
	default:
		return TCM_SIMPLE_TAG;
	}
}

static enum dma_data_direction data_direction(u8 flags)
{
	if (flags & ISCSI_FLAG_CMD_WRITE)
		return DMA_TO_DEVICE;
	if (flags & ISCSI_FLAG_CMD_READ)
		return DMA_FROM_DEVICE;
	return DMA_NONE;
}

static bool wants_data(const struct se_cmd *se_cmd)
{
	return se_cmd->data_direction == DMA_TO_DEVICE && se_cmd->data_length;
}

/*
 * Checks that target core leaves out. It goes by the R and W bits, also when it
 * decides whether a LUN is write protected or reserved; a CDB that says otherwise
 * would write past that. And it allocates what a parameter list's length says. Of
 * what comes without data only WRITE SAME changes anything, if its UNMAP bit is set.
 *
 * A READ that comes with data, and for which none is expected, transfers nothing
 * either way, and all of its data is residual (RFC 7143 11.4.5).
 */
static sense_reason_t check(struct se_cmd *se_cmd)
{
	u8 direction = lunar_cdb_direction(se_cmd->t_task_cdb);
	bool differs = direction && se_cmd->data_direction != DMA_NONE &&
		       data_direction(direction) != se_cmd->data_direction;

	if (differs && direction == ISCSI_FLAG_CMD_READ)
		se_cmd->data_length = 0;
	else if (differs || se_cmd->data_length > LUNAR_CMD_MAX_DATA ||
		 (se_cmd->data_direction == DMA_NONE &&
		  lunar_cdb_is_write_same(se_cmd->t_task_cdb)))
		return TCM_INVALID_CDB_FIELD;
	return TCM_NO_SENSE;
}

/*
 * RFC 7143 11.4.5: residuals of data-out. Target core refuses a WRITE if CDB and
 * ExpectedDataTransferLength differ, so it was not told the latter, and
 * data_length is what the CDB takes. Of a WRITE for which there is too little
 * data, the blocks that are there are written.
 */
static sense_reason_t fit_data_out(struct lunar_cmd *cmd)
{
	struct se_cmd *se_cmd = &cmd->se_cmd;
	u32 size = se_cmd->data_length;

	if (se_cmd->data_direction != DMA_TO_DEVICE || size == cmd->edtl)
		return TCM_NO_SENSE;
	if (!lunar_cdb_may_differ(se_cmd->t_task_cdb, size < cmd->edtl))
		return TCM_INVALID_CDB_FIELD;
	if (size < cmd->edtl) {
		se_cmd->se_cmd_flags |= SCF_UNDERFLOW_BIT;
		se_cmd->residual_count = cmd->edtl - size;
		return TCM_NO_SENSE;
	}
	se_cmd->se_cmd_flags |= SCF_OVERFLOW_BIT;
	se_cmd->residual_count = size - cmd->edtl;
	se_cmd->data_length = round_down(cmd->edtl,
					 se_cmd->se_dev->dev_attrib.block_size);
	return TCM_NO_SENSE;
}

/*
 * SAM-5 5.14: what the initiator has to be told comes in place of the command. For
 * what is not queued by target core, to whose unit attentions nobody may add.
 */
static sense_reason_t attention(struct lunar_cmd *cmd, u64 lun)
{
	struct xarray *cleared = &cmd->conn->session->cleared;

	if (likely(xa_empty(cleared)))
		return TCM_NO_SENSE;
	switch (cmd->se_cmd.t_task_cdb[0]) {
	case INQUIRY:
	case REPORT_LUNS:
	case REQUEST_SENSE:
		return TCM_NO_SENSE;
	}
	if (!xa_erase_bh(cleared, lun))
		return TCM_NO_SENSE;
	cmd->condition = CLEARED_BY_ANOTHER_INITIATOR;
	return TCM_CHECK_CONDITION_ABORT_CMD;
}

/* See lunar_backend_complete(). */
static void backend_complete(struct se_cmd *se_cmd, u8 status)
{
	struct lunar_cmd *cmd = to_lunar_cmd(se_cmd);

	cmd->status = status;
	WRITE_ONCE(cmd->state, LUNAR_CMD_DONE);
	lunar_cmd_queue(cmd);
}

/**
 * lunar_cmd_begin() - hand a SCSI Command to target core, up to its buffer
 * @cmd:	new
 * @req:	the header; not bidirectional
 * @cdb:	complete, also if it is longer than 16 bytes
 *
 * Looks up the LUN, parses the CDB and, for a command that takes data, allocates
 * its scatterlist (state NEED_DATA). Nothing is executed. Owner's context, may
 * sleep for memory, not for I/O.
 *
 * Return: 0; 1 if target core has answered already (@cmd waits to be sent);
 * -ESHUTDOWN if the session is ending (@cmd is freed).
 */
int lunar_cmd_begin(struct lunar_cmd *cmd, struct iscsi_scsi_req *req,
		    const u8 *cdb)
{
	struct lunar_conn *conn = cmd->conn;
	struct se_cmd *se_cmd = &cmd->se_cmd;
	u64 lun = lunar_pdu_lun(&req->lun);
	int ret, flags = TARGET_SCF_ACK_KREF;
	sense_reason_t reason;

	if (req->flags & ISCSI_FLAG_CMD_WRITE)
		flags |= TARGET_SCF_UNKNOWN_SIZE;
	cmd->edtl = be32_to_cpu(req->data_length);
	se_cmd->tag = be32_to_cpu((__force __be32)cmd->itt);
	ret = target_init_cmd(se_cmd, conn->session->se_sess, cmd->sense.data,
			      lunar_lun_lookup(conn->session->se_sess, lun, cdb),
			      cmd->edtl,
			      task_attr(req->flags),
			      data_direction(req->flags), flags);
	if (ret) {
		lunar_cmd_free(cmd);
		return ret;
	}
	/* What was summed up must be what is sent. */
	cmd->backend.loan.wanted = !conn->data_digest;
	cmd->backend.complete = backend_complete;
	/*
	 * Who finds it there may mark it, but not end it: if target core refuses it
	 * now, it ends it itself.
	 */
	cmd->state = LUNAR_CMD_EXEC;
	spin_lock_bh(&conn->cmd_lock);
	hlist_add_head(&cmd->hash_entry, bucket(conn, cmd->itt));
	spin_unlock_bh(&conn->cmd_lock);

	/* target core copies the CDB before it returns. */
	if (target_submit_prep(se_cmd, (u8 *)cdb, NULL, 0, NULL, 0, NULL, 0,
			       GFP_KERNEL))
		return 1;
	WRITE_ONCE(cmd->state, LUNAR_CMD_NEW);
	lunar_lun_prepare(se_cmd, lun);
	/* SAM-5 8.9.1: implicit, so that a hung command does not hold them up. */
	if (lunar_cdb_from_memory(se_cmd->t_task_cdb) &&
	    se_cmd->sam_task_attr == TCM_SIMPLE_TAG)
		se_cmd->sam_task_attr = TCM_HEAD_TAG;
	reason = check(se_cmd) ?: fit_data_out(cmd) ?: attention(cmd, lun);
	if (!reason && !wants_data(se_cmd))
		return 0;
	if (!reason)
		reason = transport_generic_new_cmd(se_cmd);
	if (reason) {
		cmd->state = LUNAR_CMD_EXEC;
		transport_generic_request_failure(se_cmd, reason);
		return 1;
	}
	cmd->state = LUNAR_CMD_NEED_DATA;
	lunar_conn_wait_data(conn, 1);
	return 0;
}

/*
 * May @se_cmd run in the receive context? Target core itself sleeps for the
 * ALUA non-optimized delay.
 */
static bool never_sleeps(const struct se_cmd *se_cmd)
{
	const struct se_device *dev = se_cmd->se_dev;

	if ((dev->transport_flags & TRANSPORT_FLAG_PASSTHROUGH) ||
	    se_cmd->alua_nonop_delay)
		return false;
	if (lunar_cdb_from_memory(se_cmd->t_task_cdb))
		return true;
	return (dev->transport_flags & LUNAR_TRANSPORT_NONBLOCK) &&
	       !lunar_cdb_sleeps(se_cmd->t_task_cdb);
}

/*
 * May @se_cmd change something after a command of a later session was answered?
 * Not if it only reads, nor if the backstore orders it before what overlaps it.
 * What target core does in several steps, or may not have begun when this
 * returns, a backstore does not see as one command.
 */
static bool may_land_late(const struct se_cmd *se_cmd)
{
	const struct se_device *dev = se_cmd->se_dev;

	switch (se_cmd->t_task_cdb[0]) {
	case READ_6:
	case READ_10:
	case READ_12:
	case READ_16:
	case READ_CAPACITY:
	case SYNCHRONIZE_CACHE:
	case SYNCHRONIZE_CACHE_16:
		return false;
	default:
		return !lunar_cdb_from_memory(se_cmd->t_task_cdb) &&
		       (!(dev->transport_flags & LUNAR_TRANSPORT_ORDERED) ||
			!never_sleeps(se_cmd));
	}
}

static void run(struct se_cmd *se_cmd)
{
	if (wants_data(se_cmd))
		target_execute_cmd(se_cmd);
	else
		target_submit(se_cmd);
}

static void exec_work(struct work_struct *work)
{
	struct lunar_cmd *cmd = container_of(work, struct lunar_cmd, exec_work);

	/* Given up while it was queued: it must not take effect any more. */
	if (READ_ONCE(cmd->abandoned))
		transport_generic_request_failure(&cmd->se_cmd,
						  TCM_CHECK_CONDITION_ABORT_CMD);
	else
		run(&cmd->se_cmd);
}

/**
 * lunar_cmd_execute() - all data is there: execute
 * @cmd:	begun, not answered, not abandoned
 *
 * Owner's context. Runs in place if neither the backstore nor target core
 * sleeps for this command, else from a workqueue. The command belongs to target
 * core from here on.
 */
void lunar_cmd_execute(struct lunar_cmd *cmd)
{
	const struct se_device *dev = cmd->se_cmd.se_dev;

	if (cmd->state == LUNAR_CMD_NEED_DATA)
		lunar_conn_wait_data(cmd->conn, -1);
	WRITE_ONCE(cmd->state, LUNAR_CMD_EXEC);
	cmd->ordered = dev->transport_flags & LUNAR_TRANSPORT_ORDERED;
	if (may_land_late(&cmd->se_cmd)) {
		cmd->late = true;
		atomic_inc(&cmd->conn->late);
	}
	if (never_sleeps(&cmd->se_cmd)) {
		lunar_stats_inc(LUNAR_STAT_inline_submits);
		run(&cmd->se_cmd);
	} else {
		lunar_stats_inc(LUNAR_STAT_queued_submits);
		queue_work(dev->transport_flags & LUNAR_TRANSPORT_NONBLOCK ?
			   control_wq : exec_wq, &cmd->exec_work);
	}
}

/**
 * lunar_cmd_fail() - end a command that waits for data: some of it was lost
 * @cmd:	in state NEED_DATA; nothing is left to come
 *
 * Owner's context. It is answered, and never executed.
 */
void lunar_cmd_fail(struct lunar_cmd *cmd)
{
	lunar_conn_wait_data(cmd->conn, -1);
	cmd->condition = PROTOCOL_SERVICE_CRC_ERROR;
	WRITE_ONCE(cmd->state, LUNAR_CMD_EXEC);
	transport_generic_request_failure(&cmd->se_cmd,
					  TCM_CHECK_CONDITION_ABORT_CMD);
}

/**
 * lunar_cmd_complete() - tell target core that a command has been executed
 * @cmd:	in state DONE; may be gone when this returns
 *
 * Target core completes a command in a work item of its own, which is what a fabric
 * whose backstores complete in interrupts needs. Here the work item is taken back
 * before a worker has it, and runs in place. Nobody but target_complete_cmd() and
 * the worker has to do with se_cmd.work: target core neither flushes nor cancels it,
 * and queues it only once, be it for the answer or, if CMD_T_ABORTED is set, for
 * the end of the command. If a worker was faster it is as if this were not done.
 * (Its work item queues it once more if it fails an aborted command without sense
 * data; those of lunar_file have some.)
 * (With CMD_T_STOP it is not queued, but that is for transport_wait_for_tasks(),
 * which this fabric does not call.)
 *
 * An aborted command loses the acknowledge reference there, hence one more. Owner's
 * context; calls queue_data_in(), queue_status() or aborted_task().
 */
void lunar_cmd_complete(struct lunar_cmd *cmd)
{
	struct se_cmd *se_cmd = &cmd->se_cmd;

	kref_get(&se_cmd->cmd_kref);
	target_complete_cmd(se_cmd, cmd->status);
	if (cancel_work(&se_cmd->work))
		se_cmd->work.func(&se_cmd->work);
	target_put_sess_cmd(se_cmd);
}

/**
 * lunar_cmd_queue() - have the owner send what the command has to say
 * @cmd:	state says what; belongs to the owner from here on
 *
 * Any context. The owner may send and free the command before this returns, and
 * with it the last reference on the connection.
 */
void lunar_cmd_queue(struct lunar_cmd *cmd)
{
	struct lunar_conn *conn = cmd->conn;

	lunar_conn_get(conn);
	/* Whoever made the list begin has seen to it that the owner looks. */
	if (llist_add(&cmd->ready_entry, &conn->ready))
		lunar_owner_wake(conn);
	lunar_conn_put(conn);
}

/**
 * lunar_cmd_finish() - the answer was sent, or never will be
 * @cmd:	the owner's; gone when this returns
 *
 * Owner's context.
 */
void lunar_cmd_finish(struct lunar_cmd *cmd)
{
	if (cmd->kind != LUNAR_CMD_SCSI) {
		lunar_cmd_free(cmd);
		return;
	}
	/*
	 * Now, since the initiator may use the tag again at once, and target
	 * core may still hold a reference for a moment.
	 */
	unhash(cmd);
	transport_generic_free_cmd(&cmd->se_cmd, 0);
}

/**
 * lunar_cmd_bvecs() - the next pages of a command's buffer
 * @at:		where to start; not moved
 * @bvec:	filled in
 * @max:	entries of @bvec
 * @len:	bytes wanted, at most what the scatterlist still holds
 * @total:	bytes described, @len or less
 *
 * Entries may be longer than a page and may start anywhere in one.
 *
 * Return: entries filled in.
 */
u32 lunar_cmd_bvecs(const struct lunar_cmd_cursor *at, struct bio_vec *bvec,
		    u32 max, u32 len, u32 *total)
{
	struct scatterlist *sg = at->sg;
	u32 offset = at->offset, nr = 0;

	*total = 0;
	while (nr < max && *total < len) {
		u32 n = min(len - *total, sg->length - offset);

		bvec_set_page(&bvec[nr++], sg_page(sg), n, sg->offset + offset);
		*total += n;
		offset = 0;
		sg++;
	}
	return nr;
}

/**
 * lunar_cmd_advance() - move a cursor
 * @at:		the cursor
 * @len:	bytes, at most what the scatterlist still holds
 */
void lunar_cmd_advance(struct lunar_cmd_cursor *at, u32 len)
{
	at->pos += len;
	while (len) {
		u32 n = min(len, at->sg->length - at->offset);

		at->offset += n;
		len -= n;
		if (at->offset == at->sg->length) {
			at->sg++;
			at->offset = 0;
		}
	}
}

/**
 * lunar_cmd_seek() - move a command's cursor
 * @cmd:	has its scatterlist
 * @pos:	bytes from its start, at most se_cmd.data_length
 *
 * Free of charge in order. An initiator may answer several R2Ts in any order
 * (the arithmetic in xfer.c allows it), so the cursor goes by the offset.
 */
void lunar_cmd_seek(struct lunar_cmd *cmd, u32 pos)
{
	struct lunar_cmd_cursor *at = &cmd->cursor;

	if (!at->sg || at->pos != pos) {
		at->sg = cmd->se_cmd.t_data_sg;
		at->offset = 0;
		at->pos = 0;
		lunar_cmd_advance(at, pos);
	}
}

/**
 * lunar_cmd_init() - module init of this file
 *
 * Return: 0 or -ENOMEM.
 */
int lunar_cmd_init(void)
{
	cmd_cache = kmem_cache_create("lunar_cmd", sizeof(struct lunar_cmd),
				      __alignof__(struct lunar_cmd), 0, NULL);
	exec_wq = alloc_workqueue("lunar_exec", WQ_UNBOUND | WQ_MEM_RECLAIM,
				  WQ_MAX_ACTIVE);
	control_wq = alloc_workqueue("lunar_control",
				     WQ_UNBOUND | WQ_MEM_RECLAIM, 0);
	if (cmd_cache && exec_wq && control_wq)
		return 0;
	lunar_cmd_exit();
	return -ENOMEM;
}

/**
 * lunar_cmd_exit() - module exit of this file; no connection is left
 */
void lunar_cmd_exit(void)
{
	if (control_wq)
		destroy_workqueue(control_wq);
	if (exec_wq)
		destroy_workqueue(exec_wq);
	kmem_cache_destroy(cmd_cache);
}
