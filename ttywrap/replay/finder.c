/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Text is hostile, patterns are the watcher's. */
#include "replay/finder.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <limits.h>
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MATCH_LIMIT                                                                                \
	1000000 /* of PCRE2's steps in one row: a bad pattern must not run for hours   \
			     */
#define LINE_MAX_BYTES (2 * SCREEN_TEXT_MAX)

#define UNKNOWN UINT_MAX

struct finder {
	char *fixed;
	size_t fixed_len;
	bool fold; /* ASCII letters alike */
	pcre2_code *code;
	pcre2_match_data *data;
	pcre2_match_context *context;

	struct screen *screen;
	bool hit[SCREEN_ROWS_MAX]; /* a match begins in that row */
	unsigned shown;            /* rows hit, at the last check */
	unsigned gone;             /* rows hit that have scrolled away since */
	bool alternate;            /* the alternate screen was there at the last check ... */
	unsigned main_shown;       /* ... and so many rows hit wait below it */
	char line[LINE_MAX_BYTES]; /* the row that was found */
	char text[LINE_MAX_BYTES];
};

static bool
has_capital(const char *s)
{
	for (; *s; s++)
		if (*s >= 'A' && *s <= 'Z')
			return true;
	return false;
}

static int
compile(struct finder *f, const char *pattern, char *wrong, size_t size)
{
	uint32_t options =
	    PCRE2_UTF | PCRE2_NEVER_BACKSLASH_C | (has_capital(pattern) ? 0 : PCRE2_CASELESS);
	PCRE2_SIZE at;
	int error;

	f->code =
	    pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, options, &error, &at, NULL);
	if (!f->code) {
		int n = snprintf(wrong, size, "at character %zu: ", (size_t)at);

		pcre2_get_error_message(error, (PCRE2_UCHAR *)wrong + n, size - (size_t)n);
		return -1;
	}
	pcre2_jit_compile(f->code, PCRE2_JIT_COMPLETE); /* without it, it is slower */
	f->data = pcre2_match_data_create_from_pattern(f->code, NULL);
	f->context = pcre2_match_context_create(NULL);
	if (!f->data || !f->context) {
		snprintf(wrong, size, "out of memory");
		return -1;
	}
	pcre2_set_match_limit(f->context, MATCH_LIMIT);
	return 0;
}

struct finder *
finder_new(const char *pattern, bool regex, char *wrong, size_t size)
{
	struct finder *f = calloc(1, sizeof *f);

	snprintf(wrong, size, "out of memory");
	if (!f)
		return NULL;
	if (!*pattern) {
		snprintf(wrong, size, "an empty pattern");
		finder_free(f);
		return NULL;
	}
	f->fixed = strdup(pattern);
	f->fixed_len = strlen(pattern);
	f->fold = !has_capital(pattern);
	if (!f->fixed || (regex && compile(f, pattern, wrong, size) != 0)) {
		finder_free(f);
		return NULL;
	}
	return f;
}

void
finder_free(struct finder *f)
{
	if (!f)
		return;
	finder_detach(f);
	pcre2_match_data_free(f->data);
	pcre2_match_context_free(f->context);
	pcre2_code_free(f->code);
	free(f->fixed);
	free(f);
}

static char
lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static long
match_fold(const struct finder *f, const char *text, size_t len)
{
	char first = lower(f->fixed[0]);

	for (size_t i = 0; i + f->fixed_len <= len; i++) {
		size_t k = 1;

		if (lower(text[i]) != first)
			continue;
		while (k < f->fixed_len && lower(text[i + k]) == lower(f->fixed[k]))
			k++;
		if (k == f->fixed_len)
			return (long)i;
	}
	return -1;
}

long
finder_match(const struct finder *f, const char *text, size_t len)
{
	const char *p;

	if (f->code) {
		int got = pcre2_match(f->code, (PCRE2_SPTR)text, len, 0, 0, f->data, f->context);

		return got > 0 ? (long)pcre2_get_ovector_pointer(f->data)[0] : -1;
	}
	if (f->fold)
		return match_fold(f, text, len);
	p = memmem(text, len, f->fixed, f->fixed_len);
	return p ? p - text : -1;
}

/* The row's text, and the next one's behind it when the row runs on. Returns the length; *own: the
 * row's alone. */
static size_t
row_and_next(struct finder *f, unsigned row, size_t *own)
{
	size_t len = screen_row_text(f->screen, row, f->text, sizeof f->text / 2);

	*own = len;
	if (screen_row_continues(f->screen, row))
		len += screen_row_text(f->screen, row + 1, f->text + len, sizeof f->text - len);
	return len;
}

static void
line_keep(struct finder *f, const char *text, size_t len)
{
	memcpy(f->line, text, len);
	f->line[len] = '\0';
}

static void
row_check(struct finder *f, unsigned row)
{
	size_t own, len = row_and_next(f, row, &own);
	long at = finder_match(f, f->text, len);
	bool hit = at >= 0 && (size_t)at < own;

	if (hit && !f->hit[row])
		line_keep(f, f->text, len);
	f->hit[row] = hit;
}

static void
on_line(void *to, const char *text, size_t len, bool continues)
{
	struct finder *f = to;

	(void)continues;
	if (len >= sizeof f->line || finder_match(f, text, len) < 0)
		return;
	f->gone++;
	line_keep(f, text, len);
}

static void
on_move(void *to, unsigned to_row, unsigned from, unsigned n)
{
	struct finder *f = to;

	memmove(f->hit + to_row, f->hit + from, n * sizeof *f->hit);
}

void
finder_attach(struct finder *f, struct screen *screen)
{
	struct screen_watch watch = {.line = on_line, .move = on_move, .to = f};

	finder_detach(f);
	f->screen = screen;
	memset(f->hit, 0, sizeof f->hit);
	f->shown = f->gone = 0;
	f->main_shown = UNKNOWN;
	f->alternate = screen_alternate(screen);
	screen_watch(screen, &watch);
	screen_touch(screen);
	finder_forget(f);
}

void
finder_detach(struct finder *f)
{
	struct screen_watch nobody = {0};

	if (f->screen)
		screen_watch(f->screen, &nobody);
	f->screen = NULL;
}

void
finder_forget(struct finder *f)
{
	finder_check(f);
}

/* A full-screen program's screen is new, what comes back from below it is not. */
static void
alternate_check(struct finder *f, unsigned shown)
{
	bool alternate = screen_alternate(f->screen);

	if (alternate && !f->alternate) {
		f->main_shown = f->shown;
		f->shown = 0;
	} else if (!alternate && f->alternate)
		f->shown = f->main_shown == UNKNOWN ? shown : f->main_shown;
	f->alternate = alternate;
}

bool
finder_check(struct finder *f)
{
	unsigned cols, rows, shown = 0;
	bool before = false, found;

	screen_size(f->screen, &cols, &rows);
	for (unsigned row = 0; row < rows; row++) {
		bool changed = screen_row_changed(f->screen, row);

		/* A row above that runs on may have become one with this. */
		if (row > 0 && changed && !before && screen_row_continues(f->screen, row - 1)) {
			shown -= f->hit[row - 1];
			row_check(f, row - 1);
			shown += f->hit[row - 1];
		}
		if (changed)
			row_check(f, row);
		shown += f->hit[row];
		before = changed;
	}
	alternate_check(f, shown);
	found = shown + f->gone > f->shown;
	f->shown = shown;
	f->gone = 0;
	return found;
}

const char *
finder_line(const struct finder *f)
{
	return f->line;
}
