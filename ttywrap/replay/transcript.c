/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Text comes from the emulator's cells: no control characters. */
#include "replay/transcript.h"

#include <stdlib.h>
#include <string.h>

/* A full-screen program's last picture; it belongs behind the line above which the program was started. */
struct picture {
	uint64_t after; /* lines of the main screen before it */
	struct buffer text;
};

struct transcript {
	struct tape *tape;
	struct buffer *out;
	uint64_t lines;   /* rows of the main screen that were written */
	uint64_t started; /* where the full-screen program was started */
	struct picture *pictures;
	size_t n_pictures, size;
	bool open; /* the last row runs on */
	char text[SCREEN_TEXT_MAX];
};

static void
pictures_write(struct transcript *t, uint64_t upto)
{
	size_t n = 0;

	for (; n < t->n_pictures && t->pictures[n].after <= upto; n++) {
		if (t->open)
			buffer_string(t->out, "\n");
		t->open = false;
		buffer_add(t->out, t->pictures[n].text.data, t->pictures[n].text.len);
		buffer_free(&t->pictures[n].text);
	}
	t->n_pictures -= n;
	memmove(t->pictures, t->pictures + n, t->n_pictures * sizeof *t->pictures);
}

static void
row_write(struct transcript *t, const char *text, size_t len, bool continues)
{
	pictures_write(t, t->lines);
	buffer_add(t->out, text, len);
	if (!continues)
		buffer_string(t->out, "\n");
	t->open = continues;
	t->lines++;
}

static void
on_line(void *to, const char *text, size_t len, bool continues)
{
	row_write(to, text, len, continues);
}

static unsigned
rows_used(struct transcript *t)
{
	unsigned cols, rows;

	screen_size(t->tape->screen, &cols, &rows);
	while (rows > 0 && screen_row_text(t->tape->screen, rows - 1, t->text, sizeof t->text) == 0)
		rows--;
	return rows;
}

static void
main_write(struct transcript *t)
{
	unsigned used = rows_used(t);

	for (unsigned row = 0; row < used; row++) {
		size_t len = screen_row_text(t->tape->screen, row, t->text, sizeof t->text);

		row_write(
		    t, t->text, len, row + 1 < used && screen_row_continues(t->tape->screen, row));
	}
	pictures_write(t, UINT64_MAX);
}

static void
picture_keep(struct transcript *t)
{
	struct picture p = {.after = t->started};
	unsigned used = rows_used(t);

	if (t->n_pictures == t->size) {
		size_t more = t->size ? t->size * 2 : 8;
		void *grown = realloc(t->pictures, more * sizeof *t->pictures);

		if (!grown) {
			t->out->failed = true;
			return;
		}
		t->pictures = grown;
		t->size = more;
	}
	for (unsigned row = 0; row < used; row++) {
		buffer_add(&p.text, t->text,
		    screen_row_text(t->tape->screen, row, t->text, sizeof t->text));
		buffer_string(&p.text, "\n");
	}
	t->pictures[t->n_pictures++] = p;
}

static void
on_picture(void *to, bool on)
{
	struct transcript *t = to;
	unsigned row, col;

	if (on) {
		screen_cursor(t->tape->screen, &row, &col);
		t->started = t->lines + row;
	} else if (screen_alternate(t->tape->screen))
		picture_keep(t);
	else
		main_write(t);
}

struct transcript *
transcript_new(struct tape *tape, struct buffer *out)
{
	struct transcript *t = calloc(1, sizeof *t);
	struct screen_watch watch = {.line = on_line, .picture = on_picture, .to = t};

	if (!t)
		return NULL;
	t->tape = tape;
	t->out = out;
	screen_watch(tape->screen, &watch);
	return t;
}

void
transcript_free(struct transcript *t)
{
	struct screen_watch nobody = {0};

	if (!t)
		return;
	screen_watch(t->tape->screen, &nobody);
	for (size_t i = 0; i < t->n_pictures; i++)
		buffer_free(&t->pictures[i].text);
	free(t->pictures);
	free(t);
}

void
transcript_end(struct transcript *t)
{
	if (screen_alternate(t->tape->screen)) {
		picture_keep(t);
		pictures_write(t, UINT64_MAX);
	} else
		main_write(t);
	if (t->open)
		buffer_string(t->out, "\n");
	t->open = false;
}
