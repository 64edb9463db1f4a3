/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_TAIL_H
#define REPLAY_TAIL_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How a recording ends, from the file's last part alone: what stands there is the recording's own
 * word, as its header is.
 */
struct tail {
	int64_t last_ns; /* the last whole event's time */
	bool closed;     /* an exit event ('x') is there */
	int status;      /* its exit status; -1 when it isn't known */
	bool counted;    /* it is closed, and says how much is in it: */
	uint64_t bytes_out, bytes_in, markers;
};

/*
 * Returns 0, or -EINVAL: no event there. Of a compressed recording the last frame must begin, and be
 * whole, in the part that is read, as it is in one that was closed. The file position is not moved.
 */
int tail_read(int fd, struct tail *);

/* An exit event's data as a number; -1 when it is none. */
int tail_status(const char *data, unsigned long len);

#endif
