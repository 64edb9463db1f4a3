/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_STORE_H
#define MONITOR_STORE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A session's name: UID-SESSION-TIME-PID, in UTC, never a string of the user's. */
void store_name(uid_t user, uint32_t ses, int64_t wall_s, char *name, size_t n);

/*
 * Opens a directory of recordings, no symbolic link, for reading and as openat(2)'s at. Returns the
 * descriptor or -errno; -EPERM when it belongs to somebody else or others may write it.
 */
int store_open(int at, const char *path);

/*
 * Creates a recording in directory: new (O_EXCL), append-only, readable by the
 * directory's group, locked (F_OFD_SETLK of fcntl(2)) for as long as this
 * description of it is open in any process. Returns the descriptor or -errno, as store_open() does.
 */
int store_create(const char *directory, const char *name);

/* Takes back what store_create() made. */
void store_remove(const char *directory, const char *name);

/* What the recordings in directory take on the disk. Returns 0 or -errno, as store_open() does. */
int store_size(const char *directory, uint64_t *bytes);

/* Makes the user's own directory and its parents (0700) for unprivileged use. Returns 0 or -errno.
 */
int store_make_directory(const char *path);

#endif
