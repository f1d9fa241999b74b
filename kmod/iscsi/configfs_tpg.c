// SPDX-License-Identifier: GPL-2.0
/* configfs: files of a TPG. See attr.h. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/configfs.h>
#include <linux/module.h>
#include <linux/string.h>
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>
#include <lunar.h>
#include "attr.h"
#include "configfs.h"
#include "portal.h"
#include "tpg.h"

/* --- TPG attrib/ ---------------------------------------------------------- */

static ssize_t attrib_store(struct config_item *item, const char *file,
			    u32 *attrib, u32 min, u32 max, const char *page,
			    size_t count)
{
	struct lunar_tpg *tpg = to_lunar_tpg(attrib_to_tpg(item));
	u32 value;

	if (lunar_attr_number(lunar_attr_of_tpg(tpg), file, page, min, max,
			      &value))
		return -EINVAL;
	WRITE_ONCE(*attrib, value);
	return count;
}

#define TPG_ATTRIB(_name, _min, _max)					\
static u32 *attrib_##_name(struct config_item *item)			\
{									\
	return &to_lunar_tpg(attrib_to_tpg(item))->attrib._name;	\
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
			    _max, page, count);				\
}									\
LUNAR_ATTR_RW(attrib_##_name, #_name, 0644)

static ssize_t fixed_store(struct config_item *item, const char *file,
			   u32 value, const char *page, size_t count)
{
	u32 unused;

	return attrib_store(item, file, &unused, value, value, page, count);
}

/* In every saveconfig.json of the stock target, with one value that we honour. */
#define TPG_ATTRIB_FIXED(_name, _value)					\
static ssize_t attrib_##_name##_show(struct config_item *item, char *page) \
{									\
	return sysfs_emit(page, #_value "\n");				\
}									\
									\
static ssize_t attrib_##_name##_store(struct config_item *item,		\
				      const char *page, size_t count)	\
{									\
	return fixed_store(item, #_name, _value, page, count);		\
}									\
LUNAR_ATTR_RW(attrib_##_name, #_name, 0644)

TPG_ATTRIB(authentication, 0, 1);
TPG_ATTRIB(cache_dynamic_acls, 0, 1);
TPG_ATTRIB(default_cmdsn_depth, LUNAR_CMDSN_DEPTH_MIN, LUNAR_CMDSN_DEPTH_MAX);
TPG_ATTRIB(demo_mode_discovery, 0, 1);
TPG_ATTRIB(demo_mode_write_protect, 0, 1);
TPG_ATTRIB(generate_node_acls, 0, 1);
TPG_ATTRIB(login_timeout, LUNAR_LOGIN_TIMEOUT_MIN, LUNAR_LOGIN_TIMEOUT_MAX);
TPG_ATTRIB(prod_mode_write_protect, 0, 1);

TPG_ATTRIB_FIXED(default_erl, 0);
TPG_ATTRIB_FIXED(fabric_prot_type, 0);
TPG_ATTRIB_FIXED(t10_pi, 0);
/* We propose no key, so there is no answer to one that we would wait for. */
TPG_ATTRIB_FIXED(login_keys_workaround, 1);
/* A disabled TPG is in no SendTargets answer. */
TPG_ATTRIB_FIXED(tpg_enabled_sendtargets, 1);

static struct lunar_access *attrib_access(struct config_item *item)
{
	return &to_lunar_tpg(attrib_to_tpg(item))->access;
}

static struct lunar_attr_owner attrib_owner(struct config_item *item)
{
	return lunar_attr_of_tpg(to_lunar_tpg(attrib_to_tpg(item)));
}

LUNAR_ATTR_ADDRESSES(attrib_, allowed);
LUNAR_ATTR_ADDRESSES(attrib_, denied);

static ssize_t attrib_redirect_show(struct config_item *item, char *page)
{
	struct lunar_tpg *tpg = to_lunar_tpg(attrib_to_tpg(item));
	ssize_t len;

	spin_lock_bh(&tpg->lock);
	len = sysfs_emit(page, "%s\n", tpg->redirect[0] ? tpg->redirect :
							  LUNAR_AUTH_UNSET);
	spin_unlock_bh(&tpg->lock);
	return len;
}

static ssize_t attrib_redirect_store(struct config_item *item, const char *page,
				     size_t count)
{
	struct lunar_tpg *tpg = to_lunar_tpg(attrib_to_tpg(item));
	char text[LUNAR_TPG_REDIRECT_SIZE] = "";
	int len = lunar_attr_len(page);

	if (len < sizeof(text) && !sysfs_streq(page, LUNAR_AUTH_UNSET))
		memcpy(text, page, len);
	if (len >= sizeof(text) || lunar_tpg_set_redirect(tpg, text))
		return lunar_attr_refuse(lunar_attr_of_tpg(tpg), "redirect", page,
					 "must be temporary or permanent, and a.b.c.d:port or [v6]:port");
	return count;
}

LUNAR_ATTR_RW(attrib_redirect, "redirect", 0644);

struct configfs_attribute *lunar_configfs_tpg_attrib_attrs[] = {
	&attrib_allowed_attr,
	&attrib_authentication_attr,
	&attrib_cache_dynamic_acls_attr,
	&attrib_default_cmdsn_depth_attr,
	&attrib_default_erl_attr,
	&attrib_denied_attr,
	&attrib_demo_mode_discovery_attr,
	&attrib_demo_mode_write_protect_attr,
	&attrib_fabric_prot_type_attr,
	&attrib_generate_node_acls_attr,
	&attrib_login_keys_workaround_attr,
	&attrib_login_timeout_attr,
	&attrib_prod_mode_write_protect_attr,
	&attrib_redirect_attr,
	&attrib_t10_pi_attr,
	&attrib_tpg_enabled_sendtargets_attr,
	NULL,
};

/* --- TPG param/ ----------------------------------------------------------- */

static ssize_t param_show(struct config_item *item, int id, char *page)
{
	struct lunar_tpg *tpg = to_lunar_tpg(param_to_tpg(item));
	int len;

	len = lunar_keys_format(id, READ_ONCE(tpg->params.val[id]), page,
				PAGE_SIZE - 1);
	if (len < 0)
		return len;
	page[len] = '\n';
	return len + 1;
}

static ssize_t param_store(struct config_item *item, int id, const char *page,
			   size_t count)
{
	struct lunar_tpg *tpg = to_lunar_tpg(param_to_tpg(item));
	u32 value;
	int ret;

	ret = lunar_attr_key(lunar_attr_of_tpg(tpg), id, page, &value);
	if (ret)
		return ret;
	WRITE_ONCE(tpg->params.val[id], value);
	return count;
}

#define TPG_PARAM(_key, _file)						\
static ssize_t param_##_key##_show(struct config_item *item, char *page) \
{									\
	return param_show(item, LUNAR_KEY_##_key, page);		\
}									\
									\
static ssize_t param_##_key##_store(struct config_item *item,		\
				    const char *page, size_t count)	\
{									\
	return param_store(item, LUNAR_KEY_##_key, page, count);	\
}									\
LUNAR_ATTR_RW(param_##_key, _file, 0644)

TPG_PARAM(HEADER_DIGEST, "HeaderDigest");
TPG_PARAM(DATA_DIGEST, "DataDigest");
TPG_PARAM(MAX_CONNECTIONS, "MaxConnections");
TPG_PARAM(INITIAL_R2T, "InitialR2T");
TPG_PARAM(IMMEDIATE_DATA, "ImmediateData");
TPG_PARAM(MAX_RECV_DATA_SEGMENT_LENGTH, "MaxRecvDataSegmentLength");
TPG_PARAM(MAX_BURST_LENGTH, "MaxBurstLength");
TPG_PARAM(FIRST_BURST_LENGTH, "FirstBurstLength");
TPG_PARAM(DEFAULT_TIME2WAIT, "DefaultTime2Wait");
TPG_PARAM(DEFAULT_TIME2RETAIN, "DefaultTime2Retain");
TPG_PARAM(MAX_OUTSTANDING_R2T, "MaxOutstandingR2T");
TPG_PARAM(DATA_PDU_IN_ORDER, "DataPDUInOrder");
TPG_PARAM(DATA_SEQUENCE_IN_ORDER, "DataSequenceInOrder");
TPG_PARAM(ERROR_RECOVERY_LEVEL, "ErrorRecoveryLevel");
TPG_PARAM(IF_MARKER, "IFMarker");
TPG_PARAM(OF_MARKER, "OFMarker");
TPG_PARAM(TASK_REPORTING, "TaskReporting");
TPG_PARAM(ISCSI_PROTOCOL_LEVEL, "iSCSIProtocolLevel");

/* Obsolete keys of which the stock target saves the refusal. */
static ssize_t param_reject_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "Reject\n");
}

static ssize_t param_reject_store(struct config_item *item, const char *page,
				  size_t count)
{
	struct lunar_tpg *tpg = to_lunar_tpg(param_to_tpg(item));

	if (sysfs_streq(page, "Reject"))
		return count;
	return lunar_attr_refuse(lunar_attr_of_tpg(tpg), "IFMarkInt, OFMarkInt",
				 page, "only Reject is supported");
}

#define param_IF_MARK_INT_show	param_reject_show
#define param_IF_MARK_INT_store	param_reject_store
#define param_OF_MARK_INT_show	param_reject_show
#define param_OF_MARK_INT_store	param_reject_store
LUNAR_ATTR_RW(param_IF_MARK_INT, "IFMarkInt", 0644);
LUNAR_ATTR_RW(param_OF_MARK_INT, "OFMarkInt", 0644);

/*
 * attrib/authentication is the truth, this is the same under its protocol name.
 * A saved configuration that has both restores attrib/ first: then a None here
 * must not undo a 1 there.
 */
static ssize_t param_auth_method_show(struct config_item *item, char *page)
{
	struct lunar_tpg *tpg = to_lunar_tpg(param_to_tpg(item));

	return sysfs_emit(page, "%s\n", READ_ONCE(tpg->attrib.authentication) ?
			  "CHAP" : "CHAP,None");
}

static ssize_t param_auth_method_store(struct config_item *item,
				       const char *page, size_t count)
{
	struct lunar_tpg *tpg = to_lunar_tpg(param_to_tpg(item));
	const char *why;

	if (sysfs_streq(page, "CHAP")) {
		WRITE_ONCE(tpg->attrib.authentication, 1);
		return count;
	}
	if (!sysfs_streq(page, "CHAP,None") && !sysfs_streq(page, "None,CHAP"))
		why = "must be CHAP or CHAP,None";
	else if (READ_ONCE(tpg->attrib.authentication))
		why = "attrib/authentication is 1, set that to 0";
	else
		return count;
	return lunar_attr_refuse(lunar_attr_of_tpg(tpg), "AuthMethod", page,
				 why);
}

LUNAR_ATTR_RW(param_auth_method, "AuthMethod", 0644);

/* Not a key: how LIO calls a cap on the data segments that the target sends. */
static ssize_t param_max_xmit_show(struct config_item *item, char *page)
{
	struct lunar_tpg *tpg = to_lunar_tpg(param_to_tpg(item));

	return sysfs_emit(page, "%u\n", READ_ONCE(tpg->max_xmit));
}

static ssize_t param_max_xmit_store(struct config_item *item,
				    const char *page, size_t count)
{
	struct lunar_tpg *tpg = to_lunar_tpg(param_to_tpg(item));
	u32 value;

	if (lunar_attr_number(lunar_attr_of_tpg(tpg),
			      "MaxXmitDataSegmentLength", page,
			      ISCSI_MIN_MAX_RECV_SEG_LEN,
			      ISCSI_MAX_MAX_RECV_SEG_LEN, &value))
		return -EINVAL;
	WRITE_ONCE(tpg->max_xmit, value);
	return count;
}

LUNAR_ATTR_RW(param_max_xmit, "MaxXmitDataSegmentLength", 0644);

static ssize_t param_target_alias_show(struct config_item *item, char *page)
{
	char alias[VALUE_MAXLEN + 1];

	lunar_tpg_get_alias(to_lunar_tpg(param_to_tpg(item)), alias);
	return sysfs_emit(page, "%s\n", alias);
}

static ssize_t param_target_alias_store(struct config_item *item,
					const char *page, size_t count)
{
	struct lunar_tpg *tpg = to_lunar_tpg(param_to_tpg(item));
	int len = lunar_attr_len(page);

	if (len > VALUE_MAXLEN)
		return lunar_attr_refuse(lunar_attr_of_tpg(tpg), "TargetAlias",
					 page, "longer than 255 bytes");
	lunar_tpg_set_alias(tpg, page, len);
	return count;
}

LUNAR_ATTR_RW(param_target_alias, "TargetAlias", 0644);

struct configfs_attribute *lunar_configfs_tpg_param_attrs[] = {
	&param_HEADER_DIGEST_attr,
	&param_DATA_DIGEST_attr,
	&param_MAX_CONNECTIONS_attr,
	&param_INITIAL_R2T_attr,
	&param_IMMEDIATE_DATA_attr,
	&param_MAX_RECV_DATA_SEGMENT_LENGTH_attr,
	&param_MAX_BURST_LENGTH_attr,
	&param_FIRST_BURST_LENGTH_attr,
	&param_DEFAULT_TIME2WAIT_attr,
	&param_DEFAULT_TIME2RETAIN_attr,
	&param_MAX_OUTSTANDING_R2T_attr,
	&param_DATA_PDU_IN_ORDER_attr,
	&param_DATA_SEQUENCE_IN_ORDER_attr,
	&param_ERROR_RECOVERY_LEVEL_attr,
	&param_IF_MARKER_attr,
	&param_OF_MARKER_attr,
	&param_TASK_REPORTING_attr,
	&param_ISCSI_PROTOCOL_LEVEL_attr,
	&param_IF_MARK_INT_attr,
	&param_OF_MARK_INT_attr,
	&param_auth_method_attr,
	&param_max_xmit_attr,
	&param_target_alias_attr,
	NULL,
};

/* --- TPG auth/ and the TPG itself ----------------------------------------- */

static struct lunar_auth *tpg_auth(struct config_item *item)
{
	return &to_lunar_tpg(auth_to_tpg(item))->auth;
}

static struct lunar_attr_owner tpg_owner(struct config_item *item)
{
	return lunar_attr_of_tpg(to_lunar_tpg(auth_to_tpg(item)));
}

LUNAR_ATTR_AUTH(tpg);

struct configfs_attribute *lunar_configfs_tpg_auth_attrs[] = {
	&tpg_userid_attr,
	&tpg_password_attr,
	&tpg_userid_mutual_attr,
	&tpg_password_mutual_attr,
	&tpg_users_attr,
	&tpg_authenticate_target_attr,
	NULL,
};

/* Initiators that are in because of attrib/generate_node_acls. */
static ssize_t tpg_dynamic_sessions_show(struct config_item *item, char *page)
{
	return target_show_dynamic_sessions(to_tpg(item), page);
}

LUNAR_ATTR_RO(tpg_dynamic_sessions, "dynamic_sessions", 0444);

static ssize_t ask_logout(struct lunar_tpg *tpg,
			  const struct lunar_portal *portal, const char *page,
			  size_t count)
{
	u32 seconds;

	if (lunar_attr_number(lunar_attr_of_tpg(tpg), "logout_request", page, 1,
			      LUNAR_LOGOUT_TIME_MAX, &seconds))
		return -EINVAL;
	lunar_tpg_ask_logout(tpg, portal, seconds);
	return count;
}

static ssize_t tpg_logout_request_store(struct config_item *item,
					const char *page, size_t count)
{
	return ask_logout(to_lunar_tpg(to_tpg(item)), NULL, page, count);
}

LUNAR_ATTR_WO(tpg_logout_request, "logout_request", 0200);

static ssize_t np_logout_request_store(struct config_item *item,
				       const char *page, size_t count)
{
	const struct lunar_np *np = to_lunar_np(to_tpg_np(item));

	return ask_logout(np->tpg, np->portal, page, count);
}

LUNAR_ATTR_WO(np_logout_request, "logout_request", 0200);

struct configfs_attribute *lunar_configfs_tpg_np_attrs[] = {
	&np_logout_request_attr,
	NULL,
};

struct configfs_attribute *lunar_configfs_tpg_attrs[] = {
	&tpg_dynamic_sessions_attr,
	&tpg_logout_request_attr,
	NULL,
};
