/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_LOCATE_H
#define REPLAY_LOCATE_H

#include <stddef.h>

/* Where recordings lie: TTYWRAP_LOGDIR, or for who may not read that their own (watch_own in
 * ttywrap.conf(5)), and for sessions recorded without privileges $XDG_STATE_HOME/ttywrap. */

/* The directories, the system's first; n of them (1 or 2). Static or from the environment;
 * NULL-terminated. */
const char *const *locate_directories(void);

/*
 * Opens a recording for reading: a path when the name has a '/' or is a file here; else below the
 * directories, by its name with or without ".cast" or ".cast.zst". "-" is standard input. Returns
 * the descriptor or -errno.
 */
int locate_open(const char *name);

/* The same, as a path for the caller to free; NULL with errno set. Not for "-". */
char *locate_path(const char *name);

#endif
