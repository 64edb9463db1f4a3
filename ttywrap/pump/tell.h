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

/* Why a byte may not be told yet; several may hold. */
enum tell_state {
	TELL_SURE = 0,
	TELL_UNNAMED = 1,  /* the reader may turn out to be a program that reads secrets */
	TELL_UNRANKED = 2, /* or elevated, or not; it is told all the same when nobody can say */
	TELL_WAITING = TELL_UNNAMED | TELL_UNRANKED,
	TELL_DOUBT = 4, /* left out, unless the output shows that a line editor accepted its line */
};

/*
 * What was read, judged already, on its way to events: gathered into records as
 * the kernel gathers it, what is left out added up, all in the order of
 * reading. Lines in doubt are held until the output has had its time to show
 * that a line editor accepted them; then they are data, and otherwise left out.
 * What was read by a program that is not known by name yet is held until it is.
 */
struct tell {
	input_emit *emit;
	void *arg;
	struct ttybuf tty;
	struct input_event untold; /* bytes left out; len 0: none */
	char comm[TTYBUF_COMM];
	struct accepted accepted;
	bool passed_on;          /* all that tty holds was */
	size_t line_n;           /* of the line that is being read, what is told already */
	uint8_t line[TELL_LINE]; /* line_n: more than fits, when it is longer */
	struct tell_read held_read;
	char held_comm[TTYBUF_COMM];
	size_t held_n, settled_n; /* what was read since, in doubt or behind what is */
	size_t asked_n;           /* of that, what was there when its reader was asked for */
	uint32_t asked;           /* in that question */
	uint8_t held[TELL_HELD];
	uint8_t state[TELL_HELD]; /* enum tell_state, added up */
};

/* t is all zero: what is not needed is not touched, and takes no memory. */
void tell_init(struct tell *t, input_emit *emit, void *arg);

/* Overwrites what it held. */
void tell_end(struct tell *t);

/* n bytes were read; state: as in struct tell. */
void tell_data(
    struct tell *t, const uint8_t *bytes, size_t n, unsigned state, const struct tell_read *read);

/* n bytes were read and are left out. */
void tell_untold(struct tell *t, enum input_reason reason, size_t n, const struct tell_read *read);

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

/* The monitor is asked who this group is: the answer holds for what it has read by now. Numbers count up. */
void tell_asked(struct tell *t, pid_t pgrp, uint32_t number);

/* Here it is: what was read by then may be told, unless the group was gone before anybody saw its name. */
void tell_named(struct tell *t, pid_t pgrp, uint32_t number, bool gone);

/* The group about which an answer is waited for that nobody was asked for yet, 0 for none. */
pid_t tell_wants_name(const struct tell *t);

/* All that is known becomes events. */
void tell_flush(struct tell *t);

#endif
