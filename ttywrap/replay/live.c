/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. */
#include "replay/live.h"

#include <errno.h>
#include <sys/file.h>

bool
live_is_held(int fd)
{
	/* Held for a moment, shared: the recorder's own attempt waits for it. */
	if (flock(fd, LOCK_SH | LOCK_NB) == 0) {
		flock(fd, LOCK_UN);
		return false;
	}
	return errno == EWOULDBLOCK;
}
