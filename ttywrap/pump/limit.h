/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_LIMIT_H
#define PUMP_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/blake2b.h"

/*
 * How many records of input a session may send: so many a second, so many in
 * all. Above that nothing goes unmentioned: once a second a summary says how
 * many bytes were left out, and their BLAKE2b-256, in the order they were typed.
 */
struct limit {
	uint32_t rate; /* records in a second, 0: no limit */
	uint64_t cap;  /* records in all, 0: no limit */
	uint64_t sent; /* in all */
	uint32_t used; /* in the second that began at second_ns */
	int64_t second_ns;
	int64_t since_ns; /* when the first of the bytes left out came */
	uint64_t bytes;   /* left out and not told yet */
	uint64_t records;
	struct blake2b hash; /* of them */
};

struct limit_summary {
	uint64_t bytes; /* > 0 */
	uint64_t records;
	int64_t since_ns;
	uint8_t hash[BLAKE2B_LEN];
};

void limit_init(struct limit *l, uint32_t rate, uint64_t cap);

/*
 * Whether a record of these n bytes may be sent now. If not, it is taken into
 * the next summary, and so is every later one until limit_summary() gave it:
 * the order stays that of typing.
 */
bool limit_take(struct limit *l, const uint8_t *bytes, size_t n, int64_t now_ns);

/* A record that limit_take() let pass could not be sent: it goes into the summary all the same. */
void limit_leave(struct limit *l, const uint8_t *bytes, size_t n, int64_t now_ns);

/* When limit_summary() has something to give, CLOCK_MONOTONIC; -1: not as things are. */
int64_t limit_deadline_ns(const struct limit *l);

/*
 * True, and out filled, when a second has passed since the first byte was left
 * out, or (at the end of the session) at once. Call it before limit_take(). The
 * summary stays due until limit_told(), so that it can be tried again.
 */
bool limit_summary(const struct limit *l, int64_t now_ns, bool at_end, struct limit_summary *out);
void limit_told(struct limit *l);

#endif
