/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "check/finding.h"

#include <stdlib.h>
#include <string.h>

static void
test_lines_and_counts(void **state)
{
	char *text = NULL;
	size_t n;
	struct findings f = {.out = open_memstream(&text, &n)};

	(void)state;
	assert_non_null(f.out);
	finding_ok(&f, "fine %d", 1);
	finding_note(&f, NULL, "a note");
	finding_wrong(&f, "chmod 0755 /x", "%s: bad", "/x");
	fclose(f.out);
	assert_string_equal(
	    text, "ok     fine 1\nnote   a note\nWRONG  /x: bad\n         mend: chmod 0755 /x\n");
	assert_int_equal(f.notes, 1);
	assert_int_equal(f.wrong, 1);
	free(text);
}

static void
test_names_cannot_act_on_the_terminal(void **state)
{
	char *text = NULL;
	size_t n;
	struct findings f = {.out = open_memstream(&text, &n)};

	(void)state;
	finding_wrong(&f, "chsh \x1b]52;c;x\a",
	    "user a\nok \x1b[2J\xc2\x9b"
	    "31m\x7f \xc3\xa9");
	fclose(f.out);
	assert_string_equal(
	    text, "WRONG  user a?ok ?[2J??31m? \xc3\xa9\n         mend: chsh ?]52;c;x?\n");
	free(text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines_and_counts),
	    cmocka_unit_test(test_names_cannot_act_on_the_terminal),
	};

	return cmocka_run_group_tests_name("finding", tests, NULL, NULL);
}
