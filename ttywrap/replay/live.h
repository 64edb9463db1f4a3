/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_LIVE_H
#define REPLAY_LIVE_H

#include <stdbool.h>

/*
 * Whether a recorder still holds the recording behind fd, which may be open for reading only: monitor
 * and pump keep a write lock on it (F_OFD_SETLK of fcntl(2)) as long as the session lives, and a lock
 * dies with its last holder. Looking takes no lock. False also when it can't be told.
 */
bool live_is_held(int fd);

#endif
