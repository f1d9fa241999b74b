// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers of WRITEs, used again and again.
 *
 * Target core allocates the pages of each command and frees them, and kernels
 * clear what they allocate (INIT_ON_ALLOC_DEFAULT_ON): of a WRITE of 1 MiB a
 * quarter of the work. And it takes single pages, which everybody after it has
 * to walk through one by one.
 *
 * So a fabric that can be lent pages (backend.h) gets those of WRITEs from here
 * as well. Each CPU has a store. It keeps a reference on each piece in it, and a
 * piece is free if there is no other: the fabric, an orphan, or whoever else has
 * one just drops it, nothing has to find the way back.
 *
 * A piece may hold what another command wrote. It is lent for Data-Out only, of
 * which the medium gets what the initiator has sent: the fabric executes a WRITE
 * when all of its data_length has come.
 */
#include <linux/cpumask.h>
#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_base.h>
#include "backend.h"
#include "buffers.h"

/* Pieces of 64 KiB, and pages for what is short. */
#define LARGE_ORDER	4
#define LARGE_SIZE	(PAGE_SIZE << LARGE_ORDER)
#define SHORT_MAX	(4 * PAGE_SIZE)

/* A store keeps no more than this, 17 MiB; commands beyond it get fresh pages. */
#define PIECES_MAX	256

/* Pieces that are looked at before a new one is allocated. */
#define PROBES		4

/* How often a store gives a part of it back, or all if it was not in use. */
#define TRIM_PERIOD	HZ

/* Pieces of one size. The oldest loan is the next to have ended, as a rule. */
struct shelf {
	unsigned int order;
	u32 next;
	u32 count;
	struct page *pieces[PIECES_MAX];
};

struct store {
	spinlock_t lock;		/* of all of it; process context only */
	bool used;			/* since the last look */
	struct shelf large;
	struct shelf small;
};

static struct store __percpu *stores;

static void trim_all(struct work_struct *work);
static DECLARE_DELAYED_WORK(trim_work, trim_all);

/* Drops the last @n pieces; those that are lent go when they come back. */
static void drop_pieces(struct shelf *shelf, u32 n)
{
	while (n--)
		put_page(shelf->pieces[--shelf->count]);
	if (shelf->next >= shelf->count)
		shelf->next = 0;
}

/* Returns whether something is left. */
static bool trim(struct store *store)
{
	bool left;

	spin_lock(&store->lock);
	if (store->used) {
		drop_pieces(&store->large, store->large.count / 4);
		drop_pieces(&store->small, store->small.count / 4);
	} else {
		drop_pieces(&store->large, store->large.count);
		drop_pieces(&store->small, store->small.count);
	}
	store->used = false;
	left = store->large.count || store->small.count;
	spin_unlock(&store->lock);
	return left;
}

static void trim_all(struct work_struct *work)
{
	bool left = false;
	int cpu;

	for_each_possible_cpu(cpu)
		left |= trim(per_cpu_ptr(stores, cpu));
	if (left)
		schedule_delayed_work(&trim_work, TRIM_PERIOD);
}

/**
 * lfile_buffers_init - module wide set-up
 *
 * Return: 0 or -ENOMEM.
 */
int lfile_buffers_init(void)
{
	int cpu;

	stores = alloc_percpu(struct store);
	if (!stores)
		return -ENOMEM;
	for_each_possible_cpu(cpu) {
		struct store *store = per_cpu_ptr(stores, cpu);

		spin_lock_init(&store->lock);
		store->large.order = LARGE_ORDER;
	}
	return 0;
}

/**
 * lfile_buffers_exit - undo lfile_buffers_init()
 *
 * What fabrics still have is theirs alone from here on.
 */
void lfile_buffers_exit(void)
{
	int cpu;

	cancel_delayed_work_sync(&trim_work);
	for_each_possible_cpu(cpu) {
		struct store *store = per_cpu_ptr(stores, cpu);

		store->used = false;
		trim(store);
	}
	free_percpu(stores);
}

/*
 * A piece that nobody has, with a reference for the caller. Nobody can come to
 * have one by any other way than this; whoever looks at a page in passing
 * (compaction) and drops it again makes us miss a piece, no more.
 */
static struct page *find_piece(struct shelf *shelf)
{
	struct page *page;
	u32 i;

	for (i = min_t(u32, shelf->count, PROBES); i; i--) {
		page = shelf->pieces[shelf->next];
		if (++shelf->next == shelf->count)
			shelf->next = 0;
		if (page_ref_count(page) == 1) {
			get_page(page);
			return page;
		}
	}
	return NULL;
}

static struct page *take_piece(struct store *store, struct shelf *shelf)
{
	gfp_t gfp = GFP_NOIO | __GFP_NOWARN;
	struct page *page;
	bool kept = false;

	spin_lock(&store->lock);
	store->used = true;
	page = find_piece(shelf);
	spin_unlock(&store->lock);
	if (page)
		return page;

	if (shelf->order)
		gfp |= __GFP_COMP | __GFP_NORETRY;
	page = alloc_pages(gfp, shelf->order);
	if (!page)
		return NULL;
	spin_lock(&store->lock);
	if (shelf->count < PIECES_MAX) {
		get_page(page);
		shelf->pieces[shelf->count++] = page;
		kept = true;
	}
	spin_unlock(&store->lock);
	if (kept)
		schedule_delayed_work(&trim_work, TRIM_PERIOD);
	return page;
}

/* Returns the entries of @sgl that were filled in, 0 if there is no memory. */
static u32 fill(struct scatterlist *sgl, u32 len)
{
	struct store *store = raw_cpu_ptr(stores);
	u32 nents = 0, part;
	struct page *page;

	for (; len; len -= part) {
		bool large = len > SHORT_MAX;

		page = take_piece(store, large ? &store->large : &store->small);
		if (!page)
			goto free;
		part = min_t(u32, len, large ? LARGE_SIZE : PAGE_SIZE);
		sg_set_page(&sgl[nents++], page, part, 0);
	}
	sg_mark_end(&sgl[nents - 1]);
	return nents;

free:
	while (nents)
		put_page(sg_page(&sgl[--nents]));
	return 0;
}

static bool is_write(const struct se_cmd *cmd)
{
	switch (cmd->t_task_cdb[0]) {
	case WRITE_6:
	case WRITE_10:
	case WRITE_12:
	case WRITE_16:
	case WRITE_VERIFY:
	case WRITE_VERIFY_12:
	case WRITE_VERIFY_16:
		return cmd->data_direction == DMA_TO_DEVICE &&
		       cmd->data_length && cmd->prot_op == TARGET_PROT_NORMAL;
	}
	return false;
}

/**
 * lfile_buffers_parse - lend a WRITE its buffer, if its fabric takes loans
 * @cmd: the command, its CDB parsed and its length checked
 *
 * If there is no memory target core allocates what it can. The fabric gives the
 * loan back, see backend.h.
 *
 * Context: process, sleeps for memory.
 */
void lfile_buffers_parse(struct se_cmd *cmd)
{
	struct lunar_loan *loan;
	struct scatterlist *sgl;
	u32 nents;

	if (!is_write(cmd))
		return;
	loan = lunar_backend_loan(cmd);
	if (!loan)
		return;
	nents = cmd->data_length / LARGE_SIZE + SHORT_MAX / PAGE_SIZE;
	sgl = kvmalloc_array(nents, sizeof(*sgl), GFP_NOIO | __GFP_NOWARN);
	if (!sgl)
		return;
	sg_init_table(sgl, nents);
	nents = fill(sgl, cmd->data_length);
	if (!nents) {
		kvfree(sgl);
		return;
	}
	loan->sgl = sgl;
	loan->nents = nents;
	cmd->t_data_sg = sgl;
	cmd->t_data_nents = nents;
	cmd->se_cmd_flags |= SCF_PASSTHROUGH_SG_TO_MEM_NOALLOC;
}
