/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How the configfs files are made; for configfs*.c. All of it runs in the system
 * call of an administrator: a refused value is an errno and one line in the log.
 */
#ifndef LUNAR_ATTR_H
#define LUNAR_ATTR_H

#include <linux/configfs.h>
#include <linux/module.h>
#include <linux/string.h>
#include "tpg.h"

/*
 * A file is one line of a macro, which makes the show and store functions of its
 * name out of functions that take the object.
 */
#define LUNAR_ATTR_RW(_id, _file, _mode)				\
static struct configfs_attribute _id##_attr = {				\
	.ca_name	= _file,					\
	.ca_mode	= _mode,					\
	.ca_owner	= THIS_MODULE,					\
	.show		= _id##_show,					\
	.store		= _id##_store,					\
}

#define LUNAR_ATTR_WO(_id, _file, _mode)				\
static struct configfs_attribute _id##_attr = {				\
	.ca_name	= _file,					\
	.ca_mode	= _mode,					\
	.ca_owner	= THIS_MODULE,					\
	.store		= _id##_store,					\
}

#define LUNAR_ATTR_RO(_id, _file, _mode)				\
static struct configfs_attribute _id##_attr = {				\
	.ca_name	= _file,					\
	.ca_mode	= _mode,					\
	.ca_owner	= THIS_MODULE,					\
	.show		= _id##_show,					\
}

/**
 * struct lunar_attr_owner - whose file it is, for the log
 * @tpg:	its TPG, or NULL for discovery_auth
 * @acl:	its node ACL, if it is one's
 */
struct lunar_attr_owner {
	const struct lunar_tpg		*tpg;
	const struct se_node_acl	*acl;
};

static inline struct lunar_attr_owner
lunar_attr_of_tpg(const struct lunar_tpg *tpg)
{
	return (struct lunar_attr_owner){ .tpg = tpg };
}

static inline struct lunar_attr_owner
lunar_attr_of_acl(const struct se_node_acl *acl)
{
	return (struct lunar_attr_owner){
		.tpg = to_lunar_tpg(acl->se_tpg),
		.acl = acl,
	};
}

/* Bytes of what was written, without the newline that echo adds. */
static inline int lunar_attr_len(const char *page)
{
	return strcspn(page, "\n");
}

int lunar_attr_refuse(struct lunar_attr_owner owner, const char *file,
		      const char *page, const char *why);
int lunar_attr_number(struct lunar_attr_owner owner, const char *file,
		      const char *page, u32 min, u32 max, u32 *number);
ssize_t lunar_attr_auth_show(struct lunar_auth *auth, const char *field,
			     char *page);
ssize_t lunar_attr_auth_store(struct lunar_auth *auth, char *field,
			      bool secret, struct lunar_attr_owner owner,
			      const char *file, const char *page, size_t count);
ssize_t lunar_attr_mutual_show(struct lunar_auth *auth, char *page);
ssize_t lunar_attr_users_show(struct lunar_auth *auth, char *page);
ssize_t lunar_attr_users_store(struct lunar_auth *auth,
			       struct lunar_attr_owner owner, const char *page,
			       size_t count);
ssize_t lunar_attr_access_show(struct lunar_access *access, const char *list,
			       char *page);
ssize_t lunar_attr_access_store(struct lunar_access *access, char *list,
				struct lunar_attr_owner owner, const char *file,
				const char *page, size_t count);
int lunar_attr_key(struct lunar_attr_owner owner, int id, const char *page,
		   u32 *value);

/*
 * The files of an auth/ directory. _dir_auth() finds the credentials of a
 * config_item, _dir_owner() whose they are. Only root may look at secrets.
 */
#define LUNAR_ATTR_AUTH(_dir)						\
LUNAR_ATTR_CREDENTIAL(_dir##_, userid, false);				\
LUNAR_ATTR_CREDENTIAL(_dir##_, password, true);				\
LUNAR_ATTR_CREDENTIAL(_dir##_, userid_mutual, false);			\
LUNAR_ATTR_CREDENTIAL(_dir##_, password_mutual, true);			\
static ssize_t _dir##_users_show(struct config_item *item, char *page)	\
{									\
	return lunar_attr_users_show(_dir##_auth(item), page);		\
}									\
									\
static ssize_t _dir##_users_store(struct config_item *item,		\
				  const char *page, size_t count)	\
{									\
	return lunar_attr_users_store(_dir##_auth(item),		\
				      _dir##_owner(item), page, count);	\
}									\
LUNAR_ATTR_RW(_dir##_users, "users", 0600);				\
									\
static ssize_t _dir##_authenticate_target_show(struct config_item *item, \
					       char *page)		\
{									\
	return lunar_attr_mutual_show(_dir##_auth(item), page);		\
}									\
LUNAR_ATTR_RO(_dir##_authenticate_target, "authenticate_target", 0400)

#define LUNAR_ATTR_CREDENTIAL(_dir, _name, _secret)			\
static char *_dir##_name(struct config_item *item)			\
{									\
	return (*_dir##auth(item))._name;				\
}									\
									\
static ssize_t _dir##_name##_show(struct config_item *item, char *page)	\
{									\
	return lunar_attr_auth_show(_dir##auth(item),			\
				    _dir##_name(item), page);		\
}									\
									\
static ssize_t _dir##_name##_store(struct config_item *item,		\
				   const char *page, size_t count)	\
{									\
	return lunar_attr_auth_store(_dir##auth(item),			\
				     _dir##_name(item), _secret,	\
				     _dir##owner(item), #_name, page,	\
				     count);				\
}									\
LUNAR_ATTR_RW(_dir##_name, #_name, 0600)

/*
 * A list of addresses in an attrib/ directory. _dir##access() finds the lists of a
 * config_item, _dir##owner() whose they are.
 */
#define LUNAR_ATTR_ADDRESSES(_dir, _list)				\
static char *_dir##_list(struct config_item *item)			\
{									\
	return (*_dir##access(item))._list;				\
}									\
									\
static ssize_t _dir##_list##_show(struct config_item *item, char *page)	\
{									\
	return lunar_attr_access_show(_dir##access(item),		\
				      _dir##_list(item), page);		\
}									\
									\
static ssize_t _dir##_list##_store(struct config_item *item,		\
				   const char *page, size_t count)	\
{									\
	return lunar_attr_access_store(_dir##access(item),		\
				       _dir##_list(item),		\
				       _dir##owner(item),		\
				       #_list "_addresses", page,	\
				       count);				\
}									\
LUNAR_ATTR_RW(_dir##_list, #_list "_addresses", 0644)

#endif /* LUNAR_ATTR_H */
