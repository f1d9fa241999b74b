/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_ATTR_H
#define LFILE_ATTR_H

struct configfs_attribute;

/* Those in action/; the list of those in attrib/ is made. */
extern struct configfs_attribute *lfile_attr_actions[];

struct configfs_attribute **lfile_attr_create(void);

#endif /* LFILE_ATTR_H */
