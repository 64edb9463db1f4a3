/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_FINDER_H
#define REPLAY_FINDER_H

#include "replay/screen.h"

#include <stdbool.h>

/*
 * Finds text in what was on a screen: also when it was there for one event only, scrolled away
 * within one, was typed letter by letter, or runs on over the edge into the next row.
 */

struct finder;

/*
 * Fixed text, without regard to case unless the pattern holds a capital; or, with regex, a PCRE2
 * pattern. Returns NULL and fills wrong when the pattern is none.
 */
struct finder *finder_new(const char *pattern, bool regex, char *wrong, size_t size);
void finder_free(struct finder *);

/* A line of text by itself: where the match begins, or -1. */
long finder_match(const struct finder *, const char *text, size_t len);

/* From here on the finder belongs to the screen (as its screen_watch), until it is freed or
 * attached to another. */
void finder_attach(struct finder *, struct screen *);
void finder_detach(struct finder *);
/* What is on the screen now is old: only what comes is found. After a jump. */
void finder_forget(struct finder *);
/* After each event: whether the text has come up since the last call. */
bool finder_check(struct finder *);
/* The row that holds it, as text, after finder_check said yes. Not safe to print as it is. */
const char *finder_line(const struct finder *);

#endif
