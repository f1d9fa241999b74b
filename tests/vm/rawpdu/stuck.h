/* SPDX-License-Identifier: GPL-2.0 */
/* case_stuck.c: a backstore that hangs, and commands for it. */
#ifndef RAWPDU_STUCK_H
#define RAWPDU_STUCK_H

#include "rawpdu.h"

#define LBA	20000
#define BLOCKS	8
#define STUCK	128		/* commands; the window is larger */
#define STRIDE	(2 * BLOCKS)
#define ISID	0x31
#define CLOSE_MS	(5000 * opt.factor)

void hold(void);
void release(void);
struct conn *login_stuck(void);
u32 send_read(struct conn *c, u32 lba);
u32 send_write(struct conn *c, u32 lba, u32 seed);
void check_seed(struct conn *c, u32 lba, u32 seed);
void send_many(struct conn *c, u32 nr, bool writes);
void ping(struct conn *c);

#endif /* RAWPDU_STUCK_H */
