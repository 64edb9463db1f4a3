/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void
test_read_all_stops_at_the_limit(void **state)
{
	int p[2];
	char buf[8];

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(io_write_all(p[1], "12345678", 8), 0);
	io_close(&p[1]);
	assert_int_equal(p[1], -1);
	assert_int_equal(io_read_all(p[0], buf, sizeof buf), 8);
	assert_memory_equal(buf, "12345678", 8);
	io_close(&p[0]);

	assert_int_equal(pipe(p), 0);
	assert_int_equal(io_write_all(p[1], "123456789", 9), 0);
	io_close(&p[1]);
	assert_int_equal(io_read_all(p[0], buf, sizeof buf), -EFBIG);
	io_close(&p[0]);
}

static void
test_errors_come_back_negative(void **state)
{
	char c = 0;

	(void)state;
	assert_int_equal(io_read(-1, &c, 1), -EBADF);
	assert_int_equal(io_write_all(-1, &c, 1), -EBADF);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read_all_stops_at_the_limit),
	    cmocka_unit_test(test_errors_come_back_negative),
	};

	return cmocka_run_group_tests_name("io", tests, NULL, NULL);
}
