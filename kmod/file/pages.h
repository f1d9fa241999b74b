/* SPDX-License-Identifier: GPL-2.0 */
/* Pages of the page cache, lent to the fabric instead of copied. */
#ifndef LFILE_PAGES_H
#define LFILE_PAGES_H

#include "inflight.h"

bool lfile_pages_suitable(const struct lfile_dev *dev);
void lfile_pages_parse(struct se_cmd *cmd);
bool lfile_pages_lend(struct se_cmd *cmd);
int lfile_pages_alloc(struct se_cmd *cmd);

#endif /* LFILE_PAGES_H */
