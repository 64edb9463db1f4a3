/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guard: a child of the launcher. Effective uid the user's, real and saved uid the service's; no
 * capability, seccomp. Reads one byte, and that is the monitor's.
 */
#include "monitor/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/filter.h"
#include "common/io.h"
#include "common/privilege.h"
#include "monitor/rlimits.h"

#define HANGUP_WAIT_MS 2000  /* a shell's traps after SIGHUP */
#define PUMP_WAIT_MS   60000 /* longer than it waits for anything but a disk that stalls */
#define ABOVE_ALL      8     /* numbers beyond the table's, while it is laid out */

static const struct sock_filter instructions[] = {
#include "guard_filter.h"
};

static bool
has_ended(int pidfd, int wait_ms)
{
	int64_t until = io_now_ns() + wait_ms * INT64_C(1000000);
	struct pollfd p = {.fd = pidfd, .events = POLLIN};
	int r;

	do
		r = poll(&p, 1, (int)((until - io_now_ns()) / 1000000) + 1);
	while (r < 0 && errno == EINTR && io_now_ns() < until);
	return r > 0;
}

/* SIGCONT: a job that was stopped hears nothing else. */
static void
end_shell(pid_t group)
{
	(void)syscall(SYS_pidfd_send_signal, GUARD_SHELL, SIGHUP, NULL, 0);
	if (group > 0)
		(void)kill(-group, SIGHUP);
	(void)syscall(SYS_pidfd_send_signal, GUARD_SHELL, SIGCONT, NULL, 0);
	(void)has_ended(GUARD_SHELL, HANGUP_WAIT_MS);
	(void)syscall(SYS_pidfd_send_signal, GUARD_SHELL, SIGKILL, NULL, 0);
	if (group > 0)
		(void)kill(-group, SIGKILL);
}

/*
 * Truncated to the size it has: what was taken behind the end (fallocate(2) with KEEP_SIZE) is free
 * again. Nobody writes any more: the pump has ended.
 */
static void
give_back(void)
{
	struct stat st;

	if (fstat(GUARD_RECORDING, &st) == 0 && S_ISREG(st.st_mode) &&
	    ftruncate(GUARD_RECORDING, st.st_size) != 0)
		_exit(1); /* nobody is there to hear it: du(1) shows it */
}

static int
close_in(const struct guard *g)
{
	const uid_t acting = g->user != 0 ? g->user : g->service;
	const struct privilege_row row = {
	    .uid = g->service, .acting = &acting, .no_new_privs = true};
	sigset_t all;
	char why[128];

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	rlimits_lift();
	/* A group of its own: the one it may have to end is the launcher's. */
	if (setpgid(0, 0) != 0 || chdir("/") != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    privilege_set(0, 0, 0) != 0 || setresuid(g->service, acting, g->service) != 0 ||
	    privilege_set(0, 0, 0) != 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return -EPERM;
	if (privilege_check(&row, why, sizeof why) < 0)
		return -EPERM;
	return filter_load(instructions, sizeof instructions / sizeof *instructions);
}

static int
lay_out(const int fds[GUARD_FDS])
{
	int copy[GUARD_FDS];

	for (int i = 0; i < GUARD_FDS; i++) {
		copy[i] = fcntl(fds[i] >= 0 ? fds[i] : fds[GUARD_LIFE], F_DUPFD, ABOVE_ALL);
		if (copy[i] < 0)
			return -errno;
	}
	for (int i = 0; i < GUARD_FDS; i++)
		if (dup2(copy[i], i) < 0)
			return -errno;
	return close_range(GUARD_FDS, ~0u, 0) == 0 ? 0 : -errno;
}

__attribute__((noreturn)) static void
guard_child(const struct guard *g, const int fds[GUARD_FDS])
{
	char done = 0;

	if (lay_out(fds) < 0 || close_in(g) < 0)
		_exit(127);
	if (io_read(GUARD_LIFE, &done, 1) != 1 || done != GUARD_DONE)
		end_shell(g->group);
	else
		(void)io_read(GUARD_LIFE, &done, 1); /* until the monitor has ended */
	if (g->pump_pid == 0 || has_ended(GUARD_PUMP, PUMP_WAIT_MS))
		give_back();
	_exit(0);
}

static int
process_open(pid_t pid)
{
	int fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;

	return fd >= 0 || pid <= 0 ? fd : -errno;
}

int
guard_start(const struct guard *g, int *life_fd)
{
	int life[2], fds[GUARD_FDS], r = 0;
	pid_t pid = -1;

	if (pipe2(life, O_CLOEXEC) != 0)
		return -errno;
	fds[GUARD_LIFE] = life[0];
	fds[GUARD_RECORDING] = g->recording_fd;
	fds[GUARD_PUMP] = process_open(g->pump_pid);
	fds[GUARD_SHELL] = process_open(g->shell);
	if (fds[GUARD_SHELL] < 0 || (g->pump_pid > 0 && fds[GUARD_PUMP] < 0))
		r = fds[GUARD_SHELL] < 0 ? fds[GUARD_SHELL] : fds[GUARD_PUMP];
	else
		pid = fork();
	if (pid == 0)
		guard_child(g, fds);
	if (r == 0 && pid < 0)
		r = -errno;
	if (fds[GUARD_PUMP] >= 0)
		io_close(&fds[GUARD_PUMP]);
	if (fds[GUARD_SHELL] >= 0)
		io_close(&fds[GUARD_SHELL]);
	io_close(&life[0]);
	if (r < 0)
		io_close(&life[1]);
	*life_fd = life[1];
	return r;
}

void
guard_release(int *life_fd)
{
	const char done = GUARD_DONE;

	if (*life_fd >= 0)
		(void)io_write(*life_fd, &done, 1);
}
