// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of the page cache, lent to the fabric instead of copied.
 *
 * Only for a fabric that asks (backend.h), and only what is in the cache and up
 * to date at this moment: anything else is read and copied as for any fabric,
 * which fills the cache and reads ahead.
 */
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/swap.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_fabric.h>
#include "backend.h"
#include "compat.h"
#include "pages.h"

/*
 * Filesystems whose read_iter() is a walk over the page cache and no more. A
 * cluster or network filesystem first asks whether its cache is still valid, and
 * is not in this list.
 */
static const char *const plain_caches[] = {
	"ext4", "ext3", "ext2", "xfs", "btrfs", "tmpfs",
};

/**
 * lfile_pages_suitable - may pages be taken from the cache of this disk?
 * @dev: the disk, its file open
 *
 * Return: whether they may.
 */
bool lfile_pages_suitable(const struct lfile_dev *dev)
{
	const char *fs = dev->inode->i_sb->s_type->name;

	if (dev->direct || IS_DAX(dev->inode))
		return false;
	return dev->is_block ||
	       match_string(plain_caches, ARRAY_SIZE(plain_caches), fs) >= 0;
}

static bool is_read(const struct se_cmd *cmd)
{
	return (cmd->se_cmd_flags & SCF_SCSI_DATA_CDB) &&
	       !(cmd->se_cmd_flags & (SCF_COMPARE_AND_WRITE | SCF_BIDI |
				      SCF_FUA)) &&
	       cmd->data_direction == DMA_FROM_DEVICE && cmd->data_length &&
	       cmd->prot_op == TARGET_PROT_NORMAL;
}

/**
 * lfile_pages_parse - have target core allocate no buffer if pages can be lent
 * @cmd: the command, its CDB parsed
 *
 * lfile_read_execute() then comes without a scatterlist and sees to one.
 */
void lfile_pages_parse(struct se_cmd *cmd)
{
	const struct lfile_dev *dev = to_lfile_dev(cmd->se_dev);
	const struct lunar_loan *loan = lunar_backend_loan(cmd);

	if (loan && loan->wanted && dev->lends && is_read(cmd))
		cmd->se_cmd_flags |= SCF_PASSTHROUGH_SG_TO_MEM_NOALLOC;
}

/*
 * The folio at @index with a reference, if it can be sent as it is. One that is
 * marked for readahead goes the slow way, which reads ahead.
 */
static struct folio *get_cached(struct address_space *mapping, pgoff_t index)
{
	struct folio *folio = filemap_get_folio(mapping, index);

	if (IS_ERR_OR_NULL(folio))
		return NULL;
	/* The reference keeps it from being split, not from being truncated. */
	if (folio->mapping == mapping && folio_test_uptodate(folio) &&
	    !folio_test_readahead(folio) &&
	    index - folio->index < folio_nr_pages(folio))
		return folio;
	folio_put(folio);
	return NULL;
}

/* Fills @sgl with the pages of a range; returns its entries, 0 for a miss. */
static u32 gather(struct address_space *mapping, loff_t pos, u64 len,
		  struct scatterlist *sgl)
{
	u32 nents = 0;

	while (len) {
		struct folio *folio = get_cached(mapping, pos >> PAGE_SHIFT);
		size_t offset, part;

		if (!folio)
			goto miss;
		offset = pos - folio_pos(folio);
		part = min_t(u64, len, folio_size(folio) - offset);
		sg_set_page(&sgl[nents++],
			    folio_page(folio, offset >> PAGE_SHIFT), part,
			    offset_in_page(offset));
		folio_mark_accessed(folio);
		pos += part;
		len -= part;
	}
	return nents;

miss:
	while (nents)
		folio_put(page_folio(sg_page(&sgl[--nents])));
	return 0;
}

/**
 * lfile_pages_lend - give the command its data without copying it
 * @cmd: a READ that lfile_pages_parse() has marked
 *
 * Pages may be truncated or overwritten after this: the READ then has what was
 * there when it executed, or some of what an overlapping command wrote.
 *
 * Context: process, does not sleep on I/O.
 * Return: true, and the caller completes @cmd; false if something is not in the
 * cache, and nothing has changed.
 */
bool lfile_pages_lend(struct se_cmd *cmd)
{
	struct lfile_dev *dev = to_lfile_dev(cmd->se_dev);
	struct lunar_loan *loan = lunar_backend_loan(cmd);
	loff_t pos = lfile_inflight_offset(cmd, cmd->t_task_lba);
	u64 len = cmd->data_length;
	struct scatterlist *sgl;
	u32 nents;

	/* The end of a truncated file is not for here. */
	if (pos + len > i_size_read(dev->inode) ||
	    (!dev->is_block && pos + len > READ_ONCE(dev->intact)))
		return false;
	/* What an earlier command is changing is waited for. */
	if (lfile_inflight_blocked(dev, pos, len))
		return false;

	nents = ((pos + len - 1) >> PAGE_SHIFT) - (pos >> PAGE_SHIFT) + 1;
	sgl = loan->few;
	if (nents > LUNAR_LOAN_FEW)
		sgl = kvmalloc_array(nents, sizeof(*sgl),
				     GFP_NOIO | __GFP_NOWARN);
	if (!sgl)
		return false;
	sg_init_table(sgl, nents);
	nents = gather(dev->file->f_mapping, pos, len, sgl);
	if (!nents) {
		if (sgl != loan->few)
			kvfree(sgl);
		return false;
	}
	loan->sgl = sgl;
	loan->nents = nents;
	cmd->t_data_sg = sgl;
	cmd->t_data_nents = nents;
	return true;
}

/**
 * lfile_pages_alloc - give the command the buffer it would have had
 * @cmd: a READ that lfile_pages_parse() has marked and that cannot be lent pages
 *
 * Target core owns and frees the buffer. Context: process, sleeps for memory.
 * Return: 0 or -ENOMEM.
 */
int lfile_pages_alloc(struct se_cmd *cmd)
{
	cmd->se_cmd_flags &= ~SCF_PASSTHROUGH_SG_TO_MEM_NOALLOC;
	return target_alloc_sgl(&cmd->t_data_sg, &cmd->t_data_nents,
				cmd->data_length, false, false) ? -ENOMEM : 0;
}
