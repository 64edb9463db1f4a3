/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttyacct. The same tables for programs: JSON and CSV (RFC 4180). Texts come from the ledger:
 * untrusted. */
#include "table.h"

#include <string.h>
#include <time.h>

#include "common/utf8.h"

static void
put_json_text(FILE *out, const char *text)
{
	const uint8_t *s = (const uint8_t *)text;
	size_t left = strlen(text);

	fputc('"', out);
	while (left > 0) {
		int k = utf8_at(s, left);
		size_t step = k > 0 ? (size_t)k : k < 0 ? (size_t)-k : left;

		if (k <= 0)
			fputs(UTF8_REPLACEMENT, out);
		else if (*s == '"' || *s == '\\')
			fprintf(out, "\\%c", *s);
		else if (*s < 0x20 || *s == 0x7f)
			fprintf(out, "\\u%04x", *s);
		else
			fwrite(s, 1, step, out);
		s += step;
		left -= step;
	}
	fputc('"', out);
}

/* As in the ledger: UTC, to the microsecond. */
static void
put_utc(FILE *out, int64_t time_ns)
{
	time_t s = (time_t)(time_ns / 1000000000);
	struct tm tm;
	char buf[32];

	gmtime_r(&s, &tm);
	strftime(buf, sizeof buf, "%Y-%m-%dT%H:%M:%S", &tm);
	fprintf(out, "%s.%06dZ", buf, (int)(time_ns % 1000000000 / 1000));
}

static void
put_json_cell(FILE *out, const struct column *col, const struct cell *c)
{
	if (col->kind == COLUMN_TEXT) {
		put_json_text(out, c->text ? c->text : "");
	} else if (col->kind != COLUMN_TIME) {
		fprintf(out, "%lld", (long long)c->number);
	} else if (c->number == 0) {
		fputs("null", out);
	} else {
		fputc('"', out);
		put_utc(out, c->number);
		fputc('"', out);
	}
}

void
print_json(const struct table *t, const struct print *p)
{
	fputc('[', p->out);
	for (size_t r = 0; r < t->rows; r++) {
		fputs(r ? ",\n {" : "\n {", p->out);
		for (size_t c = 0; c < t->width; c++) {
			fprintf(p->out, "%s\"%s\": ", c ? ", " : "", t->columns[c].name);
			put_json_cell(p->out, &t->columns[c], &t->cells[r * t->width + c]);
		}
		fputc('}', p->out);
	}
	fputs("\n]\n", p->out);
}

/* A text that a spreadsheet would take for a formula gets an apostrophe in front. */
static void
put_csv_text(FILE *out, const char *s)
{
	fputc('"', out);
	if (*s && strchr("=+-@\t\r", *s))
		fputc('\'', out);
	for (; *s; s++) {
		if (*s == '"')
			fputc('"', out);
		fputc(*s, out);
	}
	fputc('"', out);
}

void
print_csv(const struct table *t, const struct print *p)
{
	for (size_t c = 0; c < t->width; c++)
		fprintf(p->out, "%s%s", c ? "," : "", t->columns[c].name);
	fputs("\r\n", p->out);
	for (size_t r = 0; r < t->rows; r++) {
		for (size_t c = 0; c < t->width; c++) {
			const struct cell *cell = &t->cells[r * t->width + c];

			fputs(c ? "," : "", p->out);
			if (t->columns[c].kind == COLUMN_TEXT)
				put_csv_text(p->out, cell->text ? cell->text : "");
			else if (t->columns[c].kind != COLUMN_TIME)
				fprintf(p->out, "%lld", (long long)cell->number);
			else if (cell->number)
				put_utc(p->out, cell->number);
		}
		fputs("\r\n", p->out);
	}
}
