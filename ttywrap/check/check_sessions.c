/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ttywrap-check: recordings without an end. A recording's last line is a seal with end=1; one
 * without it that nobody holds locked (live.h) belonged to a session that was cut off: power
 * lost, machine reset, monitor killed.
 */
#include "check/check.h"

#include "check/finding.h"
#include "common/io.h"
#include "config.h"
#include "replay/cast.h"
#include "replay/live.h"
#include "replay/summary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAMES_SHOWN 5
#define TAIL        512 /* longer than a seal's line */
#define FRESH_S     10  /* may not have taken its lock yet */

static bool
ends_with(const char *s, const char *end)
{
	size_t n = strlen(s), m = strlen(end);

	return n >= m && strcmp(s + n - m, end) == 0;
}

static bool
is_recording(const char *name)
{
	return ends_with(name, ".cast") || ends_with(name, ".cast.zst");
}

/* Is the last line a seal that says it is the last? */
static bool
is_closed(int fd, off_t size)
{
	char tail[TAIL + 1], *line;
	off_t at = size > TAIL ? size - TAIL : 0;
	ssize_t n = pread(fd, tail, TAIL, at);

	if (n <= 0 || tail[n - 1] != '\n')
		return false;
	tail[n - 1] = '\0';
	line = memrchr(tail, '\n', (size_t)n - 1);
	line = line != NULL ? line + 1 : tail;
	return strstr(line, "\"s\"") != NULL && strstr(line, " end=1 ") != NULL;
}

/* A compressed one has to be read to its end. */
static bool
is_closed_packed(int fd, const char *name)
{
	struct summary s;
	struct cast_error err;
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	bool closed;

	if (copy < 0 || summary_read(&s, copy, name, false, &err) != 0)
		return false;
	closed = s.state != SUMMARY_CUT_OFF;
	summary_clear(&s);
	return closed;
}

static bool
is_cut_off(int dir_fd, const char *name, time_t now)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	bool cut = false;

	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_mtime + FRESH_S < now &&
	    !(ends_with(name, ".zst") ? is_closed_packed(fd, name) : is_closed(fd, st.st_size)))
		cut = !live_is_held(fd);
	io_close(&fd);
	return cut;
}

void
check_sessions(struct findings *f)
{
	DIR *d = opendir(TTYWRAP_LOGDIR);
	char names[1024] = "";
	unsigned cut = 0;
	const struct dirent *e;

	if (d == NULL && errno == EACCES)
		finding_note(f, "sudo ttywrap --check",
		    "%s: only root and group %s may look into it", TTYWRAP_LOGDIR, TTYWRAP_GROUP);
	if (d == NULL)
		return;
	while ((e = readdir(d)) != NULL) {
		size_t n = strlen(names);

		if (!is_recording(e->d_name) || !is_cut_off(dirfd(d), e->d_name, time(NULL)))
			continue;
		if (cut++ < NAMES_SHOWN)
			snprintf(names + n, sizeof names - n, " %s", e->d_name);
	}
	closedir(d);
	if (cut > 0)
		finding_note(f, "ttywrap --verify FILE",
		    "%u recordings end without a close; those sessions were cut off:%s%s", cut,
		    names, cut > NAMES_SHOWN ? " ..." : "");
}
