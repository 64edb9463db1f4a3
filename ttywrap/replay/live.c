/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. */
#include "replay/live.h"

#include <fcntl.h>
#include <unistd.h>

bool
live_is_held(int fd)
{
	struct flock l = {.l_type = F_RDLCK, .l_whence = SEEK_SET};

	return fcntl(fd, F_OFD_GETLK, &l) == 0 && l.l_type == F_WRLCK;
}
