/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A hostile pump's messages through the real channel into the real table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "monitor/dispatch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/io.h"
#include "monitor/monitor.h"
#include "monitor/session.h"
#include "proto/channel.h"

#define TYPES  80 /* 0 .. 79: all of both directions, and what lies between */
#define ROUNDS 20000

static struct session session = {
    .privileged = true, .user = "alice", .cwd = "/", .shell = {.pts_fd = -1}};

/* The table as ttywrap/proto/message.h says it, written down a second time. */
static const struct {
	uint32_t type;
	unsigned states;
	size_t min, max;
} allowed[] = {
    {MESSAGE_READY, MONITOR_STARTING, 0, 0},
    {MESSAGE_INPUT, MONITOR_RUNNING | MONITOR_ENDING, 16 + 1, 16 + 4096},
    {MESSAGE_WITHHELD, MONITOR_RUNNING | MONITOR_ENDING, 56, 56},
    {MESSAGE_SEAL, MONITOR_RUNNING | MONITOR_ENDING, 80, 80},
    {MESSAGE_LOSS, MONITOR_RUNNING | MONITOR_ENDING, 32, 32},
    {MESSAGE_FOREGROUND, MONITOR_RUNNING | MONITOR_ENDING, 8, 8},
    {MESSAGE_COMMAND, MONITOR_RUNNING | MONITOR_ENDING, 16 + 1, 16 + 4096},
    {MESSAGE_END, MONITOR_RUNNING | MONITOR_ENDING, 64, 64},
};

static const enum monitor_state states[] = {
    MONITOR_STARTING, MONITOR_RUNNING, MONITOR_ENDING, MONITOR_ENDED};

static bool
is_allowed(uint32_t type, enum monitor_state state, size_t n)
{
	for (size_t i = 0; i < sizeof allowed / sizeof *allowed; i++)
		if (allowed[i].type == type)
			return (allowed[i].states & state) != 0 && n >= allowed[i].min &&
			       n <= allowed[i].max;
	return false;
}

static struct monitor
monitor_make(enum monitor_state state)
{
	return (struct monitor){
	    .session = &session,
	    .trail = {.fd = -1,
		.addr = "?",
		.terminal = "?"}, /* the records are made, and refused */
	    .terminal = {.own_fd = -1, .outer_fd = -1, .ptm_fd = -1, .pts_fd = -1},
	    .state = state,
	    .channel_fd = -1,
	    .recording_fd = -1,
	    .recording = "1000-7-20260101T000000Z-42.cast",
	    .shell = 4711,
	    .shell_status = -1,
	};
}

/* A body that its handler has nothing against. */
static void
body_make(struct message *m, uint32_t type, size_t n)
{
	memset(m, 0, sizeof *m);
	m->head.type = type;
	m->head.length = (uint32_t)n;
	switch (type) {
	case MESSAGE_SEAL:
		memset(m->body.seal.hash, 'a', sizeof m->body.seal.hash);
		break;
	case MESSAGE_FOREGROUND:
		m->body.foreground.pgrp = 1;
		break;
	case MESSAGE_END:
		m->body.end.why = END_STOPPED;
		break;
	}
}

static void
test_every_type_in_every_state_at_every_length(void **state)
{
	struct message msg;

	(void)state;
	for (uint32_t type = 0; type < TYPES; type++) {
		for (size_t s = 0; s < sizeof states / sizeof *states; s++) {
			for (size_t n = 0; n <= MESSAGE_BODY_MAX; n++) {
				struct monitor m = monitor_make(states[s]);
				int r;

				/* A look at /proc takes its time: the lengths around the right one
				 * will do. */
				if (type == MESSAGE_FOREGROUND && n > 32)
					break;
				body_make(&msg, type, n);
				r = dispatch(&m, &msg);
				if (is_allowed(type, states[s], n)) {
					assert_true(r == 0 || r == -ENOTCONN);
				} else {
					assert_int_equal(r, -EPROTO);
					assert_int_equal(m.state, states[s]);
				}
			}
		}
	}
}

static void
test_bodies_that_no_pump_says(void **state)
{
	struct monitor m = monitor_make(MONITOR_RUNNING);
	const uint32_t whys[] = {0, END_PROMPT + 1, UINT32_MAX};
	struct message msg;

	(void)state;
	for (size_t i = 0; i < sizeof whys / sizeof *whys; i++) {
		body_make(&msg, MESSAGE_END, sizeof msg.body.end);
		msg.body.end.why = whys[i];
		assert_int_equal(dispatch(&m, &msg), -EPROTO);
	}
	for (int pgrp = -1; pgrp <= 0; pgrp++) {
		body_make(&msg, MESSAGE_FOREGROUND, sizeof msg.body.foreground);
		msg.body.foreground.pgrp = pgrp;
		assert_int_equal(dispatch(&m, &msg), -EPROTO);
	}
	body_make(&msg, MESSAGE_SEAL, sizeof msg.body.seal);
	msg.body.seal.hash[63] = '\'';
	assert_int_equal(dispatch(&m, &msg), -EPROTO);
	/* A seal of a recording that there is not. */
	m.recording[0] = '\0';
	body_make(&msg, MESSAGE_SEAL, sizeof msg.body.seal);
	assert_int_equal(dispatch(&m, &msg), -EPROTO);
	assert_int_equal(m.state, MONITOR_RUNNING);
}

static void
test_times_of_any_value(void **state)
{
	const int64_t times[] = {INT64_MIN, INT64_MIN + 1, -1, 0, INT64_MAX};
	struct monitor m = monitor_make(MONITOR_RUNNING);
	struct message msg;

	(void)state;
	m.begin_ns = INT64_MAX / 2;
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		body_make(&msg, MESSAGE_LOSS, sizeof msg.body.loss);
		msg.body.loss = (struct message_loss){
		    .from_ns = times[i], .to_ns = times[i], .bytes = UINT64_MAX, .error = -1};
		assert_int_equal(dispatch(&m, &msg), -ENOTCONN);
	}
}

static void
test_input_that_the_trail_refuses_is_counted(void **state)
{
	struct monitor m = monitor_make(MONITOR_RUNNING);
	struct message msg;

	(void)state;
	body_make(&msg, MESSAGE_INPUT, 16 + 4096);
	assert_int_equal(dispatch(&m, &msg), -ENOTCONN);
	body_make(&msg, MESSAGE_INPUT, 16 + 1);
	assert_int_equal(dispatch(&m, &msg), -ENOTCONN);
	assert_int_equal(m.unaudited, 4097);
}

static void
test_nothing_after_the_last_word(void **state)
{
	struct monitor m = monitor_make(MONITOR_RUNNING);
	struct message msg;

	(void)state;
	body_make(&msg, MESSAGE_END, sizeof msg.body.end);
	msg.body.end.recorded = 77;
	assert_int_equal(dispatch(&m, &msg), 0);
	assert_int_equal(m.state, MONITOR_ENDED);
	msg.body.end.recorded = 78;
	assert_int_equal(dispatch(&m, &msg), -EPROTO);
	assert_int_equal(m.end.recorded, 77);
}

static uint64_t
next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* One datagram of a random kind; returns what the monitor must say to it: 1 to dispatch it, or not.
 */
static void
send_random(int fd, uint64_t *seed)
{
	static const size_t right[] = {0, 0, 20, 56, 80, 32, 8, 40};
	uint8_t bytes[sizeof(struct message) + 64];
	struct message_head head = {.type = (uint32_t)(next(seed) % 9)};
	size_t n = next(seed) % 4 != 0 && head.type < 8 ? right[head.type]
							: next(seed) % (MESSAGE_BODY_MAX + 2);
	int passed = 0;
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof passed)];
	} control = {.head = {CMSG_LEN(sizeof passed), SOL_SOCKET, SCM_RIGHTS}};
	struct iovec part = {bytes, sizeof head + n};
	struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (uint8_t)next(seed);
	head.length = (uint32_t)(next(seed) % 16 == 0 ? next(seed) : n);
	if (next(seed) % 64 == 0)
		head.type = (uint32_t)next(seed);
	memcpy(bytes, &head, sizeof head);
	if (next(seed) % 2 == 0 &&
	    head.type != MESSAGE_INPUT) /* small values, to get past the checks */
		memset(bytes + sizeof head, (int)(next(seed) % 4), n);
	if (next(seed) % 32 == 0)
		part.iov_len = next(seed) % sizeof head;
	if (next(seed) % 32 == 0) {
		memcpy(CMSG_DATA(&control.head), &passed, sizeof passed);
		m.msg_control = &control;
		m.msg_controllen = sizeof control;
	}
	assert_int_equal(sendmsg(fd, &m, MSG_NOSIGNAL), (ssize_t)part.iov_len);
}

static void
test_random_order_from_a_seed(void **state)
{
	const char *given = getenv("TTYWRAP_SEED");
	uint64_t seed = given != NULL ? strtoull(given, NULL, 0) : 20260101;
	int fds[2], handled = 0, refused = 0;
	struct monitor m = monitor_make(MONITOR_STARTING);

	(void)state;
	print_message("# seed %llu\n", (unsigned long long)seed);
	assert_int_equal(channel_pair(fds), 0);
	m.channel_fd = fds[0];
	for (int i = 0; i < ROUNDS; i++) {
		enum monitor_state before;
		struct message msg;
		int r;

		send_random(fds[1], &seed);
		/* The session would be over: the next one starts in some state. */
		if (i % 8 == 0)
			m.state = states[next(&seed) % 4];
		before = m.state;
		r = channel_receive(fds[0], &msg);
		assert_true(r == 1 || r == 0 || r == -EPROTO);
		if (r == 1) {
			r = dispatch(&m, &msg);
			assert_true(r == 0 || r == -EPROTO || r == -ENOTCONN);
			if (!is_allowed(msg.head.type, before, msg.head.length))
				assert_int_equal(r, -EPROTO);
			handled += r != -EPROTO;
		}
		refused += r == -EPROTO;
		if (r == -EPROTO)
			assert_int_equal(m.state, before);
		assert_true(m.shell == 4711 && m.fault == NULL && m.recording_fd == -1);
		/* Its answers: read as a pump that reads them, or left there. */
		if (i % 3 == 0)
			while (channel_receive(fds[1], &msg) == 1)
				;
	}
	assert_true(handled > ROUNDS / 50 && refused > ROUNDS / 50);
	io_close(&fds[0]);
	io_close(&fds[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_type_in_every_state_at_every_length),
	    cmocka_unit_test(test_bodies_that_no_pump_says),
	    cmocka_unit_test(test_times_of_any_value),
	    cmocka_unit_test(test_input_that_the_trail_refuses_is_counted),
	    cmocka_unit_test(test_nothing_after_the_last_word),
	    cmocka_unit_test(test_random_order_from_a_seed),
	};

	return cmocka_run_group_tests_name("dispatch", tests, NULL, NULL);
}
