/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LAUNCH_COMMAND_H
#define LAUNCH_COMMAND_H

#include <stdbool.h>

/* What to run in the user's name: pure, from how the program itself was called. */

struct command_call {
	int argc; /* may be 0 */
	char *const *argv;
	bool forced; /* the passwd shell is another program: ForceCommand, su -s, or by hand */
	bool remote; /* sshd's environment is there (SSH_CONNECTION) */
	const char *original; /* SSH_ORIGINAL_COMMAND, or NULL */
	const char *shell;    /* the real shell's absolute path */
};

struct command {
	char **argv;      /* NULL-terminated; argv[0] begins with '-' for a login shell */
	const char *line; /* the command line given to ssh or -c, or NULL when interactive; borrowed
			     from the call */
};

/*
 * A name in argv[0] that is not ours is kept ("-su"); ours becomes the real
 * shell's, with its '-'. Forced and without arguments, the command that the
 * client asked for is handed to the real shell's -c, whole: it is never
 * unescaped or split here. Returns 0 or -ENOMEM; free with command_free().
 */
int command_make(struct command *, const struct command_call *);
void command_free(struct command *);

#endif
