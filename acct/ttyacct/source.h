/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TTYACCT_SOURCE_H
#define TTYACCT_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The files of a ledger: traffic.jsonl and what logrotate made of earlier ones (traffic.jsonl.1,
 * traffic.jsonl-20261101.gz ...; gzip, xz and zstd through their own programs).
 */

struct source_file {
	char *path;
	bool active; /* the one that is written to; the end of its last line may still be on its way
		      */
	const char *unpack; /* program that unpacks it, NULL for plain text */
	int64_t mtime_ns;
};

struct source_list {
	struct source_file *files; /* oldest first */
	size_t n;
};

/* Returns 0 (also when there are none) or -errno. */
int source_list_make(struct source_list *l, const char *ledger);
void source_list_free(struct source_list *l);

/*
 * What a file is known by wherever logrotate moves it: a hash of its first line. Returns 0,
 * -ENODATA when it has no whole line yet, or -errno.
 */
int source_print(const struct source_file *f, uint64_t *print);

/* Called for each line, without its newline. `line` counts from 1; end is the offset after it. Not
 * 0 stops. */
typedef int source_line_fn(void *data, const char *text, size_t n, uint64_t line, int64_t end);

/*
 * Reads on from an offset (of the unpacked text; a shorter file is read from its start) at which
 * `line` lines had been read. Lines that are too long come with n == LEDGER_LINE_MAX and only their
 * beginning. Returns 0, -errno, or what the function returned.
 */
int source_read(
    const struct source_file *f, int64_t offset, uint64_t line, source_line_fn *fn, void *data);

#endif
