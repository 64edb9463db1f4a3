/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The rules that one wants to see spelled out; the whole is held against a PTY in
 * discipline_pty_test.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pump/discipline.h"

#include <errno.h>
#include <string.h>
#include <termios.h>

static struct termios
cooked(void)
{
	struct termios t = {.c_iflag = ICRNL | IXON | IUTF8,
	    .c_lflag = ICANON | ISIG | ECHO | ECHOE | ECHOK | ECHOKE | ECHOCTL | IEXTEN};
	static const cc_t cc[] = {[VINTR] = 3,
	    [VQUIT] = 034,
	    [VERASE] = 0177,
	    [VKILL] = 025,
	    [VEOF] = 4,
	    [VSTART] = 021,
	    [VSTOP] = 023,
	    [VSUSP] = 032,
	    [VREPRINT] = 022,
	    [VWERASE] = 027,
	    [VLNEXT] = 026};

	memcpy(t.c_cc, cc, sizeof cc);
	return t;
}

static void
type(struct discipline *d, const char *keys)
{
	assert_int_equal(discipline_receive(d, (const uint8_t *)keys, strlen(keys)), strlen(keys));
}

static void
reads(struct discipline *d, const char *want, bool line)
{
	uint8_t buf[DISCIPLINE_SIZE];
	bool end;

	assert_int_equal(discipline_read(d, buf, sizeof buf, &end), strlen(want));
	assert_memory_equal(buf, want, strlen(want));
	assert_int_equal(end, line);
}

static void
blocks(struct discipline *d)
{
	uint8_t buf[1];
	bool end;

	assert_int_equal(discipline_read(d, buf, 1, &end), -EAGAIN);
}

static void
test_a_line_is_edited_and_then_delivered(void **state)
{
	struct termios t = cooked();
	struct discipline *d = discipline_new(&t);

	(void)state;
	type(d, "wrong\025ls -lx\177 fo\303\266\177o bar\027ba");
	assert_int_equal(discipline_unread(d), 0);
	blocks(d);
	type(d, "\026\003z\r");
	reads(d, "ls -l foo ba\003z\n", true);
	type(d, "abc\004");
	assert_int_equal(discipline_unread(d), 3);
	reads(d, "abc", true);
	type(d, "\004");
	assert_true(discipline_readable(d));
	reads(d, "", true);
	blocks(d);
	discipline_free(d);
}

static void
test_signals_flush_and_flow_control_is_taken_out(void **state)
{
	struct termios t = cooked();
	struct discipline *d = discipline_new(&t);

	(void)state;
	type(d, "one\ntwo\003three\023\021\n");
	reads(d, "three\n", true);
	t.c_lflag |= NOFLSH;
	discipline_set_modes(d, &t);
	type(d, "one\ntwo\003three\n");
	reads(d, "one\n", true);
	reads(d, "twothree\n", true);
	discipline_free(d);
}

static void
test_switching_icanon_keeps_what_is_pending(void **state)
{
	struct termios t = cooked();
	struct discipline *d = discipline_new(&t);

	(void)state;
	type(d, "one\ntwo");
	t.c_lflag &= ~(tcflag_t)ICANON;
	discipline_set_modes(d, &t);
	assert_int_equal(discipline_unread(d), 7);
	type(d, "\r4");
	t.c_lflag |= ICANON;
	discipline_set_modes(d, &t);
	reads(d, "one\ntwo\n4", true);
	discipline_free(d);
}

static void
test_a_full_buffer_leaves_the_rest_outside(void **state)
{
	struct termios t = cooked();
	struct discipline *d;
	uint8_t many[5000], buf[DISCIPLINE_SIZE];
	bool line;

	(void)state;
	memset(many, 'x', sizeof many);
	d = discipline_new(&t);
	assert_int_equal(discipline_receive(d, many, sizeof many), sizeof many);
	type(d, "\n");
	assert_int_equal(discipline_read(d, buf, sizeof buf, &line), 4096);
	assert_int_equal(buf[4095], '\n');
	t.c_lflag = 0;
	t.c_iflag = 0;
	discipline_set_modes(d, &t);
	assert_int_equal(discipline_receive(d, many, sizeof many), 4095);
	assert_int_equal(discipline_unread(d), 4095);
	assert_int_equal(discipline_receive(d, many, 1), 0);
	assert_int_equal(discipline_read(d, buf, 1000, &line), 1000);
	assert_int_equal(discipline_receive(d, many, sizeof many), 1000);
	discipline_free(d);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_line_is_edited_and_then_delivered),
	    cmocka_unit_test(test_signals_flush_and_flow_control_is_taken_out),
	    cmocka_unit_test(test_switching_icanon_keeps_what_is_pending),
	    cmocka_unit_test(test_a_full_buffer_leaves_the_rest_outside),
	};

	return cmocka_run_group_tests_name("discipline", tests, NULL, NULL);
}
