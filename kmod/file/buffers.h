/* SPDX-License-Identifier: GPL-2.0 */
#ifndef LFILE_BUFFERS_H
#define LFILE_BUFFERS_H

struct se_cmd;

int lfile_buffers_init(void);
void lfile_buffers_exit(void);
void lfile_buffers_parse(struct se_cmd *cmd);

#endif /* LFILE_BUFFERS_H */
