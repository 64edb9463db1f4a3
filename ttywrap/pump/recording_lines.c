/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump: no privilege, one append-only descriptor. Distrusts the disk. */
#include "pump/recording_lines.h"

#include "common/io.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MS          INT64_C(1000000)
#define TEXT_MAX    128
#define TIME_MAX_NS (INT64_C(1000000000) * 1000000000) /* readers take no more: CAST_TIME_MAX_NS */

/* With a writer: what a close waits for the disk. */
#define CLOSE_WAIT_NS (10 * 1000 * MS)

int64_t
lines_time(struct recording *r, int64_t now_ns)
{
	int64_t t = now_ns - r->start_ns;

	if (t > r->last_ns)
		r->last_ns = t < TIME_MAX_NS ? t : TIME_MAX_NS;
	return r->last_ns;
}

int
lines_put(struct recording *r, int64_t now_ns, size_t n)
{
	if (n == 0)
		return 0;
	if (r->oldest_ns == INT64_MAX)
		r->oldest_ns = now_ns;
	if (r->unwritten_ns == INT64_MAX)
		r->unwritten_ns = now_ns;
	if (r->seal_due_ns == INT64_MAX && r->options.seal_ns > 0)
		r->seal_due_ns = now_ns + r->options.seal_ns;
	return sink_commit(&r->sink, n);
}

/* A seal is handed out when it is in the file. */
static void
seal_hand_out(struct recording *r)
{
	uint64_t safe = r->options.sync == RECORDING_SYNC_NONE ? r->sink.written : r->sink.synced;

	if (r->seal_at == 0 || safe < r->seal_at)
		return;
	r->seal_at = 0;
	if (r->sealed)
		r->sealed(r->arg, &r->seal);
}

/* After an error, or with a writer at work, the next look is a delay away. */
static void
written(struct recording *r, int64_t now_ns, int error)
{
	r->error = error;
	seal_hand_out(r);
	if (sink_unwritten(&r->sink) == 0)
		r->unwritten_ns = INT64_MAX;
	if (r->error || r->sink.is_busy)
		r->oldest_ns = now_ns;
	else if (sink_waiting(&r->sink) == 0 && !r->sink.unpacked)
		r->oldest_ns = INT64_MAX;
}

int
lines_write(struct recording *r, int64_t now_ns, int64_t wait_ns)
{
	int sync = r->options.sync == RECORDING_SYNC_ALWAYS ||
		   (r->options.sync == RECORDING_SYNC_SEAL && r->seal_at > 0);

	written(r, now_ns, sink_write(&r->sink, sync, wait_ns));
	return r->error;
}

void
lines_flow(struct recording *r, int64_t now_ns, int64_t wait_ns)
{
	int error = 0;

	if (r->sink.is_busy) {
		error = sink_collect(&r->sink, wait_ns);
		if (r->sink.is_busy)
			return;
		written(r, now_ns, error);
	}
	if (sink_is_due(&r->sink) && lines_write(r, now_ns, 0) == 0)
		r->error = error; /* until the next one is done */
}

int
lines_settle(struct recording *r, int64_t now_ns)
{
	int64_t until = io_now_ns() + CLOSE_WAIT_NS;
	int error;

	do
		error = lines_write(r, now_ns, until - io_now_ns());
	while (error == 0 && r->sink.is_busy && io_now_ns() < until);
	return error ? error : r->sink.is_busy ? -ETIMEDOUT : 0;
}

char *
lines_reserve(struct recording *r, int64_t now_ns, size_t n)
{
	char *place = sink_reserve(&r->sink, n);
	int error;

	if (place)
		return place;
	error = lines_write(r, now_ns, LINES_WAIT_NS);
	place = sink_reserve(&r->sink, n);
	if (!place)
		errno = error ? -error : EAGAIN;
	return place;
}

int
lines_text(struct recording *r, int64_t now_ns, char code, const char *text, size_t n)
{
	char *place = lines_reserve(r, now_ns, ENCODE_ROOM(n));

	if (!place)
		return -errno;
	return lines_put(r, now_ns, encode_text(place, code, lines_time(r, now_ns), text, n));
}

int
lines_format(struct recording *r, int64_t now_ns, char code, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof text)
		return -EMSGSIZE;
	return lines_text(r, now_ns, code, text, (size_t)n);
}

/*
 * The hash is over everything before itself, the line's own beginning included, and the offset
 * there counts its own digits, so it is looked for.
 */
int
lines_seal(struct recording *r, int64_t now_ns, int is_last)
{
	char *place = lines_reserve(r, now_ns, 2 * SEAL_TEXT_MAX);
	struct blake2b hash = r->sink.hash;
	size_t head, words, guess = 0;
	struct seal *s = &r->seal;
	int error;

	if (!place)
		return -errno;
	head = encode_prefix(place, 's', lines_time(r, now_ns));
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
int
lines_seal_if_due(struct recording *r, int64_t now_ns)
{
	int error;

	if (r->seal_at > 0 || (now_ns < r->seal_due_ns && r->sink.offset < r->seal_next))
		return 0;
	error = lines_seal(r, now_ns, 0);
	if (error && r->seal_due_ns != INT64_MAX)
		r->seal_due_ns = now_ns + r->options.delay_ns;
	return error;
}
