/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, no privilege. Only counts and hashes the bytes it is given. */
#include "pump/limit.h"

#define SECOND_NS INT64_C(1000000000)

void
limit_init(struct limit *l, uint32_t rate, uint64_t cap)
{
	*l = (struct limit){.rate = rate, .cap = cap};
}

void
limit_leave(struct limit *l, const uint8_t *bytes, size_t n, int64_t now_ns)
{
	if (l->records == 0) {
		blake2b_init(&l->hash);
		l->since_ns = now_ns;
	}
	blake2b_update(&l->hash, bytes, n);
	l->bytes += n;
	l->records++;
}

static bool
has_room(struct limit *l, int64_t now_ns)
{
	if (l->used == 0 || now_ns - l->second_ns >= SECOND_NS) {
		l->second_ns = now_ns;
		l->used = 0;
	}
	return (l->rate == 0 || l->used < l->rate) && (l->cap == 0 || l->sent < l->cap);
}

bool
limit_take(struct limit *l, const uint8_t *bytes, size_t n, int64_t now_ns)
{
	if (l->records > 0 || !has_room(l, now_ns)) {
		limit_leave(l, bytes, n, now_ns);
		return false;
	}
	l->used++;
	l->sent++;
	return true;
}

int64_t
limit_deadline_ns(const struct limit *l)
{
	return l->records > 0 ? l->since_ns + SECOND_NS : -1;
}

bool
limit_summary(const struct limit *l, int64_t now_ns, bool at_end, struct limit_summary *out)
{
	if (l->records == 0 || (!at_end && now_ns - l->since_ns < SECOND_NS))
		return false;
	*out = (struct limit_summary){
	    .bytes = l->bytes, .records = l->records, .since_ns = l->since_ns};
	blake2b_digest(&l->hash, out->hash);
	return true;
}

void
limit_told(struct limit *l)
{
	l->bytes = 0;
	l->records = 0;
}
