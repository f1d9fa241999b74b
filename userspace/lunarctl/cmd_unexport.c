// SPDX-License-Identifier: GPL-2.0
/* lunarctl unexport: takes an export back, and what it alone needed. */
#include "commands.h"
#include "image.h"
#include "kernel.h"
#include "model.h"
#include "util.h"

#include <argp.h>
#include <stdio.h>
#include <string.h>

#include "../../uapi/lunar.h"

struct request {
	const char *what;
	bool force;
};

static const struct argp_option options[] = {
	{ "force", 'f', 0, 0, "even while initiators are logged in", 0 }, { 0 }
};

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct request *req = state->input;

	switch (key) {
	case 'f':
		req->force = true;
		break;
	case ARGP_KEY_ARG:
		if (state->arg_num)
			argp_error(state, "only one export can be taken back at a time: %s", arg);
		req->what = arg;
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which export? Give its NAME or PATH");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "NAME|PATH",
	.doc = "Take an export back. The image stays. The target, its portals and its ACLs go too if "
	       "nothing else uses them.",
};

static unsigned int report_sessions(const struct disk *d, const struct target *t,
				    const struct session *sessions)
{
	const struct session *s;
	unsigned int count = 0;

	for_each(s, sessions) {
		complain("%s is in use: %s%s%s is logged in to target %s", d->name, s->initiator,
			 s->address ? " at " : "", s->address ? s->address : "", t->name);
		count++;
	}
	return count;
}

/* Marks the mappings of a LUN; the number of sessions that see it. */
static unsigned int mark_lun(const struct disk *d, const struct target *t, struct tpg *tpg,
			     struct lun *lun, bool quiet)
{
	unsigned int sessions = quiet ? 0 : report_sessions(d, t, tpg->dynamic);
	struct mapping *map;
	struct acl *acl;

	lun->intent = REMOVE;
	for_each(acl, tpg->acls) {
		bool mapped = false, others = false;

		for_each(map, acl->mappings) {
			/* One without a LUN is what an unexport that failed left. */
			if (map->ref_lun == lun || (!map->ref_lun && map->number == lun->number)) {
				map->intent = REMOVE;
				mapped = true;
			} else if (map->intent != REMOVE) {
				others = true;
			}
		}
		if (mapped && !others)
			acl->intent = REMOVE;
		if (mapped && !quiet)
			sessions += report_sessions(d, t, acl->session);
	}
	return sessions;
}

/*
 * A TPG that keeps a LUN or an ACL stays, and with it its portals. A disabled
 * one with ACLs for no LUN is what an unexport that failed left.
 */
static void mark_if_empty(struct tpg *tpg)
{
	struct portal *p;
	struct lun *lun;
	struct acl *acl;

	for_each(lun, tpg->luns) {
		if (lun->intent != REMOVE)
			return;
	}
	for_each(acl, tpg->acls) {
		if (acl->intent != REMOVE && (tpg->enabled || acl->mappings))
			return;
	}
	tpg->intent = REMOVE;
	for_each(acl, tpg->acls)
		acl->intent = REMOVE;
	for_each(p, tpg->portals)
		p->intent = REMOVE;
}

static int plan(const struct model *m, struct disk *d, bool force)
{
	unsigned int sessions = 0;
	struct target *t;
	struct tpg *tpg;
	struct lun *lun;

	d->intent = REMOVE;
	for_each(t, m->targets) {
		bool touched = false, stays = false;

		for_each(tpg, t->tpgs) {
			bool ours = false;

			for_each(lun, tpg->luns) {
				if (lun->ref_disk != d)
					continue;
				if (strcmp(t->fabric, LUNAR_FABRIC_NAME)) {
					complain("%s is also LUN %u of %s %s; remove that first "
						 "(targetcli)",
						 d->name, lun->number, t->fabric, t->name);
					return LUNARCTL_BUSY;
				}
				sessions += mark_lun(d, t, tpg, lun, force);
				ours = true;
			}
			if (ours)
				mark_if_empty(tpg);
			touched = touched || ours;
			stays = stays || tpg->intent != REMOVE;
		}
		if (touched && !stays)
			t->intent = REMOVE;
	}
	if (sessions) {
		complain("log these initiators out first, or take %s away from them with --force",
			 d->name);
		return LUNARCTL_BUSY;
	}
	return LUNARCTL_OK;
}

int cmd_unexport(int argc, char **argv)
{
	struct request req = { 0 };
	struct disk *disk;
	struct model m;
	int rc;

	model_init(&m);
	if (argp_parse(&argp, argc, argv, 0, NULL, &req))
		return LUNARCTL_USAGE;
	rc = kernel_load(&m, true);
	if (!rc)
		rc = image_find_disk(&m, req.what, &disk);
	if (!rc)
		rc = plan(&m, disk, req.force);
	if (!rc)
		rc = kernel_apply(&m);
	if (!rc)
		printf("%s: no longer exported; %s is kept\n", disk->name, disk->path);
	model_free(&m);
	return rc;
}
