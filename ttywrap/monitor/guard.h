/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_GUARD_H
#define MONITOR_GUARD_H

#include <sys/types.h>

/* The guard's descriptors: its whole world, by number. */
enum guard_fd {
	GUARD_LIFE = 0,      /* a pipe whose other end only the monitor has */
	GUARD_SHELL = 1,     /* pidfd_open(2) of the shell */
	GUARD_PUMP = 2,      /* … and of the pump; GUARD_LIFE again where there is none */
	GUARD_RECORDING = 3, /* the recording; GUARD_LIFE again where there is none */
	GUARD_FDS = 4,
};

/*
 * A process that outlives the monitor and does what then nobody else could:
 *
 * - When the monitor was killed, or ended a session that could not be recorded
 *   any more (the pipe ends without GUARD_DONE), it ends the shell: SIGHUP, and
 *   SIGKILL two seconds later. A command without a terminal
 *   would not even be told otherwise: a signal from the dying monitor
 *   (PR_SET_PDEATHSIG) is one between two users and is not sent.
 * - When the pump has ended it gives back the disk's space that was taken
 *   ahead of the recording's end. It holds nothing that could cut the
 *   recording before: neither monitor nor pump can call ftruncate(2).
 *
 * Its effective uid alone is the user's (but for root, who needs no guard),
 * which is what may signal the user's processes; real and saved uid are the
 * service's, which is what nobody but root may signal or trace.
 */

#define GUARD_DONE 'd' /* on the pipe: the session has come to its end in order */

struct guard {
	uid_t service, user;
	pid_t shell, group; /* group: signalled as well; 0: none */
	int pump_pid;       /* 0: none */
	int recording_fd;   /* -1: none */
};

/*
 * Starts it; called by the launcher while its real uid is the user's. *life_fd
 * becomes the pipe's end, for the monitor alone. Returns 0 or -errno.
 */
int guard_start(const struct guard *, int *life_fd);

/* The session has come to its end in order. */
void guard_release(int *life_fd);

#endif
