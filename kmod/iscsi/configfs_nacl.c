// SPDX-License-Identifier: GPL-2.0
/* configfs: node ACLs and their files. See attr.h. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/configfs.h>
#include <linux/module.h>
#include <linux/string.h>
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>
#include <lunar.h>
#include "attr.h"
#include "configfs.h"
#include "conn.h"
#include "session.h"
#include "tpg.h"

static const char *session_state(const struct lunar_conn *conn)
{
	switch (lunar_conn_state(conn)) {
	case LUNAR_CONN_NEW:
	case LUNAR_CONN_LOGIN:
		return "TARG_SESS_STATE_ACTIVE";
	case LUNAR_CONN_FULL:
	case LUNAR_CONN_LOGOUT:
		return "TARG_SESS_STATE_LOGGED_IN";
	default:
		return "TARG_SESS_STATE_FAILED";
	}
}

static const char *conn_state(const struct lunar_conn *conn)
{
	switch (lunar_conn_state(conn)) {
	case LUNAR_CONN_NEW:
		return "TARG_CONN_STATE_XPT_UP";
	case LUNAR_CONN_LOGIN:
		return "TARG_CONN_STATE_IN_LOGIN";
	case LUNAR_CONN_FULL:
		return "TARG_CONN_STATE_LOGGED_IN";
	case LUNAR_CONN_LOGOUT:
		return "TARG_CONN_STATE_IN_LOGOUT";
	default:
		return "TARG_CONN_STATE_CLEANUP_WAIT";
	}
}

/* rtslib parses this: what the stock target prints, byte for byte. */
static ssize_t show_session(const struct lunar_conn *conn, char *page)
{
	const struct lunar_session *session = conn->session;
	u32 exp_cmdsn = READ_ONCE(session->window.exp_cmdsn);
	u32 max_cmdsn = READ_ONCE(session->window.max_cmdsn);
	ssize_t len;

	len = sysfs_emit(page, "InitiatorName: %s\n", session->initiator);
	len += sysfs_emit_at(page, len, "InitiatorAlias: %s\n", session->alias);
	len += sysfs_emit_at(page, len,
			     "LIO Session ID: %u   ISID: 0x%6ph  TSIH: %hu  SessionType: Normal\n",
			     session->tsih, session->isid, session->tsih);
	len += sysfs_emit_at(page, len, "Session State: %s\n",
			     session_state(conn));
	len += sysfs_emit_at(page, len,
			     "---------------------[iSCSI Session Values]-----------------------\n");
	len += sysfs_emit_at(page, len,
			     "  CmdSN/WR  :  CmdSN/WC  :  ExpCmdSN  :  MaxCmdSN  :     ITT    :     TTT\n");
	len += sysfs_emit_at(page, len,
			     " 0x%08x   0x%08x   0x%08x   0x%08x   0x%08x   0x%08x\n",
			     session->window.depth, max_cmdsn - exp_cmdsn + 1,
			     exp_cmdsn, max_cmdsn, 0, READ_ONCE(conn->next_ttt));
	len += sysfs_emit_at(page, len,
			     "----------------------[iSCSI Connections]-------------------------\n");
	len += sysfs_emit_at(page, len, "CID: %hu  Connection State: %s\n",
			     conn->cid, conn_state(conn));
	len += sysfs_emit_at(page, len, "   Address %pISc TCP  StatSN: 0x%08x\n",
			     &conn->peer, READ_ONCE(conn->statsn));
	return len;
}

/*
 * The ACL's session, the latest if it has several. nacl_sess_lock keeps it:
 * lunar_session_unregister() takes it before anything is freed.
 */
static struct lunar_conn *acl_conn(const struct se_node_acl *acl)
{
	lockdep_assert_held(&acl->nacl_sess_lock);
	return acl->nacl_sess ? acl->nacl_sess->fabric_sess_ptr : NULL;
}

static ssize_t nacl_info_show(struct config_item *item, char *page)
{
	struct se_node_acl *acl = acl_to_nacl(item);
	const struct lunar_conn *conn;
	ssize_t len;

	spin_lock_irq(&acl->nacl_sess_lock);
	conn = acl_conn(acl);
	if (conn)
		len = show_session(conn, page);
	else
		len = sysfs_emit(page,
				 "No active iSCSI Session for Initiator Endpoint: %s\n",
				 acl->initiatorname);
	spin_unlock_irq(&acl->nacl_sess_lock);
	return len;
}

static ssize_t nacl_cmdsn_depth_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%u\n",
			  READ_ONCE(acl_to_nacl(item)->queue_depth));
}

/* Target core ends the sessions of the ACL: a window cannot shrink. */
static ssize_t nacl_cmdsn_depth_store(struct config_item *item,
				      const char *page, size_t count)
{
	struct se_node_acl *acl = acl_to_nacl(item);
	u32 depth;

	if (lunar_attr_number(lunar_attr_of_acl(acl), "cmdsn_depth", page,
			      LUNAR_CMDSN_DEPTH_MIN, LUNAR_CMDSN_DEPTH_MAX,
			      &depth))
		return -EINVAL;
	return core_tpg_set_initiator_node_queue_depth(acl, depth) ?: count;
}

static ssize_t nacl_tag_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%s\n", acl_to_nacl(item)->acl_tag);
}

static ssize_t nacl_tag_store(struct config_item *item, const char *page,
			      size_t count)
{
	struct se_node_acl *acl = acl_to_nacl(item);
	char tag[MAX_ACL_TAG_SIZE];
	int len = lunar_attr_len(page);

	if (len >= sizeof(tag))
		return lunar_attr_refuse(lunar_attr_of_acl(acl), "tag", page,
					 "too long");
	memcpy(tag, page, len);
	tag[len] = '\0';
	len = core_tpg_set_initiator_node_tag(acl->se_tpg, acl, tag);
	return len < 0 ? len : count;
}

LUNAR_ATTR_RO(nacl_info, "info", 0444);
LUNAR_ATTR_RW(nacl_cmdsn_depth, "cmdsn_depth", 0644);
LUNAR_ATTR_RW(nacl_tag, "tag", 0644);

struct configfs_attribute *lunar_configfs_nacl_attrs[] = {
	&nacl_info_attr,
	&nacl_cmdsn_depth_attr,
	&nacl_tag_attr,
	NULL,
};

static ssize_t fixed_store(struct config_item *item, const char *file,
			   const char *value, const char *page, size_t count)
{
	char why[32];

	if (sysfs_streq(page, value))
		return count;
	snprintf(why, sizeof(why), "only %s is supported", value);
	return lunar_attr_refuse(lunar_attr_of_acl(attrib_to_nacl(item)), file,
				 page, why);
}

/* In every saveconfig.json of the stock target, with one value that we honour. */
#define NACL_ATTRIB_FIXED(_name, _value)				\
static ssize_t attrib_##_name##_show(struct config_item *item, char *page) \
{									\
	return sysfs_emit(page, #_value "\n");				\
}									\
									\
static ssize_t attrib_##_name##_store(struct config_item *item,		\
				      const char *page, size_t count)	\
{									\
	return fixed_store(item, #_name, #_value, page, count);		\
}									\
LUNAR_ATTR_RW(attrib_##_name, #_name, 0644)

NACL_ATTRIB_FIXED(default_erl, 0);
NACL_ATTRIB_FIXED(random_datain_pdu_offsets, 0);
NACL_ATTRIB_FIXED(random_datain_seq_offsets, 0);
NACL_ATTRIB_FIXED(random_r2t_offsets, 0);

/* -1: as the TPG says. */
static ssize_t attrib_authentication_show(struct config_item *item, char *page)
{
	struct lunar_node_acl *acl = to_lunar_acl(attrib_to_nacl(item));

	return sysfs_emit(page, "%d\n", READ_ONCE(acl->authentication));
}

static ssize_t attrib_authentication_store(struct config_item *item,
					   const char *page, size_t count)
{
	struct lunar_node_acl *acl = to_lunar_acl(attrib_to_nacl(item));
	s32 value;

	if (kstrtos32(page, 0, &value) || value < -1 || value > 1)
		return lunar_attr_refuse(lunar_attr_of_acl(&acl->se_acl),
					 "authentication", page,
					 "must be -1, 0 or 1");
	WRITE_ONCE(acl->authentication, value);
	return count;
}

LUNAR_ATTR_RW(attrib_authentication, "authentication", 0644);

static struct lunar_access *attrib_access(struct config_item *item)
{
	return &to_lunar_acl(attrib_to_nacl(item))->access;
}

static struct lunar_attr_owner attrib_owner(struct config_item *item)
{
	return lunar_attr_of_acl(attrib_to_nacl(item));
}

LUNAR_ATTR_ADDRESSES(attrib_, allowed);
LUNAR_ATTR_ADDRESSES(attrib_, denied);

/*
 * What this initiator is offered in place of what param/ of the TPG says. Not in
 * param/, where rtslib expects what was negotiated.
 */
static ssize_t own_key_show(struct config_item *item, int id, char *page)
{
	const struct lunar_node_acl *acl = to_lunar_acl(attrib_to_nacl(item));
	int len;

	if (!test_bit(id, &acl->own))
		return sysfs_emit(page, LUNAR_AUTH_UNSET "\n");
	len = lunar_keys_format(id, READ_ONCE(acl->params.val[id]), page,
				PAGE_SIZE - 1);
	if (len < 0)
		return len;
	page[len] = '\n';
	return len + 1;
}

static ssize_t own_key_store(struct config_item *item, int id,
			     const char *page, size_t count)
{
	struct lunar_node_acl *acl = to_lunar_acl(attrib_to_nacl(item));
	u32 value;
	int ret;

	if (sysfs_streq(page, LUNAR_AUTH_UNSET)) {
		clear_bit(id, &acl->own);
		return count;
	}
	ret = lunar_attr_key(lunar_attr_of_acl(&acl->se_acl), id, page, &value);
	if (ret)
		return ret;
	WRITE_ONCE(acl->params.val[id], value);
	set_bit(id, &acl->own);
	return count;
}

#define NACL_KEY(_key, _file)						\
static ssize_t own_##_key##_show(struct config_item *item, char *page)	\
{									\
	return own_key_show(item, LUNAR_KEY_##_key, page);		\
}									\
									\
static ssize_t own_##_key##_store(struct config_item *item,		\
				  const char *page, size_t count)	\
{									\
	return own_key_store(item, LUNAR_KEY_##_key, page, count);	\
}									\
LUNAR_ATTR_RW(own_##_key, _file, 0644)

NACL_KEY(HEADER_DIGEST, "HeaderDigest");
NACL_KEY(DATA_DIGEST, "DataDigest");
NACL_KEY(INITIAL_R2T, "InitialR2T");
NACL_KEY(IMMEDIATE_DATA, "ImmediateData");
NACL_KEY(MAX_RECV_DATA_SEGMENT_LENGTH, "MaxRecvDataSegmentLength");
NACL_KEY(MAX_BURST_LENGTH, "MaxBurstLength");
NACL_KEY(FIRST_BURST_LENGTH, "FirstBurstLength");
NACL_KEY(DEFAULT_TIME2WAIT, "DefaultTime2Wait");
NACL_KEY(DEFAULT_TIME2RETAIN, "DefaultTime2Retain");
NACL_KEY(MAX_OUTSTANDING_R2T, "MaxOutstandingR2T");

static ssize_t attrib_store(struct config_item *item, const char *file,
			    u32 *attrib, u32 min, u32 max, bool or_zero,
			    const char *page, size_t count)
{
	u32 value;

	if (or_zero && sysfs_streq(page, "0"))
		value = 0;
	else if (lunar_attr_number(lunar_attr_of_acl(attrib_to_nacl(item)),
				   file, page, min, max, &value))
		return -EINVAL;
	WRITE_ONCE(*attrib, value);
	return count;
}

#define NACL_ATTRIB(_name, _min, _max, _or_zero)			\
static u32 *attrib_##_name(struct config_item *item)			\
{									\
	return &to_lunar_acl(attrib_to_nacl(item))->timeouts._name;	\
}									\
									\
static ssize_t attrib_##_name##_show(struct config_item *item, char *page) \
{									\
	return sysfs_emit(page, "%u\n", READ_ONCE(*attrib_##_name(item))); \
}									\
									\
static ssize_t attrib_##_name##_store(struct config_item *item,		\
				      const char *page, size_t count)	\
{									\
	return attrib_store(item, #_name, attrib_##_name(item), _min,	\
			    _max, _or_zero, page, count);		\
}									\
LUNAR_ATTR_RW(attrib_##_name, #_name, 0644)

NACL_ATTRIB(dataout_timeout, LUNAR_DATAOUT_TIMEOUT_MIN,
	    LUNAR_DATAOUT_TIMEOUT_MAX, false);
NACL_ATTRIB(dataout_timeout_retries, LUNAR_DATAOUT_RETRIES_MIN,
	    LUNAR_DATAOUT_RETRIES_MAX, false);
NACL_ATTRIB(nopin_timeout, LUNAR_NOPIN_TIMEOUT_MIN, LUNAR_NOPIN_TIMEOUT_MAX,
	    true);
NACL_ATTRIB(nopin_response_timeout, LUNAR_NOPIN_RESPONSE_MIN,
	    LUNAR_NOPIN_RESPONSE_MAX, false);

struct configfs_attribute *lunar_configfs_nacl_attrib_attrs[] = {
	&attrib_allowed_attr,
	&attrib_authentication_attr,
	&attrib_dataout_timeout_attr,
	&attrib_dataout_timeout_retries_attr,
	&attrib_denied_attr,
	&own_HEADER_DIGEST_attr,
	&own_DATA_DIGEST_attr,
	&own_INITIAL_R2T_attr,
	&own_IMMEDIATE_DATA_attr,
	&own_MAX_RECV_DATA_SEGMENT_LENGTH_attr,
	&own_MAX_BURST_LENGTH_attr,
	&own_FIRST_BURST_LENGTH_attr,
	&own_DEFAULT_TIME2WAIT_attr,
	&own_DEFAULT_TIME2RETAIN_attr,
	&own_MAX_OUTSTANDING_R2T_attr,
	&attrib_default_erl_attr,
	&attrib_nopin_response_timeout_attr,
	&attrib_nopin_timeout_attr,
	&attrib_random_datain_pdu_offsets_attr,
	&attrib_random_datain_seq_offsets_attr,
	&attrib_random_r2t_offsets_attr,
	NULL,
};

static ssize_t show_negotiated(struct se_node_acl *acl, int id, char *page)
{
	const struct lunar_conn *conn;
	ssize_t len;

	spin_lock_irq(&acl->nacl_sess_lock);
	conn = acl_conn(acl);
	if (conn)
		len = sysfs_emit(page, "%u\n", conn->session->params.val[id]);
	else
		len = sysfs_emit(page, "No Active iSCSI Session\n");
	spin_unlock_irq(&acl->nacl_sess_lock);
	return len;
}

#define NACL_PARAM(_key, _file)						\
static ssize_t param_##_key##_show(struct config_item *item, char *page) \
{									\
	return show_negotiated(param_to_nacl(item), LUNAR_KEY_##_key,	\
			       page);					\
}									\
LUNAR_ATTR_RO(param_##_key, _file, 0444)

NACL_PARAM(MAX_CONNECTIONS, "MaxConnections");
NACL_PARAM(INITIAL_R2T, "InitialR2T");
NACL_PARAM(IMMEDIATE_DATA, "ImmediateData");
NACL_PARAM(MAX_BURST_LENGTH, "MaxBurstLength");
NACL_PARAM(FIRST_BURST_LENGTH, "FirstBurstLength");
NACL_PARAM(DEFAULT_TIME2WAIT, "DefaultTime2Wait");
NACL_PARAM(DEFAULT_TIME2RETAIN, "DefaultTime2Retain");
NACL_PARAM(MAX_OUTSTANDING_R2T, "MaxOutstandingR2T");
NACL_PARAM(DATA_PDU_IN_ORDER, "DataPDUInOrder");
NACL_PARAM(DATA_SEQUENCE_IN_ORDER, "DataSequenceInOrder");
NACL_PARAM(ERROR_RECOVERY_LEVEL, "ErrorRecoveryLevel");

struct configfs_attribute *lunar_configfs_nacl_param_attrs[] = {
	&param_MAX_CONNECTIONS_attr,
	&param_INITIAL_R2T_attr,
	&param_IMMEDIATE_DATA_attr,
	&param_MAX_BURST_LENGTH_attr,
	&param_FIRST_BURST_LENGTH_attr,
	&param_DEFAULT_TIME2WAIT_attr,
	&param_DEFAULT_TIME2RETAIN_attr,
	&param_MAX_OUTSTANDING_R2T_attr,
	&param_DATA_PDU_IN_ORDER_attr,
	&param_DATA_SEQUENCE_IN_ORDER_attr,
	&param_ERROR_RECOVERY_LEVEL_attr,
	NULL,
};

static struct lunar_auth *nacl_auth(struct config_item *item)
{
	return &to_lunar_acl(auth_to_nacl(item))->auth;
}

static struct lunar_attr_owner nacl_owner(struct config_item *item)
{
	return lunar_attr_of_acl(auth_to_nacl(item));
}

LUNAR_ATTR_AUTH(nacl);

struct configfs_attribute *lunar_configfs_nacl_auth_attrs[] = {
	&nacl_userid_attr,
	&nacl_password_attr,
	&nacl_userid_mutual_attr,
	&nacl_password_mutual_attr,
	&nacl_users_attr,
	&nacl_authenticate_target_attr,
	NULL,
};
