/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program: --list. What recordings say of themselves is hostile: safe.h, json_out.h. */
#include "replay/catalog.h"
#include "replay/json_out.h"
#include "replay/safe.h"
#include "replay/sandbox.h"
#include "replay/span.h"
#include "replay/units.h"
#include "replay/verbs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum {
	OPT_JSON = 256,
	OPT_FAST
};

static const struct option options[] = {
    CATALOG_OPTIONS,
    {"json", no_argument, NULL, OPT_JSON},
    {"fast", no_argument, NULL, OPT_FAST},
    {NULL, 0, NULL, 0},
};

enum {
	START,
	USER,
	FROM,
	TERMINAL,
	LENGTH,
	STATE,
	COMMANDS,
	OUTPUT,
	SIZE,
	NAME,
	COLUMNS
};

static const struct {
	const char *title;
	bool right;
	int spare; /* leaves a narrow window in this order; 0: never */
} columns[COLUMNS] = {
    [START] = {"START", false, 0},
    [USER] = {"USER", false, 0},
    [FROM] = {"FROM", false, 5},
    [TERMINAL] = {"TERMINAL", false, 2},
    [LENGTH] = {"LENGTH", true, 0},
    [STATE] = {"STATE", false, 6},
    [COMMANDS] = {"CMDS", true, 4},
    [OUTPUT] = {"OUTPUT", true, 1},
    [SIZE] = {"SIZE", true, 3},
    [NAME] = {"NAME", false, 0},
};

#define CELL_MAX 64
#define USER_MAX 24

struct line {
	char cell[COLUMNS][CELL_MAX];
};

static void
set_safe(char *cell, const char *text, size_t size)
{
	safe_text(*text ? text : "-", *text ? strlen(text) : 1, cell, size);
}

static void
line_fill(struct line *l, const struct summary *s)
{
	units_time(s->start_s, l->cell[START], CELL_MAX);
	set_safe(l->cell[USER], *s->user ? s->user : s->uid, USER_MAX);
	set_safe(l->cell[FROM], s->from, CELL_MAX);
	set_safe(l->cell[TERMINAL], s->terminal, USER_MAX);
	set_safe(l->cell[NAME], s->name, CELL_MAX);
	snprintf(l->cell[STATE], CELL_MAX, "%s", summary_state_name(s->state));
	snprintf(l->cell[LENGTH], CELL_MAX, "-");
	if (s->duration_ns >= 0)
		span_format(s->duration_ns, l->cell[LENGTH], CELL_MAX);
	snprintf(l->cell[COMMANDS], CELL_MAX, "-");
	snprintf(l->cell[OUTPUT], CELL_MAX, "-");
	if (s->counted) {
		snprintf(l->cell[COMMANDS], CELL_MAX, "%llu", (unsigned long long)s->commands);
		units_bytes(s->bytes, l->cell[OUTPUT], CELL_MAX);
	}
	units_bytes((uint64_t)s->size, l->cell[SIZE], CELL_MAX);
}

/* Characters, not bytes: nothing wide or combining is worth more care in a column. */
static size_t
width_of(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += (*text & 0xc0) != 0x80;
	return n;
}

static size_t
widths_find(const struct line *lines, size_t n, size_t width[COLUMNS], const bool hidden[COLUMNS])
{
	size_t total = 0;

	for (int col = 0; col < COLUMNS; col++) {
		width[col] = width_of(columns[col].title);
		for (size_t i = 0; i < n; i++) {
			size_t w = width_of(lines[i].cell[col]);

			width[col] = w > width[col] ? w : width[col];
		}
		total += hidden[col] ? 0 : width[col] + 2;
	}
	return total - 2;
}

/* In a window that is too narrow the least important columns are left out; in a file none is. */
static void
columns_choose(const struct line *lines, size_t n, size_t width[COLUMNS], bool hidden[COLUMNS])
{
	struct winsize w = {0};
	size_t room = SIZE_MAX;

	if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col > 0)
		room = w.ws_col;
	for (int step = 1; widths_find(lines, n, width, hidden) > room && step <= COLUMNS; step++)
		for (int col = 0; col < COLUMNS; col++)
			if (columns[col].spare == step)
				hidden[col] = true;
}

static void
cell_print(const char *text, size_t width, bool right, bool last)
{
	int pad = (int)(width - width_of(text));

	printf("%*s%s%*s%s", right ? pad : 0, "", text, right || last ? 0 : pad, "",
	    last ? "\n" : "  ");
}

static void
table_print(const struct line *lines, size_t n)
{
	size_t width[COLUMNS];
	bool hidden[COLUMNS] = {false};

	columns_choose(lines, n, width, hidden);
	for (int col = 0; col < COLUMNS; col++)
		if (!hidden[col])
			cell_print(columns[col].title, width[col], columns[col].right, col == NAME);
	for (size_t i = 0; i < n; i++)
		for (int col = 0; col < COLUMNS; col++)
			if (!hidden[col])
				cell_print(lines[i].cell[col], width[col], columns[col].right,
				    col == NAME);
}

static int
print_table(const struct catalog *c)
{
	struct line *lines = calloc(c->n + 1, sizeof *lines);

	if (!lines)
		return verb_fail(EXIT_FAILED, "out of memory");
	for (size_t i = 0; i < c->n; i++)
		line_fill(&lines[i], &c->items[i]);
	table_print(lines, c->n);
	free(lines);
	return EXIT_OK;
}

/* One object a line: jq takes it, and so does a reader of lines. */
static int
print_json(const struct catalog *c)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct summary *s = &c->items[i];
		struct buffer b = {0};

		buffer_string(&b, "{");
		json_member(&b, "name", s->name);
		json_member(&b, "path", s->path);
		json_member(&b, "user", s->user);
		json_member(&b, "uid", s->uid);
		json_member(&b, "session", s->session);
		json_member(&b, "terminal", s->terminal);
		json_member(&b, "from", s->from);
		json_member(&b, "host", s->host);
		json_number(&b, "start", s->start_s);
		if (s->duration_ns >= 0)
			json_seconds(&b, "duration", s->duration_ns);
		json_member(&b, "state", summary_state_name(s->state));
		if (s->status >= 0)
			json_number(&b, "exit", s->status);
		json_number(&b, "size", s->size);
		if (s->counted) {
			json_number(&b, "output_bytes", (int64_t)s->bytes);
			json_number(&b, "input_bytes", (int64_t)s->inputs);
			json_number(&b, "commands", (int64_t)s->commands);
			if (s->read_whole)
				json_number(&b, "unreadable_lines", (int64_t)s->problems);
		}
		buffer_string(&b, "}\n");
		fwrite(b.data, 1, b.len, stdout);
		buffer_free(&b);
	}
	return EXIT_OK;
}

int
list_main(int argc, char **argv)
{
	struct catalog_filter filter = CATALOG_FILTER_INIT;
	struct catalog c = {.count = true};
	const char *wrong = "";
	bool json = false;
	int option, status, error;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == OPT_JSON)
			json = true;
		else if (option == OPT_FAST)
			c.count = false;
		else if (catalog_option(&filter, option, optarg) != 1)
			return EXIT_USAGE;
	}
	if (sandbox_enter(SANDBOX_MANY) != 0)
		return EXIT_FAILED;
	error = catalog_read(&c, argv + optind, argc - optind, &filter, &wrong);
	if (error)
		return verb_fail_path(wrong, error);
	status = json ? print_json(&c) : print_table(&c);
	if (c.unreadable > 0)
		verb_fail(0, "%lu file%s could not be read as recordings", c.unreadable,
		    c.unreadable == 1 ? "" : "s");
	catalog_clear(&c);
	return status;
}
