/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LAUNCH_REAL_SHELL_H
#define LAUNCH_REAL_SHELL_H

#include <stddef.h>
#include <sys/types.h>

/* Which program is run behind ttywrap. Pure: the caller looks files up. */

struct real_shell_id {
	dev_t dev;
	ino_t ino;
};

struct real_shell_ask {
	const char *conf_shell;    /* "" = not set */
	const char *passwd_shell;  /* as it stands in the account database; "" or NULL = /bin/sh, as
				      passwd(5) has it */
	struct real_shell_id self; /* of the ttywrap that runs */
	const char
	    *self_path; /* where it is installed: for an account that names a path that is gone */
	/* What a path leads to, links followed. 0 or -errno. */
	int (*identify)(void *arg, const char *path, struct real_shell_id *id);
	void *arg;
};

/*
 * Writes the shell's absolute path to out. Chosen: the config's, else the account's, else (the
 * account's is ttywrap itself) /bin/bash. Returns 0; -ELOOP when the config's shell, or /bin/bash,
 * is ttywrap itself; -EINVAL when it is not absolute or does not fit; both with err (err_size
 * bytes) saying what to change. Whether the shell can be run is left to execve(2): its error is
 * the one the user would have seen without ttywrap.
 */
int real_shell(const struct real_shell_ask *, char *out, size_t size, char *err, size_t err_size);

#endif
