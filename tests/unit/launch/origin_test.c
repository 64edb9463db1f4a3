/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "launch/origin.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "common/io.h"

static void
test_parent(void **state)
{
	(void)state;
	assert_int_equal(origin_parse_parent("42 (bash) S 41 42 42 34816 42"), 41);
	/* CVE-2017-1000367: the name may hold anything. */
	assert_int_equal(origin_parse_parent("42 (a b) S 1 2 (c) S 41 42"), 41);
	assert_int_equal(origin_parse_parent("42 () 7 7 () R 41 42"), 41);
	assert_int_equal(origin_parse_parent("42 ()))) S 41"), 41);
	assert_int_equal(origin_parse_parent("1 (init) S 0 1 1"), 0);
}

static void
test_no_parent(void **state)
{
	const char *wrong[] = {"", "42", "42 (bash", "42 (bash)", "42 (bash) S", "42 (bash) S x",
	    "42 (bash) S -1 42", "42 (bash) S 41)"};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(origin_parse_parent(wrong[i]), -1);
}

/* The kernel's own text of a process with a name made to mislead. */
static void
test_a_real_process(void **state)
{
	char text[1024];
	ssize_t n;
	int fd;

	(void)state;
	assert_int_equal(prctl(PR_SET_NAME, ") R 1 1 (x"), 0);
	fd = open("/proc/thread-self/stat", O_RDONLY | O_CLOEXEC);
	n = io_read(fd, text, sizeof text - 1);
	io_close(&fd);
	assert_true(n > 0);
	text[n] = '\0';
	assert_int_equal(origin_parse_parent(text), getppid());
}

/* No process of the tests has three uids of a service that nobody is. */
static void
test_not_nested(void **state)
{
	(void)state;
	assert_false(origin_is_nested(4000000));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_parent),
	    cmocka_unit_test(test_no_parent),
	    cmocka_unit_test(test_a_real_process),
	    cmocka_unit_test(test_not_nested),
	};

	return cmocka_run_group_tests_name("origin", tests, NULL, NULL);
}
