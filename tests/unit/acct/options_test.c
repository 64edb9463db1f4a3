/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "options.h"

#include <string.h>

static void
complain(void *data, const char *word, const char *why)
{
	assert_non_null(why);
	strcpy(data, word);
}

static int
parse(struct options *o, const char *word, char last[64])
{
	last[0] = 0;
	return options_parse(o, 1, &word, complain, last);
}

static void
test_defaults(void **state)
{
	struct options o;
	uint32_t mark;

	(void)state;
	assert_int_equal(options_parse(&o, 0, NULL, complain, NULL), 0);
	assert_string_equal(o.service, "sshd");
	assert_null(o.on_open);
	assert_false(o.required);
	assert_false(options_mark(&o, 1, 2, &mark));
	assert_int_equal(o.hook_seconds, 5);
}

static void
test_marks(void **state)
{
	struct options o;
	uint32_t mark;
	char last[64];

	(void)state;
	assert_int_equal(parse(&o, "mark=uid", last), 0);
	assert_true(options_mark(&o, 1, 2, &mark) && mark == 1);
	assert_int_equal(parse(&o, "mark=gid", last), 0);
	assert_true(options_mark(&o, 1, 2, &mark) && mark == 2);
	assert_int_equal(parse(&o, "mark=0x10", last), 0);
	assert_true(options_mark(&o, 1, 2, &mark) && mark == 16);
	assert_int_equal(parse(&o, "mark=4294967295", last), 0);
	assert_true(options_mark(&o, 1, 2, &mark) && mark == UINT32_MAX);
}

static void
test_wrong_words_are_named(void **state)
{
	static const char *const bad[] = {"mark=", "mark=-1", "mark=4294967296", "mark=uids",
	    "mark", "zone=65536", "zone=x", "hook_timeout=0", "hook_timeout=61", "hook_timeout=1s",
	    "ledger=", "ledger=x/y", "on_open=true", "on_close",
	    "service=", "required_accounting=yes", "Debug", "", "ledger"};
	struct options o;
	char last[64];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(parse(&o, bad[i], last), 1);
		assert_string_equal(last, bad[i]);
	}
}

static void
test_good_words(void **state)
{
	const char *words[] = {"ledger=/a/b", "on_open=/c", "on_close=/d", "hook_timeout=60",
	    "zone=65535", "service=ssh2", "required_accounting", "debug"};
	struct options o;

	(void)state;
	assert_int_equal(options_parse(&o, 8, words, complain, NULL), 0);
	assert_string_equal(o.ledger, "/a/b");
	assert_string_equal(o.on_open, "/c");
	assert_string_equal(o.on_close, "/d");
	assert_string_equal(o.service, "ssh2");
	assert_int_equal(o.zone, 65535);
	assert_int_equal(o.hook_seconds, 60);
	assert_true(o.required && o.debug);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_marks),
	    cmocka_unit_test(test_wrong_words_are_named),
	    cmocka_unit_test(test_good_words),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
