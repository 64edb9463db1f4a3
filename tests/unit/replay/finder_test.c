/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a finder knows of rows that moved is what it would find if it read all of them anew. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "replay/finder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVENTS 20000

static uint32_t
next(uint32_t *random)
{
	*random = *random * 1664525 + 1013904223;
	return *random >> 8;
}

/* A piece of text, or a sequence that moves rows about. Returns its length. */
static int
piece(uint32_t *random, char *out, size_t size)
{
	static const char *const forms[] = {"\033[%u;%uH", "\033[%uL", "\033[%uM", "\033[%uS",
	    "\033[%uT", "\033[%u;%ur", "\033[%uP", "\033[%u@", "\033M", "\033D", "\033[2J",
	    "\033[K", "\033[?1049h", "\033[?1049l", "\033[?69h\033[%u;%us", "\033[?69l"};
	static const char *const texts[] = {
	    "a", "b", "ab", "abba", "\r\n", "\n", "\r", "baab\r\n", "\xc3\xa4", "            "};
	unsigned what = next(random) % 40;

	if (what < sizeof forms / sizeof *forms)
		return snprintf(
		    out, size, forms[what], 1 + next(random) % 9, 1 + next(random) % 12);
	return snprintf(out, size, "%s", texts[what % (sizeof texts / sizeof *texts)]);
}

static void
compare(uint32_t random)
{
	char wrong[80], bytes[64];
	struct finder *quick = finder_new("ab", false, wrong, sizeof wrong),
		      *slow = finder_new("ab", false, wrong, sizeof wrong);
	struct screen *one = screen_new(10, 6), *two = screen_new(10, 6);
	unsigned found = 0;

	finder_attach(quick, one);
	finder_attach(slow, two);
	for (unsigned i = 0; i < EVENTS; i++) {
		bool hit;

		for (unsigned k = 1 + next(&random) % 4; k > 0; k--) {
			int n = piece(&random, bytes, sizeof bytes);

			screen_feed(one, (const uint8_t *)bytes, (size_t)n);
			screen_feed(two, (const uint8_t *)bytes, (size_t)n);
		}
		if (next(&random) % 200 == 0) {
			unsigned cols = 5 + next(&random) % 10, rows = 2 + next(&random) % 8;

			screen_resize(one, cols, rows);
			screen_resize(two, cols, rows);
		}
		screen_touch(two);
		hit = finder_check(slow);
		found += hit;
		assert_int_equal(finder_check(quick), hit);
	}
	assert_in_range(found, EVENTS / 100, EVENTS / 2);
	finder_free(quick);
	finder_free(slow);
	screen_free(one);
	screen_free(two);
}

static void
test_rows_that_moved(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 5; seed++)
		compare(seed * 7919);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rows_that_moved)};

	return cmocka_run_group_tests_name("finder", tests, NULL, NULL);
}
