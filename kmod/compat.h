/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels we build for, 6.1 and later. All other code
 * is spelt for 6.12. Sorted by the header that an entry stands in for; each
 * says what changed and since when. The only place with kernel version tests.
 */
#ifndef LUNAR_COMPAT_H
#define LUNAR_COMPAT_H

#include <linux/version.h>
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "lunar needs Linux 6.1 or later"
#endif

/* --- asm/unaligned.h, moved to linux/ in 6.12 ------------------------------ */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 12, 0)
#include <linux/unaligned.h>
#else
#include <asm/unaligned.h>
#endif

/* --- linux/fs.h ----------------------------------------------------------- */
#include <linux/fs.h>

/*
 * Does the filesystem honour IOCB_NOWAIT for buffered writes? A flag of the
 * file (FMODE_BUF_WASYNC) until 6.9, of its operations since 6.10. The name of
 * the helper is ours.
 */
static inline bool file_buffer_wasync(const struct file *file)
{
#ifdef FMODE_BUF_WASYNC
	return file->f_mode & FMODE_BUF_WASYNC;
#else
	return file->f_op->fop_flags & FOP_BUFFER_WASYNC;
#endif
}

/* struct mnt_idmap stands in for the user namespace of a mount since 6.3. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
#define file_mnt_idmap(file)	file_mnt_user_ns(file)
#endif

/* --- linux/net.h, net/sock.h ---------------------------------------------- */
#include <linux/bvec.h>
#include <net/tcp.h>

/* May TCP keep references on all of these pages? Not on those of slab. */
static inline bool compat_sendpages_ok(const struct bio_vec *bvec, u32 nr)
{
	u32 i, done;

	for (i = 0; i < nr; i++) {
		struct page *page = bvec[i].bv_page +
				    (bvec[i].bv_offset >> PAGE_SHIFT);
		u32 len = offset_in_page(bvec[i].bv_offset) + bvec[i].bv_len;

		for (done = 0; done < len; done += PAGE_SIZE)
			if (!sendpage_ok(page++))
				return false;
	}
	return true;
}

static inline int compat_send_header(struct sock *sk, void *header, u32 len,
				     int flags)
{
	struct kvec iov = { .iov_base = header, .iov_len = len };
	struct msghdr msg = { .msg_flags = flags | MSG_MORE };

	iov_iter_kvec(&msg.msg_iter, ITER_SOURCE, &iov, 1, len);
	return tcp_sendmsg_locked(sk, &msg, len);
}

/*
 * Send pages by reference, the socket locked: one sendmsg() with MSG_SPLICE_PAGES
 * since 6.5, which then removed sendpage(); a call per page before that. Debian's 6.1
 * defines MSG_SPLICE_PAGES, but its TCP would copy, so this goes by version. Pages that
 * TCP must not refer to are copied. With a header bvec[0] is free. The names are ours.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)

/* One entry, page by page: only compound pages could go in one piece. */
static inline int compat_send_entry(struct sock *sk, const struct bio_vec *bv,
				    u32 len, int flags, int last_flags)
{
	u32 done = 0;

	while (done < len) {
		u32 offset = bv->bv_offset + done;
		struct page *page = bv->bv_page + (offset >> PAGE_SHIFT);
		u32 part = min_t(u32, len - done,
				 PAGE_SIZE - offset_in_page(offset));
		int ret = kernel_sendpage_locked(sk, page,
						 offset_in_page(offset), part,
						 done + part < len ?
						 flags : last_flags);

		if (ret < 0)
			return done ? done : ret;
		done += ret;
		if (ret < part)
			break;
	}
	return done;
}

static inline int compat_sock_send_pages(struct sock *sk, struct bio_vec *bvec,
					 u32 nr, u32 len, int flags)
{
	int hold = flags | MSG_MORE | MSG_SENDPAGE_NOTLAST;
	struct msghdr msg = { .msg_flags = flags };
	u32 done = 0, i;
	int ret = 0;

	if (!compat_sendpages_ok(bvec, nr)) {
		iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, bvec, nr, len);
		return tcp_sendmsg_locked(sk, &msg, len);
	}
	for (i = 0; i < nr && done < len; i++) {
		u32 part = min(bvec[i].bv_len, len - done);

		ret = compat_send_entry(sk, &bvec[i], part, hold,
					done + part < len ? hold : flags);
		if (ret < 0)
			break;
		done += ret;
		if (ret < part)
			break;
	}
	return done ? done : ret;
}

static inline int compat_sock_send_pdu(struct sock *sk, void *header,
				       u32 header_len, struct bio_vec *bvec,
				       u32 nr, u32 len, int flags)
{
	int ret, sent = compat_send_header(sk, header, header_len, flags);

	if (sent < (int)header_len)
		return sent;
	ret = compat_sock_send_pages(sk, bvec + 1, nr - 1, len, flags);
	return ret < 0 ? sent : sent + ret;
}
#else
static inline int compat_sock_send_pages(struct sock *sk, struct bio_vec *bvec,
					 u32 nr, u32 len, int flags)
{
	struct msghdr msg = { .msg_flags = flags };

	if (compat_sendpages_ok(bvec, nr))
		msg.msg_flags |= MSG_SPLICE_PAGES;
	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, bvec, nr, len);
	return tcp_sendmsg_locked(sk, &msg, len);
}

/* The header goes where TCP would have copied it, and is sent from there. */
static inline int compat_sock_send_pdu(struct sock *sk, void *header,
				       u32 header_len, struct bio_vec *bvec,
				       u32 nr, u32 len, int flags)
{
	struct page_frag *frag = &sk->sk_frag;

	/* TCP knows how to wait for memory. */
	if (!skb_page_frag_refill(header_len, frag, sk->sk_allocation))
		return compat_send_header(sk, header, header_len, flags);
	bvec_set_page(&bvec[0], frag->page, header_len, frag->offset);
	memcpy(page_address(frag->page) + frag->offset, header, header_len);
	frag->offset += header_len;
	return compat_sock_send_pages(sk, bvec, nr, header_len + len, flags);
}
#endif

/* --- target/target_core_backend.h ----------------------------------------- */
/* struct sbc_ops was renamed in 6.4. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define exec_cmd_ops	sbc_ops
#endif

/* REPORT SUPPORTED OPERATION CODES can be turned off since target core has it, 6.2. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define compat_emulate_rsoc(attrib)	((void)(attrib), true)
#else
#define compat_emulate_rsoc(attrib)	((attrib)->emulate_rsoc)
#endif

/* --- target/target_core_fabric.h ------------------------------------------ */
/*
 * Since 6.7 a fabric says whether target_submit() may run a command in the
 * caller's context. Before that it always did. The name is ours.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
#define LUNAR_COMPAT_DIRECT_SUBMIT				\
	.default_submit_type	= TARGET_DIRECT_SUBMIT,		\
	.direct_submit_supp	= 1,
#else
#define LUNAR_COMPAT_DIRECT_SUBMIT
#endif

#endif /* LUNAR_COMPAT_H */
