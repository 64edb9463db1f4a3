/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Shell: enters as a copy of the launcher (real uid the user's), leaves as the
 * user's own program. Everything of ours is close-on-exec.
 */
#include "shell/shell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <syslog.h>
#include <unistd.h>

#include "common/log.h"
#include "common/privilege.h"

static int
drop(const struct shell *s, char *why, size_t n)
{
	const struct privilege_row row = {.uid = s->user, .inheritable = s->inheritable};

	/* No privilege needed: the real uid is the user's still. */
	if (setresuid(s->user, s->user, s->user) != 0 || privilege_set(0, 0, s->inheritable) != 0) {
		snprintf(why, n, "the privileges cannot be given up");
		return -EPERM;
	}
	return privilege_check(&row, why, n);
}

/* A session of its own on the inner terminal: nothing in it shares the outer one (TIOCSTI,
 * /dev/tty). */
static int
take_terminal(const struct shell *s)
{
	if (s->pts_fd >= 0 && (setsid() < 0 || ioctl(s->pts_fd, TIOCSCTTY, 0) != 0))
		return -errno;
	for (int fd = 0; fd < 3; fd++)
		if (s->stdio[fd] >= 0 && dup2(s->stdio[fd], fd) < 0)
			return -errno;
	return 0;
}

int
shell_become(const struct shell *s)
{
	char why[128] = "";
	int r, saved;

	r = take_terminal(s);
	if (r < 0) {
		log_admin(LOG_ERR, "the shell's terminal cannot be set up: %s", strerror(-r));
		return 126;
	}
	if (drop(s, why, sizeof why) < 0) {
		log_admin(LOG_CRIT, "the shell was not started: %s", why);
		return 126;
	}
	sigaction(SIGCHLD, &s->chld, NULL);
	sigprocmask(SIG_SETMASK, &s->mask, NULL);
	execve(s->path, s->argv, s->envp);
	saved = errno;
	log_user("%s: %s", s->path, strerror(saved));
	return saved == ENOENT ? 127 : 126;
}
