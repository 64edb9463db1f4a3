/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, the ordinary user's program. Distrusts the whole file, its name included. */
#include "replay/cast.h"

#include "common/base64.h"
#include "replay/cast_header.h"
#include "replay/cast_input.h"
#include "replay/cast_parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct cast {
	struct cast_input *input;
	struct cast_head head;
	char *name;        /* as given */
	uint64_t line;     /* lines read */
	int line_is_known; /* not after cast_seek */
	int64_t last_ns;
	unsigned cols, rows;
	int torn;
	uint8_t *exact; /* what a 'b' line said of the event behind it */
	size_t exact_size, exact_len;
	int have_exact;
	off_t exact_offset;
};

/* The name may hold anything but NUL; an error is one line that may go to a terminal. */
static void
error_name(const char *name, char *safe, size_t size)
{
	size_t n = strlen(name), from = n > 100 ? n - 100 : 0, i;

	for (i = 0; name[from + i] && i + 1 < size; i++)
		safe[i] = name[from + i] >= ' ' && name[from + i] < 0x7f ? name[from + i] : '?';
	safe[i] = '\0';
}

__attribute__((format(printf, 4, 5))) static int
cast_fail(const struct cast *c, struct cast_error *err, off_t offset, const char *fmt, ...)
{
	char name[128], where[32] = "";
	va_list ap;
	int n;

	error_name(c->name, name, sizeof name);
	if (c->line_is_known && c->line > 0)
		snprintf(where, sizeof where, "%" PRIu64 ":", c->line);
	else if (!c->line_is_known)
		snprintf(where, sizeof where, "byte %jd:", (intmax_t)offset);
	n = snprintf(err->text, sizeof err->text, "%s:%s ", name, where);
	va_start(ap, fmt);
	if (n > 0 && (size_t)n < sizeof err->text)
		vsnprintf(err->text + n, sizeof err->text - (size_t)n, fmt, ap);
	va_end(ap);
	return -1;
}

static int
fail_errno(const struct cast *c, struct cast_error *err, off_t offset, int error)
{
	if (error == -EMSGSIZE)
		return cast_fail(c, err, offset, "a line of more than %u bytes", CAST_LINE_MAX);
	if (error == -EBADMSG)
		return cast_fail(c, err, offset, "the compressed data is damaged");
	return cast_fail(c, err, offset, "%s", strerror(-error));
}

static int
cast_read_header(struct cast *c, struct cast_error *err)
{
	struct cast_line line;
	const char *wrong;
	int got = cast_input_line(c->input, &line);

	c->line = 1;
	if (got < 0)
		return fail_errno(c, err, 0, got);
	if (got == 0)
		return cast_fail(
		    c, err, 0, "no whole first line: empty, or not an asciicast v2 file");
	wrong = cast_head_parse(&c->head, line.text, line.len);
	if (wrong)
		return cast_fail(c, err, 0, "%s", wrong);
	c->cols = c->head.text.cols;
	c->rows = c->head.text.rows;
	return 0;
}

struct cast *
cast_open(int fd, const char *name, struct cast_error *err)
{
	struct cast *c = calloc(1, sizeof *c);

	if (!c || !(c->name = strdup(name))) {
		snprintf(err->text, sizeof err->text, "%s", strerror(ENOMEM));
		close(fd);
		free(c);
		return NULL;
	}
	c->line_is_known = 1;
	c->input = cast_input_new(fd, CAST_LINE_MAX);
	if (!c->input) {
		fail_errno(c, err, 0, -errno);
		goto fail;
	}
	if (cast_read_header(c, err))
		goto fail;
	return c;
fail:
	cast_free(c);
	return NULL;
}

void
cast_free(struct cast *c)
{
	if (!c)
		return;
	cast_input_free(c->input);
	cast_head_clear(&c->head);
	free(c->exact);
	free(c->name);
	free(c);
}

const char *
cast_name(const struct cast *c)
{
	return c->name;
}

const struct cast_header *
cast_header(const struct cast *c)
{
	return &c->head.text;
}

const char *
cast_field(const struct cast *c, const char *key)
{
	return cast_head_field(&c->head, key);
}

int
cast_is_torn(const struct cast *c)
{
	return c->torn;
}

uint64_t
cast_line(const struct cast *c)
{
	return c->line;
}

/* Keeps the exact bytes for the 'o' or 'i' event that comes next. Returns NULL, or what is wrong.
 */
static const char *
exact_keep(struct cast *c, const struct cast_raw *raw, off_t offset)
{
	ssize_t n;

	if (c->exact_size < raw->len) {
		uint8_t *grown = realloc(c->exact, raw->len);

		if (!grown)
			return strerror(ENOMEM);
		c->exact = grown;
		c->exact_size = raw->len;
	}
	n = base64_decode(c->exact, raw->data, raw->len);
	if (n < 0)
		return "a 'b' event that is not base64";
	c->exact_len = (size_t)n;
	c->exact_offset = offset;
	c->have_exact = 1;
	return NULL;
}

/* Fills ev from a parsed line. Returns NULL, or what is wrong. */
static const char *
event_fill(struct cast *c, struct cast_event *ev, const struct cast_raw *raw, off_t offset)
{
	int streams = !raw->code[1] && (raw->code[0] == 'o' || raw->code[0] == 'i');

	ev->data = (const uint8_t *)raw->data;
	ev->len = raw->len;
	ev->offset = offset;
	if (c->have_exact) {
		c->have_exact = 0;
		if (!streams)
			return "a 'b' event without the 'o' or 'i' event it belongs to";
		ev->data = c->exact;
		ev->len = c->exact_len;
		ev->offset = c->exact_offset;
	}
	if (strcmp(raw->code, "r") == 0 && cast_parse_size(ev->data, ev->len, &c->cols, &c->rows))
		return "an 'r' event that is not COLSxROWS";
	/* A clock that steps back in somebody else's file must not make an interval negative. */
	if (raw->time_ns > c->last_ns)
		c->last_ns = raw->time_ns;
	ev->time_ns = c->last_ns;
	ev->code = raw->code[1] ? '?' : raw->code[0];
	ev->cols = c->cols;
	ev->rows = c->rows;
	return NULL;
}

/* No line: an end (0) or an error (-1). */
static int
cast_stop(struct cast *c, struct cast_error *err, int got, off_t offset)
{
	c->torn =
	    cast_input_rest(c->input).len > 0 || cast_input_is_mid_frame(c->input) || c->have_exact;
	if (got == -EMSGSIZE)
		c->line++;
	return got < 0 ? fail_errno(c, err, offset, got) : 0;
}

int
cast_next(struct cast *c, struct cast_event *ev, struct cast_error *err)
{
	for (;;) {
		struct cast_line line = {0};
		struct cast_raw raw;
		const char *wrong;
		int got = cast_input_line(c->input, &line);

		if (got <= 0)
			return cast_stop(c, err, got, line.offset);
		c->torn = 0;
		c->line++;
		if (line.len == 0)
			continue;
		wrong = cast_parse(line.text, line.len, &raw);
		if (!wrong && strcmp(raw.code, "b") == 0 && !c->have_exact) {
			wrong = exact_keep(c, &raw, line.offset);
			if (!wrong)
				continue;
		} else if (!wrong) {
			wrong = event_fill(c, ev, &raw, line.offset);
		}
		if (wrong) {
			c->have_exact = 0;
			return cast_fail(c, err, line.offset, "%s", wrong);
		}
		return 1;
	}
}

int
cast_seek(struct cast *c, const struct cast_event *ev, struct cast_error *err)
{
	int error = cast_input_seek(c->input, ev->offset);

	c->line_is_known = 0;
	c->have_exact = 0;
	c->last_ns = ev->time_ns;
	c->cols = ev->cols;
	c->rows = ev->rows;
	return error ? fail_errno(c, err, ev->offset, error) : 0;
}
