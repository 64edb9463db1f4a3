/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The attacker's library: leaves a line in /tmp/loaded wherever it is loaded. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

__attribute__((constructor)) static void
tell(void)
{
	char exe[PATH_MAX] = "", line[PATH_MAX + 64];
	uid_t real = 0, effective = 0, saved = 0;
	int fd = open("/tmp/loaded", O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666), n;

	(void)!readlink("/proc/self/exe", exe, sizeof exe - 1);
	(void)getresuid(&real, &effective, &saved);
	n = snprintf(line, sizeof line, "%u %u %u %s\n", real, effective, saved, exe);
	if (fd >= 0 && n > 0)
		(void)!write(fd, line, (size_t)n);
	if (fd >= 0)
		(void)close(fd);
}
