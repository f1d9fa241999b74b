// SPDX-License-Identifier: GPL-2.0
/* lunar_iscsi.ko: module init and exit. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/fs.h>
#include <linux/module.h>
#include <linux/namei.h>
#include <lunar.h>
#include "cmd.h"
#include "conn.h"
#include "fabric.h"
#include "io.h"
#include "portal.h"
#include "session.h"
#include "stats.h"
#include "tmf.h"

static char *alias = LUNAR_FABRIC_NAME;
module_param(alias, charp, 0444);
MODULE_PARM_DESC(alias, "directory below /sys/kernel/config/target (default: "
		 LUNAR_FABRIC_NAME ")");

/*
 * Two fabrics of one alias: target core would answer mkdir from whichever
 * registered first and say nothing.
 */
static int refuse_beside_stock(void)
{
	struct path path;

	if (strcmp(alias, LUNAR_FABRIC_NAME))
		return 0;
	if (kern_path("/sys/module/iscsi_target_mod", LOOKUP_FOLLOW, &path))
		return 0;
	path_put(&path);
	pr_err("iscsi_target_mod is loaded and answers to \"%s\": unload it, or load lunar_iscsi with another alias=\n",
	       alias);
	return -EBUSY;
}

static int __init lunar_main_init(void)
{
	int ret;

	ret = refuse_beside_stock();
	if (ret)
		return ret;
	ret = lunar_stats_init();
	if (ret)
		return ret;
	ret = lunar_cmd_init();
	if (ret)
		goto exit_stats;
	ret = lunar_conn_init();
	if (ret)
		goto exit_cmd;
	ret = lunar_portal_init(&lunar_io_ops);
	if (ret)
		goto exit_conn;
	ret = lunar_fabric_register(alias);
	if (ret)
		goto exit_portal;
	return 0;

exit_portal:
	lunar_portal_exit();
exit_conn:
	lunar_conn_exit();
exit_cmd:
	lunar_cmd_exit();
exit_stats:
	lunar_stats_exit();
	return ret;
}

static void __exit lunar_main_exit(void)
{
	lunar_fabric_unregister();
	lunar_portal_exit();
	lunar_conn_exit();
	lunar_tmf_exit();
	lunar_cmd_exit();
	lunar_session_exit();
	lunar_stats_exit();
}

module_init(lunar_main_init);
module_exit(lunar_main_exit);
MODULE_DESCRIPTION("iSCSI target fabric for LIO");
MODULE_VERSION(LUNAR_VERSION);
MODULE_LICENSE("GPL");
