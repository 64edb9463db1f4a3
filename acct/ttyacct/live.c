/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ttyacct, as root or an ordinary user. Holds the index's connections against the kernel's sockets
 * and conntrack entries. A connection is known again by its addresses and its socket's cookie,
 * which no later connection has; its conntrack entry by the flow that the ledger has for it.
 */
#include "live.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "account.h"
#include "config.h"
#include "conntrack.h"
#include "handoff.h"
#include "index.h"
#include "table.h"
#include "tcpinfo.h"

/* How long conntrack's TIME_WAIT (120 s by default) may be set to; later nothing is left to read.
 */
#define LINGER_NS ((int64_t)600 * 1000000000)

struct known {
	int64_t id, flow, in_bytes, out_bytes;
	int state;
	struct ledger_record r; /* as a line about it would be, without figures */
};

static const char known_sql[] = "SELECT c.id, c.name, c.peer, c.peer_port, c.local, c.local_port, "
				"c.zone, c.uid, c.ses, c.flow, c.state,"
				" (SELECT text FROM name WHERE id = c.user), (SELECT text FROM "
				"name WHERE id = c.host), c.opened, c.in_bytes, c.out_bytes"
				" FROM conn c WHERE ";

/* The cookie is the part of the name behind the dot, unless that is a hash. */
static uint64_t
cookie_of(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot && dot[1] != 'h' ? strtoull(dot + 1, NULL, 16) : 0;
}

static void
text_copy(char *out, size_t n, sqlite3_stmt *s, int column)
{
	const unsigned char *text = sqlite3_column_text(s, column);

	snprintf(out, n, "%s", text ? (const char *)text : "");
}

/* Fills in a row of known_sql. False for what is no connection of this machine's since it booted.
 */
static bool
known_take(sqlite3_stmt *s, struct known *k)
{
	char addr[CONNECTION_ADDR_MAX], now[CONNECTION_ID_MAX], host[LEDGER_HOST_MAX];
	struct connection *c = &k->r.connection;
	uint8_t family;

	ledger_record_begin(&k->r, LEDGER_INTERIM, "ttyacct");
	k->id = sqlite3_column_int64(s, 0);
	text_copy(k->r.id, sizeof k->r.id, s, 1);
	text_copy(addr, sizeof addr, s, 2);
	if (connection_parse_addr(addr, &c->family, c->peer) < 0)
		return false;
	text_copy(addr, sizeof addr, s, 4);
	if (connection_parse_addr(addr, &family, c->local) < 0)
		return false;
	c->peer_port = (uint16_t)sqlite3_column_int(s, 3);
	c->local_port = (uint16_t)sqlite3_column_int(s, 5);
	c->zone = (uint16_t)(sqlite3_column_int64(s, 6) & 0xffff);
	c->scope = (uint32_t)(sqlite3_column_int64(s, 6) >> 16);
	c->cookie = cookie_of(k->r.id);
	k->r.uid = (uint32_t)sqlite3_column_int64(s, 7);
	k->r.ses = (uint32_t)sqlite3_column_int64(s, 8);
	k->flow = sqlite3_column_int64(s, 9);
	k->state = sqlite3_column_int(s, 10);
	k->in_bytes = sqlite3_column_int64(s, 14);
	k->out_bytes = sqlite3_column_int64(s, 15);
	text_copy(k->r.user, sizeof k->r.user, s, 11);
	text_copy(host, sizeof host, s, 12);
	return strcmp(host, k->r.host) == 0 && connection_id(c, now) == 0 &&
	       strcmp(now, k->r.id) == 0;
}

static sqlite3_stmt *
known_query(sqlite3 *db, const char *where)
{
	char sql[1000];
	sqlite3_stmt *s = NULL;

	snprintf(sql, sizeof sql, "%s%s", known_sql, where);
	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK)
		return s;
	fprintf(stderr, "ttyacct: index: %s\n", sqlite3_errmsg(db));
	return NULL;
}

/* SQL for what can be there at all: of this machine, since it booted. here_bind() fills in ?2 and ?3. */
#define HERE "host = (SELECT id FROM name WHERE text = ?2) AND substr(name, 1, 9) = ?3"

static void
here_bind(sqlite3_stmt *s)
{
	const struct connection any = {.cookie = 1};
	char id[CONNECTION_ID_MAX];
	struct ledger_record r;

	ledger_record_begin(&r, LEDGER_INTERIM, "");
	sqlite3_bind_text(s, 2, r.host, -1, SQLITE_TRANSIENT);
	if (connection_id(&any, id) == 0)
		sqlite3_bind_text(s, 3, id, 9, SQLITE_TRANSIENT);
}

static bool
is_connected(const struct known *k, struct traffic *t)
{
	struct connection c = k->r.connection;

	return tcpinfo_read(&c, t) == 0;
}

bool
live_is_cut_off(sqlite3 *db, int64_t conn)
{
	sqlite3_stmt *s = known_query(db, "c.id = ?1");
	char host[LEDGER_HOST_MAX];
	struct known k;
	struct traffic t;
	bool gone = false;

	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, conn);
	if (sqlite3_step(s) == SQLITE_ROW) {
		bool ours = known_take(s, &k);

		text_copy(host, sizeof host, s, 12);
		gone = strcmp(host, k.r.host) == 0 && (!ours || !is_connected(&k, &t));
	}
	sqlite3_finalize(s);
	return gone;
}

/*
 * The id of a conntrack entry is a hash of its address in memory and its tuple (nf_ct_get_id): another entry
 * for the same tuple can have it again. Such a one has counted less, or belongs to a newer connection.
 */
static bool
is_same_flow(const struct known *k)
{
	return k->r.traffic.flow == k->flow && k->r.traffic.in_bytes >= (uint64_t)k->in_bytes &&
	       k->r.traffic.out_bytes >= (uint64_t)k->out_bytes;
}

/*
 * The line to write about a connection now, if there is one. Its last figures are there when
 * conntrack sees it as over, or when not even a closing socket is left that could send.
 */
static bool
line_make(struct known *k, bool interim)
{
	struct connection c = k->r.connection;
	struct traffic t;
	int gone = tcpinfo_read(&c, &t), ret;

	if (gone == 0 && (!interim || k->state != INDEX_IS_OPEN))
		return false;
	ret = conntrack_read(&k->r.connection, &k->r.traffic);
	if (gone == 0) {
		k->r.event = LEDGER_INTERIM;
		if (ret < 0)
			k->r.traffic = t;
		return true;
	}
	k->r.event = LEDGER_FINAL;
	return ret == 0 && is_same_flow(k) && (k->r.traffic.ended || gone == -ENOENT);
}

/* Files of connections whose sshd died without closing its PAM session. */
static void
handoffs_clean(void)
{
	DIR *d = opendir(TTYWRAP_RUNDIR);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		struct connection c;
		struct traffic t;
		unsigned ses;
		int n = 0, ret;

		if (sscanf(e->d_name, "connection-%u%n", &ses, &n) != 1 || e->d_name[n])
			continue;
		ret = handoff_read(TTYWRAP_RUNDIR, ses, &c);
		if (ret == -ENOENT || (ret == 0 && tcpinfo_read(&c, &t) < 0))
			handoff_remove(TTYWRAP_RUNDIR, ses);
	}
	if (d)
		closedir(d);
}

/*
 * What may still be there: connections without an end, and those that ended lately. Of several with the same addresses
 * and ports the newest: the others are gone, and what the kernel knows by these addresses is no longer theirs. A long
 * ledger has any number of connections that ended without a last reading; this must not look at them.
 */
static const char of_interest_sql[] =
    "c.id IN (SELECT id FROM (SELECT id, LEAD(opened) OVER (PARTITION BY host, peer, peer_port, "
    "local, local_port"
    " ORDER BY opened) AS newer FROM (SELECT * FROM conn WHERE state = 0 AND " HERE " UNION ALL"
    " SELECT * FROM conn WHERE state = 1 AND last > ?1 AND " HERE ")) WHERE newer IS NULL)";

int
live_update(sqlite3 *db, const char *ledger, bool interim)
{
	sqlite3_stmt *s;
	struct known k;
	int written = 0, ret = 0;

	if (access(ledger, W_OK) < 0)
		return 0;
	s = known_query(db, of_interest_sql);
	if (!s)
		return -EIO;
	ledger_record_begin(&k.r, LEDGER_FINAL, "ttyacct");
	sqlite3_bind_int64(s, 1, k.r.time_ns - LINGER_NS);
	here_bind(s);
	while (ret == 0 && sqlite3_step(s) == SQLITE_ROW) {
		if (!known_take(s, &k) || !line_make(&k, interim))
			continue;
		ret = ledger_append(ledger, &k.r);
		written += ret == 0;
	}
	sqlite3_finalize(s);
	if (ret < 0)
		fprintf(
		    stderr, "ttyacct: cannot write to the ledger %s: %s\n", ledger, strerror(-ret));
	handoffs_clean();
	return written;
}

int
live_who(sqlite3 *db, struct table *t)
{
	sqlite3_stmt *s = known_query(db, "c.state = 0 AND c." HERE " ORDER BY c.opened");
	struct known k;
	struct traffic now, counted;
	struct cell *c;

	if (!s)
		return -EIO;
	here_bind(s);
	table_column(t, "user", "User", COLUMN_TEXT, 0);
	table_column(t, "client", "From", COLUMN_TEXT, 0);
	table_column(t, "opened", "Since", COLUMN_TIME, 0);
	table_column(t, "connection", "Connection", COLUMN_TEXT, 7);
	table_column(t, "source", "Source", COLUMN_TEXT, 8);
	t->bar = t->width;
	t->bars = 2;
	table_column(t, "in_bytes", "In", COLUMN_BYTES, 0);
	table_column(t, "out_bytes", "Out", COLUMN_BYTES, 0);
	while (sqlite3_step(s) == SQLITE_ROW) {
		char peer[CONNECTION_ADDR_MAX];

		if (!known_take(s, &k) || !is_connected(&k, &now) || !(c = table_row(t)))
			continue;
		if (conntrack_read(&k.r.connection, &counted) == 0)
			now = counted;
		connection_addr_text(k.r.connection.family, k.r.connection.peer, peer);
		cell_set(&c[0], k.r.user);
		cell_set(&c[1], peer);
		c[2].number = sqlite3_column_int64(s, 13);
		cell_set(&c[3], k.r.id);
		cell_set(&c[4], traffic_source_name(now.source));
		c[5].number = (int64_t)now.in_bytes;
		c[6].number = (int64_t)now.out_bytes;
	}
	sqlite3_finalize(s);
	return 0;
}
