// SPDX-License-Identifier: GPL-2.0
/* lunarctl status and ls: what is exported, to whom, and who is logged in. */
#include "commands.h"
#include "kernel.h"
#include "model.h"
#include "util.h"

#include <argp.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../uapi/lunar.h"

/* ---- text ---- */

static char *size_text(uint64_t bytes)
{
	static const char units[] = " KMGTPE";
	double n = bytes;
	int unit = 0;

	if (!bytes)
		return xstrdup("-");
	for (; n >= 1024 && units[unit + 1]; unit++)
		n /= 1024;
	if (!unit)
		return fmt("%ju", (uintmax_t)bytes);
	return (uint64_t)n == n ? fmt("%.0f%c", n, units[unit]) : fmt("%.1f%c", n, units[unit]);
}

enum { COL_NAME, COL_SIZE, COL_MODE, COL_LUN, COL_TARGET, COL_PATH, COLUMNS };

/* A table is its cells, row by row; columns become as wide as their widest cell. */
static void add_row(struct strings *cells, const struct disk *d, const struct target *t,
		    const struct lun *lun)
{
	bool fileio = !strcmp(d->plugin, LUNAR_BACKSTORE_NAME);

	strings_add(cells, fileio ? xstrdup(d->name) : fmt("%s/%s", d->plugin, d->name));
	strings_add(cells, size_text(d->size));
	strings_add(cells, xstrdup(mode_name(d->mode)));
	strings_add(cells, lun ? fmt("%u", lun->number) : xstrdup("-"));
	strings_add(cells, xstrdup(t ? t->name : "-"));
	strings_add(cells, xstrdup(*d->path ? d->path : "-"));
}

static void print_table(struct strings *cells)
{
	size_t width[COLUMNS] = { 0 };

	for (size_t i = 0; i < cells->count; i++) {
		size_t len = strlen(cells->at[i]);

		if (len > width[i % COLUMNS])
			width[i % COLUMNS] = len;
	}
	for (size_t i = 0; i < cells->count; i++) {
		if (i % COLUMNS == COL_PATH)
			puts(cells->at[i]);
		else
			printf("%-*s  ", (int)width[i % COLUMNS], cells->at[i]);
	}
	strings_free(cells);
}

static void print_disks(const struct model *m)
{
	static const char *const titles[COLUMNS] = {
		"NAME", "SIZE", "MODE", "LUN", "TARGET", "PATH"
	};
	struct strings table = { 0 };
	const struct target *t;
	const struct disk *d;
	const struct tpg *tpg;
	const struct lun *lun;

	for (size_t i = 0; i < COLUMNS; i++)
		strings_add(&table, xstrdup(titles[i]));
	for_each(d, m->disks) {
		bool exported = false;

		for_each(t, m->targets) {
			for_each(tpg, t->tpgs) {
				for_each(lun, tpg->luns) {
					if (lun->ref_disk != d)
						continue;
					add_row(&table, d, t, lun);
					exported = true;
				}
			}
		}
		if (!exported)
			add_row(&table, d, NULL, NULL);
	}
	print_table(&table);
	for_each(d, m->disks) {
		if (d->unsafe)
			printf("warning: %s says that its writes are stable, but answers them from a "
			       "cache: they can be lost\n",
			       d->name);
	}
}

static void print_acl(const struct acl *acl)
{
	const struct mapping *map;
	const char *sep = "  LUN ";

	printf("  initiator  %s", acl->initiator);
	if (!acl->mappings)
		printf("  no LUN");
	for_each(map, acl->mappings) {
		printf("%s%u%s", sep, map->number, map->read_only ? " (read-only)" : "");
		sep = ", ";
	}
	if (acl->chap.user)
		printf("  CHAP user %s", acl->chap.user);
	if (!acl->session)
		printf("  not logged in\n");
	else
		printf("  logged in from %s (%s)\n",
		       acl->session->address ? acl->session->address : "?",
		       acl->session->state ? acl->session->state : "?");
}

static void print_target(const struct target *t)
{
	const struct session *s;
	const struct portal *p;
	const struct tpg *tpg;
	const struct acl *acl;

	for_each(tpg, t->tpgs) {
		printf("\n%s, TPG %u%s%s%s\n", t->name, tpg->tag, tpg->enabled ? "" : ", disabled",
		       tpg->authentication ? ", CHAP" : "",
		       tpg->any_initiator ? ", open to any initiator" : "");
		for_each(p, tpg->portals)
			printf("  portal     %s\n", p->address);
		for_each(acl, tpg->acls)
			print_acl(acl);
		for_each(s, tpg->dynamic)
			printf("  initiator  %s  every LUN  logged in without an ACL\n",
			       s->initiator);
	}
}

static void print_text(const struct model *m)
{
	const char *sep = "Modules: ";
	const struct target *t;
	const struct module *mod;

	if (!m->modules && !m->disks && !m->targets) {
		puts("Nothing is exported: the kernel modules are not loaded.");
		return;
	}
	if (m->disks)
		print_disks(m);
	else
		puts("Nothing is exported.");
	for_each(t, m->targets)
		print_target(t);
	if (m->modules)
		putchar('\n');
	for_each(mod, m->modules) {
		printf("%s%s%s%s", sep, mod->name, mod->version ? " " : "",
		       mod->version ? mod->version : "");
		sep = ", ";
	}
	if (m->modules)
		putchar('\n');
}

/* ---- JSON ---- */

static void put(json_t *object, const char *key, const char *text)
{
	/* A name or path need not be UTF-8, but a JSON string must be. */
	json_t *value = text ? json_string(text) : NULL;

	json_object_set_new(object, key, value ? value : json_null());
}

static void put_number(json_t *object, const char *key, uint64_t n)
{
	json_object_set_new(object, key, json_integer(n));
}

static void put_flag(json_t *object, const char *key, bool flag)
{
	json_object_set_new(object, key, json_boolean(flag));
}

/* A new array in object, and a new object in array. */
static json_t *put_list(json_t *object, const char *key)
{
	json_t *list = json_array();

	json_object_set_new(object, key, list);
	return list;
}

static json_t *put_element(json_t *list)
{
	json_t *element = json_object();

	json_array_append_new(list, element);
	return element;
}

static void put_disk(json_t *list, const struct disk *d)
{
	json_t *o = put_element(list);

	put(o, "name", d->name);
	put(o, "plugin", d->plugin);
	put(o, "path", *d->path ? d->path : NULL);
	put_number(o, "size", d->size);
	put_number(o, "block_size", d->block_size);
	put(o, "mode", mode_name(d->mode));
	put_flag(o, "unsafe", d->unsafe);
	put(o, "serial", d->serial);
}

static void put_session(json_t *list, const struct session *s)
{
	json_t *o = put_element(list);

	put(o, "initiator", s->initiator);
	put(o, "address", s->address);
	put(o, "state", s->state);
}

static void put_acl(json_t *acls, json_t *sessions, const struct acl *acl)
{
	json_t *o = put_element(acls);
	const struct mapping *map;
	json_t *luns;

	put(o, "initiator", acl->initiator);
	put(o, "chap_user", acl->chap.user);
	luns = put_list(o, "luns");
	for_each(map, acl->mappings) {
		json_t *lun = put_element(luns);

		put_number(lun, "lun", map->number);
		put_flag(lun, "read_only", map->read_only);
	}
	if (acl->session)
		put_session(sessions, acl->session);
}

static void put_tpg(json_t *list, const struct target *t, const struct tpg *tpg)
{
	json_t *o = put_element(list);
	json_t *luns, *portals, *acls, *sessions;
	const struct session *s;
	const struct portal *p;
	const struct lun *lun;
	const struct acl *acl;

	put(o, "fabric", t->fabric);
	put(o, "target", t->name);
	put_number(o, "tpg", tpg->tag);
	put_flag(o, "enabled", tpg->enabled);
	put_flag(o, "chap", tpg->authentication);
	put_flag(o, "any_initiator", tpg->any_initiator);
	luns = put_list(o, "luns");
	portals = put_list(o, "portals");
	acls = put_list(o, "acls");
	sessions = put_list(o, "sessions");
	for_each(lun, tpg->luns) {
		json_t *element = put_element(luns);

		put_number(element, "lun", lun->number);
		put(element, "disk", lun->ref_disk ? lun->ref_disk->name : NULL);
	}
	for_each(p, tpg->portals)
		json_array_append_new(portals, json_string(p->address));
	for_each(acl, tpg->acls)
		put_acl(acls, sessions, acl);
	for_each(s, tpg->dynamic)
		put_session(sessions, s);
}

static int print_json(const struct model *m)
{
	json_t *root = json_object();
	json_t *modules = put_list(root, "modules");
	json_t *disks = put_list(root, "disks");
	json_t *targets = put_list(root, "targets");
	const struct module *mod;
	const struct target *t;
	const struct disk *d;
	const struct tpg *tpg;
	int rc;

	for_each(mod, m->modules) {
		json_t *o = put_element(modules);

		put(o, "name", mod->name);
		put(o, "version", mod->version);
	}
	for_each(d, m->disks)
		put_disk(disks, d);
	for_each(t, m->targets) {
		for_each(tpg, t->tpgs)
			put_tpg(targets, t, tpg);
	}
	rc = json_dumpf(root, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(root);
	return rc ? LUNARCTL_FAILED : LUNARCTL_OK;
}

/* ---- commands ---- */

static const struct argp_option options[] = { { "json", 'j', 0, 0, "for programs", 0 }, { 0 } };

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	bool *json = state->input;

	(void)arg;
	if (key != 'j')
		return ARGP_ERR_UNKNOWN;
	*json = true;
	return 0;
}

int cmd_status(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.doc = "Show what is exported, to whom, and who is logged in.",
	};
	bool json = false;
	struct model m;
	int rc;

	model_init(&m);
	if (argp_parse(&argp, argc, argv, 0, NULL, &json))
		return LUNARCTL_USAGE;
	rc = kernel_load(&m, false);
	if (!rc && json)
		rc = print_json(&m);
	else if (!rc)
		print_text(&m);
	model_free(&m);
	return rc;
}

int cmd_ls(int argc, char **argv)
{
	static const struct argp argp = {
		.doc = "List the names of what is exported, one in a line.",
	};
	const struct disk *d;
	struct model m;
	int rc;

	model_init(&m);
	if (argp_parse(&argp, argc, argv, 0, NULL, NULL))
		return LUNARCTL_USAGE;
	rc = kernel_load(&m, false);
	for_each(d, m.disks) {
		if (!strcmp(d->plugin, LUNAR_BACKSTORE_NAME))
			puts(d->name);
	}
	model_free(&m);
	return rc;
}
