/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_DEV_H
#define LFILE_DEV_H

int lfile_dev_register(const char *name);
void lfile_dev_unregister(void);

#endif /* LFILE_DEV_H */
