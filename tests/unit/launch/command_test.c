/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "launch/command.h"

#include <stdlib.h>
#include <string.h>

#define WORDS 6

/* How it was called, and what is run for it. */
static const struct {
	const char *argv[WORDS];
	bool forced, remote;
	const char *original;
	const char *run[WORDS];
	const char *line;
} cases[] = {
    /* login shell, by sshd, login or su */
    {{"-ttywrap"}, false, true, NULL, {"-bash"}, NULL},
    {{"-su"}, false, false, NULL, {"-su"}, NULL},
    {{"ttywrap", "-c", "ls -l"}, false, true, "ls -l", {"bash", "-c", "ls -l"}, "ls -l"},
    {{"/usr/bin/ttywrap", "-c", "scp -t x; bash"}, false, true, NULL,
	{"bash", "-c", "scp -t x; bash"}, "scp -t x; bash"},
    {{"ttywrap"}, false, false, NULL, {"bash"}, NULL},
    /* ForceCommand */
    {{"ttywrap"}, true, true, NULL, {"-bash"}, NULL},
    {{"ttywrap"}, true, true, "a 'b' \"c\\\" $d", {"bash", "-c", "a 'b' \"c\\\" $d"},
	"a 'b' \"c\\\" $d"},
    {{"ttywrap"}, true, true, "", {"bash", "-c", ""}, ""},
    {{"ttywrap"}, true, true, "--replay", {"bash", "-c", "--replay"}, "--replay"},
    {{"ttywrap"}, true, false, NULL, {"bash"}, NULL},
    /* given words: the user's own, handed on */
    {{"ttywrap", "-c"}, false, true, NULL, {"bash", "-c"}, NULL},
    {{"ttywrap", "-l", "x"}, true, true, "not this", {"bash", "-l", "x"}, NULL},
    /* names of every kind */
    {{""}, false, false, NULL, {""}, NULL},
    {{"-"}, false, false, NULL, {"-"}, NULL},
    {{"--"}, false, false, NULL, {"--"}, NULL},
    {{"/"}, false, false, NULL, {"/"}, NULL},
    {{"\x1b]0;x\a\n\xff"}, false, false, NULL, {"\x1b]0;x\a\n\xff"}, NULL},
    {{"-/x/ttywrap"}, false, false, NULL, {"-bash"}, NULL},
    {{NULL}, false, false, NULL, {"bash"}, NULL},
};

static void
test_what_is_run(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct command_call call = {
		    .argv = (char *const *)cases[i].argv,
		    .forced = cases[i].forced,
		    .remote = cases[i].remote,
		    .original = cases[i].original,
		    .shell = "/bin/bash",
		};
		struct command c;

		while (cases[i].argv[call.argc] != NULL)
			call.argc++;
		assert_int_equal(command_make(&c, &call), 0);
		for (size_t k = 0; k < WORDS && (k == 0 || cases[i].run[k - 1] != NULL); k++) {
			if (cases[i].run[k] == NULL)
				assert_null(c.argv[k]);
			else
				assert_string_equal(c.argv[k], cases[i].run[k]);
		}
		if (cases[i].line == NULL)
			assert_null(c.line);
		else
			assert_string_equal(c.line, cases[i].line);
		command_free(&c);
	}
}

static void
test_free_twice(void **state)
{
	struct command c = {0};

	(void)state;
	command_free(&c);
	command_free(&c);
	assert_null(c.argv);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_what_is_run),
	    cmocka_unit_test(test_free_twice),
	};

	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
