/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_BUFFER_H
#define REPLAY_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes that grow at the end and are taken from the front. All zero is an empty one. */
struct buffer {
	char *data;
	size_t len, cap;
	bool failed; /* memory was short, something is missing */
};

void buffer_add(struct buffer *, const void *bytes, size_t n);
void buffer_string(struct buffer *, const char *s);
void buffer_format(struct buffer *, const char *format, ...) __attribute__((format(printf, 2, 3)));
void buffer_point(struct buffer *, unsigned point); /* a code point, as UTF-8 */
void buffer_drop(struct buffer *, size_t n);        /* n <= len, from the front */
void buffer_free(struct buffer *);

#endif
