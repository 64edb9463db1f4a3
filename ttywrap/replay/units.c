/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Pure but for the time zone. */
#include "replay/units.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char letters[] = " KMGTPE";

const char *
units_bytes(uint64_t n, char *buf, size_t size)
{
	double value = (double)n;
	int unit = 0;

	for (; value >= 999.5 && unit < 6; unit++)
		value /= 1024;
	if (unit == 0)
		snprintf(buf, size, "%" PRIu64, n);
	else
		snprintf(buf, size, value < 9.95 ? "%.1f%c" : "%.0f%c", value, letters[unit]);
	return buf;
}

const char *
units_time(int64_t seconds, char *buf, size_t size)
{
	time_t t = (time_t)seconds;
	struct tm tm;

	if (seconds == 0 || !localtime_r(&t, &tm) ||
	    strftime(buf, size, "%Y-%m-%d %H:%M", &tm) == 0)
		snprintf(buf, size, "-");
	return buf;
}

int
units_parse_bytes(const char *text, uint64_t *n)
{
	const char *letter;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	*n = strtoull(text, &end, 10);
	letter = *end ? strchr(letters + 1, *end & ~0x20) : letters;
	if (errno || !letter || (*end && end[1]))
		return -EINVAL;
	for (; letter > letters; letter--) {
		if (*n > UINT64_MAX / 1024)
			return -EINVAL;
		*n *= 1024;
	}
	return 0;
}
