/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttyacct. The connections' way into the database and back: statements, names, and what is kept in memory meanwhile. */
#include "conns.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "conns_row.h"
#include "index.h"

enum {
	NAMES = 1 << 12,
	DAYS = 1 << 12,
	SEEN_BITS = 1 << 26,
	ROW_COLUMNS = 29,
};

const char conns_schema[] =
    "CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
    "CREATE TABLE conn(id INTEGER PRIMARY KEY, key INTEGER NOT NULL, name TEXT, peer TEXT, "
    "peer_port INTEGER,"
    " local TEXT, local_port INTEGER, zone INTEGER, host INTEGER, user INTEGER, uid INTEGER, ses "
    "INTEGER, owner_sure INTEGER,"
    " shells INTEGER, opened INTEGER, last INTEGER, state INTEGER, sources INTEGER, flow INTEGER, "
    "flow_before INTEGER,"
    " in_bytes INTEGER, in_packets INTEGER, out_bytes INTEGER, out_packets INTEGER,"
    " base_in_bytes INTEGER, base_in_packets INTEGER, base_out_bytes INTEGER, base_out_packets "
    "INTEGER,"
    " before_in_bytes INTEGER, before_out_bytes INTEGER);"
    "CREATE INDEX conn_open ON conn(opened) WHERE state = 0;"
    "CREATE INDEX conn_closed ON conn(last) WHERE state = 1;"
    "CREATE TABLE bucket(at INTEGER PRIMARY KEY, opens INTEGER, in_bytes INTEGER, in_packets "
    "INTEGER, out_bytes INTEGER, out_packets INTEGER);"
    "CREATE TABLE day(day INTEGER, user INTEGER, host INTEGER, sources INTEGER, opens INTEGER, "
    "in_bytes INTEGER,"
    " in_packets INTEGER, out_bytes INTEGER, out_packets INTEGER, PRIMARY KEY(day, user, host, "
    "sources)) WITHOUT ROWID;"
    "CREATE TABLE session(conn INTEGER, name TEXT, user INTEGER, uid INTEGER, ses INTEGER, opened "
    "INTEGER, closed INTEGER,"
    " open_in INTEGER, open_out INTEGER, close_in INTEGER, close_out INTEGER, PRIMARY KEY(conn, "
    "name)) WITHOUT ROWID;";

static const char *const texts[STATEMENTS] = {
    [S_FIND] = "SELECT id, name, peer, peer_port, local, local_port, zone, host, user, uid, ses, "
	       "owner_sure, shells, opened, last,"
	       " state, sources, flow, flow_before, in_bytes, in_packets, out_bytes, out_packets, "
	       "base_in_bytes,"
	       " base_in_packets, base_out_bytes, base_out_packets, before_in_bytes, "
	       "before_out_bytes, key FROM conn WHERE id = ?1",
    [S_INSERT] = "INSERT INTO conn(id, key, name, peer, peer_port, local, local_port, zone, host, "
		 "user, uid, ses, owner_sure,"
		 " shells, opened, last, state, sources, flow, flow_before, in_bytes, in_packets, "
		 "out_bytes, out_packets,"
		 " base_in_bytes, base_in_packets, base_out_bytes, base_out_packets, "
		 "before_in_bytes, before_out_bytes)"
		 " VALUES(?30,?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,?19,?"
		 "20,?21,?22,?23,?24,?25,?26,"
		 "?27,?28,?29)",
    [S_UPDATE] =
	"UPDATE conn SET "
	"name=?2, peer=?3, peer_port=?4, local=?5, local_port=?6, zone=?7, host=?8, user=?9, "
	"uid=?10, ses=?11, owner_sure=?12, shells=?13, opened=?14, last=?15, state=?16, "
	"sources=?17, flow=?18, flow_before=?19, in_bytes=?20, in_packets=?21, out_bytes=?22, "
	"out_packets=?23, base_in_bytes=?24, base_in_packets=?25, base_out_bytes=?26, "
	"base_out_packets=?27, before_in_bytes=?28, before_out_bytes=?29 "
	"WHERE id = ?30",
    [S_BUCKET] = "INSERT INTO bucket VALUES(?1,?2,?3,?4,?5,?6) ON CONFLICT DO UPDATE SET"
		 " opens = opens + ?2, in_bytes = in_bytes + ?3, in_packets = in_packets + ?4,"
		 " out_bytes = out_bytes + ?5, out_packets = out_packets + ?6",
    [S_DAY] = "INSERT INTO day VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9) ON CONFLICT DO UPDATE SET opens "
	      "= opens + ?5,"
	      " in_bytes = in_bytes + ?6, in_packets = in_packets + ?7, out_bytes = out_bytes + ?8,"
	      " out_packets = out_packets + ?9",
    [S_NAME_FIND] = "SELECT id FROM name WHERE text = ?1",
    [S_NAME_ADD] = "INSERT INTO name(text) VALUES(?1)",
    [S_SESSION] =
	"INSERT INTO session VALUES(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11) ON CONFLICT DO UPDATE SET"
	" opened = COALESCE(opened, ?6), closed = COALESCE(?7, closed), open_in = "
	"COALESCE(open_in, ?8),"
	" open_out = COALESCE(open_out, ?9), close_in = COALESCE(?10, close_in), close_out = "
	"COALESCE(?11, close_out)",
};

static int64_t
db_number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *s = NULL;
	int64_t got = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		got = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return got;
}

struct conns *
conns_new(sqlite3 *db)
{
	struct conns *c = calloc(1, sizeof *c);

	if (!c)
		return NULL;
	c->db = db;
	c->quarter_known = INT64_MIN;
	c->rows = calloc(CONNS_ROWS, sizeof *c->rows);
	c->names = calloc(NAMES, sizeof *c->names);
	c->days = calloc(DAYS, sizeof *c->days);
	if (!c->rows || !c->names || !c->days)
		goto fail;
	for (int i = 0; i < STATEMENTS; i++)
		if (sqlite3_prepare_v3(
			db, texts[i], -1, SQLITE_PREPARE_PERSISTENT, &c->s[i], NULL) != SQLITE_OK)
			goto fail;
	if (db_number(db, "SELECT EXISTS(SELECT 1 FROM conn)") == 0 &&
	    !(c->seen = calloc(SEEN_BITS / 8, 1)))
		goto fail;
	return c;
fail:
	conns_free(c);
	return NULL;
}

void
conns_free(struct conns *c)
{
	if (!c)
		return;
	for (int i = 0; i < STATEMENTS; i++)
		sqlite3_finalize(c->s[i]);
	free(c->rows);
	free(c->names);
	free(c->days);
	free(c->seen);
	free(c);
}

int
conns_day(long long quarter)
{
	time_t s = (time_t)quarter * INDEX_QUARTER;
	struct tm tm;

	localtime_r(&s, &tm);
	return (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday;
}

int
conns_run(struct conns *c, enum statement which)
{
	int got = sqlite3_step(c->s[which]);

	sqlite3_reset(c->s[which]);
	return got == SQLITE_DONE ? 0 : -EIO;
}

int
conns_name(struct conns *c, const char *text, int64_t *id)
{
	struct name *n = &c->names[conns_hash(CONNS_HASH_START, text, strlen(text)) % NAMES];
	sqlite3_stmt *s = c->s[S_NAME_FIND];

	if (n->id && strcmp(n->text, text) == 0) {
		*id = n->id;
		return 0;
	}
	sqlite3_bind_text(s, 1, text, -1, SQLITE_TRANSIENT);
	*id = sqlite3_step(s) == SQLITE_ROW ? sqlite3_column_int64(s, 0) : 0;
	sqlite3_reset(s);
	if (*id == 0) {
		sqlite3_bind_text(c->s[S_NAME_ADD], 1, text, -1, SQLITE_TRANSIENT);
		if (conns_run(c, S_NAME_ADD) < 0)
			return -EIO;
		*id = sqlite3_last_insert_rowid(c->db);
	}
	n->id = *id;
	snprintf(n->text, sizeof n->text, "%s", text);
	return 0;
}

static void
text_copy(char *out, size_t n, sqlite3_stmt *s, int column)
{
	const unsigned char *text = sqlite3_column_text(s, column);

	snprintf(out, n, "%s", text ? (const char *)text : "");
}

static void
row_from(struct row *w, sqlite3_stmt *s)
{
	int64_t *const rest[] = {&w->total.in_bytes, &w->total.in_packets, &w->total.out_bytes,
	    &w->total.out_packets, &w->base.in_bytes, &w->base.in_packets, &w->base.out_bytes,
	    &w->base.out_packets, &w->before.in_bytes, &w->before.out_bytes};

	w->id = sqlite3_column_int64(s, 0);
	text_copy(w->name, sizeof w->name, s, 1);
	text_copy(w->peer, sizeof w->peer, s, 2);
	w->peer_port = sqlite3_column_int64(s, 3);
	text_copy(w->local, sizeof w->local, s, 4);
	w->local_port = sqlite3_column_int64(s, 5);
	w->zone = sqlite3_column_int64(s, 6);
	w->host = sqlite3_column_int64(s, 7);
	w->user = sqlite3_column_int64(s, 8);
	w->uid = sqlite3_column_int64(s, 9);
	w->ses = sqlite3_column_int64(s, 10);
	w->owner_sure = sqlite3_column_int(s, 11) != 0;
	w->shells = sqlite3_column_int64(s, 12);
	w->opened = sqlite3_column_int64(s, 13);
	w->last = sqlite3_column_int64(s, 14);
	w->state = sqlite3_column_int(s, 15);
	w->sources = sqlite3_column_int(s, 16);
	w->flow = sqlite3_column_int64(s, 17);
	w->flow_before = sqlite3_column_int64(s, 18);
	for (int i = 0; i < 10; i++)
		*rest[i] = sqlite3_column_int64(s, 19 + i);
}

static int
row_store(struct conns *c, struct row *w)
{
	enum statement which = w->stored ? S_UPDATE : S_INSERT;
	sqlite3_stmt *s = c->s[which];
	const int64_t rest[] = {w->peer_port, 0, w->local_port, w->zone, w->host, w->user, w->uid,
	    w->ses, w->owner_sure, w->shells, w->opened, w->last, w->state, w->sources, w->flow,
	    w->flow_before, w->total.in_bytes, w->total.in_packets, w->total.out_bytes,
	    w->total.out_packets, w->base.in_bytes, w->base.in_packets, w->base.out_bytes,
	    w->base.out_packets, w->before.in_bytes, w->before.out_bytes};

	if (w->user == 0) {
		if (conns_name(c, "(unknown)", &w->user) < 0)
			return -EIO;
		return row_store(c, w);
	}
	sqlite3_bind_int64(s, 1, w->key);
	sqlite3_bind_text(s, 2, w->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 3, w->peer, -1, SQLITE_STATIC);
	for (int i = 0; i < 26; i++)
		sqlite3_bind_int64(s, 4 + i, rest[i]);
	sqlite3_bind_text(s, 5, w->local, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 30, w->id);
	w->stored = true;
	return conns_run(c, which);
}

static void
amounts_add(struct amounts *to, const struct amounts *from)
{
	to->in_bytes += from->in_bytes;
	to->in_packets += from->in_packets;
	to->out_bytes += from->out_bytes;
	to->out_packets += from->out_packets;
}

static int
day_flush(struct conns *c, struct day *d)
{
	const int64_t values[] = {d->day, d->user, d->host, d->sources, d->opens, d->grown.in_bytes,
	    d->grown.in_packets, d->grown.out_bytes, d->grown.out_packets};

	if (d->day == 0)
		return 0;
	for (int i = 0; i < 9; i++)
		sqlite3_bind_int64(c->s[S_DAY], i + 1, values[i]);
	*d = (struct day){0};
	return conns_run(c, S_DAY);
}

/* A day's rows are the same few for thousands of lines: they are added up here before they are
 * written. */
static int
day_add(struct conns *c, int day, const struct row *w)
{
	const int64_t key[] = {day, w->user, w->host, w->sources};
	struct day *d = &c->days[conns_hash(CONNS_HASH_START, key, sizeof key) % DAYS];

	if (d->day != day || d->user != w->user || d->host != w->host || d->sources != w->sources) {
		if (day_flush(c, d) < 0)
			return -EIO;
		*d = (struct day){
		    .day = day, .user = w->user, .host = w->host, .sources = w->sources};
	}
	d->opens += w->opens;
	amounts_add(&d->grown, &w->grown);
	return 0;
}

/* What has grown since it was last written goes to its quarter of an hour, and to that one's day.
 */
int
conns_grown_store(struct conns *c, struct row *w)
{
	const struct amounts *g = &w->grown;
	const int64_t bucket[] = {w->quarter << CONNS_ID_BITS | w->id, w->opens, g->in_bytes,
	    g->in_packets, g->out_bytes, g->out_packets};

	if (w->opens == 0 && g->in_bytes == 0 && g->in_packets == 0 && g->out_bytes == 0 &&
	    g->out_packets == 0)
		return 0;
	if (w->quarter != c->quarter_known) {
		c->quarter_known = w->quarter;
		c->day_known = conns_day(w->quarter);
	}
	if (day_add(c, c->day_known, w) < 0)
		return -EIO;
	for (int i = 0; i < 6; i++)
		sqlite3_bind_int64(c->s[S_BUCKET], i + 1, bucket[i]);
	w->grown = (struct amounts){0};
	w->opens = 0;
	return conns_run(c, S_BUCKET);
}

int
conns_row_flush(struct conns *c, struct row *w)
{
	if (!w->used || !w->dirty)
		return 0;
	w->dirty = false;
	return row_store(c, w) < 0 || conns_grown_store(c, w) < 0 || conns_shell_store(c, w) < 0
		   ? -EIO
		   : 0;
}

int
conns_flush(struct conns *c)
{
	for (size_t i = 0; i < CONNS_ROWS; i++)
		if (conns_row_flush(c, &c->rows[i]) < 0)
			return -EIO;
	for (size_t i = 0; i < DAYS; i++)
		if (day_flush(c, &c->days[i]) < 0)
			return -EIO;
	return 0;
}

/* Looks at the two bits of the filter that stand for the key, and sets them. */
static bool
seen_before(struct conns *c, uint64_t key)
{
	uint32_t a = (uint32_t)(key % SEEN_BITS),
		 b = (uint32_t)(key * UINT64_C(0x9e3779b97f4a7c15) >> 32) % SEEN_BITS;
	bool seen = (c->seen[a / 8] >> a % 8 & 1) && (c->seen[b / 8] >> b % 8 & 1);

	c->seen[a / 8] |= (uint8_t)(1 << a % 8);
	c->seen[b / 8] |= (uint8_t)(1 << b % 8);
	return seen;
}

bool
conns_row_load(struct conns *c, struct row *w, uint64_t place)
{
	sqlite3_stmt *s = c->s[S_FIND];
	uint64_t more = (uint64_t)w->key;
	bool taken = true;

	for (uint64_t id = place; taken && !w->stored; id = more & CONNS_ID_MASK) {
		w->id = (int64_t)id;
		if (c->seen && !seen_before(c, id))
			return false;
		sqlite3_bind_int64(s, 1, w->id);
		taken = sqlite3_step(s) == SQLITE_ROW;
		w->stored = taken && sqlite3_column_int64(s, ROW_COLUMNS) == w->key;
		if (w->stored)
			row_from(w, s);
		sqlite3_reset(s);
		more = conns_hash(more, &place, sizeof place);
	}
	return w->stored;
}

/* For sqlite3_bind: what is not known is NULL. */
static void
bind_known(sqlite3_stmt *s, int at, bool known, int64_t value)
{
	if (known)
		sqlite3_bind_int64(s, at, value);
	else
		sqlite3_bind_null(s, at);
}

int
conns_shell_store(struct conns *c, struct row *w)
{
	sqlite3_stmt *s = c->s[S_SESSION];
	struct shell *h = &w->shell;
	int ret;

	if (h->name[0] == 0)
		return 0;
	sqlite3_bind_int64(s, 1, w->id);
	sqlite3_bind_text(s, 2, h->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 3, h->user);
	sqlite3_bind_int64(s, 4, h->uid);
	sqlite3_bind_int64(s, 5, h->ses);
	bind_known(s, 6, h->opened != 0, h->opened);
	bind_known(s, 7, h->closed != 0, h->closed);
	bind_known(s, 8, h->open_figures, h->open_in);
	bind_known(s, 9, h->open_figures, h->open_out);
	bind_known(s, 10, h->close_figures, h->close_in);
	bind_known(s, 11, h->close_figures, h->close_out);
	ret = conns_run(c, S_SESSION);
	*h = (struct shell){0};
	return ret;
}
