/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Inside sshd (as root) and in ttyacct --pam: runs a site's hook without making sshd wait. A
 * watcher, forked twice so that init and not sshd inherits it, keeps the time. It holds no
 * descriptor of sshd's (least of all the connection) and execs nothing but the hook.
 */
#include "hook.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"

/* Everything but standard input goes; called in the watcher only. */
static bool
descriptors_set(int in_fd)
{
	int null_fd;

	if (dup2(in_fd, 0) < 0 || close_range(3, ~0u, 0) < 0)
		return false;
	close(1);
	close(2);
	null_fd = open("/dev/null", O_WRONLY);
	return null_fd == 1 && dup2(1, 2) == 2;
}

static void
signals_reset(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn static void
hook_exec(const char *path)
{
	char *const argv[] = {(char *)(uintptr_t)path, NULL};
	char *const env[] = {(char *)(uintptr_t) "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};

	setsid();
	execve(path, argv, env);
	_exit(127);
}

_Noreturn static void
hook_watch(const char *path, int in_fd, unsigned seconds)
{
	struct pollfd p = {.events = POLLIN};
	pid_t pid;

	signals_reset();
	umask(077);
	if (!descriptors_set(in_fd) || chdir("/") < 0)
		_exit(1);
	pid = fork();
	if (pid == 0)
		hook_exec(path);
	if (pid < 0)
		_exit(1);
	close(0);
	p.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (p.fd < 0 || poll(&p, 1, (int)seconds * 1000) != 1)
		kill(pid, SIGKILL);
	kill(-pid, SIGKILL); /* what it left behind in its session's first group */
	_exit(0);
}

static int
path_check(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode) || st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)))
		return -EPERM;
	return st.st_mode & S_IXUSR ? 0 : -EACCES;
}

/* The watcher is the grandchild: nobody of sshd's has to wait for it. */
static int
watcher_start(const char *path, int in_fd, unsigned seconds)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		return -errno;
	if (pid == 0) {
		setsid();
		pid = fork();
		if (pid == 0)
			hook_watch(path, in_fd, seconds);
		_exit(pid < 0);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return 0; /* sshd ignores SIGCHLD: there is nothing to collect */
	return status == 0 ? 0 : -EAGAIN;
}

int
hook_run(const char *path, const char *text, size_t n, unsigned seconds)
{
	int p[2], ret = path_check(path);

	if (ret < 0)
		return ret;
	if (n > 4096)
		return -EMSGSIZE; /* what a pipe takes without a reader, on any kernel */
	if (pipe2(p, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	ret = io_write_all(p[1], text, n);
	io_close(&p[1]);
	if (ret == 0 && fcntl(p[0], F_SETFL, 0) < 0)
		ret = -errno;
	if (ret == 0)
		ret = watcher_start(path, p[0], seconds);
	io_close(&p[0]);
	return ret;
}
