/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What programs ask for secrets with, in all their languages (made by prompts.py), and ordinary lines
 * of the screen. Arguments: prompts.tsv, not_prompts.txt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pump/secret.h"

#include <stdio.h>
#include <string.h>

static const char *prompts_path, *others_path;

/* Each line is a screen's last line as it stands, and what comes behind it. */
static bool
asks(struct secret *s, const char *line, const char *behind)
{
	secret_output(s, (const uint8_t *)"\033[0m\r\n", 6);
	secret_output(s, (const uint8_t *)line, strlen(line));
	secret_output(s, (const uint8_t *)behind, strlen(behind));
	return secret_asked(s, false);
}

/* Returns how many lines there were, and in *wrong for how many of them the answer was not this one. */
static unsigned
lines_check(const char *path, bool answer, unsigned *wrong)
{
	static const char *const behind[] = {"", " ", "\033[0m ", " ***"};
	char line[1024], why[128];
	struct secret *s;
	unsigned n = 0;
	FILE *f = fopen(path, "r");

	*wrong = 0;
	assert_non_null(f);
	assert_int_equal(secret_new(&s, NULL, NULL, why, sizeof why), 0);
	for (; fgets(line, sizeof line, f) != NULL; n++) {
		const char *tab = strrchr(line, '\t'), *text = tab != NULL ? tab + 1 : line;

		line[strcspn(line, "\n")] = '\0';
		for (size_t i = 0; i < sizeof behind / sizeof *behind; i++)
			if (asks(s, text, behind[i]) != answer) {
				print_error("%s, then '%s'\n", line, behind[i]);
				++*wrong;
				break;
			}
	}
	secret_free(s);
	fclose(f);
	return n;
}

static void
test_prompts_of_all_languages_are_known(void **state)
{
	unsigned wrong, n = lines_check(prompts_path, true, &wrong);

	(void)state;
	assert_int_equal(wrong, 0);
	assert_true(n > 500);
}

static void
test_ordinary_lines_are_not_taken_for_one(void **state)
{
	unsigned wrong, n = lines_check(others_path, false, &wrong);

	(void)state;
	assert_int_equal(wrong, 0);
	assert_true(n > 50);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_prompts_of_all_languages_are_known),
	    cmocka_unit_test(test_ordinary_lines_are_not_taken_for_one),
	};

	if (argc != 3)
		return 2;
	prompts_path = argv[1];
	others_path = argv[2];
	return cmocka_run_group_tests_name("secret_lines", tests, NULL, NULL);
}
