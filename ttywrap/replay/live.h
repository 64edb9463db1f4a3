/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_LIVE_H
#define REPLAY_LIVE_H

#include <stdbool.h>

/*
 * Whether a recorder still holds the recording behind fd: the monitor keeps flock(LOCK_EX) on it as
 * long as the session lives, and a lock dies with its holder. False also when it can't be told.
 */
bool live_is_held(int fd);

#endif
