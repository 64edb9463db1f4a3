/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_ENCODE_H
#define PUMP_ENCODE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Bytes in, lines of a recording out: asciicast v2 (ttywrap-recording(5)). Pure: no I/O, no
 * allocation; times are handed in. Whatever the bytes are, what comes out is whole lines of JSON in
 * UTF-8, one event each, and holds no control character, DEL, C1 control or line separator (U+2028,
 * U+2029) unescaped: a recording can be put on a terminal with cat(1), and is one event per line
 * for whoever splits lines, by Unicode's rules or by ASCII's.
 */

/* Bytes that one call takes at most. */
#define ENCODE_CHUNK 4096

/*
 * What any one of these functions needs at dst for n bytes of data: a line in base64, one of \u00XX
 * at six for one, the brackets around both, and what the wide stores write beyond their end.
 */
#define ENCODE_ROOM(n) (((n) + 6) / 3 * 4 + 6 * ((n) + 4) + 160)

/* A character of a stream that has not come whole yet. All zero at the start; one for output, one
 * for input. */
struct encode_held {
	uint8_t bytes[4];
	size_t len; /* 0..3 */
};

/*
 * Output (code 'o') or input (code 'i') at time_ns >= 0 since the recording's start; n <=
 * ENCODE_CHUNK. The start of a character at the end of data is held back for the next call. Bytes
 * that are not UTF-8, or a chunk full of control characters, are kept exactly by a 'b' line in
 * front. Returns the bytes written to dst; 0 when everything is held.
 */
size_t encode_stream(
    char *dst, char code, int64_t time_ns, struct encode_held *held, const void *data, size_t n);

/* Writes what is held, as bytes that are not UTF-8. Returns the bytes written to dst, 0 when
 * nothing is held. */
size_t encode_flush(char *dst, char code, int64_t time_ns, struct encode_held *held);

/* An event whose data is text; what isn't UTF-8 in it becomes U+FFFD. n <= ENCODE_CHUNK. Returns
 * the bytes written. */
size_t encode_text(char *dst, char code, int64_t time_ns, const char *text, size_t n);

/* The part of a line before its data: [12.345678,"o"," . Returns the bytes written, at most
 * ENCODE_ROOM(0). */
size_t encode_prefix(char *dst, char code, int64_t time_ns);

struct encode_field {
	const char *key;   /* printable ASCII without quote or backslash */
	const char *value; /* anything; NULL leaves the field out */
};

/* The header line. Strings may hold anything (what isn't UTF-8 becomes U+FFFD); NULL leaves one
 * out. */
struct encode_header {
	unsigned cols, rows; /* 0 is written as 80 and 24: players take no less than 1 */
	int64_t wall_ns;     /* CLOCK_REALTIME at the start */
	const char *title, *command, *term, *shell;
	const struct encode_field *fields; /* the "ttywrap" object; "start" is put in by itself */
	size_t nfields;
};

/* Returns the bytes written, or -EMSGSIZE when size does not do. */
ssize_t encode_header(char *dst, size_t size, const struct encode_header *header);

#endif
