/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TTYACCT_TABLE_H
#define TTYACCT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What every question is answered with, and what every form of output prints. */

enum column_kind {
	COLUMN_TEXT,
	COLUMN_COUNT,
	COLUMN_BYTES,
	COLUMN_TIME, /* nanoseconds since 1970; 0: none */
};

struct column {
	const char *name;  /* in JSON and CSV, and as a label in Prometheus */
	const char *title; /* for people */
	enum column_kind kind;
	int spare; /* a column of a higher rank is left out sooner when the terminal is narrow; 0: never */
};

struct cell {
	char *text; /* owned; NULL in columns of numbers */
	int64_t number;
};

enum {
	TABLE_COLUMNS_MAX = 12,
	TABLE_NOTE_MAX = 700,
	SPARE_DETAIL = 6, /* this rank and above: left out before anything is shortened */
};

struct table {
	const char *title;
	char note[TABLE_NOTE_MAX]; /* of what: grouping, time, filters; may be empty */
	struct column columns[TABLE_COLUMNS_MAX];
	size_t width;
	struct cell *cells;
	size_t rows, room;
	size_t bar, bars; /* what a chart draws, one behind the other: columns from `bar` on */
};

void table_init(struct table *t, const char *title);
void table_free(struct table *t);
void table_column(
    struct table *t, const char *name, const char *title, enum column_kind kind, int spare);

/* A new row, all cells empty; NULL without memory. */
struct cell *table_row(struct table *t);

/* The length of a row's bar, and the longest one. */
int64_t table_bar(const struct table *t, size_t row);
int64_t table_bar_most(const struct table *t);

/* Copies the text. */
void cell_set(struct cell *c, const char *text);

struct print {
	FILE *out;
	int columns;  /* of the terminal */
	bool unicode; /* bars and ellipsis may be drawn with it */
	bool exact;   /* bytes as digits, not in units */
};

void print_table(const struct table *t, const struct print *p);
void print_chart(const struct table *t, const struct print *p);
void print_json(const struct table *t, const struct print *p);
void print_csv(const struct table *t, const struct print *p);
void print_html(const struct table *t, const struct print *p);

/* Prints bytes in the unit that fits: "1023", "1.0 KiB", "23.4 GiB". Returns buf. */
char *print_units(int64_t bytes, char *buf, size_t n);

/* Prints a time in local time, to the second. Returns buf. */
char *print_time(int64_t time_ns, char *buf, size_t n);

/* A cell for people: control characters as '?', so that no name reaches the terminal as a command.
 */
char *print_cell(const struct column *col, const struct cell *c, bool exact, char *buf, size_t n);

#endif
