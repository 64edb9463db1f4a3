/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ttyacct. How ledger lines become figures that count nothing twice:
 *
 * A reading holds everything since its flow began, so a connection's figure is its last reading,
 * not a sum. A flow is a conntrack entry; when a connection gets another one (the table was
 * flushed), the counters start at 0 and what came before is kept as a base. tcp_info counts from
 * the start of the connection: it lifts the total, and is never added. A figure never falls: of
 * lines that were written at once the order is not known.
 */
#include "conns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conns_row.h"
#include "index.h"

static int
row_begin(struct conns *c, struct row *w, const struct ledger_record *r)
{
	memcpy(w->name, r->id, sizeof w->name);
	connection_addr_text(r->connection.family, r->connection.peer, w->peer);
	connection_addr_text(r->connection.family, r->connection.local, w->local);
	w->peer_port = r->connection.peer_port;
	w->local_port = r->connection.local_port;
	w->zone = r->connection.zone | (int64_t)r->connection.scope << 16;
	w->opened = w->last = r->time_ns;
	w->quarter = r->time_ns / 1000000000 / INDEX_QUARTER;
	w->opens = 1;
	return conns_name(c, r->host, &w->host);
}

/*
 * Where a connection should be in the index: host and boot in the upper bits, the socket's cookie, which counts up, in
 * the lower 26. So connections of one time are neighbours there, and the index grows at a few ends and not all over.
 */
static uint64_t
place_of(const struct ledger_record *r)
{
	const char *dot = strchr(r->id, '.');
	size_t boot = dot ? (size_t)(dot - r->id) : 0;
	uint64_t h =
	    conns_hash(conns_hash(CONNS_HASH_START, r->host, strlen(r->host) + 1), r->id, boot);
	uint64_t cookie = boot && dot[1] != 'h' ? strtoull(dot + 1, NULL, 16)
						: conns_hash(h, r->id, strlen(r->id));

	return ((h ^ h >> 32) << 26 | (cookie & 0x3ffffff)) & CONNS_ID_MASK;
}

/* The connection of a line: its id is unique on its host until the next boot, and the addresses
 * make it sure. */
static int
row_find(struct conns *c, const struct ledger_record *r, struct row **out)
{
	const uint16_t ports[] = {r->connection.local_port, r->connection.peer_port};
	uint64_t h = conns_hash(CONNS_HASH_START, r->host, strlen(r->host) + 1),
		 place = place_of(r);
	struct row *w;

	h = conns_hash(h, r->id, strlen(r->id) + 1);
	h = conns_hash(h, r->connection.local, 16);
	h = conns_hash(h, r->connection.peer, 16);
	h = conns_hash(h, ports, sizeof ports);
	w = *out = &c->rows[(place + (place >> 26) * 24593) % CONNS_ROWS];
	if (w->used && w->key == (int64_t)h)
		return 0;
	if (conns_row_flush(c, w) < 0)
		return -EIO;
	memset(w, 0, sizeof *w);
	w->used = true;
	w->key = (int64_t)h;
	return conns_row_load(c, w, place) ? 0 : row_begin(c, w, r);
}

static void
raise(int64_t *total, int64_t *grown, int64_t to)
{
	if (to <= *total)
		return;
	*grown += to - *total;
	*total = to;
}

/* A counter beyond what SQLite's integers hold is no counter. */
static int64_t
clamp(uint64_t v)
{
	return v > INT64_MAX / 4 ? INT64_MAX / 4 : (int64_t)v;
}

static int
reading_take(struct conns *c, struct row *w, const struct ledger_record *r)
{
	const struct traffic *t = &r->traffic;
	const struct amounts none = {0}, *base = &w->base;
	int64_t quarter = r->time_ns / 1000000000 / INDEX_QUARTER;

	if (t->source == TRAFFIC_NONE ||
	    (t->source == TRAFFIC_CONNTRACK && t->flow == w->flow_before && t->flow != w->flow))
		return 0;
	if (quarter != w->quarter && conns_grown_store(c, w) < 0)
		return -EIO;
	w->quarter = quarter;
	if (t->source == TRAFFIC_CONNTRACK && t->flow != w->flow) {
		if (w->sources)
			w->base = w->total;
		w->flow_before = w->flow;
		w->flow = t->flow;
	}
	if (t->source == TRAFFIC_TCPINFO)
		base = &none;
	raise(&w->total.in_bytes, &w->grown.in_bytes, base->in_bytes + clamp(t->in_bytes));
	raise(&w->total.in_packets, &w->grown.in_packets, base->in_packets + clamp(t->in_packets));
	raise(&w->total.out_bytes, &w->grown.out_bytes, base->out_bytes + clamp(t->out_bytes));
	raise(&w->total.out_packets, &w->grown.out_packets,
	    base->out_packets + clamp(t->out_packets));
	w->sources |= 1 << (t->source - 1);
	return 0;
}

/* A session's first open line and its last close line hold; of its user, the first line. */
static int
session_take(struct conns *c, struct row *w, const struct ledger_record *r)
{
	struct shell *s = &w->shell;
	bool open = r->event == LEDGER_OPEN, figures = r->traffic.source != TRAFFIC_NONE;
	int64_t in = w->base.in_bytes + clamp(r->traffic.in_bytes),
		out = w->base.out_bytes + clamp(r->traffic.out_bytes);

	if (strcmp(s->name, r->session) != 0) {
		if (conns_shell_store(c, w) < 0 || conns_name(c, r->user, &s->user) < 0)
			return -EIO;
		memcpy(s->name, r->session, sizeof s->name);
		s->uid = r->uid;
		s->ses = r->ses;
	}
	if (open && s->opened == 0)
		s->opened = r->time_ns;
	if (r->event == LEDGER_CLOSE)
		s->closed = r->time_ns;
	if (figures && !open)
		s->close_figures = true, s->close_in = in, s->close_out = out;
	else if (figures && !s->open_figures)
		s->open_figures = true, s->open_in = in, s->open_out = out;
	return 0;
}

/* Whose it is: as the connection's own lines say (the PAM module's), else as the first session
 * does. */
static int
owner_take(struct conns *c, struct row *w, const struct ledger_record *r)
{
	bool own = r->session[0] == 0;

	if (r->user[0] == 0 || (w->user && (w->owner_sure || !own)))
		return 0;
	w->owner_sure = own;
	w->uid = r->uid;
	w->ses = r->ses;
	return conns_name(c, r->user, &w->user);
}

/* A connection without lines of its own is closed when the last session on it closes. */
static void
state_take(struct row *w, const struct ledger_record *r)
{
	bool own = r->session[0] == 0, ends = own || !w->owner_sure;

	if (!own && r->event == LEDGER_OPEN)
		w->shells++;
	if (!own && r->event == LEDGER_CLOSE && w->shells > 0)
		w->shells--;
	if (r->event == LEDGER_FINAL)
		w->state = INDEX_IS_FINAL;
	else if (r->event == LEDGER_CLOSE && w->state == INDEX_IS_OPEN && ends &&
		 (own || w->shells == 0))
		w->state = INDEX_IS_CLOSED;
	else if (r->event == LEDGER_OPEN && w->state == INDEX_IS_CLOSED && !own && !w->owner_sure)
		w->state = INDEX_IS_OPEN;
}

int
conns_take(struct conns *c, const struct ledger_record *r)
{
	struct row *w;

	if (row_find(c, r, &w) < 0 || owner_take(c, w, r) < 0)
		return -EIO;
	w->dirty = true;
	if (r->time_ns < w->opened)
		w->opened = r->time_ns;
	if (reading_take(c, w, r) < 0)
		return -EIO;
	w->dirty = true;
	if (r->event == LEDGER_OPEN && r->session[0] == 0)
		w->before = w->total;
	state_take(w, r);
	w->last = r->time_ns > w->last ? r->time_ns : w->last;
	return r->session[0] ? session_take(c, w, r) : 0;
}
