/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, no privilege. Distrusts the bytes, and copies and compares them only. */
#include "pump/tell.h"

#include <string.h>

#include "pump/line.h"

static void
untold_emit(struct tell *t)
{
	if (t->untold.len > 0)
		t->emit(t->arg, &t->untold);
	t->untold.len = 0;
}

/* ttybuf's push: a record is complete. What was left out before it is told first. */
static void
record(void *arg, const struct ttybuf *b)
{
	struct tell *t = arg;
	const struct input_event event = {.kind = INPUT_DATA,
	    .canonical = b->canonical,
	    .data = b->data,
	    .len = b->len,
	    .pgrp = b->pgrp,
	    .comm = b->comm,
	    .first_ns = b->first_ns,
	    .last_ns = b->last_ns};

	t->emit(t->arg, &event);
}

void
tell_init(struct tell *t, input_emit *emit, void *arg)
{
	t->emit = emit;
	t->arg = arg;
	t->tty.push = record;
	t->tty.arg = t;
}

void
tell_end(struct tell *t)
{
	accepted_forget(&t->accepted);
	explicit_bzero(t->tty.data, t->tty.len);
	explicit_bzero(t->line, sizeof t->line);
	explicit_bzero(t->held, t->held_n); /* the rest was, or was never used */
}

static void
data_add(struct tell *t, const uint8_t *bytes, size_t n, const struct tell_read *read)
{
	untold_emit(t);
	t->passed_on = read->passed_on && (t->tty.len == 0 || t->passed_on);
	ttybuf_add(&t->tty, bytes, n, read->canonical, &read->reader);
}

static void
untold_add(struct tell *t, enum input_reason reason, size_t n, const struct tell_read *read)
{
	struct input_event *e = &t->untold;

	if (e->reason != reason || e->pgrp != read->reader.pgrp || e->canonical != read->canonical)
		untold_emit(t);
	ttybuf_push(&t->tty);
	if (e->len == 0) {
		memset(t->comm, 0, sizeof t->comm);
		memcpy(t->comm, read->reader.comm, strnlen(read->reader.comm, sizeof t->comm - 1));
		*e = (struct input_event){.kind = INPUT_SECRET,
		    .reason = reason,
		    .canonical = read->canonical,
		    .pgrp = read->reader.pgrp,
		    .comm = t->comm,
		    .first_ns = read->reader.now_ns,
		    .written_ns = read->written_ns};
	}
	e->len += n;
	e->last_ns = read->reader.now_ns;
}

/* The length of the line that begins here, its end included. */
static size_t
line_length(const uint8_t *bytes, size_t n)
{
	size_t len = line_before(bytes, n);

	return len < n ? len + 1 : n;
}

static void
line_remember(struct tell *t, const uint8_t *bytes, size_t n)
{
	size_t end = line_complete(bytes, n);

	if (end > 0)
		t->line_n = 0;
	n -= end;
	if (t->line_n > TELL_LINE || n > TELL_LINE - t->line_n) {
		t->line_n = TELL_LINE + 1;
		return;
	}
	memcpy(t->line + t->line_n, bytes + end, n);
	t->line_n += n;
}

/* The line that the first len bytes held end: with what was told of it before. */
static bool
is_claimed(struct tell *t, size_t at, size_t len)
{
	char whole[TELL_LINE];
	size_t n = at == 0 ? t->line_n : 0;
	bool claimed;

	if (n > TELL_LINE || len - 1 > TELL_LINE - n || !line_is_end(t->held[at + len - 1]))
		return false;
	memcpy(whole, t->line, n);
	memcpy(whole + n, t->held + at, len - 1);
	claimed = accepted_claim(&t->accepted, whole, n + len - 1);
	explicit_bzero(whole, n + len - 1);
	return claimed;
}

/* n bytes held from at on are told. A line end alone says nothing. */
static void
held_tell(struct tell *t, size_t at, size_t n, bool claimed)
{
	const struct tell_read read = t->held_read;

	for (size_t end = at + n, run; at < end; at += run) {
		bool doubt = t->state[at] != TELL_SURE;
		bool out = doubt && !claimed &&
			   !(line_is_end(t->held[at]) && (at == 0 || line_is_end(t->held[at - 1])));

		for (run = 1; at + run < end && (t->state[at + run] != TELL_SURE) == doubt &&
			      !line_is_end(t->held[at + run - 1]);)
			run++;
		if (out)
			untold_add(t, INPUT_IN_DOUBT, run, &read);
		else
			data_add(t, t->held + at, run, &read);
		if (!line_is_end(t->held[at + run - 1]))
			continue;
		if (read.canonical)
			ttybuf_push(&t->tty);
		untold_emit(t);
	}
}

static void
held_drop(struct tell *t, size_t n)
{
	line_remember(t, t->held, n);
	memmove(t->held, t->held + n, t->held_n - n);
	memmove(t->state, t->state + n, t->held_n - n);
	explicit_bzero(t->held + t->held_n - n, n);
	t->held_n -= n;
	t->settled_n -= n < t->settled_n ? n : t->settled_n;
	t->asked_n -= n < t->asked_n ? n : t->asked_n;
}

/* The first byte from at on that is in a state like that, held_n for none. */
static size_t
state_find(const struct tell *t, size_t at, unsigned state)
{
	while (at < t->held_n && !(t->state[at] & state))
		at++;
	return at;
}

/* Of the first n bytes held those that wait for their reader; it is known now, or never will be. */
static void
reader_known(struct tell *t, size_t n, bool gone)
{
	for (size_t i = state_find(t, 0, TELL_WAITING); i < n; i = state_find(t, i, TELL_WAITING)) {
		bool doubt = (t->state[i] & TELL_DOUBT) || (gone && (t->state[i] & TELL_UNNAMED));

		t->state[i] = doubt ? TELL_DOUBT : TELL_SURE;
	}
}

/*
 * Lines that are complete, up to the first whose reader may still be named; those that
 * nobody accepted only as far as before.
 */
static void
settle(struct tell *t, size_t before)
{
	size_t done = 0, last = 0, waiting = state_find(t, 0, TELL_WAITING);

	for (size_t at = 0, len; at < waiting; at += len) {
		len = line_length(t->held + at, t->held_n - at);
		if (at + len > waiting)
			break;
		if (is_claimed(t, at, len)) {
			held_tell(t, done, at - done, false);
			held_tell(t, at, len, true);
			done = at + len;
		} else if (line_is_end(t->held[at + len - 1]) && at + len <= before)
			last = at + len;
	}
	if (last > done) {
		held_tell(t, done, last - done, false);
		done = last;
	}
	held_drop(t, done);
	if (state_find(t, 0, TELL_WAITING | TELL_DOUBT) == t->held_n) {
		held_tell(t, 0, t->held_n, false);
		held_drop(t, t->held_n);
	}
}

void
tell_settle(struct tell *t)
{
	settle(t, 0);
}

void
tell_next(struct tell *t)
{
	settle(t, t->settled_n);
	t->settled_n = t->held_n;
}

void
tell_settle_all(struct tell *t)
{
	reader_known(t, t->held_n, true);
	settle(t, t->held_n);
	held_tell(t, 0, t->held_n, false);
	held_drop(t, t->held_n);
}

static void
held_by(struct tell *t, const struct tell_read *read)
{
	if (t->held_n > 0 && t->held_read.reader.pgrp != read->reader.pgrp)
		tell_settle_all(t);
	t->held_read = *read;
	memset(t->held_comm, 0, sizeof t->held_comm);
	memcpy(
	    t->held_comm, read->reader.comm, strnlen(read->reader.comm, sizeof t->held_comm - 1));
	t->held_read.reader.comm = t->held_comm;
}

/* When there is no room the lines that are complete go, and only then all. */
static void
hold(struct tell *t, const uint8_t *bytes, size_t n, unsigned state, const struct tell_read *read)
{
	held_by(t, read);
	while (n > 0) {
		size_t some = sizeof t->held - t->held_n < n ? sizeof t->held - t->held_n : n;

		memcpy(t->held + t->held_n, bytes, some);
		memset(t->state + t->held_n, (int)state, some);
		t->held_n += some;
		bytes += some;
		n -= some;
		if (t->held_n == sizeof t->held)
			settle(t, t->held_n);
		if (t->held_n == sizeof t->held)
			tell_settle_all(t);
	}
}

/* Whether what comes next has to wait for what is held. */
static bool
waits(struct tell *t, size_t n)
{
	size_t last = t->held_n;

	while (last > 0 && t->state[last - 1] == TELL_SURE)
		last--;
	if (last > 0 && t->held_n + n - last < TELL_BEHIND)
		return true;
	tell_settle_all(t);
	return false;
}

void
tell_data(
    struct tell *t, const uint8_t *bytes, size_t n, unsigned state, const struct tell_read *read)
{
	if (state != TELL_SURE || (t->held_n > 0 && waits(t, n))) {
		hold(t, bytes, n, state, read);
		return;
	}
	data_add(t, bytes, n, read);
	line_remember(t, bytes, n);
}

void
tell_untold(struct tell *t, enum input_reason reason, size_t n, const struct tell_read *read)
{
	tell_settle_all(t);
	t->line_n = 0;
	untold_add(t, reason, n, read);
}

void
tell_line_end(struct tell *t, bool delivered)
{
	if (t->held_n > 0)
		return; /* its turn comes with the line's */
	if (delivered)
		ttybuf_push(&t->tty);
	untold_emit(t);
}

/* Line by line, as it would have been left out. */
static void
retract(struct tell *t, uint8_t *bytes, size_t n, const struct tell_read *read)
{
	for (size_t at = 0, len; at < n; at += len) {
		len = line_length(bytes + at, n - at);
		untold_add(t, INPUT_PROCESS, len, read);
		if (line_is_end(bytes[at + len - 1]))
			untold_emit(t);
	}
	explicit_bzero(bytes, n);
}

void
tell_retract(struct tell *t, pid_t pgrp, const struct tell_read *read)
{
	size_t n = t->tty.len;

	if (n > 0 && t->tty.pgrp == pgrp && !t->passed_on) {
		t->tty.len = 0;
		retract(t, t->tty.data, n, read);
	}
	n = t->held_n;
	if (n > 0 && t->held_read.reader.pgrp == pgrp && !t->held_read.passed_on) {
		t->held_n = t->settled_n = t->asked_n = t->line_n = 0;
		retract(t, t->held, n, read);
	}
}

void
tell_asked(struct tell *t, pid_t pgrp, uint32_t number)
{
	if (t->held_n == 0 || t->held_read.reader.pgrp != pgrp)
		return;
	t->asked_n = t->held_n;
	t->asked = number;
}

void
tell_named(struct tell *t, pid_t pgrp, uint32_t number, bool gone)
{
	if (t->held_read.reader.pgrp != pgrp || (int32_t)(number - t->asked) < 0)
		return;
	reader_known(t, t->asked_n, gone);
	settle(t, 0);
}

pid_t
tell_wants_name(const struct tell *t)
{
	return state_find(t, t->asked_n, TELL_WAITING) < t->held_n ? t->held_read.reader.pgrp : 0;
}

void
tell_flush(struct tell *t)
{
	tell_settle(t);
	ttybuf_push(&t->tty);
	untold_emit(t);
}
