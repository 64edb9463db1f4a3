/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launcher and monitor, inside its filter as well. Reads a file that only root can write. */
#include "monitor/auditd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/io.h"

#define PID_FILE "/run/auditd.pid"
#define LOOK_NS  100000000

static int
process_open(pid_t pid)
{
	return pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
}

static pid_t
pid_read(void)
{
	int fd = open(PID_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char text[16] = "";

	if (fd < 0)
		return 0;
	if (io_read(fd, text, sizeof text - 1) < 0)
		text[0] = '\0';
	io_close(&fd);
	return (pid_t)strtol(text, NULL, 10);
}

void
auditd_watch(struct auditd *a, pid_t pid)
{
	*a = (struct auditd){.fd = process_open(pid)};
	if (a->fd >= 0)
		a->pid = pid;
}

void
auditd_close(struct auditd *a)
{
	io_close(&a->fd);
}

void
auditd_ended(struct auditd *a, int64_t now_ns)
{
	io_close(&a->fd);
	a->gone_ns = now_ns;
}

bool
auditd_is_missing(struct auditd *a, int64_t now_ns)
{
	pid_t pid;

	if (a->gone_ns == 0)
		return false;
	if (now_ns - a->looked_ns < LOOK_NS)
		return true;
	a->looked_ns = now_ns;
	pid = pid_read();
	if (pid <= 0 || pid == a->pid) /* left by the old one */
		return true;
	a->fd = process_open(pid);
	if (a->fd < 0)
		return true;
	a->pid = pid;
	a->gone_ns = 0;
	return false;
}
