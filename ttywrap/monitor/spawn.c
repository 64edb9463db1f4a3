/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launcher, about to become the monitor. The children drop what they must not keep in their first
 * lines. */
#include "monitor/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/io.h"
#include "common/privilege.h"
#include "monitor/rlimits.h"
#include "shell/shell.h"

#define ABOVE_ALL  16    /* numbers beyond every one of the table's, while it is laid out */
#define STACK_SIZE 65536 /* bytes; execve(2) needs none of it */

static int
lay_out(const int fds[PUMP_FDS])
{
	int copy[PUMP_FDS];

	for (int i = 0; i < PUMP_FDS; i++) {
		copy[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, ABOVE_ALL);
		if (copy[i] < 0)
			return -errno;
	}
	for (int i = 0; i < PUMP_FDS; i++)
		if (dup2(copy[i], i) < 0)
			return -errno;
	return close_range(PUMP_FDS, ~0u, 0) == 0 ? 0 : -errno;
}

struct pump {
	const char *program, *how;
	const int *fds;
	uid_t service;
};

/*
 * The pump takes the service's uid itself, after the exec: before it, the
 * service's processes of all sessions would be held against this one user's
 * RLIMIT_NPROC (execve(2), EAGAIN). Root has no such limit but would get its
 * capabilities back over the exec (capabilities(7)), so there it is done here.
 */
static int
pump_child(void *arg)
{
	const struct pump *p = arg;
	char uid[16], *argv[] = {(char *)"ttywrap-pump", (char *)p->how, uid, NULL};
	char *envp[] = {NULL};

	snprintf(uid, sizeof uid, "%u", (unsigned)p->service);
	rlimits_lift();
	if (getuid() == 0 && setresuid(p->service, p->service, p->service) != 0)
		return 127;
	/* no_new_privs is the pump's own first step: set here, it makes kernels before 6.16 put the
	 * effective uid back to the user's over the exec (cap_bprm_creds_from_file()). */
	if (privilege_set(0, 0, 0) == 0 && chdir("/") == 0 && lay_out(p->fds) == 0)
		execve(p->program, argv, envp);
	return 127;
}

/*
 * As vfork(2) with a stack of its own: memory is shared until the exec, and the
 * caller waits for that. A copy of the address space, thrown away at once, costs
 * more than all else here; and the child is no more the user's than the caller is.
 */
pid_t
spawn_pump(const char *program, const char *how, const int fds[PUMP_FDS], uid_t service)
{
	static _Alignas(16) char stack[STACK_SIZE];
	struct pump p = {program, how, fds, service};
	pid_t pid = clone(pump_child, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, &p);

	return pid < 0 ? -errno : pid;
}

pid_t
spawn_shell(const struct shell *s, int gate[2])
{
	struct shell direct = *s;
	pid_t pid = fork();
	char go;

	if (pid != 0)
		return pid < 0 ? -errno : pid;
	rlimits_oom_restore(s->oom_score_adj);
	io_close(&gate[1]); /* else the end of the monitor would not be seen */
	if (io_read(gate[0], &go, 1) != 1)
		_exit(1);
	if (go == GATE_DIRECT) {
		direct.pts_fd = direct.stdio[0] = direct.stdio[1] = direct.stdio[2] = -1;
		s = &direct;
	}
	_exit(shell_become(s));
}
