/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_PUMP_INPUT_RIG_H
#define TESTS_PUMP_INPUT_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pump/input.h"
#include "pump/secret.h"

#include <stdio.h>
#include <string.h>

/* What the tests of input.c share: a terminal that is not there, looked at as a test says, and what was told of it. */
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
	char log[4096]; /* <text> per record, [reason n] left out */
};

static inline void
told(void *arg, const struct input_event *e)
{
	static const char *const reasons[] = {"no echo", "prompt", "process", "in doubt"};
	struct rig *r = arg;
	size_t at = strlen(r->log);
	char *end = r->log + at;

	if (e->kind == INPUT_DATA)
		snprintf(end, sizeof r->log - at, "<%.*s>", (int)e->len, (const char *)e->data);
	else {
		assert_int_equal(e->kind, INPUT_SECRET);
		assert_null(e->data);
		snprintf(end, sizeof r->log - at, "[%s %zu]", reasons[e->reason], e->len);
	}
}

static inline struct termios
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

static inline int
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

static inline int
teardown(void **state)
{
	struct rig *r = *state;

	input_free(r->in);
	secret_free(r->secret);
	return 0;
}

/* A look after step_ns: unread bytes, and whether the modes were set. */
static inline void
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
static inline void
later(struct rig *r, int which)
{
	look(r, which, 0, true);
	look(r, which, 0, true);
}

static inline void
type(struct rig *r, const char *keys)
{
	input_written(r->in, (const uint8_t *)keys, strlen(keys), r->now_ns);
}

static inline void
output(struct rig *r, const char *text)
{
	input_output(r->in, (const uint8_t *)text, strlen(text));
}

static inline void
accept_line(struct rig *r, const char *text)
{
	input_accepted(r->in, text, strlen(text));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
