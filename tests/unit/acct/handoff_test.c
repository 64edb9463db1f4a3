/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "handoff.h"
#include "traffic.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/handoff-test-XXXXXX";

static int
folder_make(void **state)
{
	(void)state;
	return mkdtemp(folder) ? 0 : -1;
}

static int
folder_remove(void **state)
{
	(void)state;
	return rmdir(folder);
}

static struct connection
sample(void)
{
	struct connection c;

	assert_int_equal(connection_parse_hint("fe80::1 51234 fe80::2 22", &c), 0);
	c.zone = 4;
	c.scope = 2;
	c.cookie = 0xfedcba9876543210;
	return c;
}

static void
test_there_and_back(void **state)
{
	struct connection c = sample(), back;
	char name[64];
	struct stat st;

	(void)state;
	assert_int_equal(handoff_read(folder, 12, &back), -ENOENT);
	assert_int_equal(handoff_write(folder, 12, &c, "root"), 0);
	assert_int_equal(handoff_write(folder, 12, &c, "root"), 0);
	snprintf(name, sizeof name, "%s/connection-12", folder);
	assert_int_equal(stat(name, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0400);
	assert_int_equal(handoff_read(folder, 12, &back), 0);
	assert_memory_equal(&c, &back, sizeof c);
	assert_int_equal(handoff_remove(folder, 12), 0);
	assert_int_equal(handoff_remove(folder, 12), -ENOENT);
	assert_int_equal(handoff_write(folder, UINT32_MAX, &c, "root"), -ENOENT);
	assert_int_equal(handoff_read(folder, UINT32_MAX, &back), -ENOENT);
}

static void
test_of_an_earlier_boot(void **state)
{
	struct connection c = sample(), back;
	char text[256], name[64];
	int n = handoff_print(text, sizeof text, "00000000.1", &c);
	FILE *f;

	(void)state;
	assert_true(n > 0);
	snprintf(name, sizeof name, "%s/connection-13", folder);
	f = fopen(name, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(handoff_read(folder, 13, &back), -ENOENT);
	unlink(name);
}

static void
test_every_torn_file_is_refused(void **state)
{
	struct connection c = sample(), back;
	char text[256], id[CONNECTION_ID_MAX];
	int n = handoff_print(text, sizeof text, "0123abcd.1", &c);

	(void)state;
	assert_int_equal(handoff_parse(text, (size_t)n, id, &back), 0);
	for (int cut = 0; cut < n; cut++)
		assert_int_equal(handoff_parse(text, (size_t)cut, id, &back), -EINVAL);
	assert_int_equal(handoff_parse("a.1 65536 0 0 ::1 1 ::2 2\n", 26, id, &back), -EINVAL);
	assert_int_equal(handoff_parse("a.1 0 0 -1 ::1 1 ::2 2\n", 23, id, &back), -EINVAL);
	assert_int_equal(handoff_parse("a.1 0 0 1 ::1 1 ::2 2\0\n", 23, id, &back), -EINVAL);
}

static void
test_audit_text(void **state)
{
	struct connection c = sample();
	struct traffic t = {TRAFFIC_TCPINFO, 1, 2, 3, 4, 0};
	char text[400];
	int n;

	(void)state;
	n = traffic_audit_text(text, sizeof text, "0123abcd.1", &c, &t);
	assert_int_equal(n, (int)strlen(text));
	assert_string_equal(text, "op=ttywrap-traffic conn=0123abcd.1 laddr=fe80::2 lport=22 "
				  "rport=51234 source=tcp_info in_bytes=1 "
				  "in_packets=2 out_bytes=3 out_packets=4");
	assert_int_equal(traffic_audit_text(text, 30, "0123abcd.1", &c, &t), -ENOSPC);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_there_and_back),
	    cmocka_unit_test(test_of_an_earlier_boot),
	    cmocka_unit_test(test_every_torn_file_is_refused),
	    cmocka_unit_test(test_audit_text),
	};

	return cmocka_run_group_tests_name("handoff", tests, folder_make, folder_remove);
}
