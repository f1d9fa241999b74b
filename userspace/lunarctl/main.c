// SPDX-License-Identifier: GPL-2.0
#include "commands.h"
#include "util.h"

#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../uapi/lunar.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "export", cmd_export, "make an image file or block device a LUN" },
	{ "unexport", cmd_unexport, "take an export back; the image stays" },
	{ "snapshot", cmd_snapshot, "clone the image of an export in use" },
	{ "status", cmd_status, "show what is exported, to whom, and who is logged in" },
	{ "ls", cmd_ls, "list the names of what is exported" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static void usage(FILE *out)
{
	fprintf(out, "Usage: lunarctl COMMAND [OPTION...]\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
	fprintf(out, "\nlunarctl COMMAND --help shows a command's options. See lunarctl(8).\n");
}

/* Output that could not be written is a failure, whatever was done. */
static int flushed(int rc)
{
	if (fflush(stdout) || ferror(stdout)) {
		complain("cannot write to standard output");
		return rc ? rc : LUNARCTL_FAILED;
	}
	return rc;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";

	argp_program_version = "lunarctl " LUNAR_VERSION;
	argp_err_exit_status = LUNARCTL_USAGE;
	for (size_t i = 0; i < COMMANDS; i++) {
		char *full_name;
		int rc;

		if (strcmp(name, commands[i].name))
			continue;
		full_name = fmt("lunarctl %s", name);
		argv[1] = full_name;
		rc = flushed(commands[i].run(argc - 1, argv + 1));
		free(full_name);
		return rc;
	}
	if (!strcmp(name, "--help") || !strcmp(name, "help")) {
		usage(stdout);
		return flushed(LUNARCTL_OK);
	}
	if (!strcmp(name, "--version")) {
		puts(argp_program_version);
		return flushed(LUNARCTL_OK);
	}
	if (*name)
		complain("there is no command '%s'", name);
	usage(stderr);
	return LUNARCTL_USAGE;
}
