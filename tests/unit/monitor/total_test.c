/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "monitor/total.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"

#define SECOND INT64_C(1000000000)
#define NOW    (INT64_C(1000) * SECOND)
#define MIB    (UINT64_C(1) << 20)

struct place {
	char directory[64], shared[96];
};

static int
set_up(void **state)
{
	static struct place p;

	strcpy(p.directory, "/tmp/total_test.XXXXXX");
	assert_non_null(mkdtemp(p.directory));
	snprintf(p.shared, sizeof p.shared, "%s/shared", p.directory);
	*state = &p;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *p = *state;
	char line[128];

	snprintf(line, sizeof line, "rm -rf '%s'", p->directory);
	return system(line);
}

/* A file of n MiB, all of it on the disk. Returns its descriptor. */
static int
make(const struct place *p, const char *name, unsigned mib)
{
	char path[160];
	static char block[1 << 20];
	int fd;

	snprintf(path, sizeof path, "%s/%s", p->directory, name);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	memset(block, 'x', sizeof block);
	for (unsigned i = 0; i < mib; i++)
		assert_int_equal(io_write_all(fd, block, sizeof block), 0);
	return fd;
}

static void
forget(const struct place *p, const char *name)
{
	char path[160];

	snprintf(path, sizeof path, "%s/%s", p->directory, name);
	assert_int_equal(unlink(path), 0);
}

static void
test_what_lies_there_counts(void **state)
{
	struct place *p = *state;
	struct total t;
	int fds[] = {
	    make(p, "1-1-a.cast", 2), make(p, "1-2-b.cast.zst", 1), make(p, "traffic.jsonl", 8)};

	total_open(&t, p->shared, p->directory, 4 * MIB, NOW);
	assert_false(total_is_over(&t, NOW));
	total_close(&t);
	total_open(&t, NULL, p->directory, 3 * MIB, NOW);
	assert_true(total_is_over(&t, NOW));
	total_close(&t);
	total_open(&t, p->shared, p->directory, 0, NOW);
	assert_false(total_is_over(&t, NOW));
	total_close(&t);
	for (size_t i = 0; i < 3; i++)
		io_close(&fds[i]);
}

/* Two sessions: what one records, the other hears of without a look at the folder. */
static void
test_growth_is_shared(void **state)
{
	struct place *p = *state;
	struct total a, b;
	int fd = make(p, "1-1-a.cast", 0);

	total_open(&a, p->shared, p->directory, 3 * MIB, NOW);
	total_open(&b, p->shared, p->directory, 3 * MIB, NOW);
	io_close(&fd);
	fd = make(p, "1-1-a.cast", 2);
	total_add(&a, fd);
	total_add(&a, fd); /* what is counted already is not counted again */
	assert_false(total_is_over(&b, NOW));
	io_close(&fd);
	fd = make(p, "1-1-a.cast", 2);
	total_add(&a, fd);
	assert_true(total_is_over(&b, NOW));
	assert_true(total_is_over(&a, NOW));
	io_close(&fd);
	total_close(&a);
	total_close(&b);
}

/* Somebody makes room: seen before the cap is said to be reached, and by who begins a minute later. */
static void
test_removal_is_seen(void **state)
{
	struct place *p = *state;
	struct total t, other;
	int fd = make(p, "1-1-a.cast", 4);

	io_close(&fd);
	total_open(&t, p->shared, p->directory, 3 * MIB, NOW);
	assert_true(total_is_over(&t, NOW));
	forget(p, "1-1-a.cast");
	assert_true(total_is_over(&t, NOW + 1 * SECOND)); /* one look in five seconds */
	assert_false(total_is_over(&t, NOW + 6 * SECOND));
	total_open(&other, p->shared, p->directory, 3 * MIB, NOW + 7 * SECOND);
	fd = make(p, "1-2-b.cast", 4);
	io_close(&fd);
	assert_false(total_is_over(&other, NOW + 8 * SECOND));
	total_close(&other);
	total_open(&other, p->shared, p->directory, 3 * MIB, NOW + 70 * SECOND);
	assert_true(total_is_over(&other, NOW + 70 * SECOND));
	total_close(&other);
	/* A look from before the last boot is none. */
	forget(p, "1-2-b.cast");
	total_open(&other, p->shared, p->directory, 3 * MIB, SECOND);
	assert_false(total_is_over(&other, SECOND));
	total_close(&other);
	total_close(&t);
}

static void
test_a_shared_file_that_is_none(void **state)
{
	struct place *p = *state;
	struct total t;
	int fd = make(p, "1-1-a.cast", 4);

	io_close(&fd);
	assert_int_equal(symlink("/dev/null", p->shared), 0);
	total_open(&t, p->shared, p->directory, 3 * MIB, NOW);
	assert_true(total_is_over(&t, NOW));
	total_close(&t);
	assert_int_equal(unlink(p->shared), 0);
	assert_int_equal(mkdir(p->shared, 0700), 0);
	total_open(&t, p->shared, p->directory, 30 * MIB, NOW);
	assert_false(total_is_over(&t, NOW));
	total_close(&t);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_what_lies_there_counts, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_growth_is_shared, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_removal_is_seen, set_up, tear_down),
	    cmocka_unit_test_setup_teardown(test_a_shared_file_that_is_none, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("total", tests, NULL, NULL);
}
