/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_SCREEN_H
#define REPLAY_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The screen of the recorded terminal: libvterm behind the filter. It can be returned to an earlier
 * moment.
 */

struct screen;
struct screen_moment;

#define SCREEN_COLS_MAX 1000u /* larger windows are cut to this */
#define SCREEN_COLS_MIN 2u    /* libvterm 0.1 writes a wide character over the edge of one column */
#define SCREEN_ROWS_MAX 500u
#define SCREEN_CHARS    6 /* code points in one cell: a character and what combines with it */

enum {
	SCREEN_BOLD = 1 << 0,
	SCREEN_ITALIC = 1 << 1,
	SCREEN_UNDERLINE = 1 << 2,
	SCREEN_BLINK = 1 << 3,
	SCREEN_REVERSE = 1 << 4,
	SCREEN_STRIKE = 1 << 5,
	SCREEN_DIM = 1 << 6, /* never from libvterm; for what is drawn around a screen */
};

/* Colours: the terminal's own, one of 256, or one of 2^24. */
#define SCREEN_DEFAULT    0u
#define SCREEN_INDEXED(i) (0x01000000u | (uint32_t)(i))
#define SCREEN_RGB        0x02000000u

/* No padding: cells are compared with memcmp. */
struct screen_cell {
	uint32_t chars[SCREEN_CHARS]; /* all 0: blank. Never a control character */
	uint32_t fg, bg;
	uint32_t attrs;
	uint32_t width; /* 1; 2: also covers the next cell; 0: covered by the cell before */
};

/* NULL when memory is short. */
struct screen *screen_new(unsigned cols, unsigned rows);
void screen_free(struct screen *);

void screen_resize(struct screen *, unsigned cols, unsigned rows);
void screen_size(const struct screen *, unsigned *cols, unsigned *rows);
void screen_feed(struct screen *, const uint8_t *bytes, size_t n);
/* The same in the end, at many times the speed for lines of text; but what scrolls by is not seen by a screen_watch. */
void screen_feed_unseen(struct screen *, const uint8_t *bytes, size_t n);

/* A cell outside the screen is blank. */
void screen_cell(const struct screen *, unsigned row, unsigned col, struct screen_cell *);
/* Returns whether the cursor is shown. */
bool screen_cursor(const struct screen *, unsigned *row, unsigned *col);

/* The text of one row as UTF-8, without the blanks at its end, NUL-terminated; returns its length.
 * cap >= 1. */
size_t screen_row_text(const struct screen *, unsigned row, char *text, size_t cap);
/* The row is full to its end, so that the next one may go on with it. */
bool screen_row_continues(const struct screen *, unsigned row);
bool screen_alternate(const struct screen *);
/* Enough for any row. */
#define SCREEN_TEXT_MAX (SCREEN_COLS_MAX * SCREEN_CHARS * 4 + 1)

/* NULL when memory is short. A moment belongs to the screen it was taken from and is valid as long
 * as that. */
struct screen_moment *screen_save(const struct screen *);
size_t screen_moment_size(const struct screen_moment *);
void screen_restore(struct screen *, const struct screen_moment *);
void screen_moment_free(struct screen_moment *);

/*
 * What a search or an export wants to know. line: a row leaves the main screen at its top; text and
 * continues as of screen_row_text and screen_row_continues. Set once, before feeding. NULL: nobody.
 */
struct screen_watch {
	void (*line)(void *to, const char *text, size_t len, bool continues);
	/* The picture on the screen is about to go: erased, or a full-screen program leaves. on: one is about to come. */
	void (*picture)(void *to, bool on);
	/*
	 * n whole rows have moved, from row from to row to_row, as they were: they don't count as changed
	 * for that, as they do without this function.
	 */
	void (*move)(void *to, unsigned to_row, unsigned from, unsigned n);
	void *to;
};
void screen_watch(struct screen *, const struct screen_watch *);

/* Whether the row, or anything, has changed since this was last asked. */
bool screen_row_changed(struct screen *, unsigned row);
bool screen_changed(struct screen *);
/* Everything counts as changed. */
void screen_touch(struct screen *);

#endif
