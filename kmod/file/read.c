// SPDX-License-Identifier: GPL-2.0
/*
 * READ.
 */
#include <target/target_core_backend.h>
#include <scsi/scsi_proto.h>
#include "flush.h"
#include "inflight.h"
#include "intact.h"
#include "pages.h"
#include "read.h"
#include "status.h"
#include "transfer.h"

/*
 * FUA: what was read is to be on the medium, SBC-4 5.14. So flush after the read,
 * which has waited for earlier writes, and not before: they were not there yet.
 */
static void flush_what_was_read(struct lfile_io *io, int err)
{
	io->done = lfile_inflight_end;
	if (err)
		lfile_inflight_end(io, err);
	else
		lfile_flush_join(io);
}

/**
 * lfile_read_execute - READ
 * @cmd: the command; data_length says how much
 * @sgl: where to; NULL if pages of the cache may be lent
 * @nents: entries of @sgl
 *
 * A file is as long as its disk, so a short read is lost data and a MEDIUM
 * ERROR, never zeros.
 *
 * Context: process, does not sleep on I/O.
 * Return: 0 and the outcome goes into the command, or TCM_OUT_OF_RESOURCES.
 */
sense_reason_t lfile_read_execute(struct se_cmd *cmd, struct scatterlist *sgl,
				  u32 nents)
{
	struct lfile_io *io;

	if (!sgl) {
		if (lfile_pages_lend(cmd)) {
			lfile_status_complete(cmd, 0, false);
			return 0;
		}
		if (lfile_pages_alloc(cmd))
			return TCM_OUT_OF_RESOURCES;
		sgl = cmd->t_data_sg;
		nents = cmd->t_data_nents;
	}

	io = lfile_inflight_get(cmd, false);
	io->sgl = sgl;
	io->nents = nents;

	if (io->fua)
		io->done = flush_what_was_read;

	if (lfile_intact_check(io))
		lfile_transfer_move(io);
	else
		lfile_inflight_end(io, -ENODATA);
	return 0;
}
