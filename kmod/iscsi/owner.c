// SPDX-License-Identifier: GPL-2.0
/*
 * When and where the owner of a connection runs. See conn.h.
 */
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/sched/isolation.h>
#include <linux/sizes.h>
#include <linux/smp.h>
#include <linux/topology.h>
#include "conn.h"
#include "owner.h"

static struct workqueue_struct *login_wq;
static struct workqueue_struct *io_wq;
static struct workqueue_struct *jump_wq;

/*
 * Work items of a CPU share one thread, and if others want the CPU too it is
 * milliseconds until that has had its turn. So where a connection moves bulk data those
 * that mostly sleep go first, so many times for each of its runs: it must get on, too.
 */
#define JUMPS		16

/*
 * Bulk data is so many bytes in so many jiffies, and who moves that does not jump.
 * Locks and heartbeats do not come near.
 */
#define BULK_BYTES	SZ_256K
#define BULK_TIME	(HZ / 50 + 1)

/* How many are left on a CPU. Only a hint, nobody minds if one gets lost. */
static DEFINE_PER_CPU(int, jumps);

/* How many owners a CPU has that run, or that are to since data came in. Only a hint. */
static DEFINE_PER_CPU_SHARED_ALIGNED(atomic_t, owners);

/* So many CPUs are looked at for a better one. */
#define PLACES		16

static int io_cpu(const struct lunar_conn *conn)
{
	int cpu = READ_ONCE(conn->cpu);

	return cpu < 0 || cpu >= nr_cpu_ids || !cpu_online(cpu) ?
	       WORK_CPU_UNBOUND : cpu;
}

/*
 * The connection counts on @cpu from now on, or if that is -1 nowhere. What is added is
 * taken off again by who sees it in xchg(), whoever else is here meanwhile.
 */
static void claim(struct lunar_conn *conn, int cpu)
{
	int old;

	/* There is nothing to choose. */
	if (num_online_cpus() == 1)
		cpu = -1;
	if (READ_ONCE(conn->claim) == cpu)
		return;
	if (cpu >= 0)
		atomic_inc(per_cpu_ptr(&owners, cpu));
	old = xchg(&conn->claim, cpu);
	if (old >= 0)
		atomic_dec(per_cpu_ptr(&owners, old));
}

static bool is_usable(int cpu)
{
	return cpu_online(cpu) && !cpu_is_isolated(cpu) &&
	       housekeeping_test_cpu(cpu, HK_TYPE_WQ);
}

static int load_of(int cpu)
{
	return atomic_read(per_cpu_ptr(&owners, cpu));
}

/*
 * Where packets come in, whose data is in that cache, unless another owner or a process
 * has that CPU: so it is with the second flow of a network card with one queue, and
 * with an initiator on this machine. Then where it was before, or on another CPU of the
 * node that has no owner, or two less. What else such a one does is not known here:
 * idle_cpu() is not for modules. Where an unbound workqueue would have the scheduler
 * choose, each connection has a thread of its own, and their answers do not gather.
 */
static int best_cpu(int last)
{
	int here = raw_smp_processor_id();
	int node = cpu_to_node(here);
	int best = here, left = PLACES;
	int cpu, load;

	if (num_online_cpus() == 1 ||
	    ((current->flags & PF_KTHREAD) && is_usable(here) && !load_of(here)))
		return here;
	if (last >= 0 && cpu_to_node(last) == node && is_usable(last))
		best = last;
	/* What brings the packets in counts like an owner. */
	load = load_of(best) + (best == here);
	for_each_cpu_wrap(cpu, cpumask_of_node(node), here) {
		if (!load || !left)
			break;
		if (cpu == here || !is_usable(cpu))
			continue;
		left--;
		if (!load_of(cpu) || load_of(cpu) + 1 < load) {
			best = cpu;
			load = load_of(cpu);
		}
	}
	return best;
}

/**
 * lunar_owner_place() - data has come in here: choose where the owner is to run
 * @conn:	the connection; lunar_owner_kick() comes next
 *
 * Any context. One that runs or waits stays where it is: so two that always have more
 * to do share a CPU until one of them has not.
 */
void lunar_owner_place(struct lunar_conn *conn)
{
	int cpu;

	if (!READ_ONCE(conn->io_owned) || work_pending(&conn->io_work) ||
	    work_pending(&conn->jump_work) || atomic_read(&conn->runs))
		return;
	cpu = best_cpu(READ_ONCE(conn->cpu));
	WRITE_ONCE(conn->cpu, cpu);
	claim(conn, cpu);
}

static bool is_bulk(const struct lunar_conn *conn)
{
	return READ_ONCE(conn->moved) >= BULK_BYTES &&
	       time_before(jiffies, READ_ONCE(conn->moved_since) + 2 * BULK_TIME);
}

/* True if it goes first. */
static bool jump(struct lunar_conn *conn, int cpu)
{
	int left = READ_ONCE(per_cpu(jumps, cpu));

	/* Who waits already keeps its place: waiting makes nobody light. */
	if (!left || work_pending(&conn->io_work) || is_bulk(conn))
		return false;
	if (queue_work_on(cpu, jump_wq, &conn->jump_work))
		WRITE_ONCE(per_cpu(jumps, cpu), left - 1);
	return true;
}

/**
 * lunar_owner_kick() - have the owner look at the connection
 * @conn:	a connection the caller knows to be alive
 *
 * Any context. Reading io_owned as false while login_work hands over is
 * harmless: login_work then passes the kick on.
 */
void lunar_owner_kick(struct lunar_conn *conn)
{
	int cpu;

	if (!smp_load_acquire(&conn->io_owned)) { /* pairs with hand_over() */
		queue_work(login_wq, &conn->login_work);
		return;
	}
	cpu = io_cpu(conn);
	if (cpu == WORK_CPU_UNBOUND || !jump(conn, cpu))
		queue_work_on(cpu, io_wq, &conn->io_work);
}

/**
 * lunar_owner_wake() - have the owner look at conn->ready
 * @conn:	a connection the caller knows to be alive, and has put something on
 *		that list with llist_add(), which is a full barrier
 *
 * Nothing to do while io_work runs. Any context.
 */
void lunar_owner_wake(struct lunar_conn *conn)
{
	if (!atomic_read(&conn->runs)) /* pairs with run_io() */
		lunar_owner_kick(conn);
}

static void login_work(struct work_struct *work)
{
	struct lunar_conn *conn = container_of(work, struct lunar_conn,
					       login_work);

	/* Handed over while this run was pending: pass the kick on. */
	if (conn->io_owned)
		lunar_owner_kick(conn);
	else
		conn->ops->login(conn);
}

/* What was moved long ago counts less and less. */
static void forget_moved(struct lunar_conn *conn)
{
	if (time_after(jiffies, conn->moved_since + BULK_TIME)) {
		WRITE_ONCE(conn->moved, conn->moved / 2);
		WRITE_ONCE(conn->moved_since, jiffies);
	}
}

/*
 * Each work item runs once at a time, but there are two of them: who comes second
 * leaves, and has the first one run again. Returns true if that is to be. Only runs
 * that waited for their turn (@in_turn) let others jump.
 */
static bool run_io(struct lunar_conn *conn, bool in_turn)
{
	int cpu = raw_smp_processor_id();
	bool more;

	if (atomic_inc_return(&conn->runs) > 1)
		return false;
	/* Busy ever since its login, it was never placed: without a CPU none jumps. */
	if (READ_ONCE(conn->cpu) < 0)
		WRITE_ONCE(conn->cpu, cpu);
	claim(conn, cpu);
	more = conn->ops->io(conn);
	forget_moved(conn);
	if (in_turn && is_bulk(conn))
		WRITE_ONCE(*raw_cpu_ptr(&jumps), JUMPS);
	if (more)
		lunar_owner_kick(conn);
	else
		claim(conn, -1);
	/* What comes from here on is kicked for: see lunar_owner_wake(). */
	return atomic_xchg(&conn->runs, 0) > 1 || !llist_empty(&conn->ready);
}

/*
 * Whatever kicks in run_io() holds a reference, and release_work is not queued before
 * that is gone: behind it this item queues only itself, which is cancelled last.
 */
static void io_work(struct work_struct *work)
{
	struct lunar_conn *conn = container_of(work, struct lunar_conn,
					       io_work);

	if (run_io(conn, true))
		queue_work_on(io_cpu(conn), io_wq, &conn->io_work);
}

static void jump_work(struct work_struct *work)
{
	struct lunar_conn *conn = container_of(work, struct lunar_conn,
					       jump_work);

	if (run_io(conn, false))
		lunar_owner_kick(conn);
}

/**
 * lunar_owner_setup() - prepare the scheduling of a new connection
 * @conn:	the connection, all zeros there
 *
 * Any context.
 */
void lunar_owner_setup(struct lunar_conn *conn)
{
	conn->cpu = -1;
	conn->claim = -1;
	conn->moved_since = jiffies;
	INIT_WORK(&conn->login_work, login_work);
	INIT_WORK(&conn->io_work, io_work);
	INIT_WORK(&conn->jump_work, jump_work);
}

/**
 * lunar_owner_cancel() - wait for the last run of the owner
 * @conn:	the connection, which nobody kicks any more
 *
 * Process context, may sleep.
 */
void lunar_owner_cancel(struct lunar_conn *conn)
{
	cancel_work_sync(&conn->login_work);
	/* In this order: each may have queued the next. */
	cancel_work_sync(&conn->jump_work);
	cancel_work_sync(&conn->io_work);
	claim(conn, -1);
}

/**
 * lunar_owner_init() - module init of this file
 *
 * Return: 0 or -ENOMEM; then lunar_owner_exit() is to be called.
 */
int lunar_owner_init(void)
{
	login_wq = alloc_workqueue("lunar_login", WQ_UNBOUND, WQ_MAX_ACTIVE);
	io_wq = alloc_workqueue("lunar_io", WQ_MEM_RECLAIM, 0);
	jump_wq = alloc_workqueue("lunar_jump", WQ_MEM_RECLAIM | WQ_HIGHPRI, 0);
	return login_wq && io_wq && jump_wq ? 0 : -ENOMEM;
}

/**
 * lunar_owner_exit() - module exit of this file, also after a failed init
 */
void lunar_owner_exit(void)
{
	if (jump_wq)
		destroy_workqueue(jump_wq);
	if (io_wq)
		destroy_workqueue(io_wq);
	if (login_wq)
		destroy_workqueue(login_wq);
}
