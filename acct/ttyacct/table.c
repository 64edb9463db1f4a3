/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttyacct. Tables in memory, and how a cell is printed for people. Texts come from the ledger:
 * untrusted. */
#include "table.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/utf8.h"

void
table_init(struct table *t, const char *title)
{
	*t = (struct table){.title = title};
}

void
table_free(struct table *t)
{
	for (size_t i = 0; i < t->rows * t->width; i++)
		free(t->cells[i].text);
	free(t->cells);
	table_init(t, t->title);
}

void
table_column(struct table *t, const char *name, const char *title, enum column_kind kind, int spare)
{
	if (t->width < TABLE_COLUMNS_MAX)
		t->columns[t->width++] = (struct column){name, title, kind, spare};
}

struct cell *
table_row(struct table *t)
{
	if (t->rows == t->room) {
		size_t room = t->room ? t->room * 2 : 64;
		struct cell *more = reallocarray(t->cells, room * t->width, sizeof *more);

		if (!more)
			return NULL;
		t->cells = more;
		t->room = room;
	}
	memset(t->cells + t->rows * t->width, 0, t->width * sizeof *t->cells);
	return t->cells + t->rows++ * t->width;
}

int64_t
table_bar(const struct table *t, size_t row)
{
	int64_t sum = 0;

	for (size_t c = t->bar; c < t->bar + t->bars; c++)
		sum += t->cells[row * t->width + c].number;
	return sum;
}

int64_t
table_bar_most(const struct table *t)
{
	int64_t most = 0;

	for (size_t r = 0; r < t->rows; r++)
		if (table_bar(t, r) > most)
			most = table_bar(t, r);
	return most;
}

void
cell_set(struct cell *c, const char *text)
{
	free(c->text);
	c->text = strdup(text ? text : "");
}

char *
print_units(int64_t bytes, char *buf, size_t n)
{
	static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double v = (double)bytes;
	int u = -1;

	while (v >= 1023.95 && u < 5) {
		v /= 1024;
		u++;
	}
	if (u < 0)
		snprintf(buf, n, "%lld", (long long)bytes);
	else
		snprintf(buf, n, "%.1f %s", v, units[u]);
	return buf;
}

char *
print_time(int64_t time_ns, char *buf, size_t n)
{
	time_t s = (time_t)(time_ns / 1000000000);
	struct tm tm;

	if (time_ns == 0) {
		snprintf(buf, n, "-");
		return buf;
	}
	localtime_r(&s, &tm);
	strftime(buf, n, "%Y-%m-%d %H:%M:%S", &tm);
	return buf;
}

/* C0, DEL and C1 (as UTF-8 and as a stray byte) become '?'. */
static void
text_clean(const char *text, char *buf, size_t n)
{
	const uint8_t *s = (const uint8_t *)text;
	size_t left = strlen(text), len = 0;

	while (left > 0) {
		int k = utf8_at(s, left);
		size_t step = k > 0 ? (size_t)k : k < 0 ? (size_t)-k : left;
		bool bad = k <= 0 || s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0);

		if (len + (bad ? 1 : step) + 1 > n)
			break;
		if (bad)
			buf[len++] = '?';
		else
			memcpy(buf + len, s, step), len += step;
		s += step;
		left -= step;
	}
	buf[len] = 0;
}

char *
print_cell(const struct column *col, const struct cell *c, bool exact, char *buf, size_t n)
{
	switch (col->kind) {
	case COLUMN_TEXT:
		text_clean(c->text ? c->text : "", buf, n);
		return buf;
	case COLUMN_BYTES:
		if (!exact)
			return print_units(c->number, buf, n);
		break;
	case COLUMN_TIME:
		return print_time(c->number, buf, n);
	case COLUMN_COUNT:
		break;
	}
	snprintf(buf, n, "%lld", (long long)c->number);
	return buf;
}
