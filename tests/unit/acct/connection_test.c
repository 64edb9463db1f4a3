/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/io.h"

static void
test_hint_forms(void **state)
{
	struct connection c;
	char text[CONNECTION_ADDR_MAX];

	(void)state;
	assert_int_equal(connection_parse_hint("192.0.2.7 51234 198.51.100.1 22", &c), 0);
	assert_int_equal(c.family, AF_INET);
	assert_int_equal(c.peer_port, 51234);
	assert_int_equal(c.local_port, 22);
	connection_addr_text(c.family, c.peer, text);
	assert_string_equal(text, "192.0.2.7");

	assert_int_equal(connection_parse_hint("fe80::1%eth0 1 2001:db8::2 65535", &c), 0);
	assert_int_equal(c.family, AF_INET6);
	connection_addr_text(c.family, c.peer, text);
	assert_string_equal(text, "fe80::1");

	assert_int_equal(connection_parse_hint("::ffff:192.0.2.7 1 198.51.100.1 22", &c), 0);
	assert_int_equal(c.family, AF_INET);
}

static void
test_hint_refused(void **state)
{
	static const char *const bad[] = {"", " ", "1.2.3.4", "1.2.3.4 1 1.2.3.4",
	    "1.2.3.4 1 1.2.3.4 22 ", "1.2.3.4 1 1.2.3.4 22 x", "1.2.3.4 -1 1.2.3.4 22",
	    "1.2.3.4 65536 1.2.3.4 22", "1.2.3.4 +1 1.2.3.4 22", "1.2.3.4 1x 1.2.3.4 22",
	    "1.2.3.4 1 ::1 22", "1.2.3 1 1.2.3.4 22", "localhost 1 1.2.3.4 22",
	    "1.2.3.4 1  1.2.3.4 22", "UNKNOWN 65535 UNKNOWN 65535"};
	struct connection c;
	char longest[400];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(connection_parse_hint(bad[i], &c), -EINVAL);
	memset(longest, '1', sizeof longest - 1);
	longest[sizeof longest - 1] = 0;
	assert_int_equal(connection_parse_hint(longest, &c), -EINVAL);
}

static void
test_stat_with_a_hostile_name(void **state)
{
	static const char text[] =
	    "812 (x) S 1 (y) S 700 812 812 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 99887766 1 2 3\n";
	pid_t parent;
	uint64_t start;

	(void)state;
	assert_int_equal(connection_parse_stat(text, sizeof text - 1, &parent, &start), 0);
	assert_int_equal(parent, 700);
	assert_int_equal(start, 99887766);
	assert_int_equal(connection_parse_stat("812 (x) S 700 1", 15, &parent, &start), -EINVAL);
	assert_int_equal(connection_parse_stat("", 0, &parent, &start), -EINVAL);
}

static void
test_own_stat(void **state)
{
	char text[1024];
	FILE *f = fopen("/proc/self/stat", "r");
	pid_t parent = 0;
	uint64_t start = 0;
	size_t n;

	(void)state;
	assert_non_null(f);
	n = fread(text, 1, sizeof text, f);
	fclose(f);
	assert_int_equal(connection_parse_stat(text, n, &parent, &start), 0);
	assert_int_equal(parent, getppid());
	assert_true(start > 0);
}

static void
test_only_roots_through_and_through(void **state)
{
	static const char *const no[] = {"Name:\tx\nUid:\t1000\t0\t0\t0\nGid:\t0",
	    "Name:\tx\nUid:\t0\t0\t0\t1000\n", "Name:\tUid:\t0\t0\t0\t0\n",
	    "Name:\tx\nUid:\t0\t0\t0\t01\n", "Name:\tx\nUid:\t10\t0\t0\t0\n", "",
	    "Name:\tx\\nUid:\t0\t0\t0\t0\nUid:\t5\t5\t5\t5\n"};
	static const char yes[] = "Name:\tsshd\nUid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0\n";

	(void)state;
	assert_true(connection_status_is_root(yes, sizeof yes - 1));
	for (size_t i = 0; i < sizeof no / sizeof *no; i++)
		assert_false(connection_status_is_root(no[i], strlen(no[i])));
}

/* A connected pair over loopback; the server listens on `bind_to` and the client goes to `to`. */
static int
pair(int family, const char *bind_to, const char *to, int *client)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};
	struct sockaddr *sa =
	    family == AF_INET6 ? (struct sockaddr *)&six : (struct sockaddr *)&four;
	socklen_t len = family == AF_INET6 ? sizeof six : sizeof four;
	int zero = 0, server, listener = socket(family, SOCK_STREAM, 0);
	uint8_t to_family = strchr(to, ':') ? AF_INET6 : AF_INET;
	uint16_t port;

	inet_pton(
	    family, bind_to, family == AF_INET6 ? (void *)&six.sin6_addr : (void *)&four.sin_addr);
	if (family == AF_INET6)
		setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
	assert_int_equal(bind(listener, sa, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, sa, &len), 0);
	port = family == AF_INET6 ? six.sin6_port : four.sin_port;
	memset(&six, 0, sizeof six);
	memset(&four, 0, sizeof four);
	six.sin6_family = AF_INET6;
	four.sin_family = AF_INET;
	six.sin6_port = four.sin_port = port;
	inet_pton(
	    to_family, to, to_family == AF_INET6 ? (void *)&six.sin6_addr : (void *)&four.sin_addr);
	*client = socket(to_family, SOCK_STREAM, 0);
	if (connect(*client,
		to_family == AF_INET6 ? (struct sockaddr *)&six : (struct sockaddr *)&four,
		to_family == AF_INET6 ? sizeof six : sizeof four) < 0)
		fail_msg("connect: %s", strerror(errno));
	server = accept(listener, NULL, NULL);
	close(listener);
	return server;
}

static void
check_pair(int family, const char *bind_to, const char *to, int want_family)
{
	struct connection here, there, again;
	int client, server = pair(family, bind_to, to, &client);
	char text[CONNECTION_ADDR_MAX], id[CONNECTION_ID_MAX], other[CONNECTION_ID_MAX];

	assert_int_equal(connection_of_fd(server, &here), 0);
	assert_int_equal(connection_of_fd(client, &there), 0);
	assert_int_equal(here.family, want_family);
	assert_int_equal(here.local_port, there.peer_port);
	assert_int_equal(here.peer_port, there.local_port);
	assert_true(here.cookie != 0 && here.cookie != there.cookie);
	connection_addr_text(here.family, here.local, text);
	assert_string_equal(text, to);
	assert_int_equal(connection_id(&here, id), 0);
	assert_int_equal(connection_id(&there, other), 0);
	assert_string_not_equal(id, other);
	/* the client's descriptor is the lower one here: the hint decides */
	assert_int_equal(connection_of_self(&here, &again), 0);
	assert_true(connection_same(&here, &again));
	here.peer_port ^= 1;
	assert_int_equal(connection_of_self(&here, &again), -ENOTCONN);
	close(client);
	close(server);
}

static void
test_sockets(void **state)
{
	(void)state;
	check_pair(AF_INET, "127.0.0.1", "127.0.0.1", AF_INET);
	check_pair(AF_INET6, "::", "127.0.0.1", AF_INET);
	if (access("/proc/sys/net/ipv6/conf/lo/disable_ipv6", F_OK) == 0)
		check_pair(AF_INET6, "::1", "::1", AF_INET6);
}

static void
test_what_is_no_connection(void **state)
{
	int udp = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0), two[2];
	struct connection c;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, two), 0);
	assert_int_equal(connection_of_fd(udp, &c), -ENOTSOCK);
	assert_int_equal(connection_of_fd(tcp, &c), -ENOTSOCK);
	assert_int_equal(connection_of_fd(two[0], &c), -ENOTSOCK);
	assert_int_equal(connection_of_fd(-1, &c), -ENOTSOCK);
	assert_int_equal(connection_of_self(NULL, &c), -ENOTCONN);
	io_close(&udp);
	io_close(&tcp);
	io_close(&two[0]);
	io_close(&two[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_hint_forms),
	    cmocka_unit_test(test_hint_refused),
	    cmocka_unit_test(test_stat_with_a_hostile_name),
	    cmocka_unit_test(test_own_stat),
	    cmocka_unit_test(test_only_roots_through_and_through),
	    cmocka_unit_test(test_sockets),
	    cmocka_unit_test(test_what_is_no_connection),
	};

	return cmocka_run_group_tests_name("connection", tests, NULL, NULL);
}
