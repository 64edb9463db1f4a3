/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/utf8.h"

#include <string.h>

/* Every code point there and back, every prefix of it unfinished. */
static void
test_every_character(void **state)
{
	(void)state;
	for (uint32_t u = 0; u <= 0x10ffff; u++) {
		uint8_t p[4];
		int n = (int)utf8_put(p, u);

		if (u == 0xd800)
			u = 0xdfff;
		if (u == 0xdfff) {
			assert_memory_equal(p, UTF8_REPLACEMENT, 3);
			continue;
		}
		if (utf8_at(p, 4) != n && utf8_at(p, (size_t)n) != n)
			fail_msg("U+%04x", u);
		for (int k = 1; k < n; k++)
			if (utf8_at(p, (size_t)k) != 0)
				fail_msg("U+%04x cut at %d", u, k);
	}
}

static void
is_wrong(const char *bytes, int length)
{
	size_t n = strlen(bytes);

	assert_int_equal(utf8_at((const uint8_t *)bytes, n), -length);
	assert_false(utf8_valid(bytes, n));
}

/* The maximal subparts of the Unicode standard, chapter 3, "U+FFFD Substitution". */
static void
test_what_is_no_character(void **state)
{
	(void)state;
	is_wrong("\x80", 1);
	is_wrong("\xc0\x80", 1);
	is_wrong("\xc1\xbf", 1);
	is_wrong("\xc3(", 1);
	is_wrong("\xe0\x9f\xbf", 1);
	is_wrong("\xed\xa0\x80", 1);
	is_wrong("\xe2\x82(", 2);
	is_wrong("\xe2(\x82", 1);
	is_wrong("\xf0\x8f\xbf\xbf", 1);
	is_wrong("\xf4\x90\x80\x80", 1);
	is_wrong("\xf5\x80\x80\x80", 1);
	is_wrong("\xf0\x9f\x98(", 3);
	is_wrong("\xf0\x9f(", 2);
	is_wrong("\xff", 1);
}

static void
test_valid_text(void **state)
{
	(void)state;
	assert_true(utf8_valid("", 0));
	assert_true(utf8_valid("plain text that is longer than a word", 37));
	assert_true(utf8_valid("eight..!\xe2\x82\xac"
			       "eight..!",
	    19));
	assert_false(utf8_valid("eight..!\xe2\x82", 10));
	assert_false(utf8_valid("eight..!eight..\xff", 16));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_character),
	    cmocka_unit_test(test_what_is_no_character),
	    cmocka_unit_test(test_valid_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
