/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The fabric's part of LIO's configfs tree: what fabric.c lists in its template.
 * Names and formats of files are those that rtslib knows.
 */
#ifndef LUNAR_CONFIGFS_H
#define LUNAR_CONFIGFS_H

#include <linux/types.h>

struct config_group;
struct configfs_attribute;
struct se_node_acl;
struct se_portal_group;
struct se_tpg_np;
struct se_wwn;
struct target_fabric_configfs;

/* Each ends with NULL. */
extern struct configfs_attribute *lunar_configfs_wwn_attrs[];
extern struct configfs_attribute *lunar_configfs_discovery_attrs[];
extern struct configfs_attribute *lunar_configfs_tpg_attrs[];
extern struct configfs_attribute *lunar_configfs_tpg_np_attrs[];
extern struct configfs_attribute *lunar_configfs_tpg_attrib_attrs[];
extern struct configfs_attribute *lunar_configfs_tpg_auth_attrs[];
extern struct configfs_attribute *lunar_configfs_tpg_param_attrs[];
extern struct configfs_attribute *lunar_configfs_nacl_attrs[];
extern struct configfs_attribute *lunar_configfs_nacl_attrib_attrs[];
extern struct configfs_attribute *lunar_configfs_nacl_auth_attrs[];
extern struct configfs_attribute *lunar_configfs_nacl_param_attrs[];

struct se_wwn *lunar_configfs_make_wwn(struct target_fabric_configfs *tf,
				       struct config_group *group,
				       const char *name);
void lunar_configfs_drop_wwn(struct se_wwn *wwn);
struct se_portal_group *lunar_configfs_make_tpg(struct se_wwn *wwn,
						const char *name);
int lunar_configfs_enable_tpg(struct se_portal_group *se_tpg, bool enable);
void lunar_configfs_drop_tpg(struct se_portal_group *se_tpg);
struct se_tpg_np *lunar_configfs_make_np(struct se_portal_group *se_tpg,
					 struct config_group *group,
					 const char *name);
void lunar_configfs_drop_np(struct se_tpg_np *se_np);
int lunar_configfs_init_nodeacl(struct se_node_acl *se_acl, const char *name);

#endif /* LUNAR_CONFIGFS_H */
