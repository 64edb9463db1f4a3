/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bench: what its programs share. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

int64_t
bench_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void
bench_die(const char *what)
{
	fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

uint64_t
bench_number(const char *text)
{
	char *end;
	uint64_t n = strtoull(text, &end, 10);

	if (*text == '\0' || *end != '\0') {
		errno = EINVAL;
		bench_die(text);
	}
	return n;
}

void
bench_pattern(uint8_t pattern[BENCH_PATTERN])
{
	uint32_t x = 1;

	for (size_t i = 0; i < BENCH_PATTERN; i++) {
		x = x * 1664525 + 1013904223;
		pattern[i] = i % 64 == 63 ? '\n' : (uint8_t)('a' + (x >> 24) % 26);
	}
}

static uint32_t seed;

static uint32_t
dice(uint32_t sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 17;
	seed ^= seed << 5;
	return seed % sides;
}

/* Lines as of a build log: words, paths, numbers. */
static size_t
make_text(char *p, size_t n)
{
	size_t at = 0;

	while (n - at > 100) {
		size_t end = at + 20 + dice(60);

		while (at < end)
			p[at++] = dice(6) == 0 ? ' ' : (char)('!' + dice(94));
		p[at++] = '\n';
	}
	return at;
}

/* A full-screen program: colours, cursor movements, box drawing, words in several scripts. */
static size_t
make_ansi(char *p, size_t n)
{
	static const char *const words[] = {
	    "λόγος", "строка", "完了", "─────", "│", "naïve", "✓", "plain text", "status: ok"};
	size_t at = 0;

	while (n - at > 200) {
		at += (size_t)sprintf(p + at, "\033[%u;%uH\033[%u;38;5;%um%s \033[K", 1 + dice(24),
		    1 + dice(80), dice(2), dice(256), words[dice(sizeof words / sizeof *words)]);
		at += (size_t)sprintf(p + at, "%u items\033[0m", dice(100000));
		if (dice(20) == 0)
			p[at++] = '\n';
	}
	return at;
}

static size_t
make_noise(char *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[i] = (char)(dice(1u << 24) >> 8);
	return n;
}

size_t
bench_stock(const char *kind, char stock[BENCH_STOCK])
{
	seed = 12345;
	switch (kind[0]) {
	case 't':
		return make_text(stock, BENCH_STOCK);
	case 'a':
		return make_ansi(stock, BENCH_STOCK);
	default:
		return make_noise(stock, BENCH_STOCK);
	}
}

void
bench_raw(int fd)
{
	struct termios t;

	if (tcgetattr(fd, &t) != 0)
		return;
	cfmakeraw(&t);
	tcsetattr(fd, TCSANOW, &t);
}

int
bench_write(int fd, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	while (n > 0) {
		ssize_t put = write(fd, p, n);

		if (put < 0 && errno == EAGAIN) {
			struct pollfd ready = {.fd = fd, .events = POLLOUT};

			poll(&ready, 1, -1);
			continue;
		}
		if (put < 0 && errno != EINTR)
			return -errno;
		if (put > 0) {
			p += put;
			n -= (size_t)put;
		}
	}
	return 0;
}

static int
compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

void
bench_print_times(double *times, size_t n, const char *unit)
{
	printf("\"n\": %zu", n);
	if (n == 0)
		return;
	qsort(times, n, sizeof *times, compare);
	printf(", \"min_%s\": %.3f, \"p50_%s\": %.3f, \"p90_%s\": %.3f, \"p99_%s\": %.3f, "
	       "\"max_%s\": %.3f",
	    unit, times[0], unit, times[n / 2], unit, times[n * 9 / 10], unit, times[n * 99 / 100],
	    unit, times[n - 1]);
}

/* WORD as four digits, in a copy that lives as long as the child. */
static char *
numbered(const char *word, size_t number)
{
	char *copy = strdup(word), *mark, digits[8];

	if (copy == NULL)
		bench_die("strdup");
	snprintf(digits, sizeof digits, "%04zu", number % 10000);
	while ((mark = strstr(copy, "WORD")) != NULL)
		memcpy(mark, digits, 4);
	return copy;
}

/* Looked up once, so that the looking up is no part of what is measured. */
struct account {
	struct passwd pw;
	gid_t groups[64];
	int groups_n;
};

static const struct account *
account_of(const char *name)
{
	static struct account a;
	const struct passwd *pw;

	if (a.pw.pw_name != NULL)
		return &a;
	pw = getpwnam(name);
	if (pw == NULL)
		bench_die(name);
	a.pw = *pw;
	a.pw.pw_name = strdup(name);
	a.pw.pw_dir = strdup(pw->pw_dir);
	a.pw.pw_shell = strdup(pw->pw_shell);
	a.groups_n = sizeof a.groups / sizeof *a.groups;
	if (getgrouplist(name, a.pw.pw_gid, a.groups, &a.groups_n) < 0)
		bench_die(name);
	return &a;
}

static void
become(const struct account *a)
{
	int fd = open("/proc/self/loginuid", O_WRONLY);

	/* A login of its own in the audit trail, as pam_loginuid makes it. */
	if (fd >= 0) {
		dprintf(fd, "%u", a->pw.pw_uid);
		close(fd);
	}
	if (setgroups((size_t)a->groups_n, a->groups) != 0 || setgid(a->pw.pw_gid) != 0 ||
	    setuid(a->pw.pw_uid) != 0 || chdir(a->pw.pw_dir) != 0)
		bench_die(a->pw.pw_name);
	setenv("HOME", a->pw.pw_dir, 1);
	setenv("USER", a->pw.pw_name, 1);
	setenv("LOGNAME", a->pw.pw_name, 1);
	setenv("SHELL", a->pw.pw_shell, 1);
}

static void
join(const char *procs)
{
	int fd = open(procs, O_WRONLY);

	if (fd < 0 || write(fd, "0", 1) != 1)
		bench_die(procs);
	close(fd);
}

_Noreturn static void
child(const struct bench_how *how, char *const argv[], const char *slave, int out)
{
	char *words[64];
	int n = 0, fd;

	if (how->cgroup != NULL)
		join(how->cgroup);
	setsid();
	fd = open(slave, O_RDWR);
	if (fd < 0 || dup2(fd, 0) < 0 || dup2(out >= 0 ? out : fd, 1) < 0 ||
	    dup2(out >= 0 ? out : fd, 2) < 0)
		bench_die(slave);
	if (how->user != NULL) {
		const struct account *a = account_of(how->user);

		if (!how->no_terminal && fchown(fd, a->pw.pw_uid, (gid_t)-1) != 0)
			bench_die(how->user);
		become(a);
	}
	close_range(3, ~0u, 0);
	for (; argv[n] != NULL && n < 63; n++)
		words[n] = numbered(argv[n], how->number);
	words[n] = NULL;
	if (how->argv0 != NULL)
		words[0] = (char *)how->argv0;
	signal(SIGPIPE, SIG_DFL);
	execvp(argv[0], words);
	bench_die(argv[0]);
}

int
bench_spawn(const struct bench_how *how, char *const argv[], int *master)
{
	const struct winsize size = {.ws_row = 24, .ws_col = 80};
	char slave[64] = "/dev/null";
	int pipes[2] = {-1, -1};
	pid_t pid;

	if (how->no_terminal) {
		if (pipe2(pipes, O_CLOEXEC) != 0)
			bench_die("pipe");
		*master = pipes[0];
	} else {
		*master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
		if (*master < 0 || grantpt(*master) != 0 || unlockpt(*master) != 0 ||
		    ptsname_r(*master, slave, sizeof slave) != 0)
			bench_die("posix_openpt");
		ioctl(*master, TIOCSWINSZ, &size);
	}
	if (how->user != NULL)
		(void)account_of(how->user); /* before the fork, so that it is kept */
	pid = fork();
	if (pid < 0)
		bench_die("fork");
	if (pid == 0)
		child(how, argv, slave, pipes[1]);
	if (pipes[1] >= 0)
		close(pipes[1]);
	return pid;
}
