/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHELL_SHELL_H
#define SHELL_SHELL_H

#include <signal.h>
#include <stdint.h>
#include <sys/types.h>

/* What the shell's process becomes: all as the caller of ttywrap had it, but for the terminal. */
struct shell {
	uid_t user;
	uint64_t inheritable; /* the user's inheritable capabilities (pam_cap) */
	const char *path;
	char **argv, **envp;
	sigset_t mask;         /* as it came in */
	struct sigaction chld; /* SIGCHLD's action as it came in: the only one that is changed */
	int oom_score_adj;     /* as it came in, where that was above 0 */
	int pts_fd;   /* the inner terminal's slave, or -1: the session and its terminal stay */
	int stdio[3]; /* what becomes descriptors 0 to 2; -1: it stays what it is */
};

/*
 * Called in the shell's process. Gives up everything that is not the user's,
 * checks that it is gone, and executes the real shell. Returns only when that
 * failed: the exit status as a shell has it (126, 127), with one line said to
 * the user.
 */
int shell_become(const struct shell *);

#endif
