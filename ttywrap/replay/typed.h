/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_TYPED_H
#define REPLAY_TYPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Recorded input as lines for people: erasing keys applied, other keys (arrows, control keys) shown as ^X or left
 * out. All zero is the start.
 */
struct typed {
	char line[4096]; /* not safe to print */
	size_t len;
	int64_t from_ns; /* when the line was begun */
	uint8_t escape;  /* 0; 1 behind ESC; 2 inside CSI or SS3 */
};

/* Takes one byte. Returns true when a line is complete (or full): use line, len and from_ns, then go on. */
bool typed_take(struct typed *, uint8_t byte, int64_t time_ns);
/* Starts the next line. */
void typed_next(struct typed *);

#endif
