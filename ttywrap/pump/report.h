/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_REPORT_H
#define PUMP_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/message.h"
#include "pump/limit.h"
#include "pump/outbox.h"

struct input_event;
struct seal;

/*
 * What the monitor is told of the session, for the audit trail: input within
 * its limits, how much was above them, command lines, output that was lost,
 * seals. Zero to begin with; times are CLOCK_MONOTONIC.
 */
struct report {
	struct outbox outbox;
	struct limit limit; /* on the records of input */
	bool losing;        /* output is being lost, and the monitor was told of the first of it */
	struct message_loss loss; /* what it was not told of yet */
};

/* A record of input. Above the limits, or when the monitor does not take it, it goes into the next summary. */
void report_input(struct report *, const struct input_event *, int64_t now_ns);

/* Tells what was left out since the last time, if that is due: how much, and what it was. */
void report_summary(struct report *, int64_t now_ns, bool at_end);

/* text: a line that a line editor accepted, read by that process group. */
void report_command(struct report *, int32_t reader, const char *text, size_t n, int64_t now_ns);

/* A seal that the monitor cannot take is one that the trail lacks: verify says so. The file has it. */
void report_seal(struct report *, const struct seal *);

/*
 * n bytes of output were lost since from_ns; error is a -errno. The trail has the
 * beginning of a loss at once, the rest with report_lost(), when the recording
 * goes on, or ends.
 */
void report_loss(struct report *, uint64_t n, int64_t from_ns, int64_t now_ns, int error);
void report_lost(struct report *);

#endif
