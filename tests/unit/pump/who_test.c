/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The questions that who.c asks, and what its answers do: with an outbox that only remembers. */
#include "input_rig.h"

#include "pump/outbox.h"
#include "pump/who.h"

#include <errno.h>

#define WAIT_NS  INT64_C(1000000000) /* an answer is lost after that */
#define HOLDS_NS INT64_C(100000000)  /* and with ranked does not hold for longer */

struct scene {
	struct outbox outbox; /* first: outbox_send() gets no more than this */
	bool full;
	char asked[256]; /* number:group of each question */
	struct who who;
	struct input *in;
	struct secret *secret;
	struct input_view view;
	char told[256]; /* <text> per record, <!text> where it counts as elevated, [n] left out */
};

int
outbox_send(struct outbox *o, uint32_t type, const void *first, size_t first_n, const void *second,
    size_t second_n)
{
	struct scene *s = (struct scene *)o;
	const struct message_foreground *who = first;
	size_t at = strlen(s->asked);

	assert_int_equal(type, MESSAGE_FOREGROUND);
	assert_int_equal(first_n, sizeof *who);
	assert_null(second);
	assert_int_equal(second_n, 0);
	if (s->full)
		return -EAGAIN;
	snprintf(s->asked + at, sizeof s->asked - at, "%s%u:%d", at > 0 ? " " : "", who->number,
	    (int)who->pgrp);
	return 0;
}

static void
hear(void *arg, const struct input_event *e)
{
	struct scene *s = arg;
	size_t at = strlen(s->told);
	const char *mark = who_is_elevated(&s->who, e->pgrp) ? "!" : "";

	if (e->kind == INPUT_DATA)
		snprintf(s->told + at, sizeof s->told - at, "<%s%.*s>", mark, (int)e->len,
		    (const char *)e->data);
	else
		snprintf(s->told + at, sizeof s->told - at, "[%zu]", e->len);
}

static int
begin(void **state, bool ranked)
{
	static struct scene s;
	char why[128];

	memset(&s, 0, sizeof s);
	s.view = (struct input_view){.modes = modes(RAW), .settled = true, .now_ns = 5000000000};
	assert_int_equal(secret_new(&s.secret, NULL, NULL, why, sizeof why), 0);
	s.in = input_new(&s.view, s.secret, hear, &s);
	assert_non_null(s.in);
	who_init(&s.who, &s.outbox, s.in, s.secret, ranked);
	if (ranked)
		input_rank(s.in);
	*state = &s;
	return 0;
}

static int
begin_plain(void **state)
{
	return begin(state, false);
}

static int
begin_ranked(void **state)
{
	return begin(state, true);
}

static int
end(void **state)
{
	struct scene *s = *state;

	input_free(s->in);
	secret_free(s->secret);
	return 0;
}

/* As typed.c looks and judges, later_ns after the look before. */
static void
look_later(struct scene *s, int64_t later_ns, pid_t pgrp, bool changed)
{
	s->view.pgrp = pgrp;
	s->view.changed = s->view.set = changed;
	s->view.comm = NULL;
	s->view.now_ns += later_ns;
	who_look(&s->who, &s->view);
	input_observe(s->in, &s->view);
	who_judged(&s->who, s->view.now_ns);
}

static void
look_at(struct scene *s, pid_t pgrp, bool changed)
{
	look_later(s, 1000000, pgrp, changed);
}

/* The look behind it shows it to be read. */
static void
write_keys(struct scene *s, const char *keys)
{
	input_written(s->in, (const uint8_t *)keys, strlen(keys), s->view.now_ns);
}

static struct message
reader_of(uint32_t number, pid_t pgrp, bool elevated, const char *name)
{
	struct message m = {.head = {MESSAGE_READER, sizeof m.body.reader}};

	m.body.reader = (struct message_reader){
	    .pgrp = pgrp, .number = number, .elevated = elevated, .pid = pgrp};
	memcpy(m.body.reader.names[0], name, strlen(name));
	return m;
}

static void
answer(struct scene *s, uint32_t number, pid_t pgrp, bool elevated, const char *name)
{
	const struct message m = reader_of(number, pgrp, elevated, name);

	who_answered(&s->who, &m, &s->view);
}

static void
answer_gone(struct scene *s, uint32_t number, pid_t pgrp)
{
	struct message m = reader_of(number, pgrp, true, "");

	m.body.reader.pid = 0;
	who_answered(&s->who, &m, &s->view);
}

static void
assert_named(const struct scene *s, const char *name)
{
	assert_true(s->view.named);
	assert_string_equal(s->view.comm, name);
}

static void
test_who_comes_to_the_foreground_is_asked_about(void **state)
{
	struct scene *s = *state;

	look_at(s, 0, false);
	assert_false(s->view.named);
	assert_null(s->view.comm);
	assert_string_equal(s->asked, "");
	look_at(s, 7, true);
	assert_string_equal(s->asked, "1:7");
	assert_false(s->view.named);
	assert_null(s->view.comm);
	assert_true(who_is_asked(&s->who, 7));
	answer(s, 1, 7, false, "bash");
	assert_false(who_is_asked(&s->who, 7));
	look_later(s, 10 * WAIT_NS, 7, false);
	assert_named(s, "bash");
	look_at(s, 0, false);
	assert_false(s->view.named);
	assert_string_equal(s->asked, "1:7");
}

static void
test_a_group_without_an_answer_is_elevated(void **state)
{
	struct scene *s = *state;

	assert_true(who_is_elevated(&s->who, 0));
	assert_true(who_is_elevated(&s->who, -1));
	assert_true(who_is_elevated(&s->who, 7));
	look_at(s, 7, false);
	answer(s, 1, 7, false, "bash");
	assert_false(who_is_elevated(&s->who, 7));
	assert_true(who_is_elevated(&s->who, 8));
	assert_true(who_is_elevated(&s->who, 0));
}

/* A program may set its modes as often as it likes. */
static void
test_one_question_at_a_time_for_each_group(void **state)
{
	struct scene *s = *state;

	for (int i = 0; i < 10; i++)
		look_at(s, 7, true);
	assert_string_equal(s->asked, "1:7");
	for (int i = 0; i < 10; i++)
		look_at(s, 8, true);
	assert_string_equal(s->asked, "1:7 2:8");
}

static void
test_without_an_answer_in_time_it_is_asked_again(void **state)
{
	struct scene *s = *state;
	int64_t asked_ns;

	look_at(s, 7, false);
	asked_ns = s->view.now_ns;
	assert_int_equal(who_answer_ns(&s->who), asked_ns + WAIT_NS);
	look_later(s, WAIT_NS, 7, false);
	assert_string_equal(s->asked, "1:7");
	look_later(s, 1, 7, false);
	assert_string_equal(s->asked, "1:7 2:7");
	assert_int_equal(who_answer_ns(&s->who), asked_ns + WAIT_NS + 1 + WAIT_NS);
	/* What comes then is late, and not the answer to the question as it stands. */
	answer(s, 1, 7, false, "bash");
	assert_true(who_is_asked(&s->who, 7));
	look_at(s, 7, false);
	assert_false(s->view.named);
	answer(s, 2, 7, false, "vim");
	look_at(s, 7, false);
	assert_named(s, "vim");
	assert_string_equal(s->asked, "1:7 2:7");
}

static void
test_what_does_not_go_out_is_asked_at_the_next_look(void **state)
{
	struct scene *s = *state;

	s->full = true;
	look_at(s, 7, false);
	s->full = false;
	assert_string_equal(s->asked, "");
	look_at(s, 7, false);
	assert_string_equal(s->asked, "1:7");
}

/* The shell's child, say, before its exec(2): the group is the same, and the modes are set by what it becomes. */
static void
test_an_answer_does_not_outlast_the_modes(void **state)
{
	struct scene *s = *state;

	look_at(s, 7, false);
	answer(s, 1, 7, false, "bash");
	look_at(s, 7, false);
	assert_named(s, "bash");
	look_at(s, 7, true);
	assert_false(s->view.named);
	assert_string_equal(s->view.comm, "bash");
	assert_string_equal(s->asked, "1:7 2:7");
	assert_true(who_is_asked(&s->who, 7));
	answer(s, 2, 7, false, "vim");
	look_at(s, 7, false);
	assert_named(s, "vim");
	assert_string_equal(s->asked, "1:7 2:7");
}

static void
test_a_stale_answer_is_asked_for_again(void **state)
{
	struct scene *s = *state;

	look_at(s, 7, false);
	write_keys(s, "hunter2");
	look_at(s, 7, true);
	s->full = true;
	answer(s, 1, 7, false, "bash");
	assert_true(who_is_asked(&s->who, 7));
	assert_false(who_is_asked(&s->who, 8));
	assert_string_equal(s->told, "");
	s->full = false;
	look_at(s, 7, false);
	assert_false(s->view.named);
	assert_string_equal(s->asked, "1:7 2:7");
	answer(s, 2, 7, false, "sudo");
	assert_string_equal(s->told, "");
	input_flush_for_event(s->in);
	assert_string_equal(s->told, "[7]");
}

/* At once, too: the reader that set them may not be there any more at the next look. */
static void
test_a_stale_answer_asks_by_itself(void **state)
{
	struct scene *s = *state;

	look_at(s, 7, false);
	look_at(s, 7, true);
	assert_string_equal(s->asked, "1:7");
	answer(s, 1, 7, false, "bash");
	assert_string_equal(s->asked, "1:7 2:7");
	assert_int_equal(who_answer_ns(&s->who), s->view.now_ns + WAIT_NS);
	look_at(s, 7, false);
	assert_false(s->view.named);
	answer(s, 2, 7, false, "vim");
	assert_string_equal(s->asked, "1:7 2:7");
	look_at(s, 7, false);
	assert_named(s, "vim");
}

/* What the look that asks shows to be read was read before: the answer names it, whenever it is judged. */
static void
test_the_answer_holds_for_what_the_look_showed(void **state)
{
	struct scene *s = *state;

	look_at(s, 7, false);
	answer(s, 1, 7, false, "bash");
	write_keys(s, "ls");
	look_at(s, 8, true);
	assert_string_equal(s->asked, "1:7 2:8");
	answer(s, 2, 8, true, "sh");
	input_flush_for_event(s->in);
	assert_string_equal(s->asked, "1:7 2:8");
	assert_string_equal(s->told, "<!ls>");
}

static void
test_an_answer_about_another_group_names_nobody_else(void **state)
{
	struct scene *s = *state;

	look_at(s, 7, false);
	look_at(s, 8, false);
	assert_string_equal(s->asked, "1:7 2:8");
	assert_true(who_is_asked(&s->who, 7));
	answer(s, 1, 7, false, "bash");
	assert_true(who_is_asked(&s->who, 8));
	assert_true(who_is_elevated(&s->who, 8));
	assert_false(who_is_asked(&s->who, 7));
	assert_false(who_is_elevated(&s->who, 7));
	write_keys(s, "abc");
	look_at(s, 8, false);
	assert_false(s->view.named);
	assert_null(s->view.comm);
	input_flush_for_event(s->in);
	assert_string_equal(s->told, "");
	assert_string_equal(s->asked, "1:7 2:8");
}

/* Who was in the foreground before is known, whatever becomes of who is there now. */
static void
test_only_who_is_asked_about_is_waited_for(void **state)
{
	struct scene *s = *state;

	look_at(s, 7, false);
	answer(s, 1, 7, false, "bash");
	look_at(s, 8, false);
	answer(s, 2, 8, true, "sudo");
	s->full = true;
	look_at(s, 8, true);
	assert_true(who_is_asked(&s->who, 8));
	assert_false(who_is_asked(&s->who, 7));
	s->full = false;
	look_at(s, 9, false);
	assert_true(who_is_asked(&s->who, 9));
	assert_false(who_is_asked(&s->who, 8));
	assert_false(who_is_asked(&s->who, 7));
}

/* What it can't tell the next sure look does. A question for each would be answered, and so be the next look's reason. */
static void
test_a_blind_look_asks_nobody_again(void **state)
{
	struct scene *s = *state;

	look_at(s, 7, false);
	answer(s, 1, 7, false, "bash");
	s->view.blind = true;
	for (int i = 0; i < 3; i++) {
		look_at(s, 7, true);
		assert_false(s->view.named);
		assert_string_equal(s->view.comm, "bash");
	}
	assert_string_equal(s->asked, "1:7");
	s->view.blind = false;
	look_at(s, 7, true);
	assert_string_equal(s->asked, "1:7 2:7");
	s->view.blind = true;
	look_at(s, 8, true); /* this one is not known at all */
	assert_string_equal(s->asked, "1:7 2:7 3:8");
}

/* It may have become somebody else, before another group came. */
static void
test_an_earlier_question_is_waited_for_too(void **state)
{
	struct scene *s = *state;

	look_at(s, 7, false);
	answer(s, 1, 7, false, "bash");
	look_at(s, 7, true);
	look_at(s, 8, false);
	assert_string_equal(s->asked, "1:7 2:7 3:8");
	assert_true(who_is_asked(&s->who, 7));
	answer(s, 2, 7, true, "bash");
	assert_false(who_is_asked(&s->who, 7));
	assert_true(who_is_elevated(&s->who, 7));
	assert_true(who_is_asked(&s->who, 8));
}

static void
test_of_too_many_questions_any_may_be_about_it(void **state)
{
	struct scene *s = *state;

	look_at(s, 7, false);
	answer(s, 1, 7, false, "bash");
	look_at(s, 7, true);
	for (pid_t pgrp = 10; pgrp < 10 + WHO_ASKED - 1; pgrp++)
		look_at(s, pgrp, false);
	assert_true(who_is_asked(&s->who, 7));
	answer(s, 2, 7, false, "bash");
	assert_false(who_is_asked(&s->who, 7));
	look_at(s, 20, false);
	assert_false(who_is_asked(&s->who, 7));
	look_at(s, 21, false);
	assert_true(who_is_asked(&s->who, 7));
}

/* Whoever is in the foreground, and was asked about last, when it comes. */
static void
test_an_answer_tells_what_its_own_group_read(void **state)
{
	struct scene *s = *state;

	write_keys(s, "ls");
	look_at(s, 7, false);
	look_at(s, 8, false);
	assert_string_equal(s->asked, "1:7 2:8");
	answer(s, 1, 7, false, "bash");
	input_flush_for_event(s->in);
	assert_string_equal(s->told, "<ls>");
}

/* The reader of a line that it sets the modes behind: rule 2 of input.c. */
static void
wait_for_line(struct scene *s)
{
	s->view.modes = modes(COOKED);
	look_at(s, 7, true);
	input_flush_for_event(s->in);
}

static void
test_an_answer_names_who_waits_for_a_line(void **state)
{
	struct scene *s = *state;

	look_at(s, 7, true);
	write_keys(s, "ls\r");
	answer(s, 1, 7, false, "bash");
	wait_for_line(s);
	assert_string_equal(s->told, "<ls\r>");
}

/* Modes were set since it was asked for; or it is late, and asked for again. */
static void
test_an_answer_that_is_not_the_last_names_nobody_who_waits(void **state)
{
	for (int late = 0; late < 2; late++) {
		struct scene *s = *state;

		look_at(s, 7, true);
		look_later(s, late ? WAIT_NS + 1 : 1, 7, !late);
		write_keys(s, "ls\r");
		answer(s, 1, 7, false, "bash");
		wait_for_line(s);
		assert_string_equal(s->told, "");
		end(state);
		begin(state, false);
	}
}

static void
test_two_answers_hold_each_for_its_group(void **state)
{
	struct scene *s = *state;

	look_at(s, 7, false);
	look_at(s, 8, false);
	answer(s, 1, 7, false, "bash");
	answer(s, 2, 8, true, "sudo");
	assert_false(who_is_elevated(&s->who, 7));
	assert_true(who_is_elevated(&s->who, 8));
	look_at(s, 8, false);
	assert_named(s, "sudo");
	look_at(s, 7, false);
	assert_null(s->view.comm);
	look_at(s, 9, false);
	answer(s, 3, 7, true, "bash");
	answer(s, 4, 9, false, "vim");
	assert_true(who_is_elevated(&s->who, 7));
	assert_false(who_is_elevated(&s->who, 9));
	assert_true(who_is_elevated(&s->who, 8));
	look_at(s, 9, false);
	assert_named(s, "vim");
	assert_string_equal(s->asked, "1:7 2:8 3:7 4:9");
}

/* A second answer about the same group does not push out the one about the other. */
static void
test_the_same_group_twice_leaves_the_other_known(void **state)
{
	struct scene *s = *state;

	look_at(s, 7, false);
	answer(s, 1, 7, false, "bash");
	look_at(s, 7, false);
	write_keys(s, "exit");
	look_at(s, 7, false);
	look_at(s, 8, false);
	answer(s, 2, 8, true, "sudo");
	look_at(s, 8, true);
	answer(s, 3, 8, true, "sudo");
	assert_false(who_is_elevated(&s->who, 7));
	assert_string_equal(s->told, "");
}

/* ... and what it has read is told before it is forgotten. */
static void
test_what_a_group_read_is_told_while_it_is_known(void **state)
{
	struct scene *s = *state;

	look_at(s, 7, false);
	answer(s, 1, 7, false, "bash");
	look_at(s, 7, false);
	write_keys(s, "exit");
	look_at(s, 7, false);
	look_at(s, 8, false);
	answer(s, 2, 8, true, "sudo");
	assert_string_equal(s->told, "");
	look_at(s, 9, false);
	answer(s, 3, 9, true, "sh");
	assert_string_equal(s->told, "<exit>");
}

/* What was read before the second answer counts as what either says. */
static void
test_an_answer_that_differs_counts_for_what_was_read_before(void **state)
{
	for (int elevated = 0; elevated < 2; elevated++) {
		struct scene *s = *state;

		look_at(s, 7, false);
		answer(s, 1, 7, elevated, "bash");
		look_at(s, 7, false);
		write_keys(s, "ab");
		look_at(s, 7, false);
		look_at(s, 7, true);
		answer(s, 2, 7, !elevated, "bash");
		assert_string_equal(s->told, "<!ab>");
		assert_int_equal(who_is_elevated(&s->who, 7), !elevated);
		look_at(s, 7, false);
		write_keys(s, "cd");
		look_at(s, 7, false);
		input_flush_for_event(s->in);
		assert_string_equal(s->told, elevated ? "<!ab><cd>" : "<!ab><!cd>");
		end(state);
		begin(state, false);
	}
}

static void
test_an_answer_that_does_not_differ_tells_nothing(void **state)
{
	struct scene *s = *state;

	look_at(s, 7, false);
	answer(s, 1, 7, false, "bash");
	look_at(s, 7, false);
	write_keys(s, "ab");
	look_at(s, 7, false);
	look_at(s, 7, true);
	answer(s, 2, 7, false, "bash");
	assert_string_equal(s->told, "");
}

static void
test_with_ranked_an_answer_holds_for_a_while(void **state)
{
	struct scene *s = *state;

	look_at(s, 7, false);
	answer(s, 1, 7, false, "bash");
	look_later(s, HOLDS_NS, 7, false);
	assert_named(s, "bash");
	assert_string_equal(s->asked, "1:7");
	write_keys(s, "ls\r");
	look_later(s, 1, 7, false);
	assert_false(s->view.named);
	assert_string_equal(s->view.comm, "bash");
	assert_string_equal(s->asked, "1:7 2:7");
	input_flush_for_event(s->in);
	assert_string_equal(s->told, "");
	look_later(s, HOLDS_NS, 7, false);
	assert_string_equal(s->asked, "1:7 2:7");
	answer(s, 2, 7, true, "vim");
	assert_string_equal(s->told, "<!ls\r>");
	look_at(s, 7, false);
	assert_string_equal(s->view.comm, "vim");
	assert_string_equal(s->asked, "1:7 2:7 3:7");
}

static void
test_without_ranked_an_answer_does_not_age(void **state)
{
	struct scene *s = *state;

	look_at(s, 7, false);
	answer(s, 1, 7, false, "bash");
	look_later(s, 3600 * WAIT_NS, 7, false);
	assert_named(s, "bash");
	assert_string_equal(s->asked, "1:7");
}

/* Read behind the question about its reader: the answer may be from before that. */
static void
test_what_was_read_behind_a_question_is_asked_for_with_its_answer(void **state)
{
	struct scene *s = *state;

	look_at(s, 7, false);
	write_keys(s, "hunter2");
	look_at(s, 7, false);
	assert_int_equal(input_wants_name(s->in), 7);
	assert_string_equal(s->asked, "1:7");
	answer(s, 1, 7, false, "bash");
	input_flush_for_event(s->in);
	assert_string_equal(s->told, "");
	assert_string_equal(s->asked, "1:7 2:7");
	answer(s, 2, 7, false, "bash");
	input_flush_for_event(s->in);
	assert_string_equal(s->told, "<hunter2>");
	assert_string_equal(s->asked, "1:7 2:7");
}

static void
test_a_reader_that_left_the_foreground_is_asked_about(void **state)
{
	struct scene *s = *state;

	look_at(s, 7, false);
	write_keys(s, "hunter2");
	look_at(s, 7, false);
	look_at(s, 8, false);
	assert_string_equal(s->asked, "1:7 2:8 3:7");
	answer(s, 1, 7, false, "bash");
	answer(s, 2, 8, false, "vim");
	input_flush_for_event(s->in);
	assert_string_equal(s->told, "");
	assert_string_equal(s->asked, "1:7 2:8 3:7");
	answer(s, 3, 7, false, "sudo");
	input_flush_for_event(s->in);
	assert_string_equal(s->told, "[7]");
	assert_string_equal(s->asked, "1:7 2:8 3:7");
}

/* The name was asked for once more for its age alone, and then the group is gone: it is still known as what. */
static void
test_who_is_gone_keeps_a_name_that_held(void **state)
{
	struct scene *s = *state;

	look_at(s, 7, false);
	answer(s, 1, 7, true, "bash");
	look_later(s, HOLDS_NS + 1, 7, false);
	assert_string_equal(s->asked, "1:7 2:7");
	answer_gone(s, 2, 7);
	look_at(s, 7, false);
	assert_named(s, "bash");
}

static void
test_who_is_gone_has_no_name_that_did_not_hold(void **state)
{
	struct scene *s = *state;

	/* modes were set since */
	look_at(s, 7, false);
	answer(s, 1, 7, true, "bash");
	look_at(s, 7, true);
	answer_gone(s, 2, 7);
	look_at(s, 7, false);
	assert_named(s, "");
	/* another group was known by it */
	look_at(s, 8, false);
	answer(s, 3, 8, true, "vim");
	look_at(s, 9, false);
	answer_gone(s, 4, 9);
	look_at(s, 9, false);
	assert_named(s, "");
	/* the question as it stands was never answered */
	look_at(s, 10, false);
	look_later(s, WAIT_NS + 1, 10, false);
	answer(s, 5, 10, true, "sh");
	answer_gone(s, 6, 10);
	look_at(s, 10, false);
	assert_named(s, "");
	/* nor the one before, that was asked because modes were set */
	look_at(s, 11, false);
	answer(s, 7, 11, true, "sh");
	look_at(s, 11, true);
	look_later(s, WAIT_NS + 1, 11, false);
	answer_gone(s, 9, 11);
	look_at(s, 11, false);
	assert_named(s, "");
}

static void
test_the_name_that_counts_reads_secrets(void **state)
{
	struct scene *s = *state;
	struct message m = reader_of(1, 7, false, "bash");

	memcpy(m.body.reader.names[1], "vim", 3);
	memcpy(m.body.reader.names[MESSAGE_READERS - 1], "sudo", 4);
	look_at(s, 7, false);
	who_answered(&s->who, &m, &s->view);
	look_at(s, 7, false);
	assert_named(s, "sudo");
}

static void
test_a_name_ends_where_there_is_no_room(void **state)
{
	struct scene *s = *state;
	struct message m = reader_of(1, 7, false, "");

	memset(m.body.reader.names, 'x', sizeof m.body.reader.names);
	look_at(s, 7, false);
	who_answered(&s->who, &m, &s->view);
	look_at(s, 7, false);
	assert_named(s, "xxxxxxxxxxxxxxx");
}

static void
test_an_answer_of_another_length_is_none(void **state)
{
	struct scene *s = *state;
	struct message m = reader_of(1, 7, false, "bash");

	look_at(s, 7, false);
	m.head.length--;
	who_answered(&s->who, &m, &s->view);
	assert_true(who_is_asked(&s->who, 7));
	assert_true(who_is_elevated(&s->who, 7));
}

static void
test_at_the_end_nothing_is_waited_for(void **state)
{
	struct scene *s = *state;

	look_at(s, 7, false);
	who_end(&s->who, &s->view);
	assert_false(who_is_asked(&s->who, 7));
	look_at(s, 8, false);
	answer(s, 2, 8, false, "bash");
	s->full = true;
	look_at(s, 8, true);
	assert_true(who_is_asked(&s->who, 8));
	who_end(&s->who, &s->view);
	assert_false(who_is_asked(&s->who, 8));
}

/* What its modes were set to on the way out, or how old the answer is, is no question any more. */
static void
test_the_last_look_goes_by_what_is_known(void **state)
{
	struct scene *s = *state;
	struct input_view last;

	look_at(s, 7, false);
	answer(s, 1, 7, false, "bash");
	look_later(s, WAIT_NS, 7, false);
	last = s->view;
	last.now_ns += WAIT_NS;
	last.changed = true;
	last.comm = NULL;
	last.named = false;
	who_end(&s->who, &last);
	assert_true(last.named);
	assert_string_equal(last.comm, "bash");
	last.pgrp = 8;
	who_end(&s->who, &last);
	assert_false(last.named);
	assert_null(last.comm);
}

#define PLAIN(name)  cmocka_unit_test_setup_teardown(name, begin_plain, end)
#define RANKED(name) cmocka_unit_test_setup_teardown(name, begin_ranked, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    PLAIN(test_who_comes_to_the_foreground_is_asked_about),
	    PLAIN(test_a_group_without_an_answer_is_elevated),
	    PLAIN(test_one_question_at_a_time_for_each_group),
	    PLAIN(test_without_an_answer_in_time_it_is_asked_again),
	    PLAIN(test_what_does_not_go_out_is_asked_at_the_next_look),
	    PLAIN(test_an_answer_does_not_outlast_the_modes),
	    PLAIN(test_a_stale_answer_is_asked_for_again),
	    PLAIN(test_a_stale_answer_asks_by_itself),
	    PLAIN(test_the_answer_holds_for_what_the_look_showed),
	    PLAIN(test_an_answer_about_another_group_names_nobody_else),
	    PLAIN(test_only_who_is_asked_about_is_waited_for),
	    PLAIN(test_a_blind_look_asks_nobody_again),
	    PLAIN(test_an_earlier_question_is_waited_for_too),
	    PLAIN(test_of_too_many_questions_any_may_be_about_it),
	    PLAIN(test_the_last_look_goes_by_what_is_known),
	    RANKED(test_the_last_look_goes_by_what_is_known),
	    PLAIN(test_an_answer_tells_what_its_own_group_read),
	    PLAIN(test_an_answer_names_who_waits_for_a_line),
	    PLAIN(test_an_answer_that_is_not_the_last_names_nobody_who_waits),
	    PLAIN(test_two_answers_hold_each_for_its_group),
	    PLAIN(test_the_same_group_twice_leaves_the_other_known),
	    PLAIN(test_what_a_group_read_is_told_while_it_is_known),
	    PLAIN(test_an_answer_that_differs_counts_for_what_was_read_before),
	    PLAIN(test_an_answer_that_does_not_differ_tells_nothing),
	    RANKED(test_with_ranked_an_answer_holds_for_a_while),
	    PLAIN(test_without_ranked_an_answer_does_not_age),
	    PLAIN(test_what_was_read_behind_a_question_is_asked_for_with_its_answer),
	    PLAIN(test_a_reader_that_left_the_foreground_is_asked_about),
	    RANKED(test_who_is_gone_keeps_a_name_that_held),
	    PLAIN(test_who_is_gone_has_no_name_that_did_not_hold),
	    PLAIN(test_the_name_that_counts_reads_secrets),
	    PLAIN(test_a_name_ends_where_there_is_no_room),
	    PLAIN(test_an_answer_of_another_length_is_none),
	    PLAIN(test_at_the_end_nothing_is_waited_for),
	};

	return cmocka_run_group_tests_name("who", tests, NULL, NULL);
}
