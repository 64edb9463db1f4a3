/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bench: relay LOG|- COMMAND..., the least that anything which records has to do. Poll, read, write
 * out, write to LOG (-: don't), and nothing else: no header, no times, no buffers, no hash, no care
 * about a full terminal.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static int
start(char *const argv[], int *master)
{
	const struct bench_how how = {0};
	struct termios modes;
	int fd;

	if (tcgetattr(0, &modes) != 0)
		bench_die("standard input");
	fd = bench_spawn(&how, argv, master);
	tcsetattr(*master, TCSANOW, &modes);
	bench_raw(0);
	return fd;
}

static void
relay(int master, int log)
{
	struct pollfd p[2] = {{.fd = 0, .events = POLLIN}, {.fd = master, .events = POLLIN}};
	char buf[65536];

	for (;;) {
		ssize_t got;

		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents) {
			got = read(master, buf, sizeof buf);
			if (got <= 0)
				return;
			if (bench_write(1, buf, (size_t)got) < 0 ||
			    (log >= 0 && bench_write(log, buf, (size_t)got) < 0))
				return;
		}
		if (p[0].revents) {
			got = read(0, buf, sizeof buf);
			if (got <= 0 || bench_write(master, buf, (size_t)got) < 0)
				return;
		}
	}
}

int
main(int argc, char **argv)
{
	int master, log = -1, status = 0;
	pid_t pid;
	struct termios modes;

	if (argc < 3)
		return 2;
	if (strcmp(argv[1], "-") != 0 &&
	    (log = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0)
		bench_die(argv[1]);
	tcgetattr(0, &modes);
	pid = start(argv + 2, &master);
	relay(master, log);
	close(master);
	waitpid(pid, &status, 0);
	tcsetattr(0, TCSANOW, &modes);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
