// SPDX-License-Identifier: GPL-2.0
/* Makes the kernel match the marks in a model. */
#include "kernel.h"
#include "configfs.h"
#include "model.h"
#include "util.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../uapi/lunar.h"
#include "../../uapi/lunar_file.h"

/* One directory or link made, latest first. Their attributes go with them. */
struct undo {
	struct undo *next;
	bool is_link;
	char *what;
	char *path;
};

/* The object being worked on, and what to undo if that fails. */
struct change {
	char *what; /* its name, in messages */
	char *dir;
	struct undo *undo;
};

/* Takes both strings over. */
static void work_on(struct change *c, char *what, char *dir)
{
	free(c->what);
	free(c->dir);
	c->what = what;
	c->dir = dir;
}

/* What an administrator can do about an errno. */
static const char *advice(int error)
{
	switch (error) {
	case EACCES:
	case EPERM:
	case EROFS:
		return "run lunarctl as root";
	case EEXIST:
		return "another program has just made it; look with lunarctl status";
	case EBUSY:
	case ENOTEMPTY:
		return "something else still uses it; look with targetcli ls";
	case ENOMEM:
		return "free some memory, then try again";
	default:
		return "the kernel log says more (dmesg)";
	}
}

static void remember(struct change *c, bool is_link, const char *path)
{
	struct undo *u = xzalloc(sizeof(*u));

	u->is_link = is_link;
	u->what = xstrdup(c->what);
	u->path = xstrdup(path);
	u->next = c->undo;
	c->undo = u;
}

static int make(struct change *c)
{
	if (mkdir(c->dir, 0755)) {
		int error = errno;

		complain("cannot create %s: %s (mkdir %s); %s", c->what, strerror(error), c->dir,
			 advice(error));
		return LUNARCTL_FAILED;
	}
	remember(c, false, c->dir);
	return LUNARCTL_OK;
}

static int set_shown_as(struct change *c, const char *attr, const char *value, const char *shown)
{
	char *path = fmt("%s/%s", c->dir, attr);
	int error = write_attr(path, value);

	if (error)
		complain("cannot set %s of %s to %s: %s (%s); %s", attr, c->what, shown,
			 strerror(error), path, advice(error));
	free(path);
	return error ? LUNARCTL_FAILED : LUNARCTL_OK;
}

static int set(struct change *c, const char *attr, const char *value)
{
	return set_shown_as(c, attr, value, value);
}

static int set_chap(struct change *c, const struct chap *chap)
{
	int rc = LUNARCTL_OK;

	if (chap->secret) {
		rc = set(c, "auth/userid", chap->user);
		if (!rc)
			rc = set_shown_as(c, "auth/password", chap->secret, "the secret given");
	}
	return rc;
}

/* Link names are free; rtslib uses ten random digits, and so does this. */
static int link_to(struct change *c, const char *object)
{
	char *uuid = random_uuid();
	char *path = fmt("%s/%s", c->dir, uuid + strlen(uuid) - 10);
	int error = symlink(object, path) ? errno : 0;

	if (error)
		complain("cannot link %s to %s: %s; %s", c->what, object, strerror(error),
			 advice(error));
	else
		remember(c, true, path);
	free(path);
	free(uuid);
	return error ? LUNARCTL_FAILED : LUNARCTL_OK;
}

/* Undoes everything, or with undo not set just forgets how to. */
static bool finish(struct change *c, bool undo)
{
	bool clean = true;
	struct undo *u;

	while ((u = c->undo)) {
		c->undo = u->next;
		if (undo && (u->is_link ? unlink(u->path) : rmdir(u->path))) {
			complain("could not undo %s: %s (%s); %s", u->what, strerror(errno),
				 u->path, advice(errno));
			clean = false;
		}
		free(u->what);
		free(u->path);
		free(u);
	}
	work_on(c, NULL, NULL);
	return clean;
}

/* Runs modprobe, which heeds the aliases in /etc/modprobe.d. */
static bool load_module(const char *name)
{
	char *const argv[] = { (char *)"modprobe", (char *)name, NULL };
	posix_spawnattr_t attr;
	sigset_t none;
	int error, status = -1;
	pid_t pid;

	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	error = posix_spawnp(&pid, "modprobe", NULL, &attr, argv, environ);
	if (error == ENOENT) /* root's PATH after a plain su */
		error = posix_spawn(&pid, "/sbin/modprobe", NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	if (error)
		complain("cannot run modprobe: %s", strerror(error));
	else
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			continue;
	return !error && !status;
}

static bool module_present(const char *name)
{
	char *dir = fmt("%s/module/%s", sysfs(), name);
	bool present = exists(dir);

	free(dir);
	return present;
}

/* target core's tree, loaded and mounted if need be. */
static int prepare_core(void)
{
	char *core = in_target("core");
	int rc = LUNARCTL_OK;

	if (!exists(core)) {
		char *root = fmt("%s/kernel/config", sysfs());
		bool loaded = load_module("target_core_mod");

		if (loaded && !exists(core) && mount("configfs", root, "configfs", 0, NULL))
			complain("cannot mount configfs on %s: %s", root, strerror(errno));
		if (!exists(core)) {
			complain("target core is not there (%s); see that the kernel has the "
				 "module target_core_mod and that configfs is mounted on %s",
				 core, root);
			rc = LUNARCTL_FAILED;
		}
		free(root);
	}
	free(core);
	return rc;
}

/*
 * Where target core keeps persistent reservations. rtslib moves it, and looks
 * for them there at the next boot; that works before the first backstore only.
 */
static void move_database(const struct model *m)
{
	static const char dir[] = "/etc/rtslib-fb-target";
	char *dbroot = in_target("dbroot");
	const struct disk *d;
	bool first = true;

	for_each(d, m->disks)
		first = first && d->intent == ADD;
	if (first && exists(dir) && exists(dbroot)) {
		int error = write_attr(dbroot, dir);

		if (error)
			complain("warning: cannot set %s to %s: %s; persistent reservations may be "
				 "lost at a reboot",
				 dbroot, dir, strerror(error));
	}
	free(dbroot);
}

/* Target core would load both modules by itself, but the backstore once per boot only. */
static int prepare_backstore(void)
{
	if (module_present(LUNAR_BACKSTORE_MODULE) || module_present(LUNAR_BACKSTORE_ALIAS) ||
	    load_module(LUNAR_BACKSTORE_ALIAS))
		return LUNARCTL_OK;
	complain("no fileio backstore: modprobe %s failed; install %s.ko and "
		 "/etc/modprobe.d/lunar.conf",
		 LUNAR_BACKSTORE_ALIAS, LUNAR_BACKSTORE_MODULE);
	return LUNARCTL_FAILED;
}

static int prepare_fabric(struct change *c, const char *fabric)
{
	work_on(c, fmt("the fabric %s", fabric), in_target("%s", fabric));
	if (exists(c->dir))
		return LUNARCTL_OK;
	if (module_present(LUNAR_FABRIC_MODULE) || module_present(LUNAR_FABRIC_ALIAS) ||
	    load_module(LUNAR_FABRIC_ALIAS))
		return make(c);
	complain("no iSCSI fabric: modprobe %s failed; install %s.ko and "
		 "/etc/modprobe.d/lunar.conf",
		 LUNAR_FABRIC_ALIAS, LUNAR_FABRIC_MODULE);
	return LUNARCTL_FAILED;
}

/* ---- adding ---- */

/* In-kernel fileio skips the control words it does not know: look what came of it. */
static int check_mode(const struct disk *d)
{
	struct disk got = { .plugin = d->plugin, .hba = d->hba, .name = d->name };
	int rc = LUNARCTL_OK;

	load_disk(&got);
	if (got.mode != d->mode || got.unsafe) {
		complain(
			"the kernel made backstore %s %s, not %s; see lunarctl status for the module "
			"that did it, or choose another --mode",
			d->name, got.unsafe ? "cached without saying so" : mode_name(got.mode),
			mode_name(d->mode));
		rc = LUNARCTL_FAILED;
	}
	free(got.path);
	free(got.serial);
	return rc;
}

/* The order is rtslib's: some attributes can only be set before enable, some after. */
static int add_disk(struct change *c, const struct disk *d)
{
	char *hba = in_target("core/%s_%u", d->plugin, d->hba);
	char *control;
	int rc = LUNARCTL_OK;

	work_on(c, fmt("HBA %s_%u", d->plugin, d->hba), hba);
	if (!exists(hba))
		rc = make(c);
	if (rc)
		return rc;
	work_on(c, fmt("backstore %s", d->name), disk_dir(d));
	rc = make(c);
	if (rc)
		return rc;
	control = d->is_block ? fmt(LUNAR_FILE_KEY_PATH "=%s", d->path)
			      : fmt(LUNAR_FILE_KEY_PATH "=%s," LUNAR_FILE_KEY_SIZE "=%ju", d->path,
				    (uintmax_t)d->size);
	rc = set(c, "control", control);
	free(control);
	if (!rc && d->mode == MODE_WRITE_BACK) {
		rc = set(c, "attrib/emulate_write_cache", "1");
		if (!rc)
			rc = set(c, "control", LUNAR_FILE_KEY_WRITE_BACK "=1");
	}
	if (!rc && d->mode == MODE_DIRECT)
		rc = set(c, "control", LUNAR_FILE_KEY_DIRECT "=1");
	if (!rc)
		rc = set(c, "udev_path", d->path);
	if (!rc)
		rc = set(c, "enable", "1");
	if (!rc && d->block_size) {
		char *size = fmt("%u", d->block_size);

		rc = set(c, "attrib/block_size", size);
		free(size);
	}
	if (!rc)
		rc = set(c, "wwn/vpd_unit_serial", d->serial);
	if (!rc)
		rc = check_mode(d);
	return rc;
}

/* Access is closed by default in the kernel too; all of it is written to be sure. */
static int add_tpg(struct change *c, const struct target *t, const struct tpg *tpg)
{
	const char *any = tpg->any_initiator ? "1" : "0";
	int rc;

	work_on(c, fmt("TPG %u of target %s", tpg->tag, t->name), tpg_dir(t, tpg));
	rc = make(c);
	if (!rc)
		rc = set(c, "attrib/authentication", tpg->authentication ? "1" : "0");
	if (!rc)
		rc = set(c, "attrib/generate_node_acls", any);
	if (!rc && tpg->any_initiator) {
		rc = set(c, "attrib/cache_dynamic_acls", "1");
		if (!rc)
			rc = set(c, "attrib/demo_mode_write_protect", "0");
	}
	if (!rc)
		rc = set_chap(c, &tpg->chap);
	return rc;
}

static int add_lun(struct change *c, const char *tpg_path, const char *of, const struct lun *lun)
{
	char *disk = disk_dir(lun->ref_disk);
	int rc;

	work_on(c, fmt("LUN %u of %s", lun->number, of),
		fmt("%s/lun/lun_%u", tpg_path, lun->number));
	rc = make(c);
	if (!rc)
		rc = link_to(c, disk);
	free(disk);
	return rc;
}

static int add_acl(struct change *c, const char *tpg_path, const char *of, const struct acl *acl)
{
	const struct mapping *map;
	int rc = LUNARCTL_OK;

	if (acl->intent == ADD) {
		work_on(c, fmt("the ACL for %s in %s", acl->initiator, of),
			fmt("%s/acls/%s", tpg_path, acl->initiator));
		rc = make(c);
		if (!rc)
			rc = set_chap(c, &acl->chap);
	}
	for_each(map, acl->mappings) {
		char *lun;

		if (rc || map->intent != ADD)
			continue;
		work_on(c, fmt("LUN %u for %s in %s", map->number, acl->initiator, of),
			fmt("%s/acls/%s/lun_%u", tpg_path, acl->initiator, map->number));
		lun = fmt("%s/lun/lun_%u", tpg_path, map->ref_lun->number);
		rc = make(c);
		if (!rc)
			rc = link_to(c, lun);
		if (!rc)
			rc = set(c, "write_protect", map->read_only ? "1" : "0");
		free(lun);
	}
	return rc;
}

static int add_in_tpg(struct change *c, const struct target *t, const struct tpg *tpg)
{
	char *path = tpg_dir(t, tpg);
	char *of = fmt("target %s", t->name);
	const struct portal *portal;
	const struct lun *lun;
	const struct acl *acl;
	int rc = LUNARCTL_OK;

	if (tpg->intent == ADD)
		rc = add_tpg(c, t, tpg);
	for_each(lun, tpg->luns) {
		if (!rc && lun->intent == ADD)
			rc = add_lun(c, path, of, lun);
	}
	for_each(acl, tpg->acls) {
		if (!rc)
			rc = add_acl(c, path, of, acl);
	}
	for_each(portal, tpg->portals) {
		if (rc || portal->intent != ADD)
			continue;
		work_on(c, fmt("portal %s of %s", portal->address, of),
			fmt("%s/np/%s", path, portal->address));
		rc = make(c);
		if (rc)
			complain("see that nothing else listens on %s (ss -ltn), or choose another "
				 "--portal",
				 portal->address);
	}
	/* Last: a login must find every LUN, or the initiator takes it for lost. */
	if (!rc && tpg->intent == ADD) {
		work_on(c, fmt("TPG %u of %s", tpg->tag, of), xstrdup(path));
		rc = set(c, "enable", "1");
	}
	free(of);
	free(path);
	return rc;
}

static int add_all(struct change *c, const struct model *m)
{
	const struct target *t;
	const struct disk *d;
	const struct tpg *tpg;
	int rc = LUNARCTL_OK;
	bool prepared = false;

	for_each(d, m->disks) {
		if (rc || d->intent != ADD)
			continue;
		if (!prepared)
			rc = prepare_core();
		if (!rc && !prepared) {
			move_database(m);
			rc = prepare_backstore();
		}
		prepared = true;
		if (!rc)
			rc = add_disk(c, d);
	}
	for_each(t, m->targets) {
		if (!rc && t->intent == ADD) {
			rc = prepare_fabric(c, t->fabric);
			work_on(c, fmt("target %s", t->name),
				in_target("%s/%s", t->fabric, t->name));
			if (!rc)
				rc = make(c);
		}
		for_each(tpg, t->tpgs) {
			if (!rc)
				rc = add_in_tpg(c, t, tpg);
		}
	}
	return rc;
}

/* ---- removing ---- */

/* Takes both strings over. Gone already is as good as removed. */
static int remove_dir(char *what, char *dir)
{
	int error = rmdir(dir) && errno != ENOENT ? errno : 0;

	if (error)
		complain("cannot remove %s: %s (rmdir %s); %s", what, strerror(error), dir,
			 advice(error));
	free(what);
	free(dir);
	return error ? LUNARCTL_FAILED : LUNARCTL_OK;
}

/* A LUN directory goes after the link in it. */
static int remove_lun_dir(char *what, char *dir)
{
	struct strings links = list_names(dir, is_link);
	int error = 0;

	for (size_t i = 0; i < links.count && !error; i++) {
		char *path = fmt("%s/%s", dir, links.at[i]);

		if (unlink(path) && errno != ENOENT) {
			error = errno;
			complain("cannot remove %s: %s (unlink %s); %s", what, strerror(error),
				 path, advice(error));
		}
		free(path);
	}
	strings_free(&links);
	if (!error)
		return remove_dir(what, dir);
	free(what);
	free(dir);
	return LUNARCTL_FAILED;
}

static int remove_mappings(const char *tpg_path, const char *of, const struct tpg *tpg)
{
	const struct mapping *map;
	const struct acl *acl;
	int rc = LUNARCTL_OK;

	for_each(acl, tpg->acls) {
		for_each(map, acl->mappings) {
			if (!rc && map->intent == REMOVE)
				rc = remove_lun_dir(
					fmt("LUN %u for %s in %s", map->number, acl->initiator, of),
					fmt("%s/acls/%s/lun_%u", tpg_path, acl->initiator,
					    map->number));
		}
	}
	return rc;
}

static int remove_in_tpg(const struct target *t, const struct tpg *tpg)
{
	char *path = tpg_dir(t, tpg);
	char *of = fmt("target %s", t->name);
	const struct portal *portal;
	const struct lun *lun;
	const struct acl *acl;
	int rc = LUNARCTL_OK;

	if (tpg->intent == REMOVE && tpg->enabled) {
		char *enable = fmt("%s/enable", path);
		int error = write_attr(enable, "0");

		if (error) {
			complain("cannot disable TPG %u of %s: %s (%s); %s", tpg->tag, of,
				 strerror(error), enable, advice(error));
			rc = LUNARCTL_FAILED;
		}
		free(enable);
	}
	if (!rc)
		rc = remove_mappings(path, of, tpg);
	for_each(acl, tpg->acls) {
		if (!rc && acl->intent == REMOVE)
			rc = remove_dir(fmt("the ACL for %s in %s", acl->initiator, of),
					fmt("%s/acls/%s", path, acl->initiator));
	}
	for_each(portal, tpg->portals) {
		if (!rc && portal->intent == REMOVE)
			rc = remove_dir(fmt("portal %s of %s", portal->address, of),
					fmt("%s/np/%s", path, portal->address));
	}
	for_each(lun, tpg->luns) {
		if (!rc && lun->intent == REMOVE)
			rc = remove_lun_dir(fmt("LUN %u of %s", lun->number, of),
					    fmt("%s/lun/lun_%u", path, lun->number));
	}
	if (!rc && tpg->intent == REMOVE)
		rc = remove_dir(fmt("TPG %u of %s", tpg->tag, of), xstrdup(path));
	free(of);
	free(path);
	return rc;
}

/* ALUA groups that an administrator made are children of the backstore object. */
static int remove_disk(const struct disk *d)
{
	char *dir = disk_dir(d);
	char *alua = fmt("%s/alua", dir);
	struct strings groups = list_names(alua, is_dir);
	char *hba = in_target("core/%s_%u", d->plugin, d->hba);
	struct strings others;
	int rc = LUNARCTL_OK;

	for (size_t i = 0; i < groups.count && !rc; i++) {
		if (strcmp(groups.at[i], "default_tg_pt_gp"))
			rc = remove_dir(fmt("ALUA group %s of backstore %s", groups.at[i], d->name),
					fmt("%s/%s", alua, groups.at[i]));
	}
	if (!rc)
		rc = remove_dir(fmt("backstore %s", d->name), xstrdup(dir));
	others = list_names(hba, is_dir);
	/* One that stays does no harm: the next backstore takes it. */
	if (!rc && !others.count)
		remove_dir(fmt("the empty HBA %s_%u", d->plugin, d->hba), xstrdup(hba));
	strings_free(&others);
	free(hba);
	strings_free(&groups);
	free(alua);
	free(dir);
	return rc;
}

static int remove_all(const struct model *m)
{
	const struct target *t;
	const struct disk *d;
	const struct tpg *tpg;
	int rc = LUNARCTL_OK;

	for_each(t, m->targets) {
		for_each(tpg, t->tpgs) {
			if (!rc)
				rc = remove_in_tpg(t, tpg);
		}
		if (!rc && t->intent == REMOVE)
			rc = remove_dir(fmt("target %s", t->name),
					in_target("%s/%s", t->fabric, t->name));
	}
	for_each(d, m->disks) {
		if (!rc && d->intent == REMOVE)
			rc = remove_disk(d);
	}
	return rc;
}

int kernel_apply(const struct model *m)
{
	struct change c = { 0 };
	int rc = add_all(&c, m);

	if (!finish(&c, rc != LUNARCTL_OK))
		rc = LUNARCTL_UNCLEAN;
	return rc ? rc : remove_all(m);
}
