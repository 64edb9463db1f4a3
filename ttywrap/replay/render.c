/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Trusts the screen's promise that a cell holds no control
 * character. */
#include "replay/render.h"

#include "replay/points.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct render {
	unsigned cols, rows;       /* the window */
	unsigned off_col, off_row; /* of the screen's part that is shown */
	bool ascii;
	bool known; /* the window shows what is in cells */
	bool shown; /* ... and its cursor, there: */
	unsigned cursor_row, cursor_col;
	struct screen_cell *cells, *wanted;
};

/* Where the real cursor and pen are while a frame is written. */
struct pen {
	struct screen_cell cell; /* its colours and attributes are the pen's */
	unsigned row, col;
	bool placed;
};

struct render *
render_new(bool ascii)
{
	struct render *r = calloc(1, sizeof *r);

	if (r)
		r->ascii = ascii;
	return r;
}

void
render_free(struct render *r)
{
	if (!r)
		return;
	free(r->cells);
	free(r->wanted);
	free(r);
}

int
render_resize(struct render *r, unsigned cols, unsigned rows)
{
	size_t n = (size_t)cols * rows;
	struct screen_cell *cells = calloc(n + 1, sizeof *cells),
			   *wanted = calloc(n + 1, sizeof *wanted);

	if (!cells || !wanted) {
		free(cells);
		free(wanted);
		return -ENOMEM;
	}
	free(r->cells);
	free(r->wanted);
	r->cells = cells;
	r->wanted = wanted;
	r->cols = cols;
	r->rows = rows;
	r->known = false;
	return 0;
}

static void
colour_add(struct buffer *out, uint32_t colour, int base)
{
	unsigned i = colour & 0xff;

	if (colour == SCREEN_DEFAULT)
		return;
	if (colour & SCREEN_RGB)
		buffer_format(
		    out, ";%d;2;%u;%u;%u", base + 8, colour >> 16 & 0xff, colour >> 8 & 0xff, i);
	else if (i < 8)
		buffer_format(out, ";%u", (unsigned)base + i);
	else if (i < 16)
		buffer_format(out, ";%u", (unsigned)base + 60 + i - 8);
	else
		buffer_format(out, ";%d;5;%u", base + 8, i);
}

static void
pen_add(struct buffer *out, const struct screen_cell *c)
{
	static const struct {
		uint32_t bit;
		const char *sgr;
	} attrs[] = {
	    {SCREEN_BOLD, ";1"},
	    {SCREEN_DIM, ";2"},
	    {SCREEN_ITALIC, ";3"},
	    {SCREEN_UNDERLINE, ";4"},
	    {SCREEN_BLINK, ";5"},
	    {SCREEN_REVERSE, ";7"},
	    {SCREEN_STRIKE, ";9"},
	};

	buffer_string(out, "\033[0");
	for (size_t i = 0; i < sizeof attrs / sizeof *attrs; i++)
		if (c->attrs & attrs[i].bit)
			buffer_string(out, attrs[i].sgr);
	colour_add(out, c->fg, 30);
	colour_add(out, c->bg, 40);
	buffer_string(out, "m");
}

static bool
pen_equal(const struct screen_cell *a, const struct screen_cell *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->attrs == b->attrs;
}

/* Lines and corners stay lines and corners where there is nothing but ASCII. */
static char
ascii_of(uint32_t point)
{
	if (point < 0x80)
		return (char)point;
	if (point == 0x2500 || point == 0x2501 || point == 0x2550)
		return '-';
	if (point == 0x2502 || point == 0x2503 || point == 0x2551)
		return '|';
	return point > 0x2500 && point <= 0x257f ? '+' : '?';
}

static void
cell_add(struct buffer *out, const struct screen_cell *c, bool ascii)
{
	char byte;

	if (c->width == 0)
		return;
	if (c->chars[0] == 0) {
		buffer_add(out, " ", 1);
		return;
	}
	for (unsigned i = 0; i < SCREEN_CHARS && c->chars[i]; i++) {
		if (!ascii)
			buffer_point(out, c->chars[i]);
		byte = ascii_of(c->chars[i]);
		if (ascii && (i == 0 || byte != '?'))
			buffer_add(out, &byte, 1);
	}
	if (ascii && c->width == 2)
		buffer_add(out, " ", 1);
}

static void
frame_cell(struct render *r, struct pen *pen, unsigned row, unsigned col, struct buffer *out)
{
	const struct screen_cell *c = &r->wanted[(size_t)row * r->cols + col];

	if (!pen->placed || pen->row != row || pen->col != col)
		buffer_format(out, "\033[%u;%uH", row + 1, col + 1);
	if (!pen_equal(&pen->cell, c))
		pen_add(out, c);
	cell_add(out, c, r->ascii);
	pen->cell = *c;
	pen->row = row;
	pen->col = col + 1;
	/* Terminals disagree about the width of what isn't ASCII: say the position again after it.
	 */
	pen->placed = c->width == 1 && c->chars[0] < 0x80 && c->chars[1] == 0 && pen->col < r->cols;
}

/* A wide character that changed has to be written whole, from its first cell. */
static bool
cell_differs(const struct render *r, size_t i)
{
	if (memcmp(&r->cells[i], &r->wanted[i], sizeof *r->cells) != 0)
		return true;
	return r->wanted[i].width == 2 &&
	       memcmp(&r->cells[i + 1], &r->wanted[i + 1], sizeof *r->cells) != 0;
}

/* Returns whether there were any. */
static bool
frame_differences(struct render *r, struct buffer *out)
{
	struct pen pen = {.placed = false, .cell = {.attrs = ~0u}};
	size_t from = out->len;

	for (unsigned row = 0; row < r->rows; row++)
		for (unsigned col = 0; col < r->cols; col++) {
			size_t i = (size_t)row * r->cols + col;

			if (cell_differs(r, i) && r->wanted[i].width > 0)
				frame_cell(r, &pen, row, col, out);
		}
	if (out->len == from)
		return false;
	buffer_string(out, "\033[0m");
	return true;
}

static void
frame_clear(struct render *r, struct buffer *out)
{
	buffer_string(out, "\033[0m\033[2J");
	memset(r->cells, 0, (size_t)r->rows * r->cols * sizeof *r->cells);
	for (size_t i = 0; i < (size_t)r->rows * r->cols; i++)
		r->cells[i].width = 1;
	r->known = true;
	r->shown = false;
	r->cursor_row = r->cursor_col = 0;
}

static void
cursor_want(struct render *r, unsigned row, unsigned col, bool shown, bool *changed)
{
	*changed |= row != r->cursor_row || col != r->cursor_col || shown != r->shown;
	r->cursor_row = row;
	r->cursor_col = col;
	r->shown = shown;
}

/* The first row (or column) to show of size, so that at, the cursor's, is among the room there is.
 */
static unsigned
offset_follow(unsigned off, unsigned size, unsigned room, unsigned at)
{
	if (size <= room)
		return 0;
	if (off > size - room)
		off = size - room;
	if (at < off)
		return at;
	return at >= off + room ? at - room + 1 : off;
}

static void
want_screen(struct render *r, const struct screen *s, unsigned room)
{
	unsigned cols, rows;

	screen_size(s, &cols, &rows);
	for (unsigned row = 0; row < room; row++)
		for (unsigned col = 0; col < r->cols; col++) {
			struct screen_cell *c = &r->wanted[(size_t)row * r->cols + col];

			screen_cell(s, row + r->off_row, col + r->off_col, c);
			if (c->width == 2 && col + 1 == r->cols) {
				c->width = 1;
				memset(c->chars, 0, sizeof c->chars);
			}
			if (c->width == 0 && col == 0)
				c->width = 1;
			if ((col == cols && row <= rows) || (row == rows && col < cols)) {
				c->chars[0] = col == cols && row == rows ? 0x2518
					      : col == cols              ? 0x2502
									 : 0x2500;
				c->attrs = SCREEN_DIM;
			}
		}
}

/* The status's characters, one a cell: it is ours, and holds no wide ones. */
static void
want_status(struct render *r, const char *status)
{
	struct screen_cell *line = &r->wanted[(size_t)(r->rows - 1) * r->cols];
	struct points points = {0};
	unsigned col = 0;

	memset(line, 0, r->cols * sizeof *line);
	for (unsigned i = 0; i < r->cols; i++) {
		line[i].width = 1;
		line[i].attrs = SCREEN_REVERSE;
	}
	for (; *status && col < r->cols; status++) {
		uint32_t got[2];
		unsigned n = points_take(&points, (uint8_t)*status, got);

		for (unsigned k = 0; k < n && col < r->cols; k++)
			line[col++].chars[0] =
			    got[k] < 0x20 || (got[k] >= 0x7f && got[k] < 0xa0) ? '?' : got[k];
	}
}

void
render_frame(
    struct render *r, const struct screen *s, const char *status, int edit, struct buffer *out)
{
	unsigned cols, rows, room = r->rows, row, col;
	struct screen_cell *swap;
	size_t from;
	bool drawn, shown = screen_cursor(s, &row, &col);

	if (r->rows == 0 || r->cols == 0)
		return;
	screen_size(s, &cols, &rows);
	if (status && r->rows > 1)
		room--;
	r->off_row = offset_follow(r->off_row, rows, room, row);
	/* Lines begin at the left: as long as the cursor is there, so is the window. */
	r->off_col = col < r->cols ? 0 : offset_follow(r->off_col, cols, r->cols, col);
	want_screen(r, s, room);
	if (status && r->rows > 1)
		want_status(r, status);
	if (!r->known)
		frame_clear(r, out);
	from = out->len;
	buffer_string(out, "\033[?25l");
	drawn = frame_differences(r, out);
	if (edit >= 0 && status)
		cursor_want(r, r->rows - 1, (unsigned)edit, true, &drawn);
	else
		cursor_want(r, row - r->off_row, col - r->off_col, shown, &drawn);
	if (r->shown)
		buffer_format(out, "\033[%u;%uH\033[?25h", r->cursor_row + 1, r->cursor_col + 1);
	if (!drawn)
		out->len = from;
	swap = r->cells;
	r->cells = r->wanted;
	r->wanted = swap;
}

static unsigned
row_used(const struct screen *s, unsigned row, unsigned cols)
{
	for (unsigned col = cols; col > 0; col--) {
		struct screen_cell c;

		screen_cell(s, row, col - 1, &c);
		if (c.chars[0] && c.chars[0] != ' ')
			return col;
	}
	return 0;
}

void
render_lines(const struct screen *s, bool ascii, struct buffer *out)
{
	unsigned cols, rows;

	screen_size(s, &cols, &rows);
	while (rows > 0 && row_used(s, rows - 1, cols) == 0)
		rows--;
	for (unsigned row = 0; row < rows; row++) {
		struct screen_cell pen = {0}, c;
		unsigned used = row_used(s, row, cols);

		for (unsigned col = 0; col < used; col++) {
			screen_cell(s, row, col, &c);
			if (!pen_equal(&pen, &c))
				pen_add(out, &c);
			cell_add(out, &c, ascii);
			pen = c;
		}
		buffer_string(out, "\033[0m\n");
	}
}
