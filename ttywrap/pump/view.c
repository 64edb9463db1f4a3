/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, sandboxed: epoll, poll and ioctl on two terminals' descriptors, nothing else. */
#include "pump/view.h"

#include <errno.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "common/io.h"
#include "pump/input.h"

enum {
	TRIES = 4,
	FULL_READ = 4000,
	SETTLE_TRIES = 40
};

static int
edge_add(int epoll_fd, int fd, unsigned events)
{
	struct epoll_event e = {.events = events};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e) == 0 ? 0 : -errno;
}

int
view_open(struct view *v, int ptm_fd, int pts_fd)
{
	int error = 0;

	*v = (struct view){.ptm_fd = ptm_fd, .pts_fd = pts_fd, .blind = true};
	v->edge_fd = epoll_create1(EPOLL_CLOEXEC);
	v->modes_fd = epoll_create1(EPOLL_CLOEXEC);
	if (v->edge_fd < 0 || v->modes_fd < 0)
		error = -errno;
	if (error == 0)
		error = edge_add(v->modes_fd, pts_fd, EPOLLWRNORM | EPOLLET);
	if (error == 0)
		error = edge_add(v->edge_fd, ptm_fd, EPOLLOUT | EPOLLET);
	if (error == 0)
		error = edge_add(v->edge_fd, v->modes_fd, EPOLLIN | EPOLLET);
	if (error != 0)
		view_close(v);
	return error;
}

void
view_close(struct view *v)
{
	io_close(&v->edge_fd);
	io_close(&v->modes_fd);
}

/* Whether an edge was waiting; it is not afterwards. */
static bool
edge_clear(int epoll_fd)
{
	struct epoll_event e[2];

	return epoll_wait(epoll_fd, e, 2, 0) > 0;
}

static int
look(struct view *v, struct input_view *out)
{
	struct pollfd slave = {v->pts_fd, POLLIN, 0};

	if (tcgetattr(v->ptm_fd, &out->modes) != 0)
		return -errno;
	/* without input n_tty_poll() waits for the worker that brings what was written */
	if (poll(&slave, 1, 0) < 0 || ioctl(v->pts_fd, FIONREAD, &out->unread) != 0)
		return -errno;
	/*
	 * A reader that has just emptied a full buffer starts the worker only at the
	 * end of its read(2). FIONREAD waits for that end (termios_rwsem), so it is
	 * the second poll() that sees all of the flip buffer.
	 */
	out->settled = slave.revents == 0 && out->unread == 0 && poll(&slave, 1, 0) == 0;
	return 0;
}

static bool
polls(int fd, short events)
{
	struct pollfd p = {fd, events, 0};

	return poll(&p, 1, 0) == 1 && (p.revents & events) != 0;
}

/*
 * While somebody writes to the slave its poll says no (tty_is_writelocked()), and an
 * edge asked for just then is lost. A write that does not wait for room is over
 * within microseconds: better to wait for that than to be blind.
 */
static void
output_settle(const struct view *v)
{
	for (int i = 0; i < SETTLE_TRIES && !polls(v->pts_fd, POLLWRNORM); i++)
		;
}

/*
 * Modes and count belong together only if the modes were not set in between. A
 * slave that takes no output right now may have swallowed an edge.
 */
int
view_take(struct view *v, struct input_view *out)
{
	bool changed = v->blind, again = true;

	output_settle(v);
	edge_clear(v->edge_fd);
	changed |= edge_clear(v->modes_fd);
	for (int i = 0; i < TRIES && again; i++) {
		int error = look(v, out);

		if (error != 0)
			return error;
		output_settle(v);
		again = edge_clear(v->modes_fd);
		changed |= again;
		again |= !polls(v->pts_fd, POLLWRNORM); /* the edge may have been lost just now */
	}
	v->blind = again;
	out->changed = changed || v->blind;
	out->control = polls(v->ptm_fd, POLLPRI);
	if (ioctl(v->ptm_fd, TIOCGPGRP, &out->pgrp) != 0 || out->pgrp < 0)
		out->pgrp = 0;
	out->comm = NULL;
	out->now_ns = io_now_ns();
	return 0;
}

void
view_output(struct view *v, int n)
{
	if (n >= FULL_READ)
		v->blind = true;
}
