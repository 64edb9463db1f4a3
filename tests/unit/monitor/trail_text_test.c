/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "monitor/trail.h"

#include <stdlib.h>
#include <string.h>

static const char *
encoded(const char *value, size_t max)
{
	static struct trail_text t;

	t = (struct trail_text){.len = 0};
	trail_add_untrusted(&t, "acct", value, max);
	return t.buf;
}

static void
test_plain_words_are_quoted(void **state)
{
	(void)state;
	assert_string_equal(encoded("alice", 64), "acct=\"alice\"");
	assert_string_equal(encoded("b/../c=d,e", 64), "acct=\"b/../c=d,e\"");
	assert_string_equal(encoded("", 64), "acct=?");
}

/* Names as an attacker would choose them (CVE-2007-3102): none can end its value or its record. */
static void
test_everything_else_is_hex(void **state)
{
	(void)state;
	assert_string_equal(encoded("a b", 64), "acct=612062");
	assert_string_equal(encoded("a\"b", 64), "acct=612262");
	assert_string_equal(encoded("a'b", 64), "acct=612762");
	assert_string_equal(encoded("a\nb", 64), "acct=610A62");
	assert_string_equal(encoded("\x7f\x80\xff\x01", 64), "acct=7F80FF01");
	assert_string_equal(encoded("x res=success", 64), "acct=78207265733D73756363657373");
}

/* audit_log_n_untrustedstring() decides by the whole string, so half of it hex never happens. */
static void
test_every_byte_stays_inside_its_value(void **state)
{
	(void)state;
	for (int c = 1; c < 256; c++) {
		char value[] = {'a', (char)c, 'b', '\0'};
		const char *text = encoded(value, 64), *p = text + strlen("acct=");

		if (*p == '"') {
			assert_int_equal(strlen(p), 5);
			assert_int_equal(p[4], '"');
			assert_memory_equal(p + 1, value, 3);
			assert_true(c > 0x20 && c < 0x7f && c != '"' && c != '\'');
		} else {
			assert_int_equal(strspn(p, "0123456789ABCDEF"), 6);
			assert_int_equal(p[6], '\0');
		}
	}
}

static void
test_what_is_too_long_is_cut_and_says_so(void **state)
{
	struct trail_text t = {.len = 0};

	(void)state;
	trail_add_untrusted(&t, "a", "abcdef", 6);
	assert_false(t.cut);
	trail_add_untrusted(&t, "b", "abcdefg", 6);
	assert_true(t.cut);
	assert_string_equal(t.buf, "a=\"abcdef\" b=\"abcdef\"");
}

/* Filled to the brim with any sizes: never past the end, always a string. */
static void
test_a_full_text_stays_a_text(void **state)
{
	char value[600];

	(void)state;
	for (size_t size = 1; size < sizeof value; size += 7) {
		struct trail_text t = {.len = 0};

		memset(value, '\n', size);
		value[size] = '\0';
		for (int i = 0; i < 9000; i++) {
			trail_add_untrusted(&t, "k", value, size);
			trail_add(&t, "n", "%d", i);
			assert_true(t.len < sizeof t.buf);
			assert_int_equal(strlen(t.buf), t.len);
		}
		assert_true(t.cut);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plain_words_are_quoted),
	    cmocka_unit_test(test_everything_else_is_hex),
	    cmocka_unit_test(test_every_byte_stays_inside_its_value),
	    cmocka_unit_test(test_what_is_too_long_is_cut_and_says_so),
	    cmocka_unit_test(test_a_full_text_stays_a_text),
	};

	return cmocka_run_group_tests_name("trail_text", tests, NULL, NULL);
}
