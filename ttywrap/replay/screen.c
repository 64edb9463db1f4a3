/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. The bytes fed are hostile: libvterm gets what the filter lets
 * through. */
#include "replay/screen.h"

#include "common/utf8.h"
#include "replay/arena.h"
#include "replay/filter.h"
#include "replay/skim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vterm.h>

/* libvterm never fails an allocation gracefully: room for the largest window, twice (it copies on a
 * resize). */
#define ARENA_SIZE ((size_t)256 << 20)

/*
 * libvterm 0.1 takes a saved cursor back that lies outside a window which has shrunk since, and writes there. Every CSI makes
 * it clamp the cursor: this one (DECCKM off) does nothing else that can be seen.
 */
#define CLAMP "\033[?1l"

/* What changes while playing, apart from libvterm's own memory. */
struct state {
	struct filter filter;
	unsigned cols, rows;
	bool cursor_shown;
	bool alternate;
};

struct screen {
	struct arena *arena;
	VTerm *vt;
	VTermScreen *vts;
	struct state now;
	struct screen_watch watch;
	bool any_changed;
	bool changed[SCREEN_ROWS_MAX];
	char text[SCREEN_TEXT_MAX];
};

struct screen_moment {
	struct state state;
	struct arena_copy *memory;
};

static void *
vterm_take(size_t n, void *arena)
{
	void *p = arena_take(arena, n);

	if (!p)
		abort(); /* libvterm would write to it */
	return p;
}

static void
vterm_give(void *p, void *arena)
{
	arena_give(arena, p);
}

static int
on_damage(VTermRect rect, void *user)
{
	struct screen *s = user;

	for (int row = rect.start_row; row < rect.end_row && row < (int)SCREEN_ROWS_MAX; row++)
		s->changed[row] = true;
	s->any_changed = true;
	return 1;
}

static int
on_move(VTermRect dest, VTermRect src, void *user)
{
	struct screen *s = user;
	unsigned to = (unsigned)dest.start_row, from = (unsigned)src.start_row,
		 n = (unsigned)(dest.end_row - dest.start_row);

	if (!s->watch.move || n == 0 || dest.start_col != 0 || dest.end_col != (int)s->now.cols ||
	    to + n > s->now.rows || from + n > s->now.rows)
		return 0; /* damaged, then */
	memmove(s->changed + to, s->changed + from, n * sizeof *s->changed);
	/* What runs on into the next row has another neighbour now. */
	s->changed[to > 0 ? to - 1 : 0] = true;
	s->changed[to + n - 1] = true;
	s->watch.move(s->watch.to, to, from, n);
	s->any_changed = true;
	return 1;
}

static int
on_cursor(VTermPos pos, VTermPos old, int visible, void *user)
{
	(void)pos, (void)old, (void)visible;
	((struct screen *)user)->any_changed = true;
	return 1;
}

static int
on_property(VTermProp prop, VTermValue *value, void *user)
{
	struct screen *s = user;

	if (prop == VTERM_PROP_CURSORVISIBLE)
		s->now.cursor_shown = value->boolean;
	if (prop == VTERM_PROP_ALTSCREEN)
		s->now.alternate = value->boolean;
	s->any_changed = true;
	return 1;
}

static size_t cells_text(const VTermScreenCell *cells, unsigned n, char *text, size_t cap);

/* libvterm keeps no scrollback itself and offers each line that leaves the main screen. */
static int
on_line(int cols, const VTermScreenCell *cells, void *user)
{
	struct screen *s = user;
	size_t len;

	if (!s->watch.line || cols <= 0)
		return 0;
	len = cells_text(cells, (unsigned)cols, s->text, sizeof s->text);
	s->watch.line(s->watch.to, s->text, len, cells[cols - 1].chars[0] != 0);
	return 0;
}

/* ED 0 in the upper left corner is how many terminals' "clear" is spelled. */
static void
on_event(void *to, enum filter_event event)
{
	struct screen *s = to;
	unsigned row, col;

	if (!s->watch.picture)
		return;
	screen_cursor(s, &row, &col);
	if (event == FILTER_ALTERNATE_ON || event == FILTER_ALTERNATE_OFF)
		s->watch.picture(s->watch.to, event == FILTER_ALTERNATE_ON);
	else if (!s->now.alternate && (event == FILTER_ERASE_ALL || (row == 0 && col == 0)))
		s->watch.picture(s->watch.to, false);
}

static const VTermScreenCallbacks callbacks = {.damage = on_damage,
    .moverect = on_move,
    .movecursor = on_cursor,
    .settermprop = on_property,
    .sb_pushline = on_line};

static unsigned
clamp(unsigned n, unsigned min, unsigned max)
{
	return n < min ? min : n > max ? max : n;
}

struct screen *
screen_new(unsigned cols, unsigned rows)
{
	static VTermAllocatorFunctions memory = {.malloc = vterm_take, .free = vterm_give};
	struct screen *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->now.cols = clamp(cols, SCREEN_COLS_MIN, SCREEN_COLS_MAX);
	s->now.rows = clamp(rows, 1, SCREEN_ROWS_MAX);
	s->now.cursor_shown = true;
	s->arena = arena_new(ARENA_SIZE);
	if (!s->arena) {
		free(s);
		return NULL;
	}
	filter_init(&s->now.filter, s->now.cols, false);
	s->now.filter.on_event = on_event;
	s->now.filter.event_to = s;
	s->now.filter.after_restore = CLAMP;
	s->vt = vterm_new_with_allocator((int)s->now.rows, (int)s->now.cols, &memory, s->arena);
	vterm_set_utf8(s->vt, 1);
	s->vts = vterm_obtain_screen(s->vt);
	vterm_screen_enable_altscreen(s->vts, 1);
	vterm_screen_set_damage_merge(s->vts, VTERM_DAMAGE_ROW);
	vterm_screen_reset(s->vts, 1);
	vterm_screen_set_callbacks(s->vts, &callbacks, s);
	return s;
}

void
screen_free(struct screen *s)
{
	if (!s)
		return;
	arena_free(s->arena); /* all of libvterm's memory with it */
	free(s);
}

void
screen_touch(struct screen *s)
{
	memset(s->changed, 1, sizeof s->changed);
	s->any_changed = true;
}

static void
cursor_move(struct screen *s, int row, int col)
{
	char move[32];

	row = row < 0 ? 0 : row;
	vterm_input_write(
	    s->vt, move, (size_t)snprintf(move, sizeof move, "\033[%d;%dH", row + 1, col + 1));
}

/*
 * Before a resize: terminals forget their scrolling region and margins then, and libvterm 0.1 would scroll by the
 * old ones, outside of its memory.
 */
static void
regions_reset(struct screen *s)
{
	static const char reset[] = "\033[?69l\033[?6l\033[r";
	VTermPos at;

	vterm_state_get_cursorpos(vterm_obtain_state(s->vt), &at);
	vterm_input_write(s->vt, reset, sizeof reset - 1);
	cursor_move(s, at.row, at.col);
	s->now.filter.margins = false;
	s->now.filter.top = s->now.filter.bottom = 0;
}

/* After it: the lines have moved up with the cursor, which libvterm 0.1 lets go above the first one, and write there. */
static void
cursor_contain(struct screen *s)
{
	VTermPos at;

	vterm_state_get_cursorpos(vterm_obtain_state(s->vt), &at);
	cursor_move(s, at.row, at.col);
}

void
screen_resize(struct screen *s, unsigned cols, unsigned rows)
{
	cols = clamp(cols, SCREEN_COLS_MIN, SCREEN_COLS_MAX);
	rows = clamp(rows, 1, SCREEN_ROWS_MAX);
	if (cols == s->now.cols && rows == s->now.rows)
		return;
	regions_reset(s);
	s->now.cols = cols;
	s->now.rows = rows;
	s->now.filter.cols = cols;
	vterm_set_size(s->vt, (int)rows, (int)cols);
	cursor_contain(s);
	vterm_screen_flush_damage(s->vts);
	screen_touch(s);
}

void
screen_size(const struct screen *s, unsigned *cols, unsigned *rows)
{
	*cols = s->now.cols;
	*rows = s->now.rows;
}

static void
to_vterm(void *to, const char *bytes, size_t n)
{
	vterm_input_write(to, bytes, n);
}

void
screen_feed(struct screen *s, const uint8_t *bytes, size_t n)
{
	filter_feed(&s->now.filter, bytes, n, to_vterm, s->vt);
	vterm_screen_flush_damage(s->vts);
	if (!arena_is_intact(s->arena))
		abort(); /* a bug of libvterm's, and a recording that knows it: better no picture than its picture */
}

void
screen_feed_unseen(struct screen *s, const uint8_t *bytes, size_t n)
{
	const struct filter *f = &s->now.filter;
	size_t from = skim_from(bytes, n);
	uint8_t *rest;
	bool whole;

	screen_feed(s, bytes, from);
	whole = f->top <= 1 && (f->bottom == 0 || f->bottom >= s->now.rows) && !f->margins;
	rest = whole && filter_is_idle(f) ? malloc(n - from + s->now.rows + 1) : NULL;
	if (rest)
		screen_feed(s, rest, skim(bytes + from, n - from, s->now.rows, rest));
	else
		screen_feed(s, bytes + from, n - from);
	free(rest);
}

static uint32_t
colour_of(const VTermColor *c)
{
	if (VTERM_COLOR_IS_DEFAULT_FG(c) || VTERM_COLOR_IS_DEFAULT_BG(c))
		return SCREEN_DEFAULT;
	if (VTERM_COLOR_IS_INDEXED(c))
		return SCREEN_INDEXED(c->indexed.idx);
	return SCREEN_RGB | (uint32_t)c->rgb.red << 16 | (uint32_t)c->rgb.green << 8 | c->rgb.blue;
}

static uint32_t
attributes_of(const VTermScreenCellAttrs *a)
{
	return (a->bold ? SCREEN_BOLD : 0u) | (a->italic ? SCREEN_ITALIC : 0u) |
	       (a->underline ? SCREEN_UNDERLINE : 0u) | (a->blink ? SCREEN_BLINK : 0u) |
	       (a->reverse ? SCREEN_REVERSE : 0u) | (a->strike ? SCREEN_STRIKE : 0u);
}

/* No control character leaves here, whatever got into the emulator. */
static uint32_t
point_shown(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f) || point > 0x10ffff ? '?' : point;
}

void
screen_cell(const struct screen *s, unsigned row, unsigned col, struct screen_cell *out)
{
	VTermScreenCell c;
	VTermPos at = {.row = (int)row, .col = (int)col};

	memset(out, 0, sizeof *out);
	out->width = 1;
	if (row >= s->now.rows || col >= s->now.cols || !vterm_screen_get_cell(s->vts, at, &c))
		return;
	out->fg = colour_of(&c.fg);
	out->bg = colour_of(&c.bg);
	out->attrs = attributes_of(&c.attrs);
	if (c.chars[0] == (uint32_t)-1) {
		out->width = 0;
		return;
	}
	for (unsigned i = 0; i < SCREEN_CHARS && c.chars[i]; i++)
		out->chars[i] = point_shown(c.chars[i]);
	out->width = c.width == 2 && col + 1 < s->now.cols ? 2 : 1;
}

bool
screen_cursor(const struct screen *s, unsigned *row, unsigned *col)
{
	VTermPos at;

	vterm_state_get_cursorpos(vterm_obtain_state(s->vt), &at);
	*row = (unsigned)at.row < s->now.rows ? (unsigned)at.row : s->now.rows - 1;
	*col = (unsigned)at.col < s->now.cols ? (unsigned)at.col : s->now.cols - 1;
	return s->now.cursor_shown;
}

/* libvterm leaves what is behind a cell's last character as it was. Appends a cell's characters, a blank for an empty one. Returns the new length; stops short of cap
 * - 1. */
static size_t
cell_text(const VTermScreenCell *c, char *text, size_t len, size_t cap)
{
	if (c->chars[0] == (uint32_t)-1 || cap - len <= 4)
		return len;
	if (c->chars[0] == 0) {
		text[len] = ' ';
		return len + 1;
	}
	for (unsigned i = 0; i < SCREEN_CHARS && c->chars[i] && cap - len > 4; i++)
		len += utf8_put((uint8_t *)text + len, point_shown(c->chars[i]));
	return len;
}

static size_t
cells_text(const VTermScreenCell *cells, unsigned n, char *text, size_t cap)
{
	size_t len = 0;

	for (unsigned i = 0; i < n; i++)
		len = cell_text(&cells[i], text, len, cap);
	while (len > 0 && text[len - 1] == ' ')
		len--;
	text[len] = '\0';
	return len;
}

/*
 * Several times as fast as cell by cell, which most of a search's time would be. Returns false when
 * there is something in it that needs a closer look: too long, or perhaps no character.
 */
static bool
row_text_plain(const struct screen *s, unsigned row, char *text, size_t cap, size_t *len)
{
	const VTermRect all = {
	    .start_row = (int)row, .end_row = (int)row + 1, .end_col = (int)s->now.cols};

	*len = vterm_screen_get_text(s->vts, text, cap - 1, all);
	if (*len > cap - 1)
		return false;
	for (size_t i = 0; i < *len; i++) {
		uint8_t c = (uint8_t)text[i];

		if (c < 0x20 || c == 0x7f || c == 0xc2 || c >= 0xf4)
			return false;
	}
	return true;
}

size_t
screen_row_text(const struct screen *s, unsigned row, char *text, size_t cap)
{
	size_t len = 0;
	bool plain = row < s->now.rows && row_text_plain(s, row, text, cap, &len);

	if (!plain)
		len = 0;
	for (unsigned col = 0; !plain && row < s->now.rows && col < s->now.cols; col++) {
		VTermScreenCell c;
		VTermPos at = {.row = (int)row, .col = (int)col};

		if (vterm_screen_get_cell(s->vts, at, &c))
			len = cell_text(&c, text, len, cap);
	}
	while (len > 0 && text[len - 1] == ' ')
		len--;
	text[len] = '\0';
	return len;
}

bool
screen_row_continues(const struct screen *s, unsigned row)
{
	VTermScreenCell c;
	VTermPos at = {.row = (int)row, .col = (int)s->now.cols - 1};

	return row < s->now.rows && vterm_screen_get_cell(s->vts, at, &c) && c.chars[0] != 0;
}

bool
screen_alternate(const struct screen *s)
{
	return s->now.alternate;
}

struct screen_moment *
screen_save(const struct screen *s)
{
	struct screen_moment *m = calloc(1, sizeof *m);

	if (!m)
		return NULL;
	m->state = s->now;
	m->memory = arena_save(s->arena);
	if (!m->memory) {
		free(m);
		return NULL;
	}
	return m;
}

size_t
screen_moment_size(const struct screen_moment *m)
{
	return sizeof *m + arena_copy_size(m->memory);
}

void
screen_restore(struct screen *s, const struct screen_moment *m)
{
	s->now = m->state;
	arena_restore(s->arena, m->memory);
	screen_touch(s);
}

void
screen_moment_free(struct screen_moment *m)
{
	if (!m)
		return;
	arena_copy_free(m->memory);
	free(m);
}

void
screen_watch(struct screen *s, const struct screen_watch *watch)
{
	s->watch = *watch;
}

bool
screen_row_changed(struct screen *s, unsigned row)
{
	bool was = row < SCREEN_ROWS_MAX && s->changed[row];

	if (was)
		s->changed[row] = false;
	return was;
}

bool
screen_changed(struct screen *s)
{
	bool was = s->any_changed;

	s->any_changed = false;
	return was;
}
