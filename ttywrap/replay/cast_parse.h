/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_CAST_PARSE_H
#define REPLAY_CAST_PARSE_H

#include <stddef.h>
#include <stdint.h>

/* One event line, [time, "code", "data"], of an asciicast v2 file. Pure; the line is untrusted. */

struct cast_raw {
	int64_t time_ns; /* 0 .. CAST_TIME_MAX_NS, as the line says */
	char code[8];    /* NUL-terminated; longer ones are cut (nobody's yet) */
	char *data; /* UTF-8, escapes resolved, inside the line that was given; NUL may be part of
		       it */
	size_t len;
};

#define CAST_TIME_MAX_NS (INT64_C(1000000000) * 1000000000) /* 31 years */

/*
 * Parses the line of len bytes, which is changed in place (the data is unescaped there). Data that
 * is no string is left out (len 0): other programs' own codes carry objects. Returns NULL, or what
 * is wrong as a phrase.
 */
const char *cast_parse(char *line, size_t len, struct cast_raw *raw);

/* "COLSxROWS", each 1..65535. Returns 0 or -EINVAL with nothing stored. */
int cast_parse_size(const uint8_t *data, size_t len, unsigned *cols, unsigned *rows);

#endif
