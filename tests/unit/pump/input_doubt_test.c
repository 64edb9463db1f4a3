/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rule 4 of input.c: modes that may have come and gone, and the lines that a line editor accepted all the same. */
#include "input_rig.h"

static void
test_a_mode_that_came_and_went_is_doubt(void **state)
{
	struct rig *r = *state;

	type(r, "hunter2\n");
	look(r, COOKED, 8, false);
	look(r, COOKED, 0, true);
	assert_string_equal(r->log, "");
	later(r, COOKED);
	assert_string_equal(r->log, "[in doubt 8]");
}

/* A paste goes on while the shell gives the terminal to its command: the look before the write is not the write. */
static void
test_modes_at_a_write_are_those_of_the_look_after_it(void **state)
{
	struct rig *r = *state;

	look(r, RAW, 0, true);
	type(r, "\r");
	look(r, RAW, 0, false);
	type(r, "hunter22");
	look(r, COOKED, 0, true);
	input_end(r->in, &r->view);
	assert_string_equal(r->log, "<\r>[in doubt 8]");
}

/* Unless it goes to who waits: that one sets them because of it, when all of it is there. */
static void
test_what_a_reader_waits_for_has_arrived_before_it_sets_modes(void **state)
{
	struct rig *r = *state;

	look(r, RAW, 0, true);
	type(r, "q\rand more\r");
	look(r, COOKED, 0, true);
	input_end(r->in, &r->view);
	assert_string_equal(r->log, "<q\rand more\r>");
}

/* ... if it is no more than arrives at once. */
static void
test_more_than_arrives_at_once_may_not_have_arrived(void **state)
{
	struct rig *r = *state;
	char text[1800 + 1] = {0};

	look(r, RAW, 0, true);
	memset(text, 'x', 1800);
	type(r, text);
	look(r, COOKED, 0, true);
	input_end(r->in, &r->view);
	assert_string_equal(r->log, "[in doubt 1800]");
}

static void
test_what_is_seen_to_have_gone_in_raw_is_no_doubt(void **state)
{
	struct rig *r = *state;

	look(r, RAW, 0, true);
	type(r, "abcdef\rghi\r");
	look(r, RAW, 11, false);
	type(r, "jklmno\r");
	look(r, RAW, 18, false);
	look(r, COOKED, 0, true);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "<abcdef\rghi\rjklmno\r>");
}

/* A terminal full of output shows no modes: who waited when it last did need not be who reads now. */
static void
test_a_write_behind_a_missed_look_goes_to_anybody(void **state)
{
	struct rig *r = *state;

	look(r, RAW, 0, true);
	input_missed(r->in);
	type(r, "hunter2\r");
	look(r, COOKED, 0, true);
	later(r, COOKED);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "[in doubt 8]");
}

/*
 * Between two looks raw mode made a line of what had none, so that what is unread is more than it seems,
 * and what was read without echo would be told in part as what is read next.
 */
static void
test_an_unfinished_line_is_doubt_once_the_modes_were_set(void **state)
{
	struct rig *r = *state;

	type(r, "hunter2\nabc");
	look(r, COOKED, 8, false);
	look(r, COOKED, 3, true); /* the first eight were read */
	look(r, COOKED, 0, false);
	type(r, "ok\n");
	look(r, COOKED, 0, false);
	input_end(r->in, &r->view);
	assert_string_equal(r->log, "[in doubt 8]<ok\n>");
}

/* Typed ahead of a shell that is seen to have accepted all but one of the lines: that one is left out. */
static void
test_lines_that_were_accepted_are_no_doubt(void **state)
{
	struct rig *r = *state;

	type(r, "read -s x\nhunter2\n\necho  it\nid\n");
	look(r, COOKED, 31, false);
	accept_line(r, "bash-5.2$ read -s x");
	accept_line(r, "bash-5.2$ echo  it");
	look(r, RAW, 0, true);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "<read -s x\n>[in doubt 8]<\n><echo  it\n>");
	accept_line(r, "id");
	look(r, COOKED, 0, true);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "<read -s x\n>[in doubt 8]<\n><echo  it\n><id\n>");
}

/* In the order in which they were accepted, each once; a text that a command ends with is not a command. */
static void
test_what_was_accepted_otherwise_is_doubt_still(void **state)
{
	struct rig *r = *state;

	type(r, "1234\n1234\nls\n2200\n");
	look(r, COOKED, 18, false);
	accept_line(r, "1234");
	accept_line(r, "ls");
	accept_line(r, "ssh -p 2200");
	look(r, RAW, 0, true);
	later(r, COOKED);
	assert_string_equal(r->log, "<1234\n>[in doubt 5]<ls\n>[in doubt 5]");
}

/* What the kernel's rule or a prompt leaves out stays out, whatever the screen shows. */
static void
test_a_secret_that_was_accepted_is_a_secret(void **state)
{
	struct rig *r = *state;

	look(r, NOECHO, 0, true);
	type(r, "hunter2\n");
	accept_line(r, "hunter2");
	look(r, NOECHO, 0, false);
	look(r, COOKED, 0, true);
	assert_string_equal(r->log, "[no echo 8]");
}

/* A line editor that does not say what it accepts: the prompt it waited with stands before it. */
static void
test_lines_behind_the_prompt_are_no_doubt(void **state)
{
	struct rig *r = *state;

	look(r, RAW, 0, true);
	output(r, "hello\r\n\033[?2004h>>> ");
	type(r, "sleep(1)\r");
	look(r, RAW, 0, false);
	look(r, COOKED, 0, true);
	type(r, "a = 1\nhunter2\nb = 2\nhunter3\n");
	look(r, COOKED, 28, false);
	output(r, "a = 1\r\nhunter2\r\nb = 2\r\nhunter3\r\n");
	output(r, ">>> a = 1\r\n>>");
	output(r, "> b = 2\r\n >>> hunter3\r\n");
	look(r, RAW, 0, true);
	input_end(r->in, &r->view);
	assert_string_equal(r->log, "<sleep(1)\r><a = 1\n>[in doubt 8]<b = 2\n>[in doubt 8]");
}

/* Nor is what stands behind anything else: no mark at its end, a prompt that asks for a secret. */
static void
test_lines_behind_no_prompt_are_doubt(void **state)
{
	static const char *const prompts[] = {"Name ", "Password: "};

	for (size_t i = 0; i < 2; i++) {
		struct rig *r = *state;

		look(r, RAW, 0, true);
		output(r, prompts[i]);
		look(r, RAW, 0, false);
		type(r, "x");
		look(r, RAW, 0, false);
		look(r, COOKED, 0, true);
		type(r, "\n");
		look(r, COOKED, 0, false);
		output(r, "\r\n");
		type(r, "hunter2\n");
		look(r, COOKED, 8, false);
		output(r, prompts[i]);
		output(r, "hunter2\r\n");
		look(r, RAW, 0, true);
		input_end(r->in, &r->view);
		assert_null(strstr(r->log, "hunter2"));
		teardown(state);
		setup(state);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_a_mode_that_came_and_went_is_doubt),
	    TEST(test_modes_at_a_write_are_those_of_the_look_after_it),
	    TEST(test_what_a_reader_waits_for_has_arrived_before_it_sets_modes),
	    TEST(test_more_than_arrives_at_once_may_not_have_arrived),
	    TEST(test_what_is_seen_to_have_gone_in_raw_is_no_doubt),
	    TEST(test_a_write_behind_a_missed_look_goes_to_anybody),
	    TEST(test_an_unfinished_line_is_doubt_once_the_modes_were_set),
	    TEST(test_lines_that_were_accepted_are_no_doubt),
	    TEST(test_what_was_accepted_otherwise_is_doubt_still),
	    TEST(test_a_secret_that_was_accepted_is_a_secret),
	    TEST(test_lines_behind_the_prompt_are_no_doubt),
	    TEST(test_lines_behind_no_prompt_are_doubt),
	};

	return cmocka_run_group_tests_name("input_doubt", tests, NULL, NULL);
}
