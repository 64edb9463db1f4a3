/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttyacct. Tables and bars that fit the terminal. */
#include "table.h"

#include <string.h>
#include <wchar.h>
#include <stdlib.h>

enum {
	CELL_MAX = 512,
	GAP = 2,
	TEXT_MIN = 8
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

static void
widths_natural(const struct table *t, const struct print *p, int width[TABLE_COLUMNS_MAX])
{
	char buf[CELL_MAX];

	for (size_t c = 0; c < t->width; c++) {
		width[c] = text_width(t->columns[c].title);
		for (size_t r = 0; r < t->rows; r++) {
			int w = text_width(print_cell(&t->columns[c], &t->cells[r * t->width + c],
			    p->exact, buf, sizeof buf));

			width[c] = w > width[c] ? w : width[c];
		}
	}
}

static int
width_total(const struct table *t, const int width[TABLE_COLUMNS_MAX])
{
	int total = -GAP;

	for (size_t c = 0; c < t->width; c++)
		total += width[c] > 0 ? width[c] + GAP : 0;
	return total;
}

/* First the optional columns go, from the right; then texts are narrowed. A width of 0 leaves a
 * column out. */
static void
widths_fit(const struct table *t, const struct print *p, int width[TABLE_COLUMNS_MAX])
{
	for (size_t c = t->width; c-- > 0 && width_total(t, width) > p->columns;)
		if (t->columns[c].optional)
			width[c] = 0;
	for (size_t c = 0; c < t->width; c++) {
		int over = width_total(t, width) - p->columns;

		if (over > 0 && t->columns[c].kind == COLUMN_TEXT && width[c] > TEXT_MIN)
			width[c] = width[c] - over > TEXT_MIN ? width[c] - over : TEXT_MIN;
	}
}

void
print_table(const struct table *t, const struct print *p)
{
	int width[TABLE_COLUMNS_MAX];
	char buf[CELL_MAX];

	widths_natural(t, p, width);
	widths_fit(t, p, width);
	for (size_t row = 0; row <= t->rows; row++) {
		bool first = true;

		for (size_t c = 0; c < t->width; c++) {
			const struct column *col = &t->columns[c];
			const char *s = row == 0
					    ? col->title
					    : print_cell(col, &t->cells[(row - 1) * t->width + c],
						  p->exact, buf, sizeof buf);

			if (width[c] == 0)
				continue;
			fprintf(p->out, "%*s", first ? 0 : GAP, "");
			put_padded(
			    p, s, width[c], col->kind == COLUMN_BYTES || col->kind == COLUMN_COUNT);
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

void
print_chart(const struct table *t, const struct print *p)
{
	int width[TABLE_COLUMNS_MAX], label, value, room;
	size_t bar = t->bar < 0 ? t->width - 1 : (size_t)t->bar;
	int64_t most = 0;
	char buf[CELL_MAX];

	widths_natural(t, p, width);
	value = width[bar];
	label = width[0] < p->columns / 3 ? width[0] : p->columns / 3;
	room = p->columns - label - value - 2 * GAP;
	room = room < 10 ? 10 : room;
	for (size_t r = 0; r < t->rows; r++)
		if (t->cells[r * t->width + bar].number > most)
			most = t->cells[r * t->width + bar].number;
	fprintf(p->out, "%s: %s\n", t->title, t->columns[bar].title);
	for (size_t r = 0; r < t->rows; r++) {
		const struct cell *row = t->cells + r * t->width;

		put_padded(p, print_cell(&t->columns[0], &row[0], p->exact, buf, sizeof buf), label,
		    false);
		fprintf(p->out, "%*s", GAP, "");
		put_padded(p, print_cell(&t->columns[bar], &row[bar], p->exact, buf, sizeof buf),
		    value, true);
		fprintf(p->out, "%*s", GAP, "");
		put_bar(p, row[bar].number, most, room);
		fputc('\n', p->out);
	}
}
