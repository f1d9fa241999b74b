// SPDX-License-Identifier: GPL-2.0
/*
 * lunar_faults: socket calls of lunar_iscsi that fail, or take less than they could.
 *
 * Parameters, which may be written at any time: one call of @recv_short, of
 * @send_short, of @recv_fails and of @send_fails is such a one, 0 none. Which is up to
 * chance. A call that fails does not touch the socket: to the connection it is broken
 * while it works, which neither end of a network can bring about. @hits counts.
 *
 * The functions are entered by others too; only calls from lunar_iscsi are touched.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bits.h>
#include <linux/jhash.h>
#include <linux/kallsyms.h>
#include <linux/kprobes.h>
#include <linux/linkage.h>
#include <linux/module.h>
#include <linux/objtool.h>
#include <linux/socket.h>
#include <linux/string.h>
#include <linux/uio.h>

static unsigned int recv_short, send_short, recv_fails, send_fails;
static atomic_t hits[4];

module_param(recv_short, uint, 0644);
module_param(send_short, uint, 0644);
module_param(recv_fails, uint, 0644);
module_param(send_fails, uint, 0644);

/* recv_short, send_short, recv_fails, send_fails */
static int hits_get(char *buf, const struct kernel_param *kp)
{
	return sysfs_emit(buf, "%d %d %d %d\n", atomic_read(&hits[0]),
			  atomic_read(&hits[1]), atomic_read(&hits[2]),
			  atomic_read(&hits[3]));
}

static const struct kernel_param_ops hits_ops = { .get = hits_get };
module_param_cb(hits, &hits_ops, NULL, 0444);

/* What TCP says when it has lost a connection, or has no memory. */
static const int errors[] = {
	-ECONNRESET, -EPIPE, -ETIMEDOUT, -ENOMEM, -ENOBUFS, -EHOSTUNREACH,
};

/* In a probe no lock may be taken, so not get_random_u32(). */
static u32 draw(void)
{
	static atomic_t drawn;

	return jhash_1word(atomic_inc_return(&drawn), 0);
}

/* The probe is at the first instruction: the return address is on top of the stack. */
static bool is_lunar(struct pt_regs *regs)
{
	unsigned long *caller = (unsigned long *)kernel_stack_pointer(regs);
	char name[KSYM_SYMBOL_LEN];

	sprint_symbol_no_offset(name, *caller);
	return strstr(name, "[lunar_iscsi]");
}

static bool chance(struct pt_regs *regs, unsigned int one_of, atomic_t *hit)
{
	if (!one_of || draw() % one_of || !is_lunar(regs))
		return false;
	atomic_inc(hit);
	return true;
}

/* What the function is replaced by: a return. The probe cannot move the stack pointer. */
asmlinkage void lunar_faults_return(void);
asm(".pushsection .text\n"
	".type lunar_faults_return, @function\n"
	"lunar_faults_return:\n"
	ANNOTATE_NOENDBR
	ASM_RET
	".size lunar_faults_return, . - lunar_faults_return\n"
	".popsection\n");

static int fail(struct pt_regs *regs)
{
	regs->ax = errors[draw() % ARRAY_SIZE(errors)];
	regs->ip = (unsigned long)lunar_faults_return;
	return 1;
}

static size_t less(size_t len)
{
	return len > 1 ? 1 + draw() % (len - 1) : len;
}

/* sock_recvmsg(sock, msg, flags) */
static int on_recv(struct kprobe *probe, struct pt_regs *regs)
{
	struct msghdr *msg = (void *)regs_get_kernel_argument(regs, 1);

	if (chance(regs, READ_ONCE(recv_fails), &hits[2]))
		return fail(regs);
	if (chance(regs, READ_ONCE(recv_short), &hits[0]))
		iov_iter_truncate(&msg->msg_iter, less(msg_data_left(msg)));
	return 0;
}

/* tcp_sendmsg_locked(sk, msg, size) */
static int on_send(struct kprobe *probe, struct pt_regs *regs)
{
	struct msghdr *msg = (void *)regs_get_kernel_argument(regs, 1);

	if (chance(regs, READ_ONCE(send_fails), &hits[3]))
		return fail(regs);
	if (chance(regs, READ_ONCE(send_short), &hits[1])) {
		regs->dx = less(regs->dx);
		iov_iter_truncate(&msg->msg_iter, regs->dx);
	}
	return 0;
}

/*
 * kernel_sendpage_locked(sk, page, offset, size, flags), gone in 6.5. There are up to 64
 * for what is one call later: no more of them are to fail.
 */
static int on_page(struct kprobe *probe, struct pt_regs *regs)
{
	if (chance(regs, READ_ONCE(send_fails) * 64, &hits[3]))
		return fail(regs);
	if (chance(regs, READ_ONCE(send_short), &hits[1]))
		regs->cx = less(regs->cx);
	return 0;
}

/* Only with one may a probe go on elsewhere: it is not optimised then. */
static void after(struct kprobe *probe, struct pt_regs *regs, unsigned long flags)
{
}

#define PROBE(name, handler) \
	{ .symbol_name = name, .pre_handler = handler, .post_handler = after }

static struct kprobe probes[] = {
	PROBE("sock_recvmsg", on_recv),
	PROBE("tcp_sendmsg_locked", on_send),
	PROBE("kernel_sendpage_locked", on_page),
};

static unsigned int registered;

static void lunar_faults_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(probes); i++)
		if (registered & BIT(i))
			unregister_kprobe(&probes[i]);
}
module_exit(lunar_faults_exit);

/* Not every kernel has all of the functions. */
static int __init lunar_faults_init(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		ret = register_kprobe(&probes[i]);
		if (!ret) {
			registered |= BIT(i);
		} else if (ret != -ENOENT) {
			lunar_faults_exit();
			return ret;
		}
	}
	return 0;
}
module_init(lunar_faults_init);

MODULE_DESCRIPTION("socket calls that fail, for tests of lunar");
MODULE_LICENSE("GPL");
