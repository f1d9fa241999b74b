// SPDX-License-Identifier: GPL-2.0
/*
 * configfs: targets, TPGs, portals and node ACLs come and go; discovery_auth. See
 * configfs.h. All of this runs in the system call of an administrator.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/configfs.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/module.h>
#include <linux/string.h>
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>
#include <lunar.h>
#include "attr.h"
#include "configfs.h"
#include "portal.h"
#include "tpg.h"

/* --- discovery_auth/ and lio_version -------------------------------------- */

static struct lunar_auth *discovery_auth(struct config_item *item)
{
	return &lunar_tpg_discovery.auth;
}

static struct lunar_attr_owner discovery_owner(struct config_item *item)
{
	return (struct lunar_attr_owner){};
}

LUNAR_ATTR_AUTH(discovery);

static ssize_t discovery_enforce_discovery_auth_show(struct config_item *item,
						     char *page)
{
	return sysfs_emit(page, "%u\n", READ_ONCE(lunar_tpg_discovery.enforce));
}

static ssize_t discovery_enforce_discovery_auth_store(struct config_item *item,
						      const char *page,
						      size_t count)
{
	u32 value;

	if (lunar_attr_number(discovery_owner(item), "enforce_discovery_auth",
			      page, 0, 1, &value))
		return -EINVAL;
	WRITE_ONCE(lunar_tpg_discovery.enforce, value);
	return count;
}

LUNAR_ATTR_RW(discovery_enforce_discovery_auth, "enforce_discovery_auth", 0644);

struct configfs_attribute *lunar_configfs_discovery_attrs[] = {
	&discovery_userid_attr,
	&discovery_password_attr,
	&discovery_userid_mutual_attr,
	&discovery_password_mutual_attr,
	&discovery_users_attr,
	&discovery_authenticate_target_attr,
	&discovery_enforce_discovery_auth_attr,
	NULL,
};

static ssize_t wwn_lio_version_show(struct config_item *item, char *page)
{
	return sysfs_emit(page, "%s\n", "lunar iSCSI target " LUNAR_VERSION);
}

LUNAR_ATTR_RO(wwn_lio_version, "lio_version", 0444);

struct configfs_attribute *lunar_configfs_wwn_attrs[] = {
	&wwn_lio_version_attr,
	NULL,
};

/* --- targets, TPGs, portals, node ACLs ------------------------------------ */

/**
 * lunar_configfs_make_wwn() - mkdir of a target
 * @tf:		unused
 * @group:	unused
 * @name:	iSCSI name
 *
 * Return: for lunar_configfs_drop_wwn(), or ERR_PTR(), which target core turns
 * into -EINVAL.
 */
struct se_wwn *lunar_configfs_make_wwn(struct target_fabric_configfs *tf,
				       struct config_group *group,
				       const char *name)
{
	struct lunar_target *target;

	if (!lunar_keys_name_ok(name)) {
		pr_err("target %s: not an iSCSI name (iqn., eui. or naa.)\n",
		       name);
		return ERR_PTR(-EINVAL);
	}
	target = lunar_tpg_alloc_target(name);
	if (IS_ERR(target)) {
		pr_err("target %s: %s\n", name,
		       target == ERR_PTR(-EEXIST) ?
		       "exists, case does not make a difference" :
		       "out of memory");
		return ERR_CAST(target);
	}
	return &target->wwn;
}

/**
 * lunar_configfs_drop_wwn() - rmdir of a target
 * @wwn:	has no TPG any more
 */
void lunar_configfs_drop_wwn(struct se_wwn *wwn)
{
	lunar_tpg_free_target(to_lunar_target(wwn));
}

/**
 * lunar_configfs_make_tpg() - mkdir of a TPG
 * @wwn:	the target
 * @name:	"tpgt_" and a number from 0 to 65535
 *
 * Return: for lunar_configfs_drop_tpg(), or ERR_PTR(), which target core turns
 * into -EINVAL.
 */
struct se_portal_group *lunar_configfs_make_tpg(struct se_wwn *wwn,
						const char *name)
{
	struct lunar_target *target = to_lunar_target(wwn);
	struct lunar_tpg *tpg;
	u16 tag;
	int ret;

	if (strncmp(name, "tpgt_", 5) || kstrtou16(name + 5, 10, &tag)) {
		pr_err("%s: %s: not tpgt_0 to tpgt_65535\n", target->name, name);
		return ERR_PTR(-EINVAL);
	}
	tpg = lunar_tpg_alloc(target, tag);
	if (IS_ERR(tpg)) {
		pr_err("%s: %s: %s\n", target->name, name,
		       tpg == ERR_PTR(-EEXIST) ? "the tag is taken" :
		       "out of memory");
		return ERR_CAST(tpg);
	}
	ret = core_tpg_register(wwn, &tpg->se_tpg, SCSI_PROTOCOL_ISCSI);
	if (ret) {
		pr_err("%s: %s: cannot register (%pe)\n", target->name, name,
		       ERR_PTR(ret));
		lunar_tpg_shutdown(tpg);
		lunar_tpg_free(tpg);
		return ERR_PTR(ret);
	}
	return &tpg->se_tpg;
}

/**
 * lunar_configfs_enable_tpg() - "enable" of a TPG was written
 * @se_tpg:	the TPG
 * @enable:	0 or 1
 *
 * Return: 0 or -errno, logged.
 */
int lunar_configfs_enable_tpg(struct se_portal_group *se_tpg, bool enable)
{
	return lunar_tpg_enable(to_lunar_tpg(se_tpg), enable);
}

/**
 * lunar_configfs_drop_tpg() - rmdir of a TPG
 * @se_tpg:	has no portals, LUNs and ACLs any more
 *
 * Waits for its connections: see lunar_tpg_shutdown().
 */
void lunar_configfs_drop_tpg(struct se_portal_group *se_tpg)
{
	struct lunar_tpg *tpg = to_lunar_tpg(se_tpg);

	lunar_tpg_shutdown(tpg);
	core_tpg_deregister(se_tpg);
	lunar_tpg_free(tpg);
}

/**
 * lunar_configfs_make_np() - mkdir of a portal
 * @se_tpg:	its TPG
 * @group:	unused
 * @name:	"a.b.c.d:port" or "[v6]:port"
 *
 * Return: for lunar_configfs_drop_np(), or ERR_PTR(), logged, which target core
 * turns into -EINVAL.
 */
struct se_tpg_np *lunar_configfs_make_np(struct se_portal_group *se_tpg,
					 struct config_group *group,
					 const char *name)
{
	struct lunar_np *np = lunar_portal_add(to_lunar_tpg(se_tpg), name);

	return IS_ERR(np) ? ERR_CAST(np) : &np->se_np;
}

/**
 * lunar_configfs_drop_np() - rmdir of a portal
 * @se_np:	the portal
 */
void lunar_configfs_drop_np(struct se_tpg_np *se_np)
{
	lunar_portal_del(to_lunar_np(se_np));
}

/**
 * lunar_configfs_init_nodeacl() - mkdir of a node ACL
 * @se_acl:	made by target core, which removes it if this fails
 * @name:	InitiatorName
 *
 * Return: 0 or -EINVAL, logged.
 */
int lunar_configfs_init_nodeacl(struct se_node_acl *se_acl, const char *name)
{
	const char *why = NULL;
	const char *c;

	if (!lunar_keys_name_ok(name))
		why = "not an iSCSI name (iqn., eui. or naa.)";
	/* Login folds the InitiatorName, and target core compares as it is. */
	for (c = name; *c && !why; c++)
		if (isupper(*c) && isascii(*c))
			why = "must be in lower case, and then fits either case";
	if (!why)
		return 0;
	return lunar_attr_refuse(lunar_attr_of_acl(se_acl), "name", name, why);
}
