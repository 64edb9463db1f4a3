/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttyacct. The questions, as SQL over the index. No text of a user's goes into a statement: all are
 * bound. */
#include "report.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "conns.h"
#include "index.h"
#include "live.h"
#include "table.h"

static const struct by {
	const char *word, *title,
	    *key;  /* key: from b (bucket, or day as if it were one), c (conn) */
	bool days; /* the day table knows it */
} bys[] = {
    [BY_USER] = {"user", "User", "(SELECT text FROM name WHERE id = %s.user)", true},
    [BY_DAY] = {"day", "Day", "period(%s, 'day')", true},
    [BY_WEEK] = {"week", "Week", "period(%s, 'week')", true},
    [BY_MONTH] = {"month", "Month", "period(%s, 'month')", true},
    [BY_HOST] = {"host", "Host", "(SELECT text FROM name WHERE id = %s.host)", true},
    [BY_CLIENT] = {"client", "Client", "c.peer", false},
    [BY_NET] = {"net", "Network", "network(c.peer)", false},
    [BY_CONNECTION] = {"connection", "Connection", "c.name", false},
};

const char report_by_names[] = "user, day, week, month, host, client, net, connection";

int
report_by_name(const char *word)
{
	for (size_t i = 0; i < sizeof bys / sizeof *bys; i++)
		if (strcmp(word, bys[i].word) == 0)
			return (int)i;
	return -1;
}

const char *
report_by_word(enum report_by by)
{
	return bys[by].word;
}

/* period(20261122, 'week') is 2026-W47 (ISO 8601) */
static void
sql_period(sqlite3_context *cx, int n, sqlite3_value **v)
{
	int day = sqlite3_value_int(v[0]);
	const char *kind = (const char *)sqlite3_value_text(v[1]);
	struct tm tm = {.tm_year = day / 10000 - 1900,
	    .tm_mon = day / 100 % 100 - 1,
	    .tm_mday = day % 100,
	    .tm_hour = 12};
	char buf[32];

	(void)n;
	timegm(&tm);
	strftime(buf, sizeof buf,
	    kind[0] == 'd'   ? "%Y-%m-%d"
	    : kind[0] == 'w' ? "%G-W%V"
			     : "%Y-%m",
	    &tm);
	sqlite3_result_text(cx, buf, -1, SQLITE_TRANSIENT);
}

/*
 * The network of an address: of IPv4 the /24 as a number, which sorts several times faster than text, and as people
 * count; of IPv6 the /48 as text.
 */
static void
sql_network(sqlite3_context *cx, int n, sqlite3_value **v)
{
	const char *text = (const char *)sqlite3_value_text(v[0]);
	uint8_t addr[16] = {0};
	char buf[INET6_ADDRSTRLEN + 8];

	(void)n;
	if (text && inet_pton(AF_INET, text, addr) == 1) {
		sqlite3_result_int(cx, addr[0] << 16 | addr[1] << 8 | addr[2]);
	} else if (text && inet_pton(AF_INET6, text, addr) == 1) {
		memset(addr + 6, 0, 10);
		inet_ntop(AF_INET6, addr, buf, INET6_ADDRSTRLEN);
		snprintf(buf + strlen(buf), sizeof "/48", "/48");
		sqlite3_result_text(cx, buf, -1, SQLITE_TRANSIENT);
	} else {
		sqlite3_result_text(cx, "?", -1, SQLITE_STATIC);
	}
}

/* The first cell of a row: a number can only be sql_network's. */
static void
key_set(struct cell *c, sqlite3_stmt *s)
{
	char buf[32];
	int net;

	if (sqlite3_column_type(s, 0) != SQLITE_INTEGER) {
		cell_set(c, (const char *)sqlite3_column_text(s, 0));
		return;
	}
	net = sqlite3_column_int(s, 0);
	snprintf(buf, sizeof buf, "%d.%d.%d.0/24", net >> 16 & 255, net >> 8 & 255, net & 255);
	cell_set(c, buf);
}

/* An open connection is looked up in the kernel: what is gone there without a word was cut off. */
static void
sql_state(sqlite3_context *cx, int n, sqlite3_value **v)
{
	static const char *const words[] = {"open", "closed", "final"};
	int state = sqlite3_value_int(v[1]);

	(void)n;
	if (state == INDEX_IS_OPEN &&
	    live_is_cut_off(sqlite3_user_data(cx), sqlite3_value_int64(v[0])))
		sqlite3_result_text(cx, "cut off", -1, SQLITE_STATIC);
	else
		sqlite3_result_text(
		    cx, state >= 0 && state < 3 ? words[state] : "?", -1, SQLITE_STATIC);
}

static bool
is_midnight(time_t t)
{
	struct tm tm;

	localtime_r(&t, &tm);
	return t == 0 || (tm.tm_hour == 0 && tm.tm_min == 0 && tm.tm_sec == 0);
}

/* When whole days are asked for, the day table answers, which is small. */
static bool
days_will_do(const struct report_query *q)
{
	return bys[q->by].days && !q->client && is_midnight(q->since) && is_midnight(q->until);
}

static void
bounds(const struct report_query *q, bool days, int64_t *from, int64_t *to)
{
	*from = q->since / INDEX_QUARTER;
	*to = q->until ? (q->until + INDEX_QUARTER - 1) / INDEX_QUARTER : INDEX_QUARTERS_MAX;
	if (!days)
		return;
	*from = q->since ? conns_day(*from) : 0;
	*to = q->until ? conns_day(*to) : INT32_MAX;
}

static void
sql_build(const struct report_query *q, bool days, char *sql, size_t n)
{
	char key[160];
	const char *by_time = "1";
	const char *what = days ? "b" : "c";

	if (q->by == BY_DAY || q->by == BY_WEEK || q->by == BY_MONTH)
		snprintf(key, sizeof key, bys[q->by].key, days ? "b.day" : "day_of(b.at >> 40)");
	else
		snprintf(key, sizeof key, bys[q->by].key, what);
	snprintf(sql, n,
	    "SELECT %s AS k, SUM(b.opens), SUM(b.in_bytes), SUM(b.out_bytes), SUM(b.in_bytes) + "
	    "SUM(b.out_bytes) AS total,"
	    " SUM(b.in_packets), SUM(b.out_packets)%s FROM %s"
	    "%s%s GROUP BY %s ORDER BY %s LIMIT ?5",
	    key,
	    q->by == BY_CONNECTION ? ", (SELECT text FROM name WHERE id = c.user), c.peer || ' ' "
				     "|| c.peer_port, c.opened, c.last,"
				     " state_of(c.id, c.state), c.sources"
				   : "",
	    days ? "day b WHERE b.day >= ?1 AND b.day < ?2"
		 : "bucket b JOIN conn c ON c.id = b.at & 1099511627775"
		   " WHERE b.at >= ?1 << 40 AND b.at < ?2 << 40",
	    q->user ? (days ? " AND b.user = (SELECT id FROM name WHERE text = ?3)"
			    : " AND c.user = (SELECT id FROM name WHERE text = ?3)")
		    : "",
	    q->client ? " AND c.peer = ?4" : "", q->by == BY_CONNECTION ? "c.id" : "1",
	    q->largest_first         ? "total DESC, 1"
	    : q->by == BY_CONNECTION ? "c.opened, c.id"
				     : by_time);
}

static sqlite3_stmt *
query_prepare(sqlite3 *db, const char *sql, const struct report_query *q, bool days)
{
	sqlite3_stmt *s = NULL;
	int64_t from, to;

	sqlite3_create_function(
	    db, "period", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, sql_period, NULL, NULL);
	sqlite3_create_function(
	    db, "network", 1, SQLITE_UTF8 | SQLITE_DETERMINISTIC, NULL, sql_network, NULL, NULL);
	sqlite3_create_function(db, "state_of", 2, SQLITE_UTF8, db, sql_state, NULL, NULL);
	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK) {
		fprintf(stderr, "ttyacct: index: %s\n", sqlite3_errmsg(db));
		return NULL;
	}
	bounds(q, days, &from, &to);
	sqlite3_bind_int64(s, 1, from);
	sqlite3_bind_int64(s, 2, to);
	if (q->user)
		sqlite3_bind_text(s, 3, q->user, -1, SQLITE_STATIC);
	if (q->client)
		sqlite3_bind_text(s, 4, q->client, -1, SQLITE_STATIC);
	sqlite3_bind_int(s, 5, q->limit > 0 ? q->limit : -1);
	return s;
}

static const char *
source_text(int sources)
{
	return sources == 1   ? "conntrack"
	       : sources == 2 ? "tcp_info"
	       : sources == 3 ? "both"
			      : "none";
}

static void
columns_make(struct table *t, enum report_by by)
{
	table_column(t, bys[by].word, bys[by].title, COLUMN_TEXT, 0);
	if (by == BY_CONNECTION) {
		table_column(t, "user", "User", COLUMN_TEXT, 0);
		table_column(t, "peer", "From", COLUMN_TEXT, 2);
		table_column(t, "opened", "Opened", COLUMN_TIME, 3);
		table_column(t, "last", "Last reading", COLUMN_TIME, 6);
		table_column(t, "state", "State", COLUMN_TEXT, 5);
		table_column(t, "source", "Source", COLUMN_TEXT, 7);
	} else {
		table_column(t, "connections", "Connections", COLUMN_COUNT, 1);
	}
	t->bar = t->width;
	t->bars = 2;
	table_column(t, "in_bytes", "In", COLUMN_BYTES, 0);
	table_column(t, "out_bytes", "Out", COLUMN_BYTES, 0);
	table_column(t, "total_bytes", "Total", COLUMN_BYTES, by == BY_CONNECTION ? 4 : 0);
	table_column(t, "in_packets", "Packets in", COLUMN_COUNT, 8);
	table_column(t, "out_packets", "Packets out", COLUMN_COUNT, 9);
}

static int
row_fill(struct table *t, sqlite3_stmt *s, enum report_by by)
{
	struct cell *c = table_row(t);
	size_t at = 0;

	if (!c)
		return -ENOMEM;
	key_set(&c[at++], s);
	if (by == BY_CONNECTION) {
		cell_set(&c[at++], (const char *)sqlite3_column_text(s, 7));
		cell_set(&c[at++], (const char *)sqlite3_column_text(s, 8));
		c[at++].number = sqlite3_column_int64(s, 9);
		c[at++].number = sqlite3_column_int64(s, 10);
		cell_set(&c[at++], (const char *)sqlite3_column_text(s, 11));
		cell_set(&c[at++], source_text(sqlite3_column_int(s, 12)));
	} else {
		c[at++].number = sqlite3_column_int64(s, 1);
	}
	for (int i = 2; i <= 6; i++)
		c[at++].number = sqlite3_column_int64(s, i);
	return 0;
}

int
report_make(sqlite3 *db, const struct report_query *q, struct table *t)
{
	bool days = days_will_do(q);
	char sql[1200];
	sqlite3_stmt *s;
	int got, ret = 0;

	sql_build(q, days, sql, sizeof sql);
	s = query_prepare(db, sql, q, days);
	if (!s)
		return -EIO;
	columns_make(t, q->by);
	while (ret == 0 && (got = sqlite3_step(s)) == SQLITE_ROW)
		ret = row_fill(t, s, q->by);
	if (ret == 0 && got != SQLITE_DONE) {
		fprintf(stderr, "ttyacct: index: %s\n", sqlite3_errmsg(db));
		ret = -EIO;
	}
	sqlite3_finalize(s);
	return ret;
}

int
report_sessions(sqlite3 *db, const struct report_query *q, struct table *t)
{
	static const char sql[] = "SELECT s.name, (SELECT text FROM name WHERE id = s.user), "
				  "c.name, c.peer, s.opened, s.closed,"
				  " COALESCE(s.close_in, c.in_bytes) - COALESCE(s.open_in, 0),"
				  " COALESCE(s.close_out, c.out_bytes) - COALESCE(s.open_out, 0)"
				  " FROM session s JOIN conn c ON c.id = s.conn WHERE "
				  "COALESCE(s.opened, s.closed) / 900000000000 >= ?1"
				  " AND COALESCE(s.opened, s.closed) / 900000000000 < ?2"
				  " AND (?3 IS NULL OR s.user = (SELECT id FROM name WHERE text = "
				  "?3)) AND (?4 IS NULL OR c.peer = ?4)"
				  " ORDER BY s.opened LIMIT ?5";
	sqlite3_stmt *s = query_prepare(db, sql, q, false);
	struct cell *c;

	if (!s)
		return -EIO;
	table_column(t, "session", "Session", COLUMN_TEXT, 0);
	table_column(t, "user", "User", COLUMN_TEXT, 0);
	table_column(t, "connection", "Connection", COLUMN_TEXT, 7);
	table_column(t, "client", "From", COLUMN_TEXT, 4);
	table_column(t, "opened", "Opened", COLUMN_TIME, 1);
	table_column(t, "closed", "Closed", COLUMN_TIME, 5);
	t->bar = t->width;
	t->bars = 2;
	/* What the connection moved while the session was there: sessions at the same time share
	 * it. */
	table_column(t, "in_bytes_meanwhile", "In meanwhile", COLUMN_BYTES, 0);
	table_column(t, "out_bytes_meanwhile", "Out meanwhile", COLUMN_BYTES, 0);
	while (sqlite3_step(s) == SQLITE_ROW && (c = table_row(t))) {
		for (int i = 0; i < 4; i++)
			cell_set(&c[i], (const char *)sqlite3_column_text(s, i));
		for (int i = 4; i < 8; i++)
			c[i].number = sqlite3_column_int64(s, i);
	}
	sqlite3_finalize(s);
	return 0;
}

static void
put_label(const char *text)
{
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			putchar('\\');
		if (*text == '\n')
			fputs("\\n", stdout);
		else
			putchar(*text);
	}
}

int
report_prometheus(sqlite3 *db)
{
	static const struct metric {
		const char *name, *help, *direction;
		int column;
	} metrics[] = {
	    {"ttyacct_bytes_total", "Bytes moved over SSH connections.", "in", 2},
	    {"ttyacct_bytes_total", NULL, "out", 3},
	    {"ttyacct_packets_total", "Packets of SSH connections.", "in", 4},
	    {"ttyacct_packets_total", NULL, "out", 5},
	    {"ttyacct_connections_total", "SSH connections opened.", NULL, 6},
	};
	sqlite3_stmt *s = NULL;

	if (sqlite3_prepare_v2(db,
		"SELECT u.text, h.text, SUM(in_bytes), SUM(out_bytes), SUM(in_packets), "
		"SUM(out_packets),"
		" SUM(opens) FROM day d JOIN name u ON u.id = d.user JOIN name h ON h.id = d.host"
		" GROUP BY d.user, d.host ORDER BY 1, 2",
		-1, &s, NULL) != SQLITE_OK) {
		fprintf(stderr, "ttyacct: index: %s\n", sqlite3_errmsg(db));
		return -EIO;
	}
	for (size_t m = 0; m < sizeof metrics / sizeof *metrics; m++) {
		if (metrics[m].help)
			printf("# HELP %s %s\n# TYPE %s counter\n", metrics[m].name,
			    metrics[m].help, metrics[m].name);
		while (sqlite3_step(s) == SQLITE_ROW) {
			printf("%s{user=\"", metrics[m].name);
			put_label((const char *)sqlite3_column_text(s, 0));
			fputs("\",host=\"", stdout);
			put_label((const char *)sqlite3_column_text(s, 1));
			if (metrics[m].direction)
				printf("\",direction=\"%s", metrics[m].direction);
			printf("\"} %lld\n", (long long)sqlite3_column_int64(s, metrics[m].column));
		}
		sqlite3_reset(s);
	}
	sqlite3_finalize(s);
	return 0;
}
