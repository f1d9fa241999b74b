// SPDX-License-Identifier: GPL-2.0
/* Sockets. See sock.h. */

#include <linux/net.h>
#include <net/ipv6.h>
#include <net/sock.h>
#include <net/tcp.h>
#include "compat.h"
#include "sock.h"

/* Connections that may wait for accept_work: every path of a cluster at boot. */
#define SOCK_BACKLOG		SOMAXCONN

/*
 * A peer that vanished is given up after about 30 s: longer than ESXi's own
 * timers (25 s), so that the host acts first.
 */
#define SOCK_KEEPALIVE_IDLE	10	/* seconds */
#define SOCK_KEEPALIVE_INTERVAL	5	/* seconds */
#define SOCK_KEEPALIVE_PROBES	4
#define SOCK_USER_TIMEOUT	30000	/* ms that sent data may stay unanswered */

#define SOCK_SEND_FLAGS		(MSG_DONTWAIT | MSG_NOSIGNAL)

/* Under sk_callback_lock. NULL on a clone of a listener: the flag sees to it. */
static struct lunar_sock *hooked_sock(const struct sock *sk)
{
	return __locked_read_sk_user_data_with_flags(sk, SK_USER_DATA_NOCOPY);
}

/*
 * Pairs with lunar_sock_start(): a callback that does not see @armed has queued
 * its bytes early enough for the call of ->ready there to find them.
 */
static bool is_armed(const struct lunar_sock *ls)
{
	if (READ_ONCE(ls->armed))
		return true;
	smp_mb(); /* pairs with lunar_sock_start() */
	return READ_ONCE(ls->armed);
}

static void sock_ready(struct sock *sk)
{
	struct lunar_sock *ls;

	read_lock_bh(&sk->sk_callback_lock);
	ls = hooked_sock(sk);
	if (ls && is_armed(ls))
		ls->ops->ready(ls->owner);
	read_unlock_bh(&sk->sk_callback_lock);
}

/*
 * TCP sets SOCK_NOSPACE whenever a send took less than it was given, and calls
 * this on ACKs for as long as the flag is set.
 */
static void sock_space(struct sock *sk)
{
	struct lunar_sock *ls;

	read_lock_bh(&sk->sk_callback_lock);
	ls = hooked_sock(sk);
	if (ls && sk_stream_is_writeable(sk)) {
		clear_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
		if (ls->ops->space && is_armed(ls))
			ls->ops->space(ls->owner);
	}
	read_unlock_bh(&sk->sk_callback_lock);
}

static void hook(struct lunar_sock *ls)
{
	struct sock *sk = ls->sock->sk;

	write_lock_bh(&sk->sk_callback_lock);
	ls->old_data_ready = sk->sk_data_ready;
	ls->old_write_space = sk->sk_write_space;
	ls->old_state_change = sk->sk_state_change;
	sk->sk_data_ready = sock_ready;
	sk->sk_write_space = sock_space;
	sk->sk_state_change = sock_ready;
	__rcu_assign_sk_user_data_with_flags(sk, ls, SK_USER_DATA_NOCOPY);
	write_unlock_bh(&sk->sk_callback_lock);
	ls->hooked = true;
}

/* Gives @sk the callbacks that @ls replaced; on a clone of a listener, too. */
static void restore(const struct lunar_sock *ls, struct sock *sk)
{
	write_lock_bh(&sk->sk_callback_lock);
	sk->sk_data_ready = ls->old_data_ready;
	sk->sk_write_space = ls->old_write_space;
	sk->sk_state_change = ls->old_state_change;
	rcu_assign_sk_user_data(sk, NULL);
	write_unlock_bh(&sk->sk_callback_lock);
}

static void unhook(struct lunar_sock *ls)
{
	if (!ls->hooked)
		return;
	restore(ls, ls->sock->sk);
	ls->hooked = false;
}

static int bind_socket(struct socket *sock, const struct sockaddr_storage *addr)
{
	int ret;

	/* Not held up by connections of a former life in TIME-WAIT. */
	sock_set_reuseaddr(sock->sk);
	/* [::]:3260 must leave 0.0.0.0:3260 alone. */
	if (addr->ss_family == AF_INET6) {
		ret = ip6_sock_set_v6only(sock->sk);
		if (ret)
			return ret;
		return kernel_bind(sock, (struct sockaddr *)addr,
				   sizeof(struct sockaddr_in6));
	}
	return kernel_bind(sock, (struct sockaddr *)addr,
			   sizeof(struct sockaddr_in));
}

/**
 * lunar_sock_bind() - make a socket for an address, not listening yet
 * @ls:		uninitialised; closed by lunar_sock_close()
 * @addr:	IPv4 or IPv6 address with port
 * @ops:	@ops->ready is called when there is something to accept
 * @owner:	argument for @ops
 *
 * May sleep.
 *
 * Return: 0, or what socket() and bind() return: -EADDRINUSE, -EADDRNOTAVAIL,
 * -EAFNOSUPPORT ...; then @ls needs no closing.
 */
int lunar_sock_bind(struct lunar_sock *ls, const struct sockaddr_storage *addr,
		    const struct lunar_sock_ops *ops, void *owner)
{
	struct socket *sock;
	int ret;

	memset(ls, 0, sizeof(*ls));
	ret = sock_create_kern(&init_net, addr->ss_family, SOCK_STREAM,
			       IPPROTO_TCP, &sock);
	if (ret)
		return ret;
	ret = bind_socket(sock, addr);
	if (ret) {
		sock_release(sock);
		return ret;
	}
	ls->sock = sock;
	ls->ops = ops;
	ls->owner = owner;
	ls->armed = true;
	return 0;
}

/**
 * lunar_sock_listen() - accept connections from now on
 * @ls:		bound, not listening
 *
 * May sleep. The caller serialises with lunar_sock_unlisten().
 *
 * Return: 0 or -EADDRINUSE when somebody else listens there by now.
 */
int lunar_sock_listen(struct lunar_sock *ls)
{
	int ret;

	hook(ls);
	ret = kernel_listen(ls->sock, SOCK_BACKLOG);
	if (ret)
		unhook(ls);
	return ret;
}

/**
 * lunar_sock_unlisten() - refuse connections from now on
 * @ls:		listening
 *
 * May sleep. The address stays bound and lunar_sock_listen() works again; a SYN
 * is answered with RST, and so are connections nobody has accepted. When this
 * returns, ->ready is not called any more and lunar_sock_accept() fails.
 */
void lunar_sock_unlisten(struct lunar_sock *ls)
{
	unhook(ls);
	/* On a listening socket this is a disconnect, which can be undone. */
	kernel_sock_shutdown(ls->sock, SHUT_RDWR);
}

/**
 * lunar_sock_accept() - take one connection off the backlog
 * @listener:	must not be closed meanwhile
 * @sock:	the new socket, for lunar_sock_attach() or lunar_sock_discard()
 *
 * May sleep, but not for a connection.
 *
 * Return: 0; -EAGAIN if there is none, -EINVAL if @listener does not listen,
 * -ENOMEM, -ENFILE.
 */
int lunar_sock_accept(struct lunar_sock *listener, struct socket **sock)
{
	int ret;

	ret = kernel_accept(listener->sock, sock, O_NONBLOCK);
	if (ret)
		return ret;
	/* It is a clone of the listener, our callbacks included. */
	restore(listener, (*sock)->sk);
	return 0;
}

/**
 * lunar_sock_peer() - who is at the other end
 * @sock:	from lunar_sock_accept()
 * @peer:	address and port of the initiator
 *
 * May sleep.
 *
 * Return: 0 or -ENOTCONN if the connection is gone already.
 */
int lunar_sock_peer(struct socket *sock, struct sockaddr_storage *peer)
{
	int ret;

	memset(peer, 0, sizeof(*peer));
	ret = kernel_getpeername(sock, (struct sockaddr *)peer);
	return ret < 0 ? ret : 0;
}

/**
 * lunar_sock_discard() - drop an accepted socket that nobody attached
 * @sock:	from lunar_sock_accept()
 *
 * May sleep.
 */
void lunar_sock_discard(struct socket *sock)
{
	sock_release(sock);
}

static void tune(struct sock *sk)
{
	tcp_sock_set_nodelay(sk);
	tcp_sock_set_keepidle(sk, SOCK_KEEPALIVE_IDLE);
	tcp_sock_set_keepintvl(sk, SOCK_KEEPALIVE_INTERVAL);
	tcp_sock_set_keepcnt(sk, SOCK_KEEPALIVE_PROBES);
	tcp_sock_set_user_timeout(sk, SOCK_USER_TIMEOUT);
	sock_set_keepalive(sk);
	/*
	 * Sending must not wait for writeback that may end up in our own
	 * backstore; nor use the page fragment of a task that is in it.
	 */
	sk->sk_allocation = GFP_NOIO;
	sk->sk_use_task_frag = false;
}

/**
 * lunar_sock_attach() - take over an accepted socket
 * @ls:		uninitialised; closed by lunar_sock_close()
 * @sock:	owned by @ls if this succeeds
 * @ops:	not called before lunar_sock_start()
 * @owner:	argument for @ops
 *
 * May sleep.
 *
 * Return: 0 or -ENOTCONN if the connection is gone already.
 */
int lunar_sock_attach(struct lunar_sock *ls, struct socket *sock,
		      const struct lunar_sock_ops *ops, void *owner)
{
	if (READ_ONCE(sock->sk->sk_state) == TCP_CLOSE)
		return -ENOTCONN;
	memset(ls, 0, sizeof(*ls));
	ls->sock = sock;
	ls->ops = ops;
	ls->owner = owner;
	tune(sock->sk);
	hook(ls);
	return 0;
}

/**
 * lunar_sock_start() - let the callbacks through
 * @ls:		attached; may be closed by its owner at any moment, but not freed
 *
 * Calls ->ready once for what came before. Any context.
 */
void lunar_sock_start(struct lunar_sock *ls)
{
	WRITE_ONCE(ls->armed, true);
	smp_mb(); /* pairs with is_armed() */
	ls->ops->ready(ls->owner);
}

/**
 * lunar_sock_close() - end a connection or a listener
 * @ls:		bound or attached; nothing happens if it is closed already
 *
 * May sleep. What was sent still goes out, followed by FIN, in the background.
 * When this returns no callback runs. The caller serialises with all other calls
 * but lunar_sock_start().
 */
void lunar_sock_close(struct lunar_sock *ls)
{
	struct socket *sock = ls->sock;

	if (!sock)
		return;
	unhook(ls);
	ls->sock = NULL;
	kernel_sock_shutdown(sock, SHUT_RDWR);
	sock_release(sock);
}

/**
 * lunar_sock_local() - our end of a connection
 * @ls:		attached
 * @local:	address and port the initiator connected to; zeroed where unknown
 *
 * May sleep.
 */
void lunar_sock_local(struct lunar_sock *ls, struct sockaddr_storage *local)
{
	memset(local, 0, sizeof(*local));
	kernel_getsockname(ls->sock, (struct sockaddr *)local);
}

/*
 * Is there certainly nothing to receive? What comes later calls ->ready, which has
 * the caller look again. A FIN takes a sequence number, too.
 */
static bool is_idle(const struct sock *sk)
{
	const struct tcp_sock *tp = tcp_sk(sk);

	return READ_ONCE(tp->rcv_nxt) == READ_ONCE(tp->copied_seq) &&
	       READ_ONCE(sk->sk_state) == TCP_ESTABLISHED &&
	       !READ_ONCE(sk->sk_err);
}

static int receive(struct lunar_sock *ls, struct msghdr *msg, int flags)
{
	int ret;

	if (is_idle(ls->sock->sk))
		return -EAGAIN;
	ret = sock_recvmsg(ls->sock, msg, MSG_DONTWAIT | flags);

	/* TCP's "end of file". */
	return ret ? ret : -ENOTCONN;
}

/**
 * lunar_sock_recv() - receive into memory
 * @ls:		attached
 * @buf:	where to
 * @len:	at most that many bytes, at least 1
 *
 * Return: bytes received; -EAGAIN when nothing is there, -ENOTCONN when the peer
 * has closed its side, or what broke the connection (-ECONNRESET, -EPIPE,
 * -ETIMEDOUT ...).
 */
int lunar_sock_recv(struct lunar_sock *ls, void *buf, u32 len)
{
	struct kvec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = {};

	iov_iter_kvec(&msg.msg_iter, ITER_DEST, &iov, 1, len);
	return receive(ls, &msg, 0);
}

/**
 * lunar_sock_recv_bvec() - receive straight into pages
 * @ls:		attached
 * @bvec:	where to; not changed
 * @nr:		entries of @bvec
 * @len:	bytes wanted, at least 1, at most what @bvec holds
 *
 * Return: as lunar_sock_recv().
 */
int lunar_sock_recv_bvec(struct lunar_sock *ls, struct bio_vec *bvec, u32 nr,
			 u32 len)
{
	struct msghdr msg = {};

	iov_iter_bvec(&msg.msg_iter, ITER_DEST, bvec, nr, len);
	return receive(ls, &msg, 0);
}

/**
 * lunar_sock_skip() - receive and forget, without copying
 * @ls:		attached
 * @len:	at most that many bytes, at least 1
 *
 * Return: as lunar_sock_recv().
 */
int lunar_sock_skip(struct lunar_sock *ls, u32 len)
{
	struct msghdr msg = {};

	/* tcp(7): MSG_TRUNC discards. The iterator only carries the length. */
	iov_iter_kvec(&msg.msg_iter, ITER_DEST, NULL, 0, len);
	return receive(ls, &msg, MSG_TRUNC);
}

/**
 * lunar_sock_lock() - begin to send
 * @ls:		attached
 *
 * One lock for all that is sent together; what arrives meanwhile waits for
 * lunar_sock_unlock(). May sleep.
 */
void lunar_sock_lock(struct lunar_sock *ls)
{
	lock_sock(ls->sock->sk);
}

/**
 * lunar_sock_unlock() - that is all for now
 * @ls:		locked
 * @held:	the last piece was sent with @more, but there is no more: let it go
 */
void lunar_sock_unlock(struct lunar_sock *ls, bool held)
{
	release_sock(ls->sock->sk);
	/* Which it is already; to set it pushes what is pending. */
	if (held)
		tcp_sock_set_nodelay(ls->sock->sk);
}

/**
 * lunar_sock_send() - send a copy of some memory
 * @ls:		locked
 * @buf:	bytes to send; free for reuse on return
 * @len:	their number, at least 1
 * @more:	more follows at once: hold back what does not fill a segment
 *
 * Return: bytes taken; -EAGAIN when the send buffer is full (->space will be
 * called), or what broke the connection (-EPIPE, -ECONNRESET ...).
 */
int lunar_sock_send(struct lunar_sock *ls, void *buf, u32 len, bool more)
{
	struct kvec iov = { .iov_base = buf, .iov_len = len };
	struct msghdr msg = {
		.msg_flags = SOCK_SEND_FLAGS | (more ? MSG_MORE : 0),
	};

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &iov, 1, len);
	return tcp_sendmsg_locked(ls->sock->sk, &msg, len);
}

/**
 * lunar_sock_send_pages() - send pages without copying them
 * @ls:		locked
 * @bvec:	bytes to send; entries may span pages; not changed
 * @nr:		entries of @bvec
 * @len:	bytes to send, at least 1, at most what @bvec holds
 * @more:	as in lunar_sock_send()
 *
 * TCP takes its own references on the pages for what it has taken, so the caller
 * may drop those it holds. It sends (and sends again) what the pages hold at that
 * time.
 *
 * Return: as lunar_sock_send().
 */
int lunar_sock_send_pages(struct lunar_sock *ls, struct bio_vec *bvec, u32 nr,
			  u32 len, bool more)
{
	return compat_sock_send_pages(ls->sock->sk, bvec, nr, len, SOCK_SEND_FLAGS |
				      (more ? MSG_MORE : 0));
}

/**
 * lunar_sock_send_pdu() - send a header, which is copied, and pages, which are not
 * @ls:		locked
 * @header:	bytes to send first; free for reuse on return
 * @header_len:	their number
 * @bvec:	as in lunar_sock_send_pages(), but for the first entry, which is used here
 * @nr:		entries of @bvec, the first one included
 * @len:	bytes of pages to send, at least 1
 * @more:	as in lunar_sock_send()
 *
 * Return: as lunar_sock_send(), the header's bytes included.
 */
int lunar_sock_send_pdu(struct lunar_sock *ls, void *header, u32 header_len,
			struct bio_vec *bvec, u32 nr, u32 len, bool more)
{
	return compat_sock_send_pdu(ls->sock->sk, header, header_len, bvec, nr,
				    len, SOCK_SEND_FLAGS | (more ? MSG_MORE : 0));
}
