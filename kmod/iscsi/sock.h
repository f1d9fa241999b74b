/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The only code that touches sockets. All calls are from process context; none
 * blocks on the network.
 *
 * Callbacks. They run under sk_callback_lock taken for reading and find the
 * lunar_sock in sk_user_data; unhooking takes the lock for writing, so when
 * lunar_sock_close() or lunar_sock_unlisten() returns, none runs and none will.
 */
#ifndef LUNAR_SOCK_H
#define LUNAR_SOCK_H

#include <linux/bvec.h>
#include <linux/socket.h>
#include <linux/types.h>
#include <linux/uio.h>

struct socket;

/**
 * struct lunar_sock_ops - what the owner of a socket wants to hear
 * @ready:	bytes or a connection may be waiting, or the peer is gone;
 *		softirq context, and once process context (lunar_sock_start())
 * @space:	the send buffer has room again; softirq context; may be NULL
 */
struct lunar_sock_ops {
	void (*ready)(void *owner);
	void (*space)(void *owner);
};

/**
 * struct lunar_sock - a socket with its callbacks
 * @sock:	owned; NULL after lunar_sock_close()
 * @ops:	what to call, with @owner
 * @owner:	argument of @ops
 * @hooked:	the socket's callbacks are ours
 * @armed:	@ops may be called; see lunar_sock_start()
 * @old_data_ready: the kernel's, as are the next two; set by the first hooking
 * @old_write_space: see above
 * @old_state_change: see above
 */
struct lunar_sock {
	struct socket			*sock;
	const struct lunar_sock_ops	*ops;
	void				*owner;
	bool				hooked;
	bool				armed;
	void (*old_data_ready)(struct sock *sk);
	void (*old_write_space)(struct sock *sk);
	void (*old_state_change)(struct sock *sk);
};

int lunar_sock_bind(struct lunar_sock *ls, const struct sockaddr_storage *addr,
		    const struct lunar_sock_ops *ops, void *owner);
int lunar_sock_listen(struct lunar_sock *ls);
void lunar_sock_unlisten(struct lunar_sock *ls);
int lunar_sock_accept(struct lunar_sock *listener, struct socket **sock);
int lunar_sock_peer(struct socket *sock, struct sockaddr_storage *peer);
void lunar_sock_discard(struct socket *sock);
int lunar_sock_attach(struct lunar_sock *ls, struct socket *sock,
		      const struct lunar_sock_ops *ops, void *owner);
void lunar_sock_start(struct lunar_sock *ls);
void lunar_sock_close(struct lunar_sock *ls);
void lunar_sock_local(struct lunar_sock *ls, struct sockaddr_storage *local);

int lunar_sock_recv(struct lunar_sock *ls, void *buf, u32 len);
int lunar_sock_recv_bvec(struct lunar_sock *ls, struct bio_vec *bvec, u32 nr,
			 u32 len);
int lunar_sock_skip(struct lunar_sock *ls, u32 len);
void lunar_sock_lock(struct lunar_sock *ls);
void lunar_sock_unlock(struct lunar_sock *ls, bool held);
int lunar_sock_send(struct lunar_sock *ls, void *buf, u32 len, bool more);
int lunar_sock_send_pdu(struct lunar_sock *ls, void *header, u32 header_len,
			struct bio_vec *bvec, u32 nr, u32 len, bool more);
int lunar_sock_send_pages(struct lunar_sock *ls, struct bio_vec *bvec, u32 nr,
			  u32 len, bool more);

#endif /* LUNAR_SOCK_H */
