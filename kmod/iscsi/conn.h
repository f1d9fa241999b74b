/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One TCP connection, which is also one session (MaxConnections=1). During login it
 * belongs to login_work (unbound workqueue, may sleep); from full feature phase on to
 * io_work (bound, never sleeps on a backend), or to jump_work, the same at high
 * priority. One runs at a time, and login_work touches nothing after it has set
 * io_owned: what is marked W has one owner and no lock. The owner does the teardown.
 *
 * Lifetime. A reference for the open socket and one per command. Whoever moves the state
 * to CLOSING queues the owner, which closes the socket, gives up every command that
 * waits for its initiator and drops the open reference. Commands still in a backstore
 * keep theirs, and no thread; the last one queues release_work, which frees everything.
 *
 * Field letters: I immutable after create or login, W owner's work item only, S
 * state_lock, C cmd_lock, T tpg->lock, P portal->lock. Lock order:
 * lunar_tpg_targets_lock > tpg->lock, portal->lock > state_lock.
 */
#ifndef LUNAR_CONN_H
#define LUNAR_CONN_H

#include <linux/llist.h>
#include <linux/refcount.h>
#include <linux/timer.h>
#include <linux/workqueue.h>
#include "sock.h"
#include "stream.h"

struct lunar_login;
struct lunar_portal;
struct lunar_session;
struct lunar_text_state;
struct lunar_tpg;

/* Only ever moves forward. */
enum lunar_conn_state {
	LUNAR_CONN_NEW,		/* accepted, no byte read */
	LUNAR_CONN_LOGIN,	/* login_work owns it */
	LUNAR_CONN_FULL,	/* full feature phase, io_work owns it */
	LUNAR_CONN_LOGOUT,	/* Logout accepted, its response is being sent */
	LUNAR_CONN_CLOSING,	/* nothing is received or sent any more */
	LUNAR_CONN_DEAD,	/* last command gone, being freed */
};

/* Why a connection ended, for the log and for counters. */
enum lunar_close_reason {
	LUNAR_CLOSE_NONE,
	LUNAR_CLOSE_PEER,		/* FIN, RST or a timeout of TCP */
	LUNAR_CLOSE_LOGOUT,
	LUNAR_CLOSE_LOGIN_FAILED,
	LUNAR_CLOSE_LOGIN_TIMEOUT,
	LUNAR_CLOSE_LOGIN_LIMIT,	/* made room for others that log in */
	LUNAR_CLOSE_PROTOCOL,
	LUNAR_CLOSE_DIGEST,
	LUNAR_CLOSE_REINSTATED,
	LUNAR_CLOSE_ADMIN,		/* TPG, portal, ACL or module going away */
	LUNAR_CLOSE_NO_MEMORY,
	LUNAR_CLOSE_DATA_OUT,
	LUNAR_CLOSE_IDLE,
	LUNAR_CLOSE_NO_LOGOUT,
	LUNAR_CLOSE_TMF,
	LUNAR_CLOSE_RESET,		/* TARGET COLD RESET */
	LUNAR_CLOSE_PING,
	LUNAR_CLOSE_NR,
};

#define LUNAR_CONN_HASH	64

/**
 * struct lunar_conn - one connection
 * @state:	S to write, READ_ONCE() to read
 * @close_reason: S
 * @state_lock:	protects the two above
 * @refs:	see the top of this file
 * @ls:		W; closed by the teardown
 * @ops:	I
 * @handlers:	W; 64 entries by opcode, NULL header means Reject
 * @login_work: runs while NEW or LOGIN
 * @io_work:	runs from FULL on, and for every teardown
 * @jump_work:	the same as io_work, where it goes before bulk data
 * @release_work: queued once, by the last reference
 * @timer:	deadline of login or discovery; tick of a session; reports what is stuck
 * @logout_timer: deadline of a logout that was asked for
 * @cdb:	W; scratch for a CDB longer than 16 bytes
 * @portal:	I; holds a reference
 * @portal_entry: P; off the list when released
 * @pending_entry: P; on portal->pending until login has ended
 * @tpg:	NULL until login names a target, then I; holds a use
 * @tpg_entry:	T; off the list when released
 * @claimed:	T; this connection stands for its initiator port (name, ISID)
 * @detached:	T; torn down: no command will be answered or executed any more
 * @late:	commands that a new login has to wait for: may_land_late() in cmd.c
 * @session:	W; owned
 * @login:	W; owned, freed when login ends
 * @local:	I; our end
 * @peer:	I; the initiator's end
 * @statsn:	W; next StatSN
 * @next_ttt:	W; next Target Transfer Tag
 * @accepted:	I; jiffies
 * @waiting:	W; commands that wait for data; @timer reads it
 * @ping:	see there
 * @data_progress: W; jiffies when data last came; @timer reads it
 * @queued:	W; commands of kind PDU
 * @cid:	I after login
 * @text:	W; pieces of a text answer still to be fetched; owned
 * @cpu:	where the owner is to run, or -1; a hint, any context
 * @claim:	the CPU that counts it as one of its owners, or -1; any context
 * @io_owned:	io_work is the owner: set once, by login_work, before FULL
 * @runs:	the owner runs, and looks at @ready before it ends; above 1: once more
 * @moved:	W to write; bytes of data segments, halved now and then
 * @moved_since: W to write; jiffies when that was last done
 * @look:	see lunar_conn_look(); cleared by the owner
 * @logout_seconds: see lunar_conn_ask_logout(); cleared by the owner
 * @header_digest: W; in force from FULL on
 * @data_digest: W; in force from FULL on
 * @torn_down:	W; the owner has closed the socket
 * @rx:		W
 * @tx:		W
 * @tmfs:	task management in progress
 * @ready:	commands that were executed or want something sent
 * @cmd_lock:	protects @cmds
 * @cmds:	C; struct lunar_cmd.hash_entry, SCSI commands by ITT
 */
struct lunar_conn {
	enum lunar_conn_state	state;
	enum lunar_close_reason	close_reason;
	spinlock_t		state_lock;	/* state, close_reason */
	refcount_t		refs;
	struct lunar_sock	ls;
	const struct lunar_conn_ops *ops;
	const struct lunar_handler *handlers;
	struct work_struct	login_work;
	struct work_struct	io_work;
	struct work_struct	jump_work;
	struct work_struct	release_work;
	struct timer_list	timer;
	struct timer_list	logout_timer;
	struct lunar_portal	*portal;
	struct list_head	portal_entry;
	struct list_head	pending_entry;
	struct lunar_tpg	*tpg;
	struct list_head	tpg_entry;
	bool			claimed;
	bool			detached;
	atomic_t		late;
	struct lunar_session	*session;
	struct lunar_login	*login;
	struct sockaddr_storage	local;
	struct sockaddr_storage	peer;
	u32			statsn;
	u32			next_ttt;
	struct lunar_text_state	*text;
	unsigned long		accepted;
	struct lunar_ping	ping;
	unsigned long		data_progress;
	unsigned long		moved_since;
	u32			moved;
	atomic_t		runs;
	u32			waiting;
	u32			queued;
	int			cpu;
	int			claim;
	u16			cid;
	bool			io_owned;
	bool			look;
	u32			logout_seconds;
	bool			header_digest;
	bool			data_digest;
	bool			torn_down;
	struct lunar_rx		rx;
	struct lunar_tx		tx;
	struct lunar_tmfs	tmfs;
	u8			cdb[ISCSI_CDB_SIZE + LUNAR_MAX_AHS];
	struct llist_head	ready;
	spinlock_t		cmd_lock;	/* cmds; innermost */
	struct hlist_head	cmds[LUNAR_CONN_HASH];
};

static inline enum lunar_conn_state lunar_conn_state(const struct lunar_conn *conn)
{
	return READ_ONCE(conn->state);
}

int lunar_conn_init(void);
void lunar_conn_exit(void);
int lunar_conn_create(struct socket *sock, struct lunar_portal *portal,
		      const struct sockaddr_storage *peer, const struct lunar_conn_ops *ops);
void lunar_conn_get(struct lunar_conn *conn);
void lunar_conn_put(struct lunar_conn *conn);
bool lunar_conn_set_state(struct lunar_conn *conn, enum lunar_conn_state state);
void lunar_conn_close(struct lunar_conn *conn, enum lunar_close_reason reason);
void lunar_conn_look(struct lunar_conn *conn);
void lunar_conn_ask_logout(struct lunar_conn *conn, u32 seconds);
void lunar_conn_arm_login_timer(struct lunar_conn *conn, unsigned long deadline);
void lunar_conn_end_login_timer(struct lunar_conn *conn);
void lunar_conn_retry(struct lunar_conn *conn);
void lunar_conn_detach(struct lunar_conn *conn);
void lunar_conn_wait_data(struct lunar_conn *conn, int change);
const char *lunar_conn_close_name(enum lunar_close_reason reason);

#endif /* LUNAR_CONN_H */
