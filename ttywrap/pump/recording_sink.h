/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_RECORDING_SINK_H
#define PUMP_RECORDING_SINK_H

#include "common/blake2b.h"

#include <stddef.h>
#include <stdint.h>

/*
 * The bounded way to the file: lines go in whole, are hashed, perhaps compressed, and written with write(2) and nothing
 * else (the sandbox has no lseek, ftruncate or pwrite). What has gone in is never dropped: after a short or failed
 * write the rest stays and is tried again, so that the file is always a prefix of what was put in.
 *
 * The writing is done here and now, or by a thread, in which case a call only begins it.
 */

#define SINK_SIZE  (256u << 10) /* bytes waiting at most; pages not needed stay untouched */
#define SINK_LINES (64u << 10)  /* what sink_reserve gives at once, at most */
#define SINK_FLUSH (32u << 10)  /* waiting bytes that are worth a write */
#define SINK_WAKE  (64u << 10)  /* the same when a thread has to be woken for it */

struct sink_packer;      /* the compressor, recording_zstd.c */
struct recording_writer; /* the thread, recording_writer.c */

/* Who makes sure that what has gone in will find room on the disk. */
enum sink_space {
	SPACE_UNKNOWN, /* nobody: a write may fail, and the rest waits */
	SPACE_TAKEN,   /* the sink: nothing goes in that the disk has no space for */
	SPACE_THROUGH, /* the caller, who waits for sink_is_through: this file system can't promise any */
};

struct sink {
	int fd;
	struct blake2b hash; /* over everything put in, uncompressed */
	uint64_t offset;     /* bytes put in, uncompressed */
	uint64_t queued;     /* bytes of the file made so far */
	uint64_t written;    /* bytes of the file written; queued - written are waiting */
	uint64_t synced;     /* bytes of the file known to be on the disk */
	uint64_t settled;    /* offset when all of it was last in the file */
	/*
	 * Two buffers in one piece of memory, each with room for all that may wait: lines go into one
	 * while the other is written, so that what is written is always one piece.
	 */
	char *buf;
	size_t size; /* of each */
	struct {
		size_t start, end; /* the waiting bytes */
	} half[2];
	int front;   /* the one that lines go into; the other's bytes come before its own */
	char *stage; /* compressed: where lines are made */
	struct sink_packer *packer;
	int unpacked; /* lines went into the compressor and have not come out whole */
	int in_frame; /* a frame of the compressor's has begun and has no end */
	struct recording_writer *writer;
	int is_busy; /* the writer has a job */
	enum sink_space space;
	uint64_t taken;    /* bytes of the file that the disk has space for; >= queued */
	uint64_t limit;    /* … and can have: RLIMIT_FSIZE */
	size_t least;      /* taken - queued below which nobody may count on more */
	int space_error;   /* why there is less than that; stays until there is more */
	uint64_t short_at; /* queued from which more is asked for again */
};

/*
 * Takes fd over, also on failure. level 0: plain; 1..19: zstd. writer: NULL to write in the calling thread, else the
 * caller's, and this sink's alone until sink_clear. Returns 0 or -errno.
 */
int sink_init(struct sink *, int fd, int level, struct recording_writer *writer);

/*
 * From here on the disk's space is taken before lines go in: fallocate(2), a piece at a time, least bytes and more ahead
 * of them, up to limit. What isn't used stays behind the file's end until somebody gives it back (monitor/guard.h).
 * sink_room and sink_reserve go by it. To be called before the first line, and followed by sink_write; as long as there
 * is less than least that returns -ENOSPC, -EDQUOT, -EFBIG at limit, or another -errno of fallocate's.
 */
void sink_take_space(struct sink *, size_t least, uint64_t limit);

/* The last lines may use what there is. */
void sink_leave_space(struct sink *);

/* SPACE_THROUGH: is everything that has gone in in the file, and synced if that is what sync says? Else always. */
int sink_is_through(const struct sink *, int sync);

/* Bytes put in, uncompressed, that are not known to be in the file. Compressed, as many at the most. */
uint64_t sink_unwritten(const struct sink *);

/* A writer stuck in a job keeps the buffer it reads from and the descriptor. */
void sink_clear(struct sink *);

/* How many times lines of n <= SINK_LINES bytes can go in before the next write. */
size_t sink_room(const struct sink *, size_t n);

/* Takes the writer's word if it comes within wait_ns. Returns 0 or the -errno of its write. */
int sink_collect(struct sink *, int64_t wait_ns);

/* Is there enough for a write, and nobody at it? */
int sink_is_due(const struct sink *);

/* Where to make n <= SINK_LINES bytes of lines; NULL when there is no room for them. Followed by sink_commit. */
char *sink_reserve(struct sink *, size_t n);

/* n bytes of whole lines have been made there. Returns 0 or -errno of the compressor, which ends the recording. */
int sink_commit(struct sink *, size_t n);

/* Ends the compressor's frame (end_frame), or makes all put in so far decodable. Plain: nothing. Returns 0 or -errno. */
int sink_pack(struct sink *, int end_frame);

/* Bytes of the file that wait to be written, or for the writer's word that they are. */
size_t sink_waiting(const struct sink *);

/*
 * Writes all that waits (and syncs it), or has the writer begin with it once it is free, waiting wait_ns for that at most.
 * Returns 0, or the -errno of the last write, with the rest still waiting.
 */
int sink_write(struct sink *, int sync, int64_t wait_ns);

#endif
