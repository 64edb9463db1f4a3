/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttyacct. Tables and bars that fit the terminal. */
#include "table.h"

#include <string.h>
#include <wchar.h>
#include <stdlib.h>

enum {
	CELL_MAX = 512,
	GAP = 2,
	TEXT_MIN = 8,
	TEXT_ENOUGH = 12,
	TIME_WIDTH = 19,
};

/* Columns on the screen; what wcwidth does not know counts as one. */
static int
text_width(const char *s)
{
	mbstate_t state = {0};
	int width = 0;

	while (*s) {
		wchar_t c;
		size_t n = mbrtowc(&c, s, MB_CUR_MAX, &state);

		if (n == (size_t)-1 || n == (size_t)-2) {
			memset(&state, 0, sizeof state);
			n = 1, c = L'?';
		}
		width += wcwidth(c) >= 0 ? wcwidth(c) : 1;
		s += n;
	}
	return width;
}

/* Prints at most `room` columns of it and says how many it took; what is cut off ends in an
 * ellipsis. */
static int
put_clipped(const struct print *p, const char *s, int room)
{
	mbstate_t state = {0};
	bool cut = text_width(s) > room;
	int used = 0, limit = cut ? room - 1 : room;

	while (*s) {
		wchar_t c;
		size_t n = mbrtowc(&c, s, MB_CUR_MAX, &state);
		int w;

		if (n == (size_t)-1 || n == (size_t)-2) {
			memset(&state, 0, sizeof state);
			n = 1, c = L'?';
		}
		w = wcwidth(c) >= 0 ? wcwidth(c) : 1;
		if (used + w > limit)
			break;
		fwrite(s, 1, n, p->out);
		used += w;
		s += n;
	}
	if (cut) {
		fputs(p->unicode ? "\u2026" : "~", p->out);
		used++;
	}
	return used;
}

static void
put_padded(const struct print *p, const char *s, int width, bool right)
{
	int used = text_width(s);

	if (right && used < width)
		fprintf(p->out, "%*s", width - used, "");
	used = put_clipped(p, s, width);
	if (!right && used < width)
		fprintf(p->out, "%*s", width - used, "");
}

/* How a table is laid out in the terminal it gets. */
struct layout {
	int width[TABLE_COLUMNS_MAX]; /* 0: left out */
	int data[TABLE_COLUMNS_MAX];  /* as wide as the rows are, without the title */
	enum {
		TIME_FULL,    /* 2026-11-22 12:34:56 */
		TIME_MINUTES, /* 2026-11-22 12:34 */
		TIME_SHORT,   /* 11-22 12:34 */
	} time;
};

/* A cell's text as this layout has it; buf holds it. */
static const char *
layout_cell(const struct layout *l, const struct table *t, const struct print *p, size_t row,
    size_t column, char buf[CELL_MAX])
{
	const struct column *col = &t->columns[column];
	char *s = print_cell(col, &t->cells[row * t->width + column], p->exact, buf, CELL_MAX);

	if (col->kind != COLUMN_TIME || strlen(s) != TIME_WIDTH)
		return s;
	if (l->time != TIME_FULL)
		s[TIME_WIDTH - 3] = 0;
	return l->time == TIME_SHORT ? s + 5 : s;
}

static void
layout_measure(struct layout *l, const struct table *t, const struct print *p)
{
	char buf[CELL_MAX];

	for (size_t c = 0; c < t->width; c++) {
		int title = text_width(t->columns[c].title);

		l->data[c] = 0;
		for (size_t r = 0; r < t->rows; r++) {
			int w = text_width(layout_cell(l, t, p, r, c, buf));

			l->data[c] = w > l->data[c] ? w : l->data[c];
		}
		l->width[c] = l->data[c] > title ? l->data[c] : title;
	}
}

/* What the columns take when none is wider than `most`, with the gaps between them. */
static int
layout_total(const struct layout *l, const struct table *t, int most)
{
	int total = -GAP;

	for (size_t c = 0; c < t->width; c++) {
		bool text = t->columns[c].kind == COLUMN_TEXT && c > 0;

		if (l->width[c] > 0)
			total += (text && l->width[c] > most ? most : l->width[c]) + GAP;
	}
	return total;
}

/* Leaves out the column that can best be spared, of this rank or above. */
static bool
layout_drop(struct layout *l, const struct table *t, int rank)
{
	size_t which = 0;

	for (size_t c = 0; c < t->width; c++)
		if (l->width[c] > 0 && t->columns[c].spare >= rank) {
			rank = t->columns[c].spare;
			which = c;
		}
	l->width[which] = which ? 0 : l->width[which];
	return which > 0;
}

static void
layout_times(struct layout *l, const struct table *t, int form)
{
	static const int widths[] = {TIME_WIDTH, TIME_WIDTH - 3, TIME_WIDTH - 8};

	l->time = (unsigned)form;
	for (size_t c = 0; c < t->width; c++)
		if (t->columns[c].kind == COLUMN_TIME && l->width[c] > widths[form])
			l->width[c] = widths[form];
}

/* Narrows the widest text down to `least`, the first column last of all. */
static bool
layout_narrow(struct layout *l, const struct table *t, int least)
{
	size_t widest = 0;

	for (size_t c = 1; c < t->width; c++)
		if (t->columns[c].kind == COLUMN_TEXT && l->width[c] > least &&
		    (widest == 0 || l->width[c] >= l->width[widest]))
			widest = c;
	if (l->width[widest] <= least)
		return false;
	l->width[widest]--;
	return true;
}

/*
 * Details go first, from the least to the most important; then the times' seconds, their years, and the ends of titles
 * over figures; then more columns, until the texts that are left have some room; then these are narrowed.
 */
static void
layout_fit(struct layout *l, const struct table *t, const struct print *p)
{
	layout_measure(l, t, p);
	while (layout_total(l, t, CELL_MAX) > p->columns && layout_drop(l, t, SPARE_DETAIL))
		;
	for (int form = TIME_MINUTES; form <= TIME_SHORT; form++)
		if (layout_total(l, t, CELL_MAX) > p->columns)
			layout_times(l, t, form);
	for (size_t c = 1; c < t->width; c++) {
		int least = l->data[c] > TEXT_MIN ? l->data[c] : TEXT_MIN;

		if (layout_total(l, t, CELL_MAX) > p->columns && l->width[c] > least &&
		    t->columns[c].kind != COLUMN_TEXT)
			l->width[c] = least;
	}
	while (layout_total(l, t, TEXT_ENOUGH) > p->columns && layout_drop(l, t, 1))
		;
	for (int least = TEXT_MIN; least > 0; least /= 2)
		while (layout_total(l, t, CELL_MAX) > p->columns && layout_narrow(l, t, least))
			;
}

void
print_table(const struct table *t, const struct print *p)
{
	struct layout l = {0};
	char buf[CELL_MAX];

	layout_fit(&l, t, p);
	for (size_t row = 0; row <= t->rows; row++) {
		bool first = true;

		for (size_t c = 0; c < t->width; c++) {
			const struct column *col = &t->columns[c];

			if (l.width[c] == 0)
				continue;
			fprintf(p->out, "%*s", first ? 0 : GAP, "");
			put_padded(p,
			    row == 0 ? col->title : layout_cell(&l, t, p, row - 1, c, buf),
			    l.width[c], col->kind == COLUMN_BYTES || col->kind == COLUMN_COUNT);
			first = false;
		}
		fputc('\n', p->out);
	}
}

/* Eighths of a column, so that small differences can be seen. */
static void
put_bar(const struct print *p, int64_t value, int64_t most, int room)
{
	static const char *const eighths[] = {
	    "", "\u258f", "\u258e", "\u258d", "\u258c", "\u258b", "\u258a", "\u2589"};
	int n = most > 0 ? (int)((double)value / (double)most * room * 8 + 0.5) : 0;

	if (n == 0 && value > 0)
		n = 1;
	for (int i = 0; i < n / 8; i++)
		fputs(p->unicode ? "\u2588" : "#", p->out);
	if (n % 8)
		fputs(p->unicode ? eighths[n % 8] : n % 8 >= 4 || n < 8 ? "#" : "", p->out);
}

/* What the bars are: "In + Out". */
static void
put_chart_title(const struct table *t, const struct print *p)
{
	const struct column text = {.kind = COLUMN_TEXT};
	const struct cell note = {(char *)(uintptr_t)t->note, 0};
	char buf[CELL_MAX];

	fprintf(p->out, "%s:", t->title);
	for (size_t c = t->bar; c < t->bar + t->bars; c++)
		fprintf(p->out, "%s %s", c > t->bar ? " +" : "", t->columns[c].title);
	fprintf(p->out, "%s%s\n", t->note[0] ? ", " : "",
	    print_cell(&text, &note, false, buf, sizeof buf));
}

void
print_chart(const struct table *t, const struct print *p)
{
	const struct column sums = {.kind = COLUMN_BYTES};
	struct layout l = {0};
	int label, value = 0, room;
	int64_t most = table_bar_most(t);
	char buf[CELL_MAX];

	layout_measure(&l, t, p);
	label = l.data[0] < p->columns / 3 ? l.data[0] : p->columns / 3;
	for (size_t r = 0; r < t->rows; r++) {
		const struct cell sum = {NULL, table_bar(t, r)};
		int w = text_width(print_cell(&sums, &sum, p->exact, buf, sizeof buf));

		value = w > value ? w : value;
	}
	room = p->columns - label - value - 2 * GAP;
	room = room < 10 ? 10 : room;
	put_chart_title(t, p);
	for (size_t r = 0; r < t->rows; r++) {
		const struct cell sum = {NULL, table_bar(t, r)};

		put_padded(p, layout_cell(&l, t, p, r, 0, buf), label, false);
		fprintf(p->out, "%*s", GAP, "");
		put_padded(p, print_cell(&sums, &sum, p->exact, buf, sizeof buf), value, true);
		fprintf(p->out, "%*s", GAP, "");
		put_bar(p, sum.number, most, room);
		fputc('\n', p->out);
	}
}
