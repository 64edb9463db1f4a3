/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Writes what others made safe. */
#include "replay/term.h"

#include "common/io.h"
#include "replay/screen.h"
#include "replay/term_crash.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define LEAVE_PATIENCE_MS 1000 /* for a terminal that takes nothing any more */

/* Autowrap is off while frames are drawn: the last column may be written without a scroll. */
static const char enter_full[] = "\033[?1049h\033[?7l\033[H\033[2J";
/* CAN ends a sequence that was cut in two. */
static const char crash_full[] = "\030\033[0m\033[?7h\033[?25h\033[?1049l";
static const char leave_full[] = "\033[0m\033[?7h\033[?25h\033[?1049l";

/* A description of our own, so that O_NONBLOCK doesn't reach the shell that shares descriptor 1. */
static int
open_own(int fd)
{
	char path[32] = "/proc/self/fd/1";
	int own;

	path[14] = (char)('0' + fd);
	own = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (own <
	    0) /* after su the terminal is somebody else's: share it, and be blocked when it is */
		own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return own < 0 ? -errno : own;
}

int
term_descriptor(void)
{
	return open_own(STDOUT_FILENO);
}

int
term_open(struct term *t, int fd)
{
	if (fd < 0)
		return fd;
	t->out_fd = fd;
	if (tcgetattr(fd, &t->was) != 0)
		return -errno;
	fd = fcntl(t->out_fd, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return -errno;
	t->in_fd = fd;
	return 0;
}

int
term_enter(struct term *t, bool full)
{
	struct termios raw = t->was;

	cfmakeraw(&raw);
	if (!full)
		raw.c_oflag |= t->was.c_oflag & (OPOST | ONLCR);
	if (tcsetattr(t->out_fd, TCSANOW, &raw) != 0)
		return -errno;
	t->raw = true;
	t->full = full;
	term_crash_arm(
	    t->out_fd, &t->was, full ? crash_full : "", full ? sizeof crash_full - 1 : 0);
	if (full)
		buffer_string(&t->out, enter_full);
	return 0;
}

static void
flush_patiently(struct term *t)
{
	while (t->out.len > 0) {
		struct pollfd p = {.fd = t->out_fd, .events = POLLOUT};

		if (poll(&p, 1, LEAVE_PATIENCE_MS) <= 0 || (p.revents & (POLLERR | POLLHUP)) ||
		    term_flush(t) != 0)
			return;
	}
}

void
term_leave(struct term *t, const struct buffer *rest)
{
	if (!t->raw)
		return;
	if (t->full) {
		/* CAN ends a sequence that a dropped queue may have cut in two. */
		t->out.len = 0;
		buffer_string(&t->out, "\030");
		buffer_string(&t->out, leave_full);
	}
	flush_patiently(t);
	tcsetattr(t->out_fd, TCSANOW, &t->was); /* no waiting for a terminal that is stopped */
	t->raw = t->full = false;
	term_crash_disarm();
	if (rest) {
		t->out.len = 0;
		buffer_add(&t->out, rest->data, rest->len);
		flush_patiently(t);
	}
}

void
term_close(struct term *t)
{
	term_leave(t, NULL);
	buffer_free(&t->out);
	io_close(&t->in_fd);
	io_close(&t->out_fd);
}

void
term_size(const struct term *t, unsigned *cols, unsigned *rows)
{
	struct winsize w = {0};

	*cols = 80;
	*rows = 24;
	if (ioctl(t->out_fd, TIOCGWINSZ, &w) != 0 || w.ws_col == 0 || w.ws_row == 0)
		return;
	*cols = w.ws_col < SCREEN_COLS_MAX ? w.ws_col : SCREEN_COLS_MAX;
	*rows = w.ws_row < SCREEN_ROWS_MAX ? w.ws_row : SCREEN_ROWS_MAX;
}

int
term_flush(struct term *t)
{
	while (t->out.len > 0) {
		ssize_t n = io_write(t->out_fd, t->out.data, t->out.len);

		if (n == -EAGAIN)
			return 0;
		if (n < 0)
			return (int)n;
		buffer_drop(&t->out, (size_t)n);
	}
	return 0;
}

ssize_t
term_read(struct term *t, uint8_t *buf, size_t n)
{
	return io_read(t->in_fd, buf, n);
}
