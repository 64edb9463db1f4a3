/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replay, an ordinary user's program: a recording for other players. Most put it on the terminal as it is, so
 * it goes through the filter, unless raw was asked for.
 */
#include "common/io.h"
#include "replay/export.h"
#include "replay/export_stream.h"
#include "replay/filter.h"
#include "replay/json_out.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#define FLUSH_AT     65536
#define PROBLEMS_MAX 1000

struct writer {
	const struct export_options *o;
	const struct stream_format *format;
	struct stream_out s;
	struct filter filter;
	struct buffer data; /* of the event that is being written */
};

static void
to_data(void *to, const char *bytes, size_t n)
{
	buffer_add(to, bytes, n);
}

static int
flush_one(struct buffer *b, int fd, size_t at)
{
	int error = 0;

	if (b->failed)
		return -ENOMEM;
	if (b->len >= at && b->len > 0)
		error = io_write_all(fd, b->data, b->len);
	if (b->len >= at)
		b->len = 0;
	return error;
}

static int
writer_flush(struct writer *w, size_t at)
{
	int error = flush_one(&w->s.out, w->o->out_fd, at);

	if (!error && w->s.timing.len > 0)
		error = flush_one(&w->s.timing, w->o->timing_fd, at);
	return error;
}

static void
writer_event(struct writer *w, const struct cast_event *ev)
{
	struct cast_event shown = *ev;

	if (!strchr("oirm", ev->code))
		return;
	if (ev->code == 'o' && !w->o->raw) {
		w->data.len = 0;
		filter_feed(&w->filter, ev->data, ev->len, to_data, &w->data);
		shown.data = (const uint8_t *)w->data.data;
		shown.len = w->data.len;
		if (shown.len == 0)
			return;
	}
	w->format->event(&w->s, &shown);
	w->s.last_ns = ev->time_ns;
}

/* What puts the terminal back, as one more event. */
static void
writer_end(struct writer *w)
{
	struct cast_event ev = {.time_ns = w->s.last_ns, .code = 'o'};

	if (w->o->raw)
		return;
	w->data.len = 0;
	filter_end(&w->filter, to_data, &w->data);
	ev.data = (const uint8_t *)w->data.data;
	ev.len = w->data.len;
	if (ev.len > 0)
		w->format->event(&w->s, &ev);
}

long
stream_export(struct cast *cast, const struct export_options *o, const struct stream_format *format,
    struct cast_error *err)
{
	struct writer w = {.o = o, .format = format, .s = {.header = cast_header(cast)}};
	struct cast_event ev;
	struct cast_error one;
	long problems = 0;
	int got, error = 0;

	filter_init(&w.filter, w.s.header->cols, false);
	format->begin(&w.s, cast);
	while (!error && problems < PROBLEMS_MAX && (got = cast_next(cast, &ev, &one)) != 0) {
		if (got < 0 && problems++ == 0)
			*err = one;
		if (got > 0)
			writer_event(&w, &ev);
		error = writer_flush(&w, FLUSH_AT);
	}
	if (!error) {
		writer_end(&w);
		if (format->end)
			format->end(&w.s);
		error = writer_flush(&w, 0);
	}
	buffer_free(&w.data);
	buffer_free(&w.s.out);
	buffer_free(&w.s.timing);
	cast_free(cast);
	return error ? error : problems;
}

/* asciicast, https://docs.asciinema.org/manual/asciicast/ */

static void
cast2_begin(struct stream_out *s, const struct cast *cast)
{
	struct buffer *b = &s->out, env = {0};

	(void)cast;
	buffer_string(b, "{");
	json_number(b, "version", 2);
	json_number(b, "width", s->header->cols);
	json_number(b, "height", s->header->rows);
	if (s->header->timestamp)
		json_number(b, "timestamp", s->header->timestamp);
	if (s->header->title)
		json_member(b, "title", s->header->title);
	buffer_string(&env, "{");
	if (s->header->term)
		json_member(&env, "TERM", s->header->term);
	if (s->header->shell)
		json_member(&env, "SHELL", s->header->shell);
	json_key(b, "env");
	buffer_add(b, env.data, env.len);
	buffer_string(b, "}}\n");
	buffer_free(&env);
}

static void
cast_event_add(struct stream_out *s, const struct cast_event *ev, int64_t time_ns)
{
	buffer_format(&s->out, "[%" PRId64 ".%06d,\"%c\",", time_ns / 1000000000,
	    (int)(time_ns % 1000000000 / 1000), ev->code);
	json_string(&s->out, (const char *)ev->data, ev->len);
	buffer_string(&s->out, "]\n");
}

static void
cast2_event(struct stream_out *s, const struct cast_event *ev)
{
	cast_event_add(s, ev, ev->time_ns);
}

static void
cast3_begin(struct stream_out *s, const struct cast *cast)
{
	struct buffer *b = &s->out, term = {0};

	(void)cast;
	buffer_string(&term, "{");
	json_number(&term, "cols", s->header->cols);
	json_number(&term, "rows", s->header->rows);
	if (s->header->term)
		json_member(&term, "type", s->header->term);
	buffer_string(b, "{");
	json_number(b, "version", 3);
	json_key(b, "term");
	buffer_add(b, term.data, term.len);
	buffer_string(b, "}");
	if (s->header->timestamp)
		json_number(b, "timestamp", s->header->timestamp);
	if (s->header->title)
		json_member(b, "title", s->header->title);
	buffer_string(b, "}\n");
	buffer_free(&term);
}

/* Times are those since the event before; microseconds are counted so that rounding doesn't add up. */
static void
cast3_event(struct stream_out *s, const struct cast_event *ev)
{
	cast_event_add(s, ev, ev->time_ns / 1000 * 1000 - s->last_ns / 1000 * 1000);
}

/* ttyrec: three 32-bit numbers, little end first, seconds, microseconds, length; then the bytes. */

static void
put32(struct buffer *b, uint32_t n)
{
	uint8_t bytes[4] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24)};

	buffer_add(b, bytes, sizeof bytes);
}

static void
nothing_begin(struct stream_out *s, const struct cast *cast)
{
	(void)s, (void)cast;
}

static void
ttyrec_event(struct stream_out *s, const struct cast_event *ev)
{
	if (ev->code != 'o')
		return;
	put32(&s->out, (uint32_t)(s->header->timestamp + ev->time_ns / 1000000000));
	put32(&s->out, (uint32_t)(ev->time_ns % 1000000000 / 1000));
	put32(&s->out, (uint32_t)ev->len);
	buffer_add(&s->out, ev->data, ev->len);
}

/* script(1): a typescript, whose first line players pass over, and "delay bytes" for each piece. */

static void
script_begin(struct stream_out *s, const struct cast *cast)
{
	time_t at = (time_t)s->header->timestamp;
	struct tm tm;
	char when[64] = "?";

	(void)cast;
	if (gmtime_r(&at, &tm))
		strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S+00:00", &tm);
	buffer_format(&s->out, "Script started on %s [COLUMNS=\"%u\" LINES=\"%u\"]\n", when,
	    s->header->cols, s->header->rows);
}

static void
script_event(struct stream_out *s, const struct cast_event *ev)
{
	int64_t gap;

	if (ev->code != 'o')
		return;
	gap = ev->time_ns / 1000 * 1000 - s->shown_ns / 1000 * 1000;
	s->shown_ns = ev->time_ns;
	buffer_format(&s->timing, "%" PRId64 ".%06d %zu\n", gap / 1000000000,
	    (int)(gap % 1000000000 / 1000), ev->len);
	buffer_add(&s->out, ev->data, ev->len);
}

static void
script_end(struct stream_out *s)
{
	buffer_string(&s->out, "\nScript done\n");
}

long
export_cast(struct cast *cast, const struct export_options *o, struct cast_error *err)
{
	static const struct stream_format format = {cast2_begin, cast2_event, NULL};

	return stream_export(cast, o, &format, err);
}

long
export_cast3(struct cast *cast, const struct export_options *o, struct cast_error *err)
{
	static const struct stream_format format = {cast3_begin, cast3_event, NULL};

	return stream_export(cast, o, &format, err);
}

long
export_ttyrec(struct cast *cast, const struct export_options *o, struct cast_error *err)
{
	static const struct stream_format format = {nothing_begin, ttyrec_event, NULL};

	return stream_export(cast, o, &format, err);
}

long
export_script(struct cast *cast, const struct export_options *o, struct cast_error *err)
{
	static const struct stream_format format = {script_begin, script_event, script_end};

	return stream_export(cast, o, &format, err);
}
