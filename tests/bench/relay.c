/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bench: relay [-i] [-p] LOG|- COMMAND..., the least that anything which records has to do. Poll,
 * read, write out, write to LOG (-: don't), and nothing else: no header, no times, no buffers, no
 * hash, no care about a full terminal.
 *
 * -i  what is typed goes to LOG, too
 * -p  is three processes, as who separates privileges must be: one is a program of its own, which is
 *     ready before the command starts, one a copy of this one; both wait for its end
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
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

/* The other two of three. */
static void
start_others(const char *self)
{
	int life[2], ready[2];
	char byte;

	if (pipe(life) != 0 || pipe(ready) != 0)
		bench_die("pipe");
	for (int i = 0; i < 2; i++) {
		if (fork() != 0)
			continue;
		dup2(life[0], 0);
		dup2(ready[1], 1);
		closefrom(2);
		if (i == 0)
			execl(self, self, "-w", (char *)NULL);
		_exit(read(0, &byte, 1) != 0);
	}
	close(life[0]);
	fcntl(life[1], F_SETFD, FD_CLOEXEC); /* its end is this process's */
	if (read(ready[0], &byte, 1) != 1)
		bench_die(self);
	close(ready[0]);
	close(ready[1]);
}

static int
wait_as_other(void)
{
	char byte = 0;

	return write(1, &byte, 1) != 1 || read(0, &byte, 1) != 0;
}

static void
relay(int master, int log, int input_log)
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
			if (got <= 0 || bench_write(master, buf, (size_t)got) < 0 ||
			    (input_log >= 0 && bench_write(input_log, buf, (size_t)got) < 0))
				return;
		}
	}
}

int
main(int argc, char **argv)
{
	int master, log = -1, status = 0, option;
	bool input = false, privileges = false;
	pid_t pid;
	struct termios modes;

	while ((option = getopt(argc, argv, "+ipw")) != -1) {
		if (option == 'w')
			return wait_as_other();
		input |= option == 'i';
		privileges |= option == 'p';
	}
	if (argc - optind < 2)
		return 2;
	argv += optind;
	if (strcmp(argv[0], "-") != 0 &&
	    (log = open(argv[0], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0)
		bench_die(argv[0]);
	tcgetattr(0, &modes);
	if (privileges)
		start_others("/proc/self/exe");
	pid = start(argv + 1, &master);
	relay(master, log, input ? log : -1);
	close(master);
	waitpid(pid, &status, 0);
	tcsetattr(0, TCSANOW, &modes);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
