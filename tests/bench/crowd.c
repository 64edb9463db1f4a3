/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bench: many users at once. crowd [-g FILE] [-u USER] [-0 WORD] SESSIONS KEYS_PER_S SECONDS --
 * COMMAND... starts COMMAND (WORD in its last word becomes the session's number) on so many PTYs,
 * prints a line of JSON when all are ready, types into each for so long, says so, goes on listening
 * until standard input ends, ends them all, and prints what came of it.
 */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEY 0x01 /* the programs print no such byte of their own */

struct user {
	int fd;
	pid_t pid;
	size_t matched; /* of BENCH_READY, then of BENCH_DONE */
	bool ready, done;
	uint64_t bytes;  /* from behind BENCH_READY up to the end of BENCH_DONE */
	int64_t next_ns; /* when the next key is due */
	int64_t sent_ns; /* 0: its echo has come */
};

struct crowd {
	struct user *users;
	size_t n, open, ready, done, echoes_n, echoes_max;
	double *echoes; /* in microseconds */
	uint64_t sent, late;
	int epoll;
};

/* Looks for a mark that no output of the programs has a part of. Returns how much of p it takes. */
static size_t
match(struct user *u, const char *mark, const char *p, size_t n, bool *found)
{
	size_t i = 0;

	for (; !*found && i < n; i++) {
		u->matched = p[i] == mark[u->matched] ? u->matched + 1 : p[i] == mark[0];
		if (mark[u->matched] == '\0') {
			*found = true;
			u->matched = 0;
		}
	}
	return i;
}

/* What a recorder itself prints before and after its session does not count. */
static void
see(struct crowd *c, struct user *u, const char *p, size_t n)
{
	bool was_ready = u->ready, was_done = u->done;
	size_t i = match(u, BENCH_READY, p, n, &u->ready);

	c->ready += u->ready && !was_ready;
	if (!u->ready)
		return;
	if (u->sent_ns != 0 && memchr(p + i, KEY, n - i) != NULL) {
		if (c->echoes_n < c->echoes_max)
			c->echoes[c->echoes_n++] = (double)(bench_now_ns() - u->sent_ns) / 1e3;
		u->sent_ns = 0;
	}
	u->bytes += match(u, BENCH_DONE, p + i, n - i, &u->done);
	c->done += u->done && !was_done;
}

/* Waits up to ms for output of anybody, and takes it. */
static void
listen_to_all(struct crowd *c, int ms)
{
	static char buf[65536];
	struct epoll_event events[64];
	int n = epoll_wait(c->epoll, events, 64, ms);

	for (int i = 0; i < n; i++) {
		struct user *u = events[i].data.ptr;
		ssize_t got = read(u->fd, buf, sizeof buf);

		if (got > 0)
			see(c, u, buf, (size_t)got);
		else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
			close(u->fd);
			u->fd = -1;
			c->open--;
		}
	}
}

static void
start(struct crowd *c, const struct bench_how *how, char **command)
{
	struct bench_how numbered = *how;

	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (size_t i = 0; i < c->n; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = &c->users[i]};

		numbered.number = i;
		c->users[i].pid = bench_spawn(&numbered, command, &c->users[i].fd);
		fcntl(c->users[i].fd, F_SETFL, O_NONBLOCK);
		epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->users[i].fd, &event);
		c->open++;
	}
	/* Five hundred terminals do not share one processor: this one does not queue behind them. */
	(void)setpriority(PRIO_PROCESS, 0, -20);
}

static void
wait_ready(struct crowd *c)
{
	int64_t begin_ns = bench_now_ns();

	while (c->ready < c->n && c->open == c->n && bench_now_ns() - begin_ns < 120000000000)
		listen_to_all(c, 1000);
	printf("{\"ready\": %zu, \"seconds\": %.3f}\n", c->ready,
	    (double)(bench_now_ns() - begin_ns) / 1e9);
	fflush(stdout);
}

static void
type_keys(struct crowd *c, double per_s, uint64_t seconds)
{
	int64_t begin_ns = bench_now_ns(), end_ns = begin_ns + (int64_t)seconds * 1000000000;
	int64_t every_ns = (int64_t)(1e9 / per_s);
	const char key = KEY;

	for (size_t i = 0; i < c->n; i++)
		c->users[i].next_ns = begin_ns + every_ns * (int64_t)i / (int64_t)c->n;
	for (int64_t now_ns = begin_ns; now_ns < end_ns; now_ns = bench_now_ns()) {
		for (size_t i = 0; i < c->n; i++) {
			struct user *u = &c->users[i];

			if (u->next_ns > now_ns || u->fd < 0)
				continue;
			u->next_ns += every_ns;
			if (u->sent_ns != 0) {
				c->late++;
				continue;
			}
			u->sent_ns = bench_now_ns();
			c->sent += write(u->fd, &key, 1) == 1;
		}
		listen_to_all(c, 1);
	}
}

/* Takes what comes until standard input ends. */
static void
wait_for_end(struct crowd *c)
{
	struct pollfd p = {.fd = 0, .events = POLLIN};
	char byte;

	printf("{\"keys\": %llu}\n", (unsigned long long)c->sent);
	fflush(stdout);
	while (poll(&p, 1, 0) == 0 || read(0, &byte, 1) > 0)
		listen_to_all(c, 10);
}

static bool
echoes_wait(const struct crowd *c)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->users[i].fd >= 0 && c->users[i].sent_ns != 0)
			return true;
	return false;
}

static void
stop(struct crowd *c)
{
	int64_t begin_ns = bench_now_ns();
	const char last = BENCH_LAST_KEY;

	/* A key that is read together with the last one is not printed. */
	while (echoes_wait(c) && bench_now_ns() - begin_ns < 10000000000)
		listen_to_all(c, 10);
	for (size_t i = 0; i < c->n; i++)
		if (c->users[i].fd >= 0 && write(c->users[i].fd, &last, 1) != 1)
			close(c->users[i].fd), c->users[i].fd = -1, c->open--;
	while (c->open > 0 && bench_now_ns() - begin_ns < 60000000000)
		listen_to_all(c, 1000);
	for (size_t i = 0; i < c->n; i++) {
		if (c->users[i].fd >= 0)
			kill(c->users[i].pid, SIGKILL);
		waitpid(c->users[i].pid, NULL, 0);
	}
}

static void
say(struct crowd *c)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < c->n; i++)
		bytes += c->users[i].bytes;
	printf("{\"bytes\": %llu, \"keys\": %llu, \"late\": %llu, \"done\": %zu, ",
	    (unsigned long long)bytes, (unsigned long long)c->sent, (unsigned long long)c->late,
	    c->done);
	bench_print_times(c->echoes, c->echoes_n, "us");
	printf("}\n");
}

int
main(int argc, char **argv)
{
	const struct rlimit files = {65536, 65536};
	struct bench_how how = {0};
	struct crowd c = {0};
	uint64_t seconds;
	int o;

	while ((o = getopt(argc, argv, "+g:u:0:")) != -1) {
		if (o == 'g')
			how.cgroup = optarg;
		else if (o == 'u')
			how.user = optarg;
		else if (o == '0')
			how.argv0 = optarg;
		else
			return 2;
	}
	if (argc - optind < 5 || strcmp(argv[optind + 3], "--") != 0)
		return 2;
	setrlimit(RLIMIT_NOFILE, &files);
	c.n = bench_number(argv[optind]);
	seconds = bench_number(argv[optind + 2]);
	c.echoes_max = c.n * bench_number(argv[optind + 1]) * (seconds + 1);
	c.users = calloc(c.n + 1, sizeof *c.users);
	c.echoes = calloc(c.echoes_max + 1, sizeof *c.echoes);
	if (c.users == NULL || c.echoes == NULL)
		bench_die("calloc");
	start(&c, &how, argv + optind + 4);
	wait_ready(&c);
	if (seconds > 0)
		type_keys(&c, (double)bench_number(argv[optind + 1]), seconds);
	wait_for_end(&c);
	stop(&c);
	say(&c);
	return 0;
}
