/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TTYACCT_INDEX_H
#define TTYACCT_INDEX_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct ledger_record;
struct sqlite3;

/*
 * The index: a SQLite file made from the ledger and nothing else. It can be deleted at any time; an
 * index of another version, or one that is damaged, is made anew.
 *
 * conn     a connection: who, from where, totals, last reading
 * bucket   what a connection moved in each quarter of an hour (a reading's growth belongs to the
 *          quarter hour of the reading); `at` is the quarter hour since 1970 << 40 | conn.id
 * day      the same added up by day of local time, user, host and source
 * session  a shell on a connection, with the readings at its beginning and end
 */

enum {
	INDEX_QUARTER = 900,               /* seconds */
	INDEX_QUARTERS_MAX = (1 << 23) - 1 /* in the year 2209; the ledger's dates end before */
};

enum index_state {
	INDEX_IS_OPEN,
	INDEX_IS_CLOSED,
	INDEX_IS_FINAL,
};

struct index;

/*
 * Returns NULL and says why on stderr. `path` may be ":memory:". With `named` somebody has said which file it is: one
 * that is no index of ours (as its first bytes say) is not touched. Otherwise it is ours, and made anew in any case.
 */
struct index *index_open(const char *path, bool named);
void index_free(struct index *ix);

struct index_result {
	uint64_t lines, bad; /* of this run */
};

/*
 * Reads what is new in the ledger's files. Lines that are no records are named on `complaints`, the
 * first ones of each file one by one. Returns 0 or -errno (said on stderr).
 */
int index_update(
    struct index *ix, const char *ledger, FILE *complaints, struct index_result *result);

/* For reports. Owned by the index. */
struct sqlite3 *index_db(struct index *ix);

#endif
