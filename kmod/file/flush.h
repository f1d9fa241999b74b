/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_FLUSH_H
#define LFILE_FLUSH_H

#include <target/target_core_base.h>

struct lfile_dev;
struct lfile_io;

int lfile_flush_init(void);
void lfile_flush_exit(void);
void lfile_flush_create(struct lfile_dev *dev);
void lfile_flush_destroy(struct lfile_dev *dev);

void lfile_flush_join(struct lfile_io *io);
void lfile_flush_change(struct lfile_io *io, int err);
void lfile_flush_end(struct lfile_io *io, int err);
void lfile_flush_end_alone(struct lfile_io *io, int err);
void lfile_flush_request(struct lfile_io *io);
void lfile_flush_all(struct se_cmd *cmd);
sense_reason_t lfile_flush_execute(struct se_cmd *cmd);

#endif /* LFILE_FLUSH_H */
