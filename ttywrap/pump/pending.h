/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_PENDING_H
#define PUMP_PENDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct termios;

/*
 * Input written to the PTY master and not known to be read: in the line
 * discipline's buffer (the replica), or in the kernel's flip buffer, on its way
 * there or without room. From how much is unread follows what was read.
 */
struct pending;

/* The kernel's flip buffer takes 8 KiB and one block more (tty_buffer_set_limit in pty.c). */
enum {
	PENDING_FLIP = 12288,
	PENDING_MAX = 131072 /* more than that: looks may have to wait (typed.h) */
};

/* What was written is with the line discipline after this much time, if there is room: 20 ms. */
#define PENDING_ARRIVAL_NS INT64_C(20000000)

struct pending_look {
	const struct termios *modes;
	size_t unread; /* FIONREAD */
	bool settled;  /* all that was written has arrived, and a read would have blocked */
	int64_t now_ns;
};

/* The bytes of one read(2), wiped afterwards; line: it ended with a line end or an EOF mark. */
typedef void pending_got(void *arg, const uint8_t *bytes, size_t n, bool line);

/* NULL when there is no memory. */
struct pending *pending_new(const struct termios *modes);
void pending_free(struct pending *p);

/*
 * Written to the master. Returns how many of the oldest bytes had to be given
 * up: 0, unless a kernel holds more than it is known to.
 */
size_t pending_add(struct pending *p, const uint8_t *bytes, size_t n, int64_t now_ns);

/* How many bytes were read for sure by the time of the look, EOF marks included. */
size_t pending_ready(const struct pending *p, const struct pending_look *look);

/*
 * Hands those on in order and takes over the modes of the look. Returns 0, or
 * -ESTALE when the kernel holds more than was thought to be unread: then what
 * was handed on since the last settled look may have been other bytes.
 */
int pending_take(struct pending *p, const struct pending_look *look, pending_got *got, void *arg);

/* Forgets everything held, and returns how many bytes that were. */
size_t pending_drop(struct pending *p);

/* How many bytes that could have been read signal characters (^C) have flushed so far. */
size_t pending_flushed(const struct pending *p);

/* Bytes held, unfinished lines included. */
size_t pending_held(const struct pending *p);

/* How many of the next n bytes come before the first c; n if it is not among them. */
size_t pending_find(const struct pending *p, uint8_t c, size_t n);

/* Whether a read on the slave could return something. */
bool pending_readable(const struct pending *p);

/* Whether some may not have arrived: then pending_ready() says less than what was read. */
bool pending_in_flight(const struct pending *p);

/* Whether an unfinished line is held, which counts as unread only when ICANON is switched. */
bool pending_unfinished(const struct pending *p);

/* Whether some wait for room in the line discipline: they arrive in whatever modes there are then. */
bool pending_waits(const struct pending *p);

/* When the oldest byte of what is held was written, at the latest; 0 when nothing is held. */
int64_t pending_since_ns(const struct pending *p);

#endif
