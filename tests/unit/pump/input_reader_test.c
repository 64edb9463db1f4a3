/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Prompts, and the names of readers, as input.c takes them for secrets: what waits for a name, too. */
#include "input_rig.h"

static void
test_prompts_and_processes_in_raw_mode(void **state)
{
	struct rig *r = *state;

	look(r, RAW, 0, true);
	output(r, "$ run\r\n\033[1mPass");
	output(r, "word\033[0m for bob: ");
	type(r, "hu");
	look(r, RAW, 0, false);
	output(r, "**");
	type(r, "n");
	look(r, RAW, 0, false);
	output(r, "*");
	type(r, "\r");
	look(r, RAW, 0, false);
	output(r, "\r\n$ ");
	look(r, RAW, 0, false);
	type(r, "ls\r");
	look(r, RAW, 0, false);
	r->view.comm = "pinentry-curses";
	look(r, RAW, 0, false);
	type(r, "hunter2\r");
	look(r, RAW, 0, false);
	r->view.comm = "bash";
	look(r, RAW, 0, false);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "[prompt 4]<ls\r>[process 8]");
}

static void
test_a_prompt_that_went_by_counts_once(void **state)
{
	struct rig *r = *state;

	look(r, NOECHO, 0, true);
	output(r, "Password: ");
	type(r, "hunter2\r");
	output(r, "\r\n");
	look(r, NOECHO, 0, false);
	look(r, RAW, 0, true);
	type(r, "ls");
	look(r, RAW, 0, false);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "[no echo 8]<ls>");
}

static void
test_a_prompt_that_came_and_went_counts(void **state)
{
	struct rig *r = *state;

	look(r, RAW, 0, true);
	type(r, "hunter2\r");
	look(r, RAW, 8, false);
	output(r, "Passwort: ********\r\nDanke\r\n");
	look(r, RAW, 0, false);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "[prompt 8]");
}

/* The relay writes without a look when the modes are still the same; the prompt need not be. */
static void
test_a_prompt_counts_as_it_is_at_the_write(void **state)
{
	struct rig *r = *state;

	look(r, RAW, 0, true);
	output(r, "Password: ");
	look(r, RAW, 0, false);
	output(r, "\r\n$ ");
	type(r, "ls\r");
	look(r, RAW, 0, false);
	output(r, "\r\nPassword: ");
	type(r, "hunter2\r");
	output(r, "x\r\n");
	look(r, RAW, 0, false);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "<ls\r>[prompt 8]");
}

/* `read -p 'Password: '` by a person: the terminal shows what is typed, and looks come in between. */
static void
test_what_is_shown_behind_a_prompt_is_still_its_answer(void **state)
{
	struct rig *r = *state;

	output(r, "Password: ");
	look(r, COOKED, 0, false);
	type(r, "hun");
	output(r, "hun");
	look(r, COOKED, 0, false);
	type(r, "ter2\r");
	output(r, "ter2\r\n");
	look(r, COOKED, 8, false);
	look(r, COOKED, 8, false);
	look(r, COOKED, 0, false);
	output(r, "$ ");
	look(r, COOKED, 0, false);
	type(r, "ls\r");
	output(r, "ls\r\n");
	look(r, COOKED, 0, false);
	assert_string_equal(r->log, "[prompt 8]<ls\n>");
}

/* So that how much was left out shows in how often it was: see tests/secrets/test_evasion.py. */
static void
test_what_is_left_out_is_told_by_the_line(void **state)
{
	struct rig *r = *state;

	look(r, RAW, 0, true);
	for (int i = 0; i < 3; i++) {
		output(r, "\r\nPassword: ");
		look(r, RAW, 0, false);
		type(r, "ls\r");
		look(r, RAW, 0, false);
	}
	assert_string_equal(r->log, "[prompt 3][prompt 3][prompt 3]");
}

/* sudo with use_pty: the password is its own, what comes then is its command's. */
static void
test_what_a_process_passes_on_is_not_its_own(void **state)
{
	struct rig *r = *state;

	r->view.comm = "sudo";
	look(r, RAW, 0, true);
	output(r, "Say the word! ");
	type(r, "hunter2\r");
	look(r, RAW, 0, false);
	look(r, PASSED_ON, 0, true);
	output(r, "\r\n# ");
	type(r, "id\r");
	look(r, PASSED_ON, 0, false);
	output(r, "uid=0\r\n# passwd\r\nNew password: ");
	type(r, "hunter3\r");
	look(r, PASSED_ON, 0, false);
	output(r, "\r\n# ");
	type(r, "w\r");
	look(r, PASSED_ON, 0, false);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "[process 8]<id\r>[prompt 8]<w\r>");
}

static void
test_a_name_that_comes_late_still_counts(void **state)
{
	struct rig *r = *state;

	r->view.comm = NULL;
	look(r, RAW, 0, true);
	type(r, "hunter2");
	look(r, RAW, 0, false);
	input_reader(r->in, 7, "sudo", 1, true);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "[process 7]");
}

static void
test_a_late_name_spares_only_what_was_passed_on(void **state)
{
	struct rig *r = *state;

	r->view.comm = NULL;
	look(r, PASSED_ON, 0, true);
	type(r, "id");
	look(r, PASSED_ON, 0, false);
	input_reader(r->in, 7, "sudo", 1, true);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "<id>");
	r->view.pgrp = 8;
	look(r, RAW, 0, true);
	type(r, "hunter2");
	look(r, RAW, 0, false);
	look(r, PASSED_ON, 0, true);
	type(r, "ls");
	look(r, PASSED_ON, 0, false);
	input_reader(r->in, 8, "sudo", 1, true);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "<id>[process 9]");
}

/* Seven bytes that a reader of unknown name has read: as a program that sets the modes just before it does. */
static void
nameless(struct rig *r, int which)
{
	r->view.named = false;
	r->view.comm = NULL;
	look(r, which, 0, true);
	type(r, "hunter2");
	look(r, which, 0, false);
	input_flush_for_event(r->in);
}

static void
test_what_somebody_read_waits_for_their_name(void **state)
{
	struct rig *r = *state;

	nameless(r, RAW);
	assert_string_equal(r->log, "");
	assert_true(input_wants_name(r->in));
	input_asked(r->in, 7, 1);
	assert_false(input_wants_name(r->in));
	input_reader(r->in, 7, "vim", 1, true);
	r->view.named = true;
	type(r, "x");
	look(r, RAW, 0, false);
	input_end(r->in, &r->view);
	assert_string_equal(r->log, "<hunter2x>");
}

static void
test_who_is_gone_unnamed_may_have_read_a_secret(void **state)
{
	struct rig *r = *state;

	nameless(r, RAW);
	input_asked(r->in, 7, 1);
	input_reader(r->in, 7, "", 1, true);
	input_end(r->in, &r->view);
	assert_string_equal(r->log, "[in doubt 7]");
}

static void
test_without_an_answer_it_may_be_a_secret(void **state)
{
	struct rig *r = *state;

	nameless(r, RAW);
	input_end(r->in, &r->view);
	assert_string_equal(r->log, "[in doubt 7]");
}

static void
test_an_earlier_name_may_be_another_programs(void **state)
{
	struct rig *r = *state;

	input_asked(r->in, 7, 1);
	nameless(r, RAW);
	input_reader(r->in, 7, "bash", 1, false);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "");
	input_asked(r->in, 7, 2);
	input_reader(r->in, 7, "sudo", 2, true);
	input_end(r->in, &r->view);
	assert_string_equal(r->log, "[process 7]");
}

static void
test_a_name_between_two_looks_counts_for_the_line_that_is_waited_for(void **state)
{
	struct rig *r = *state;

	r->view.named = false;
	r->view.comm = NULL;
	look(r, RAW, 0, true);
	input_asked(r->in, 7, 1);
	type(r, "hunter2\r");
	input_reader(r->in, 7, "sudo", 1, true);
	look(r, COOKED, 0, true);
	input_end(r->in, &r->view);
	assert_string_equal(r->log, "[process 8]");
}

/* Accepted, or not: who reads under that name says more. */
static void
test_a_line_that_was_accepted_waits_for_a_name_as_well(void **state)
{
	struct rig *r = *state;

	for (int secret = 0; secret < 2; secret++) {
		r->view.named = false;
		r->view.comm = NULL;
		look(r, COOKED, 0, true);
		type(r, "hunter2\r");
		look(r, RAW, 0, true);
		input_asked(r->in, 7, 1);
		input_accepted(r->in, "hunter2", 7);
		later(r, RAW);
		input_flush_for_event(r->in);
		assert_string_equal(r->log, secret ? "<hunter2\n>" : "");
		input_reader(r->in, 7, secret ? "sudo" : "bash", 1, true);
		input_flush_for_event(r->in);
	}
	assert_string_equal(r->log, "<hunter2\n>[process 8]");
}

static void
test_what_is_taken_back_is_told_by_lines(void **state)
{
	struct rig *r = *state;

	r->view.named = false;
	r->view.comm = NULL;
	look(r, RAW, 0, true);
	type(r, "one\rtwo\r");
	look(r, RAW, 0, false);
	input_asked(r->in, 7, 1);
	input_reader(r->in, 7, "sudo", 1, true);
	assert_string_equal(r->log, "[process 4][process 4]");
}

static void
test_no_name_is_needed_where_it_says_nothing(void **state)
{
	struct rig *r = *state;

	nameless(r, PASSED_ON);
	assert_string_equal(r->log, "<hunter2>");
	look(r, COOKED, 0, true);
	type(r, "a line\n");
	look(r, COOKED, 0, false);
	assert_string_equal(r->log, "<hunter2><a line\n>");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_prompts_and_processes_in_raw_mode),
	    TEST(test_a_prompt_that_went_by_counts_once),
	    TEST(test_a_prompt_that_came_and_went_counts),
	    TEST(test_a_prompt_counts_as_it_is_at_the_write),
	    TEST(test_what_is_shown_behind_a_prompt_is_still_its_answer),
	    TEST(test_what_is_left_out_is_told_by_the_line),
	    TEST(test_what_a_process_passes_on_is_not_its_own),
	    TEST(test_a_name_that_comes_late_still_counts),
	    TEST(test_a_late_name_spares_only_what_was_passed_on),
	    TEST(test_what_somebody_read_waits_for_their_name),
	    TEST(test_who_is_gone_unnamed_may_have_read_a_secret),
	    TEST(test_without_an_answer_it_may_be_a_secret),
	    TEST(test_an_earlier_name_may_be_another_programs),
	    TEST(test_a_name_between_two_looks_counts_for_the_line_that_is_waited_for),
	    TEST(test_a_line_that_was_accepted_waits_for_a_name_as_well),
	    TEST(test_what_is_taken_back_is_told_by_lines),
	    TEST(test_no_name_is_needed_where_it_says_nothing),
	};

	return cmocka_run_group_tests_name("input_reader", tests, NULL, NULL);
}
