/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, no privilege. Distrusts the bytes, and copies and compares them only. */
#include "pump/tell.h"

#include <string.h>

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
	*t = (struct tell){.emit = emit, .arg = arg, .tty = {.push = record}};
	t->tty.arg = t;
}

void
tell_end(struct tell *t)
{
	accepted_forget(&t->accepted);
	explicit_bzero(t, sizeof *t);
}

static void
data_add(struct tell *t, const uint8_t *bytes, size_t n, const struct tell_read *read)
{
	untold_emit(t);
	t->passed_on = read->passed_on && (t->tty.len == 0 || t->passed_on);
	ttybuf_add(&t->tty, bytes, n, read->canonical, &read->reader);
}

static void
untold_add(struct tell *t, enum input_kind kind, enum input_reason reason, size_t n,
    const struct tell_read *read)
{
	struct input_event *e = &t->untold;

	if (e->kind != kind || e->reason != reason || e->pgrp != read->reader.pgrp ||
	    e->canonical != read->canonical)
		untold_emit(t);
	ttybuf_push(&t->tty);
	if (e->len == 0) {
		memset(t->comm, 0, sizeof t->comm);
		memcpy(t->comm, read->reader.comm, strnlen(read->reader.comm, sizeof t->comm - 1));
		*e = (struct input_event){.kind = kind,
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

void
tell_data(struct tell *t, const uint8_t *bytes, size_t n, const struct tell_read *read)
{
	tell_settle(t, true);
	data_add(t, bytes, n, read);
}

void
tell_untold(struct tell *t, enum input_kind kind, enum input_reason reason, size_t n,
    const struct tell_read *read)
{
	tell_settle(t, true);
	untold_add(t, kind, reason, n, read);
}

void
tell_line_end(struct tell *t)
{
	if (t->held_n > 0)
		return; /* its turn comes with the line's */
	ttybuf_push(&t->tty);
	untold_emit(t);
}

void
tell_doubt(struct tell *t, const uint8_t *bytes, size_t n, const struct tell_read *read)
{
	bool other =
	    t->held_canonical != read->canonical || t->held_reader.pgrp != read->reader.pgrp;

	if (t->held_n > 0 && (other || n > sizeof t->held - t->held_n))
		tell_settle(t, other);
	if (n > sizeof t->held - t->held_n)
		tell_settle(t, true);
	if (n > sizeof t->held) {
		untold_add(t, INPUT_SECRET, INPUT_IN_DOUBT, n, read);
		return;
	}
	if (t->held_n == 0) {
		memset(t->held_comm, 0, sizeof t->held_comm);
		memcpy(t->held_comm, read->reader.comm,
		    strnlen(read->reader.comm, sizeof t->held_comm - 1));
		t->held_read = *read;
		t->held_read.reader.comm = t->held_comm;
	}
	memcpy(t->held + t->held_n, bytes, n);
	t->held_n += n;
}

static bool
is_line_end(uint8_t c)
{
	return c == '\n' || c == '\r';
}

/* The length of the line that begins here, its end included. */
static size_t
line_length(const uint8_t *bytes, size_t n)
{
	size_t len = 0;

	while (len < n && !is_line_end(bytes[len]))
		len++;
	return len < n ? len + 1 : n;
}

static bool
is_claimed(struct tell *t, const uint8_t *line, size_t len)
{
	return is_line_end(line[len - 1]) &&
	       accepted_claim(&t->accepted, (const char *)line, len - 1);
}

static void
line_add(struct tell *t, const uint8_t *line, size_t n, const struct tell_read *read)
{
	data_add(t, line, n, read);
	if (read->canonical)
		ttybuf_push(&t->tty);
}

/* An empty line says nothing. */
static void
leave_out(struct tell *t, const uint8_t *bytes, size_t n, const struct tell_read *read)
{
	for (size_t at = 0, len; at < n; at += len) {
		len = line_length(bytes + at, n - at);
		if (len == 1 && is_line_end(bytes[at]))
			line_add(t, bytes + at, len, read);
		else
			untold_add(t, INPUT_SECRET, INPUT_IN_DOUBT, len, read);
	}
	if (read->canonical)
		untold_emit(t);
}

void
tell_settle(struct tell *t, bool all)
{
	const struct tell_read read = t->held_read;
	size_t done = 0;

	for (size_t at = 0, len; at < t->held_n; at += len) {
		len = line_length(t->held + at, t->held_n - at);
		if (!is_claimed(t, t->held + at, len))
			continue;
		leave_out(t, t->held + done, at - done, &read);
		line_add(t, t->held + at, len, &read);
		done = at + len;
	}
	if (all) {
		leave_out(t, t->held + done, t->held_n - done, &read);
		done = t->held_n;
	}
	memmove(t->held, t->held + done, t->held_n - done);
	explicit_bzero(t->held + t->held_n - done, done);
	t->held_n -= done;
}

void
tell_retract(struct tell *t, pid_t pgrp, const struct tell_read *read)
{
	size_t n = t->tty.len;

	if (t->tty.pgrp != pgrp || n == 0 || t->passed_on)
		return;
	explicit_bzero(t->tty.data, n);
	t->tty.len = 0;
	untold_add(t, INPUT_SECRET, INPUT_PROCESS, n, read);
}

void
tell_flush(struct tell *t)
{
	tell_settle(t, false);
	ttybuf_push(&t->tty);
	untold_emit(t);
}
