// SPDX-License-Identifier: GPL-2.0
/*
 * What an errno of the backing file is called in SCSI.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <scsi/scsi_common.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_base.h>
#include <target/target_core_backend.h>
#include "backend.h"
#include "status.h"

struct sense {
	u8 key;
	u8 asc;
	u8 ascq;
};

/*
 * The only map from errno to sense data. An initiator acts on these: ESXi
 * pauses the VM for 07/27/07 only, Linux retries an ABORTED COMMAND, both take
 * a MEDIUM ERROR for lost data. Codes that mean the loss of the whole logical
 * unit to ESXi (04/3E/xx, 04/4C/00) are never used.
 */
static struct sense errno_to_sense(int err, bool write)
{
	switch (err) {
	case -ENOSPC:
	case -EDQUOT:
		/* SPACE ALLOCATION FAILED WRITE PROTECT, SBC-4 4.7.3.6 */
		return (struct sense){ DATA_PROTECT, 0x27, 0x07 };
	case -EROFS:
	case -EPERM:
	case -EACCES:
		/* WRITE PROTECTED */
		return (struct sense){ DATA_PROTECT, 0x27, 0x00 };
	case -EOPNOTSUPP:
		/* INVALID COMMAND OPERATION CODE */
		return (struct sense){ ILLEGAL_REQUEST, 0x20, 0x00 };
	case -ENOMEM:
		/* INSUFFICIENT RESOURCES */
		return (struct sense){ ABORTED_COMMAND, 0x55, 0x03 };
	case -EAGAIN:
	case -EINTR:
	case -ERESTARTSYS:
	case -ETIMEDOUT:
		/* LOGICAL UNIT COMMUNICATION TIME-OUT */
		return (struct sense){ ABORTED_COMMAND, 0x08, 0x01 };
	case -ESTALE:
	case -ENOTCONN:
	case -ECONNABORTED:
	case -ESHUTDOWN:
		/* LOGICAL UNIT COMMUNICATION FAILURE */
		return (struct sense){ NOT_READY, 0x08, 0x00 };
	case -EINVAL:
	case -EFAULT:
		/* INTERNAL TARGET FAILURE */
		return (struct sense){ HARDWARE_ERROR, 0x44, 0x00 };
	default:
		/* WRITE ERROR, UNRECOVERED READ ERROR */
		return (struct sense){ MEDIUM_ERROR, write ? 0x0c : 0x11, 0x00 };
	}
}

/* As target core decides it for its own sense data, and for D_SENSE. */
static bool descriptor_format(struct se_device *dev)
{
	return dev->transport->get_blocks(dev) > U32_MAX;
}

static void check_condition(struct se_cmd *cmd, struct sense sense,
			    const u64 *information)
{
	u8 buf[TRANSPORT_SENSE_BUFFER] = {};

	scsi_build_sense_buffer(descriptor_format(cmd->se_dev), buf, sense.key,
				sense.asc, sense.ascq);
	if (information)
		scsi_set_sense_information(buf, sizeof(buf), *information);
	transport_copy_sense_to_cmd(cmd, buf);
	lunar_backend_complete(cmd, SAM_STAT_CHECK_CONDITION);
}

/**
 * lfile_status_miscompare - MISCOMPARE DURING VERIFY OPERATION
 * @cmd: the command; not to be touched afterwards, nor is its device
 * @offset: of the first byte that differs, for INFORMATION: SBC-4 5.3
 *
 * Context: any.
 */
void lfile_status_miscompare(struct se_cmd *cmd, u64 offset)
{
	struct sense sense = { MISCOMPARE, 0x1d, 0x00 };

	check_condition(cmd, sense, &offset);
}

/**
 * lfile_status_attention - UNIT ATTENTION
 * @cmd: the command; not to be touched afterwards, nor is its device
 * @asc: additional sense code
 * @ascq: qualifier
 *
 * Context: any.
 */
void lfile_status_attention(struct se_cmd *cmd, u8 asc, u8 ascq)
{
	struct sense sense = { UNIT_ATTENTION, asc, ascq };

	check_condition(cmd, sense, NULL);
}

/**
 * lfile_status_complete - answer a command
 * @cmd: the command; not to be touched afterwards, nor is its device
 * @err: 0 for GOOD, else the negative errno of the backing file
 * @write: the command changes the medium
 *
 * Context: any.
 */
void lfile_status_complete(struct se_cmd *cmd, int err, bool write)
{
	if (err)
		check_condition(cmd, errno_to_sense(err, write), NULL);
	else
		lunar_backend_complete(cmd, SAM_STAT_GOOD);
}
