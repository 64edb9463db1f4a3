/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program: what a recording says, for reading: text, and commands and input as JSON. */
#include "common/io.h"
#include "replay/export.h"
#include "replay/json_out.h"
#include "replay/tape.h"
#include "replay/transcript.h"
#include "replay/typed.h"

#include <errno.h>
#include <string.h>

#define FLUSH_AT 65536

static int
flush_some(struct buffer *b, int fd, size_t at)
{
	int error;

	if (b->failed)
		return -ENOMEM;
	if (b->len < at)
		return 0;
	error = io_write_all(fd, b->data, b->len);
	b->len = 0;
	return error;
}

static long
result_of(struct tape *t, int error, struct cast_error *err)
{
	if (t->problems > 0)
		*err = t->problem;
	return error ? error : (long)t->problems;
}

long
export_txt(struct cast *cast, const struct export_options *o, struct cast_error *err)
{
	struct tape *tape = tape_new(cast);
	struct buffer out = {0};
	struct transcript *t = tape ? transcript_new(tape, &out) : NULL;
	long result = -ENOMEM;
	int error = 0;

	if (!t)
		goto out;
	tape->every = SIZE_MAX;
	while (!error && tape_peek(tape) > 0) {
		tape_apply(tape);
		error = flush_some(&out, o->out_fd, FLUSH_AT);
	}
	transcript_end(t);
	if (!error)
		error = flush_some(&out, o->out_fd, 1);
	result = result_of(tape, error, err);
out:
	transcript_free(t);
	buffer_free(&out);
	tape_free(tape);
	return result;
}

/* { "time": 1.5, "command": "ls" } */
static void
entry_add(struct buffer *b, int64_t time_ns, const char *key, const char *text, size_t len)
{
	struct buffer one = {0};

	buffer_string(&one, "{");
	json_seconds(&one, "time", time_ns);
	json_key(&one, key);
	json_string(&one, text, len);
	buffer_string(&one, "}");
	if (b->data[b->len - 1] != '[')
		buffer_string(b, ",\n");
	buffer_add(b, one.data, one.len);
	buffer_free(&one);
}

static void
input_add(struct buffer *b, struct typed *typed, const struct cast_event *ev)
{
	for (size_t i = 0; i < ev->len; i++)
		if (typed_take(typed, ev->data[i], ev->time_ns)) {
			entry_add(b, typed->from_ns, "input", typed->line, typed->len);
			typed_next(typed);
		}
}

static void
head_add(struct buffer *b, const struct cast *cast, const char *name)
{
	static const char *const fields[] = {
	    "recording", "user", "uid", "ses", "tty", "addr", "host", "start"};
	const struct cast_header *h = cast_header(cast);

	buffer_string(b, "{");
	json_member(b, "name", name);
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (cast_field(cast, fields[i]))
			json_member(b, fields[i], cast_field(cast, fields[i]));
	json_number(b, "timestamp", h->timestamp);
	json_number(b, "width", h->cols);
	json_number(b, "height", h->rows);
	buffer_string(b, ",\n\"events\":[");
}

long
export_json(struct cast *cast, const struct export_options *o, struct cast_error *err)
{
	struct buffer out = {0};
	struct typed typed = {.len = 0};
	struct cast_event ev;
	struct cast_error one;
	long problems = 0;
	int got, error = 0;

	head_add(&out, cast, o->name);
	while ((got = cast_next(cast, &ev, &one)) != 0 && problems < 1000) {
		if (got < 0 && problems++ == 0)
			*err = one;
		if (got > 0 && ev.code == 'm')
			entry_add(&out, ev.time_ns, "command", (const char *)ev.data, ev.len);
		if (got > 0 && ev.code == 'i')
			input_add(&out, &typed, &ev);
	}
	if (typed.len > 0)
		entry_add(&out, typed.from_ns, "input", typed.line, typed.len);
	buffer_string(&out, "]}\n");
	error = flush_some(&out, o->out_fd, 1);
	buffer_free(&out);
	cast_free(cast);
	return error ? error : problems;
}
