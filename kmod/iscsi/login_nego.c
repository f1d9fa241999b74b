// SPDX-License-Identifier: GPL-2.0
/* The text of the login phase. See login_nego.h. */

#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "login_nego.h"
#include "portal.h"
#include "session.h"
#include "tpg.h"

/*
 * The answer always fits in one PDU: at most one pair per key received, what
 * CHAP says, AuthMethod, and what the target declares of itself. So the C bit
 * is never needed in a Login Response.
 */
static_assert(LUNAR_LOGIN_MAX_KEYS * (KEY_MAXLEN + LUNAR_KEY_REPLY_MAX) +
	      LUNAR_AUTH_REPLY_MAX + 3 * (KEY_MAXLEN + 16) +
	      KEY_MAXLEN + VALUE_MAXLEN + 1 <= LUNAR_LOGIN_MAX_REPLY);

static enum lunar_login_status split_text(struct lunar_login *login)
{
	char *name, *value;
	u32 pos = 0;
	int ret;

	login->nr_keys = 0;
	for (;;) {
		ret = lunar_keys_next(login->text, login->text_len, &pos,
				      &name, &value);
		if (ret < 0)
			return lunar_login_fault(login, LUNAR_LOGIN_INITIATOR_ERROR,
						 "malformed text");
		if (!ret)
			return LUNAR_LOGIN_SUCCESS;
		if (login->nr_keys == LUNAR_LOGIN_MAX_KEYS)
			return lunar_login_fault(login, LUNAR_LOGIN_INITIATOR_ERROR,
						 "too many keys");
		login->keys[login->nr_keys].name = name;
		login->keys[login->nr_keys].value = value;
		login->nr_keys++;
	}
}

static const char *find_value(const struct lunar_login *login, int id)
{
	u32 i;

	for (i = 0; i < login->nr_keys; i++)
		if (!strcmp(login->keys[i].name, lunar_keys_table[id].name))
			return login->keys[i].value;
	return NULL;
}

static enum lunar_login_status take_names(struct lunar_conn *conn)
{
	struct lunar_login *login = conn->login;
	struct lunar_session *session = conn->session;
	const char *name = find_value(login, LUNAR_KEY_INITIATOR_NAME);
	const char *alias = find_value(login, LUNAR_KEY_INITIATOR_ALIAS);
	u32 i;

	if (!name)
		return lunar_login_fault(login, LUNAR_LOGIN_MISSING_PARAMETER,
					 "no InitiatorName");
	if (!lunar_keys_name_ok(name))
		return lunar_login_fault(login, LUNAR_LOGIN_INITIATOR_ERROR,
					 "InitiatorName is not an iSCSI name");
	/* RFC 7143 4.2.7.2: case does not matter; ACLs are in lower case. */
	for (i = 0; name[i]; i++)
		session->initiator[i] = isascii(name[i]) ? tolower(name[i]) :
							   name[i];
	session->initiator[i] = '\0';
	if (alias)
		strscpy(session->alias, alias, sizeof(session->alias));
	return LUNAR_LOGIN_SUCCESS;
}

static enum lunar_login_status find_tpg(struct lunar_conn *conn)
{
	struct lunar_login *login = conn->login;
	const char *name = find_value(login, LUNAR_KEY_TARGET_NAME);
	struct lunar_tpg *tpg;

	if (!name)
		return lunar_login_fault(login, LUNAR_LOGIN_MISSING_PARAMETER,
					 "no TargetName");
	if (!lunar_keys_name_ok(name))
		return lunar_login_fault(login, LUNAR_LOGIN_NOT_FOUND,
					 "TargetName is not an iSCSI name");
	login->target = name;

	switch (lunar_tpg_find(name, conn->portal, &tpg)) {
	case LUNAR_TPG_FOUND:
		lunar_tpg_add_conn(tpg, conn);
		return LUNAR_LOGIN_SUCCESS;
	case LUNAR_TPG_NO_PORTAL:
		return lunar_login_fault(login, LUNAR_LOGIN_NOT_FOUND,
					 "the target is not at this portal");
	case LUNAR_TPG_DISABLED:
		return lunar_login_fault(login, LUNAR_LOGIN_UNAVAILABLE,
					 "the target portal group is disabled");
	default:
		return lunar_login_fault(login, LUNAR_LOGIN_NOT_FOUND,
					 "no such target");
	}
}

/*
 * A TSIH asks for one more connection in a session, or for a new one in place
 * of its only one (RFC 7143 6.3.1). MaxConnections is 1; an initiator that
 * wants the latter gets it by session reinstatement.
 */
static enum lunar_login_status check_tsih(struct lunar_conn *conn)
{
	struct lunar_login *login = conn->login;
	const struct lunar_session *mine = conn->session;
	u16 tsih = be16_to_cpu(login->first.tsih);
	const struct lunar_conn *other;
	bool known = false;

	if (!tsih)
		return LUNAR_LOGIN_SUCCESS;
	if (conn->tpg) {
		spin_lock_bh(&conn->tpg->lock);
		list_for_each_entry(other, &conn->tpg->conns, tpg_entry) {
			const struct lunar_session *session = other->session;

			known |= other->claimed &&
				 lunar_conn_state(other) < LUNAR_CONN_CLOSING &&
				 READ_ONCE(session->tsih) == tsih &&
				 !memcmp(session->isid, mine->isid,
					 sizeof(mine->isid)) &&
				 !strcmp(session->initiator, mine->initiator);
		}
		spin_unlock_bh(&conn->tpg->lock);
	}
	if (known)
		return lunar_login_fault(login, LUNAR_LOGIN_TOO_MANY_CONNECTIONS,
					 "a session has one connection");
	return lunar_login_fault(login, LUNAR_LOGIN_NO_SESSION, "unknown TSIH");
}

/* Keys that the ACL has values of its own for. */
static void override(const struct lunar_node_acl *acl,
		     struct lunar_params *offer)
{
	u32 id;

	for (id = 0; id < LUNAR_KEY_NR; id++)
		if (test_bit(id, &acl->own))
			offer->val[id] = READ_ONCE(acl->params.val[id]);
}

/* May the initiator log in here, and how? The nexus is made when login ends. */
static enum lunar_login_status take_acl(struct lunar_conn *conn,
					struct se_node_acl *se_acl)
{
	struct lunar_login *login = conn->login;
	struct lunar_tpg *tpg = conn->tpg;
	u32 depth = READ_ONCE(tpg->attrib.default_cmdsn_depth);
	struct lunar_node_acl *acl;

	if (!lunar_tpg_admits(tpg, se_acl, &conn->peer))
		return lunar_login_fault(login, LUNAR_LOGIN_FORBIDDEN,
					 "not from this address");
	login->offer = tpg->params;
	login->auth_required = READ_ONCE(tpg->attrib.authentication);
	conn->session->explicit_acl = se_acl;
	if (se_acl) {
		acl = to_lunar_acl(se_acl);
		depth = max(READ_ONCE(se_acl->queue_depth), 1U);
		override(acl, &login->offer);
		if (READ_ONCE(acl->authentication) >= 0)
			login->auth_required = READ_ONCE(acl->authentication);
	} else if (!READ_ONCE(tpg->attrib.generate_node_acls)) {
		return lunar_login_fault(login, LUNAR_LOGIN_FORBIDDEN,
					 "the initiator is in no ACL");
	}
	lunar_window_init(&conn->session->window,
			  be32_to_cpu(login->first.cmdsn), depth);
	return LUNAR_LOGIN_SUCCESS;
}

/*
 * RFC 7143 13.8: the address without a portal group tag. Not for those that are
 * where they would be sent to.
 */
static enum lunar_login_status redirect(struct lunar_conn *conn)
{
	char address[LUNAR_TPG_REDIRECT_SIZE];
	struct lunar_login *login = conn->login;
	enum lunar_tpg_redirect moved;
	struct sockaddr_storage to;

	moved = lunar_tpg_get_redirect(conn->tpg, address);
	if (moved == LUNAR_TPG_STAYS || lunar_portal_parse(address, &to) ||
	    lunar_portal_same(&to, &conn->local))
		return LUNAR_LOGIN_SUCCESS;
	lunar_keys_put(&login->reply, "TargetAddress", address);
	return moved == LUNAR_TPG_MOVED_TEMPORARILY ?
	       LUNAR_LOGIN_MOVED_TEMPORARILY : LUNAR_LOGIN_MOVED_PERMANENTLY;
}

static enum lunar_login_status enter_target(struct lunar_conn *conn)
{
	struct lunar_login *login = conn->login;
	enum lunar_login_status status;
	struct se_node_acl *se_acl;
	struct lunar_tpg *tpg;

	status = find_tpg(conn);
	if (status)
		return status;
	tpg = conn->tpg;
	login->deadline = conn->accepted +
			  READ_ONCE(tpg->attrib.login_timeout) * HZ;
	lunar_conn_arm_login_timer(conn, login->deadline);

	se_acl = lunar_session_get_acl(tpg, conn->session->initiator);
	status = take_acl(conn, se_acl);
	if (se_acl)
		lunar_session_put_acl(se_acl);
	if (status)
		return status;
	status = redirect(conn);
	if (status)
		return status;
	return check_tsih(conn);
}

static enum lunar_login_status enter_discovery(struct lunar_conn *conn)
{
	struct lunar_login *login = conn->login;

	/* Anybody may have one: little memory for little that there is to say. */
	conn->session->discovery = true;
	lunar_keys_defaults(&login->offer);
	login->offer.val[LUNAR_KEY_MAX_RECV_DATA_SEGMENT_LENGTH] =
		ISCSI_DEF_MAX_RECV_SEG_LEN;
	login->auth_required = READ_ONCE(lunar_tpg_discovery.enforce);
	lunar_window_init(&conn->session->window,
			  be32_to_cpu(login->first.cmdsn), 1);
	return check_tsih(conn);
}

/* RFC 7143 6.3: the first request says who logs in where. */
static enum lunar_login_status identify(struct lunar_conn *conn)
{
	struct lunar_login *login = conn->login;
	const char *type = find_value(login, LUNAR_KEY_SESSION_TYPE);
	enum lunar_login_status status;

	status = take_names(conn);
	if (status)
		return status;
	/* RFC 7143 13.21: Normal is the default. */
	if (!type || !strcmp(type, "Normal"))
		status = enter_target(conn);
	else if (!strcmp(type, "Discovery"))
		status = enter_discovery(conn);
	else
		status = lunar_login_fault(login, LUNAR_LOGIN_BAD_SESSION_TYPE,
					   "unknown SessionType");
	if (status)
		return status;
	lunar_keys_init(&login->nego, &login->offer);
	login->nego.discovery = conn->session->discovery;
	return LUNAR_LOGIN_SUCCESS;
}

/* The ACL's own credentials go before those of the TPG. */
static struct lunar_chap *begin_chap(struct lunar_conn *conn)
{
	struct se_node_acl *acl;
	struct lunar_chap *chap;

	if (conn->session->discovery)
		return lunar_auth_alloc(&lunar_tpg_discovery.auth);
	acl = lunar_session_get_acl(conn->tpg, conn->session->initiator);
	if (acl) {
		chap = lunar_auth_alloc(&to_lunar_acl(acl)->auth);
		lunar_session_put_acl(acl);
		if (chap != ERR_PTR(-ENOKEY))
			return chap;
	}
	return lunar_auth_alloc(&conn->tpg->auth);
}

/* Can CHAP be used? SUCCESS without login->chap: no, look further. */
static enum lunar_login_status try_chap(struct lunar_conn *conn)
{
	struct lunar_login *login = conn->login;
	struct lunar_chap *chap = begin_chap(conn);

	if (!IS_ERR(chap)) {
		login->chap = chap;
		return LUNAR_LOGIN_SUCCESS;
	}
	if (chap == ERR_PTR(-ENOMEM))
		return lunar_login_fault(login, LUNAR_LOGIN_NO_RESOURCES,
					 "out of memory");
	if (login->auth_required)
		return lunar_login_fault(login, LUNAR_LOGIN_AUTH_FAILED,
					 conn->session->discovery ?
					 "discovery_auth has no user with a password" :
					 "neither ACL nor TPG has a user with a password");
	return LUNAR_LOGIN_SUCCESS;
}

/* RFC 7143 6.2.1: the first method of the list that we support. */
static enum lunar_login_status choose_method(struct lunar_conn *conn,
					     const char *list)
{
	struct lunar_login *login = conn->login;
	enum lunar_login_status status;

	for (;;) {
		size_t len = strcspn(list, ",");

		if (len == 4 && !memcmp(list, "CHAP", len)) {
			status = try_chap(conn);
			if (status)
				return status;
			if (login->chap) {
				lunar_keys_put(&login->reply, "AuthMethod", "CHAP");
				return LUNAR_LOGIN_SUCCESS;
			}
		}
		if (len == 4 && !memcmp(list, "None", len) &&
		    !login->auth_required) {
			lunar_keys_put(&login->reply, "AuthMethod", "None");
			return LUNAR_LOGIN_SUCCESS;
		}
		if (!list[len])
			break;
		list += len + 1;
	}
	return lunar_login_fault(login, LUNAR_LOGIN_AUTH_FAILED,
				 login->auth_required ?
				 "CHAP is required, the initiator does not offer it" :
				 "no AuthMethod in common");
}

static enum lunar_login_status step_chap(struct lunar_login *login,
					 const struct lunar_chap_request *request)
{
	if (!login->chap)
		return lunar_login_fault(login, LUNAR_LOGIN_AUTH_FAILED,
					 "CHAP keys without AuthMethod=CHAP");
	switch (lunar_auth_step(login->chap, request, &login->reply,
				&login->why)) {
	case LUNAR_AUTH_MORE:
		return LUNAR_LOGIN_SUCCESS;
	case LUNAR_AUTH_PASS:
		login->authenticated = true;
		return LUNAR_LOGIN_SUCCESS;
	default:
		return LUNAR_LOGIN_AUTH_FAILED;
	}
}

/* One key that is not CHAP's; @first: in the first request. */
static enum lunar_login_status take_key(struct lunar_login *login, u32 i,
					bool first)
{
	const char *name = login->keys[i].name;
	char reply[LUNAR_KEY_REPLY_MAX];
	int id = lunar_keys_find(name);

	if (id >= 0) {
		u8 flags = lunar_keys_table[id].flags;

		if (login->stage == ISCSI_SECURITY_NEGOTIATION_STAGE &&
		    !(flags & LUNAR_KEY_ANY_STAGE))
			return lunar_login_fault(login, LUNAR_LOGIN_INITIATOR_ERROR,
						 "operational key in security negotiation");
		if (((flags & LUNAR_KEY_INITIAL_ONLY) && !first) ||
		    id == LUNAR_KEY_SEND_TARGETS ||
		    (id == LUNAR_KEY_AUTH_METHOD &&
		     login->stage != ISCSI_SECURITY_NEGOTIATION_STAGE))
			return lunar_login_fault(login, LUNAR_LOGIN_INITIATOR_ERROR,
						 "a key at the wrong time");
	}
	switch (lunar_keys_negotiate(&login->nego, id, login->keys[i].value,
				     reply)) {
	case LUNAR_KEY_ANSWER:
		lunar_keys_put(&login->reply, name, reply);
		return LUNAR_LOGIN_SUCCESS;
	case LUNAR_KEY_SILENT:
		return LUNAR_LOGIN_SUCCESS;
	default:
		return lunar_login_fault(login, LUNAR_LOGIN_INITIATOR_ERROR,
					 "a key twice, or not for initiators to send");
	}
}

static enum lunar_login_status security(struct lunar_conn *conn, bool first)
{
	struct lunar_login *login = conn->login;
	const char *methods = find_value(login, LUNAR_KEY_AUTH_METHOD);
	struct lunar_chap_request request = {};
	enum lunar_login_status status;
	bool chap = false;
	u32 i;

	for (i = 0; i < login->nr_keys; i++) {
		switch (lunar_chap_take(&request, login->keys[i].name,
					login->keys[i].value)) {
		case 0:
			chap = true;
			continue;
		case -EEXIST:
			return lunar_login_fault(login, LUNAR_LOGIN_INITIATOR_ERROR,
						 "a CHAP key twice");
		}
		status = take_key(login, i, first);
		if (status)
			return status;
	}
	if (methods) {
		status = choose_method(conn, methods);
		if (status)
			return status;
	}
	return chap ? step_chap(login, &request) : LUNAR_LOGIN_SUCCESS;
}

static enum lunar_login_status operational(struct lunar_conn *conn, bool first)
{
	struct lunar_login *login = conn->login;
	enum lunar_login_status status;
	char value[16];
	u32 i;

	if (login->auth_required && !login->authenticated)
		return lunar_login_fault(login, LUNAR_LOGIN_AUTH_FAILED,
					 "CHAP is required, the initiator skips it");
	for (i = 0; i < login->nr_keys; i++) {
		status = take_key(login, i, first);
		if (status)
			return status;
	}
	if (!login->declared) {
		int id = LUNAR_KEY_MAX_RECV_DATA_SEGMENT_LENGTH;

		lunar_keys_format(id, login->offer.val[id], value, sizeof(value));
		lunar_keys_put(&login->reply, lunar_keys_table[id].name, value);
		login->declared = true;
	}
	return LUNAR_LOGIN_SUCCESS;
}

static enum lunar_login_status get_reply(struct lunar_login *login)
{
	struct lunar_text *reply = &login->reply;

	reply->len = 0;
	if (reply->buf)
		return LUNAR_LOGIN_SUCCESS;
	reply->buf = kvmalloc(LUNAR_LOGIN_MAX_REPLY, GFP_KERNEL);
	if (!reply->buf)
		return lunar_login_fault(login, LUNAR_LOGIN_NO_RESOURCES,
					 "out of memory");
	reply->size = LUNAR_LOGIN_MAX_REPLY;
	return LUNAR_LOGIN_SUCCESS;
}

/* In the first response of a normal session. */
static void declare_target(struct lunar_conn *conn)
{
	struct lunar_text *reply = &conn->login->reply;
	char value[VALUE_MAXLEN + 1];

	/* RFC 7143 13.9 */
	snprintf(value, sizeof(value), "%u", conn->tpg->tag);
	lunar_keys_put(reply, "TargetPortalGroupTag", value);
	lunar_tpg_get_alias(conn->tpg, value);
	if (value[0])
		lunar_keys_put(reply, "TargetAlias", value);
}

/**
 * lunar_login_nego_text() - deal with the complete text of one request
 * @conn:	in login; the text is in conn->login, and is altered
 *
 * Fills conn->login->reply. The first call finds out who logs in where and
 * sets conn->tpg and the session's names, ACL and CmdSN window.
 *
 * Context: login_work, may sleep.
 * Return: SUCCESS, or the status to refuse the login with, and login->why.
 */
enum lunar_login_status lunar_login_nego_text(struct lunar_conn *conn)
{
	struct lunar_login *login = conn->login;
	bool first = !login->identified;
	enum lunar_login_status status;

	status = get_reply(login);
	if (status)
		return status;
	status = split_text(login);
	if (status)
		return status;
	if (first) {
		status = identify(conn);
		if (status)
			return status;
		login->identified = true;
		if (conn->tpg)
			declare_target(conn);
	}
	status = login->stage == ISCSI_SECURITY_NEGOTIATION_STAGE ?
		 security(conn, first) : operational(conn, first);
	if (!status && WARN_ON_ONCE(login->reply.overflow))
		return lunar_login_fault(login, LUNAR_LOGIN_TARGET_ERROR,
					 "answer too long");
	return status;
}

/**
 * lunar_login_nego_finish() - put what was negotiated into the session
 * @conn:	in login, about to enter full feature phase
 *
 * Context: login_work.
 * Return: SUCCESS, or the status to refuse the login with, and login->why.
 */
enum lunar_login_status lunar_login_nego_finish(struct lunar_conn *conn)
{
	struct lunar_login *login = conn->login;
	struct lunar_session *session = conn->session;
	struct lunar_nego *nego = &login->nego;
	u32 *val = session->params.val;

	if (lunar_keys_finish(nego))
		return lunar_login_fault(login, LUNAR_LOGIN_INITIATOR_ERROR,
					 "a digest is required, the initiator has none");
	session->params = nego->result;
	/* Without the operational stage ours was never declared. */
	if (login->declared)
		val[LUNAR_KEY_MAX_RECV_DATA_SEGMENT_LENGTH] =
			login->offer.val[LUNAR_KEY_MAX_RECV_DATA_SEGMENT_LENGTH];
	session->peer_max_recv = nego->peer_max_recv;
	if (conn->tpg)
		session->peer_max_recv = min(session->peer_max_recv,
					     READ_ONCE(conn->tpg->max_xmit));
	session->limits = (struct lunar_xfer_limits) {
		.first_burst = val[LUNAR_KEY_FIRST_BURST_LENGTH],
		.max_burst = val[LUNAR_KEY_MAX_BURST_LENGTH],
		.max_r2t = val[LUNAR_KEY_MAX_OUTSTANDING_R2T],
		.initial_r2t = val[LUNAR_KEY_INITIAL_R2T],
		.immediate_data = val[LUNAR_KEY_IMMEDIATE_DATA],
	};
	return LUNAR_LOGIN_SUCCESS;
}
