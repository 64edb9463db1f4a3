/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Pure; the text is hostile. */
#include "replay/safe.h"

#include "common/utf8.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ELLIPSIS "\xe2\x80\xa6"
#define ONE_MAX  12 /* \u{10ffff} and a NUL */

/* Format characters (Unicode's Cf), separators, and private or unassigned planes: nothing that can
 * be seen. */
static bool
is_invisible(uint32_t c)
{
	static const struct {
		uint32_t from, to;
	} ranges[] = {
	    {0x00, 0x1f},
	    {0x7f, 0x9f},
	    {0xad, 0xad},
	    {0x34f, 0x34f},
	    {0x600, 0x605},
	    {0x61c, 0x61c},
	    {0x6dd, 0x6dd},
	    {0x70f, 0x70f},
	    {0x115f, 0x1160},
	    {0x17b4, 0x17b5},
	    {0x180b, 0x180f},
	    {0x200b, 0x200f},
	    {0x2028, 0x202e},
	    {0x2060, 0x206f},
	    {0x3164, 0x3164},
	    {0xd800, 0xdfff},
	    {0xfe00, 0xfe0f},
	    {0xfeff, 0xfeff},
	    {0xffa0, 0xffa0},
	    {0xfff0, 0xfffb},
	    {0xfffe, 0xffff},
	    {0x1d173, 0x1d17a},
	    {0xe0000, 0x10ffff},
	};

	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return true;
	return false;
}

static uint32_t
point_of(const uint8_t *p, size_t n)
{
	uint32_t c = n == 1 ? p[0] : p[0] & (0x7fu >> n);

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

/* What stands at p, made safe, in out; returns the bytes used of p. */
static size_t
safe_one(const uint8_t *p, size_t n, char out[ONE_MAX])
{
	int got = utf8_at(p, n);
	uint32_t c;

	if (got <= 0) {
		snprintf(out, ONE_MAX, "\\x%02x", p[0]);
		return 1;
	}
	c = point_of(p, (size_t)got);
	if (c == '\\')
		snprintf(out, ONE_MAX, "\\\\");
	else if (c == '\n' || c == '\t' || c == '\r')
		snprintf(out, ONE_MAX, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
	else if (is_invisible(c))
		snprintf(out, ONE_MAX, c < 0x80 ? "\\x%02x" : "\\u{%x}", (unsigned)c);
	else
		snprintf(out, ONE_MAX, "%.*s", got, (const char *)p);
	return (size_t)got;
}

char *
safe_text(const char *text, size_t len, char *buf, size_t size)
{
	size_t used = 0, cut = 0;

	for (size_t i = 0; i < len;) {
		char one[ONE_MAX];
		size_t n;

		i += safe_one((const uint8_t *)text + i, len - i, one);
		n = strlen(one);
		if (used + n >= size) {
			memcpy(buf + cut, ELLIPSIS, sizeof ELLIPSIS);
			return buf;
		}
		memcpy(buf + used, one, n);
		used += n;
		if (used + sizeof ELLIPSIS <= size)
			cut = used;
	}
	buf[used] = '\0';
	return buf;
}

char *
safe_copy(const char *text, size_t len)
{
	char *buf = malloc(len * (ONE_MAX - 1) + 8);

	return buf ? safe_text(text, len, buf, len * (ONE_MAX - 1) + 8) : NULL;
}
