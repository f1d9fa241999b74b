/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_PARAMS_H
#define LFILE_PARAMS_H

#include <linux/types.h>

struct se_device;

ssize_t lfile_params_set(struct se_device *se_dev, const char *page,
			 ssize_t count);
ssize_t lfile_params_show(struct se_device *se_dev, char *page);

#endif /* LFILE_PARAMS_H */
