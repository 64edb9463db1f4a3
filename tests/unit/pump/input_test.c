/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules at the top of input.c, each with the looks that lead to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pump/input.h"
#include "pump/secret.h"

#include <stdio.h>
#include <string.h>

enum {
	COOKED,
	RAW,
	NOECHO,
	PASSED_ON
};

struct rig {
	struct input *in;
	struct secret *secret;
	struct input_view view;
	int64_t now_ns;
	int64_t step_ns;
	char log[4096]; /* "text" per record, [reason n] left out, {n} flushed */
};

static void
told(void *arg, const struct input_event *e)
{
	static const char *const reasons[] = {"no echo", "prompt", "process", "in doubt"};
	struct rig *r = arg;
	size_t at = strlen(r->log);
	char *end = r->log + at;

	if (e->kind == INPUT_DATA)
		snprintf(end, sizeof r->log - at, "<%.*s>", (int)e->len, (const char *)e->data);
	else if (e->kind == INPUT_SECRET) {
		assert_null(e->data);
		snprintf(end, sizeof r->log - at, "[%s %zu]", reasons[e->reason], e->len);
	} else
		snprintf(end, sizeof r->log - at, "{%zu}", e->len);
}

static struct termios
modes(int which)
{
	bool raw = which == RAW || which == PASSED_ON;
	struct termios t = {.c_iflag = raw ? 0 : ICRNL,
	    .c_oflag = which == PASSED_ON ? 0 : OPOST,
	    .c_lflag = raw ? 0 : ICANON | ISIG | IEXTEN | (which == COOKED ? ECHO : 0)};
	static const cc_t cc[] = {[VINTR] = 3, [VERASE] = 0177, [VKILL] = 025, [VEOF] = 4};

	memcpy(t.c_cc, cc, sizeof cc);
	return t;
}

static int
setup(void **state)
{
	static struct rig r;
	char why[128];

	memset(&r, 0, sizeof r);
	r.now_ns = 1000000000;
	r.step_ns = 10000000;
	r.view = (struct input_view){.modes = modes(COOKED),
	    .settled = true,
	    .now_ns = r.now_ns,
	    .comm = "sh",
	    .named = true,
	    .pgrp = 7};
	assert_int_equal(secret_new(&r.secret, NULL, NULL, why, sizeof why), 0);
	r.in = input_new(&r.view, r.secret, told, &r);
	*state = &r;
	return 0;
}

static int
teardown(void **state)
{
	struct rig *r = *state;

	input_free(r->in);
	secret_free(r->secret);
	return 0;
}

/* A look after step_ns: unread bytes, and whether the modes were set. */
static void
look(struct rig *r, int which, int unread, bool changed)
{
	r->now_ns += r->step_ns;
	r->view.modes = modes(which);
	r->view.unread = unread;
	r->view.settled = unread == 0;
	r->view.changed = r->view.set = changed;
	r->view.now_ns = r->now_ns;
	input_observe(r->in, &r->view);
}

/* Until whatever accepted a line has been seen to. */
static void
later(struct rig *r, int which)
{
	look(r, which, 0, true);
	look(r, which, 0, true);
}

static void
type(struct rig *r, const char *keys)
{
	input_written(r->in, (const uint8_t *)keys, strlen(keys), r->now_ns);
}

static void
output(struct rig *r, const char *text)
{
	input_output(r->in, (const uint8_t *)text, strlen(text));
}

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

static void
accept_line(struct rig *r, const char *text)
{
	input_accepted(r->in, text, strlen(text));
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
test_without_an_answer_it_may_be_a_secret(void **state)
{
	struct rig *r = *state;

	nameless(r, RAW);
	input_end(r->in, &r->view);
	assert_string_equal(r->log, "[in doubt 7]");
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
	assert_string_equal(r->log, "<exit\r>{4}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_lines_become_records_after_editing),
	    TEST(test_raw_input_is_gathered_until_the_mode_changes),
	    TEST(test_what_is_read_without_echo_is_left_out),
	    TEST(test_type_ahead_is_judged_when_it_is_read),
	    TEST(test_a_mode_that_came_and_went_is_doubt),
	    TEST(test_lines_that_were_accepted_are_no_doubt),
	    TEST(test_lines_behind_the_prompt_are_no_doubt),
	    TEST(test_lines_behind_no_prompt_are_doubt),
	    TEST(test_what_was_accepted_otherwise_is_doubt_still),
	    TEST(test_a_secret_that_was_accepted_is_a_secret),
	    TEST(test_modes_at_a_write_are_those_of_the_look_after_it),
	    TEST(test_what_a_reader_waits_for_has_arrived_before_it_sets_modes),
	    TEST(test_more_than_arrives_at_once_may_not_have_arrived),
	    TEST(test_what_is_seen_to_have_gone_in_raw_is_no_doubt),
	    TEST(test_a_write_behind_a_missed_look_goes_to_anybody),
	    TEST(test_an_unfinished_line_is_doubt_once_the_modes_were_set),
	    TEST(test_a_prompt_that_went_by_counts_once),
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
	    TEST(test_prompts_and_processes_in_raw_mode),
	    TEST(test_a_prompt_counts_as_it_is_at_the_write),
	    TEST(test_what_is_shown_behind_a_prompt_is_still_its_answer),
	    TEST(test_what_is_left_out_is_told_by_the_line),
	    TEST(test_what_a_process_passes_on_is_not_its_own),
	    TEST(test_a_late_name_spares_only_what_was_passed_on),
	    TEST(test_what_somebody_read_waits_for_their_name),
	    TEST(test_who_is_gone_unnamed_may_have_read_a_secret),
	    TEST(test_an_earlier_name_may_be_another_programs),
	    TEST(test_a_name_between_two_looks_counts_for_the_line_that_is_waited_for),
	    TEST(test_a_line_that_was_accepted_waits_for_a_name_as_well),
	    TEST(test_what_is_taken_back_is_told_by_lines),
	    TEST(test_without_an_answer_it_may_be_a_secret),
	    TEST(test_no_name_is_needed_where_it_says_nothing),
	    TEST(test_a_prompt_that_came_and_went_counts),
	    TEST(test_a_name_that_comes_late_still_counts),
	    TEST(test_a_lost_count_is_doubt_until_the_slave_is_empty),
	    TEST(test_the_end_loses_nothing_that_was_read),
	};

	return cmocka_run_group_tests_name("input", tests, NULL, NULL);
}
