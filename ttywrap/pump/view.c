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
	SETTLE_TRIES = 40
};

/* What one poll(2) says, in the order in which it asks. */
enum {
	SLAVE,
	MODES,
	SLAVE_AFTER,
	MASTER,
	POLLED
};

enum modes_edge {
	NOT_SET,
	SET,
	UNKNOWN,  /* not asked for: the slave took no output */
	FORGOTTEN /* or it took none just then */
};

/* An epoll(7) with one edge. Returns it or -errno. */
static int
edge_open(int fd, unsigned events)
{
	struct epoll_event e = {.events = events | EPOLLET};
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC), error;

	if (epoll_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &e) == 0)
		return epoll_fd < 0 ? -errno : epoll_fd;
	error = -errno;
	io_close(&epoll_fd);
	return error;
}

int
view_open(struct view *v, int ptm_fd, int pts_fd)
{
	int error = 0;

	*v = (struct view){.ptm_fd = ptm_fd, .pts_fd = pts_fd};
	view_none(v);
	v->edge_fd = edge_open(pts_fd, EPOLLWRNORM);
	v->read_fd = edge_open(ptm_fd, EPOLLOUT);
	error = v->edge_fd < 0 ? v->edge_fd : v->read_fd < 0 ? v->read_fd : 0;
	for (size_t i = 0; error == 0 && i < VIEW_MODES; i++) {
		v->modes_fd[i] = edge_open(pts_fd, EPOLLWRNORM);
		error = v->modes_fd[i] < 0 ? v->modes_fd[i] : 0;
	}
	if (error != 0)
		view_close(v);
	return error;
}

void
view_none(struct view *v)
{
	v->edge_fd = v->read_fd = -1;
	for (size_t i = 0; i < VIEW_MODES; i++)
		v->modes_fd[i] = -1;
}

void
view_close(struct view *v)
{
	io_close(&v->edge_fd);
	io_close(&v->read_fd);
	for (size_t i = 0; i < VIEW_MODES; i++)
		io_close(&v->modes_fd[i]);
}

static void
edge_clear(int epoll_fd)
{
	struct epoll_event e;

	(void)epoll_wait(epoll_fd, &e, 1, 0);
}

/*
 * While somebody writes to the slave its poll says no (tty_is_writelocked()). A
 * write that does not wait for room is over within microseconds: better to wait
 * for that than not to know. One that was not over a look ago waits for room, or for
 * a processor. Without input n_tty_poll() waits for the worker
 * that brings what was written. Returns what poll(2) says, or -errno.
 */
static int
slave_settle(const struct view *v)
{
	struct pollfd slave = {.fd = v->pts_fd, .events = POLLIN | POLLWRNORM};

	for (int i = v->blind ? SETTLE_TRIES - 1 : 0;
	     i < SETTLE_TRIES && !(slave.revents & POLLWRNORM); i++)
		if (poll(&slave, 1, 0) < 0)
			return -errno;
	return slave.revents;
}

/* The rest in one call: the slave, its edge, the slave again. modes_fd -1: without the edge. */
static enum modes_edge
poll_all(const struct view *v, int modes_fd, struct pollfd p[POLLED])
{
	p[SLAVE] = p[SLAVE_AFTER] = (struct pollfd){.fd = v->pts_fd, .events = POLLIN | POLLWRNORM};
	p[MODES] = (struct pollfd){.fd = modes_fd, .events = POLLIN};
	p[MASTER] = (struct pollfd){.fd = v->ptm_fd, .events = POLLIN | POLLPRI};
	if (poll(p, POLLED, 0) < 0)
		return FORGOTTEN;
	if (p[MODES].revents != 0)
		return SET;
	return p[SLAVE].revents & p[SLAVE_AFTER].revents & POLLWRNORM ? NOT_SET : FORGOTTEN;
}

static void
modes_clear(struct view *v)
{
	edge_clear(v->modes_fd[v->forgot]); /* the first: it keeps what comes from here on */
	for (size_t i = 0; i < VIEW_MODES; i++)
		if (i != v->forgot)
			edge_clear(v->modes_fd[i]);
	v->cleared = true;
}

/*
 * Whether the modes were set since this was last known. What one epoll has
 * forgotten another one has not. Once one says no for sure all are good again:
 * what they may have forgotten is known by then. Right after they were cleared
 * the others are no help, since what has come in that moment is gone from them.
 * slave is what slave_settle() just said.
 */
static enum modes_edge
modes_ask(struct view *v, int slave, struct pollfd p[POLLED])
{
	enum modes_edge set = FORGOTTEN;

	for (; set == FORGOTTEN && v->forgot < VIEW_MODES; v->forgot += set == FORGOTTEN) {
		if (!(slave & POLLWRNORM)) {
			(void)poll_all(v, -1, p);
			return UNKNOWN;
		}
		set = poll_all(v, v->modes_fd[v->forgot], p);
		if (set == FORGOTTEN)
			slave = slave_settle(v);
		if (set == FORGOTTEN && v->cleared)
			break;
	}
	if (set == SET)
		modes_clear(v);
	else {
		v->forgot = 0;
		v->cleared = false;
	}
	return set;
}

/* One look without modes and foreground group. Returns 0 or -errno. */
static int
look(struct view *v, struct input_view *out, enum modes_edge *set)
{
	int before = slave_settle(v);
	struct pollfd p[POLLED] = {0};

	if (before < 0)
		return before;
	if (ioctl(v->pts_fd, FIONREAD, &out->unread) != 0)
		return -errno;
	*set = modes_ask(v, before & POLLWRNORM ? slave_settle(v) : before, p);
	/*
	 * A reader that has just emptied a full buffer starts the worker only at the
	 * end of its read(2). FIONREAD waits for that end (termios_rwsem), so it is
	 * the second poll() that sees all of the flip buffer.
	 */
	out->settled = !(before & POLLIN) && out->unread == 0 && !(p[SLAVE].revents & POLLIN);
	out->control = (p[MASTER].revents & POLLPRI) != 0;
	out->output = (p[MASTER].revents & POLLIN) != 0;
	return 0;
}

bool
view_holds(struct view *v)
{
	struct pollfd p[POLLED] = {0};
	enum modes_edge set = modes_ask(v, slave_settle(v), p);

	v->set |= set == SET;
	v->known = v->known && set == NOT_SET;
	return v->known;
}

/*
 * tty_set_termios() gives the edge before anything can be read in the new modes.
 * So with none after the count was taken, what was read by then was read in the
 * modes known; with one, modes and count are taken again until they belong
 * together.
 */
int
view_take(struct view *v, struct input_view *out, bool reads)
{
	enum modes_edge set = SET;
	bool changed = !v->known;
	int error = 0;

	edge_clear(v->edge_fd);
	if (reads)
		edge_clear(v->read_fd);
	for (int i = 0; i < TRIES && set == SET; i++) {
		if ((i > 0 || changed) && tcgetattr(v->ptm_fd, &v->modes) != 0)
			return -errno;
		error = look(v, out, &set);
		if (error != 0)
			return error;
		v->set |= set == SET;
		changed |= set == SET;
	}
	out->set = v->exact && v->set;
	v->exact = set == NOT_SET;
	v->set = false;
	out->blind = v->blind = set != NOT_SET;
	if (out->blind && tcgetattr(v->ptm_fd, &v->modes) != 0)
		return -errno;
	/* An edge not asked for is still to come. But one that was taken counts for a look that is sure. */
	v->known = set == NOT_SET || (set == UNKNOWN && !changed);
	out->modes = v->modes;
	out->changed = changed || out->blind;
	if (ioctl(v->ptm_fd, TIOCGPGRP, &out->pgrp) != 0 || out->pgrp < 0)
		out->pgrp = 0;
	out->comm = NULL;
	out->named = false;
	out->now_ns = io_now_ns();
	return 0;
}
