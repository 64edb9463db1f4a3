/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launcher, monitor, and the pump before its exec. The limits are the user's choice. */
#include "monitor/rlimits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/io.h"

#define MIB              (UINT64_C(1) << 20)
#define DEFAULT_SLACK_NS 50000 /* init_task's timer_slack_ns */

/*
 * What is needed with room to spare, so that nobody finds the value with which
 * a session starts and its recorder then fails: what monitor and pump use at
 * most is about a tenth of it. The others do no harm at 0 (tests/hostile has
 * each): the kernel's own signals are not held against RLIMIT_SIGPENDING, and
 * a fork that RLIMIT_NPROC refuses refuses the session.
 */
static const struct {
	int which;
	const char *name; /* as setrlimit(2) and bash's ulimit have it */
	uint64_t least;
} needed[] = {
    {RLIMIT_CPU, "RLIMIT_CPU (ulimit -t)", 10}, /* seconds; the others bytes, or a number */
    {RLIMIT_FSIZE, "RLIMIT_FSIZE (ulimit -f)", 1 * MIB},
    {RLIMIT_AS, "RLIMIT_AS (ulimit -v)", 256 * MIB},
    {RLIMIT_DATA, "RLIMIT_DATA (ulimit -d)", 64 * MIB},
    {RLIMIT_STACK, "RLIMIT_STACK (ulimit -s)", 1 * MIB},
    {RLIMIT_NOFILE, "RLIMIT_NOFILE (ulimit -n)", 64},
};

#define COUNT (sizeof needed / sizeof *needed)

int
rlimits_check(char *text, size_t n)
{
	for (size_t i = 0; i < COUNT; i++) {
		struct rlimit lim;

		if (getrlimit(needed[i].which, &lim) != 0 || lim.rlim_max >= needed[i].least)
			continue;
		snprintf(text, n, "the hard limit %s is %llu, and an audited session needs %llu",
		    needed[i].name, (unsigned long long)lim.rlim_max,
		    (unsigned long long)needed[i].least);
		return -EPERM;
	}
	return 0;
}

void
rlimits_lift(void)
{
	for (size_t i = 0; i < COUNT; i++) {
		struct rlimit lim;

		if (getrlimit(needed[i].which, &lim) != 0)
			continue;
		lim.rlim_cur = lim.rlim_max;
		if (needed[i].which == RLIMIT_CPU && lim.rlim_max != RLIM_INFINITY &&
		    lim.rlim_max > RLIMITS_CPU_LEFT_S)
			lim.rlim_cur -= RLIMITS_CPU_LEFT_S;
		(void)setrlimit(needed[i].which, &lim);
	}
	(void)prctl(PR_SET_TIMERSLACK, DEFAULT_SLACK_NS, 0, 0, 0);
}

/* The file belongs to root while the process may not be dumped (launch/environment.c). */
static int
oom_open(void)
{
	int dumpable = prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), fd;

	prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	fd = open("/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC);
	if (dumpable != 1)
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return fd;
}

int
rlimits_oom_lower(void)
{
	char text[16] = "";
	int fd = oom_open(), was = 0;

	if (fd >= 0 && io_read(fd, text, sizeof text - 1) > 0)
		was = (int)strtol(text, NULL, 10);
	if (was <= 0 || io_write(fd, "0", 1) < 0)
		was = 0;
	io_close(&fd);
	return was;
}

void
rlimits_oom_restore(int score_adj)
{
	char text[16];
	int fd = score_adj > 0 ? oom_open() : -1;

	snprintf(text, sizeof text, "%d", score_adj);
	if (fd >= 0)
		(void)io_write(fd, text, strlen(text));
	io_close(&fd);
}
