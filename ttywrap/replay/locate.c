/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program: what may be opened is what its user may open anyway. */
#include "replay/locate.h"

#include "common/io.h"
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const *
locate_directories(void)
{
	static char state[PATH_MAX];
	static char own[sizeof TTYWRAP_OWNDIR + 16];
	static const char *dirs[3];
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");

	snprintf(own, sizeof own, TTYWRAP_OWNDIR "/%u", (unsigned)getuid());
	dirs[0] = access(TTYWRAP_LOGDIR, R_OK | X_OK) != 0 && access(own, R_OK | X_OK) == 0
		      ? own
		      : TTYWRAP_LOGDIR;
	if (xdg && *xdg == '/')
		snprintf(state, sizeof state, "%s/ttywrap", xdg);
	else if (home && *home == '/')
		snprintf(state, sizeof state, "%s/.local/state/ttywrap", home);
	dirs[1] = *state ? state : NULL;
	return dirs;
}

static int
open_regular(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
		close(fd);
		return -EISDIR;
	}
	return fd;
}

static bool
is_named(const char *file, const char *name)
{
	size_t n = strlen(name);

	return strncmp(file, name, n) == 0 &&
	       (!file[n] || !strcmp(file + n, ".cast") || !strcmp(file + n, ".cast.zst"));
}

/* NULL with errno set. */
static char *
find_below(const char *dir, const char *name)
{
	char *paths[] = {(char *)(uintptr_t)dir, NULL}, *found = NULL;
	FTS *fts = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *e;
	int error = ENOENT;

	while (fts && !found && (e = fts_read(fts))) {
		if (e->fts_info == FTS_F && is_named(e->fts_name, name))
			found = strdup(e->fts_path);
		else if (e->fts_info == FTS_DNR && e->fts_level == 0 && e->fts_errno == EACCES)
			error = EACCES;
	}
	if (fts)
		fts_close(fts);
	errno = error;
	return found;
}

char *
locate_path(const char *name)
{
	const char *const *dirs;
	char *found = NULL;
	int error = ENOENT;

	if (strchr(name, '/') || access(name, F_OK) == 0)
		return strdup(name);
	for (dirs = locate_directories(); *dirs && !found; dirs++) {
		found = find_below(*dirs, name);
		if (!found && errno == EACCES)
			error = EACCES;
	}
	errno = error;
	return found;
}

/* Standard input, in memory, so that one can go back in it. */
static int
open_stdin(void)
{
	struct stat st;
	char buf[65536];
	ssize_t n;
	int fd;

	if (fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode))
		return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	fd = memfd_create("recording", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((n = io_read(STDIN_FILENO, buf, sizeof buf)) > 0)
		if ((n = io_write_all(fd, buf, (size_t)n)) < 0)
			break;
	if (n < 0 || lseek(fd, 0, SEEK_SET) != 0) {
		close(fd);
		return n < 0 ? (int)n : -errno;
	}
	return fd;
}

int
locate_open(const char *name)
{
	char *path;
	int fd;

	if (!strcmp(name, "-"))
		return open_stdin();
	path = locate_path(name);
	if (!path)
		return -errno;
	fd = open_regular(path);
	free(path);
	return fd;
}
