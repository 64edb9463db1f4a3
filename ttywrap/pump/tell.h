/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_TELL_H
#define PUMP_TELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "pump/accepted.h"
#include "pump/input.h"
#include "pump/ttybuf.h"

/* Who read something, and how. */
struct tell_read {
	struct ttybuf_reader reader;
	bool canonical;
	bool passed_on;     /* to another terminal: secret_passed_on() */
	int64_t written_ns; /* as in struct input_event */
};

enum {
	TELL_HELD = 16384,
	TELL_LINE = 1024,
	TELL_BEHIND = 256 /* so many bytes without a line end wait behind one in doubt */
};

/*
 * What was read, judged already, on its way to events: gathered into records as
 * the kernel gathers it, what is left out added up, all in the order of
 * reading. Lines in doubt are held until the output has had its time to show
 * that a line editor accepted them; then they are data, and otherwise left out.
 */
struct tell {
	input_emit *emit;
	void *arg;
	struct ttybuf tty;
	struct input_event untold; /* bytes left out or flushed; len 0: none */
	char comm[TTYBUF_COMM];
	struct accepted accepted;
	bool passed_on;          /* all that tty holds was */
	size_t line_n;           /* of the line that is being read, what is told already */
	uint8_t line[TELL_LINE]; /* line_n: more than fits, when it is longer */
	struct tell_read held_read;
	char held_comm[TTYBUF_COMM];
	size_t held_n, settled_n; /* what was read since, in doubt or behind what is */
	uint8_t held[TELL_HELD];
	bool doubtful[TELL_HELD];
};

void tell_init(struct tell *t, input_emit *emit, void *arg);

/* Overwrites what it held. */
void tell_end(struct tell *t);

/* n bytes were read: data, what is left out or was thrown away unread, or in doubt. */
void tell_data(struct tell *t, const uint8_t *bytes, size_t n, const struct tell_read *read);
void tell_untold(struct tell *t, enum input_kind kind, enum input_reason reason, size_t n,
    const struct tell_read *read);
void tell_doubt(struct tell *t, const uint8_t *bytes, size_t n, const struct tell_read *read);

/*
 * A line is over: what was left out of it is told. delivered: by canonical mode,
 * which makes a record of it, tty_audit_push().
 */
void tell_line_end(struct tell *t, bool delivered);

/*
 * Lines in doubt that were accepted become data, and of those before them what is
 * in doubt is left out.
 */
void tell_settle(struct tell *t);

/* So is what was held before the last call: what had accepted it would have been seen by now. */
void tell_next(struct tell *t);

/* And so is all there is. */
void tell_settle_all(struct tell *t);

/* Takes back what is not an event yet of what this group read, as a secret. */
void tell_retract(struct tell *t, pid_t pgrp, const struct tell_read *read);

/* All that is known becomes events. */
void tell_flush(struct tell *t);

#endif
