/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launcher. Pure. argv and SSH_ORIGINAL_COMMAND are the user's: passed on whole, never parsed. */
#include "launch/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

static bool
is_our_name(const char *arg0)
{
	return strcmp(base_name(arg0 + (arg0[0] == '-')), "ttywrap") == 0;
}

/* "-bash", "bash", or what the caller had in argv[0] where that was not our own name. */
static char *
name_make(const char *arg0, const char *shell, bool login)
{
	const char *base = base_name(shell);
	size_t n = strlen(base);
	char *name;

	if (!is_our_name(arg0))
		return strdup(arg0);
	name = malloc(n + 2);
	if (name == NULL)
		return NULL;
	name[0] = '-';
	memcpy(name + 1, base, n + 1);
	if (!login)
		memmove(name, name + 1, n + 1);
	return name;
}

int
command_make(struct command *c, const struct command_call *call)
{
	const char *arg0 = call->argc > 0 ? call->argv[0] : "ttywrap";
	bool bare = call->argc <= 1 && arg0[0] != '-' && call->forced;
	bool login = arg0[0] == '-' || (bare && call->remote && call->original == NULL);
	size_t rest = call->argc > 1 ? (size_t)call->argc - 1 : 0;

	*c = (struct command){.argv = calloc(rest + 4, sizeof *c->argv)};
	if (c->argv == NULL)
		return -ENOMEM;
	c->argv[0] = name_make(arg0, call->shell, login);
	if (c->argv[0] == NULL) {
		command_free(c);
		return -ENOMEM;
	}
	if (bare && call->original != NULL) {
		c->argv[1] = (char *)"-c";
		c->argv[2] = (char *)call->original;
	} else if (rest > 0) {
		memcpy(c->argv + 1, call->argv + 1, rest * sizeof *c->argv);
	}
	if (c->argv[1] != NULL && strcmp(c->argv[1], "-c") == 0)
		c->line = c->argv[2];
	return 0;
}

void
command_free(struct command *c)
{
	if (c->argv != NULL)
		free(c->argv[0]);
	free(c->argv);
	*c = (struct command){0};
}
