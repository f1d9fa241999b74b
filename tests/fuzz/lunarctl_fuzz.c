// SPDX-License-Identifier: GPL-2.0
/*
 * What lunarctl is given, as any of its arguments; and lines as the names in a
 * model, whose JSON must be read by others.
 */

#include "cmd_status.c"
#include "parse.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

#define require(condition)		\
	do {				\
		if (!(condition))	\
			abort();	\
	} while (0)

void __wrap_complain(const char *format, ...);

void __wrap_complain(const char *format, ...)
{
	(void)format;
}

/* What was accepted and made canonical is accepted, and stays as it is. */
static void canonical(char *got, char *again)
{
	require(!got == !again);
	require(!got || !strcmp(got, again));
	free(got);
	free(again);
}

static void arguments(const char *text)
{
	char *got, *printed;
	unsigned int n;
	uint64_t bytes, same;

	if (parse_size(text, &bytes)) {
		printed = fmt("%ju", (uintmax_t)bytes);
		require(bytes && bytes <= INT64_MAX);
		require(parse_size(printed, &same) && same == bytes);
		free(printed);
	}
	if (parse_lun(text, &n))
		require(n <= LUNAR_LUN_MAX);
	if (parse_block_size(text, &n))
		require(n >= 512 && n <= 4096);
	if (parse_mode(text, &n))
		require(!strcmp(mode_name(n), text));
	if (check_disk_name(text))
		require(!strchr(text, '/') && *text != '.');
	if (check_chap_user(text))
		require(!strpbrk(text, " \n"));
	got = parse_iscsi_name("target", text);
	canonical(got, got ? parse_iscsi_name("target", got) : NULL);
	got = parse_portal(text);
	canonical(got, got ? parse_portal(got) : NULL);
	got = parse_serial(text);
	canonical(got, got ? parse_serial(got) : NULL);
}

/* The next line, "" behind the last. */
static char *line(char **rest)
{
	char *got = strsep(rest, "\n");

	return xstrdup(got ? got : "");
}

static void fill(struct model *m, char *rest)
{
	struct disk *d = list_add(m->disks);
	struct target *t = list_add(m->targets);
	struct tpg *tpg = list_add(t->tpgs);
	struct acl *acl = list_add(tpg->acls);
	struct module *mod = list_add(m->modules);

	d->plugin = xstrdup("fileio");
	d->name = line(&rest);
	d->path = line(&rest);
	d->serial = line(&rest);
	d->size = strlen(d->path) * 0x123456789abcdull;
	t->fabric = xstrdup("iscsi");
	t->name = line(&rest);
	acl->initiator = line(&rest);
	acl->chap.user = line(&rest);
	list_add(acl->session)->initiator = line(&rest);
	acl->session->state = line(&rest);
	list_add(acl->mappings);
	list_add(tpg->dynamic)->initiator = line(&rest);
	list_add(tpg->portals)->address = line(&rest);
	list_add(tpg->luns)->ref_disk = d;
	mod->name = line(&rest);
}

static void status(const struct model *m)
{
	const struct target *t = m->targets;
	char *text = NULL;
	FILE *old = stdout;
	size_t len;
	json_t *root, *name;

	stdout = open_memstream(&text, &len);
	require(stdout);
	print_text(m);
	fflush(stdout);
	rewind(stdout);
	require(print_json(m) == LUNARCTL_OK);
	fclose(stdout);
	stdout = old;
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	require(root);
	name = json_object_get(json_array_get(json_object_get(root, "targets"), 0), "target");
	require(json_is_null(name) || !strcmp(json_string_value(name), t->name));
	json_decref(root);
	free(text);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	char *text = malloc(size + 1);
	struct model m;

	memcpy(text, data, size);
	text[size] = '\0';
	arguments(text);
	if (strchr(text, '\n')) {
		model_init(&m);
		fill(&m, text);
		status(&m);
		model_free(&m);
	}
	free(text);
	return 0;
}
