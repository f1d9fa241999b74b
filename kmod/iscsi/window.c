// SPDX-License-Identifier: GPL-2.0
/*
 * The CmdSN window of a session. Pure.
 */

#include <linux/kernel.h>

#include "window.h"

/* RFC 7143 4.2.2.1: the window is less than 2^31, or comparison is undefined. */
static u32 window_depth(const struct lunar_window *win)
{
	return clamp_t(u32, win->depth, 1, S32_MAX);
}

/**
 * lunar_window_init() - open the window of a new session
 * @win:	the window
 * @cmdsn:	CmdSN of the leading Login Request, which the first command of
 *		the full feature phase carries again (RFC 7143 11.12.8)
 * @depth:	commands the initiator may have open, taken as 1 if 0
 *
 * Context: any; the caller owns @win.
 */
void lunar_window_init(struct lunar_window *win, u32 cmdsn, u32 depth)
{
	win->depth = depth;
	win->depth = window_depth(win);
	win->exp_cmdsn = cmdsn;
	win->max_cmdsn = cmdsn + win->depth - 1;
}

/**
 * lunar_window_check() - what to do with a received CmdSN
 * @win:	the window
 * @cmdsn:	CmdSN of the request
 * @immediate:	its I bit
 *
 * An immediate request is outside the order and takes no number, so the
 * CmdSN it carries is not looked at. RFC 7143 4.2.2.1: a non-immediate
 * request outside of the window is silently ignored, and so is a duplicate.
 * Behind a gap there can be duplicates as well; the caller knows them.
 *
 * Context: any; the caller owns @win.
 * Return: the verdict. lunar_window_take() goes with LUNAR_WINDOW_TAKE for a
 * request that is not immediate, and only there.
 */
enum lunar_window_verdict lunar_window_check(const struct lunar_window *win,
					     u32 cmdsn, bool immediate)
{
	if (immediate)
		return LUNAR_WINDOW_TAKE;
	if (iscsi_sna_lt(cmdsn, win->exp_cmdsn) ||
	    iscsi_sna_gt(cmdsn, win->max_cmdsn))
		return LUNAR_WINDOW_IGNORE;
	if (cmdsn == win->exp_cmdsn)
		return LUNAR_WINDOW_TAKE;
	return LUNAR_WINDOW_AHEAD;
}

/**
 * lunar_window_take() - the non-immediate request ExpCmdSN was accepted
 * @win:	the window
 *
 * Context: any; the caller owns @win.
 */
void lunar_window_take(struct lunar_window *win)
{
	win->exp_cmdsn++;
}

/**
 * lunar_window_missing() - may a request have been lost, or is it to come?
 * @win:	the window
 * @cmdsn:	its CmdSN
 * @before:	CmdSN of the task management function that asks
 *
 * RFC 7143 11.5.5: what is in the window and before the function's own number
 * counts as received once it was aborted. What the caller holds behind a gap
 * has such a number as well.
 *
 * Context: any; the caller owns @win.
 * Return: whether @cmdsn is such a number.
 */
bool lunar_window_missing(const struct lunar_window *win, u32 cmdsn, u32 before)
{
	return !iscsi_sna_lt(cmdsn, win->exp_cmdsn) &&
	       !iscsi_sna_gt(cmdsn, win->max_cmdsn) &&
	       iscsi_sna_lt(cmdsn, before);
}

/**
 * lunar_window_update() - advance MaxCmdSN before it is sent
 * @win:	the window
 * @open:	non-immediate commands taken and not yet answered
 * @shrunk:	memory is short: one command at a time, whatever @depth is
 *
 * The initiator may use as many numbers from ExpCmdSN on as @depth leaves
 * beside @open. MaxCmdSN never moves back: the initiator may already have used
 * what it was promised (RFC 7143 4.2.2.1). A shrunken depth takes effect as
 * commands arrive.
 *
 * Context: any; the caller owns @win.
 */
void lunar_window_update(struct lunar_window *win, u32 open, bool shrunk)
{
	u32 depth = shrunk ? 1 : window_depth(win);
	u32 room = depth - min(depth, open);
	u32 max_cmdsn = win->exp_cmdsn + room - 1;

	if (iscsi_sna_gt(max_cmdsn, win->max_cmdsn))
		win->max_cmdsn = max_cmdsn;
}
