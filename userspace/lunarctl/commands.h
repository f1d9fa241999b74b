/* SPDX-License-Identifier: GPL-2.0 */
/* The subcommands. argv[0] is "lunarctl NAME"; they return an exit code. */
#ifndef LUNARCTL_COMMANDS_H
#define LUNARCTL_COMMANDS_H

int cmd_export(int argc, char **argv);
int cmd_unexport(int argc, char **argv);
int cmd_snapshot(int argc, char **argv);
int cmd_status(int argc, char **argv);
int cmd_ls(int argc, char **argv);

#endif /* LUNARCTL_COMMANDS_H */
