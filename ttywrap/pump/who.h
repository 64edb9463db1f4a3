/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_WHO_H
#define PUMP_WHO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/message.h"

struct input;
struct input_view;
struct outbox;
struct secret;

#define WHO_ASKED 8 /* questions that are remembered until they are answered */

/*
 * Who reads the terminal: asked of the monitor, which alone may look into other
 * processes. A question is about a process group, and the answer comes later:
 * meanwhile input.h holds what it needs a name for. The last answer is kept, and
 * the last about another group; of all others nothing is known.
 *
 * Times are CLOCK_MONOTONIC nanoseconds. Sends messages by the outbox, and does no other I/O.
 */
struct who {
	struct outbox *outbox;
	struct input *input;
	const struct secret *secret;
	bool ranked;
	struct message_reader reader; /* the last answer */
	const char *name;             /* of those in it the one that counts */
	struct message_reader before; /* and the last about another group */
	uint32_t number;              /* of the last question */
	pid_t asked[WHO_ASKED];       /* the groups of the last ones, by number */
	int64_t asked_ns;
	bool holds; /* the answer before: of that group, and no modes were set since */
	bool stale; /* modes were set since then */
};

/*
 * All pointers are borrowed, and secret may not be NULL. ranked: only elevated input is wanted, so
 * an answer is asked for again after a while, whatever the modes. Views point into w: it stays where it is.
 */
void who_init(
    struct who *w, struct outbox *outbox, struct input *input, const struct secret *, bool ranked);

/* A look was taken: fills in comm and named of its view, and asks what is to be asked because of it. */
void who_look(struct who *w, struct input_view *v);

/* And it was judged at now_ns, by input_observe(): what it showed to be read was read before it was asked about. */
void who_judged(struct who *w, int64_t now_ns);

/*
 * The monitor's answer; one of another length is dropped. last: the last look that was judged. May
 * make events of what was read, while who_is_elevated() still says what they were.
 */
void who_answered(struct who *w, const struct message *, const struct input_view *last);

/* No answer comes any more: the last look's reader goes by what is known. */
void who_end(struct who *w, struct input_view *v);

/* Whether what this group reads is elevated input. One that is not known is: rather a record too many. */
bool who_is_elevated(const struct who *w, pid_t pgrp);

/* Whether the monitor's word on it is still to come, also on what it may be by now; and until when to wait for that. */
bool who_is_asked(const struct who *w, pid_t pgrp);
int64_t who_answer_ns(const struct who *w);

#endif
