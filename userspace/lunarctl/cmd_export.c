// SPDX-License-Identifier: GPL-2.0
/* lunarctl export: from a path to a LUN that initiators can log in to. */
#include "commands.h"
#include "image.h"
#include "kernel.h"
#include "model.h"
#include "parse.h"
#include "util.h"

#include <argp.h>
#include <ctype.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../uapi/lunar.h"

#define TPG_TAG 1
#define DEFAULT_PORTAL "0.0.0.0:3260"

/* What was asked for, checked. */
struct request {
	char *path;
	char *name;
	char *target;
	uint64_t size; /* 0: that of the image */
	unsigned int mode;
	unsigned int lun; /* valid if lun_given */
	bool lun_given;
	bool any_initiator;
	unsigned int block_size; /* 0: the default */
	char *serial;
	bool known; /* the serial was given: hosts may know the disk */
	struct strings portals;
	struct strings initiators;
	const char *chap_user;
	const char *chap_secret_file;
	char *chap_secret;
};

enum { OPT_ANY_INITIATOR = 0x100, OPT_CHAP_USER, OPT_CHAP_SECRET_FILE, OPT_BLOCK_SIZE, OPT_SERIAL };

static const struct argp_option options[] = {
	{ "name", 'n', "NAME", 0, "backstore name (default: the image's file name)", 0 },
	{ "size", 's', "SIZE", 0, "create the image, sparse, if it is not there: 500G, 4T", 0 },
	{ "target", 't', "IQN", 0, "target name (default: from host name and NAME)", 0 },
	{ "portal", 'p', "ADDR:PORT", 0, "where to listen; may be repeated (0.0.0.0:3260)", 0 },
	{ "initiator", 'i', "IQN", 0, "who may log in; may be repeated", 0 },
	{ "any-initiator", OPT_ANY_INITIATOR, 0, 0, "let every initiator log in", 0 },
	{ "chap-user", OPT_CHAP_USER, "USER", 0, "ask for CHAP with this user", 0 },
	{ "chap-secret-file", OPT_CHAP_SECRET_FILE, "FILE", 0,
	  "read the secret from FILE, or - for standard input (default: from the environment "
	  "variable LUNARCTL_CHAP_SECRET)",
	  0 },
	{ "mode", 'm', "MODE", 0, "write-through (default), write-back or direct", 0 },
	{ "lun", 'l', "N", 0, "LUN number (default: the lowest free one)", 0 },
	{ "block-size", OPT_BLOCK_SIZE, "N", 0, "logical block size: 512 (default) to 4096", 0 },
	{ "serial", OPT_SERIAL, "UUID", 0, "unit serial number, to keep an identity (random)", 0 },
	{ 0 }
};

static bool add_to(struct strings *list, char *s)
{
	if (!s)
		return false;
	if (strings_have(list, s))
		free(s);
	else
		strings_add(list, s);
	return true;
}

/* For an option that counts once: the last one wins. */
static bool replace(char **at, char *s)
{
	free(*at);
	*at = s;
	return s;
}

static error_t parse_option(int key, char *arg, struct argp_state *state)
{
	struct request *req = state->input;
	bool ok = true;

	switch (key) {
	case 'n':
		ok = check_disk_name(arg) && replace(&req->name, xstrdup(arg));
		break;
	case 's':
		ok = parse_size(arg, &req->size);
		break;
	case 't':
		ok = replace(&req->target, parse_iscsi_name("target", arg));
		break;
	case 'p':
		ok = add_to(&req->portals, parse_portal(arg));
		break;
	case 'i':
		ok = add_to(&req->initiators, parse_iscsi_name("initiator", arg));
		break;
	case OPT_ANY_INITIATOR:
		req->any_initiator = true;
		break;
	case OPT_CHAP_USER:
		ok = check_chap_user(arg);
		req->chap_user = arg;
		break;
	case OPT_CHAP_SECRET_FILE:
		req->chap_secret_file = arg;
		break;
	case 'm':
		ok = parse_mode(arg, &req->mode);
		break;
	case 'l':
		ok = parse_lun(arg, &req->lun);
		req->lun_given = true;
		break;
	case OPT_BLOCK_SIZE:
		ok = parse_block_size(arg, &req->block_size);
		break;
	case OPT_SERIAL:
		ok = replace(&req->serial, parse_serial(arg));
		break;
	case ARGP_KEY_ARG:
		if (state->arg_num)
			argp_error(state, "only one PATH can be exported at a time: %s", arg);
		ok = replace(&req->path, xstrdup(arg));
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "which image? Give its PATH");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return ok ? 0 : EINVAL;
}

static const struct argp argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "PATH",
	.doc = "Make an image file or block device a LUN.\vEither --initiator or --any-initiator is "
	       "needed. Exit codes and examples are in lunarctl(8).",
};

/* The image's file name without its suffix. */
static char *default_name(const char *path)
{
	char *copy = xstrdup(path);
	char *name = xstrdup(basename(copy));
	char *dot = strrchr(name, '.');

	if (dot && dot > name)
		*dot = '\0';
	free(copy);
	return name;
}

/* Letters, digits, '-' and '.' in lower case: what a target name may have. */
static char *iqn_part(const char *s)
{
	char *part = xstrdup(s), *to = part;

	for (; *s; s++) {
		if (isalnum((unsigned char)*s) || *s == '-' || *s == '.')
			*to++ = tolower((unsigned char)*s);
		else if (*s == '_')
			*to++ = '-';
	}
	*to = '\0';
	return part;
}

static char *default_target(const char *name)
{
	char host[256] = "";
	char *host_part, *name_part, *target;

	gethostname(host, sizeof(host) - 1);
	host[strcspn(host, ".")] = '\0';
	host_part = iqn_part(host);
	name_part = iqn_part(name);
	target = fmt("%s.%s:%s", LUNAR_IQN_PREFIX, *host_part ? host_part : "localhost", name_part);
	free(name_part);
	free(host_part);
	return target;
}

/* Fills in the defaults, and refuses what does not go together. */
static int complete(struct request *req)
{
	if (!req->name) {
		req->name = default_name(req->path);
		if (!check_disk_name(req->name))
			return LUNARCTL_USAGE;
	}
	if (!req->target)
		req->target = default_target(req->name);
	if (!req->initiators.count && !req->any_initiator) {
		complain(
			"nobody could log in; name who may with --initiator IQN, or open the target "
			"to everybody with --any-initiator");
		return LUNARCTL_USAGE;
	}
	if (req->initiators.count && req->any_initiator) {
		complain("--initiator and --any-initiator exclude each other; give one of them");
		return LUNARCTL_USAGE;
	}
	if (req->chap_secret_file && !req->chap_user) {
		complain("--chap-secret-file needs --chap-user");
		return LUNARCTL_USAGE;
	}
	if (req->chap_user) {
		req->chap_secret = read_chap_secret(req->chap_secret_file);
		if (!req->chap_secret)
			return LUNARCTL_USAGE;
	}
	req->known = req->serial;
	if (!req->known)
		req->serial = random_uuid();
	return LUNARCTL_OK;
}

/* Size and block size of the disk to be, from the image or for it. */
static int fit_image(const struct request *req, struct image *img)
{
	unsigned int block_size = req->block_size;

	if (!img->present && !req->size) {
		complain("%s does not exist; give --size to create it, or correct the path",
			 img->path);
		return LUNARCTL_MISSING;
	}
	/* Hosts would find a disk that they know empty: its filesystem is not mounted. */
	if (!img->present && req->known) {
		complain(
			"%s does not exist; with --serial, which is for a disk that hosts know, it is "
			"not created",
			img->path);
		return LUNARCTL_MISSING;
	}
	if (img->present && req->size && req->size != img->size) {
		complain(
			"%s has %ju bytes, not the %ju of --size; leave --size out to export it as it "
			"is",
			img->path, (uintmax_t)img->size, (uintmax_t)req->size);
		return LUNARCTL_CONFLICT;
	}
	if (!img->present)
		img->size = req->size;
	if (!block_size)
		block_size = img->is_block ? img->block_size : LUNAR_BLOCK_SIZE_DEFAULT;
	if (!img->size || img->size % block_size) {
		complain("%s has %ju bytes, which is %s blocks of %u bytes; %s", img->path,
			 (uintmax_t)img->size, img->size ? "not a whole number of" : "no",
			 block_size, img->present ? "change it with truncate -s" : "change --size");
		return LUNARCTL_CONFLICT;
	}
	return LUNARCTL_OK;
}

/* Before image_check(): a disk has claimed its block device. */
static int check_not_exported(const struct model *m, const struct image *img)
{
	struct disk *d;

	for_each(d, m->disks) {
		if (!*d->path || !image_is(img, d->path))
			continue;
		complain("%s is exported already, as %s; two LUNs on one image would destroy it. "
			 "See lunarctl status",
			 img->path, d->name);
		return LUNARCTL_CONFLICT;
	}
	return LUNARCTL_OK;
}

static int plan_disk(struct model *m, const struct request *req, const struct image *img,
		     struct disk **added)
{
	unsigned int hba = model_free_hba(m);
	struct disk *d;

	for_each(d, m->disks) {
		if (!strcmp(d->name, req->name) && !strcmp(d->plugin, LUNAR_BACKSTORE_NAME)) {
			complain("backstore %s exists already, for %s; choose another --name",
				 d->name, *d->path ? d->path : "no path");
			return LUNARCTL_CONFLICT;
		}
	}
	d = list_add(m->disks);
	d->intent = ADD;
	d->hba = hba;
	d->plugin = xstrdup(LUNAR_BACKSTORE_NAME);
	d->name = xstrdup(req->name);
	d->path = xstrdup(img->path);
	d->size = img->size;
	d->is_block = img->is_block;
	d->block_size = req->block_size;
	d->mode = req->mode;
	d->serial = xstrdup(req->serial);
	*added = d;
	return LUNARCTL_OK;
}

/* What the TPG is now must agree with what is asked for: others may use it. */
static int agree_with_tpg(const struct request *req, const struct target *t, const struct tpg *tpg)
{
	const char *problem = NULL;

	if (!tpg->enabled)
		problem = "is disabled; enable it first (targetcli)";
	else if (req->any_initiator && !tpg->any_initiator)
		problem = "is closed, and --any-initiator would open its other LUNs too";
	else if (!req->any_initiator && tpg->any_initiator)
		problem = "lets every initiator log in, which --initiator would not change; give "
			  "--any-initiator";
	else if (req->chap_user && !tpg->authentication)
		problem = "does not ask for CHAP, and --chap-user would lock others out";
	else if (req->chap_user && req->any_initiator)
		problem = "has a CHAP user for every initiator already; leave --chap-user out";
	if (!problem)
		return LUNARCTL_OK;
	complain("target %s %s, or choose another --target", t->name, problem);
	return LUNARCTL_CONFLICT;
}

static int plan_lun(const struct request *req, const struct target *t, struct tpg *tpg,
		    struct disk *disk, struct lun **added)
{
	unsigned int number = req->lun;

	if (!req->lun_given) {
		for (number = 0; tpg_lun(tpg, number);)
			number++;
	}
	if (tpg_lun(tpg, number) || number > LUNAR_LUN_MAX) {
		complain("LUN %u of target %s is taken or beyond %d; choose another --lun", number,
			 t->name, LUNAR_LUN_MAX);
		return LUNARCTL_CONFLICT;
	}
	*added = list_add(tpg->luns);
	(*added)->intent = ADD;
	(*added)->number = number;
	(*added)->ref_disk = disk;
	return LUNARCTL_OK;
}

/* Every initiator sees the LUN under the number that the target has: ESXi needs that. */
static int plan_acl(const struct request *req, const struct target *t, struct tpg *tpg,
		    const char *initiator, struct lun *lun)
{
	struct acl *acl = tpg_acl(tpg, initiator);
	struct mapping *map;

	if (acl && acl->chap.user && req->chap_user) {
		complain(
			"%s has CHAP user %s in target %s already; leave --chap-user out to keep it, "
			"or choose another --target",
			initiator, acl->chap.user, t->name);
		return LUNARCTL_CONFLICT;
	}
	if (tpg->authentication && !req->chap_user && !(acl && acl->chap.user)) {
		complain("target %s asks for CHAP and %s has no user there; give --chap-user, or "
			 "choose another --target",
			 t->name, initiator);
		return LUNARCTL_CONFLICT;
	}
	if (acl && req->chap_user) {
		complain(
			"%s is in target %s already, without a CHAP user; set one there (targetcli), "
			"or choose another --target",
			initiator, t->name);
		return LUNARCTL_CONFLICT;
	}
	if (acl && acl_mapping(acl, lun->number)) {
		complain("%s sees another LUN as %u in target %s; choose another --lun", initiator,
			 lun->number, t->name);
		return LUNARCTL_CONFLICT;
	}
	if (!acl) {
		acl = list_add(tpg->acls);
		acl->intent = ADD;
		acl->initiator = xstrdup(initiator);
		if (req->chap_user) {
			acl->chap.user = xstrdup(req->chap_user);
			acl->chap.secret = xstrdup(req->chap_secret);
		}
	}
	map = list_add(acl->mappings);
	map->intent = ADD;
	map->number = lun->number;
	map->ref_lun = lun;
	return LUNARCTL_OK;
}

static void plan_portal(struct tpg *tpg, const char *address)
{
	struct portal *p;

	if (tpg_portal(tpg, address))
		return;
	p = list_add(tpg->portals);
	p->intent = ADD;
	p->address = xstrdup(address);
}

static int plan_tpg(struct model *m, const struct request *req, struct target **t, struct tpg **tpg)
{
	*t = model_target(m, LUNAR_FABRIC_NAME, req->target);
	if (!*t) {
		*t = list_add(m->targets);
		(*t)->intent = ADD;
		(*t)->fabric = xstrdup(LUNAR_FABRIC_NAME);
		(*t)->name = xstrdup(req->target);
	}
	*tpg = target_tpg(*t, TPG_TAG);
	if (*tpg)
		return agree_with_tpg(req, *t, *tpg);
	*tpg = list_add((*t)->tpgs);
	(*tpg)->intent = ADD;
	(*tpg)->tag = TPG_TAG;
	(*tpg)->any_initiator = req->any_initiator;
	(*tpg)->authentication = req->chap_user;
	if (req->any_initiator && req->chap_user) {
		(*tpg)->chap.user = xstrdup(req->chap_user);
		(*tpg)->chap.secret = xstrdup(req->chap_secret);
	}
	return LUNARCTL_OK;
}

static int plan(struct model *m, const struct request *req, const struct image *img, char **summary)
{
	struct target *t;
	struct tpg *tpg;
	struct disk *disk;
	struct lun *lun;
	int rc = plan_disk(m, req, img, &disk);

	if (!rc)
		rc = plan_tpg(m, req, &t, &tpg);
	if (!rc)
		rc = plan_lun(req, t, tpg, disk, &lun);
	for (size_t i = 0; i < req->initiators.count && !rc; i++)
		rc = plan_acl(req, t, tpg, req->initiators.at[i], lun);
	if (rc)
		return rc;
	for (size_t i = 0; i < req->portals.count; i++)
		plan_portal(tpg, req->portals.at[i]);
	if (!tpg->portals)
		plan_portal(tpg, DEFAULT_PORTAL);
	*summary = fmt("%s: LUN %u of target %s, %s, serial %s", disk->name, lun->number, t->name,
		       mode_name(disk->mode), disk->serial);
	return LUNARCTL_OK;
}

static int export(const struct request *req, struct model *m, struct image *img)
{
	char *summary = NULL;
	int rc = kernel_load(m, true);

	/* Under the lock: what is seen here must still be so when it is used. */
	if (!rc)
		rc = image_look(img, req->path);
	if (!rc)
		rc = check_not_exported(m, img);
	if (!rc)
		rc = image_check(img);
	if (!rc)
		rc = fit_image(req, img);
	if (!rc)
		rc = plan(m, req, img, &summary);
	if (!rc && !img->present)
		rc = image_create(img);
	if (!rc) {
		rc = kernel_apply(m);
		/* If something could not be undone the image may be in use. */
		if (rc == LUNARCTL_FAILED && !img->present && unlink(img->path)) {
			complain("cannot remove %s again: %s", img->path, strerror(errno));
			rc = LUNARCTL_UNCLEAN;
		}
	}
	if (!rc && !img->present)
		printf("created %s\n", img->path);
	if (!rc)
		puts(summary);
	free(summary);
	return rc;
}

int cmd_export(int argc, char **argv)
{
	struct request req = { .mode = MODE_WRITE_THROUGH };
	struct image img = { 0 };
	struct model m;
	int rc = LUNARCTL_USAGE;

	model_init(&m);
	if (!argp_parse(&argp, argc, argv, 0, NULL, &req))
		rc = complete(&req);
	if (!rc)
		rc = export(&req, &m, &img);
	image_free(&img);
	model_free(&m);
	free(req.path);
	free(req.name);
	free(req.target);
	free(req.serial);
	strings_free(&req.portals);
	strings_free(&req.initiators);
	free_secret(req.chap_secret);
	return rc;
}
