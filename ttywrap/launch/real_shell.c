/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launcher, as _ttywrap; and ttywrap-check. Pure. The account database and the config are root's.
 */
#include "launch/real_shell.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define FALLBACK "/bin/bash"

static bool
is_self(const struct real_shell_ask *ask, const char *path)
{
	struct real_shell_id id;

	if (ask->self_path != NULL && strcmp(path, ask->self_path) == 0)
		return true;
	return ask->identify(ask->arg, path, &id) == 0 && id.dev == ask->self.dev &&
	       id.ino == ask->self.ino;
}

int
real_shell(const struct real_shell_ask *ask, char *out, size_t size, char *err, size_t err_size)
{
	const char *account = ask->passwd_shell != NULL && ask->passwd_shell[0] != '\0'
				  ? ask->passwd_shell
				  : "/bin/sh";
	bool configured = ask->conf_shell[0] != '\0';
	const char *shell = configured              ? ask->conf_shell
			    : is_self(ask, account) ? FALLBACK
						    : account;
	int n;

	if (shell != account && is_self(ask, shell)) {
		snprintf(err, err_size, "shell = %s is ttywrap itself; set 'shell' to a real shell",
		    shell);
		return -ELOOP;
	}
	if (shell[0] != '/') {
		snprintf(err, err_size,
		    "the shell '%s' is not an absolute path; mend the account with chsh", shell);
		return -EINVAL;
	}
	n = snprintf(out, size, "%s", shell);
	if (n < 0 || (size_t)n >= size) {
		snprintf(err, err_size, "the shell's path has more than %zu bytes", size - 1);
		return -EINVAL;
	}
	return 0;
}
