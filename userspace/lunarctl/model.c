// SPDX-License-Identifier: GPL-2.0
#include "model.h"
#include "util.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const mode_names[] = {
	[MODE_WRITE_THROUGH] = "write-through",
	[MODE_WRITE_BACK] = "write-back",
	[MODE_DIRECT] = "direct",
};

const char *mode_name(enum mode mode)
{
	return mode_names[mode];
}

void model_init(struct model *m)
{
	*m = (struct model){ .lock = -1 };
}

/* Frees every element of a list; release frees what an element owns. */
#define list_free(head, release)                                                                   \
	do {                                                                                       \
		while (head) {                                                                     \
			__typeof__(head) _e = head;                                                \
			head = _e->next;                                                           \
			release(_e);                                                               \
			free(_e);                                                                  \
		}                                                                                  \
	} while (0)

static void nothing_owned(void *element)
{
	(void)element;
}

static void chap_release(struct chap *chap)
{
	free(chap->user);
	free_secret(chap->secret);
}

static void session_release(struct session *s)
{
	free(s->initiator);
	free(s->address);
	free(s->state);
}

static void acl_release(struct acl *acl)
{
	free(acl->initiator);
	chap_release(&acl->chap);
	list_free(acl->mappings, nothing_owned);
	list_free(acl->session, session_release);
}

static void portal_release(struct portal *p)
{
	free(p->address);
}

static void tpg_release(struct tpg *tpg)
{
	chap_release(&tpg->chap);
	list_free(tpg->luns, nothing_owned);
	list_free(tpg->acls, acl_release);
	list_free(tpg->portals, portal_release);
	list_free(tpg->dynamic, session_release);
}

static void target_release(struct target *t)
{
	free(t->fabric);
	free(t->name);
	list_free(t->tpgs, tpg_release);
}

static void disk_release(struct disk *d)
{
	free(d->plugin);
	free(d->name);
	free(d->path);
	free(d->serial);
}

static void module_release(struct module *mod)
{
	free(mod->name);
	free(mod->version);
}

void model_free(struct model *m)
{
	list_free(m->disks, disk_release);
	list_free(m->targets, target_release);
	list_free(m->modules, module_release);
	if (m->lock >= 0)
		close(m->lock);
	m->lock = -1;
}

struct disk *model_disk(const struct model *m, const char *plugin, const char *name)
{
	struct disk *d;

	for_each(d, m->disks) {
		if (!strcmp(d->plugin, plugin) && !strcmp(d->name, name))
			break;
	}
	return d;
}

struct target *model_target(const struct model *m, const char *fabric, const char *name)
{
	struct target *t;

	for_each(t, m->targets) {
		if (!strcmp(t->fabric, fabric) && !strcmp(t->name, name))
			break;
	}
	return t;
}

struct tpg *target_tpg(const struct target *t, unsigned int tag)
{
	struct tpg *tpg;

	for_each(tpg, t->tpgs) {
		if (tpg->tag == tag)
			break;
	}
	return tpg;
}

struct acl *tpg_acl(const struct tpg *tpg, const char *initiator)
{
	struct acl *acl;

	for_each(acl, tpg->acls) {
		if (!strcmp(acl->initiator, initiator))
			break;
	}
	return acl;
}

struct portal *tpg_portal(const struct tpg *tpg, const char *address)
{
	struct portal *p;

	for_each(p, tpg->portals) {
		if (!strcmp(p->address, address))
			break;
	}
	return p;
}

struct lun *tpg_lun(const struct tpg *tpg, unsigned int number)
{
	struct lun *lun;

	for_each(lun, tpg->luns) {
		if (lun->number == number)
			break;
	}
	return lun;
}

struct mapping *acl_mapping(const struct acl *acl, unsigned int number)
{
	struct mapping *map;

	for_each(map, acl->mappings) {
		if (map->number == number)
			break;
	}
	return map;
}

unsigned int model_free_hba(const struct model *m)
{
	const struct disk *d;
	unsigned int hba = 0;

	do {
		for_each(d, m->disks) {
			if (d->hba == hba)
				break;
		}
		if (d)
			hba++;
	} while (d);
	return hba;
}
