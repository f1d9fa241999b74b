// SPDX-License-Identifier: GPL-2.0
/* What the configfs files have in common. See attr.h. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/sysfs.h>
#include <lunar.h>
#include "access.h"
#include "attr.h"

/* User ids and secrets are kept and checked alike. */
static_assert(LUNAR_CHAP_USER_MAX == LUNAR_CHAP_SECRET_MAX);

/**
 * lunar_attr_refuse() - the one line for a refused value
 * @owner:	whose file
 * @file:	its name
 * @page:	what was written, or NULL for a secret
 * @why:	what is wrong with it
 *
 * Return: -EINVAL.
 */
int lunar_attr_refuse(struct lunar_attr_owner owner, const char *file,
		      const char *page, const char *why)
{
	const char *value = page ?: "(not shown)";
	int len = min(lunar_attr_len(value), 64);

	if (owner.acl)
		pr_err("%s tpgt %u acl %s: %s %.*s: %s\n",
		       owner.tpg->target->name, owner.tpg->tag,
		       owner.acl->initiatorname, file, len, value, why);
	else if (owner.tpg)
		pr_err("%s tpgt %u: %s %.*s: %s\n", owner.tpg->target->name,
		       owner.tpg->tag, file, len, value, why);
	else
		pr_err("discovery_auth: %s %.*s: %s\n", file, len, value, why);
	return -EINVAL;
}

/**
 * lunar_attr_number() - a number within limits
 * @owner:	whose file
 * @file:	its name
 * @page:	what was written
 * @min:	smallest value
 * @max:	largest value; if it is @min, that is all we support
 * @number:	the number; untouched on error
 *
 * Return: 0, or -EINVAL, logged.
 */
int lunar_attr_number(struct lunar_attr_owner owner, const char *file,
		      const char *page, u32 min, u32 max, u32 *number)
{
	char why[64];
	u32 value;

	if (!kstrtou32(page, 0, &value) && value >= min && value <= max) {
		*number = value;
		return 0;
	}
	if (min == max)
		snprintf(why, sizeof(why), "only %u is supported", min);
	else
		snprintf(why, sizeof(why), "must be a number from %u to %u",
			 min, max);
	return lunar_attr_refuse(owner, file, page, why);
}

/**
 * lunar_attr_auth_show() - a user id or secret
 * @auth:	the credentials
 * @field:	one of its strings
 * @page:	for the value, or "NULL" if it is not set
 *
 * Return: bytes.
 */
ssize_t lunar_attr_auth_show(struct lunar_auth *auth, const char *field,
			     char *page)
{
	ssize_t len;

	spin_lock(&auth->lock);
	len = sysfs_emit(page, "%s\n", *field ? field : LUNAR_AUTH_UNSET);
	spin_unlock(&auth->lock);
	return len;
}

/**
 * lunar_attr_auth_store() - change a user id or secret
 * @auth:	the credentials
 * @field:	one of its strings
 * @secret:	has a least length and is not logged
 * @owner:	whose they are
 * @file:	name of the file
 * @page:	what was written; "NULL" or nothing unsets
 * @count:	length of that
 *
 * Takes effect with the next login.
 *
 * Return: @count, or -EINVAL, logged.
 */
ssize_t lunar_attr_auth_store(struct lunar_auth *auth, char *field,
			      bool secret, struct lunar_attr_owner owner,
			      const char *file, const char *page, size_t count)
{
	const char *why = NULL;
	int len = lunar_attr_len(page);

	if (sysfs_streq(page, LUNAR_AUTH_UNSET))
		len = 0;
	if (len > LUNAR_CHAP_USER_MAX)
		why = "longer than " __stringify(LUNAR_CHAP_USER_MAX) " bytes";
	else if (secret && len && len < LUNAR_CHAP_SECRET_MIN)
		why = "shorter than " __stringify(LUNAR_CHAP_SECRET_MIN)
		      " bytes (RFC 7143 9.2.1)";
	if (why)
		return lunar_attr_refuse(owner, file, secret ? NULL : page, why);
	spin_lock(&auth->lock);
	memset(field, 0, LUNAR_CHAP_USER_MAX + 1);
	memcpy(field, page, len);
	spin_unlock(&auth->lock);
	return count;
}

/**
 * lunar_attr_mutual_show() - do we authenticate to initiators?
 * @auth:	the credentials
 * @page:	for 0 or 1
 *
 * Return: bytes.
 */
ssize_t lunar_attr_mutual_show(struct lunar_auth *auth, char *page)
{
	bool mutual;

	spin_lock(&auth->lock);
	mutual = auth->userid_mutual[0] && auth->password_mutual[0];
	spin_unlock(&auth->lock);
	return sysfs_emit(page, "%d\n", mutual);
}

/**
 * lunar_attr_users_show() - the names of more users
 * @auth:	the credentials
 * @page:	for the names, a line each
 *
 * Return: bytes.
 */
ssize_t lunar_attr_users_show(struct lunar_auth *auth, char *page)
{
	const char *line, *next;
	ssize_t at = 0;
	u32 len;

	spin_lock(&auth->lock);
	line = auth->users;
	while ((next = lunar_chap_next_user(line, &len))) {
		at += sysfs_emit_at(page, at, "%.*s\n", (int)len, line);
		line = next;
	}
	spin_unlock(&auth->lock);
	return at;
}

/* "NAME SECRET" */
static int add_user(struct lunar_auth *auth, const char *line, u32 len,
		    const char **why)
{
	u32 name_len = strcspn(line, " ");
	const char *secret = line + name_len + 1;
	int ret = -EINVAL;

	if (!name_len || name_len >= len)
		*why = "neither NAME SECRET nor -NAME";
	else if (name_len > LUNAR_CHAP_USER_MAX)
		*why = "name longer than " __stringify(LUNAR_CHAP_USER_MAX)
		       " bytes";
	else if (len - name_len - 1 > LUNAR_CHAP_SECRET_MAX)
		*why = "secret longer than " __stringify(LUNAR_CHAP_SECRET_MAX)
		       " bytes";
	else if (len - name_len - 1 < LUNAR_CHAP_SECRET_MIN)
		*why = "secret shorter than " __stringify(LUNAR_CHAP_SECRET_MIN)
		       " bytes (RFC 7143 9.2.1)";
	else
		ret = lunar_auth_set_user(auth, line, name_len, secret,
					  len - name_len - 1);
	if (ret == -ENOSPC)
		*why = "too many users";
	return ret;
}

/**
 * lunar_attr_users_store() - one more user, or one less
 * @auth:	the credentials
 * @owner:	whose they are
 * @page:	"NAME SECRET" or "-NAME"
 * @count:	length of that
 *
 * Takes effect with the next login.
 *
 * Return: @count, or logged: -EINVAL, -ENOENT for a user that there is not,
 * -ENOSPC.
 */
ssize_t lunar_attr_users_store(struct lunar_auth *auth,
			       struct lunar_attr_owner owner, const char *page,
			       size_t count)
{
	int len = lunar_attr_len(page);
	const char *why = NULL;
	int ret;

	if (page[0] == '-') {
		ret = lunar_auth_del_user(auth, page + 1, len - 1);
		why = "no such user";
	} else {
		ret = add_user(auth, page, len, &why);
	}
	if (!ret)
		return count;
	/* What was written may hold a secret, wherever it is wrong. */
	lunar_attr_refuse(owner, "users", page[0] == '-' ? page : NULL, why);
	return ret;
}

/**
 * lunar_attr_access_show() - a list of addresses
 * @access:	the lists
 * @list:	one of them
 * @page:	for it as it was written, or "NULL" if it is empty
 *
 * Return: bytes.
 */
ssize_t lunar_attr_access_show(struct lunar_access *access, const char *list,
			       char *page)
{
	ssize_t len;

	spin_lock(&access->lock);
	len = sysfs_emit(page, "%s\n", *list ? list : LUNAR_AUTH_UNSET);
	spin_unlock(&access->lock);
	return len;
}

/**
 * lunar_attr_access_store() - change a list of addresses
 * @access:	the lists
 * @list:	one of them
 * @owner:	whose they are
 * @file:	name of the file
 * @page:	what was written; "NULL" or nothing empties the list
 * @count:	length of that
 *
 * Takes effect with the next login.
 *
 * Return: @count, or -EINVAL, logged.
 */
ssize_t lunar_attr_access_store(struct lunar_access *access, char *list,
				struct lunar_attr_owner owner, const char *file,
				const char *page, size_t count)
{
	char text[LUNAR_ACCESS_LIST_MAX + 1] = "";
	int len = lunar_attr_len(page);

	if (len > LUNAR_ACCESS_LIST_MAX)
		return lunar_attr_refuse(owner, file, page, "longer than "
					 __stringify(LUNAR_ACCESS_LIST_MAX)
					 " bytes");
	if (!sysfs_streq(page, LUNAR_AUTH_UNSET))
		memcpy(text, page, len);
	if (lunar_access_check(text))
		return lunar_attr_refuse(owner, file, page,
					 "not a list of addresses and subnets");
	spin_lock(&access->lock);
	strscpy(list, text, sizeof(text));
	spin_unlock(&access->lock);
	return count;
}

/**
 * lunar_attr_key() - a value of a key
 * @owner:	whose file
 * @id:		which key
 * @page:	what was written
 * @value:	the value; untouched on error
 *
 * Return: 0, or logged: -EINVAL if the standard does not allow it, -EOPNOTSUPP
 * if we do not.
 */
int lunar_attr_key(struct lunar_attr_owner owner, int id, const char *page,
		   u32 *value)
{
	char text[LUNAR_KEY_REPLY_MAX];
	int len = lunar_attr_len(page);
	int ret = -EINVAL;

	if (len < sizeof(text)) {
		memcpy(text, page, len);
		text[len] = '\0';
		ret = lunar_keys_parse(id, text, value);
	}
	if (ret)
		lunar_attr_refuse(owner, lunar_keys_table[id].name, page,
				  ret == -EOPNOTSUPP ?
				  "this value is not supported" :
				  "not a value of this key (RFC 7143 13)");
	return ret;
}
