/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bench: the program inside the session.
 *
 * work text|ansi|noise BYTES REPORT  prints so much of that kind
 * work flood SECONDS REPORT          prints text for so long, as fast as it is taken
 * work key REPORT                    raw: prints every byte it reads, until ^D
 * work sink|back BYTES REPORT        raw: reads a paste and checks it; back also prints it
 * work lines|cat BYTES REPORT        the same in canonical mode with echo; cat also prints it
 * work deaf MS REPORT                prints a line every 5 ms and reads nothing
 * work tail WORD                     prints a short output and ends
 * work crowd BYTES_PER_S REPORT      prints so much, ten times a second, and every byte it reads,
 *                                    until ^D
 *
 * REPORT gets one line of JSON at the end: its CPU seconds, and what it counted.
 */
#include "bench.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define BLOCK (64u << 10)

static void
report(const char *path, uint64_t bytes, uint64_t wrong)
{
	struct rusage use;
	FILE *f = fopen(path, "w");

	getrusage(RUSAGE_SELF, &use);
	if (f == NULL)
		return;
	fprintf(f, "{\"cpu_s\": %.6f, \"bytes\": %llu, \"wrong\": %llu}\n",
	    (double)use.ru_utime.tv_sec + (double)use.ru_stime.tv_sec +
		(double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec) / 1e6,
	    (unsigned long long)bytes, (unsigned long long)wrong);
	fclose(f);
}

static int
work_print(const char *kind, uint64_t bytes, const char *path)
{
	char *stock = malloc(BENCH_STOCK);
	uint64_t left = bytes;
	size_t have, at = 0;

	if (stock == NULL)
		bench_die("malloc");
	have = bench_stock(kind, stock);
	if (kind[0] == 'n')
		bench_raw(1);
	while (left > 0) {
		size_t n = have - at < BLOCK ? have - at : BLOCK;

		n = n < left ? n : (size_t)left;
		if (bench_write(1, stock + at, n) < 0)
			return 1;
		left -= n;
		at = (at + n) % have;
	}
	bench_write(1, BENCH_DONE, strlen(BENCH_DONE));
	report(path, bytes, 0);
	return 0;
}

static int
work_flood(uint64_t seconds, const char *path)
{
	int64_t end_ns = bench_now_ns() + (int64_t)seconds * 1000000000;
	char *stock = malloc(BENCH_STOCK);
	uint64_t bytes = 0;

	if (stock == NULL)
		bench_die("malloc");
	(void)bench_stock("text", stock);
	for (size_t at = 0; bench_now_ns() < end_ns; at = (at + BLOCK) % (BENCH_STOCK / 2)) {
		if (bench_write(1, stock + at, BLOCK) < 0)
			return 1;
		bytes += BLOCK;
	}
	bench_write(1, BENCH_DONE, strlen(BENCH_DONE));
	report(path, bytes, 0);
	return 0;
}

static int
work_key(const char *path)
{
	uint64_t bytes = 0;
	char buf[4096];
	ssize_t got;

	bench_raw(0);
	bench_write(1, BENCH_READY, strlen(BENCH_READY));
	while ((got = read(0, buf, sizeof buf)) > 0 &&
	       memchr(buf, BENCH_LAST_KEY, (size_t)got) == NULL) {
		bytes += (uint64_t)got;
		bench_write(1, buf, (size_t)got);
	}
	report(path, bytes, 0);
	return 0;
}

static uint64_t
count_wrong(const uint8_t *pattern, uint64_t at, const uint8_t *p, size_t n)
{
	uint64_t wrong = 0;

	while (n > 0) {
		size_t from = at % BENCH_PATTERN,
		       part = BENCH_PATTERN - from < n ? BENCH_PATTERN - from : n;

		if (memcmp(pattern + from, p, part) != 0)
			wrong++;
		p += part;
		at += part;
		n -= part;
	}
	return wrong;
}

static int
work_read(const char *kind, uint64_t bytes, const char *path)
{
	static uint8_t pattern[BENCH_PATTERN], buf[BLOCK];
	uint64_t have = 0, wrong = 0;

	bench_pattern(pattern);
	if (kind[0] == 's' || kind[0] == 'b')
		bench_raw(0);
	bench_write(1, BENCH_READY, strlen(BENCH_READY));
	while (have < bytes) {
		ssize_t got = read(0, buf, sizeof buf);

		if (got <= 0)
			break;
		wrong += count_wrong(pattern, have, buf, (size_t)got);
		have += (uint64_t)got;
		if ((kind[0] == 'b' || kind[0] == 'c') && bench_write(1, buf, (size_t)got) < 0)
			break;
	}
	report(path, have, wrong);
	bench_write(1, BENCH_DONE, strlen(BENCH_DONE));
	return 0;
}

static int
work_deaf(uint64_t ms, const char *path)
{
	int64_t end_ns = bench_now_ns() + (int64_t)ms * 1000000;
	const struct timespec pause = {.tv_nsec = 5000000};
	uint64_t lines = 0;

	bench_raw(0);
	bench_write(1, BENCH_READY, strlen(BENCH_READY));
	while (bench_now_ns() < end_ns) {
		bench_write(1, "still here\r\n", 12);
		lines++;
		nanosleep(&pause, NULL);
	}
	report(path, lines, 0);
	bench_write(1, BENCH_DONE, strlen(BENCH_DONE));
	return 0;
}

static int
work_tail(const char *word)
{
	char text[256];
	int n = snprintf(text, sizeof text, "one\ntwo\nthree\n%s\n<end of %s>\n", word, word);

	return bench_write(1, text, (size_t)n) < 0;
}

static int
work_crowd(uint64_t rate, const char *path)
{
	const size_t part = rate / 10;
	struct pollfd p = {.fd = 0, .events = POLLIN};
	int64_t next_ns = bench_now_ns() + 100000000;
	char *stock = malloc(BENCH_STOCK), keys[256];
	uint64_t bytes = 0;
	size_t have;

	if (stock == NULL)
		bench_die("malloc");
	have = bench_stock("ansi", stock);
	bench_raw(0);
	bench_write(1, BENCH_READY, strlen(BENCH_READY));
	for (;;) {
		int64_t left_ns = next_ns - bench_now_ns();
		ssize_t got;

		if (poll(&p, 1, left_ns > 0 ? (int)(left_ns / 1000000) + 1 : 0) > 0) {
			got = read(0, keys, sizeof keys);
			if (got <= 0 || memchr(keys, BENCH_LAST_KEY, (size_t)got) != NULL)
				break;
			bench_write(1, keys, (size_t)got);
		}
		if (bench_now_ns() >= next_ns) {
			for (size_t left = part, n; left > 0; left -= n) {
				n = left < have / 2 ? left : have / 2;
				bench_write(1, stock + bytes % (have / 2), n);
				bytes += n;
			}
			next_ns += 100000000;
		}
	}
	bench_write(1, BENCH_DONE, strlen(BENCH_DONE));
	report(path, bytes, 0);
	return 0;
}

int
main(int argc, char **argv)
{
	const char *kind = argc > 1 ? argv[1] : "";

	if (argc == 4 && (!strcmp(kind, "text") || !strcmp(kind, "ansi") || !strcmp(kind, "noise")))
		return work_print(kind, bench_number(argv[2]), argv[3]);
	if (argc == 3 && !strcmp(kind, "key"))
		return work_key(argv[2]);
	if (argc == 4 && !strcmp(kind, "flood"))
		return work_flood(bench_number(argv[2]), argv[3]);
	if (argc == 4 && (!strcmp(kind, "sink") || !strcmp(kind, "back") ||
			     !strcmp(kind, "lines") || !strcmp(kind, "cat")))
		return work_read(kind, bench_number(argv[2]), argv[3]);
	if (argc == 4 && !strcmp(kind, "deaf"))
		return work_deaf(bench_number(argv[2]), argv[3]);
	if (argc == 3 && !strcmp(kind, "tail"))
		return work_tail(argv[2]);
	if (argc == 4 && !strcmp(kind, "crowd"))
		return work_crowd(bench_number(argv[2]), argv[3]);
	fputs("usage: see the top of work.c\n", stderr);
	return 2;
}
