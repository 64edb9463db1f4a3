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
	bool passed_on; /* all that tty holds was */
	size_t held_n;
	struct tell_read held_read; /* of the first byte held */
	char held_comm[TTYBUF_COMM];
	uint8_t held[TTYBUF_SIZE];
};

void tell_init(struct tell *t, input_emit *emit, void *arg);

/* Overwrites what it held. */
void tell_end(struct tell *t);

/* n bytes were read: data, what is left out or was thrown away unread, or in doubt. */
void tell_data(struct tell *t, const uint8_t *bytes, size_t n, const struct tell_read *read);
void tell_untold(struct tell *t, enum input_kind kind, enum input_reason reason, size_t n,
    const struct tell_read *read);
void tell_doubt(struct tell *t, const uint8_t *bytes, size_t n, const struct tell_read *read);

/* Canonical mode delivered a line: tty_audit_push(). */
void tell_line_end(struct tell *t);

/*
 * Lines in doubt that were accepted become data, those before them are left out. The
 * rest goes on waiting, unless whatever accepted it would have been seen: then it is left out.
 */
void tell_settle(struct tell *t, bool all);

/* Takes back what is not an event yet of what this group read, as a secret. */
void tell_retract(struct tell *t, pid_t pgrp, const struct tell_read *read);

/* All that is known becomes events. */
void tell_flush(struct tell *t);

#endif
