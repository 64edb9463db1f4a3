/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Pure. */
#include "replay/span.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SECOND_NS 1000000000.0

/* Digits with at most one point among them; strtod alone would take hexadecimal, "inf" and a
 * locale's comma. */
static const char *
take_number(const char *p, double *number)
{
	double value = 0, unit = 1;
	bool point = false, digits = false;

	for (; (*p >= '0' && *p <= '9') || (*p == '.' && !point); p++) {
		if (*p == '.') {
			point = true;
			continue;
		}
		digits = true;
		value = value * 10 + (*p - '0');
		if (point)
			unit *= 10;
	}
	*number = value / unit;
	return digits ? p : NULL;
}

/* 1:02:03.5 */
static const char *
take_colons(const char *p, double *seconds)
{
	double part;

	*seconds = 0;
	for (int parts = 0; parts < 3; parts++) {
		p = take_number(p, &part);
		if (!p)
			return NULL;
		*seconds = *seconds * 60 + part;
		if (*p != ':')
			return p;
		p++;
	}
	return NULL;
}

/* 1h30m, 90s, 2d */
static const char *
take_units(const char *p, double *seconds)
{
	double part;

	*seconds = 0;
	while (*p) {
		p = take_number(p, &part);
		if (!p)
			return NULL;
		if (*p == 'd')
			part *= 86400;
		else if (*p == 'h')
			part *= 3600;
		else if (*p == 'm')
			part *= 60;
		else if (*p != 's')
			return NULL;
		*seconds += part;
		p++;
	}
	return p;
}

static int
parse_seconds(const char *text, int64_t *ns)
{
	double seconds;
	const char *end =
	    strpbrk(text, "dhms") ? take_units(text, &seconds) : take_colons(text, &seconds);

	if (!end || *end || !*text || seconds * SECOND_NS > (double)SPAN_MAX_NS)
		return -EINVAL;
	*ns = (int64_t)(seconds * SECOND_NS + 0.5);
	return 0;
}

int
span_parse_at(const char *text, int64_t *ns)
{
	return parse_seconds(text, ns);
}

int
span_parse(const char *text, struct span *s)
{
	size_t len = strlen(text);
	const char *end;

	*s = (struct span){.kind = SPAN_AT};
	if (len > 0 && text[len - 1] == '%') {
		s->kind = SPAN_PERCENT;
		end = take_number(text, &s->percent);
		return end == text + len - 1 && s->percent <= 100 ? 0 : -EINVAL;
	}
	if (*text == '+' || *text == '-')
		s->kind = *text++ == '+' ? SPAN_FORWARD : SPAN_BACK;
	return parse_seconds(text, &s->ns);
}

const char *
span_format(int64_t ns, char *buf, size_t size)
{
	int64_t s = ns < 0 ? 0 : ns / 1000000000;

	if (s >= 3600)
		snprintf(buf, size, "%" PRId64 ":%02d:%02d", s / 3600, (int)(s / 60 % 60),
		    (int)(s % 60));
	else
		snprintf(buf, size, "%d:%02d", (int)(s / 60), (int)(s % 60));
	return buf;
}

const char *
span_format_fine(int64_t ns, char *buf, size_t size)
{
	int64_t tenths = ns <= 0 ? 0 : (ns + 99999999) / 100000000;
	size_t n;

	span_format(tenths / 10 * 1000000000, buf, size);
	n = strlen(buf);
	snprintf(buf + n, size - n, ".%d", (int)(tenths % 10));
	return buf;
}
