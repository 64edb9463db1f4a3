/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launcher: real uid the user's, effective and saved _ttywrap's. Distrusts the passwd entry's
 * lengths. */
#include "launch/identity.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/privilege.h"
#include "config.h"

static int
copy(char *dst, size_t n, const char *src)
{
	size_t len = strlen(src);

	if (len >= n)
		return -ENAMETOOLONG;
	memcpy(dst, src, len + 1);
	return 0;
}

static int
take_passwd(struct identity *id)
{
	struct passwd entry, *found = NULL;
	size_t n = 16384;
	char *buf = malloc(n);
	int r;

	if (buf == NULL)
		return -ENOMEM;
	r = -getpwuid_r(id->user, &entry, buf, n, &found);
	if (r == 0 && found == NULL)
		r = -ENOENT;
	if (r == 0)
		r = copy(id->name, sizeof id->name, entry.pw_name);
	if (r == 0)
		r = copy(id->home, sizeof id->home, entry.pw_dir);
	if (r == 0)
		r = copy(id->shell, sizeof id->shell,
		    entry.pw_shell[0] != '\0' ? entry.pw_shell : "/bin/sh");
	free(buf);
	return r;
}

int
identity_take(struct identity *id)
{
	uid_t saved;
	uint64_t effective;
	ssize_t n;
	int r;

	*id = (struct identity){0};
	if (getresuid(&id->user, &id->service, &saved) != 0)
		return -errno;
	id->group = getgid();
	id->privileged = id->service != id->user;
	r = privilege_get(&id->permitted, &effective, &id->inheritable);
	if (r < 0)
		return r;
	n = readlink("/proc/self/exe", id->exe, sizeof id->exe - 1);
	if (n < 0)
		return -errno;
	id->exe[n] = '\0';
	id->installed = strcmp(id->exe, TTYWRAP_BIN) == 0;
	return take_passwd(id);
}

static int
fits(int len, size_t n)
{
	return len >= 0 && (size_t)len < n ? 0 : -ENAMETOOLONG;
}

int
identity_program(const struct identity *id, const char *role, char *path, size_t n)
{
	const char *slash = strrchr(id->exe, '/');

	if (id->privileged || id->installed || slash == NULL)
		return fits(snprintf(path, n, "%s/ttywrap-%s", TTYWRAP_LIBEXEC, role), n);
	return fits(
	    snprintf(path, n, "%.*s/../%s/ttywrap-%s", (int)(slash - id->exe), id->exe, role, role),
	    n);
}

int
identity_state_directory(const struct identity *id, char *path, size_t n)
{
	const char *state = secure_getenv("XDG_STATE_HOME");

	if (state != NULL && state[0] == '/')
		return fits(snprintf(path, n, "%s/ttywrap", state), n);
	return fits(snprintf(path, n, "%s/.local/state/ttywrap", id->home), n);
}
