// SPDX-License-Identifier: GPL-2.0
/*
 * WRITE.
 */
#include "flush.h"
#include "inflight.h"
#include "intact.h"
#include "transfer.h"
#include "write.h"

/**
 * lfile_write_execute - WRITE
 * @cmd: the command; data_length says how much
 * @sgl: where from
 * @nents: entries of @sgl
 *
 * Writes of one disk run in parallel where the filesystem lets them; flush.c
 * answers. A file that was truncated is not written to beyond its new end:
 * the hole before it would read as zeros.
 *
 * Context: process, does not sleep on I/O.
 * Return: 0; the outcome goes into the command.
 */
sense_reason_t lfile_write_execute(struct se_cmd *cmd, struct scatterlist *sgl,
				   u32 nents)
{
	struct lfile_io *io = lfile_inflight_get(cmd, true);

	io->sgl = sgl;
	io->nents = nents;
	io->done = lfile_flush_end;

	if (lfile_intact_check(io))
		lfile_transfer_move(io);
	else
		lfile_inflight_end(io, -ENODATA);
	return 0;
}
