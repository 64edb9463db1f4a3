/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. What is said of a recording is hostile text: it goes through
 * safe.h. */
#include "common/io.h"
#include "replay/player_state.h"
#include "replay/safe.h"
#include "replay/span.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TOUCH_NS  INT64_C(2500000000) /* after a key, where the line covers something */
#define NOTICE_NS INT64_C(4000000000)
#define SECOND_NS INT64_C(1000000000)

/* Each fits 80 columns; '?' turns the page. */
static const char *const help[PLAYER_HELP_PAGES] = {
    "space pause  . step  \xe2\x86\x90\xe2\x86\x92 5s  \xe2\x86\x91\xe2\x86\x93 1m  [ ] marker  g "
    "G ends  < > = speed  ? more",
    "/text n N search  +1:30 -10 50% jump  s this line  ^L redraw  ^Z stop  q quit",
};

void
player_notice(struct player *p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(p->notice, sizeof p->notice, format, ap);
	va_end(ap);
	p->notice_until_ns = io_now_ns() + NOTICE_NS;
	player_status_touch(p);
	p->dirty = true;
}

void
player_status_touch(struct player *p)
{
	p->status_until_ns = io_now_ns() + TOUCH_NS;
}

/* Where there is a row to spare the line costs nothing. */
static bool
has_spare_row(const struct player *p)
{
	unsigned cols, rows, window_cols, window_rows;

	screen_size(p->tape->screen, &cols, &rows);
	term_size(&p->term, &window_cols, &window_rows);
	return window_rows > rows;
}

static bool
is_shown(const struct player *p, int64_t now)
{
	if (p->prompt != PROMPT_NONE || p->help > 0 || now < p->notice_until_ns)
		return true;
	if (p->status == STATUS_OFF)
		return false;
	return p->status == STATUS_ON || p->pace.paused || p->goal != GOAL_NONE ||
	       now < p->status_until_ns || has_spare_row(p);
}

static bool
clock_runs(const struct player *p)
{
	return p->goal != GOAL_NONE || (!p->pace.paused && !p->at_end);
}

/* The clock in it runs, or since the last frame a time was up for which something was to be seen. */
int64_t
player_status_due(const struct player *p)
{
	const int64_t ends[] = {p->status_until_ns, p->notice_until_ns};
	int64_t due = INT64_MAX;

	if (clock_runs(p) && is_shown(p, io_now_ns()))
		due = p->frame_ns + SECOND_NS / 4;
	for (int i = 0; i < 2; i++)
		if (ends[i] > p->frame_ns && ends[i] < due)
			due = ends[i];
	return due;
}

static const char *
state_of(const struct player *p)
{
	if (p->goal == GOAL_FIND || p->goal == GOAL_FIND_LAST)
		return "searching";
	if (p->goal != GOAL_NONE)
		return "going";
	if (p->pace.paused)
		return "paused";
	if (p->at_end && p->opt->follow)
		return "live";
	return "playing";
}

static const struct tape_mark *
mark_at(const struct player *p, int64_t at)
{
	for (size_t i = p->tape->n_marks; i > 0; i--)
		if (p->tape->marks[i - 1].time_ns <= at)
			return &p->tape->marks[i - 1];
	return NULL;
}

static void
add_state(struct player *p, struct buffer *b)
{
	char at[SPAN_TEXT], all[SPAN_TEXT];
	int64_t position = p->goal == GOAL_NONE ? player_position(p) : p->tape->at_ns;
	const struct tape_mark *mark = mark_at(p, position);
	char label[128];

	buffer_format(b, " %s  %s", state_of(p), span_format(position, at, sizeof at));
	if (p->opt->duration_ns >= 0 && !p->opt->follow)
		buffer_format(b, " / %s", span_format(p->opt->duration_ns, all, sizeof all));
	if (p->pace.speed != 1)
		buffer_format(b, "  %gx", p->pace.speed);
	if (mark)
		buffer_format(
		    b, "  [%s]", safe_text(mark->label, strlen(mark->label), label, sizeof label));
	buffer_string(b, "  ? keys  q quit");
}

const char *
player_status_line(struct player *p, char *buf, size_t size, int *edit)
{
	int64_t now = io_now_ns();
	struct buffer b = {0};

	*edit = -1;
	if (!is_shown(p, now))
		return NULL;
	if (p->prompt != PROMPT_NONE) {
		buffer_format(&b, "%s%s", p->prompt == PROMPT_FIND ? "/" : "go to ", p->line);
		*edit = p->prompt == PROMPT_FIND ? 1 : 6;
		for (size_t i = 0; i < p->line_len; i++)
			*edit += (p->line[i] & 0xc0) != 0x80;
	} else if (now < p->notice_until_ns)
		buffer_format(&b, " %s", p->notice);
	else if (p->help > 0)
		buffer_format(&b, " %s", help[p->help - 1]);
	else
		add_state(p, &b);
	snprintf(buf, size, "%.*s", (int)b.len, b.data ? b.data : "");
	buffer_free(&b);
	return buf;
}
