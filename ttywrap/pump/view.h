/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_VIEW_H
#define PUMP_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct input_view;

/*
 * Looks at a PTY from outside, for input_observe(). Besides the ioctls it uses
 * two edges that n_tty gives to epoll, so that no timer has to ask:
 *  - EPOLLOUT on the master: a read of the slave took something
 *    (n_tty_check_unthrottle wakes the other side), or a flush did;
 *  - EPOLLWRNORM on the slave: the modes were set (n_tty_set_termios wakes all
 *    writers; output that drains wakes with EPOLLOUT only, and is passed over).
 *
 * epoll asks the slave itself whether it is writable before it passes the second
 * one on, and forgets it if not: while output waits for room, or in the moment of
 * a write(2). So there is one epoll that wakes, and may forget, and others that
 * nobody asks unless the slave was writable just before. If it is seen not to be
 * just after, that one may have forgotten, and the next one is asked.
 */
enum {
	VIEW_MODES = 4
};

struct view {
	int ptm_fd; /* both borrowed; the slave's is never read or written */
	int pts_fd;
	int edge_fd; /* readable when the modes were set: poll it, then take a view */
	int read_fd; /* and when the slave was read: only for who can't wait for what the reader does next */
	int modes_fd[VIEW_MODES]; /* the modes' edge again: not for poll(2) */
	size_t forgot;            /* so many of them may have forgotten it */
	bool cleared;             /* all of them were just now */
	bool known;               /* modes are those of the last view */
	bool exact;               /* and no edge from before it is still to come */
	bool set;                 /* they were set since */
	bool blind;               /* the last look could not tell */
	struct termios modes;
};

/* As if it was opened and closed. */
void view_none(struct view *v);

/* Returns 0 or -errno. */
int view_open(struct view *v, int ptm_fd, int pts_fd);
void view_close(struct view *v);

/*
 * comm and named are left empty: who.h knows. Returns 0, or -errno (the terminal is gone); out is not
 * to be used then. Clears the modes' edge, and with reads the other one.
 */
int view_take(struct view *v, struct input_view *out, bool reads);

/* Whether the modes are for sure those of the last view still: one system call. */
bool view_holds(struct view *v);

#endif
