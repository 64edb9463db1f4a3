/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_TAPE_H
#define REPLAY_TAPE_H

#include "replay/buffer.h"
#include "replay/cast.h"
#include "replay/screen.h"

#include <stdbool.h>

/*
 * A recording with the screen as it is at one point of it. Goes forward event by event, and back to
 * moments that it keeps on the way (every few megabytes), so that a large file is not played from
 * its start again.
 */

struct tape_mark {
	int64_t time_ns;
	off_t offset;
	char *label; /* as recorded, NUL-terminated: not safe to print */
};

struct tape_moment;

struct tape {
	struct cast *cast;
	struct screen *screen;
	struct cast_event next; /* valid while have_next: the event that comes */
	bool have_next;
	int64_t at_ns; /* the last event's time, or where one jumped */

	struct tape_mark *marks; /* all that were passed, in order */
	size_t n_marks, marks_size;

	struct tape_moment *moments; /* in order; the first is the start */
	size_t n_moments, moments_size;
	size_t moments_bytes, fed, every;

	struct buffer skipped; /* tape_skip's */

	unsigned long problems;    /* lines that could not be read */
	struct cast_error problem; /* the first of them */
};

/* Takes the cast over, also on failure. NULL when memory is short. */
struct tape *tape_new(struct cast *);
void tape_free(struct tape *);

/*
 * Has tape->next ready. Returns 1, 0 at the end (call again when the file has grown), or -1 when
 * the rest can't be read (problem says why). Lines that can't be read are counted and passed over.
 */
int tape_peek(struct tape *);

/* Puts the next event (tape_peek said 1) onto the screen, and goes on behind it. */
void tape_apply(struct tape *);

/*
 * The same for a run of output events up to and including to_ns, much faster, for nobody to see: call it when the next
 * event is output and not later than to_ns.
 */
void tape_skip(struct tape *, int64_t to_ns);

/*
 * To a kept moment at or before to_ns, when that is behind, or is nearer to it. From there the
 * events up to to_ns are to be applied. Returns 0 or -1: the file cannot be read again (problem).
 */
int tape_go(struct tape *, int64_t to_ns);

#endif
