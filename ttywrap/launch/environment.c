/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launcher. The bytes are the user's and are only split at their NULs. */
#include "launch/environment.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "common/io.h"

/* execve(2): arguments and environment together never exceed 3/4 of 8 MiB. */
#define ENVIRONMENT_MAX (6u << 20)

/*
 * The file belongs to root while the process may not be dumped, so it is made
 * dumpable for the open alone. Nobody can attach meanwhile: the three uids are
 * not all the user's (ptrace(2), "access mode checking").
 */
static int
environment_open(void)
{
	int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
	int fd, saved;

	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	fd = open("/proc/self/environ", O_RDONLY | O_CLOEXEC);
	saved = errno;
	if (dumpable != 1)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return fd >= 0 ? fd : -saved;
}

static int
environment_read(char **text, size_t *len)
{
	size_t room = 4096;
	int fd = environment_open();

	if (fd < 0)
		return fd;
	*text = NULL;
	*len = 0;
	for (;;) {
		char *more = realloc(*text, room + 1);
		ssize_t got;

		if (more == NULL)
			break;
		*text = more;
		got = io_read(fd, *text + *len, room - *len);
		if (got < 0)
			break;
		*len += (size_t)got;
		if (got == 0) {
			(*text)[*len] = '\0';
			io_close(&fd);
			return 0;
		}
		if (*len == room && (room *= 2) > ENVIRONMENT_MAX)
			break;
	}
	io_close(&fd);
	free(*text);
	*text = NULL;
	return -E2BIG;
}

int
environment_take(struct environment *env)
{
	size_t len, count = 0, at = 0;
	int r;

	*env = (struct environment){0};
	r = environment_read(&env->text, &len);
	if (r < 0)
		return r;
	for (size_t i = 0; i < len; i++)
		count += env->text[i] == '\0';
	env->envp = calloc(count + 2, sizeof *env->envp);
	if (env->envp == NULL) {
		environment_free(env);
		return -ENOMEM;
	}
	for (size_t i = 0; at < len; at += strlen(env->text + at) + 1)
		env->envp[i++] = env->text + at;
	return 0;
}

void
environment_free(struct environment *env)
{
	free(env->envp);
	free(env->text);
	*env = (struct environment){0};
}
