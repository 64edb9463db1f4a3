/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_WAIT_H
#define REPLAY_WAIT_H

#include "replay/term.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* What a player waits for: signals, keys, room for output, a moment, growth of a file. poll,
 * signalfd, timerfd, inotify. */
struct wait {
	int signal_fd, timer_fd, notify_fd;
	sigset_t was;
};

#define WAIT_INIT                                                                                  \
	{                                                                                          \
		.signal_fd = -1, .timer_fd = -1, .notify_fd = -1                                   \
	}

struct wait_news {
	int signal;  /* one that arrived, 0: none */
	bool keys;   /* term_read has something, or its end */
	bool grown;  /* the watched file was written to */
	bool closed; /* ... or was closed by a writer */
	bool gone;   /* the terminal hung up */
};

/*
 * signals: takes HUP, INT, QUIT, TERM, TSTP, CONT, WINCH and TTOU in as news until wait_close.
 * Without it they do what they do by default, which is right while there is no terminal to put
 * back. Returns 0 or -errno.
 */
int wait_open(struct wait *, bool signals);
void wait_close(struct wait *);

/* Also wait for writes to the file behind fd. Returns 0 or -errno. */
int wait_watch(struct wait *, int fd);

/* until_ns: CLOCK_MONOTONIC, INT64_MAX for no limit. Waits for output when something is queued.
 * Returns 0 or -errno. */
int wait_for(struct wait *, const struct term *, int64_t until_ns, struct wait_news *);

#endif
