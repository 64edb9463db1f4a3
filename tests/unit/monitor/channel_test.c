/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "proto/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/io.h"
#include "proto/message.h"

struct ends {
	int monitor, pump;
};

static int
set_up(void **state)
{
	static struct ends e;
	int fds[2];

	assert_int_equal(channel_pair(fds), 0);
	e = (struct ends){fds[0], fds[1]};
	*state = &e;
	return 0;
}

static int
tear_down(void **state)
{
	struct ends *e = *state;

	io_close(&e->monitor);
	io_close(&e->pump);
	return 0;
}

/* Any bytes as one datagram, as a pump that has its own idea of the format sends them. */
static void
send_raw(int fd, const void *bytes, size_t n)
{
	assert_int_equal(send(fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
}

static void
test_a_message_arrives_as_it_was_sent(void **state)
{
	struct ends *e = *state;
	struct message m;
	uint8_t body[MESSAGE_BODY_MAX];

	memset(body, 'x', sizeof body);
	assert_int_equal(channel_receive(e->monitor, &m), -EAGAIN);
	assert_int_equal(channel_send(e->pump, MESSAGE_INPUT, body, sizeof body), 0);
	assert_int_equal(channel_send(e->pump, MESSAGE_READY, NULL, 0), 0);
	assert_int_equal(channel_receive(e->monitor, &m), 1);
	assert_int_equal(m.head.type, MESSAGE_INPUT);
	assert_int_equal(m.head.length, sizeof body);
	assert_memory_equal(m.body.bytes, body, sizeof body);
	assert_int_equal(channel_receive(e->monitor, &m), 1);
	assert_int_equal(m.head.type, MESSAGE_READY);
	assert_int_equal(m.head.length, 0);
	assert_int_equal(channel_receive(e->monitor, &m), -EAGAIN);
}

static void
test_what_is_too_long_is_not_sent(void **state)
{
	struct ends *e = *state;
	uint8_t body[MESSAGE_BODY_MAX + 1] = {0};
	struct message m;

	assert_int_equal(channel_send(e->pump, MESSAGE_INPUT, body, sizeof body), -EMSGSIZE);
	assert_int_equal(channel_receive(e->monitor, &m), -EAGAIN);
}

/* Each length but the right one, each side of every bound. */
static void
test_a_length_that_does_not_agree_is_refused(void **state)
{
	struct ends *e = *state;
	uint8_t bytes[sizeof(struct message) + 64];
	const size_t sizes[] = {1, 4, 7, 8, 9, 100, sizeof(struct message), sizeof bytes};
	const uint32_t said[] = {0, 1, 2, 92, 93, 4111, 4112, 4113, UINT32_MAX, UINT32_MAX - 7};
	struct message m;

	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
		for (size_t k = 0; k < sizeof said / sizeof *said; k++) {
			struct message_head head = {MESSAGE_INPUT, said[k]};
			int fits = sizes[i] >= sizeof head && sizes[i] <= sizeof m &&
				   said[k] == sizes[i] - sizeof head;

			memset(bytes, 0, sizeof bytes);
			memcpy(bytes, &head, sizeof head);
			send_raw(e->pump, bytes, sizes[i]);
			assert_int_equal(channel_receive(e->monitor, &m), fits ? 1 : -EPROTO);
			assert_int_equal(channel_receive(e->monitor, &m), -EAGAIN);
		}
	}
}

static int
open_descriptors(void)
{
	int n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static void
test_attached_descriptors_are_refused_and_not_kept(void **state)
{
	struct ends *e = *state;
	struct message_head head = {MESSAGE_READY, 0};
	struct iovec part = {&head, sizeof head};
	int passed[8] = {0, 1, 2, 0, 1, 2, 0, 1}, before;
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof passed)];
	} control = {0};
	struct msghdr m = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof control};
	struct message got;

	control.head = (struct cmsghdr){CMSG_LEN(sizeof passed), SOL_SOCKET, SCM_RIGHTS};
	memcpy(CMSG_DATA(&control.head), passed, sizeof passed);
	before = open_descriptors();
	assert_int_equal(sendmsg(e->pump, &m, 0), sizeof head);
	assert_int_equal(channel_receive(e->monitor, &got), -EPROTO);
	assert_int_equal(open_descriptors(), before);
}

/* An empty datagram reads as the end of the channel (unix(7)): the caller takes it for that. */
static void
test_the_end_and_the_empty_message(void **state)
{
	struct ends *e = *state;
	struct message m;

	send_raw(e->pump, "", 0);
	assert_int_equal(channel_receive(e->monitor, &m), 0);
	io_close(&e->pump);
	assert_int_equal(channel_receive(e->monitor, &m), 0);
	assert_int_equal(channel_send(e->monitor, MESSAGE_STOP, NULL, 0), -EPIPE);
}

/* The pump ends by itself while the monitor's word to it is still on the way: its last one counts. */
static void
test_the_last_word_of_an_end_that_did_not_listen(void **state)
{
	struct ends *e = *state;
	const struct message_end last = {.why = END_HANGUP};
	struct message m;

	assert_int_equal(channel_send(e->monitor, MESSAGE_STOP, NULL, 0), 0);
	assert_int_equal(channel_send(e->pump, MESSAGE_END, &last, sizeof last), 0);
	io_close(&e->pump);
	assert_int_equal(channel_receive(e->monitor, &m), 1);
	assert_int_equal(m.head.type, MESSAGE_END);
	assert_int_equal(m.body.end.why, END_HANGUP);
	assert_int_equal(channel_receive(e->monitor, &m), 0);
}

static void
test_nobody_waits(void **state)
{
	struct ends *e = *state;
	struct message_reader who = {0};
	struct message m;
	int sent = 0, r, got = 0;

	while ((r = channel_send(e->monitor, MESSAGE_READER, &who, sizeof who)) == 0)
		assert_in_range(++sent, 1, 100000);
	assert_int_equal(r, -EAGAIN);
	while ((r = channel_receive(e->pump, &m)) == 1)
		got++;
	assert_int_equal(r, -EAGAIN);
	assert_int_equal(got, sent);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_a_message_arrives_as_it_was_sent),
	    TEST(test_what_is_too_long_is_not_sent),
	    TEST(test_a_length_that_does_not_agree_is_refused),
	    TEST(test_attached_descriptors_are_refused_and_not_kept),
	    TEST(test_the_end_and_the_empty_message),
	    TEST(test_the_last_word_of_an_end_that_did_not_listen),
	    TEST(test_nobody_waits),
	};

	return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
