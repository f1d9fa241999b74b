/* SPDX-License-Identifier: GPL-2.0 */
/* SCSI Command and SCSI Data-Out as received (RFC 7143 11.3, 11.7). */
#ifndef LUNAR_SCSI_H
#define LUNAR_SCSI_H

#include "conn.h"

int lunar_scsi_header(struct lunar_conn *conn);
int lunar_scsi_done(struct lunar_conn *conn);
int lunar_scsi_data_out_header(struct lunar_conn *conn);
int lunar_scsi_data_out_done(struct lunar_conn *conn);

#endif /* LUNAR_SCSI_H */
