/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef BENCH_H
#define BENCH_H

#include <stddef.h>
#include <stdint.h>

/* What the programs of 'make bench' share. They exit(1) with a line on stderr when the machine
 * fails them. */

/* Printed by the inner programs when their work is done, and looked for by term.c. */
#define BENCH_DONE "<BENCH-DONE>"
/* Printed by the inner programs when they are ready for input. */
#define BENCH_READY "<BENCH-READY>"

/* A key that ends the inner program of the echo tests. */
#define BENCH_LAST_KEY 0x04

/* What is pasted: this pattern over and over. Lines of 64 bytes of plain text, so that any mode
 * takes them. */
#define BENCH_PATTERN 65536
void bench_pattern(uint8_t pattern[BENCH_PATTERN]);

/* What is printed: "text" (lines with \n), "ansi" (a full-screen program, UTF-8) or "noise". The same each time. Returns
 * how much it is, a little less than BENCH_STOCK. */
#define BENCH_STOCK (1u << 20)
size_t bench_stock(const char *kind, char stock[BENCH_STOCK]);

int64_t bench_now_ns(void);
_Noreturn void bench_die(const char *what);
uint64_t bench_number(const char *text);

/* Raw mode on a terminal; what is not one is left alone. */
void bench_raw(int fd);

/* Writes all of it, waiting where it has to. Returns 0 or -errno. */
int bench_write(int fd, const void *bytes, size_t n);

/* Sorts the times, and prints members of a JSON object: n, and min, p50 and so on of that unit. */
void bench_print_times(double *times, size_t n, const char *unit);

/* Makes a PTY of 24 x 80 and runs a program on its slave, as session leader. Returns the pid and
 * the master. */
struct bench_how {
	const char *cgroup; /* a cgroup.procs file the child writes itself into, or NULL */
	const char *user;   /* whom the child becomes, or NULL */
	const char *argv0;  /* instead of argv[0], or NULL */
	size_t number;      /* what WORD becomes in the command, as four digits */
	int no_terminal;    /* /dev/null and a pipe for standard output instead of a PTY */
};
int bench_spawn(const struct bench_how *, char *const argv[], int *master);

#endif
