/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What is exported, as plain structs. kernel_load() fills a model from the
 * kernel, a command marks what is to be added or removed, and kernel_apply()
 * makes the kernel match. Every list is in the order the kernel's names sort
 * in; every struct owns its strings and its lists; pointers named ref_* only
 * point.
 */
#ifndef LUNARCTL_MODEL_H
#define LUNARCTL_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum intent { KEEP, ADD, REMOVE };

/* What INQUIRY and MODE SENSE promise about an answered write. */
enum mode { MODE_WRITE_THROUGH, MODE_WRITE_BACK, MODE_DIRECT };

/* A backstore object: target/core/<plugin>_<hba>/<name>. */
struct disk {
	struct disk *next;
	enum intent intent;
	char *plugin;
	unsigned int hba;
	char *name;
	char *path;              /* "" when the plugin has none */
	uint64_t size;           /* bytes; 0 when the kernel does not say */
	bool is_block;           /* path is a block device: its size is not ours to tell */
	unsigned int block_size; /* bytes; for ADD 0 leaves it to the kernel */
	enum mode mode;
	bool unsafe;  /* advertises no write cache, yet keeps writes in one */
	char *serial; /* VPD page 0x80, from which the NAA name is made */
};

struct lun {
	struct lun *next;
	enum intent intent;
	unsigned int number;
	struct disk *ref_disk; /* NULL: a LUN directory without a backstore */
};

/* A LUN as one initiator sees it. */
struct mapping {
	struct mapping *next;
	enum intent intent;
	unsigned int number;
	bool read_only;
	struct lun *ref_lun;
};

struct session {
	struct session *next;
	char *initiator;
	char *address; /* NULL: the kernel does not say */
	char *state;   /* NULL: the kernel does not say */
};

struct chap {
	char *user;   /* NULL: none */
	char *secret; /* only to be set: never loaded */
};

struct acl {
	struct acl *next;
	enum intent intent;
	char *initiator;
	struct chap chap;
	struct mapping *mappings;
	struct session *session;
};

struct portal {
	struct portal *next;
	enum intent intent;
	char *address; /* 192.0.2.1:3260 or [2001:db8::1]:3260 */
};

struct tpg {
	struct tpg *next;
	enum intent intent;
	unsigned int tag;
	bool enabled;
	bool authentication; /* no login without CHAP */
	bool any_initiator;  /* demo mode: initiators without an ACL see every LUN */
	struct chap chap;    /* for initiators without an ACL */
	struct lun *luns;
	struct acl *acls;
	struct portal *portals;
	struct session *dynamic; /* of initiators without an ACL */
};

struct target {
	struct target *next;
	enum intent intent;
	char *fabric;
	char *name;
	struct tpg *tpgs;
};

struct module {
	struct module *next;
	char *name;
	char *version; /* NULL: it states none */
};

struct model {
	struct disk *disks;
	struct target *targets;
	struct module *modules;
	int lock; /* descriptor of the lock file, or -1 */
};

/* Appends to a list; the new element is zeroed. */
#define list_add(head)                                                                             \
	({                                                                                         \
		__typeof__(head) *_end = &(head);                                                  \
		while (*_end)                                                                      \
			_end = &(*_end)->next;                                                     \
		*_end = xzalloc(sizeof(**_end));                                                   \
		*_end;                                                                             \
	})

void model_init(struct model *m);
void model_free(struct model *m); /* also lets go of the lock */

struct disk *model_disk(const struct model *m, const char *plugin, const char *name);
struct target *model_target(const struct model *m, const char *fabric, const char *name);
struct tpg *target_tpg(const struct target *t, unsigned int tag);
struct acl *tpg_acl(const struct tpg *tpg, const char *initiator);
struct portal *tpg_portal(const struct tpg *tpg, const char *address);
struct lun *tpg_lun(const struct tpg *tpg, unsigned int number);
struct mapping *acl_mapping(const struct acl *acl, unsigned int number);

/* The lowest HBA number that holds no backstore object, as rtslib picks it. */
unsigned int model_free_hba(const struct model *m);

const char *mode_name(enum mode mode);

#endif /* LUNARCTL_MODEL_H */
