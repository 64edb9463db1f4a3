/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_TOTAL_H
#define MONITOR_TOTAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * How much all recordings of a folder take on the disk, for max_directory. All monitors add what
 * their recordings grow by to one number, in memory that they share (a file in the run folder, which
 * is no disk that could be full or stall). What is removed shows when the folder is looked through:
 * at a session's start, at most once a minute, and before a cap is said to be reached, at most once
 * in five seconds. So the number is late by one seal of each session at most.
 */

struct total_shared {
	_Atomic uint64_t bytes;
	_Atomic int64_t looked_ns; /* CLOCK_MONOTONIC; 0: never */
};

struct total {
	uint64_t max; /* bytes; 0: no cap, and nothing below is in use */
	const char *directory;
	struct total_shared *shared;
	struct total_shared own; /* when there is no run folder: shared with nobody */
	uint64_t added;          /* of this session's recording */
};

/*
 * max: bytes, 0 for no cap. shared_path names the file, made anew if need be; NULL for none. The
 * strings are borrowed. Never fails: what can't be shared is counted for this session alone, on top
 * of what lies in the folder.
 */
void total_open(
    struct total *, const char *shared_path, const char *directory, uint64_t max, int64_t now_ns);
void total_close(struct total *);

/* The session's recording as it is now. */
void total_add(struct total *, int recording_fd);

/* Has the cap been reached? May look through the folder. False when there is none, or it can't be read. */
bool total_is_over(struct total *, int64_t now_ns);

#endif
