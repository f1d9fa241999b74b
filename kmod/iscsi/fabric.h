/* SPDX-License-Identifier: GPL-2.0 */
/* Registration with target core. */
#ifndef LUNAR_FABRIC_H
#define LUNAR_FABRIC_H

int lunar_fabric_register(const char *alias);
void lunar_fabric_unregister(void);

#endif /* LUNAR_FABRIC_H */
