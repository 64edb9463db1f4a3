/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pure. ttyacct only: reading a ledger line. The ledger is a file that may have been edited, torn
 * or replaced, so every byte is distrusted: a line is taken whole or not at all. It is a parser of
 * its own because ten million lines have to be read in minutes, and because it needs no memory.
 */
#include "ledger.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "json_in.h"

static int
two(const char *s)
{
	return s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9'
		   ? -1
		   : (s[0] - '0') * 10 + s[1] - '0';
}

/* Days since 1970 of a date in the Gregorian calendar (years 0 to 9999). */
static int64_t
days_of(int y, int m, int d)
{
	static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
	int64_t past = y - 1;
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	return past * 365 + past / 4 - past / 100 + past / 400 + before[m - 1] + (leap && m > 2) +
	       d - 1 - 719162;
}

/* 2026-11-22T12:00:00Z, with up to nine digits of a second's fraction. */
static int
read_time(struct json_in *in, int64_t *out)
{
	char s[40];
	int century, year, month, day, hour, minute, second;
	int64_t ns = 0, unit = 100000000;
	const char *p = s + 19;

	if (json_string(in, s, sizeof s) < 0)
		return -EINVAL;
	if (strlen(s) < 20 || s[4] != '-' || s[7] != '-' || s[10] != 'T' || s[13] != ':' ||
	    s[16] != ':')
		return json_wrong(in, "the time is not as in 2026-11-22T12:00:00Z");
	century = two(s), year = two(s + 2), month = two(s + 5), day = two(s + 8);
	hour = two(s + 11), minute = two(s + 14), second = two(s + 17);
	if (century * 100 + year < 1970 || century > 21 || year < 0 || month < 1 || month > 12 ||
	    day < 1 || day > 31 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
	    second < 0 || second > 60)
		return json_wrong(in, "the time is no time");
	if (*p == '.')
		for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10)
			ns += (*p - '0') * unit;
	if (p[0] != 'Z' || p[1] != 0)
		return json_wrong(in, "the time is not in UTC (with a Z at its end)");
	*out = (days_of(century * 100 + year, month, day) * 86400 + hour * 3600 + minute * 60 +
		   second) *
		   1000000000 +
	       ns;
	return 0;
}

static int
read_word(struct json_in *in, const char *const *words, int count, int *out)
{
	char s[16];

	if (json_string(in, s, sizeof s) < 0)
		return -EINVAL;
	for (int i = 0; i < count; i++)
		if (strcmp(s, words[i]) == 0) {
			*out = i;
			return 0;
		}
	return json_wrong(in, "it has an event or a source that is not known");
}

enum member {
	M_V,
	M_EVENT,
	M_TIME,
	M_HOST,
	M_CONN,
	M_USER,
	M_UID,
	M_SES,
	M_SESSION,
	M_PEER,
	M_PEER_PORT,
	M_LOCAL,
	M_LOCAL_PORT,
	M_ZONE,
	M_SCOPE,
	M_SOURCE,
	M_FLOW,
	M_IN_BYTES,
	M_IN_PACKETS,
	M_OUT_BYTES,
	M_OUT_PACKETS,
	M_BY,
	M_UNKNOWN
};

#define BIT(m) (1u << (m))
#define REQUIRED                                                                                   \
	(BIT(M_V) | BIT(M_EVENT) | BIT(M_TIME) | BIT(M_CONN) | BIT(M_PEER) | BIT(M_PEER_PORT) |    \
	    BIT(M_LOCAL) | BIT(M_LOCAL_PORT) | BIT(M_SOURCE))
#define COUNTERS (BIT(M_IN_BYTES) | BIT(M_IN_PACKETS) | BIT(M_OUT_BYTES) | BIT(M_OUT_PACKETS))

struct member_name {
	const char *text;
	size_t n;
};

#define NAME(text)                                                                                 \
	{                                                                                          \
		text, sizeof text - 1                                                              \
	}
static const struct member_name names[M_UNKNOWN] = {NAME("v"), NAME("event"), NAME("time"),
    NAME("host"), NAME("conn"), NAME("user"), NAME("uid"), NAME("ses"), NAME("session"),
    NAME("peer"), NAME("peer_port"), NAME("local"), NAME("local_port"), NAME("zone"), NAME("scope"),
    NAME("source"), NAME("flow"), NAME("in_bytes"), NAME("in_packets"), NAME("out_bytes"),
    NAME("out_packets"), NAME("by")};
#undef NAME

/* Passes over the name in its quotes, when it stands there as it is. */
static bool
name_take(struct json_in *in, const struct member_name *name)
{
	if ((size_t)(in->end - in->p) < name->n + 2 || in->p[name->n + 1] != '"' ||
	    memcmp(in->p + 1, name->text, name->n) != 0)
		return false;
	in->p += name->n + 2;
	return true;
}

/*
 * A member's name. `guess` is the one that came before, plus one, since our own lines have them in this order. A name
 * that is written in another way (with escapes) is read as any string.
 */
static int
read_name(struct json_in *in, unsigned guess, enum member *out)
{
	char name[32];

	json_skip_space(in);
	*out = M_UNKNOWN;
	if (in->p < in->end && *in->p == '"')
		for (unsigned i = 0; i < M_UNKNOWN; i++) {
			unsigned m = (guess + i) % M_UNKNOWN;

			if (name_take(in, &names[m])) {
				*out = (enum member)m;
				return 0;
			}
		}
	if (json_string(in, name, sizeof name) < 0)
		return -EINVAL;
	for (unsigned m = 0; m < M_UNKNOWN; m++)
		if (strcmp(name, names[m].text) == 0)
			*out = (enum member)m;
	return 0;
}

static int
read_u64(struct json_in *in, uint64_t *out)
{
	return json_number(in, UINT64_MAX, out);
}

static int
read_u32(struct json_in *in, uint32_t *out)
{
	uint64_t v = 0;
	int ret = json_number(in, UINT32_MAX, &v);

	*out = (uint32_t)v;
	return ret;
}

static int
read_u16(struct json_in *in, uint16_t *out)
{
	uint64_t v = 0;
	int ret = json_number(in, UINT16_MAX, &v);

	*out = (uint16_t)v;
	return ret;
}

static int
read_addr(struct json_in *in, uint8_t *family, uint8_t addr[16])
{
	char s[CONNECTION_ADDR_MAX + 16];

	if (json_string(in, s, sizeof s) < 0)
		return -EINVAL;
	return connection_parse_addr(s, family, addr) < 0 ? json_wrong(in, "an address is none")
							  : 0;
}

static int
read_event(struct json_in *in, enum ledger_event *out)
{
	static const char *const events[] = {"open", "interim", "close", "final"};
	int i = 0, ret = read_word(in, events, 4, &i);

	*out = (enum ledger_event)i;
	return ret;
}

static int
read_source(struct json_in *in, enum traffic_source *out)
{
	static const char *const sources[] = {"none", "conntrack", "tcp_info"};
	int i = 0, ret = read_word(in, sources, 3, &i);

	*out = (enum traffic_source)i;
	return ret;
}

static int
read_version(struct json_in *in)
{
	uint64_t v = 0;

	if (read_u64(in, &v) < 0)
		return -EINVAL;
	return v == 1 ? 0 : json_wrong(in, "it is of a version that this program does not know");
}

static int
read_member(struct json_in *in, enum member m, struct ledger_record *r, uint8_t *local_family)
{
	switch (m) {
	case M_V:
		return read_version(in);
	case M_EVENT:
		return read_event(in, &r->event);
	case M_TIME:
		return read_time(in, &r->time_ns);
	case M_HOST:
		return json_string(in, r->host, sizeof r->host);
	case M_CONN:
		return json_string(in, r->id, sizeof r->id);
	case M_USER:
		return json_string(in, r->user, sizeof r->user);
	case M_UID:
		return read_u32(in, &r->uid);
	case M_SES:
		return read_u32(in, &r->ses);
	case M_SESSION:
		return json_string(in, r->session, sizeof r->session);
	case M_PEER:
		return read_addr(in, &r->connection.family, r->connection.peer);
	case M_PEER_PORT:
		return read_u16(in, &r->connection.peer_port);
	case M_LOCAL:
		return read_addr(in, local_family, r->connection.local);
	case M_LOCAL_PORT:
		return read_u16(in, &r->connection.local_port);
	case M_ZONE:
		return read_u16(in, &r->connection.zone);
	case M_SCOPE:
		return read_u32(in, &r->connection.scope);
	case M_SOURCE:
		return read_source(in, &r->traffic.source);
	case M_FLOW:
		return read_u32(in, &r->traffic.flow);
	case M_IN_BYTES:
		return read_u64(in, &r->traffic.in_bytes);
	case M_IN_PACKETS:
		return read_u64(in, &r->traffic.in_packets);
	case M_OUT_BYTES:
		return read_u64(in, &r->traffic.out_bytes);
	case M_OUT_PACKETS:
		return read_u64(in, &r->traffic.out_packets);
	case M_BY:
		return json_string(in, r->by, sizeof r->by);
	case M_UNKNOWN:
		break;
	}
	return json_skip_value(in);
}

static int
read_members(struct json_in *in, struct ledger_record *r, uint32_t *seen, uint8_t *local_family)
{
	unsigned guess = 0;

	if (!json_take(in, '{'))
		return json_wrong(in, "it is no JSON object");
	do {
		enum member m;

		if (read_name(in, guess, &m) < 0)
			return -EINVAL;
		if (!json_take(in, ':'))
			return json_wrong(in, "the line is torn after a member's name");
		if (m != M_UNKNOWN && *seen & BIT(m))
			return json_wrong(in, "a member is there twice");
		if (read_member(in, m, r, local_family) < 0)
			return -EINVAL;
		if (m == M_UNKNOWN)
			continue;
		*seen |= BIT(m);
		guess = m + 1;
	} while (json_take(in, ','));
	if (!json_take(in, '}'))
		return json_wrong(in, "the line is torn");
	json_skip_space(in);
	return in->p == in->end ? 0 : json_wrong(in, "something follows the object");
}

int
ledger_parse(const char *line, size_t n, struct ledger_record *r, const char **why)
{
	struct json_in in = {line, line + n, NULL};
	uint32_t seen = 0;
	uint8_t local_family = 0;
	int ret;

	memset(r, 0, sizeof *r);
	r->uid = LEDGER_UID_NONE;
	r->ses = LEDGER_SES_NONE;
	ret = read_members(&in, r, &seen, &local_family);
	if (ret == 0 && (seen & REQUIRED) != REQUIRED)
		ret = json_wrong(&in, "a required member is missing");
	else if (ret == 0 && r->traffic.source != TRAFFIC_NONE && (seen & COUNTERS) != COUNTERS)
		ret = json_wrong(&in, "it names a source of figures but not all figures");
	else if (ret == 0 && local_family != r->connection.family)
		ret = json_wrong(&in, "its two addresses are of different kinds");
	else if (ret == 0 && r->id[0] == 0)
		ret = json_wrong(&in, "the connection has no name");
	*why = in.why;
	return ret;
}
