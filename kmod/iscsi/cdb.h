/* SPDX-License-Identifier: GPL-2.0 */
/* What a CDB says: of its data, and of how target core executes it. Pure. */
#ifndef LUNAR_CDB_H
#define LUNAR_CDB_H

#include "wire.h"

u8 lunar_cdb_direction(const u8 *cdb);
bool lunar_cdb_is_write_same(const u8 *cdb);
bool lunar_cdb_may_differ(const u8 *cdb, bool more);
bool lunar_cdb_from_memory(const u8 *cdb);
bool lunar_cdb_sleeps(const u8 *cdb);

#endif /* LUNAR_CDB_H */
