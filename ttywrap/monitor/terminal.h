/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_TERMINAL_H
#define MONITOR_TERMINAL_H

#include <stdbool.h>
#include <sys/types.h>
#include <termios.h>

/*
 * The user's terminal (outer) and the one that the shell gets (inner). The
 * monitor sets their modes and never reads a byte of either.
 */
struct terminal {
	int own_fd;   /* which of descriptors 0-2 is the outer terminal; -1: none is */
	int outer_fd; /* a description of our own, non-blocking; for the pump */
	int ptm_fd, pts_fd;
	bool raw;                            /* the outer terminal's modes are changed */
	bool exclusive;                      /* TIOCEXCL is on */
	struct termios modes;                /* the outer terminal's, as they were */
	char outer_name[64], inner_name[64]; /* "pts/3"; "?" */
};

/* All descriptors -1. own_fd and outer_name are filled when one of descriptors 0-2 is a terminal.
 */
void terminal_find(struct terminal *);

/*
 * Whether it is a virtual console (ioctl_console(2)). Its keyboard, fonts and
 * switching are ioctls that a PTY does not have, so none is put in front of it.
 */
bool terminal_is_console(const struct terminal *);

/*
 * Makes the inner terminal, owned by the user, with the outer one's modes,
 * size and permissions, in packet mode; and opens the outer one anew, so that
 * O_NONBLOCK does not reach whoever shares its description. The calling
 * process's effective uid must be 'service', its real uid 'user': it is
 * lowered for these calls. Returns 0 or -errno.
 */
int terminal_make(struct terminal *, uid_t user, uid_t service);

/*
 * Puts the outer terminal into raw mode, and, where the session leads it,
 * shuts it to other processes of the user's (TIOCEXCL): they could read and
 * write past the recorder. In a background job this stops the process, as
 * any program that sets modes is stopped. Returns 0 or -errno.
 */
int terminal_take(struct terminal *);

/* Undoes terminal_take(). Safe at any time. */
void terminal_give_back(struct terminal *);

void terminal_close(struct terminal *);

#endif
