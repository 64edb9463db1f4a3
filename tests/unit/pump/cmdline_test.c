/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pump/cmdline.h"

#include <string.h>

#define ON  "\033[?2004h"
#define OFF "\033[?2004l"

struct lines {
	char text[1024]; /* each with a '|' behind it */
};

static void
take(void *arg, const char *text, size_t n)
{
	struct lines *l = arg;

	strncat(l->text, text, n);
	strcat(l->text, "|");
}

/* Plays a script: what is shown as it is, keys after "\001", what is shown again after "\002". */
static void
play(struct cmdline *c, const char *script, size_t step, bool ahead)
{
	size_t n = strlen(script);
	bool keys = false;

	for (size_t at = 0; at < n;) {
		size_t len = strcspn(script + at, "\001\002");

		if (len == 0) {
			keys = script[at++] == 1;
			continue;
		}
		if (len > step)
			len = step;
		if (keys)
			cmdline_typed(c, (const uint8_t *)script + at, len);
		else
			cmdline_output(c, (const uint8_t *)script + at, len, ahead);
		at += len;
	}
}

static void
check(const char *script, bool ahead, const char *want)
{
	for (size_t step = 1; step <= 64; step *= 2) {
		struct lines got = {""};
		struct cmdline *c = cmdline_new(40, take, &got);

		play(c, script, step, ahead);
		assert_string_equal(got.text, want);
		cmdline_free(c);
	}
}

static void
test_lines_as_they_were_accepted(void **state)
{
	(void)state;
	/* bash: the mode first, then the prompt; a key erased; the cursor moved; a second line */
	check(ON "$ \001lx\002lx\001\177\002\b \b\001s\002s\001\r\002\r\n" OFF "\rout\r\n" ON
		 "$ \001pwd\r\002pwd\r\n" OFF,
	    false, "ls|pwd|");
	/* zsh: the prompt first */
	check("\r\n% " ON "\001id\002id\001\r\002" OFF "\r\r\n", false, "id|");
	/* what comes before the prompt on its row is no part of the line */
	check("no line end$ " ON "\001id\002id\001\r\002\r\n" OFF, false, "id|");
	/* an empty line is none */
	check(ON "$ \001\r\002\r\n" OFF, false, "");
}

static void
test_rows_are_joined(void **state)
{
	(void)state;
	check(ON "$ \001x\002echo 3456789 123456789 123456789 12345678901234\r\n" OFF, false,
	    "echo 3456789 123456789 123456789 12345678901234|");
	check(ON "$ \001x\002for x\r\n> do\r\n" OFF, false, "for x\n> do|");
}

static void
test_only_what_somebody_typed(void **state)
{
	(void)state;
	check("\033[?1049h" ON "text of an editor\001:q\r\002" OFF "\033[?1049l", false, "");
	check(ON "a program comes and goes" OFF, false, "");
	check("\033[?2004h\033[?1h$ \001ls\002ls\r\n\033[?2004l", false, "ls|");
}

static void
test_typed_ahead(void **state)
{
	struct lines got = {""};
	struct cmdline *c = cmdline_new(40, take, &got);

	(void)state;
	/* the prompt is known from the line before */
	play(c, ON "$ \001sleep 1\r\002sleep 1\r\n" OFF, 64, false);
	play(c, "\001ls\r\002" ON "$ ls\r\n" OFF, 64, true);
	/* it is another one, but what was typed says where the line begins */
	play(c, "\001pwd\002" ON "other> pwd\001\r\002\r\n" OFF, 64, true);
	assert_string_equal(got.text, "sleep 1|ls|pwd|");
	cmdline_free(c);
}

static void
test_a_flood_at_the_prompt_ends_the_editing(void **state)
{
	struct lines got = {""};
	struct cmdline *c = cmdline_new(40, take, &got);
	uint8_t flood[4096];

	(void)state;
	memset(flood, 'x', sizeof flood);
	play(c, ON "$ \001l\002l", 64, false);
	for (int i = 0; i < 200; i++)
		cmdline_output(c, flood, sizeof flood, false);
	play(c, "s\r\n" OFF ON "$ \001id\r\002id\r\n" OFF, 64, false);
	assert_string_equal(got.text, "id|");
	cmdline_free(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines_as_they_were_accepted),
	    cmocka_unit_test(test_rows_are_joined),
	    cmocka_unit_test(test_only_what_somebody_typed),
	    cmocka_unit_test(test_typed_ahead),
	    cmocka_unit_test(test_a_flood_at_the_prompt_ends_the_editing),
	};

	return cmocka_run_group_tests_name("cmdline", tests, NULL, NULL);
}
