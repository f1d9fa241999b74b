/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The CmdSN window of a session (RFC 7143 4.2.2.1). Pure; the caller
 * serialises (the connection's io_work owns it).
 */
#ifndef LUNAR_WINDOW_H
#define LUNAR_WINDOW_H

#include "wire.h"

/**
 * struct lunar_window - CmdSN state of one session
 * @exp_cmdsn:	next CmdSN to take
 * @max_cmdsn:	last CmdSN the initiator may use; never moves back
 * @depth:	commands the initiator may have open at once, at least 1
 */
struct lunar_window {
	u32	exp_cmdsn;
	u32	max_cmdsn;
	u32	depth;
};

enum lunar_window_verdict {
	LUNAR_WINDOW_TAKE,	/* the expected CmdSN, or an immediate command */
	LUNAR_WINDOW_AHEAD,	/* inside the window behind a gap */
	LUNAR_WINDOW_IGNORE,	/* duplicate or out of the window: drop silently */
};

void lunar_window_init(struct lunar_window *win, u32 cmdsn, u32 depth);
enum lunar_window_verdict lunar_window_check(const struct lunar_window *win,
					     u32 cmdsn, bool immediate);
void lunar_window_take(struct lunar_window *win);
bool lunar_window_missing(const struct lunar_window *win, u32 cmdsn, u32 before);
void lunar_window_update(struct lunar_window *win, u32 open, bool shrunk);

#endif /* LUNAR_WINDOW_H */
