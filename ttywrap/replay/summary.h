/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_SUMMARY_H
#define REPLAY_SUMMARY_H

#include "replay/cast.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* What a listing says about one recording. Strings come from the file: not safe to print. */

enum summary_state {
	SUMMARY_LIVE,
	SUMMARY_CLOSED,
	SUMMARY_CUT_OFF
};

struct summary {
	char *path;
	char *name; /* as it was recorded, else the path's last part without its suffix */
	char *user, *uid, *session, *terminal, *from, *host, *title; /* "" when absent */
	int64_t start_s;                                             /* 0 when absent */
	int64_t duration_ns;                                         /* -1 when it isn't known */
	enum summary_state state;
	int status;        /* exit status; -1 when it isn't known */
	off_t size;        /* of the file */
	bool counted;      /* the following are known */
	uint64_t bytes;    /* of output */
	uint64_t inputs;   /* bytes of input */
	uint64_t commands; /* markers */
	bool read_whole;   /* it is not the recording's own word, and problems is known */
	uint64_t problems; /* lines that could not be read */
};

/*
 * Reads what is to be known of the recording behind fd, which is taken over. count: where the end does not have the
 * counts, the whole file is read for them; else its beginning and end. Returns 0, or -1 with err filled: it is no recording.
 */
int summary_read(struct summary *, int fd, const char *path, bool count, struct cast_error *err);
void summary_clear(struct summary *);

const char *summary_state_name(enum summary_state);

#endif
