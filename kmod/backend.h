/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What lunar_iscsi and lunar_file tell each other. Each module works without
 * the other; nothing here is a symbol dependency.
 */
#ifndef LUNAR_BACKEND_H
#define LUNAR_BACKEND_H

#include <linux/scatterlist.h>
#include <linux/string.h>
#include <target/target_core_base.h>
#include <target/target_core_backend.h>
#include <target/target_core_fabric.h>
#include <lunar.h>

/*
 * Set in target_backend_ops.transport_flags_default by a backstore whose
 * execute callbacks never sleep on I/O in the caller's context. The fabric then
 * submits from its receive context; any other backstore (stock fileio sleeps
 * in vfs_iter_write()) is submitted from a workqueue. Target core uses bits 0
 * to 2 of this u8 and passes the rest through to se_device.transport_flags.
 */
#define LUNAR_TRANSPORT_NONBLOCK	0x80

/*
 * Set there by a backstore that keeps the order of commands that overlap: what
 * execute_cmd() was called for earlier has taken effect, or never will, before
 * a later command that overlaps it is carried out, even if the earlier one was
 * aborted meanwhile. Then a new session may write while commands of the one
 * before it are stuck in the backstore: what it writes will stay. Commands of any
 * other backstore that may still write are waited for. The target_backend_ops is
 * then that of a struct lunar_backend_ops.
 */
#define LUNAR_TRANSPORT_ORDERED		0x40

/**
 * struct lunar_backend_ops - a backstore that sets LUNAR_TRANSPORT_ORDERED
 * @ops:	what target core knows of it
 * @abort:	give a command up, or have whoever works on it do that soon. The
 *		fabric has marked it CMD_T_ABORTED, so it is completed with no more
 *		ado. Comes with a spinlock held, and may come just after the command
 *		was completed, when the disk goes: it is freed by RCU.
 */
struct lunar_backend_ops {
	struct target_backend_ops	ops;
	void (*abort)(struct se_cmd *se_cmd);
};

static inline const struct lunar_backend_ops *
lunar_backend_ops(const struct se_device *dev)
{
	return container_of(dev->transport, struct lunar_backend_ops, ops);
}

/* Pages of a loan that needs no memory: those of 4 KiB anywhere. */
#define LUNAR_LOAN_FEW			2

/**
 * struct lunar_loan - pages that a backstore lends
 * @wanted:	set by the fabric before target core parses the CDB: of a READ it
 *		sends from the pages themselves, and can do with their content
 *		changing until they are sent
 * @sgl:	set by the backstore, together with se_cmd.t_data_sg: a flat array,
 *		@few or from kvmalloc(), whose entries hold one reference each on
 *		the folio of their page; an entry may be longer than a page
 * @nents:	entries of @sgl
 * @few:	saves an allocation
 *
 * For a READ these are of the page cache, and come when it executes. For a WRITE it
 * is the buffer, there when the CDB is parsed and with what others have left in it:
 * the fabric must not execute the WRITE before all of its data has come.
 *
 * The fabric gives the loan back when it frees the command, by dropping the
 * references and freeing the array. It needs no code of the backstore for that,
 * so the backstore's module may be gone by then.
 */
struct lunar_loan {
	bool			wanted;
	struct scatterlist	*sgl;
	u32			nents;
	struct scatterlist	few[LUNAR_LOAN_FEW];
};

/**
 * struct lunar_backend_cmd - how every command of lunar_iscsi begins
 * @se_cmd:	target core's part
 * @loan:	see there
 * @complete:	takes the command from the backstore: see lunar_backend_complete()
 */
struct lunar_backend_cmd {
	struct se_cmd		se_cmd;
	struct lunar_loan	loan;
	void (*complete)(struct se_cmd *se_cmd, u8 status);
};

/*
 * The command as lunar_iscsi has it, or NULL if it is another fabric's. Target
 * core copies the template, so it is the name that tells.
 */
static inline struct lunar_backend_cmd *lunar_backend_cmd(struct se_cmd *se_cmd)
{
	if (strcmp(se_cmd->se_tfo->fabric_name, LUNAR_FABRIC_ID))
		return NULL;
	return container_of(se_cmd, struct lunar_backend_cmd, se_cmd);
}

static inline struct lunar_loan *lunar_backend_loan(struct se_cmd *se_cmd)
{
	struct lunar_backend_cmd *cmd = lunar_backend_cmd(se_cmd);

	return cmd ? &cmd->loan : NULL;
}

/**
 * lunar_backend_complete() - a command has been executed
 * @se_cmd:	the command; not to be touched afterwards, nor is its device
 * @status:	SAM status; sense data is in the command already
 *
 * In place of target_complete_cmd(), which has each command pass a worker of target
 * core. A command of lunar_iscsi goes to the owner of its connection instead, which
 * calls target_complete_cmd() before anything else it does: so target core keeps
 * the device until then, and an abort that comes before finds a command that is
 * neither complete nor the backstore's, and waits. One that the backstore itself
 * gives up for an abort may be completed either way.
 *
 * Context: any, hard interrupts as well.
 */
static inline void lunar_backend_complete(struct se_cmd *se_cmd, u8 status)
{
	struct lunar_backend_cmd *cmd = lunar_backend_cmd(se_cmd);

	if (cmd)
		cmd->complete(se_cmd, status);
	else
		target_complete_cmd(se_cmd, status);
}

#endif /* LUNAR_BACKEND_H */
