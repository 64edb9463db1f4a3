/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_PIPES_H
#define MONITOR_PIPES_H

/*
 * Three pipes between a recorded command without a terminal and the pump:
 * shell_fd[k] becomes the command's descriptor k, pump_fd[k] is the other end.
 */
struct pipes {
	int shell_fd[3], pump_fd[3];
};

/* Returns 0 or -errno; pipes_close() is right after either. The pump's ends do not block. */
int pipes_make(struct pipes *);
void pipes_close(struct pipes *);

#endif
