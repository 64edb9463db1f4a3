/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes a ledger of N lines to standard output: a year, 500 users, 3 hosts, clients from 60,000
 * addresses, a third of the connections with shells on them. The same N gives the same ledger.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger.h"

static uint64_t state = 88172645463325252u;

/* xorshift64 (Marsaglia): any machine writes the same bytes. */
static uint64_t
next(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static uint64_t
put(const struct ledger_record *r)
{
	char line[LEDGER_LINE_MAX];
	int n = ledger_print(r, line, sizeof line);

	if (n < 0 || fwrite(line, 1, (size_t)n, stdout) != (size_t)n)
		exit(1);
	return 1;
}

static void
grow(struct traffic *t, uint64_t packets)
{
	t->in_packets += packets;
	t->in_bytes += packets * (52 + next(300));
	t->out_packets += packets + next(packets + 1);
	t->out_bytes += packets * (52 + next(1400));
}

static uint64_t
put_connection(struct ledger_record *r, uint64_t number, int64_t time_ns)
{
	unsigned user = (unsigned)(next(500) * next(500) / 500);
	uint64_t lines = 0;

	snprintf(r->user, sizeof r->user, "user%03u", user);
	snprintf(r->host, sizeof r->host, "srv%u", (unsigned)next(3));
	snprintf(r->id, sizeof r->id, "0123abcd.%llx", (unsigned long long)number);
	r->uid = 1000 + user;
	r->ses = (uint32_t)number;
	r->time_ns = time_ns;
	r->session[0] = 0;
	r->connection.peer[2] = (uint8_t)next(240);
	r->connection.peer[3] = (uint8_t)next(250);
	r->connection.peer_port = (uint16_t)(1024 + next(60000));
	r->traffic =
	    (struct traffic){.source = TRAFFIC_CONNTRACK, .flow = (uint32_t)next(UINT32_MAX)};
	grow(&r->traffic, 18);
	r->event = LEDGER_OPEN;
	lines += put(r);
	if (next(3) == 0) {
		snprintf(r->session, sizeof r->session, "%u-%u-1", r->uid, r->ses);
		lines += put(r);
		grow(&r->traffic, 10 + next(10000));
		r->time_ns += (int64_t)(next(3600) + 1) * 1000000000;
		r->event = LEDGER_CLOSE;
		lines += put(r);
		r->session[0] = 0;
	} else {
		grow(&r->traffic, 10 + next(10000));
		r->time_ns += (int64_t)(next(600) + 1) * 1000000000;
	}
	r->event = LEDGER_CLOSE;
	return lines + put(r);
}

int
main(int argc, char **argv)
{
	uint64_t wanted = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000;
	struct ledger_record r;
	uint64_t number = 0, lines = 0;
	const int64_t year_ns = 365 * (int64_t)86400 * 1000000000,
		      start_ns = 1735689600 * (int64_t)1000000000;

	memset(&r, 0, sizeof r);
	if (connection_parse_hint("198.51.0.0 1 203.0.113.1 22", &r.connection) < 0)
		return 1;
	strcpy(r.by, "pam");
	while (lines < wanted)
		lines += put_connection(&r, ++number,
		    start_ns + (int64_t)((double)lines / (double)wanted * (double)year_ns));
	return fflush(stdout) != 0;
}
