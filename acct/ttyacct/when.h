/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TTYACCT_WHEN_H
#define TTYACCT_WHEN_H

#include <time.h>

/* A stretch of time, [start, end), seconds since 1970. A point in time has start == end. */
struct when {
	time_t start, end;
};

/*
 * Reads a date as people write one, in the local time zone: 2026-11-22, "2026-11-22 14:30",
 * 2026-11, 2026, today, yesterday, monday (the last one, today included), "this week", "last
 * month", "3 days ago", 7d (as long ago), now, @1795348800. Pure but for the time zone. Returns 0
 * or -EINVAL.
 */
int when_parse(const char *text, time_t now, struct when *out);

/* The forms that when_parse() knows, for an error message. */
extern const char when_forms[];

#endif
