// SPDX-License-Identifier: GPL-2.0
/* LUNs that target core does not know, and the list of those it does. See lun.h. */

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <scsi/scsi_common.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include <target/target_core_fabric.h>
#include "compat.h"
#include "lun.h"
#include "pdu.h"

#define INQUIRY_LEN		36
#define SENSE_LEN		18	/* fixed format; descriptors need less */
#define TYPE_NONE		0x7f	/* qualifier 011b, type 1Fh: SPC-4 6.6.2 */

/* SELECT REPORT, SPC-4 6.33 */
#define SELECT_LUNS		0x00
#define SELECT_WELL_KNOWN	0x01
#define SELECT_ALL		0x02

static bool is_mapped(struct se_session *se_sess, u64 lun)
{
	struct se_dev_entry *deve;
	bool mapped = false;

	rcu_read_lock();
	hlist_for_each_entry_rcu(deve, &se_sess->se_node_acl->lun_entry_hlist,
				 link) {
		mapped = deve->mapped_lun == lun;
		if (mapped)
			break;
	}
	rcu_read_unlock();
	return mapped;
}

/**
 * lunar_lun_lookup() - where a command is to run
 * @se_sess:	the nexus
 * @lun:	its unpacked LUN
 * @cdb:	its CDB
 *
 * SAM-5 5.11: INQUIRY, REPORT LUNS and REQUEST SENSE are answered for any LUN.
 * Owner's context.
 *
 * Return: @lun, or 0 if lunar_lun_prepare() has to replace what is executed.
 */
u64 lunar_lun_lookup(struct se_session *se_sess, u64 lun, const u8 *cdb)
{
	switch (cdb[0]) {
	case INQUIRY:
	case REPORT_LUNS:
	case REQUEST_SENSE:
		return is_mapped(se_sess, lun) ? lun : 0;
	case TEST_UNIT_READY:
		return lun == SCSI_W_LUN_REPORT_LUNS ? 0 : lun;
	default:
		return lun;
	}
}

static void put_data(struct se_cmd *se_cmd, const void *buf, u32 len)
{
	if (se_cmd->data_length)
		sg_copy_from_buffer(se_cmd->t_data_sg, se_cmd->t_data_nents,
				    buf, min(len, se_cmd->data_length));
	target_complete_cmd_with_length(se_cmd, SAM_STAT_GOOD, len);
}

static sense_reason_t inquiry(struct se_cmd *se_cmd, u8 type)
{
	const u8 *cdb = se_cmd->t_task_cdb;
	u8 buf[INQUIRY_LEN] = {
		[0] = type,
		[2] = 0x06,		/* SPC-4 */
		[3] = 0x12,		/* HISUP, response data format 2 */
		[4] = INQUIRY_LEN - 5,
		[7] = 0x02,		/* CMDQUE */
	};

	/* Neither has vital product data, and a page code needs EVPD. */
	if ((cdb[1] & 1) || cdb[2])
		return TCM_INVALID_CDB_FIELD;
	memset(buf + 8, ' ', INQUIRY_LEN - 8);
	memcpy(buf + 8, "LIO-ORG", 7);
	put_data(se_cmd, buf, sizeof(buf));
	return 0;
}

static sense_reason_t inquiry_none(struct se_cmd *se_cmd)
{
	return inquiry(se_cmd, TYPE_NONE);
}

static sense_reason_t inquiry_well_known(struct se_cmd *se_cmd)
{
	return inquiry(se_cmd, TYPE_WLUN);
}

static sense_reason_t ready(struct se_cmd *se_cmd)
{
	target_complete_cmd(se_cmd, SAM_STAT_GOOD);
	return 0;
}

/* SPC-4 6.39: the sense data is the data. */
static sense_reason_t request_sense(struct se_cmd *se_cmd, u8 key, u8 asc)
{
	u8 buf[SENSE_LEN] = {};
	bool descriptor = se_cmd->t_task_cdb[1] & 1;

	scsi_build_sense_buffer(descriptor, buf, key, asc, 0);
	put_data(se_cmd, buf, 8 + buf[7]);
	return 0;
}

static sense_reason_t request_sense_none(struct se_cmd *se_cmd)
{
	return request_sense(se_cmd, ILLEGAL_REQUEST, 0x25);
}

static sense_reason_t request_sense_well_known(struct se_cmd *se_cmd)
{
	return request_sense(se_cmd, NO_SENSE, 0);
}

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct scsi_lun));
}

/* All that are mapped, at most @max; returns how many there are. */
static u32 list_luns(struct se_cmd *se_cmd, struct scsi_lun *luns, u32 max)
{
	struct se_node_acl *acl = se_cmd->se_sess->se_node_acl;
	struct se_dev_entry *deve;
	u32 nr = 0;

	rcu_read_lock();
	hlist_for_each_entry_rcu(deve, &acl->lun_entry_hlist, link)
		if (nr++ < max)
			lunar_pdu_put_lun(deve->mapped_lun, &luns[nr - 1]);
	rcu_read_unlock();
	return nr;
}

/*
 * SPC-4 6.33, in ascending order. If nothing is mapped there is LUN 0, which
 * target core then answers for.
 */
static sense_reason_t report_luns(struct se_cmd *se_cmd)
{
	u8 select = se_cmd->t_task_cdb[2];
	struct scsi_lun *luns;
	u32 nr = 0, max;
	u8 *buf;

	if (select > SELECT_ALL)
		return TCM_INVALID_CDB_FIELD;
	max = list_luns(se_cmd, NULL, 0) + 2;
	buf = kvzalloc(8 + max * sizeof(*luns), GFP_KERNEL);
	if (!buf)
		return TCM_OUT_OF_RESOURCES;
	luns = (struct scsi_lun *)(buf + 8);
	if (select != SELECT_WELL_KNOWN) {
		nr = min(list_luns(se_cmd, luns, max - 2), max - 2);
		sort(luns, nr, sizeof(*luns), compare, NULL);
		if (!nr)
			nr = 1;
	}
	if (select != SELECT_LUNS)
		int_to_scsilun(SCSI_W_LUN_REPORT_LUNS, &luns[nr++]);
	put_unaligned_be32(nr * sizeof(*luns), buf);
	put_data(se_cmd, buf, 8 + nr * sizeof(*luns));
	kvfree(buf);
	return 0;
}

/**
 * lunar_lun_prepare() - replace what target core would execute
 * @se_cmd:	parsed
 * @lun:	the unpacked LUN it was sent to
 *
 * Owner's context.
 */
void lunar_lun_prepare(struct se_cmd *se_cmd, u64 lun)
{
	bool well_known = lun == SCSI_W_LUN_REPORT_LUNS;

	if (se_cmd->t_task_cdb[0] == REPORT_LUNS) {
		se_cmd->execute_cmd = report_luns;
		return;
	}
	if (lun == se_cmd->orig_fe_lun)
		return;
	switch (se_cmd->t_task_cdb[0]) {
	case INQUIRY:
		se_cmd->execute_cmd = well_known ? inquiry_well_known :
						   inquiry_none;
		break;
	case REQUEST_SENSE:
		se_cmd->execute_cmd = well_known ? request_sense_well_known :
						   request_sense_none;
		break;
	case TEST_UNIT_READY:
		se_cmd->execute_cmd = ready;
		break;
	}
}
