// SPDX-License-Identifier: GPL-2.0
/*
 * What becomes of copies, for RECEIVE COPY RESULTS: of those that run, and of the
 * latest that have ended and that nobody has asked for since. Each belongs to an I_T
 * nexus: its session, which is only compared, and the initiator's name, in case the
 * session has gone and another one has come to have its address.
 *
 * A result that is not final belongs to its copy, and is freed by nobody; all others
 * belong to the list of the disk.
 */
#include <linux/gfp.h>
#include <linux/list.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <target/target_core_base.h>
#include "copy_list.h"
#include "copy_result.h"
#include "disk.h"

/* Of a disk, that have ended. */
#define RESULTS_MAX	64

struct lfile_copy_result {
	struct list_head node;
	struct lfile_dev *dev;		/* that the command came to */
	const struct se_session *sess;
	char initiator[TRANSPORT_IQN_LEN];
	u8 id;
	struct lfile_copy_status status;
};

/**
 * lfile_copy_result_create - set up the results of a disk
 * @dev: the disk
 */
void lfile_copy_result_create(struct lfile_dev *dev)
{
	spin_lock_init(&dev->copy_lock);
	INIT_LIST_HEAD(&dev->copy_results);
}

/**
 * lfile_copy_result_destroy - undo lfile_copy_result_create()
 * @dev: the disk; without copies
 */
void lfile_copy_result_destroy(struct lfile_dev *dev)
{
	struct lfile_copy_result *result, *next;

	list_for_each_entry_safe(result, next, &dev->copy_results, node)
		kfree(result);
}

static bool is_final(const struct lfile_copy_result *result)
{
	return result->status.state != LFILE_COPY_RUNS;
}

static void forget(struct lfile_copy_result *result)
{
	list_del(&result->node);
	kfree(result);
}

static bool belongs_to(const struct lfile_copy_result *result,
		       const struct se_cmd *cmd, u8 id)
{
	return result->id == id && result->sess == cmd->se_sess &&
	       !strcmp(result->initiator,
		       cmd->se_sess->se_node_acl->initiatorname);
}

/* One that runs, or else the one that was the last to end. */
static struct lfile_copy_result *find(struct lfile_dev *dev,
				      const struct se_cmd *cmd, u8 id)
{
	struct lfile_copy_result *result, *found = NULL;

	lockdep_assert_held(&dev->copy_lock);
	list_for_each_entry(result, &dev->copy_results, node) {
		if (!belongs_to(result, cmd, id))
			continue;
		if (!is_final(result))
			return result;
		if (!found)
			found = result;
	}
	return found;
}

/**
 * lfile_copy_result_begin - a copy begins
 * @cmd: its command
 * @id: its list identifier
 *
 * One of the same identifier that still runs is not refused (SPC-4 would have it
 * be): hosts that do not care for results leave the identifier 0 in all lists.
 *
 * Context: process, does not sleep on I/O.
 * Return: the result, for lfile_copy_result_set(), or NULL: no memory.
 */
struct lfile_copy_result *lfile_copy_result_begin(struct se_cmd *cmd, u8 id)
{
	struct lfile_dev *dev = to_lfile_dev(cmd->se_dev);
	struct lfile_copy_result *result, *old, *next;

	result = kzalloc(sizeof(*result), GFP_NOIO);
	if (!result)
		return NULL;
	strscpy(result->initiator, cmd->se_sess->se_node_acl->initiatorname,
		sizeof(result->initiator));
	result->dev = dev;
	result->sess = cmd->se_sess;
	result->id = id;
	spin_lock(&dev->copy_lock);
	list_add(&result->node, &dev->copy_results);
	list_for_each_entry_safe(old, next, &dev->copy_results, node)
		if (is_final(old) && belongs_to(old, cmd, id))
			forget(old);
	spin_unlock(&dev->copy_lock);
	return result;
}

static void forget_old(struct lfile_dev *dev)
{
	struct lfile_copy_result *result, *next;
	u32 n = 0;

	list_for_each_entry_safe(result, next, &dev->copy_results, node)
		if (is_final(result) && ++n > RESULTS_MAX)
			forget(result);
}

/**
 * lfile_copy_result_set - how far a copy has come
 * @result: its result
 * @status: how far; if the copy has ended @result is not to be used again
 *
 * Context: process, does not sleep.
 */
void lfile_copy_result_set(struct lfile_copy_result *result,
			   const struct lfile_copy_status *status)
{
	struct lfile_dev *dev = result->dev;

	spin_lock(&dev->copy_lock);
	result->status = *status;
	if (is_final(result)) {
		list_move(&result->node, &dev->copy_results);
		forget_old(dev);
	}
	spin_unlock(&dev->copy_lock);
}

/**
 * lfile_copy_result_reset - forget what has ended: the disk is reset
 * @dev: the disk
 *
 * Context: process, does not sleep.
 */
void lfile_copy_result_reset(struct lfile_dev *dev)
{
	struct lfile_copy_result *result, *next;

	spin_lock(&dev->copy_lock);
	list_for_each_entry_safe(result, next, &dev->copy_results, node)
		if (is_final(result))
			forget(result);
	spin_unlock(&dev->copy_lock);
}

/**
 * lfile_copy_result_get - how far has a copy come?
 * @cmd: a command of the same I_T nexus, to the same disk
 * @id: the list identifier of the copy
 * @status: filled
 *
 * Whoever has seen that a copy has ended is not told again (SPC-4, RECEIVE COPY
 * STATUS(LID1)).
 *
 * Context: process, does not sleep.
 * Return: whether there is such a copy, or was, and not long ago.
 */
bool lfile_copy_result_get(struct se_cmd *cmd, u8 id,
			   struct lfile_copy_status *status)
{
	struct lfile_dev *dev = to_lfile_dev(cmd->se_dev);
	struct lfile_copy_result *result;
	bool found;

	spin_lock(&dev->copy_lock);
	result = find(dev, cmd, id);
	found = result;
	if (found)
		*status = result->status;
	if (found && is_final(result))
		forget(result);
	spin_unlock(&dev->copy_lock);
	return found;
}
