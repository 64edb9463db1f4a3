/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launcher. Distrusts process names, and pids that are gone. */
#include "launch/origin.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "common/io.h"

static ssize_t
read_proc(pid_t pid, const char *file, char *buf, size_t n)
{
	char path[64];
	int fd;
	ssize_t got;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return -1;
	got = io_read(fd, buf, n - 1);
	io_close(&fd);
	if (got >= 0)
		buf[got] = '\0';
	return got;
}

pid_t
origin_parse_parent(const char *stat)
{
	const char *after = strrchr(stat, ')');
	char state;
	int parent;

	if (after == NULL || sscanf(after + 1, " %c %d", &state, &parent) != 2 || parent < 0)
		return -1;
	return parent;
}

static bool
is_monitor(pid_t pid, uid_t service)
{
	char status[4096];
	const char *line;
	unsigned real, effective, saved;

	if (pid <= 1 || read_proc(pid, "status", status, sizeof status) <= 0)
		return false;
	line = strstr(status, "\nUid:");
	if (line == NULL || sscanf(line, "\nUid: %u %u %u", &real, &effective, &saved) != 3)
		return false;
	if (real != service || effective != service || saved != service)
		return false;
	/* Without privileges the service is the user, whose other processes are no monitors. */
	return service != getuid() || strncmp(status, "Name:\tttywrap\n", 14) == 0;
}

bool
origin_is_nested(uid_t service)
{
	char stat[1024];
	pid_t leader = getsid(0);

	for (int fd = 0; fd < 3; fd++)
		if (isatty(fd) && tcgetsid(fd) != leader)
			return false;
	if (leader != getpid() && is_monitor(leader, service))
		return true;
	if (read_proc(leader, "stat", stat, sizeof stat) <= 0)
		return false;
	return is_monitor(origin_parse_parent(stat), service);
}
