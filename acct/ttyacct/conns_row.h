/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TTYACCT_CONNS_ROW_H
#define TTYACCT_CONNS_ROW_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <stddef.h>

#include "ledger.h"

/* Shared by conns.c (the rules) and conns_store.c (the database). */

enum {
	CONNS_ROWS = 1 << 16,
};

/* A connection's number in the index, below 2^40: see conns_place(). */
#define CONNS_ID_BITS 40
#define CONNS_ID_MASK ((UINT64_C(1) << CONNS_ID_BITS) - 1)

struct amounts {
	int64_t in_bytes, in_packets, out_bytes, out_packets;
};

/* A session of which lines were read and not written yet; name empty: none. */
struct shell {
	char name[LEDGER_SESSION_MAX];
	int64_t user, uid, ses, opened, closed; /* times 0: not known */
	bool open_figures, close_figures;       /* the following are known */
	int64_t open_in, open_out, close_in, close_out;
};

struct row {
	int64_t id;
	int64_t key; /* a hash of all that it is known by */
	bool used, dirty;
	bool stored; /* in the database, perhaps with older figures */
	char name[CONNECTION_ID_MAX];
	char peer[CONNECTION_ADDR_MAX], local[CONNECTION_ADDR_MAX];
	int64_t host, user, uid, ses, peer_port, local_port;
	int64_t zone;    /* and, from bit 16 on, the scope */
	bool owner_sure; /* from a line of the connection's own */
	int64_t shells;  /* sessions that are open on it */
	int64_t opened, last;
	int state, sources; /* sources: bits of 1 << (source - 1) */
	int64_t flow, flow_before;
	struct amounts total, base, before; /* before: what authentication took */
	struct amounts grown;               /* in `quarter`, not written yet */
	int64_t quarter, opens;
	struct shell shell;
};

/* A row of the day table, with what is to be added to it. */
struct day {
	int64_t day, user, host, sources, opens;
	struct amounts grown;
};

struct name {
	char text[LEDGER_USER_MAX];
	int64_t id;
};

enum statement {
	S_FIND,
	S_INSERT,
	S_UPDATE,
	S_BUCKET,
	S_DAY,
	S_NAME_FIND,
	S_NAME_ADD,
	S_SESSION,
	STATEMENTS
};

struct conns {
	sqlite3 *db;
	sqlite3_stmt *s[STATEMENTS];
	struct row *rows;
	struct name *names;
	struct day *days;
	uint8_t *seen; /* of an index that began empty: a filter of the numbers in it, else NULL */
	int64_t quarter_known; /* conns_day's last answer */
	int day_known;
};

/* FNV-1a */
static inline uint64_t
conns_hash(uint64_t h, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return h;
}

#define CONNS_HASH_START 0xcbf29ce484222325u

/* All return 0 or -EIO. Runs a statement that returns no rows. */
int conns_run(struct conns *c, enum statement which);

/* The number that stands for a user's or host's name. */
int conns_name(struct conns *c, const char *text, int64_t *id);

/*
 * Fills the row from the database by its key, when it is there. `place` is the number that it should have; another
 * connection may have it already, then the row gets one that is free.
 */
bool conns_row_load(struct conns *c, struct row *w, uint64_t place);

/* Writes the session that is kept back. */
int conns_shell_store(struct conns *c, struct row *w);

/* What has grown since it was last written goes to its quarter of an hour, and to that one's day. */
int conns_grown_store(struct conns *c, struct row *w);

/* Writes a row that has changed. */
int conns_row_flush(struct conns *c, struct row *w);

#endif
