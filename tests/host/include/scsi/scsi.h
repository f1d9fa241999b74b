/* SPDX-License-Identifier: GPL-2.0 */
/*
 * All that the kernel's <scsi/iscsi_proto.h> needs of <scsi/scsi.h>. Both
 * scsi_proto.h and iscsi_proto.h are the kernel's own, from its headers package.
 */
#ifndef LUNAR_HOST_SCSI_H
#define LUNAR_HOST_SCSI_H

#include <asm/byteorder.h>
#include <scsi/scsi_proto.h>

#endif /* LUNAR_HOST_SCSI_H */
