/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_SESSION_H
#define MONITOR_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "acct/account.h"
#include "launch/conf.h"
#include "shell/shell.h"

/*
 * What the launcher found out and the monitor needs: written once, before the
 * first fork, read by all that follows. The strings are the launcher's and
 * live as long as the process.
 */
struct session {
	bool privileged;
	gid_t group;           /* the user's primary one */
	uid_t service;         /* the monitor's and the pump's uid */
	const char *user;      /* name from passwd */
	const char *directory; /* where recordings go */
	const char *pump;      /* the pump's program */
	const char *cwd;       /* when the session began, or "?" */
	const char *line;      /* the command line, or NULL when interactive */
	struct conf conf;
	struct account account; /* the SSH connection, where there is one */
	bool connected;
	struct shell shell; /* pts_fd is set when the terminal is made */
};

/*
 * Runs the session to its end and returns the shell's wait status; -1 when no
 * shell was started and that has been said to the user and the admin.
 */
int monitor_run(struct session *);

#endif
