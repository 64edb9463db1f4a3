/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launcher and monitor. Sets modes; reads no byte of a terminal. */
#include "monitor/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"

static void
name_of(int fd, char *name, size_t n)
{
	char path[64];

	snprintf(name, n, "?");
	if (ttyname_r(fd, path, sizeof path) == 0)
		snprintf(name, n, "%s", strncmp(path, "/dev/", 5) == 0 ? path + 5 : path);
}

void
terminal_find(struct terminal *t)
{
	*t = (struct terminal){.own_fd = -1, .outer_fd = -1, .ptm_fd = -1, .pts_fd = -1};
	snprintf(t->outer_name, sizeof t->outer_name, "?");
	snprintf(t->inner_name, sizeof t->inner_name, "?");
	for (int fd = 0; fd < 3 && t->own_fd < 0; fd++)
		if (isatty(fd))
			t->own_fd = fd;
	if (t->own_fd >= 0)
		name_of(t->own_fd, t->outer_name, sizeof t->outer_name);
}

bool
terminal_is_console(const struct terminal *t)
{
	char type;

	return t->own_fd >= 0 && ioctl(t->own_fd, KDGKBTYPE, &type) == 0;
}

/*
 * /dev/tty needs no permission on the terminal itself, which after su(1) is
 * somebody else's, but it is the right one only when it is the same device.
 */
static int
open_outer(struct terminal *t)
{
	const int flags = O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
	unsigned wanted = 0, got = 0;
	char path[32];

	if (ioctl(t->own_fd, TIOCGDEV, &wanted) != 0)
		return -errno;
	t->outer_fd = open("/dev/tty", flags);
	if (t->outer_fd >= 0 && ioctl(t->outer_fd, TIOCGDEV, &got) == 0 && got == wanted)
		return 0;
	io_close(&t->outer_fd);
	snprintf(path, sizeof path, "/proc/self/fd/%d", t->own_fd);
	t->outer_fd = open(path, flags);
	return t->outer_fd < 0 ? -errno : 0;
}

/* Modes, size and permissions (mesg(1)) as the user's terminal has them. */
static int
copy_outer(struct terminal *t)
{
	struct winsize size;
	struct stat st;

	if (tcsetattr(t->pts_fd, TCSANOW, &t->modes) != 0)
		return -errno;
	if (ioctl(t->own_fd, TIOCGWINSZ, &size) == 0)
		(void)ioctl(t->ptm_fd, TIOCSWINSZ, &size);
	if (fstat(t->own_fd, &st) == 0)
		(void)fchmod(t->pts_fd, st.st_mode & (S_IRUSR | S_IWUSR | S_IRGRP | S_IWGRP));
	return 0;
}

static int
open_inner(struct terminal *t)
{
	int packet = 1;

	t->ptm_fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (t->ptm_fd < 0 || unlockpt(t->ptm_fd) != 0)
		return -errno;
	/* By descriptor, not by name: right in any mount namespace. */
	t->pts_fd = ioctl(t->ptm_fd, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (t->pts_fd < 0 || ioctl(t->ptm_fd, TIOCPKT, &packet) != 0)
		return -errno;
	name_of(t->pts_fd, t->inner_name, sizeof t->inner_name);
	return copy_outer(t);
}

int
terminal_make(struct terminal *t, uid_t user, uid_t service)
{
	int r;

	if (tcgetattr(t->own_fd, &t->modes) != 0)
		return -errno;
	if (seteuid(user) != 0)
		return -errno;
	r = open_outer(t);
	if (r == 0)
		r = open_inner(t);
	if (seteuid(service) != 0)
		return -errno;
	return r;
}

int
terminal_take(struct terminal *t)
{
	struct termios raw = t->modes;

	cfmakeraw(&raw);
	if (tcsetattr(t->own_fd, TCSANOW, &raw) != 0)
		return -errno;
	t->raw = true;
	if (tcgetsid(t->own_fd) == getpid())
		t->exclusive = ioctl(t->own_fd, TIOCEXCL) == 0;
	return 0;
}

void
terminal_give_back(struct terminal *t)
{
	if (t->exclusive)
		(void)ioctl(t->own_fd, TIOCNXCL);
	/* A terminal that another job has by now keeps the modes of that job. */
	if (t->raw && tcgetpgrp(t->own_fd) == getpgrp())
		(void)tcsetattr(t->own_fd, TCSANOW, &t->modes);
	t->exclusive = t->raw = false;
}

void
terminal_close(struct terminal *t)
{
	io_close(&t->outer_fd);
	io_close(&t->ptm_fd);
	io_close(&t->pts_fd);
}
