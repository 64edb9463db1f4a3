/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launcher, before it has done anything. Nothing of argv is looked at but its second word's
 * beginning. */
#include "launch/verb.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/privilege.h"
#include "launch/identity.h"

extern char **environ;

bool
verb_wanted(int argc, char *const *argv)
{
	return argc > 1 && argv[1][0] == '-' && argv[1][1] == '-';
}

int
verb_run(const struct identity *id, char *const *argv)
{
	const struct privilege_row row = {.uid = id->user};
	char why[128], program[PATH_MAX];
	bool check = strcmp(argv[1], "--check") == 0;
	int saved;

	if (setresuid(id->user, id->user, id->user) != 0 || privilege_set(0, 0, 0) != 0 ||
	    privilege_check(&row, why, sizeof why) != 0) {
		log_user("the privileges cannot be given up");
		return 1;
	}
	if (identity_program(id, check ? "check" : "replay", program, sizeof program) == 0)
		execve(program, argv, environ);
	saved = errno;
	log_user("%s: %s", program, strerror(saved));
	return 1;
}
