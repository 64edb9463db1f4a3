/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_PLAYER_H
#define REPLAY_PLAYER_H

#include "replay/cast.h"

#include <stdbool.h>
#include <stdint.h>

struct player_options {
	double speed; /* > 0; INFINITY: as fast as it goes */
	bool speed_given;
	int64_t max_idle_ns; /* -1: no limit */
	int64_t from_ns;     /* start there; -1: at the start */
	int64_t to_ns;       /* stop there; -1: at the end */
	int64_t duration_ns; /* of the recording; -1: not known */
	bool paused;         /* start paused (--at) */
	bool follow;         /* wait for more at the end of a recording that is going on */
	bool from_now;       /* ... starting at what is there */
	bool keep;           /* at the end pause instead of leaving */
	bool raw;            /* exact bytes, unfiltered */
	bool plain;          /* onto the terminal's own screen, with its scrollback */
	bool ascii;          /* the terminal isn't in UTF-8 */
	bool quiet;          /* no status line */
	int tty_fd; /* term_descriptor(): the player takes it over; unused without a terminal */
};

enum {
	PLAYER_OK = 0,
	PLAYER_DAMAGED = 1
};

/*
 * Both take the cast over; file_fd, a second descriptor of the file, is watched with --follow and
 * tells whether the recording is still going on. They return PLAYER_OK; PLAYER_DAMAGED with err
 * filled when something could not be read, though what could be was shown; -errno; or the number of
 * a signal that ended it, plus 128. The terminal is as it was in every case.
 */

/* In the terminal that standard output is: rendered, with keys and a status line. */
int player_run(struct cast *, int file_fd, const struct player_options *, struct cast_error *err);

/* As a stream of bytes, filtered or raw, to a file, a pipe, or the terminal's own screen. */
int stream_run(struct cast *, int file_fd, const struct player_options *, struct cast_error *err);

#endif
