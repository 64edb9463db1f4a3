/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_SPAWN_H
#define MONITOR_SPAWN_H

#include <sys/types.h>

struct shell;

/* The pump's descriptors: its whole world, by number. PUMP_FDS are open in it and nothing else. */
enum pump_fd {
	PUMP_IN = 0,  /* what the user sends: the outer terminal, or the original standard input */
	PUMP_OUT = 1, /* what the user sees: the outer terminal, or the original standard output */
	PUMP_ERR = 2, /* the original standard error (no terminal), else /dev/null */
	PUMP_MONITOR = 3,   /* channel_pair()'s second */
	PUMP_RECORDING = 4, /* append only; /dev/null when nothing is recorded */
	PUMP_PTM = 5, /* the inner terminal's master, or the pipe to the command's standard input */
	PUMP_PTS =
	    6, /* its slave, only asked for modes and FIONREAD; or the pipe from its output */
	PUMP_PIPE_ERR = 7, /* the pipe from the command's standard error, else /dev/null */
	PUMP_FDS = 8,
};

/*
 * Starts the pump's program with the descriptors in fds, without
 * capability; it makes itself uid service, with no_new_privs. 'how' is
 * "terminal" or "pipes". Returns its pid or -errno; an exec that fails is an
 * exit status of 127.
 */
pid_t spawn_pump(const char *program, const char *how, const int fds[PUMP_FDS], uid_t service);

/* What is written to the shell's gate. */
#define GATE_GO     'g' /* become the user's shell */
#define GATE_DIRECT 'd' /* the same, on the original descriptors: there is nobody to relay */

/*
 * Starts the shell's process, which waits until one byte can be read from the
 * pipe gate; an end of file ends it. Returns its pid or -errno.
 */
pid_t spawn_shell(const struct shell *, int gate[2]);

#endif
