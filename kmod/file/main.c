// SPDX-License-Identifier: GPL-2.0
/*
 * lunar_file: backstore of files and block devices for LIO.
 */
#include <linux/module.h>
#include <lunar.h>
#include "buffers.h"
#include "dev.h"
#include "flush.h"
#include "inflight.h"

static char *name = LUNAR_BACKSTORE_NAME;
module_param(name, charp, 0444);
MODULE_PARM_DESC(name, "name of the backstore in configfs (" LUNAR_BACKSTORE_NAME ")");

static int __init lfile_init(void)
{
	int err;

	err = lfile_inflight_init();
	if (err)
		return err;
	err = lfile_buffers_init();
	if (err)
		goto exit_inflight;
	err = lfile_flush_init();
	if (err)
		goto exit_buffers;
	err = lfile_dev_register(name);
	if (err)
		goto exit_flush;
	return 0;

exit_flush:
	lfile_flush_exit();
exit_buffers:
	lfile_buffers_exit();
exit_inflight:
	lfile_inflight_exit();
	return err;
}

static void __exit lfile_exit(void)
{
	lfile_dev_unregister();
	lfile_flush_exit();
	lfile_buffers_exit();
	lfile_inflight_exit();
}

module_init(lfile_init);
module_exit(lfile_exit);

MODULE_DESCRIPTION("lunar: file backstore for LIO");
MODULE_VERSION(LUNAR_VERSION);
MODULE_LICENSE("GPL");
