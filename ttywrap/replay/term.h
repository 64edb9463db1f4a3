/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_TERM_H
#define REPLAY_TERM_H

#include "replay/buffer.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

/*
 * The watcher's terminal: raw mode and what is queued for it. A queue, as a terminal may be stopped
 * (^S) or slow, and the player has to hear its signals and keys all the same.
 */
struct term {
	int in_fd,
	    out_fd; /* -1: not open. Own descriptions, non-blocking, where they could be opened */
	bool raw;   /* term_enter was called */
	bool full;  /* ... and the alternate screen is on */
	struct termios was;
	struct buffer out;
};

#define TERM_INIT                                                                                  \
	{                                                                                          \
		.in_fd = -1, .out_fd = -1                                                          \
	}

/* A descriptor of the terminal that descriptor 1 is, or -errno: before sandbox_enter(). */
int term_descriptor(void);

/*
 * Takes fd over, which is term_descriptor()'s, its -errno included: output goes there, keys come from
 * there. Returns 0 or -errno. The terminal's modes are not touched yet.
 */
int term_open(struct term *, int fd);
/* Leaves first, when need be. */
void term_close(struct term *);

/* Raw mode; full: on the alternate screen. Returns 0 or -errno. */
int term_enter(struct term *, bool full);
/* What was queued is dropped; rest (may be NULL) is written after the terminal is as it was. */
void term_leave(struct term *, const struct buffer *rest);

/* The window's size, 80 by 24 when it is unknown. */
void term_size(const struct term *, unsigned *cols, unsigned *rows);

/* Writes of the queue what the terminal takes. Returns 0 (the rest waits for POLLOUT) or -errno. */
int term_flush(struct term *);
/* One read of keys. Returns the bytes read, 0 at hangup, -EAGAIN when there is none, or -errno. */
ssize_t term_read(struct term *, uint8_t *buf, size_t n);

#endif
