/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TTYACCT_REPORT_H
#define TTYACCT_REPORT_H

#include <stdbool.h>
#include <time.h>

struct sqlite3;
struct table;

enum report_by {
	BY_USER,
	BY_DAY,
	BY_WEEK,
	BY_MONTH,
	BY_HOST,   /* the machine that was logged in to */
	BY_CLIENT, /* the address it was done from */
	BY_NET,    /* its network: /24 or /48 */
	BY_CONNECTION,
};

struct report_query {
	enum report_by by;
	time_t since, until; /* [since, until), widened to quarters of an hour; 0: no bound */
	const char *user;    /* NULL: all */
	const char *client;  /* an address, NULL: all */
	int limit;           /* 0: all */
	bool largest_first;  /* else by time or name */
};

/* BY_... of a word like "user"; -1 for another. */
int report_by_name(const char *word);
extern const char report_by_names[];

/* The word of BY_... */
const char *report_by_word(enum report_by by);

/* Fill the table, which table_init() has seen. 0, or -EIO (said on stderr). */
int report_make(struct sqlite3 *db, const struct report_query *q, struct table *t);
int report_sessions(struct sqlite3 *db, const struct report_query *q, struct table *t);

/* What a query's answer is worth in a node_exporter textfile. */
int report_prometheus(struct sqlite3 *db);

#endif
