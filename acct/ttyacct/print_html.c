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
	LABEL_MAX = 32, /* bytes of a label: about as much as fits */
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
    ".b0{fill:#3b7dd8;background:#3b7dd8}.b1{fill:#e08a2e;background:#e08a2e}\n"
    ".key span{display:inline-block;width:.8em;height:.8em;margin:0 .4em 0 1em}\n"
    "div{overflow-x:auto}table{border-collapse:collapse;margin-top:1.5rem}\n"
    "th,td{padding:.3rem .7rem;border-bottom:1px solid #8886;text-align:left}\n"
    "td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}footer{margin-top:2rem;opacity:."
    "7}\n</style>\n";

/* The parts of a row's bar, one behind the other, and the sum behind them. */
static void
put_bar(const struct table *t, const struct print *p, size_t row, int64_t most)
{
	const struct column sums = {.kind = COLUMN_BYTES};
	const struct cell sum = {NULL, table_bar(t, row)};
	size_t y = row * BAR_HEIGHT;
	int64_t so_far = 0;
	char buf[CELL_MAX];

	fprintf(p->out, "<text x=\"%d\" y=\"%zu\" text-anchor=\"end\">", LABEL_WIDTH - 8, y + 15);
	put_text(p->out,
	    print_cell(&t->columns[0], &t->cells[row * t->width], p->exact, buf, LABEL_MAX));
	fputs("</text>", p->out);
	for (size_t c = t->bar; c < t->bar + t->bars; c++) {
		double from = (double)so_far / (double)most * BAR_WIDTH;

		so_far += t->cells[row * t->width + c].number;
		fprintf(p->out,
		    "<rect class=\"b%zu\" x=\"%.1f\" y=\"%zu\" width=\"%.1f\" height=\"%d\"/>",
		    c - t->bar, LABEL_WIDTH + from, y + 3,
		    (double)so_far / (double)most * BAR_WIDTH - from, BAR_HEIGHT - 6);
	}
	fprintf(p->out, "<text x=\"%.1f\" y=\"%zu\">",
	    LABEL_WIDTH + (double)so_far / (double)most * BAR_WIDTH + 6, y + 15);
	put_text(p->out, print_cell(&sums, &sum, p->exact, buf, sizeof buf));
	fputs("</text>\n", p->out);
}

static void
put_chart(const struct table *t, const struct print *p)
{
	size_t rows = t->rows < CHART_MAX ? t->rows : CHART_MAX;
	int64_t most = table_bar_most(t);

	if (rows == 0) {
		fputs("<p>Nothing found.</p>\n", p->out);
		return;
	}
	fputs("<p class=\"key\">", p->out);
	for (size_t c = t->bar; c < t->bar + t->bars; c++) {
		fprintf(p->out, "<span class=\"b%zu\"></span>", c - t->bar);
		put_text(p->out, t->columns[c].title);
	}
	fprintf(p->out,
	    "</p>\n<svg role=\"img\" width=\"%d\" height=\"%zu\" viewBox=\"0 0 %d %zu\">"
	    "<title>Bars; their figures are in the table</title>\n",
	    LABEL_WIDTH + BAR_WIDTH + 100, rows * BAR_HEIGHT, LABEL_WIDTH + BAR_WIDTH + 100,
	    rows * BAR_HEIGHT);
	for (size_t r = 0; r < rows; r++)
		put_bar(t, p, r, most > 0 ? most : 1);
	fputs("</svg>\n", p->out);
	if (rows < t->rows)
		fprintf(p->out,
		    "<p>Bars for the first %zu of %zu rows; all are in the table.</p>\n", rows,
		    t->rows);
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
	fputs("</h1>\n<p>", p->out);
	put_text(p->out, t->note);
	fputs("</p>\n", p->out);
	put_chart(t, p);
	fputs("<div><table><thead>\n", p->out);
	put_row(t, p, 0);
	fputs("</thead><tbody>\n", p->out);
	for (size_t r = 1; r <= t->rows; r++)
		put_row(t, p, r);
	fprintf(p->out, "</tbody></table></div>\n<footer>ttyacct, %s</footer></body></html>\n",
	    print_time((int64_t)time(NULL) * 1000000000, buf, sizeof buf));
}
