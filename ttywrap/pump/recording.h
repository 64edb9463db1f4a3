/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_RECORDING_H
#define PUMP_RECORDING_H

#include "common/seal.h"
#include "pump/encode.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * A session's recording (ttywrap-recording(5)): events in, at now_ns of CLOCK_MONOTONIC, write(2)s
 * out. It drops nothing: what was taken is written, in order, or waits for the disk, 256 KiB of it
 * at most; then it takes no more
 * (-EAGAIN, or what write(2) said), and the caller stops reading, ends the session, or says what it
 * dropped with recording_lost. The file is at every moment a prefix of the recording and replays to
 * its last whole line.
 *
 * Functions return 0 or -errno. A write error does not undo the call that met it (its event is in
 * the buffer): recording_error keeps it until a write succeeds, recording_tick returns it, too.
 */

struct recording;
struct recording_writer; /* recording_writer.h: the session doesn't wait for a disk that stalls */

enum recording_sync {
	RECORDING_SYNC_NONE,   /* the kernel writes back when it likes */
	RECORDING_SYNC_SEAL,   /* fdatasync(2) before a seal is handed out */
	RECORDING_SYNC_ALWAYS, /* fdatasync(2) after every write: the session waits for the disk */
};

/* All zero is the default. */
struct recording_options {
	int64_t delay_ns; /* an event waits this long for its write at most; 0: 100 ms */
	int64_t seal_ns;  /* a seal after this time, if something happened; 0: 60 s; < 0: never */
	uint64_t seal_bytes; /* a seal after so many bytes of (uncompressed) file; 0: 16 MiB */
	uint64_t max_bytes;  /* of the file as it lies on the disk: output and input end behind it
				(-EFBIG); 0: none */
	enum recording_sync sync;
	struct recording_writer
	    *writer; /* NULL: write(2) and fdatasync(2) in the calling thread; else the caller's */
	/*
	 * Nothing is taken in that the disk has no space for: recording_room() and all that takes events
	 * go by it, and -ENOSPC or -EDQUOT is said while what was taken before still finds its place, the
	 * end and its seal included. Where the file system can't promise space, recording_is_safe() says
	 * when what was taken is in the file.
	 */
	int take_space;
	uint64_t limit; /* with it: the file can't grow beyond (RLIMIT_FSIZE); 0: it can */
	int zstd; /* 0: plain, 1..19: compressed at this level, the name should end in .cast.zst */
};

/* Called from inside the functions below, once for each seal, when it has been written (and
 * synced). */
typedef void recording_sealed(void *arg, const struct seal *seal);

/*
 * Takes fd over, also on failure: empty, for writing, O_APPEND. Writes the header at once. sealed
 * may be NULL. On failure *r is NULL.
 */
int recording_new(struct recording **r, int fd, int64_t now_ns, const struct encode_header *header,
    const struct recording_options *options, recording_sealed *sealed, void *arg);

/* Closes the descriptor, without another write. NULL is legal. */
void recording_free(struct recording *);

/* The most bytes recording_output or recording_input take now; at least RECORDING_CHUNK unless the
 * disk is behind. */
#define RECORDING_CHUNK 16384
size_t recording_room(const struct recording *);

/*
 * What the program wrote, what the user typed. All n bytes are taken (n <= recording_room()), or
 * none: -EAGAIN when the buffer is full and the disk not yet behind an error, the disk's error,
 * -EFBIG at max_bytes. Bytes may be split anywhere.
 */
int recording_output(struct recording *, int64_t now_ns, const void *bytes, size_t n);
int recording_input(struct recording *, int64_t now_ns, const void *bytes, size_t n);

/* 1..65535 each. */
int recording_resize(struct recording *, int64_t now_ns, unsigned cols, unsigned rows);

/* A command line, or another place to jump to. Longer than ENCODE_CHUNK is cut. Any bytes. */
int recording_marker(struct recording *, int64_t now_ns, const char *text, size_t n);

/* Input that is kept out, and why: a word like "noecho", "prompt", "program". No length: it would
 * give a password's away. */
int recording_hidden(struct recording *, int64_t now_ns, const char *why);

/* Who reads the input that follows. Written only when it is somebody else than before. comm: any
 * bytes. */
int recording_reader(
    struct recording *, int64_t now_ns, pid_t pid, uid_t uid, uid_t euid, const char *comm);

/*
 * The caller dropped n bytes of output. Never fails: it is added up, and written as one event as
 * soon as there is room. why: a word; the latest one is written. The string must live as long as
 * the recording.
 */
void recording_lost(struct recording *, int64_t now_ns, uint64_t n, const char *why);

/* As if max_bytes were reached: output and input end here, with this -errno. */
void recording_stop(struct recording *, int error);

/* When recording_tick is to be called at the latest; INT64_MAX: not before something happens. */
int64_t recording_deadline_ns(const struct recording *);

/* From when on it finds something to write already: who is awake anyway saves itself a timer. */
int64_t recording_early_ns(const struct recording *);

/*
 * Does what is due: seals, and writes what is half as old as it may get. Returns 0 or what the
 * write said. May be called at any time.
 */
int recording_tick(struct recording *, int64_t now_ns);

/*
 * There is no room: waits until the writer has made some, wait_ns at most. What its write says comes
 * out of recording_error and the next tick. Without a writer there is nothing to wait for.
 */
void recording_wait(struct recording *, int64_t now_ns, int64_t wait_ns);

/* Writes what waits, due or not: for a moment without anything else to do. */
int recording_flush(struct recording *, int64_t now_ns);

/*
 * The session is over: exit_status is 0..255, 128 + the signal, or -1 for not known. Writes all,
 * the last seal included. On failure the recording ends torn; the call can be repeated (the disk
 * may have room again). Free it afterwards.
 */
int recording_close(struct recording *, int64_t now_ns, int exit_status);

/*
 * May what was taken be shown? Always, but where take_space was asked for and can't be had: there
 * this writes, and waits wait_ns at most.
 */
int recording_is_safe(struct recording *, int64_t now_ns, int64_t wait_ns);

/* True when that has to be asked. */
int recording_comes_first(const struct recording *);

/* Output and input have ended: max_bytes, or recording_stop(). */
int recording_is_over(const struct recording *);

/* What the last write said: 0 or -errno. */
int recording_error(const struct recording *);

/* Bytes written to the file so far, and those waiting. */
uint64_t recording_written(const struct recording *);
size_t recording_waiting(const struct recording *);

/* Bytes of lines that are not in the file, and since when (INT64_MAX: all are). Compressed: that many at the most. */
uint64_t recording_unwritten(const struct recording *, int64_t *since_ns);

#endif
