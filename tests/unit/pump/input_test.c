/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules at the top of input.c, each with the looks that lead to it: all but rule 4, and what only a name or a prompt says. */
#include "input_rig.h"

static void
test_lines_become_records_after_editing(void **state)
{
	struct rig *r = *state;

	type(r, "lz\177s\r");
	look(r, COOKED, 3, false);
	assert_string_equal(r->log, "");
	look(r, COOKED, 0, false);
	assert_string_equal(r->log, "<ls\n>");
	type(r, "unfinished");
	look(r, COOKED, 0, false);
	assert_int_equal(input_deadline_ns(r->in), -1);
	type(r, "\004");
	look(r, COOKED, 0, false);
	assert_string_equal(r->log, "<ls\n><unfinished>");
}

static void
test_raw_input_is_gathered_until_the_mode_changes(void **state)
{
	struct rig *r = *state;

	look(r, RAW, 0, true);
	for (const char *key = "vim x\r"; *key != '\0'; key++) {
		type(r, (char[]){*key, '\0'});
		look(r, RAW, 0, false);
	}
	assert_string_equal(r->log, "");
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "<vim x\r>");
	type(r, "q");
	look(r, RAW, 0, false);
	look(r, COOKED, 0, true);
	type(r, "line\n");
	look(r, COOKED, 0, false);
	assert_string_equal(r->log, "<vim x\r><q><line\n>");
}

static void
test_what_is_read_without_echo_is_left_out(void **state)
{
	struct rig *r = *state;

	look(r, NOECHO, 0, true);
	type(r, "hunter2\n");
	look(r, NOECHO, 0, false);
	look(r, COOKED, 0, true);
	type(r, "id\n");
	look(r, COOKED, 0, false);
	assert_string_equal(r->log, "[no echo 8]<id\n>");
}

static void
test_type_ahead_is_judged_when_it_is_read(void **state)
{
	struct rig *r = *state;

	type(r, "hunter2\nid\n");
	look(r, COOKED, 11, false);
	look(r, NOECHO, 11, true);
	look(r, NOECHO, 3, false);
	look(r, COOKED, 3, true);
	look(r, COOKED, 0, false);
	assert_string_equal(r->log, "[no echo 8]<id\n>");
}

static void
test_a_line_end_alone_is_no_secret(void **state)
{
	struct rig *r = *state;

	look(r, RAW, 0, true);
	type(r, "s");
	look(r, RAW, 0, false);
	type(r, "\r");
	look(r, NOECHO, 0, true);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "<s\r>");
}

/* ... but the one that ends a secret: the kernel's rule leaves that out with it. */
static void
test_a_secrets_own_line_end_is_secret(void **state)
{
	struct rig *r = *state;

	look(r, NOECHO, 0, true);
	type(r, "hunter2\n");
	r->now_ns += 30000000; /* all of it has arrived */
	look(r, NOECHO, 1, false);
	look(r, COOKED, 0, true);
	type(r, "ls\n");
	look(r, COOKED, 0, false);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "[no echo 8]<ls\n>");
}

/* Rule 2: the shell's own line and its program's modes in one look, in both modes of reading it */
static void
test_a_command_line_belongs_to_who_waited_for_it(void **state)
{
	struct rig *r = *state;

	look(r, RAW, 0, true);
	type(r, "read -s x\rhunter2\n");
	look(r, NOECHO, 0, true);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "<read -s x\r>[no echo 8]");
	look(r, COOKED, 0, true);
	r->now_ns += 200000000;
	type(r, "stty -echo\nhunter2\n");
	r->now_ns -= 9000000;
	look(r, NOECHO, 0, true);
	assert_string_equal(r->log, "<read -s x\r>[no echo 8]<stty -echo\n>[no echo 8]");
}

/* On a busy machine the pump comes late to see it read; but who is seen to leave it unread did not wait for it. */
static void
test_a_command_line_that_is_seen_late_belongs_to_who_waited_for_it(void **state)
{
	struct rig *r = *state;

	look(r, RAW, 0, true);
	type(r, "read -s x\r");
	r->now_ns += 400000000;
	look(r, NOECHO, 0, true);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "<read -s x\r>");
	look(r, RAW, 0, true);
	type(r, "hunter2\r");
	r->now_ns += 60000000;
	look(r, RAW, 8, false);
	look(r, NOECHO, 0, true);
	later(r, RAW);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "<read -s x\r>[no echo 8]");
}

static void
test_a_line_right_after_a_line_is_typed_ahead(void **state)
{
	struct rig *r = *state;

	look(r, RAW, 0, true);
	type(r, "read -s x\r");
	look(r, RAW, 0, false);
	type(r, "hunter2\n"); /* the shell has not set its modes yet */
	look(r, RAW, 0, true);
	later(r, COOKED);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "<read -s x\r>[in doubt 8]");
}

/* The shell sets raw mode, reads what was typed ahead, and is seen only then: it does not wait for the next line. */
static void
test_modes_that_were_set_before_a_line_was_read_arm_nobody(void **state)
{
	struct rig *r = *state;

	r->step_ns = 1000000;
	type(r, "sudo true\r");
	look(r, RAW, 0, true);
	type(r, "geheim\r");
	look(r, NOECHO, 0, true);
	later(r, COOKED);
	input_flush_for_event(r->in);
	assert_null(strstr(r->log, "geheim"));
}

static void
test_bytes_on_their_way_are_not_taken_for_read(void **state)
{
	struct rig *r = *state;

	look(r, RAW, 0, true);
	r->step_ns = 1000000;
	type(r, "abc");
	look(r, RAW, 3, false);
	type(r, "def"); /* still in the flip buffer */
	look(r, RAW, 3, false);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "");
	look(r, RAW, 2, false); /* one at least was read */
	input_flush_for_event(r->in);
	look(r, RAW, 4, false); /* one more was read, or is not there yet */
	input_flush_for_event(r->in);
	look(r, RAW, 0, false);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "<a><bcdef>");
}

static void
test_a_change_while_bytes_are_on_their_way_is_not_forgotten(void **state)
{
	struct rig *r = *state;

	type(r, "first\n");
	look(r, COOKED, 6, false);
	type(r, "hunter2\n");
	look(r, COOKED, 6, true); /* maybe 'first' was read, and the rest arrived */
	look(r, COOKED, 0, false);
	later(r, RAW);
	assert_string_equal(r->log, "[in doubt 6][in doubt 8]");
}

static void
test_flushed_input_is_not_audited(void **state)
{
	struct rig *r = *state;

	type(r, "hunter2\n");
	look(r, COOKED, 8, false);
	r->view.control = true;
	look(r, NOECHO, 0, true);
	r->view.control = false;
	assert_int_equal(input_deadline_ns(r->in), r->now_ns + 1000000);
	input_flushed(r->in);
	look(r, NOECHO, 0, false);
	input_flush_for_event(r->in);
	assert_string_equal(r->log, "[no echo 8]");
	type(r, "abc\003");
	input_flushed(r->in);
	type(r, "id\n");
	look(r, COOKED, 0, true);
	type(r, "id\n");
	look(r, COOKED, 0, false);
	assert_string_equal(r->log, "[no echo 8][no echo 3]<id\n>");
}

/* Nobody can tell whether it was read before that: it is not told, but it is mentioned. */
static void
test_what_could_have_been_read_before_a_flush_is_in_doubt(void **state)
{
	struct rig *r = *state;

	type(r, "ls\n");
	look(r, COOKED, 3, false);
	type(r, "more\003");
	assert_string_equal(r->log, "");
	input_flushed(r->in);
	type(r, "id\n");
	look(r, COOKED, 0, false);
	assert_string_equal(r->log, "[in doubt 3]<id\n>");
	type(r, "ls\n");
	look(r, COOKED, 3, false);
	input_flushed(r->in);
	look(r, COOKED, 0, false);
	type(r, "id\n");
	look(r, COOKED, 0, false);
	assert_string_equal(r->log, "[in doubt 3]<id\n>[in doubt 3]<id\n>");
}

/* Nobody looks while nothing is pending, so nothing may be due: the relay would not sleep any more. */
static void
test_nothing_is_due_when_nothing_is_pending(void **state)
{
	struct rig *r = *state;

	r->view.control = true;
	look(r, RAW, 0, true);
	assert_int_equal(input_deadline_ns(r->in), -1);
	r->view.control = false;
	look(r, COOKED, 0, true);
	type(r, "abc\003");
	assert_int_equal(input_deadline_ns(r->in), -1);
}

static void
test_a_lost_count_is_doubt_until_the_slave_is_empty(void **state)
{
	struct rig *r = *state;

	look(r, RAW, 0, true);
	type(r, "abc");
	look(r, RAW, 10, false);
	look(r, RAW, 7, false);
	look(r, RAW, 0, false);
	type(r, "ok");
	look(r, RAW, 0, false);
	input_end(r->in, &r->view);
	assert_string_equal(r->log, "[in doubt 3]<ok>");
}

static void
test_the_end_loses_nothing_that_was_read(void **state)
{
	struct rig *r = *state;

	look(r, RAW, 0, true);
	type(r, "exit\r");
	look(r, RAW, 0, false);
	type(r, "more");
	r->view.unread = 4;
	r->view.settled = false;
	input_end(r->in, &r->view);
	assert_string_equal(r->log, "<exit\r>");
	assert_int_equal(input_pending(r->in), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_lines_become_records_after_editing),
	    TEST(test_raw_input_is_gathered_until_the_mode_changes),
	    TEST(test_what_is_read_without_echo_is_left_out),
	    TEST(test_type_ahead_is_judged_when_it_is_read),
	    TEST(test_a_line_end_alone_is_no_secret),
	    TEST(test_a_secrets_own_line_end_is_secret),
	    TEST(test_a_command_line_belongs_to_who_waited_for_it),
	    TEST(test_a_command_line_that_is_seen_late_belongs_to_who_waited_for_it),
	    TEST(test_a_line_right_after_a_line_is_typed_ahead),
	    TEST(test_modes_that_were_set_before_a_line_was_read_arm_nobody),
	    TEST(test_bytes_on_their_way_are_not_taken_for_read),
	    TEST(test_a_change_while_bytes_are_on_their_way_is_not_forgotten),
	    TEST(test_flushed_input_is_not_audited),
	    TEST(test_what_could_have_been_read_before_a_flush_is_in_doubt),
	    TEST(test_nothing_is_due_when_nothing_is_pending),
	    TEST(test_a_lost_count_is_doubt_until_the_slave_is_empty),
	    TEST(test_the_end_loses_nothing_that_was_read),
	};

	return cmocka_run_group_tests_name("input", tests, NULL, NULL);
}
