/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_RECORDING_LINES_H
#define PUMP_RECORDING_LINES_H

#include "pump/recording.h"
#include "pump/recording_sink.h"

/* Inside a recording: lines on their way to the sink, and the seals between them. For recording.c alone. */

#define READER_MAX 64

/* With a writer: what a call waits for room. */
#define LINES_WAIT_NS INT64_C(5000000)

struct recording {
	struct sink sink;
	struct recording_options options;
	recording_sealed *sealed;
	void *arg;
	int64_t start_ns;  /* of CLOCK_MONOTONIC */
	int64_t last_ns;   /* the last event's time since then */
	int64_t oldest_ns; /* when the oldest waiting event came; INT64_MAX: none waits */
	int64_t
	    unwritten_ns; /* when the first byte came that is not in the file; INT64_MAX: all are */
	int64_t held_ns;  /* when a character was held back; INT64_MAX: none is */
	struct encode_held output, input;
	int error; /* of the last write */
	uint32_t seals;
	int64_t seal_due_ns; /* INT64_MAX: nothing to seal, or never */
	uint64_t seal_next;  /* the offset from which a seal is due */
	struct seal seal;    /* made, waiting for its write when seal_at > 0 */
	uint64_t seal_at;    /* sink.queued when it was made */
	uint64_t lost;       /* bytes, since lost_ns */
	int64_t lost_ns;
	const char *lost_why;
	uint64_t bytes_out, bytes_in, markers; /* recorded: the totals at the end */
	int stopped;                           /* by recording_stop: -errno */
	int end_is_said;                       /* that output and input ended at max_bytes */
	char reader[READER_MAX];
	int reader_len;
	enum {
		NOT_ENDED,
		END_PUT,
		END_SEALED
	} end;
};

/* now_ns as an event's time: never less than the one before. */
int64_t lines_time(struct recording *r, int64_t now_ns);

/* Room for n bytes of lines, made by a write if need be. NULL with errno set when there is none. */
char *lines_reserve(struct recording *r, int64_t now_ns, size_t n);

/* n bytes of lines have been made there. Returns 0 or -errno. */
int lines_put(struct recording *r, int64_t now_ns, size_t n);

/* One event. Returns 0 or -errno. */
int lines_text(struct recording *r, int64_t now_ns, char code, const char *text, size_t n);
__attribute__((format(printf, 4, 5))) int lines_format(
    struct recording *r, int64_t now_ns, char code, const char *fmt, ...);

/* A seal over all lines so far, now or when it is due. Returns 0 or -errno. */
int lines_seal(struct recording *r, int64_t now_ns, int is_last);
int lines_seal_if_due(struct recording *r, int64_t now_ns);

/* sink_write, with what follows from it: the next deadline, a seal to hand out. Returns recording_error(). */
int lines_write(struct recording *r, int64_t now_ns, int64_t wait_ns);

/*
 * The same once there is enough for a write, and nobody at it. In a flood nothing less is handed over, however
 * late the writer is, so that no more than a chunk above that is ever touched of a buffer.
 */
void lines_flow(struct recording *r, int64_t now_ns, int64_t wait_ns);

/* Until all is written, however often the writer has to be started; -ETIMEDOUT when that takes too long. */
int lines_settle(struct recording *r, int64_t now_ns);

#endif
