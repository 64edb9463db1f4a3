/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_CAST_H
#define REPLAY_CAST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Reads a recording, one event at a time: asciicast v2 with ttywrap's own codes
 * (ttywrap-recording(5)), plain or zstd. The file is untrusted: anything may stand in it.
 * Other programs' asciicast v2 files are read just as well.
 */

struct cast;

#define CAST_LINE_MAX (8u << 20) /* bytes; a longer line is an error */
#define CAST_SIZE_MAX 65535u     /* columns, rows: what a struct winsize holds */

struct cast_event {
	int64_t time_ns; /* since the recording's start; never less than the event before */
	char code; /* 'o', 'i', 'r', 'm', or one of our own codes ('b' is resolved, never seen) */
	const uint8_t
	    *data; /* exact bytes ('o' comes back as the terminal got it); owned by the cast */
	size_t len;
	off_t offset;        /* of the event's first line in the (uncompressed) file */
	unsigned cols, rows; /* the window's size from here on */
};

struct cast_error {
	char text[256]; /* one line: file, line number, what is wrong, what would be right */
};

/* The header line. Strings are UTF-8, NUL-terminated, owned by the cast, NULL when absent, and
 * *not* safe to print. */
struct cast_header {
	unsigned cols, rows;
	int64_t timestamp; /* wall clock at the start, seconds since 1970; 0 when absent */
	const char *title, *command, *term, *shell;
	double idle_time_limit; /* seconds; 0 when absent */
};

/* The cast takes the descriptor over, also on failure. Returns NULL and fills err when it is no
 * recording. */
struct cast *cast_open(int fd, const char *name, struct cast_error *err);
void cast_free(struct cast *);

/* The name given to cast_open, for messages. */
const char *cast_name(const struct cast *);
const struct cast_header *cast_header(const struct cast *);

/*
 * A field of the header's "ttywrap" object: "user", "uid", "ses", "tty", "addr", "start" … (ttywrap-recording(5) lists
 * them). NULL when absent. Not safe to print.
 */
const char *cast_field(const struct cast *, const char *key);

/*
 * Returns 1 with *ev valid until the next call, 0 at the end (torn or not), -1 with err filled.
 * After 0 it may be called again: it goes on when the file has grown. After -1 it may be called
 * again, too, and goes on with the next line (a compressed file that is damaged goes on failing).
 */
int cast_next(struct cast *, struct cast_event *ev, struct cast_error *err);

/* After cast_next said 0: 1 when the file stops inside a line (the recorder was cut off, or is
 * still writing). */
int cast_is_torn(const struct cast *);

/* Lines read so far, the header included: the number of the last event's (last) line. */
uint64_t cast_line(const struct cast *);

/*
 * Goes back (or forward) so that the next cast_next gives the event that ev was a copy of: its
 * time, offset, code, cols and rows are used. Cheap for a plain file; a compressed one is read
 * again from its start. After it cast_line counts from an unknown number, and errors name the byte
 * instead. Returns 0, or -1 with err filled.
 */
int cast_seek(struct cast *, const struct cast_event *ev, struct cast_error *err);

#endif
