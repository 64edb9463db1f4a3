/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "common/io.h"

static struct ledger_record
sample(void)
{
	struct ledger_record r;

	ledger_record_begin(&r, LEDGER_CLOSE, "pam");
	r.time_ns = 1795348800123456000;
	strcpy(r.host, "srv1");
	strcpy(r.id, "0123abcd.1f");
	strcpy(r.user, "alice");
	r.uid = 1000;
	r.ses = 7;
	assert_int_equal(
	    connection_parse_hint("192.0.2.7 51234 198.51.100.1 22", &r.connection), 0);
	r.traffic =
	    (struct traffic){TRAFFIC_CONNTRACK, 1, 2, 18446744073709551615u, 4, 4294967295u};
	return r;
}

static void
test_the_form(void **state)
{
	struct ledger_record r = sample();
	char line[LEDGER_LINE_MAX];

	(void)state;
	assert_true(ledger_print(&r, line, sizeof line) > 0);
	assert_string_equal(line,
	    "{\"v\":1,\"event\":\"close\",\"time\":\"2026-11-22T12:00:00.123456Z\",\"host\":"
	    "\"srv1\",\"conn\":\"0123abcd.1f\","
	    "\"user\":\"alice\",\"uid\":1000,\"ses\":7,\"peer\":\"192.0.2.7\",\"peer_port\":51234,"
	    "\"local\":\"198.51.100.1\","
	    "\"local_port\":22,\"source\":\"conntrack\",\"flow\":4294967295,\"in_bytes\":1,\"in_"
	    "packets\":2,"
	    "\"out_bytes\":18446744073709551615,\"out_packets\":4,\"by\":\"pam\"}\n");
	assert_int_equal(ledger_print(&r, line, 40), -ENOSPC);
}

static void
test_there_and_back(void **state)
{
	struct ledger_record r = sample(), back;
	char line[LEDGER_LINE_MAX];
	const char *why;
	int n;

	(void)state;
	strcpy(r.user, "q\"b\\n\n\001\x7f \xc3\xa4 \xf0\x9f\x98\x80");
	strcpy(r.session, "1000-7-1");
	r.connection.zone = 3;
	r.connection.scope = 4294967295;
	for (int e = LEDGER_OPEN; e <= LEDGER_FINAL; e++) {
		r.event = (enum ledger_event)e;
		n = ledger_print(&r, line, sizeof line);
		assert_true(n > 0);
		assert_null(memchr(line, '\n', (size_t)n - 1));
		if (ledger_parse(line, (size_t)n, &back, &why) < 0)
			fail_msg("%s: %s", why, line);
		assert_memory_equal(&r.traffic, &back.traffic, sizeof r.traffic);
		assert_true(connection_same(&r.connection, &back.connection));
		assert_int_equal(back.connection.zone, 3);
		assert_int_equal(back.connection.scope, 4294967295);
		assert_string_equal(r.user, back.user);
		assert_string_equal(r.session, back.session);
		assert_string_equal(r.id, back.id);
		assert_string_equal(r.host, back.host);
		assert_int_equal(r.time_ns, back.time_ns);
		assert_int_equal(r.event, back.event);
		assert_int_equal(r.uid, back.uid);
		assert_int_equal(r.ses, back.ses);
	}
}

static void
test_bytes_that_are_no_utf8(void **state)
{
	struct ledger_record r = sample(), back;
	char line[LEDGER_LINE_MAX];
	const char *why;
	int n;

	(void)state;
	strcpy(r.user, "a\xff\xc3z\xe2\x82");
	n = ledger_print(&r, line, sizeof line);
	assert_int_equal(ledger_parse(line, (size_t)n, &back, &why), 0);
	assert_string_equal(back.user, "a\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd");
}

/* Strings are read eight bytes at a time: what stands at any place among them counts. */
static void
test_every_place_in_a_string(void **state)
{
	static const struct {
		const char *text, *value; /* NULL: refused */
	} pieces[] = {{"\\\"", "\""}, {"\\\\", "\\"}, {"\\u00e4", "\xc3\xa4"},
	    {"\xc3\xa4", "\xc3\xa4"}, {"\x7f", "\x7f"}, {"\x1f", NULL}, {"\n", NULL},
	    {"\xa4", NULL}, {"\xff", NULL}, {"\\q", NULL}, {"!#[]~", "!#[]~"}};
	struct ledger_record r = sample(), back;
	char line[LEDGER_LINE_MAX], want[64];
	const char *why;

	(void)state;
	for (int at = 0; at < 20; at++)
		for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
			char *user;
			int n;

			snprintf(r.user, sizeof r.user, "%.*s%s%.*s", at, "abcdefghijklmnopqrst",
			    "%", 20 - at, "ABCDEFGHIJKLMNOPQRST");
			n = ledger_print(&r, line, sizeof line);
			user = strchr(line, '%');
			assert_true(n > 0 && user);
			memmove(user + strlen(pieces[i].text), user + 1, (size_t)(line + n - user));
			memcpy(user, pieces[i].text, strlen(pieces[i].text));
			assert_int_equal(ledger_parse(line, strlen(line), &back, &why),
			    pieces[i].value ? 0 : -EINVAL);
			if (!pieces[i].value)
				continue;
			snprintf(want, sizeof want, "%.*s%s%.*s", at, "abcdefghijklmnopqrst",
			    pieces[i].value, 20 - at, "ABCDEFGHIJKLMNOPQRST");
			assert_string_equal(back.user, want);
		}
}

/* A member's name may be written with escapes, as any string. */
static void
test_names_with_escapes(void **state)
{
	struct ledger_record r = sample(), back;
	char line[LEDGER_LINE_MAX], *at;
	const char *why;
	int n = ledger_print(&r, line, sizeof line);

	(void)state;
	at = strstr(line, "\"user\"");
	assert_true(n > 0 && at);
	memmove(at + 6 + 5, at + 6, (size_t)(line + n + 1 - (at + 6)));
	memcpy(at, "\"\\u0075ser\"", 11);
	assert_int_equal(ledger_parse(line, strlen(line), &back, &why), 0);
	assert_string_equal(back.user, "alice");
}

/* Every way of tearing a line is noticed: no beginning of it is a line. */
static void
test_every_torn_line_is_refused(void **state)
{
	struct ledger_record r = sample(), back;
	char line[LEDGER_LINE_MAX];
	const char *why;
	int n = ledger_print(&r, line, sizeof line);

	(void)state;
	for (int cut = 0; cut < n - 1; cut++) {
		char *copy = malloc((size_t)cut + 1);

		memcpy(copy, line, (size_t)cut);
		why = NULL;
		assert_int_equal(ledger_parse(copy, (size_t)cut, &back, &why), -EINVAL);
		assert_non_null(why);
		free(copy);
	}
}

#define HEAD                                                                                       \
	"{\"v\":1,\"event\":\"open\",\"time\":\"2026-11-22T12:00:00Z\",\"conn\":\"a.1\",\"peer\":" \
	"\"::1\",\"peer_port\":1,"
#define TAIL "\"local\":\"::2\",\"local_port\":22,\"source\":\"none\"}"

static void
test_foreign_lines(void **state)
{
	static const struct {
		const char *line;
		int ret;
	} cases[] = {
	    {HEAD TAIL, 0},
	    {HEAD "\"new\":{\"a\":[1,2,{\"b\":\"}]\"}],\"c\":null}," TAIL, 0},
	    {HEAD "\"new\": -1.5e3 ,\"other\":true," TAIL, 0},
	    {"  " HEAD TAIL " \r\n", 0},
	    {HEAD TAIL "x", -EINVAL},
	    {HEAD TAIL HEAD TAIL, -EINVAL},
	    {HEAD "\"new\":," TAIL, -EINVAL},
	    {HEAD "\"new\":[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]," TAIL, -EINVAL},
	    {HEAD "\"v\":1," TAIL, -EINVAL},
	    {HEAD "\"uid\":4294967296," TAIL, -EINVAL},
	    {HEAD "\"uid\":-1," TAIL, -EINVAL},
	    {HEAD "\"uid\":1.5," TAIL, -EINVAL},
	    {HEAD "\"in_bytes\":18446744073709551616," TAIL, -EINVAL},
	    {HEAD "\"user\":\"\\x\"," TAIL, -EINVAL},
	    {HEAD "\"user\":\"\\u12g4\"," TAIL, -EINVAL},
	    {HEAD "\"user\":\"a\tb\"," TAIL, -EINVAL},
	    {HEAD "\"user\":\"a\xff\"," TAIL, -EINVAL},
	    {HEAD "\"new\":\"\xc3\"," TAIL, -EINVAL},
	    {HEAD "\"local\":\"1.2.3.4\",\"local_port\":22,\"source\":\"none\"}", -EINVAL},
	    {HEAD "\"local\":\"::2\",\"local_port\":22,\"source\":\"conntrack\"}", -EINVAL},
	    {HEAD "\"local\":\"::2\",\"local_port\":22,\"source\":\"guess\"}", -EINVAL},
	    {HEAD "\"local\":\"::2\",\"local_port\":22}", -EINVAL},
	    {"[]", -EINVAL},
	    {"{}", -EINVAL},
	    {"Nov 22 12:00:00 srv kernel: hello", -EINVAL},
	    {"{\"v\":2", -EINVAL},
	};
	struct ledger_record r;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const char *why = NULL;
		int ret = ledger_parse(cases[i].line, strlen(cases[i].line), &r, &why);

		if (ret != cases[i].ret || (ret < 0 && !why))
			fail_msg("%d (%s): %s", ret, why ? why : "-", cases[i].line);
	}
}

static void
test_times(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: refused */
	} cases[] = {
	    {"1970-01-01T00:00:00Z", 0},
	    {"2000-02-29T23:59:59.5Z", 951868799},
	    {"2026-11-22T12:00:00Z", 1795348800},
	    {"2100-03-01T00:00:00Z", 4107542400},
	    {"2026-11-22T12:00:00+01:00", -1},
	    {"1615-11-22T12:00:00Z", -1},
	    {"1969-12-31T23:59:59Z", -1},
	    {"2200-01-01T00:00:00Z", -1},
	    {"2026-13-22T12:00:00Z", -1},
	    {"2026-11-22 12:00:00Z", -1},
	    {"2026-1x-22T12:00:00Z", -1},
	};
	struct ledger_record r;
	char line[512];
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int n = snprintf(line, sizeof line,
		    "{\"v\":1,\"event\":\"open\",\"time\":\"%s\",\"conn\":\"a.1\",\"peer\":\"::1\","
		    "\"peer_port\":1," TAIL,
		    cases[i].text);
		int ret = ledger_parse(line, (size_t)n, &r, &why);

		assert_int_equal(ret, cases[i].seconds < 0 ? -EINVAL : 0);
		if (ret == 0)
			assert_int_equal(r.time_ns / 1000000000, cases[i].seconds);
	}
}

static char folder[] = "/tmp/ledger-test-XXXXXX";
static char path[64];

static int
folder_make(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof path, "%s/traffic.jsonl", folder);
	return 0;
}

static int
folder_remove(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

/* Counts the good lines of the ledger; fails on more than `torn` others. */
static int
count_lines(int torn)
{
	FILE *f = fopen(path, "r");
	char line[LEDGER_LINE_MAX];
	int good = 0, bad = 0;

	assert_non_null(f);
	while (fgets(line, sizeof line, f)) {
		struct ledger_record r;
		const char *why;

		if (ledger_parse(line, strlen(line), &r, &why) == 0)
			good++;
		else if (line[0] != '\n')
			bad++;
	}
	fclose(f);
	assert_int_equal(bad, torn);
	return good;
}

static void
test_many_writers(void **state)
{
	enum {
		WRITERS = 200,
		EACH = 20
	};
	struct ledger_record r = sample();

	(void)state;
	unlink(path);
	for (int i = 0; i < WRITERS; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			int failed = 0;

			for (int k = 0; k < EACH; k++)
				failed |= ledger_append(path, &r);
			_exit(failed != 0);
		}
	}
	for (int i = 0; i < WRITERS; i++) {
		int status;

		assert_true(wait(&status) > 0);
		assert_int_equal(status, 0);
	}
	assert_int_equal(count_lines(0), WRITERS * EACH);
}

/* A write that stops half-way, as on a full disk (here: the process's file size limit). */
static void
test_a_torn_line_costs_only_itself(void **state)
{
	struct ledger_record r = sample();
	struct rlimit before, now;
	struct stat st;

	(void)state;
	unlink(path);
	assert_int_equal(ledger_append(path, &r), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	now = before;
	now.rlim_cur = (rlim_t)st.st_size + 50;
	setrlimit(RLIMIT_FSIZE, &now);
	assert_int_equal(ledger_append(path, &r), -ENOSPC);
	assert_int_equal(ledger_append(path, &r), -EFBIG);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_int_equal(ledger_append(path, &r), 0);
	assert_int_equal(ledger_append(path, &r), 0);
	assert_int_equal(count_lines(1), 3);
}

static void
test_nothing_but_a_plain_file(void **state)
{
	struct ledger_record r = sample();
	char other[80];

	(void)state;
	snprintf(other, sizeof other, "%s/other", folder);
	unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(ledger_append(path, &r), -EPERM);
	unlink(path);
	assert_int_equal(symlink(other, path), 0);
	assert_int_equal(ledger_append(path, &r), -ELOOP);
	unlink(path);
	assert_int_equal(ledger_append(path, &r), 0);
	assert_int_equal(link(path, other), 0);
	assert_int_equal(ledger_append(path, &r), -EPERM);
	unlink(other);
	assert_int_equal(ledger_append(path, &r), 0);
	assert_int_equal(ledger_append("traffic.jsonl", &r), -EINVAL);
	assert_int_equal(ledger_append("/nowhere/traffic.jsonl", &r), -ENOENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_form),
	    cmocka_unit_test(test_there_and_back),
	    cmocka_unit_test(test_bytes_that_are_no_utf8),
	    cmocka_unit_test(test_every_torn_line_is_refused),
	    cmocka_unit_test(test_every_place_in_a_string),
	    cmocka_unit_test(test_names_with_escapes),
	    cmocka_unit_test(test_foreign_lines),
	    cmocka_unit_test(test_times),
	    cmocka_unit_test(test_many_writers),
	    cmocka_unit_test(test_a_torn_line_costs_only_itself),
	    cmocka_unit_test(test_nothing_but_a_plain_file),
	};

	return cmocka_run_group_tests_name("ledger", tests, folder_make, folder_remove);
}
