/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_RECORDING_WRITER_H
#define PUMP_RECORDING_WRITER_H

#include <stddef.h>
#include <stdint.h>

/*
 * The thread that waits for the disk, so that the session doesn't: a write(2) to a file that is frozen, or on a server
 * that is gone, doesn't return, non-blocking or not. One job at a time; the thread makes fallocate(2), write(2),
 * fdatasync(2) and futex(2) calls and allocates nothing.
 *
 * To be made before the sandbox is closed (which must then hold all threads: SECCOMP_FILTER_FLAG_TSYNC), as there is no
 * clone(2) inside.
 */

struct recording_writer;

struct writer_job {
	int fd;
	const char *bytes; /* stays valid and unchanged until the job is done */
	size_t n;
	int sync; /* fdatasync(2) behind the writes */
	/*
	 * Before the writes: the file has the disk's space up to taken, and is to have it up to
	 * wanted, or least at the least (taken >= wanted: nothing to do). Its size stays.
	 */
	uint64_t taken, wanted, least; /* taken: also a result */
	int take_error; /* result: 0, or why there is less than least; -EOPNOTSUPP: this file system can't */
	size_t written; /* result: how many of n */
	int error;      /* result: 0 or -errno, of the writes or the sync */
};

/* Does the job in the calling thread. */
void writer_run(struct writer_job *job);

/* Starts the thread, all signals blocked. Returns NULL and sets errno. */
struct recording_writer *recording_writer_new(void);

/* Ends the thread, or leaves it to the end of the process when it is stuck in a job. NULL is legal. */
void recording_writer_free(struct recording_writer *);

/* Hands over a job; none may be under way. */
void writer_start(struct recording_writer *, const struct writer_job *job);

/* Waits wait_ns at most. Returns 1 with the finished job, 0 when it is still under way. */
int writer_finish(struct recording_writer *, struct writer_job *job, int64_t wait_ns);

#endif
