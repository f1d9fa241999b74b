// SPDX-License-Identifier: GPL-2.0
/* Reads what the kernel exports into a model. */
#include "kernel.h"
#include "configfs.h"
#include "model.h"
#include "util.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../uapi/lunar.h"
#include "../../uapi/lunar_file.h"

#define LOCK_FILE "/run/lunarctl.lock"

/* The value behind "key" in a line of text, up to "end" or the line's end. */
static char *text_value(const char *text, const char *key, const char *end)
{
	const char *value = text ? strstr(text, key) : NULL;
	const char *stop;
	size_t len;

	if (!value)
		return NULL;
	value += strlen(key);
	value += strspn(value, " ");
	len = strcspn(value, "\n");
	stop = strstr(value, end);
	if (stop && (size_t)(stop - value) < len)
		len = stop - value;
	return fmt("%.*s", (int)len, value);
}

static uint64_t device_size(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	uint64_t size = 0;

	if (fd >= 0) {
		if (ioctl(fd, BLKGETSIZE64, &size))
			size = 0;
		close(fd);
	}
	return size;
}

void load_disk(struct disk *d)
{
	char *dir = disk_dir(d);
	char *info = read_attr(dir, "info");
	char *mode = text_value(info, "Mode: ", " ");
	char *size = text_value(info, "  Size: ", " "); /* not the SectorSize */
	char *direct = text_value(info, "Async: ", " ");
	char *serial = read_attr(dir, "wwn/vpd_unit_serial");
	bool cached = read_number(dir, "attrib/emulate_write_cache");
	struct stat st;

	d->path = read_attr(dir, "udev_path");
	if (!d->path || !*d->path) {
		free(d->path);
		d->path = text_value(info, "File: ", "  Size: ");
	}
	if (!d->path)
		d->path = xstrdup("");
	d->is_block = !stat(d->path, &st) && S_ISBLK(st.st_mode);
	if (d->is_block)
		d->size = device_size(d->path);
	else if (size)
		d->size = strtoull(size, NULL, 10);
	d->block_size = read_number(dir, "attrib/block_size");
	d->serial = serial ? text_value(serial, ":", "\n") : NULL;
	if (cached)
		d->mode = MODE_WRITE_BACK;
	else if (direct && !strcmp(direct, "1"))
		d->mode = MODE_DIRECT;
	d->unsafe = !cached && mode && !strcmp(mode, LUNAR_FILE_MODE_BACK);
	free(direct);
	free(serial);
	free(size);
	free(mode);
	free(info);
	free(dir);
}

static void load_disks(struct model *m)
{
	char *core = in_target("core");
	struct strings hbas = list_names(core, is_dir);

	for (size_t i = 0; i < hbas.count; i++) {
		char *number = strrchr(hbas.at[i], '_');
		char *dir = fmt("%s/%s", core, hbas.at[i]);
		struct strings names = { 0 };
		unsigned int hba;

		if (number && parse_name(number, "_", &hba)) {
			*number = '\0';
			names = list_names(dir, is_dir);
		}
		for (size_t j = 0; j < names.count; j++) {
			struct disk *d = list_add(m->disks);

			d->plugin = xstrdup(hbas.at[i]);
			d->hba = hba;
			d->name = xstrdup(names.at[j]);
			load_disk(d);
		}
		strings_free(&names);
		free(dir);
	}
	strings_free(&hbas);
	free(core);
}

static void load_luns(const struct model *m, struct tpg *tpg, const char *tpg_path)
{
	char *luns = fmt("%s/lun", tpg_path);
	struct strings names = list_names(luns, is_dir);
	unsigned int number;

	for (size_t i = 0; i < names.count; i++) {
		char *dir, *object;
		struct lun *lun;
		struct disk *d;

		if (!parse_name(names.at[i], "lun_", &number))
			continue;
		lun = list_add(tpg->luns);
		lun->number = number;
		dir = fmt("%s/%s", luns, names.at[i]);
		object = linked_object(dir);
		for_each(d, m->disks) {
			char *name = fmt("%s_%u/%s", d->plugin, d->hba, d->name);

			if (object && !strcmp(object, name))
				lun->ref_disk = d;
			free(name);
		}
		free(object);
		free(dir);
	}
	strings_free(&names);
	free(luns);
}

/* acls/<name>/info, in the form rtslib reads too. */
static void load_session(struct acl *acl, const char *dir)
{
	char *info = read_attr(dir, "info");

	if (info && !strncmp(info, "InitiatorName:", strlen("InitiatorName:"))) {
		struct session *s = list_add(acl->session);

		s->initiator = xstrdup(acl->initiator);
		s->state = text_value(info, "TARG_SESS_STATE_", " ");
		s->address = text_value(info, "   Address ", " ");
	}
	free(info);
}

static void load_mappings(const struct tpg *tpg, struct acl *acl, const char *acl_path)
{
	struct strings names = list_names(acl_path, is_dir);
	unsigned int number;

	for (size_t i = 0; i < names.count; i++) {
		struct mapping *map;
		char *dir, *object;

		if (!parse_name(names.at[i], "lun_", &number))
			continue;
		map = list_add(acl->mappings);
		map->number = number;
		dir = fmt("%s/%s", acl_path, names.at[i]);
		map->read_only = read_number(dir, "write_protect");
		object = linked_object(dir);
		if (object && parse_name(object, "lun/lun_", &number))
			map->ref_lun = tpg_lun(tpg, number);
		free(object);
		free(dir);
	}
	strings_free(&names);
}

/* The user name that auth/ asks for; NULL when none is set. */
static char *load_chap_user(const char *dir)
{
	char *user = read_attr(dir, "auth/userid");

	if (user && (!*user || !strcmp(user, LUNAR_AUTH_UNSET))) {
		free(user);
		user = NULL;
	}
	return user;
}

static void load_acls(struct tpg *tpg, const char *tpg_path)
{
	char *acls = fmt("%s/acls", tpg_path);
	struct strings names = list_names(acls, is_dir);

	for (size_t i = 0; i < names.count; i++) {
		struct acl *acl = list_add(tpg->acls);
		char *dir = fmt("%s/%s", acls, names.at[i]);

		acl->initiator = xstrdup(names.at[i]);
		acl->chap.user = load_chap_user(dir);
		load_mappings(tpg, acl, dir);
		load_session(acl, dir);
		free(dir);
	}
	strings_free(&names);
	free(acls);
}

static void load_tpg(const struct model *m, struct target *t, unsigned int tag)
{
	struct tpg *tpg = list_add(t->tpgs);
	struct strings names;
	char *dir, *nps, *dynamic, *name, *rest;

	tpg->tag = tag;
	dir = tpg_dir(t, tpg);
	tpg->enabled = read_number(dir, "enable");
	tpg->authentication = read_number(dir, "attrib/authentication");
	tpg->any_initiator = read_number(dir, "attrib/generate_node_acls");
	tpg->chap.user = load_chap_user(dir);
	load_luns(m, tpg, dir);
	load_acls(tpg, dir);
	nps = fmt("%s/np", dir);
	names = list_names(nps, is_dir);
	for (size_t i = 0; i < names.count; i++) {
		struct portal *p = list_add(tpg->portals);

		p->address = xstrdup(names.at[i]);
	}
	dynamic = read_attr(dir, "dynamic_sessions");
	rest = dynamic;
	while (rest && (name = strsep(&rest, "\n"))) {
		if (*name) {
			struct session *s = list_add(tpg->dynamic);

			s->initiator = xstrdup(name);
		}
	}
	free(dynamic);
	strings_free(&names);
	free(nps);
	free(dir);
}

static void load_target(struct model *m, const char *fabric, const char *name)
{
	struct target *t = list_add(m->targets);
	char *dir = in_target("%s/%s", fabric, name);
	struct strings names = list_names(dir, is_dir);
	unsigned int tag;

	t->fabric = xstrdup(fabric);
	t->name = xstrdup(name);
	for (size_t i = 0; i < names.count; i++) {
		if (parse_name(names.at[i], "tpgt_", &tag))
			load_tpg(m, t, tag);
	}
	strings_free(&names);
	free(dir);
}

/* Those of every fabric: a disk may be a LUN of another one. */
static void load_targets(struct model *m)
{
	char *root = in_target("%s", "");
	struct strings fabrics = list_names(root, is_dir);

	for (size_t i = 0; i < fabrics.count; i++) {
		char *dir = in_target("%s", fabrics.at[i]);
		struct strings names = { 0 };

		if (strcmp(fabrics.at[i], "core"))
			names = list_names(dir, is_dir);
		for (size_t j = 0; j < names.count; j++) {
			if (strcmp(names.at[j], "discovery_auth"))
				load_target(m, fabrics.at[i], names.at[j]);
		}
		strings_free(&names);
		free(dir);
	}
	strings_free(&fabrics);
	free(root);
}

static void load_modules(struct model *m)
{
	static const char *const names[] = {
		LUNAR_FABRIC_MODULE,   LUNAR_BACKSTORE_MODULE, LUNAR_FABRIC_ALIAS,
		LUNAR_BACKSTORE_ALIAS, "target_core_mod",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char *dir = fmt("%s/module/%s", sysfs(), names[i]);

		if (exists(dir)) {
			struct module *mod = list_add(m->modules);

			mod->name = xstrdup(names[i]);
			mod->version = read_attr(dir, "version");
		}
		free(dir);
	}
}

/*
 * Held until the process ends or lets the model go. What is done under it is
 * done to its end: a signal halfway would leave half an export.
 */
static int take_lock(struct model *m)
{
	char *path = secure_getenv("LUNARCTL_SYSFS") ? fmt("%s/lunarctl.lock", sysfs())
						     : xstrdup(LOCK_FILE);
	int rc = LUNARCTL_OK;
	sigset_t signals;

	m->lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (m->lock < 0) {
		complain("cannot open the lock file %s: %s; run lunarctl as root", path,
			 strerror(errno));
		rc = LUNARCTL_FAILED;
	} else if (flock(m->lock, LOCK_EX | LOCK_NB)) {
		complain("waiting for another lunarctl to finish");
		while (flock(m->lock, LOCK_EX) && errno == EINTR)
			continue;
	}
	free(path);
	sigemptyset(&signals);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	/* Whom the messages of a rollback go to may be gone. */
	sigaddset(&signals, SIGPIPE);
	sigaddset(&signals, SIGQUIT);
	sigaddset(&signals, SIGTSTP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	return rc;
}

int kernel_load(struct model *m, bool will_change)
{
	if (will_change) {
		int rc = take_lock(m);

		if (rc)
			return rc;
	}
	load_modules(m);
	load_disks(m);
	load_targets(m);
	return LUNARCTL_OK;
}
