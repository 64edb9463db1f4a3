/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump: no privilege, one append-only descriptor. Distrusts the session's bytes (encode.c) and the
 * disk. */
#include "pump/recording.h"

#include "common/io.h"
#include "pump/recording_sink.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MS         INT64_C(1000000)
#define DELAY_NS   (100 * MS)
#define SEAL_NS    (60 * 1000 * MS)
#define SEAL_BYTES (UINT64_C(16) << 20)
#define TEXT_MAX   128
#define READER_MAX 64
#define TIME_MAX_NS                                                                                \
	(INT64_C(1000000000) * 1000000000) /* readers take no more: CAST_TIME_MAX_NS               \
					    */

/* Kept free for the small events that must get in when output can't: gaps, seals, the end. */
#define ROOM_KEPT 4096

struct recording {
	struct sink sink;
	struct recording_options options;
	recording_sealed *sealed;
	void *arg;
	int64_t start_ns;  /* of CLOCK_MONOTONIC */
	int64_t last_ns;   /* the last event's time since then */
	int64_t oldest_ns; /* when the oldest waiting event came; INT64_MAX: none waits */
	int64_t held_ns;   /* when a character was held back; INT64_MAX: none is */
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
	int end_is_said; /* that output and input ended at max_bytes */
	char reader[READER_MAX];
	int reader_len;
	enum {
		NOT_ENDED,
		END_PUT,
		END_SEALED
	} end;
};

static int64_t
event_time(struct recording *r, int64_t now_ns)
{
	int64_t t = now_ns - r->start_ns;

	if (t > r->last_ns)
		r->last_ns = t < TIME_MAX_NS ? t : TIME_MAX_NS;
	return r->last_ns;
}

/* Lines have been made at sink_reserve's place. */
static int
lines_put(struct recording *r, int64_t now_ns, size_t n)
{
	if (n == 0)
		return 0;
	if (r->oldest_ns == INT64_MAX)
		r->oldest_ns = now_ns;
	if (r->seal_due_ns == INT64_MAX && r->options.seal_ns > 0)
		r->seal_due_ns = now_ns + r->options.seal_ns;
	return sink_commit(&r->sink, n);
}

/* A seal is handed out when it is in the file. */
static int
seal_hand_out(struct recording *r)
{
	if (r->seal_at == 0 || r->sink.written < r->seal_at)
		return 0;
	if (r->options.sync != RECORDING_SYNC_NONE && fdatasync(r->sink.fd) < 0)
		return -errno;
	r->seal_at = 0;
	if (r->sealed)
		r->sealed(r->arg, &r->seal);
	return 0;
}

/* After an error the next try is a delay away. */
static int
lines_write(struct recording *r, int64_t now_ns)
{
	uint64_t before = r->sink.written;

	r->error = sink_write(&r->sink);
	if (r->options.sync == RECORDING_SYNC_ALWAYS && r->sink.written > before &&
	    fdatasync(r->sink.fd) < 0)
		r->error = -errno;
	if (r->error == 0)
		r->error = seal_hand_out(r);
	if (r->error)
		r->oldest_ns = now_ns;
	else if (!r->sink.unpacked)
		r->oldest_ns = INT64_MAX;
	return r->error;
}

/* Room for n bytes of lines, made by a write if need be. NULL with errno set when there is none. */
static char *
lines_reserve(struct recording *r, int64_t now_ns, size_t n)
{
	char *place = sink_reserve(&r->sink, n);
	int error;

	if (place)
		return place;
	error = lines_write(r, now_ns);
	place = sink_reserve(&r->sink, n);
	if (!place)
		errno = error ? -error : EAGAIN;
	return place;
}

static int
put_text(struct recording *r, int64_t now_ns, char code, const char *text, size_t n)
{
	char *place = lines_reserve(r, now_ns, ENCODE_ROOM(n));

	if (!place)
		return -errno;
	return lines_put(r, now_ns, encode_text(place, code, event_time(r, now_ns), text, n));
}

__attribute__((format(printf, 4, 5))) static int
put_format(struct recording *r, int64_t now_ns, char code, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof text)
		return -EMSGSIZE;
	return put_text(r, now_ns, code, text, (size_t)n);
}

/*
 * The hash is over everything before itself, the line's own beginning included, and the offset
 * there counts its own digits, so it is looked for.
 */
static int
put_seal(struct recording *r, int64_t now_ns, int is_last)
{
	char *place = lines_reserve(r, now_ns, 2 * SEAL_TEXT_MAX);
	struct blake2b hash = r->sink.hash;
	size_t head, words, guess = 0;
	struct seal *s = &r->seal;
	int error;

	if (!place)
		return -errno;
	head = encode_prefix(place, 's', event_time(r, now_ns));
	do {
		words = guess;
		s->offset = r->sink.offset + head + words;
		guess = seal_text_head(place + head, r->seals + 1, is_last, s->offset);
	} while (guess != words);
	blake2b_update(&hash, place, head + words);
	blake2b_hex(&hash, s->hash);
	s->number = ++r->seals;
	s->is_last = is_last;
	memcpy(place + head + words, s->hash, BLAKE2B_HEX);
	memcpy(place + head + words + BLAKE2B_HEX, "\"]\n", 3);
	error = lines_put(r, now_ns, head + words + BLAKE2B_HEX + 3);
	if (error == 0)
		error = sink_pack(&r->sink, 1);
	r->seal_at = r->sink.queued;
	r->seal_due_ns = INT64_MAX;
	r->seal_next = r->sink.offset + r->options.seal_bytes;
	return error;
}

/* One at a time: while a seal waits for the disk, there is no other. */
static int
seal_if_due(struct recording *r, int64_t now_ns)
{
	int error;

	if (r->seal_at > 0 || (now_ns < r->seal_due_ns && r->sink.offset < r->seal_next))
		return 0;
	error = put_seal(r, now_ns, 0);
	if (error && r->seal_due_ns != INT64_MAX)
		r->seal_due_ns = now_ns + r->options.delay_ns;
	return error;
}

static void
options_set(struct recording_options *to, const struct recording_options *from)
{
	*to = *from;
	if (to->delay_ns <= 0)
		to->delay_ns = DELAY_NS;
	if (to->seal_ns == 0)
		to->seal_ns = SEAL_NS;
	if (to->seal_bytes == 0)
		to->seal_bytes = SEAL_BYTES;
}

static int
put_header(struct recording *r, const struct encode_header *header)
{
	char *place = sink_reserve(&r->sink, SINK_LINES);
	ssize_t n = place ? encode_header(place, SINK_LINES, header) : -ENOBUFS;
	int error;

	if (n < 0)
		return (int)n;
	error = lines_put(r, r->start_ns, (size_t)n);
	if (error == 0)
		error = sink_pack(&r->sink, 0);
	return error ? error : lines_write(r, r->start_ns);
}

int
recording_new(struct recording **out, int fd, int64_t now_ns, const struct encode_header *header,
    const struct recording_options *options, recording_sealed *sealed, void *arg)
{
	struct recording *r = calloc(1, sizeof *r);
	int error;

	*out = NULL;
	if (!r) {
		io_close(&fd);
		return -ENOMEM;
	}
	options_set(&r->options, options);
	error = sink_init(&r->sink, fd, options->zstd);
	r->sealed = sealed;
	r->arg = arg;
	r->start_ns = now_ns;
	r->oldest_ns = r->held_ns = r->seal_due_ns = INT64_MAX;
	r->seal_next = r->options.seal_bytes;
	if (error == 0)
		error = put_header(r, header);
	if (error) {
		recording_free(r);
		return error;
	}
	*out = r;
	return 0;
}

void
recording_free(struct recording *r)
{
	if (!r)
		return;
	sink_clear(&r->sink);
	free(r);
}

size_t
recording_room(const struct recording *r)
{
	size_t room = sink_room(&r->sink), chunks;

	if (room < ROOM_KEPT)
		return 0;
	chunks = (room - ROOM_KEPT) / ENCODE_ROOM(ENCODE_CHUNK);
	return chunks * ENCODE_CHUNK < RECORDING_CHUNK ? chunks * ENCODE_CHUNK : RECORDING_CHUNK;
}

/* What could not be recorded, as soon as there is room, and before what comes after it. */
static int
put_lost(struct recording *r, int64_t now_ns)
{
	int error;

	if (r->lost == 0)
		return 0;
	error =
	    put_format(r, now_ns, 'g', "bytes=%" PRIu64 " from=%" PRId64 ".%06" PRId64 " why=%.32s",
		r->lost, r->lost_ns / (1000 * MS), r->lost_ns % (1000 * MS) / 1000, r->lost_why);
	if (error == 0)
		r->lost = 0;
	return error;
}

static int
is_over(const struct recording *r)
{
	return r->options.max_bytes > 0 && r->sink.queued >= r->options.max_bytes;
}

static int
stream_room(struct recording *r, int64_t now_ns, size_t n)
{
	int error;

	if (n > RECORDING_CHUNK)
		return -EMSGSIZE;
	if (is_over(r))
		return -EFBIG;
	if (recording_room(r) < n) {
		error = lines_write(r, now_ns);
		if (recording_room(r) < n)
			return error ? error : -EAGAIN;
	}
	return put_lost(r, now_ns);
}

static int
put_stream(struct recording *r, int64_t now_ns, char code, struct encode_held *held,
    const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	int error = stream_room(r, now_ns, n);

	while (error == 0 && n > 0) {
		size_t part = n < ENCODE_CHUNK ? n : ENCODE_CHUNK;
		char *place = sink_reserve(&r->sink, ENCODE_ROOM(part));

		if (!place)
			return -ENOBUFS;
		error = lines_put(
		    r, now_ns, encode_stream(place, code, event_time(r, now_ns), held, p, part));
		p += part;
		n -= part;
	}
	r->held_ns = r->output.len + r->input.len == 0 ? INT64_MAX
		     : r->held_ns == INT64_MAX         ? now_ns
						       : r->held_ns;
	if (error == 0 && r->sink.offset >= r->seal_next)
		error = seal_if_due(r, now_ns);
	if (error == 0 && r->sink.end - r->sink.start >= SINK_FLUSH)
		lines_write(r, now_ns);
	return error;
}

int
recording_output(struct recording *r, int64_t now_ns, const void *bytes, size_t n)
{
	return put_stream(r, now_ns, 'o', &r->output, bytes, n);
}

int
recording_input(struct recording *r, int64_t now_ns, const void *bytes, size_t n)
{
	return put_stream(r, now_ns, 'i', &r->input, bytes, n);
}

int
recording_resize(struct recording *r, int64_t now_ns, unsigned cols, unsigned rows)
{
	if (cols < 1 || cols > UINT16_MAX || rows < 1 || rows > UINT16_MAX)
		return -EINVAL;
	return put_format(r, now_ns, 'r', "%ux%u", cols, rows);
}

int
recording_marker(struct recording *r, int64_t now_ns, const char *text, size_t n)
{
	return put_text(r, now_ns, 'm', text, n < ENCODE_CHUNK ? n : ENCODE_CHUNK);
}

int
recording_hidden(struct recording *r, int64_t now_ns, const char *why)
{
	return put_format(r, now_ns, 'h', "why=%.32s", why);
}

int
recording_reader(
    struct recording *r, int64_t now_ns, pid_t pid, uid_t uid, uid_t euid, const char *comm)
{
	char text[READER_MAX + 32];
	int error, n = snprintf(text, sizeof text, "pid=%jd uid=%ju euid=%ju comm=%.15s",
		       (intmax_t)pid, (uintmax_t)uid, (uintmax_t)euid, comm);

	if (n < 0 || n >= READER_MAX + 32)
		return -EMSGSIZE;
	if (n == r->reader_len && memcmp(text, r->reader, (size_t)n) == 0)
		return 0;
	error = put_text(r, now_ns, 'w', text, (size_t)n);
	if (error == 0 && n <= READER_MAX) {
		memcpy(r->reader, text, (size_t)n);
		r->reader_len = n;
	}
	return error;
}

void
recording_lost(struct recording *r, int64_t now_ns, uint64_t n, const char *why)
{
	if (r->lost == 0)
		r->lost_ns = event_time(r, now_ns);
	r->lost += n;
	r->lost_why = why;
	if (r->oldest_ns == INT64_MAX && !r->end_is_said)
		r->oldest_ns = now_ns;
}

int64_t
recording_deadline_ns(const struct recording *r)
{
	int64_t due = r->oldest_ns < r->held_ns ? r->oldest_ns : r->held_ns;

	if (due != INT64_MAX)
		due += r->options.delay_ns;
	return r->seal_at == 0 && r->seal_due_ns < due ? r->seal_due_ns : due;
}

/* A character that did not come whole in time is written as the bytes it is so far. */
static int
put_held(struct recording *r, int64_t now_ns)
{
	char *place = lines_reserve(r, now_ns, 2 * ENCODE_ROOM(4));
	size_t n;

	if (!place) {
		r->held_ns = now_ns;
		return -errno;
	}
	n = encode_flush(place, 'o', event_time(r, now_ns), &r->output);
	n += encode_flush(place + n, 'i', event_time(r, now_ns), &r->input);
	r->held_ns = INT64_MAX;
	return lines_put(r, now_ns, n);
}

/* Losses at max_bytes go on to the end of the session: they are said once when they begin, and at
 * the end. */
static int
lost_if_due(struct recording *r, int64_t now_ns)
{
	int error;

	if (r->lost == 0 || r->end_is_said || recording_room(r) < RECORDING_CHUNK)
		return 0;
	error = put_lost(r, now_ns);
	if (error == 0)
		r->end_is_said = is_over(r);
	return error;
}

/* What waits in the compressor, too. */
static int
write_all(struct recording *r, int64_t now_ns)
{
	int error = r->sink.unpacked ? lines_write(r, now_ns) : 0;

	if (error == 0)
		error = sink_pack(&r->sink, 0);
	return error ? error : lines_write(r, now_ns);
}

int
recording_tick(struct recording *r, int64_t now_ns)
{
	int error = 0;

	if (r->held_ns != INT64_MAX && now_ns >= r->held_ns + r->options.delay_ns)
		error = put_held(r, now_ns);
	if (error == 0)
		error = lost_if_due(r, now_ns);
	if (error == 0)
		error = seal_if_due(r, now_ns);
	if (r->oldest_ns != INT64_MAX && now_ns >= r->oldest_ns + r->options.delay_ns)
		return write_all(r, now_ns);
	return error ? error : r->error;
}

int
recording_flush(struct recording *r, int64_t now_ns)
{
	int error = recording_tick(r, now_ns);

	return r->oldest_ns == INT64_MAX ? error : write_all(r, now_ns);
}

static int
put_end(struct recording *r, int64_t now_ns, int exit_status)
{
	int error = put_held(r, now_ns);

	if (error == 0)
		error = put_lost(r, now_ns);
	if (error)
		return error;
	return exit_status < 0 ? put_text(r, now_ns, 'x', "", 0)
			       : put_format(r, now_ns, 'x', "%d", exit_status);
}

/* Once in the buffer, the end and its seal stay there: a second call only goes on. */
int
recording_close(struct recording *r, int64_t now_ns, int exit_status)
{
	int error = 0;

	if (r->end == NOT_ENDED) {
		error = put_end(r, now_ns, exit_status);
		if (error)
			return error;
		r->end = END_PUT;
	}
	error = lines_write(r, now_ns); /* the seal before this one is handed out first */
	if (error == 0 && r->end == END_PUT) {
		error = put_seal(r, now_ns, 1);
		if (error)
			return error;
		r->end = END_SEALED;
		error = lines_write(r, now_ns);
	}
	return error;
}

int
recording_error(const struct recording *r)
{
	return r->error;
}

uint64_t
recording_written(const struct recording *r)
{
	return r->sink.written;
}

size_t
recording_waiting(const struct recording *r)
{
	return r->sink.end - r->sink.start;
}
