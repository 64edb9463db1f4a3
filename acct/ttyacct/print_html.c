/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttyacct. One page that needs nothing but itself: the chart as SVG, the table below it. Every text
 * is escaped. */
#include "table.h"

#include <string.h>
#include <time.h>

enum {
	CELL_MAX = 512,
	BAR_HEIGHT = 22,
	BAR_WIDTH = 560,
	LABEL_WIDTH = 200,
	CHART_MAX = 100
};

static void
put_text(FILE *out, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			fputc(*s, out);
		}
	}
}

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
    "'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width\">\n<style>\n"
    ":root{color-scheme:light dark}\n"
    "body{font:15px/1.4 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}\n"
    "svg{max-width:100%;height:auto}svg text{font:13px system-ui,sans-serif;fill:currentColor}\n"
    "svg rect{fill:#3b7dd8}table{border-collapse:collapse;margin-top:1.5rem}\n"
    "th,td{padding:.3rem .7rem;border-bottom:1px solid #8886;text-align:left}\n"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}footer{margin-top:2rem;opacity:."
    "7}\n</style>\n";

static void
put_chart(const struct table *t, const struct print *p)
{
	size_t bar = t->bar < 0 ? t->width - 1 : (size_t)t->bar;
	size_t rows = t->rows < CHART_MAX ? t->rows : CHART_MAX;
	int64_t most = 1;
	char buf[CELL_MAX];

	for (size_t r = 0; r < rows; r++)
		if (t->cells[r * t->width + bar].number > most)
			most = t->cells[r * t->width + bar].number;
	fprintf(p->out,
	    "<svg role=\"img\" width=\"%d\" height=\"%zu\" viewBox=\"0 0 %d %zu\"><title>",
	    LABEL_WIDTH + BAR_WIDTH + 100, rows * BAR_HEIGHT, LABEL_WIDTH + BAR_WIDTH + 100,
	    rows * BAR_HEIGHT);
	put_text(p->out, t->columns[bar].title);
	fputs("</title>\n", p->out);
	for (size_t r = 0; r < rows; r++) {
		const struct cell *row = t->cells + r * t->width;
		int w = (int)((double)row[bar].number / (double)most * BAR_WIDTH + 0.5);
		size_t y = r * BAR_HEIGHT;

		fprintf(p->out, "<text x=\"%d\" y=\"%zu\" text-anchor=\"end\">", LABEL_WIDTH - 8,
		    y + 15);
		put_text(p->out, print_cell(&t->columns[0], &row[0], p->exact, buf, 40));
		fprintf(p->out,
		    "</text><rect x=\"%d\" y=\"%zu\" width=\"%d\" height=\"%d\" rx=\"2\"/><text "
		    "x=\"%d\" y=\"%zu\">",
		    LABEL_WIDTH, y + 3, w, BAR_HEIGHT - 6, LABEL_WIDTH + w + 6, y + 15);
		put_text(
		    p->out, print_cell(&t->columns[bar], &row[bar], p->exact, buf, sizeof buf));
		fputs("</text>\n", p->out);
	}
	fputs("</svg>\n", p->out);
}

static void
put_row(const struct table *t, const struct print *p, size_t row)
{
	char buf[CELL_MAX];

	fputs("<tr>", p->out);
	for (size_t c = 0; c < t->width; c++) {
		const struct column *col = &t->columns[c];
		bool number = col->kind == COLUMN_BYTES || col->kind == COLUMN_COUNT;
		const char *tag = row == 0 ? "th" : "td";

		fprintf(p->out, "<%s%s>", tag, number ? " class=\"n\"" : "");
		put_text(p->out, row == 0 ? col->title
					  : print_cell(col, &t->cells[(row - 1) * t->width + c],
						p->exact, buf, sizeof buf));
		fprintf(p->out, "</%s>", tag);
	}
	fputs("</tr>\n", p->out);
}

void
print_html(const struct table *t, const struct print *p)
{
	char buf[64];

	fputs(head, p->out);
	fputs("<title>", p->out);
	put_text(p->out, t->title);
	fputs("</title></head><body>\n<h1>", p->out);
	put_text(p->out, t->title);
	fputs("</h1>\n", p->out);
	put_chart(t, p);
	fputs("<table><thead>\n", p->out);
	put_row(t, p, 0);
	fputs("</thead><tbody>\n", p->out);
	for (size_t r = 1; r <= t->rows; r++)
		put_row(t, p, r);
	fprintf(p->out, "</tbody></table>\n<footer>ttyacct, %s</footer></body></html>\n",
	    print_time((int64_t)time(NULL) * 1000000000, buf, sizeof buf));
}
