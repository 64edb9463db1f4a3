/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_TRANSCRIPT_H
#define REPLAY_TRANSCRIPT_H

#include "replay/buffer.h"
#include "replay/tape.h"

/*
 * What was on the screen, as plain text in its order: the lines that scrolled away, what was cleared away, the last picture of
 * each full-screen program, and the screen at the end. Rows that were one line, broken at the edge, are one line again.
 */

struct transcript;

/* Belongs to the tape's screen until it is freed. NULL when memory is short. Lines are appended to out. */
struct transcript *transcript_new(struct tape *, struct buffer *out);
void transcript_free(struct transcript *);
/* At the end: what is on the screen. */
void transcript_end(struct transcript *);

#endif
