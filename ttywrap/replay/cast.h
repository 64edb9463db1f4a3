/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_CAST_H
#define REPLAY_CAST_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * Reads a recording, one event at a time: asciicast v2 with ttywrap's own codes
 * (ttywrap-recording(5)). The file is untrusted: anything may stand in it.
 */

struct cast;

struct cast_event {
	int64_t time_ns;     /* since the recording's start; never less than the event before */
	char code;           /* 'o', 'i', 'r', 'm', or one of our own codes */
	const uint8_t *data; /* exact bytes ('o' comes back as the terminal got it); owned by the cast */
	size_t len;
	off_t offset;        /* of the event's line in the (uncompressed) file */
	unsigned cols, rows; /* the window's size from here on */
};

struct cast_error {
	char text[256]; /* one line: file, line number, what is wrong, what would be right */
};

/* The cast takes the descriptor over, also on failure. Returns NULL and fills err when it is no recording. */
struct cast *cast_open(int fd, const char *name, struct cast_error *err);
void cast_free(struct cast *);

/* Returns 1 with *ev valid until the next call, 0 at the end (torn or not), -1 with err filled. */
int cast_next(struct cast *, struct cast_event *ev, struct cast_error *err);

#endif
