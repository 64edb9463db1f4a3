/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bench: the user's terminal, and the clock. term [OPTION...] MODE [ARGUMENT...] -- COMMAND...
 * runs COMMAND on a PTY of its own, measures, and prints one line of JSON.
 *
 * -g FILE   the command's processes go into this cgroup.procs
 * -u USER   they become this user, with a login of their own in the audit trail
 * -0 WORD   argv[0] of the command
 *
 * drain             reads until the end; bytes and seconds from the first to BENCH-DONE
 * start N           N runs, one after the other, each to its end; -p before N: without a terminal
 * key N GAP_US      N keys, each sent GAP_US after the last one's echo
 * burst N SIZE      N times SIZE keys at once; the time until the last one's echo
 * paste BYTES       as fast as it is taken, reading all the while; stuck after 3 s without a byte
 * deaf BYTES        the same, into a program that reads nothing; the longest silence of the output
 * frame KEYS...     starts a player and presses each of KEYS when it has drawn: ms from the start,
 *                   and from each, to the last byte before a second of silence; ends it with 'q'
 * tail N            N runs, WORD another number each time; how many printed everything up to
 *                   '<end of WORD>'
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
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STUCK_NS 3000000000
#define SEEN     256

struct term {
	struct bench_how how;
	char **command;
	int master;
	pid_t pid;
	uint64_t bytes;
	char seen[SEEN]; /* the output's last bytes */
	size_t seen_len;
};

static void
open_term(struct term *t)
{
	t->pid = bench_spawn(&t->how, t->command, &t->master);
	t->bytes = t->seen_len = 0;
}

static int
close_term(struct term *t)
{
	int status = 0;

	close(t->master);
	waitpid(t->pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Keeps the end of what was read. */
static void
note(struct term *t, const char *p, size_t n)
{
	t->bytes += n;
	if (n >= SEEN) {
		memcpy(t->seen, p + n - SEEN, SEEN);
		t->seen_len = SEEN;
		return;
	}
	if (t->seen_len + n > SEEN) {
		size_t drop = t->seen_len + n - SEEN;

		memmove(t->seen, t->seen + drop, t->seen_len - drop);
		t->seen_len -= drop;
	}
	memcpy(t->seen + t->seen_len, p, n);
	t->seen_len += n;
}

static bool
has_seen(const struct term *t, const char *what)
{
	return memmem(t->seen, t->seen_len, what, strlen(what)) != NULL;
}

/* One read; false at the end. */
static bool
take(struct term *t)
{
	static char buf[65536];
	ssize_t got = read(t->master, buf, sizeof buf);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (got <= 0)
		return false;
	note(t, buf, (size_t)got);
	return true;
}

static void
await(struct term *t, const char *what)
{
	while (!has_seen(t, what))
		if (!take(t)) {
			fprintf(stderr, "bench: %s ended before %s: %.*s\n", t->command[0], what,
			    (int)t->seen_len, t->seen);
			exit(1);
		}
}

/* CPU of everything that was waited for: the fallback where there is no cgroup. */
static void
print_end(int status)
{
	struct rusage use;

	getrusage(RUSAGE_CHILDREN, &use);
	printf(", \"children_cpu_s\": %.6f, \"status\": %d}\n",
	    (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
		(double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6,
	    status);
}

static double *
new_times(size_t n)
{
	double *times = calloc(n + 1, sizeof *times);

	if (times == NULL)
		bench_die("calloc");
	return times;
}

static int
run_drain(struct term *t, char **args)
{
	int64_t first_ns = 0, last_ns = 0;
	bool done = false;
	uint64_t before = 0;

	(void)args;
	open_term(t);
	while (take(t)) {
		if (first_ns == 0) {
			first_ns = bench_now_ns();
			before = t->bytes;
		}
		if (!done) {
			last_ns = bench_now_ns();
			done = has_seen(t, BENCH_DONE);
		}
	}
	printf("{\"bytes\": %llu, \"seconds\": %.6f, \"done\": %s",
	    (unsigned long long)(t->bytes - before), (double)(last_ns - first_ns) / 1e9,
	    done ? "true" : "false");
	print_end(close_term(t));
	return 0;
}

static int
run_start(struct term *t, char **args)
{
	size_t n = bench_number(args[0]);
	double *times = new_times(n);
	int status = 0;

	for (size_t i = 0; i < n; i++) {
		int64_t start_ns = bench_now_ns();

		open_term(t);
		while (take(t))
			;
		status |= close_term(t);
		times[i] = (double)(bench_now_ns() - start_ns) / 1e6;
	}
	printf("{");
	bench_print_times(times, n, "ms");
	print_end(status);
	return 0;
}

static void
pause_us(uint64_t us)
{
	const struct timespec t = {
	    .tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};

	if (us > 0)
		nanosleep(&t, NULL);
}

/* size keys in one write, until as many bytes have come back. */
static double
press(struct term *t, size_t size)
{
	uint64_t until = t->bytes + size;
	int64_t start_ns;
	char keys[4096];

	for (size_t i = 0; i < size; i++)
		keys[i] = (char)('a' + i % 26);
	start_ns = bench_now_ns();
	if (bench_write(t->master, keys, size) < 0)
		bench_die("key");
	while (t->bytes < until)
		if (!take(t))
			bench_die("the session ended");
	return (double)(bench_now_ns() - start_ns) / 1e3;
}

static int
run_keys(struct term *t, size_t n, uint64_t gap_us, size_t size)
{
	const char last = BENCH_LAST_KEY;
	double *times = new_times(n);
	int status;

	open_term(t);
	await(t, BENCH_READY);
	for (size_t i = 0; i < n + 20; i++) {
		double us;

		pause_us(gap_us);
		us = press(t, size);
		if (i >= 20)
			times[i - 20] = us;
	}
	bench_write(t->master, &last, 1);
	while (take(t))
		;
	status = close_term(t);
	printf("{");
	bench_print_times(times, n, "us");
	print_end(status);
	return 0;
}

static int
run_key(struct term *t, char **args)
{
	return run_keys(t, bench_number(args[0]), bench_number(args[1]), 1);
}

static int
run_burst(struct term *t, char **args)
{
	size_t size = bench_number(args[1]);

	return run_keys(t, bench_number(args[0]), 2000, size < 4096 ? size : 4096);
}

struct paste {
	uint64_t bytes, put;
	int64_t moved_ns, out_ns, silence_ns; /* when a byte moved last, and when one came out; the
						 longest wait for one */
};

/* One turn in both directions. False at the end, or when nothing moves any more. */
static bool
paste_step(struct term *t, struct paste *paste, const uint8_t *pattern)
{
	struct pollfd p = {
	    .fd = t->master, .events = (short)(POLLIN | (paste->put < paste->bytes ? POLLOUT : 0))};
	int64_t now_ns;

	if (poll(&p, 1, 1000) == 0 || !(p.revents & (POLLIN | POLLOUT | POLLHUP)))
		return bench_now_ns() - paste->moved_ns < STUCK_NS;
	if (p.revents & (POLLIN | POLLHUP)) {
		if (!take(t))
			return false;
		now_ns = bench_now_ns();
		if (now_ns - paste->out_ns > paste->silence_ns)
			paste->silence_ns = now_ns - paste->out_ns;
		paste->out_ns = paste->moved_ns = now_ns;
	}
	if (p.revents & POLLOUT) {
		size_t at = paste->put % BENCH_PATTERN, n = BENCH_PATTERN - at;
		ssize_t put;

		n = n < paste->bytes - paste->put ? n : (size_t)(paste->bytes - paste->put);
		put = write(t->master, pattern + at, n < 4096 ? n : 4096);
		if (put > 0) {
			paste->put += (uint64_t)put;
			paste->moved_ns = bench_now_ns();
		} else {
			pause_us(
			    50); /* POLLOUT of a master does not know how much its slave takes */
		}
	}
	return bench_now_ns() - paste->moved_ns < STUCK_NS;
}

/* Something to read, or the end, within the time after which it is stuck. */
static bool
is_moving(const struct term *t)
{
	struct pollfd p = {.fd = t->master, .events = POLLIN};

	return poll(&p, 1, STUCK_NS / 1000000) > 0;
}

static int
run_paste(struct term *t, char **args)
{
	static uint8_t pattern[BENCH_PATTERN];
	struct paste paste = {.bytes = bench_number(args[0])};
	int64_t start_ns;
	bool done;

	bench_pattern(pattern);
	open_term(t);
	await(t, BENCH_READY);
	fcntl(t->master, F_SETFL, O_NONBLOCK);
	start_ns = paste.moved_ns = paste.out_ns = bench_now_ns();
	while (!has_seen(t, BENCH_DONE) && paste_step(t, &paste, pattern))
		;
	done = has_seen(t, BENCH_DONE);
	printf(
	    "{\"put\": %llu, \"came\": %llu, \"seconds\": %.6f, \"silence_ms\": %.3f, \"done\": %s",
	    (unsigned long long)paste.put, (unsigned long long)t->bytes,
	    (double)(bench_now_ns() - start_ns) / 1e9, (double)paste.silence_ns / 1e6,
	    done ? "true" : "false");
	while (done && is_moving(t) && take(t))
		;
	if (!done || !is_moving(t))
		kill(t->pid, SIGKILL);
	print_end(close_term(t));
	return 0;
}

/* Milliseconds from start_ns until the last byte before a second without one. */
static double
settle(struct term *t, int64_t start_ns)
{
	struct pollfd p = {.fd = t->master, .events = POLLIN};
	int64_t last_ns = start_ns;

	while (poll(&p, 1, 1000) > 0 && take(t))
		last_ns = bench_now_ns();
	return (double)(last_ns - start_ns) / 1e6;
}

static int
run_frame(struct term *t, char **args)
{
	int64_t start_ns = bench_now_ns();
	int status;

	open_term(t);
	printf("{\"ms\": [%.3f", settle(t, start_ns));
	for (; strcmp(*args, "--") != 0; args++) {
		start_ns = bench_now_ns();
		bench_write(t->master, *args, strlen(*args));
		printf(", %.3f", settle(t, start_ns));
	}
	bench_write(t->master, "q", 1);
	while (take(t))
		;
	status = close_term(t);
	printf("]");
	print_end(status);
	return 0;
}

static int
run_tail(struct term *t, char **args)
{
	size_t n = bench_number(args[0]), whole = 0;
	int status = 0;

	for (size_t i = 0; i < n; i++) {
		char end[64];

		t->how.number = i;
		open_term(t);
		while (take(t))
			;
		status |= close_term(t);
		snprintf(end, sizeof end, "<end of %04zu>\r\n", i % 10000);
		whole += has_seen(t, end);
	}
	printf("{\"runs\": %zu, \"whole\": %zu", n, whole);
	print_end(status);
	return 0;
}

static const struct mode {
	const char *name;
	int args;
	int (*run)(struct term *, char **args);
} modes[] = {
    {"drain", 0, run_drain},
    {"start", 1, run_start},
    {"key", 2, run_key},
    {"burst", 2, run_burst},
    {"paste", 1, run_paste},
    {"deaf", 1, run_paste},
    {"frame", 0, run_frame},
    {"tail", 1, run_tail},
};

/* The words behind "--", or NULL. */
static char **
after_dashes(char **words)
{
	while (*words != NULL && strcmp(*words, "--") != 0)
		words++;
	return *words != NULL && words[1] != NULL ? words + 1 : NULL;
}

int
main(int argc, char **argv)
{
	static struct term t;
	int c;

	while ((c = getopt(argc, argv, "+g:u:0:p")) != -1) {
		if (c == 'g')
			t.how.cgroup = optarg;
		else if (c == 'u')
			t.how.user = optarg;
		else if (c == '0')
			t.how.argv0 = optarg;
		else if (c == 'p')
			t.how.no_terminal = 1;
		else
			return 2;
	}
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
		char **args = argv + optind + 1;

		if (optind >= argc || strcmp(argv[optind], modes[i].name) != 0)
			continue;
		if (argc - optind - 1 < modes[i].args + 2)
			break;
		t.command = after_dashes(args + modes[i].args);
		if (t.command == NULL)
			break;
		return modes[i].run(&t, args);
	}
	fputs("usage: see the top of term.c\n", stderr);
	return 2;
}
