/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Pure; the bytes are hostile. */
#include "replay/skim.h"

#include <stdbool.h>
#include <string.h>

/* The length of the SGR sequence (CSI, digits, ; and :, m) at p, 0 when there is none. */
static size_t
sgr_length(const uint8_t *p, size_t n)
{
	size_t i = 2;

	if (n < 3 || p[0] != '\033' || p[1] != '[')
		return 0;
	while (i < n && p[i] >= '0' && p[i] <= ';')
		i++;
	return i < n && p[i] == 'm' ? i + 1 : 0;
}

/* Prints, or moves within a line or to the next. The bytes of UTF-8 and broken ones print alike; C1 in UTF-8 prints, too. */
static bool
is_text(uint8_t byte)
{
	return byte >= 0x20 || byte == '\r' || byte == '\n' || byte == '\t' || byte == '\b';
}

/* The length of the escape sequence at p, as far as it is one that ends by itself. At least 1. */
static size_t
escape_length(const uint8_t *p, size_t n)
{
	size_t i = 1;

	if (n > 1 && p[1] == '[') {
		for (i = 2; i < n && (p[i] < 0x40 || p[i] > 0x7e); i++)
			;
		return i < n ? i + 1 : n;
	}
	while (i < n && p[i] >= 0x20 && p[i] <= 0x2f)
		i++;
	return i < n ? i + 1 : n;
}

size_t
skim_from(const uint8_t *in, size_t n)
{
	size_t from = 0;

	for (size_t i = 0; i < n;) {
		size_t sgr;

		if (is_text(in[i])) {
			i++;
			continue;
		}
		sgr = sgr_length(in + i, n - i);
		i += sgr ? sgr : in[i] == '\033' ? escape_length(in + i, n - i) : 1;
		if (!sgr)
			from = i;
	}
	return from;
}

/* The start of the last line behind a CR LF that has at least rows line feeds behind it; 0 when there is none. */
static size_t
tail_start(const uint8_t *in, size_t n, unsigned rows)
{
	size_t lines = 0;

	for (size_t i = n; i > 1; i--) {
		if (in[i - 1] != '\n')
			continue;
		if (lines >= rows && in[i - 2] == '\r')
			return i;
		lines++;
	}
	return 0;
}

static size_t
count_lines(const uint8_t *in, size_t n)
{
	size_t lines = 0;

	for (size_t i = 0; i < n; i++)
		lines += in[i] == '\n';
	return lines;
}

size_t
skim(const uint8_t *in, size_t n, unsigned rows, uint8_t *out)
{
	size_t tail = tail_start(in, n, rows), len = 0;

	if (count_lines(in, tail) < rows)
		tail = 0;
	for (size_t i = 0; i < tail;) {
		size_t sgr = sgr_length(in + i, tail - i);

		memcpy(out + len, in + i, sgr);
		len += sgr;
		i += sgr ? sgr : 1;
	}
	if (tail > 0) {
		/* What was on the screen is gone, and the cursor in the last row's first column. */
		out[len++] = '\r';
		memset(out + len, '\n', rows);
		len += rows;
	}
	memcpy(out + len, in + tail, n - tail);
	return len + n - tail;
}
