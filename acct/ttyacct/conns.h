/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TTYACCT_CONNS_H
#define TTYACCT_CONNS_H

struct conns;
struct ledger_record;
struct sqlite3;

/*
 * The connections of the index while lines are read into it: a cache that writes back, since a
 * connection's lines stand near each other. One for each transaction. Functions return 0 or -EIO
 * (the database says why).
 */
struct conns *conns_new(struct sqlite3 *db);
int conns_take(struct conns *c, const struct ledger_record *r);

/* Writes everything that is not in the database yet. */
int conns_flush(struct conns *c);
void conns_free(struct conns *c);

/* The tables, for an empty database. */
extern const char conns_schema[];

/* The day of local time of a quarter of an hour, as a number: 20261122. */
int conns_day(long long quarter);

#endif
