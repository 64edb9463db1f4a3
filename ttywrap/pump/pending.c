/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, no privilege. Distrusts the bytes, and that FIONREAD and the replica agree. */
#include "pump/pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>

#include "pump/discipline.h"

#define ROOMY                                                                                      \
	((size_t)DISCIPLINE_SIZE * 3 /                                                             \
	    4) /* with more unread than this, new bytes may find no room */

struct pending {
	struct discipline *d;
	bool icanon;
	size_t flying;    /* of what was written last, this much may not have arrived */
	int64_t last_ns;  /* last write */
	int64_t full_ns;  /* when there was no room, last */
	int64_t since_ns; /* first write after nothing was held */
	size_t at, len;   /* flip[at..at+len): no room in the discipline */
	uint8_t flip[PENDING_MAX];
};

struct pending *
pending_new(const struct termios *modes)
{
	struct pending *p = calloc(1, sizeof *p);

	if (p == NULL)
		return NULL;
	p->icanon = (modes->c_lflag & ICANON) != 0;
	p->full_ns = INT64_MIN / 2;
	p->d = discipline_new(modes);
	if (p->d == NULL) {
		free(p);
		return NULL;
	}
	return p;
}

void
pending_free(struct pending *p)
{
	if (p == NULL)
		return;
	(void)pending_drop(p);
	discipline_free(p->d);
	free(p);
}

/* What waits for room goes on when there is some; the kernel's worker does that after a read and at
 * a write. */
static void
refill(struct pending *p)
{
	size_t took = p->len > 0 ? discipline_receive(p->d, p->flip + p->at, p->len) : 0;

	memset(p->flip + p->at, 0, took);
	p->at += took;
	p->len -= took;
	if (p->len == 0)
		p->at = 0;
}

/* Moved to the front when as much has gone: what is not touched takes no memory. */
static void
flip_append(struct pending *p, const uint8_t *bytes, size_t n)
{
	if (p->at + p->len + n > PENDING_MAX || p->at >= p->len) {
		memmove(p->flip, p->flip + p->at, p->len);
		explicit_bzero(p->flip + p->len, p->at);
		p->at = 0;
	}
	memcpy(p->flip + p->at + p->len, bytes, n);
	p->len += n;
}

size_t
pending_add(struct pending *p, const uint8_t *bytes, size_t n, int64_t now_ns)
{
	size_t took, lost = 0;

	if (pending_held(p) == 0)
		p->since_ns = now_ns;
	p->last_ns = now_ns;
	refill(p);
	took = p->len == 0 ? discipline_receive(p->d, bytes, n) : 0;
	if (p->len + (n - took) > PENDING_MAX) {
		lost = pending_drop(p);
		took = discipline_receive(p->d, bytes, n);
		if (n - took > PENDING_MAX) {
			lost += n - took;
			took = n;
		}
	}
	flip_append(p, bytes + took, n - took);
	if (p->len > 0)
		p->full_ns = now_ns;
	p->flying = p->flying + n < PENDING_FLIP ? p->flying + n : PENDING_FLIP;
	return lost;
}

/*
 * Bytes that may still be on their way are taken to be unread. None are when
 * the slave was seen without input after the worker had run, or when there was
 * time enough and there is room; just after there was none, all of the flip
 * buffer may be.
 */
static size_t
unread_at_most(const struct pending *p, const struct pending_look *look)
{
	if (look->settled)
		return look->unread;
	if (look->unread >= ROOMY || look->now_ns - p->full_ns < PENDING_ARRIVAL_NS)
		return look->unread + PENDING_FLIP;
	if (look->now_ns - p->last_ns >= PENDING_ARRIVAL_NS)
		return look->unread;
	return look->unread + p->flying;
}

static bool
switches(const struct pending *p, const struct pending_look *look)
{
	return p->icanon != ((look->modes->c_lflag & ICANON) != 0);
}

size_t
pending_ready(const struct pending *p, const struct pending_look *look)
{
	size_t most = unread_at_most(p, look), have = pending_held(p);

	if (p->icanon && !switches(p, look)) {
		have = discipline_unread(p->d) + p->len;
		if (look->settled && have == 0 && discipline_readable(p->d))
			return 1; /* an EOF mark */
	}
	return have > most ? have - most : 0;
}

/* One read of at most n bytes from the replica. */
static void
read_some(struct pending *p, size_t n, pending_got *got, void *arg)
{
	uint8_t buf[DISCIPLINE_SIZE];
	bool line;
	ssize_t len;

	n = n < sizeof buf ? n : sizeof buf;
	len = discipline_read(p->d, buf, n, &line);
	if (len >= 0)
		got(arg, buf, (size_t)len, line);
	if (len > 0)
		explicit_bzero(buf, (size_t)len);
	refill(p);
}

/*
 * When ICANON was switched in between, what is missing is taken to have been
 * read before: the bytes are the same either way, but lines and EOF marks are
 * known as such only in the mode before.
 */
static void
take_before_switch(struct pending *p, size_t most, pending_got *got, void *arg)
{
	size_t have;

	while ((have = pending_held(p)) > most && discipline_readable(p->d))
		read_some(p, have - most, got, arg);
}

int
pending_take(struct pending *p, const struct pending_look *look, pending_got *got, void *arg)
{
	size_t most = unread_at_most(p, look), have;

	if (look->unread >= ROOMY)
		p->full_ns = look->now_ns;
	if (switches(p, look))
		take_before_switch(p, most, got, arg);
	discipline_set_modes(p->d, look->modes);
	p->icanon = (look->modes->c_lflag & ICANON) != 0;
	while ((have = discipline_unread(p->d) + p->len) > most && discipline_readable(p->d))
		read_some(p, have - most, got, arg);
	while (look->settled && discipline_readable(p->d))
		read_some(p, DISCIPLINE_SIZE, got, arg);
	if (most == look->unread || look->unread >= have)
		p->flying = 0;
	return p->len == 0 && look->unread > discipline_unread(p->d) ? -ESTALE : 0;
}

size_t
pending_drop(struct pending *p)
{
	size_t n = pending_held(p);

	discipline_flush(p->d);
	explicit_bzero(p->flip + p->at, p->len);
	p->at = p->len = 0;
	p->flying = 0;
	return n;
}

size_t
pending_flushed(const struct pending *p)
{
	return discipline_flushed(p->d);
}

size_t
pending_held(const struct pending *p)
{
	return discipline_held(p->d) + p->len;
}

size_t
pending_find(const struct pending *p, uint8_t c, size_t n)
{
	size_t held = discipline_held(p->d), at = discipline_find(p->d, c, n < held ? n : held);
	const uint8_t *found;

	if (n <= held || at < held)
		return at < held ? at : n;
	n = n - held < p->len ? n : held + p->len;
	found = memchr(p->flip + p->at, c, n - held);
	return found != NULL ? held + (size_t)(found - (p->flip + p->at)) : n;
}

bool
pending_readable(const struct pending *p)
{
	return discipline_readable(p->d) || p->len > 0;
}

bool
pending_in_flight(const struct pending *p)
{
	return p->flying > 0;
}

bool
pending_unfinished(const struct pending *p)
{
	return discipline_unfinished(p->d);
}

bool
pending_waits(const struct pending *p)
{
	return p->len > 0;
}

int64_t
pending_since_ns(const struct pending *p)
{
	return pending_held(p) > 0 ? p->since_ns : 0;
}
