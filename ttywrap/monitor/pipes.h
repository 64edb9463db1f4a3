/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_PIPES_H
#define MONITOR_PIPES_H

#include <stdbool.h>

/*
 * Three pipes between a recorded command without a terminal and the pump:
 * shell_fd[k] becomes the command's descriptor k, pump_fd[k] is the other end.
 */
struct pipes {
	int shell_fd[3], pump_fd[3];
	int reader_fd[2]; /* the monitor's: pipes_readers_gone() */
};

/* Returns 0 or -errno; pipes_close() is right after either. The pump's ends do not block. */
int pipes_make(struct pipes *);
void pipes_close(struct pipes *);

/*
 * Is nobody left who reads the original standard output and error? Asked of the files themselves,
 * by epoll(7), though the monitor has no descriptor of them: while it had one, a reader of the
 * command's would not be told of the pump's end. Poll reader_fd[0] and [1] for input (-1: has been
 * heard of, or can't be asked, as of a plain file).
 */
bool pipes_readers_gone(struct pipes *);

#endif
