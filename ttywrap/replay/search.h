/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_SEARCH_H
#define REPLAY_SEARCH_H

#include "replay/cast.h"
#include "replay/finder.h"

#include <stdint.h>

enum {
	SEARCH_COMMANDS = 1,
	SEARCH_INPUT = 2,
	SEARCH_SCREEN = 4
};

/* A hit; text is not safe to print. */
typedef void search_hit(void *to, int64_t time_ns, int kind, const char *text, size_t len);

/*
 * Looks through a recording, which is taken over; where: an OR of SEARCH_*; max hits, 0 for all. Returns the number of
 * hits, or -1 with err filled when it could not be read to its end.
 */
long search_recording(struct cast *, struct finder *, int where, long max, search_hit *hit,
    void *to, struct cast_error *err);

#endif
