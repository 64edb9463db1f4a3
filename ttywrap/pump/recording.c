/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump: no privilege, one append-only descriptor. Distrusts the session's bytes (encode.c) and the disk. */
#include "pump/recording.h"

#include "common/io.h"
#include "pump/recording_lines.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MS         INT64_C(1000000)
#define DELAY_NS   (100 * MS)
#define SEAL_NS    (60 * 1000 * MS)
#define SEAL_BYTES (UINT64_C(16) << 20)

/* Chunks kept free for the small events that must get in when output can't: gaps, seals, the end. */
#define ROOM_KEPT 1

/* With take_space: a whole piece of output, and those. */
#define SPACE_LEAST ((RECORDING_CHUNK / ENCODE_CHUNK + ROOM_KEPT) * ENCODE_ROOM(ENCODE_CHUNK))

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
	return error ? error : lines_settle(r, r->start_ns);
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
	error = sink_init(&r->sink, fd, options->zstd, options->writer);
	r->sealed = sealed;
	r->arg = arg;
	r->start_ns = now_ns;
	r->oldest_ns = r->held_ns = r->seal_due_ns = INT64_MAX;
	r->seal_next = r->options.seal_bytes;
	r->unwritten_ns = INT64_MAX;
	if (error == 0 && options->take_space) {
		sink_take_space(
		    &r->sink, SPACE_LEAST, options->limit > 0 ? options->limit : UINT64_MAX);
		error = lines_settle(r, now_ns);
	}
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
	size_t chunks = sink_room(&r->sink, ENCODE_ROOM(ENCODE_CHUNK));

	if (chunks <= ROOM_KEPT)
		return 0;
	chunks -= ROOM_KEPT;
	return chunks * ENCODE_CHUNK < RECORDING_CHUNK ? chunks * ENCODE_CHUNK : RECORDING_CHUNK;
}

/* What could not be recorded, as soon as there is room, and before what comes after it. */
static int
put_lost(struct recording *r, int64_t now_ns)
{
	int error;

	if (r->lost == 0)
		return 0;
	error = lines_format(r, now_ns, 'g',
	    "bytes=%" PRIu64 " from=%" PRId64 ".%06" PRId64 " why=%.32s", r->lost,
	    r->lost_ns / (1000 * MS), r->lost_ns % (1000 * MS) / 1000, r->lost_why);
	if (error == 0)
		r->lost = 0;
	return error;
}

int
recording_is_over(const struct recording *r)
{
	return r->stopped || (r->options.max_bytes > 0 && r->sink.queued >= r->options.max_bytes);
}

static int
stream_room(struct recording *r, int64_t now_ns, size_t n)
{
	int error;

	if (n > RECORDING_CHUNK)
		return -EMSGSIZE;
	if (recording_is_over(r))
		return r->stopped ? r->stopped : -EFBIG;
	if (recording_room(r) < n) {
		error = lines_write(r, now_ns, LINES_WAIT_NS);
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
		/* The ring may turn before its end, and then has less room than it said. */
		char *place = lines_reserve(r, now_ns, ENCODE_ROOM(part));

		if (!place)
			return -errno;
		error = lines_put(
		    r, now_ns, encode_stream(place, code, lines_time(r, now_ns), held, p, part));
		*(code == 'o' ? &r->bytes_out : &r->bytes_in) += part;
		p += part;
		n -= part;
	}
	r->held_ns = r->output.len + r->input.len == 0 ? INT64_MAX
		     : r->held_ns == INT64_MAX         ? now_ns
						       : r->held_ns;
	if (error == 0 && r->sink.offset >= r->seal_next)
		error = lines_seal_if_due(r, now_ns);
	if (error == 0)
		lines_flow(r, now_ns, 0);
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
	return lines_format(r, now_ns, 'r', "%ux%u", cols, rows);
}

int
recording_marker(struct recording *r, int64_t now_ns, const char *text, size_t n)
{
	int error = lines_text(r, now_ns, 'm', text, n < ENCODE_CHUNK ? n : ENCODE_CHUNK);

	r->markers += error == 0;
	return error;
}

int
recording_hidden(struct recording *r, int64_t now_ns, const char *why)
{
	return lines_format(r, now_ns, 'h', "why=%.32s", why);
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
	error = lines_text(r, now_ns, 'w', text, (size_t)n);
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
		r->lost_ns = lines_time(r, now_ns);
	r->lost += n;
	r->lost_why = why;
	if (r->oldest_ns == INT64_MAX && !r->end_is_said)
		r->oldest_ns = now_ns;
}

void
recording_stop(struct recording *r, int error)
{
	r->stopped = error;
}

int64_t
recording_deadline_ns(const struct recording *r)
{
	int64_t due = r->oldest_ns < r->held_ns ? r->oldest_ns : r->held_ns;

	if (r->sink.space_error)
		return r->start_ns; /* to be said at once */
	if (due != INT64_MAX)
		due += r->options.delay_ns;
	return r->seal_at == 0 && r->seal_due_ns < due ? r->seal_due_ns : due;
}

int64_t
recording_early_ns(const struct recording *r)
{
	return r->oldest_ns != INT64_MAX ? r->oldest_ns + r->options.delay_ns / 2 : INT64_MAX;
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
	n = encode_flush(place, 'o', lines_time(r, now_ns), &r->output);
	n += encode_flush(place + n, 'i', lines_time(r, now_ns), &r->input);
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
		r->end_is_said = recording_is_over(r);
	return error;
}

/* What waits in the compressor, too. */
static int
write_all(struct recording *r, int64_t now_ns)
{
	int error = r->sink.unpacked ? lines_write(r, now_ns, 0) : 0;

	if (error == 0)
		error = sink_pack(&r->sink, 0);
	return error ? error : lines_write(r, now_ns, 0);
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
		error = lines_seal_if_due(r, now_ns);
	if (now_ns >= recording_early_ns(r))
		return write_all(r, now_ns);
	return error ? error : r->error;
}

void
recording_wait(struct recording *r, int64_t now_ns, int64_t wait_ns)
{
	if (r->sink.is_busy)
		lines_flow(r, now_ns, wait_ns);
}

int
recording_flush(struct recording *r, int64_t now_ns)
{
	int error = recording_tick(r, now_ns);

	return r->oldest_ns == INT64_MAX ? error : write_all(r, now_ns);
}

/* The totals are for who lists thousands of recordings, and reads of each the beginning and the end … */
static int
put_end(struct recording *r, int64_t now_ns, int exit_status)
{
	int error = put_held(r, now_ns);

	if (error == 0)
		error = put_lost(r, now_ns);
	if (error == 0)
		error = sink_pack(&r->sink, 1); /* … without unpacking what is before */
	if (error == 0)
		error =
		    lines_format(r, now_ns, 't', "out=%" PRIu64 " in=%" PRIu64 " markers=%" PRIu64,
			r->bytes_out, r->bytes_in, r->markers);
	if (error)
		return error;
	return exit_status < 0 ? lines_text(r, now_ns, 'x', "", 0)
			       : lines_format(r, now_ns, 'x', "%d", exit_status);
}

/* Once in the buffer, the end and its seal stay there: a second call only goes on. */
int
recording_close(struct recording *r, int64_t now_ns, int exit_status)
{
	int error = 0;

	sink_leave_space(&r->sink);
	if (r->end == NOT_ENDED) {
		error = put_end(r, now_ns, exit_status);
		if (error)
			return error;
		r->end = END_PUT;
	}
	error = lines_settle(r, now_ns); /* the seal before this one is handed out first */
	if (error == 0 && r->end == END_PUT) {
		error = lines_seal(r, now_ns, 1);
		if (error)
			return error;
		r->end = END_SEALED;
		error = lines_settle(r, now_ns);
	}
	return error;
}

int
recording_is_safe(struct recording *r, int64_t now_ns, int64_t wait_ns)
{
	int sync = r->options.sync == RECORDING_SYNC_ALWAYS, error;

	if (sink_is_through(&r->sink, sync))
		return 1;
	error = sink_pack(&r->sink, 0);
	if (error == 0)
		error = lines_write(r, now_ns, 0);
	while (error == 0 && r->sink.is_busy && wait_ns > 0) {
		int64_t from = io_now_ns();

		error = lines_write(r, now_ns, wait_ns);
		wait_ns -= io_now_ns() - from;
	}
	return sink_is_through(&r->sink, sync);
}

int
recording_comes_first(const struct recording *r)
{
	return r->sink.space == SPACE_THROUGH;
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
	return sink_waiting(&r->sink);
}

uint64_t
recording_unwritten(const struct recording *r, int64_t *since_ns)
{
	*since_ns = r->unwritten_ns;
	return sink_unwritten(&r->sink);
}
