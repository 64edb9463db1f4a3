/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "replay/arena.h"
#include "replay/finder.h"
#include "replay/render.h"
#include "replay/screen.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
feed(struct screen *s, const char *text)
{
	screen_feed(s, (const uint8_t *)text, strlen(text));
}

static const char *
row(const struct screen *s, unsigned n)
{
	static char text[SCREEN_TEXT_MAX];

	screen_row_text(s, n, text, sizeof text);
	return text;
}

static void
test_arena_gives_back_a_moment(void **state)
{
	struct arena *a = arena_new(1 << 20);
	char *p = arena_take(a, 100), *q = arena_take(a, 1000), *r;
	struct arena_copy *c;

	(void)state;
	strcpy(p, "first");
	strcpy(q, "second");
	c = arena_save(a);
	assert_non_null(c);
	arena_give(a, p);
	arena_give(a, q);
	r = arena_take(a, 1050); /* joins the two */
	assert_ptr_equal(r, p);
	assert_int_equal(r[0], 0);
	assert_null(arena_take(a, 2 << 20));
	arena_restore(a, c);
	assert_string_equal(p, "first");
	assert_string_equal(q, "second");
	assert_ptr_not_equal(arena_take(a, 100), p);
	arena_copy_free(c);
	arena_free(a);
}

/* Random sizes given and taken back: no two overlap, each is zeroed. */
static void
test_arena_random(void **state)
{
	struct arena *a = arena_new(1 << 22);
	struct {
		unsigned char *p;
		size_t n;
		unsigned char mark;
	} live[50] = {{0}};
	unsigned long seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		size_t k;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		k = (seed >> 33) % 50;
		for (size_t b = 0; b < live[k].n; b++)
			assert_int_equal(live[k].p[b], live[k].mark);
		arena_give(a, live[k].p);
		live[k].n = (seed >> 40) % 3000;
		live[k].p = arena_take(a, live[k].n);
		assert_non_null(live[k].p);
		live[k].mark = (unsigned char)(seed >> 50);
		for (size_t b = 0; b < live[k].n; b++)
			assert_int_equal(live[k].p[b], 0);
		memset(live[k].p, live[k].mark, live[k].n);
	}
	arena_free(a);
}

static void
test_screen_returns_to_a_moment(void **state)
{
	struct screen *s = screen_new(40, 5);
	struct screen_moment *m;

	(void)state;
	feed(
	    s, "one\r\ntwo\033[2;3r\033[2;4H\033(0q\033[?1049h\033[2J\033[H\033(Balt \033(0\033[1");
	m = screen_save(s);
	feed(s, ";31mred\033[?1049l\033c");
	screen_resize(s, 100, 50);
	feed(s, "something else\r\n");
	screen_restore(s, m);
	assert_string_equal(row(s, 0), "alt");
	assert_true(screen_alternate(s));
	/* In the middle of a sequence, with the line drawing set, behind which the main screen waits. */
	feed(s, ";31mq");
	assert_string_equal(row(s, 0), "alt \xe2\x94\x80");
	feed(s, "\033[?1049l");
	assert_string_equal(row(s, 0), "one");
	assert_string_equal(row(s, 1), "two\xe2\x94\x80");
	screen_moment_free(m);
	screen_free(s);
}

static void
test_cells_hold_no_controls(void **state)
{
	struct screen *s = screen_new(20, 2);
	struct screen_cell c;

	(void)state;
	feed(s, "\xc2\x9b\x9b\033]0;x\a\033[1;38;5;200;48;2;1;2;3mA\xe4\xb8\xad");
	for (unsigned col = 0; col < 20; col++) {
		screen_cell(s, 0, col, &c);
		assert_true(c.chars[0] == 0 || (c.chars[0] >= 0x20 && c.chars[0] < 0x7f) ||
			    c.chars[0] >= 0xa0);
	}
	screen_cell(s, 0, 2, &c);
	assert_int_equal(c.chars[0], 'A');
	assert_int_equal(c.fg, SCREEN_INDEXED(200));
	assert_int_equal(c.bg, SCREEN_RGB | 0x010203);
	assert_int_equal(c.attrs, SCREEN_BOLD);
	screen_cell(s, 0, 3, &c);
	assert_int_equal(c.width, 2);
	screen_cell(s, 0, 4, &c);
	assert_int_equal(c.width, 0);
	screen_cell(s, 99, 99, &c);
	assert_int_equal(c.chars[0], 0);
	screen_free(s);
}

static void
test_sizes_of_any_kind(void **state)
{
	struct screen *s = screen_new(0, 70000);
	unsigned cols, rows;

	(void)state;
	screen_size(s, &cols, &rows);
	assert_int_equal(cols, SCREEN_COLS_MIN);
	assert_int_equal(rows, SCREEN_ROWS_MAX);
	feed(s, "x\xe4\xb8\xad\r\n\n\n");
	screen_resize(s, 65535, 1);
	feed(s, "\033[9999;9999Hx\t\t\xe4\xb8\xad");
	screen_resize(s, 1, 1);
	feed(s, "abc\xe4\xb8\xad\033[?1049h\033[4;5r\033[2J");
	screen_resize(s, 80, 24);
	feed(s, "\033[r\033[?1049l\033[Hback");
	assert_string_equal(row(s, 0), "back");
	screen_free(s);
}

/* What the frames make of a window, by an emulator of the window: the same picture, whatever came before. */
static void
frames_agree(unsigned win_cols, unsigned win_rows, const char *const *texts)
{
	struct screen *s = screen_new(20, 6), *window = screen_new(win_cols, win_rows);
	struct render *r = render_new(false);
	unsigned srow, scol, wrow, wcol;

	assert_int_equal(render_resize(r, win_cols, win_rows), 0);
	feed(window, "\033[?7l");
	for (; *texts; texts++) {
		struct buffer out = {0};

		feed(s, *texts);
		render_frame(r, s, NULL, -1, &out);
		screen_feed(window, (uint8_t *)out.data, out.len);
		buffer_free(&out);
		for (unsigned y = 0; win_rows >= 6 && win_cols >= 20 && y < 6; y++)
			for (unsigned x = 0; x < 20; x++) {
				struct screen_cell a, b;

				screen_cell(s, y, x, &a);
				screen_cell(window, y, x, &b);
				if (a.chars[0] == 0)
					a.chars[0] = b.chars[0] == ' ' ? ' ' : 0;
				assert_memory_equal(&a, &b, sizeof a);
			}
		if (screen_cursor(s, &srow, &scol)) {
			assert_true(screen_cursor(window, &wrow, &wcol));
			assert_string_equal(row(window, wrow)[0] ? "x" : "x", "x");
			if (win_rows >= 6 && win_cols >= 20)
				assert_true(wrow == srow && wcol == scol);
		}
	}
	render_free(r);
	screen_free(s);
	screen_free(window);
}

static void
test_frames_in_any_window(void **state)
{
	static const char *const texts[] = {"hello \033[1;31mred\033[0m\r\n",
	    "\xe4\xb8\xad\xe6\x96\x87 wide\r\n", "\033[1;3H\xe4\xb8\xad", "\033[1;4Hx",
	    "e\xcc\x81\xcc\x82 combining", "\033[6;1Hlast row\r\nscrolled\r\nmore",
	    "\033[2;5H\033[7mreverse\033[K", "\033[38;5;100;48;5;12mcolours\033[m", "\033[?25l",
	    "\033[2J\033[?25h", "\033#8", "\033[6;20H\xe4\xb8\xad", "\033[3;19H\xe4\xb8\xad",
	    "\033[H\033[J", NULL};

	(void)state;
	frames_agree(20, 6, texts);
	frames_agree(80, 24, texts);
	frames_agree(21, 7, texts);
	frames_agree(10, 3, texts);
	frames_agree(1, 1, texts);
}

static void
test_a_small_window_follows_the_cursor(void **state)
{
	struct screen *s = screen_new(80, 24), *window = screen_new(20, 5);
	struct render *r = render_new(false);
	struct buffer out = {0};

	(void)state;
	render_resize(r, 20, 5);
	feed(s, "\033[1;1Htop\033[24;70Hbottom");
	render_frame(r, s, "status", -1, &out);
	screen_feed(window, (uint8_t *)out.data, out.len);
	assert_string_equal(row(window, 3), "             bottom"); /* the cursor is behind it */
	assert_string_equal(row(window, 4), "status");
	out.len = 0;
	feed(s, "\033[1;2H");
	render_frame(r, s, NULL, -1, &out);
	screen_feed(window, (uint8_t *)out.data, out.len);
	assert_string_equal(row(window, 0), "top");
	buffer_free(&out);
	render_free(r);
	screen_free(s);
	screen_free(window);
}

static void
test_nothing_new_writes_nothing(void **state)
{
	struct screen *s = screen_new(80, 24);
	struct render *r = render_new(false);
	struct buffer out = {0};

	(void)state;
	render_resize(r, 80, 24);
	feed(s, "text");
	render_frame(r, s, NULL, -1, &out);
	assert_in_range(out.len, 4, 100);
	out.len = 0;
	render_frame(r, s, NULL, -1, &out);
	assert_int_equal(out.len, 0);
	feed(s, "x");
	render_frame(r, s, NULL, -1, &out);
	assert_in_range(out.len, 1, 60);
	buffer_free(&out);
	render_free(r);
	screen_free(s);
}

static void
test_ascii_terminals(void **state)
{
	struct screen *s = screen_new(20, 1);
	struct buffer out = {0};

	(void)state;
	feed(s, "\xe2\x94\x8c\xe2\x94\x80\xe2\x94\x82 \xc3\xa9 \xe4\xb8\xad.");
	render_lines(s, true, &out);
	buffer_add(&out, "", 1);
	assert_string_equal(out.data, "+-| ? ? .\033[0m\n");
	buffer_free(&out);
	screen_free(s);
}

struct found {
	struct screen *s;
	struct finder *f;
};

static int
finds(struct found *x, const char *text)
{
	feed(x->s, text);
	return finder_check(x->f);
}

static void
screens_equal(const struct screen *a, const struct screen *b)
{
	unsigned row_a, col_a, row_b, col_b;

	screen_cursor(a, &row_a, &col_a);
	screen_cursor(b, &row_b, &col_b);
	assert_int_equal(row_a, row_b);
	assert_int_equal(col_a, col_b);
	for (unsigned r = 0; r < 6; r++)
		for (unsigned c = 0; c < 20; c++) {
			struct screen_cell x, y;

			screen_cell(a, r, c, &x);
			screen_cell(b, r, c, &y);
			assert_memory_equal(&x, &y, sizeof x);
		}
}

/* Streams of lines, colours, and now and then something else: the same screen, though most was never drawn. */
static void
test_unseen_is_the_same_in_the_end(void **state)
{
	static const char *const parts[] = {"text ", "a longer piece of text, wrapping ", "\r\n",
	    "\r\n", "\r\n", "\r\n", "\n", "\r", "\t", "\b", "\033[31m", "\033[1;44m", "\033[m",
	    "\xe4\xb8\xad", "\xe2\x82", "\x9b", "\xc2\x9b", "x", "\r\n", "\r\n"};
	static const char *const rare[] = {"\033[2;4r", "\033[r", "\033[1;6r", "\033[H",
	    "\033[?1049h", "\033[?1049l", "\033[3A", "\033[", "\033]0;t\a", "\016", "\017",
	    "\033)0", "\033[2J", "\033[?7l", "\033[?69h\033[2;9s", "\033[4h", "\033c", "\033M",
	    "\0337", "\0338", "\033[20h"};
	unsigned long seed = 3;

	(void)state;
	for (int round = 0; round < 400; round++) {
		struct screen *seen = screen_new(20, 6), *unseen = screen_new(20, 6);
		struct buffer b = {0};

		for (int i = 0; i < 300; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			if ((seed >> 55) % (unsigned)(round % 50 + 40) == 0)
				buffer_string(
				    &b, rare[(seed >> 33) % (sizeof rare / sizeof *rare)]);
			else
				buffer_string(
				    &b, parts[(seed >> 33) % (sizeof parts / sizeof *parts)]);
		}
		for (size_t i = 0; i < b.len; i += 700) {
			size_t n = b.len - i < 700 ? b.len - i : 700;

			screen_feed(seen, (uint8_t *)b.data + i, n);
			screen_feed_unseen(unseen, (uint8_t *)b.data + i, n);
			screens_equal(seen, unseen);
		}
		buffer_free(&b);
		screen_free(seen);
		screen_free(unseen);
	}
}

static void
test_finder(void **state)
{
	char wrong[128];
	struct found x = {screen_new(20, 4), finder_new("needle", false, wrong, sizeof wrong)};

	(void)state;
	feed(x.s, "an old needle\r\n");
	finder_attach(x.f, x.s);
	assert_false(finds(&x, "nothing\r\n"));
	assert_false(finds(&x, "nee"));
	assert_true(finds(
	    &x, "\033[1mDL\033[me")); /* without regard to case, through sequences, in pieces */
	assert_string_equal(finder_line(x.f), "neeDLe");
	assert_false(finds(&x, "\r\n"));
	assert_true(
	    finds(&x, "a needle\r\nb\r\nc\r\nd\r\ne\r\nf\r\n")); /* gone again within the event */
	assert_string_equal(finder_line(x.f), "a needle");
	assert_false(finds(&x, "x\r\ny\r\n"));
	assert_true(finds(&x, "\033[2J\033[H0123456789abcdefneedle")); /* over the edge */
	assert_false(finds(&x, "\033[3;1Hmore"));
	assert_false(finds(&x, "\033[?1049h\033[2J\033[Heditor"));
	assert_true(finds(&x, "\033[2;1Hneedle in it"));
	assert_false(finds(&x, "\033[?1049l"));
	assert_true(finds(&x, "\r\nneedle"));
	finder_free(x.f);
	x.f = finder_new("Needle", false, wrong, sizeof wrong);
	finder_attach(x.f, x.s);
	assert_false(finds(&x, "\r\nneedle\r\n")); /* a capital: exactly */
	assert_true(finds(&x, "Needle"));
	finder_free(x.f);
	screen_free(x.s);
}

static void
test_finder_patterns(void **state)
{
	char wrong[128];
	struct finder *f = finder_new("pass(word|phrase):?$", true, wrong, sizeof wrong);

	(void)state;
	assert_int_equal(finder_match(f, "Enter Passphrase:", 17), 6);
	assert_int_equal(finder_match(f, "password now", 12), -1);
	finder_free(f);
	assert_null(finder_new("a(", true, wrong, sizeof wrong));
	assert_non_null(strstr(wrong, "at character 2"));
	assert_null(finder_new("", false, wrong, sizeof wrong));
	f = finder_new(
	    "(a+)+$", true, wrong, sizeof wrong); /* exponential: given up on, not run for ever */
	assert_int_equal(
	    finder_match(f, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 52), -1);
	finder_free(f);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_arena_gives_back_a_moment),
	    cmocka_unit_test(test_arena_random),
	    cmocka_unit_test(test_screen_returns_to_a_moment),
	    cmocka_unit_test(test_cells_hold_no_controls),
	    cmocka_unit_test(test_sizes_of_any_kind),
	    cmocka_unit_test(test_frames_in_any_window),
	    cmocka_unit_test(test_a_small_window_follows_the_cursor),
	    cmocka_unit_test(test_nothing_new_writes_nothing),
	    cmocka_unit_test(test_ascii_terminals),
	    cmocka_unit_test(test_finder),
	    cmocka_unit_test(test_unseen_is_the_same_in_the_end),
	    cmocka_unit_test(test_finder_patterns),
	};

	return cmocka_run_group_tests_name("screen", tests, NULL, NULL);
}
