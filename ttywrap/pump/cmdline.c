/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, sandboxed. The output is hostile: it can show any line as accepted, but only as its own session's. */
#include "pump/cmdline.h"

#include "pump/line.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <vterm.h>

#define ROWS      24
#define COLS_MIN  20
#define COLS_MAX  512
#define LAST_MAX  1024 /* of the line before the editor began: the prompt may stand there */
#define TYPED_MAX 1024
#define ARGS_MAX  16         /* libvterm 0.1 keeps so many, and writes the next one behind them */
#define FLOOD_MAX (1u << 18) /* output while a line is edited: beyond, somebody else is writing */

/*
 * What a line editor draws with, and nothing else reaches the emulator: the
 * output is anybody's, and libvterm 0.1 has been seen to loop on REP and to
 * write beyond its memory after scroll regions, shrinking and many arguments.
 */
struct draw {
	enum {
		TEXT,
		AFTER_ESC,
		SEQUENCE,
		STRING,
		STRING_ESC
	} at;
	char bytes[24]; /* of a control sequence, as it came */
	size_t n;
};

/* The few sequences that matter, found without looking at anything else: ESC [ ? NUMBER h or l. */
struct modes {
	enum {
		GROUND,
		ESCAPE,
		BRACKET,
		NUMBER
	} at;
	unsigned number;
};

struct cmdline {
	VTerm *vt; /* NULL unless a line is edited */
	VTermScreen *screen;
	unsigned cols;
	cmdline_emit *emit;
	void *arg;
	struct modes modes;
	struct draw draw;
	bool alternate;         /* the alternate screen is on */
	uint8_t last[LAST_MAX]; /* output since the last line end, before the editor began */
	size_t last_n;
	size_t fed;     /* bytes since it began */
	int scrolled;   /* rows that left the emulated screen at the top */
	bool started;   /* a key came at this prompt, and start is where the line begins */
	bool ahead;     /* keys came before this prompt */
	VTermPos start; /* where the line begins; the row counts scrolled ones too */
	char text[CMDLINE_MAX + 1]; /* rows that left, from the start on, then the whole line */
	size_t text_n;
	char prompt[LAST_MAX]; /* what stood before the last line that was not typed ahead */
	size_t prompt_n;
	uint8_t typed[TYPED_MAX]; /* printable keys since the last line end or prompt */
	size_t typed_n;
};

static void
text_add(struct cmdline *c, const char *bytes, size_t n)
{
	if (n > CMDLINE_MAX - c->text_n)
		n = CMDLINE_MAX - c->text_n;
	memcpy(c->text + c->text_n, bytes, n);
	c->text_n += n;
}

/* Part of a row of the screen as text. A row that is full goes on in the next; another one ends. */
static void
row_add(struct cmdline *c, int row, int from_col)
{
	VTermRect part = {row, row + 1, from_col, (int)c->cols};
	VTermRect edge = {row, row + 1, (int)c->cols - 1, (int)c->cols};
	char buf[COLS_MAX * 8], last[32];
	size_t n = vterm_screen_get_text(c->screen, buf, sizeof buf, part);
	size_t end = vterm_screen_get_text(c->screen, last, sizeof last, edge);

	text_add(c, buf, n < sizeof buf ? n : sizeof buf);
	if (end == 0)
		text_add(c, "\n", 1);
}

/* From the screen, just before its top row is lost. */
static int
on_scroll(int cols, const VTermScreenCell *cells, void *arg)
{
	struct cmdline *c = arg;

	(void)cols;
	(void)cells;
	if (c->started && c->scrolled >= c->start.row)
		row_add(c, 0, c->scrolled == c->start.row ? c->start.col : 0);
	c->scrolled++;
	return 1;
}

static const VTermScreenCallbacks callbacks = {.sb_pushline = on_scroll};

static VTermPos
cursor(const struct cmdline *c)
{
	VTermPos at;

	vterm_state_get_cursorpos(vterm_obtain_state(c->vt), &at);
	return at;
}

static void
editing_end(struct cmdline *c)
{
	if (c->vt != NULL)
		vterm_free(c->vt);
	c->vt = NULL;
	c->last_n = 0;
}

static void
typed_forget(struct cmdline *c)
{
	explicit_bzero(c->typed, c->typed_n); /* it may have been for a password prompt */
	c->typed_n = 0;
}

static void
editing_begin(struct cmdline *c, bool ahead)
{
	editing_end(c);
	c->vt = vterm_new(ROWS, (int)c->cols);
	if (c->vt == NULL)
		return;
	vterm_set_utf8(c->vt, 1);
	c->screen = vterm_obtain_screen(c->vt);
	vterm_screen_set_callbacks(c->screen, &callbacks, c);
	vterm_screen_reset(c->screen, 1);
	c->fed = c->text_n = 0;
	c->draw.at = TEXT;
	c->scrolled = 0;
	c->started = false;
	c->ahead = ahead;
	if (!ahead)
		typed_forget(c);
}

/* The row up to the cursor is the prompt, when nothing was typed before it came. */
static void
line_start(struct cmdline *c)
{
	VTermPos at = cursor(c);
	VTermRect before = {at.row, at.row + 1, 0, c->ahead ? 0 : at.col};

	c->started = true;
	c->start = (VTermPos){.row = at.row + c->scrolled, .col = before.end_col};
	if (c->ahead)
		return;
	c->prompt_n = vterm_screen_get_text(c->screen, c->prompt, sizeof c->prompt, before);
	if (c->prompt_n > sizeof c->prompt)
		c->prompt_n = 0;
}

static size_t
trimmed(const char *text, size_t n)
{
	while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\n'))
		n--;
	return n;
}

/* Where the last such part of a text ends, 0 when there is none. */
static size_t
end_of_last(const char *text, size_t n, const char *part, size_t part_n)
{
	for (size_t at = n; part_n > 0 && at >= part_n; at--)
		if (memcmp(text + at - part_n, part, part_n) == 0)
			return at;
	return 0;
}

/* Where the line begins in a text that may have the prompt in front, and output without a line end before that. */
static size_t
prompt_length(const struct cmdline *c)
{
	size_t prompt_n = trimmed(c->prompt, c->prompt_n),
	       typed_n = trimmed((const char *)c->typed, c->typed_n);

	if (!c->ahead)
		return 0;
	size_t after = end_of_last(c->text, c->text_n, c->prompt, prompt_n);
	if (after > 0)
		return after;
	if (typed_n > 0 && c->text_n >= typed_n &&
	    memcmp(c->text + c->text_n - typed_n, c->typed, typed_n) == 0)
		return c->text_n - typed_n;
	return 0;
}

static void
accepted(struct cmdline *c)
{
	VTermPos end = cursor(c);
	size_t skip;

	if (!c->started && !c->ahead)
		return; /* nobody typed it: a program that switches the mode off on its way out */
	if (!c->started)
		c->start = (VTermPos){.row = c->scrolled, .col = 0};
	for (int row = c->start.row > c->scrolled ? c->start.row - c->scrolled : 0; row <= end.row;
	     row++)
		row_add(c, row, row + c->scrolled == c->start.row ? c->start.col : 0);
	c->text_n = trimmed(c->text, c->text_n);
	skip = prompt_length(c);
	while (skip < c->text_n && c->text[skip] == ' ')
		skip++;
	if (skip < c->text_n)
		c->emit(c->arg, c->text + skip, c->text_n - skip);
	typed_forget(c);
}

/* A whole control sequence. Moves, erasing, inserting and deleting of characters, attributes; short numbers. */
static void
draw_sequence(struct cmdline *c, uint8_t final)
{
	struct draw *d = &c->draw;
	size_t digits = 0, args = 1;

	for (size_t i = 2; i < d->n; i++) {
		digits = d->bytes[i] >= '0' && d->bytes[i] <= '9' ? digits + 1 : 0;
		args += digits == 0;
		if (digits > 3 || args > ARGS_MAX ||
		    (digits == 0 && d->bytes[i] != ';' && d->bytes[i] != ':'))
			return;
	}
	if (strchr("ABCDGHJKP@Xdfm", final) == NULL || d->n == sizeof d->bytes)
		return;
	d->bytes[d->n++] = (char) final;
	vterm_input_write(c->vt, d->bytes, d->n);
}

static void
draw_control(struct cmdline *c, uint8_t b)
{
	struct draw *d = &c->draw;

	switch (d->at) {
	case TEXT:
		break;
	case AFTER_ESC:
		d->at = b == '['                                                   ? SEQUENCE
			: b == ']' || b == 'P' || b == 'X' || b == '^' || b == '_' ? STRING
			: b >= 0x20 && b <= 0x2f                                   ? AFTER_ESC
										   : TEXT;
		memcpy(d->bytes, "\033[", 2);
		d->n = 2;
		break;
	case SEQUENCE:
		if (b >= 0x20 && b < 0x40 && d->n < sizeof d->bytes)
			d->bytes[d->n++] = (char)b;
		if (b >= 0x40)
			draw_sequence(c, b);
		if (b >= 0x40 || b < 0x20)
			d->at = TEXT;
		break;
	case STRING:
		d->at = b == 0x1b                             ? STRING_ESC
			: b == 0x07 || b == 0x18 || b == 0x1a ? TEXT
							      : STRING;
		break;
	case STRING_ESC:
		d->at = b == '\\' ? TEXT : STRING;
		break;
	}
}

static bool
is_text(uint8_t b)
{
	return b >= 0x20 ? b != 0x7f : b == '\r' || b == '\n' || b == '\b' || b == '\t';
}

/* Feeds what belongs to the line; n bytes end before the sequence that ends the editing. */
static void
feed(struct cmdline *c, const uint8_t *bytes, size_t n)
{
	if (c->vt == NULL)
		return;
	c->fed += n;
	if (c->fed > FLOOD_MAX) {
		editing_end(c);
		return;
	}
	for (size_t i = 0, run; i < n; i += run) {
		for (run = 0; c->draw.at == TEXT && i + run < n && is_text(bytes[i + run]);)
			run++;
		if (run > 0) {
			vterm_input_write(c->vt, (const char *)bytes + i, run);
			continue;
		}
		run = 1;
		if (bytes[i] == 0x1b && c->draw.at != STRING)
			c->draw.at = AFTER_ESC;
		else
			draw_control(c, bytes[i]);
	}
}

/* The line so far, for a prompt that is written before the editor begins. */
static void
remember(struct cmdline *c, const uint8_t *bytes, size_t n)
{
	const uint8_t *end = memrchr(bytes, '\n', n);

	if (end != NULL) {
		c->last_n = 0;
		n -= (size_t)(end + 1 - bytes);
		bytes = end + 1;
	}
	if (n > LAST_MAX - c->last_n) {
		c->last_n = 0;
		return;
	}
	memcpy(c->last + c->last_n, bytes, n);
	c->last_n += n;
}

static void
mode_set(struct cmdline *c, unsigned mode, bool on, bool ahead)
{
	if (mode == 47 || mode == 1047 || mode == 1049)
		c->alternate = on;
	if (mode != 2004 || c->alternate)
		return;
	if (!on && c->vt != NULL)
		accepted(c);
	if (!on) {
		editing_end(c);
		return;
	}
	size_t n = c->last_n;

	editing_begin(c, ahead);
	feed(c, c->last, n);
}

/* Advances over one byte. Returns true at the end of a sequence that was acted upon. */
static bool
step(struct cmdline *c, uint8_t b)
{
	struct modes *m = &c->modes;

	switch (m->at) {
	case GROUND:
		m->at = b == 0x1b ? ESCAPE : GROUND;
		return false;
	case ESCAPE:
		m->at = b == '[' ? BRACKET : b == 0x1b ? ESCAPE : GROUND;
		return false;
	case BRACKET:
		m->number = 0;
		m->at = b == '?' ? NUMBER : b == 0x1b ? ESCAPE : GROUND;
		return false;
	case NUMBER:
		break;
	}
	if (b >= '0' && b <= '9') {
		m->number = m->number < 10000 ? m->number * 10 + (b - '0') : 10000;
		return false;
	}
	if (b == ';') { /* each of several modes counts; only the last decides on what is fed */
		m->number = 0;
		return false;
	}
	m->at = b == 0x1b ? ESCAPE : GROUND;
	return b == 'h' || b == 'l';
}

/* The state that the last bytes of a piece leave behind, where no sequence that matters is under way. */
static void
modes_settle(struct modes *m, const uint8_t *bytes, size_t n)
{
	if (n >= 1 && bytes[n - 1] == 0x1b)
		m->at = ESCAPE;
	else if (n >= 2 && bytes[n - 2] == 0x1b && bytes[n - 1] == '[')
		m->at = BRACKET;
}

/*
 * From GROUND at bytes[at]: the place of the next '?' that follows ESC [, or n. It is the '?' that is
 * looked for: colourful output is full of ESC [, and has few of those.
 */
static size_t
modes_next(struct modes *m, const uint8_t *bytes, size_t at, size_t n)
{
	const uint8_t *found, *from = bytes + at, *end = bytes + n;

	for (; (found = memchr(from, '?', (size_t)(end - from))) != NULL; from = found + 1)
		if (found - bytes >= (ptrdiff_t)at + 2 && found[-1] == '[' && found[-2] == 0x1b) {
			m->at = BRACKET;
			return (size_t)(found - bytes);
		}
	modes_settle(m, bytes + at, n - at);
	return n;
}

void
cmdline_output(struct cmdline *c, const uint8_t *bytes, size_t n, bool ahead)
{
	size_t from = 0;

	for (size_t i = 0; i < n; i++) {
		if (c->modes.at == GROUND)
			i = modes_next(&c->modes, bytes, i, n);
		if (i == n || !step(c, bytes[i]))
			continue;
		feed(c, bytes + from, i + 1 - from);
		if (c->vt == NULL)
			remember(c, bytes + from, i + 1 - from);
		from = i + 1;
		mode_set(c, c->modes.number, bytes[i] == 'h', ahead);
	}
	feed(c, bytes + from, n - from);
	if (c->vt == NULL)
		remember(c, bytes + from, n - from);
}

void
cmdline_typed(struct cmdline *c, const uint8_t *bytes, size_t n)
{
	size_t from = c->vt == NULL ? line_complete(bytes, n) : 0;

	if (c->vt != NULL && !c->started && c->fed > 0)
		line_start(c);
	if (from > 0)
		typed_forget(c); /* a line for whoever runs now */
	for (size_t i = from; i < n && c->typed_n < TYPED_MAX; i++)
		if (bytes[i] >= 0x20 && bytes[i] != 0x7f)
			c->typed[c->typed_n++] = bytes[i];
}

bool
cmdline_is_ahead(const struct cmdline *c)
{
	return c->ahead;
}

struct cmdline *
cmdline_new(unsigned cols, cmdline_emit *emit, void *arg)
{
	struct cmdline *c = calloc(1, sizeof *c);

	if (c == NULL)
		return NULL;
	c->emit = emit;
	c->arg = arg;
	cmdline_resize(c, cols);
	return c;
}

void
cmdline_free(struct cmdline *c)
{
	if (c != NULL)
		editing_end(c);
	free(c);
}

void
cmdline_resize(struct cmdline *c, unsigned cols)
{
	c->cols = cols < COLS_MIN ? 80 : cols > COLS_MAX ? COLS_MAX : cols;
	if (c->vt != NULL)
		editing_begin(c, true); /* the editor draws its line anew */
}
