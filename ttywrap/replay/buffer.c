/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Moves bytes without looking at them. */
#include "replay/buffer.h"

#include "common/utf8.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
buffer_room(struct buffer *b, size_t n)
{
	size_t cap = b->cap ? b->cap : 1024;
	char *p;

	if (n <= b->cap - b->len)
		return true;
	while (cap - b->len < n)
		cap *= 2;
	p = realloc(b->data, cap);
	if (!p) {
		b->failed = true;
		return false;
	}
	b->data = p;
	b->cap = cap;
	return true;
}

void
buffer_add(struct buffer *b, const void *bytes, size_t n)
{
	if (n == 0 || !buffer_room(b, n))
		return;
	memcpy(b->data + b->len, bytes, n);
	b->len += n;
}

void
buffer_string(struct buffer *b, const char *s)
{
	buffer_add(b, s, strlen(s));
}

void
buffer_format(struct buffer *b, const char *format, ...)
{
	va_list ap, again;
	int n;

	va_start(ap, format);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, ap);
	if (n >= 0 && buffer_room(b, (size_t)n + 1)) {
		vsnprintf(b->data + b->len, (size_t)n + 1, format, again);
		b->len += (size_t)n;
	}
	va_end(again);
	va_end(ap);
}

void
buffer_point(struct buffer *b, unsigned point)
{
	uint8_t bytes[4];

	buffer_add(b, bytes, utf8_put(bytes, point));
}

void
buffer_drop(struct buffer *b, size_t n)
{
	memmove(b->data, b->data + n, b->len - n);
	b->len -= n;
}

void
buffer_free(struct buffer *b)
{
	free(b->data);
	*b = (struct buffer){0};
}
