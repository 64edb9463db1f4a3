/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, no privilege. Distrusts the bytes, and looks for line ends in them only. */
#include "pump/line.h"

#include <string.h>

bool
line_is_end(uint8_t c)
{
	return c == '\n' || c == '\r';
}

size_t
line_before(const uint8_t *bytes, size_t n)
{
	const uint8_t *end = memchr(bytes, '\r', n);

	if (end != NULL)
		n = (size_t)(end - bytes);
	end = memchr(bytes, '\n', n);
	return end != NULL ? (size_t)(end - bytes) : n;
}

size_t
line_complete(const uint8_t *bytes, size_t n)
{
	const uint8_t *cr = memrchr(bytes, '\r', n);
	size_t from = cr != NULL ? (size_t)(cr - bytes) + 1 : 0;
	const uint8_t *lf = memrchr(bytes + from, '\n', n - from);

	return lf != NULL ? (size_t)(lf - bytes) + 1 : from;
}
