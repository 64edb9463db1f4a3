/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_TAIL_H
#define REPLAY_TAIL_H

#include <stdbool.h>
#include <stdint.h>

/* How an uncompressed recording ends, from the file's last part alone. */
struct tail {
	int64_t last_ns; /* the last whole event's time */
	bool closed;     /* an exit event ('x') is there */
	int status;      /* its exit status; -1 when it isn't known */
};

/* Returns 0 or -EINVAL: compressed, or no event there. The file position is not moved. */
int tail_read(int fd, struct tail *);

/* An exit event's data as a number; -1 when it is none. */
int tail_status(const char *data, unsigned long len);

#endif
