/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pump that was taken over: started by the real monitor in the place of
 * ttywrap-pump, on its descriptors. What it does is one word in
 * /tmp/hostile-pump, read before it gives its uid up.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "monitor/spawn.h"
#include "proto/channel.h"
#include "proto/message.h"

static uint64_t seed = 88172645463325252u;

static uint64_t
next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

/* Waits for room like a pump that has all the time in the world; an end of the channel ends it. */
static void
say(uint32_t type, const void *body, size_t n)
{
	struct pollfd p = {.fd = PUMP_MONITOR, .events = POLLOUT};
	int r;

	while ((r = channel_send(PUMP_MONITOR, type, body, n)) == -EAGAIN)
		(void)poll(&p, 1, 1000);
	if (r < 0)
		_exit(0);
}

static void
say_raw(const void *bytes, size_t n)
{
	if (send(PUMP_MONITOR, bytes, n, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
		_exit(0);
}

static void
wait_go(void)
{
	struct message m;

	for (;;) {
		struct pollfd p = {.fd = PUMP_MONITOR, .events = POLLIN};

		(void)poll(&p, 1, -1);
		if (channel_receive(PUMP_MONITOR, &m) == 0)
			_exit(0);
		if (m.head.type == MESSAGE_GO)
			return;
	}
}

__attribute__((noreturn)) static void
stay(void)
{
	for (;;)
		(void)pause();
}

/* Shows the user the inner terminal, so that the session looks as always; reads nothing. */
__attribute__((noreturn)) static void
relay_output(void)
{
	char bytes[4096];

	for (;;) {
		struct pollfd p = {.fd = PUMP_PTM, .events = POLLIN};
		ssize_t n;

		(void)poll(&p, 1, -1);
		n = read(PUMP_PTM, bytes, sizeof bytes);
		if (n < 0 && errno != EAGAIN)
			_exit(0);
		if (n > 1)
			(void)!write(PUMP_OUT, bytes + 1, (size_t)n - 1);
	}
}

static void
attach_descriptors(void)
{
	struct message_head head = {MESSAGE_LOSS, 0};
	int passed[3] = {PUMP_PTM, PUMP_PTS, PUMP_RECORDING};
	union {
		struct cmsghdr head;
		char bytes[CMSG_SPACE(sizeof passed)];
	} control = {.head = {CMSG_LEN(sizeof passed), SOL_SOCKET, SCM_RIGHTS}};
	struct iovec part = {&head, sizeof head};
	struct msghdr m = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof control};

	memcpy(CMSG_DATA(&control.head), passed, sizeof passed);
	(void)sendmsg(PUMP_MONITOR, &m, MSG_NOSIGNAL);
}

static void
flood(uint32_t type, size_t n)
{
	static uint8_t body[MESSAGE_BODY_MAX];
	struct message_foreground who = {.pgrp = getpid()};

	memset(body, 'x', sizeof body);
	memcpy(body, &who, sizeof who);
	for (;;)
		say(type, body, n);
}

/* Anything, of any length, until the monitor has had enough. */
static void
garbage(void)
{
	uint8_t bytes[sizeof(struct message) + 512];

	for (;;) {
		struct message_head head = {(uint32_t)(next() % 10), 0};
		size_t n = sizeof head + next() % (sizeof bytes - sizeof head);

		for (size_t i = 0; i < n; i++)
			bytes[i] = (uint8_t)next();
		head.length = (uint32_t)(n - sizeof head);
		memcpy(bytes, &head, sizeof head);
		say_raw(bytes, n);
	}
}

static void
early(const char *how)
{
	static uint8_t large[100000];
	struct message_end end = {.why = END_STOPPED};

	if (strcmp(how, "dies") == 0)
		_exit(0);
	if (strcmp(how, "early-end") == 0)
		say(MESSAGE_END, &end, sizeof end);
	if (strcmp(how, "early-large") == 0)
		say_raw(large, sizeof large);
	if (strcmp(how, "silent") == 0 || strncmp(how, "early-", 6) == 0)
		stay();
}

static void
late(const char *how)
{
	struct message_end end = {.why = END_STOPPED};

	if (strcmp(how, "stops") == 0)
		raise(SIGSTOP);
	if (strcmp(how, "end-and-stay") == 0) {
		say(MESSAGE_END, &end, sizeof end);
		relay_output();
	}
	if (strcmp(how, "empty") == 0) {
		say_raw("", 0);
		relay_output();
	}
	if (strcmp(how, "closes-channel") == 0) {
		(void)close(PUMP_MONITOR);
		relay_output();
	}
	if (strcmp(how, "descriptors") == 0)
		attach_descriptors();
	if (strcmp(how, "twice-ready") == 0)
		say(MESSAGE_READY, NULL, 0);
	if (strcmp(how, "short") == 0)
		say_raw("abc", 3);
	if (strcmp(how, "garbage") == 0)
		garbage();
	if (strcmp(how, "flood-asking") == 0)
		flood(MESSAGE_FOREGROUND, sizeof(struct message_foreground));
	if (strcmp(how, "flood-input") == 0)
		flood(MESSAGE_INPUT, sizeof(struct message_input) + MESSAGE_DATA_MAX);
	if (strcmp(how, "crash") == 0)
		abort();
	relay_output();
}

int
main(void)
{
	char how[64] = "";
	uid_t uid = geteuid();
	int fd = open("/tmp/hostile-pump", O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, how, sizeof how - 1) : -1;

	if (n <= 0 || setresuid(uid, uid, uid) != 0)
		return 1;
	(void)close(fd);
	how[strcspn(how, "\n")] = '\0';
	if (strchr(how, ' ') != NULL) { /* "garbage 42": from that seed */
		seed ^= strtoull(strchr(how, ' '), NULL, 10) << 20;
		*strchr(how, ' ') = '\0';
	}
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	early(how);
	say(MESSAGE_READY, NULL, 0);
	wait_go();
	late(how);
	stay();
}
