/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_VIEW_H
#define PUMP_VIEW_H

#include <stdbool.h>

struct input_view;

/*
 * Looks at a PTY from outside, for input_observe(). Besides the ioctls it uses
 * two edges that n_tty gives to epoll, so that no timer has to ask:
 *  - EPOLLOUT on the master: a read of the slave took something
 *    (n_tty_check_unthrottle wakes the other side), or a flush did;
 *  - EPOLLWRNORM on the slave: the modes were set (n_tty_set_termios wakes all
 *    writers; output that drains wakes with EPOLLOUT only, and is passed over).
 */
struct view {
	int ptm_fd; /* both borrowed; the slave's is never read or written */
	int pts_fd;
	int edge_fd; /* readable when one of the two edges came: poll it, then take a view */
	int modes_fd;
	bool blind; /* an edge may have been missed */
};

/* Returns 0 or -errno. */
int view_open(struct view *v, int ptm_fd, int pts_fd);
void view_close(struct view *v);

/*
 * comm is left NULL. Returns 0, or -errno (the terminal is gone); out is not
 * written then. Clears the edges.
 */
int view_take(struct view *v, struct input_view *out);

/*
 * n bytes came in one read of the master. While output does not drain the
 * kernel swallows the edge for the modes, so after a full read they count as
 * changed.
 */
void view_output(struct view *v, int n);

#endif
