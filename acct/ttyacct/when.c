/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttyacct, as an ordinary user. Dates from the command line. */
#include "when.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char when_forms[] =
    "2026-11-22, '2026-11-22 14:30', 2026-11, 2026, today, yesterday, monday, 'this week', "
    "'last month', '3 days ago', 7d, now or @SECONDS";

static const struct unit {
	const char *name;
	char letter;
} units[] = {
    {"minute", 0}, {"hour", 'h'}, {"day", 'd'}, {"week", 'w'}, {"month", 'm'}, {"year", 'y'}};

enum {
	MINUTE,
	HOUR,
	DAY,
	WEEK,
	MONTH,
	YEAR,
	UNITS
};

#define SECONDS_MAX INT64_C(7258118400) /* the year 2200 */

/* Moves by so many units, as a calendar does: a day that is 23 hours long is a day. */
static void
move(struct tm *tm, int unit, int n)
{
	tm->tm_min += unit == MINUTE ? n : 0;
	tm->tm_hour += unit == HOUR ? n : 0;
	tm->tm_mday += unit == DAY ? n : unit == WEEK ? 7 * n : 0;
	tm->tm_mon += unit == MONTH ? n : 0;
	tm->tm_year += unit == YEAR ? n : 0;
	tm->tm_isdst = -1;
}

/* To the first moment of the unit that it is in; weeks begin on Monday (ISO 8601). */
static void
floor_to(struct tm *tm, int unit)
{
	tm->tm_sec = 0;
	if (unit >= HOUR)
		tm->tm_min = 0;
	if (unit >= DAY)
		tm->tm_hour = 0;
	if (unit == WEEK)
		tm->tm_mday -= (tm->tm_wday + 6) % 7;
	if (unit >= MONTH)
		tm->tm_mday = 1;
	if (unit == YEAR)
		tm->tm_mon = 0;
	tm->tm_isdst = -1;
}

/* One whole unit that begins at tm. */
static int
stretch(struct tm tm, int unit, struct when *out)
{
	struct tm next = tm;

	out->start = mktime(&tm);
	move(&next, unit, 1);
	out->end = mktime(&next);
	return out->start == -1 || out->end == -1 ? -EINVAL : 0;
}

static int
parse_date(const char *s, struct when *out)
{
	int n = 0, y = 0, mo = 1, d = 1, h = 0, mi = 0, sec = 0, unit = -1;
	struct tm tm = {0}, day;

	if (sscanf(s, "%4d-%2d-%2d%*1[ T]%2d:%2d:%2d%n", &y, &mo, &d, &h, &mi, &sec, &n) == 6 &&
	    n > 0 && !s[n])
		unit = UNITS;
	else if (n = 0, sscanf(s, "%4d-%2d-%2d%*1[ T]%2d:%2d%n", &y, &mo, &d, &h, &mi, &n) == 5 &&
			    n > 0 && !s[n])
		unit = MINUTE, sec = 0;
	else if (n = 0, sscanf(s, "%4d-%2d-%2d%n", &y, &mo, &d, &n) == 3 && n == 10 && !s[n])
		unit = DAY, h = mi = sec = 0;
	else if (n = 0, sscanf(s, "%4d-%2d%n", &y, &mo, &n) == 2 && n == 7 && !s[n])
		unit = MONTH, d = 1, h = mi = sec = 0;
	else if (n = 0, sscanf(s, "%4d%n", &y, &n) == 1 && n == 4 && !s[n])
		unit = YEAR, mo = d = 1, h = mi = sec = 0;
	if (unit < 0 || y < 1970 || mo < 1 || mo > 12 || d < 1 || d > 31 || h < 0 || h > 23 ||
	    mi < 0 || mi > 59 || sec < 0 || sec > 60)
		return -EINVAL;
	tm.tm_year = y - 1900, tm.tm_mon = mo - 1, tm.tm_mday = d;
	tm.tm_hour = h, tm.tm_min = mi, tm.tm_sec = sec, tm.tm_isdst = -1;
	day = tm; /* mktime makes the 2nd of March of the 30th of February */
	if (mktime(&day) == -1 || day.tm_mday != d)
		return -EINVAL;
	if (unit < UNITS)
		return stretch(tm, unit, out);
	out->start = out->end = mktime(&tm);
	return 0;
}

static int
unit_named(const char *name, size_t n)
{
	for (int u = 0; u < UNITS; u++) {
		size_t len = strlen(units[u].name);

		if (strncasecmp(name, units[u].name, len) == 0 &&
		    (n == len || (n == len + 1 && (name[len] | 32) == 's')))
			return u;
		if (n == 1 && units[u].letter && (name[0] | 32) == units[u].letter)
			return u;
	}
	return -1;
}

/* "3 days ago", "3 days", "3d" */
static int
parse_ago(const char *s, struct tm tm, struct when *out)
{
	char *end;
	long n = strtol(s, &end, 10);
	size_t len;
	int unit;

	if (end == s || n < 0 || n > 100000)
		return -EINVAL;
	end += strspn(end, " ");
	len = strcspn(end, " ");
	unit = unit_named(end, len);
	if (unit < 0 || (end[len] && strcasecmp(end + len, " ago") != 0))
		return -EINVAL;
	move(&tm, unit, (int)-n);
	if (unit >= DAY && end[len]) {
		floor_to(&tm, DAY);
		return stretch(tm, DAY, out);
	}
	out->start = out->end = mktime(&tm);
	return 0;
}

static int
parse_word(const char *s, struct tm tm, struct when *out)
{
	static const char *const days[] = {
	    "sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"};
	bool last = strncasecmp(s, "last ", 5) == 0;
	int unit;

	if (last || strncasecmp(s, "this ", 5) == 0) {
		unit = unit_named(s + 5, strlen(s + 5));
		if (unit < DAY)
			return -EINVAL;
		floor_to(&tm, unit);
		mktime(&tm);
		move(&tm, unit, last ? -1 : 0);
		return stretch(tm, unit, out);
	}
	floor_to(&tm, DAY);
	if (strcasecmp(s, "today") == 0)
		return stretch(tm, DAY, out);
	if (strcasecmp(s, "yesterday") == 0) {
		move(&tm, DAY, -1);
		return stretch(tm, DAY, out);
	}
	for (int d = 0; d < 7; d++)
		if (strcasecmp(s, days[d]) == 0 ||
		    (strlen(s) == 3 && strncasecmp(s, days[d], 3) == 0)) {
			move(&tm, DAY, -((tm.tm_wday - d + 7) % 7));
			return stretch(tm, DAY, out);
		}
	return -EINVAL;
}

int
when_parse(const char *text, time_t now, struct when *out)
{
	struct tm tm;
	char *end;
	long seconds;

	localtime_r(&now, &tm);
	if (strcasecmp(text, "now") == 0) {
		out->start = out->end = now;
		return 0;
	}
	if (text[0] == '@' && text[1] >= '0' && text[1] <= '9') {
		seconds = strtol(text + 1, &end, 10);
		out->start = out->end = seconds;
		return *end || seconds > SECONDS_MAX ? -EINVAL : 0;
	}
	if (parse_date(text, out) == 0 || parse_word(text, tm, out) == 0)
		return 0;
	return parse_ago(text[0] == '-' ? text + 1 : text, tm, out);
}
