/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "monitor/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/io.h"
#include "replay/live.h"

#define WALL 1767225600 /* 2026-01-01 00:00:00 UTC */

struct place {
	char top[64], directory[96], name[128], path[256];
};

static int
set_up(void **state)
{
	static struct place p;

	strcpy(p.top, "/tmp/store_test.XXXXXX");
	assert_non_null(mkdtemp(p.top));
	snprintf(p.directory, sizeof p.directory, "%s/d", p.top);
	assert_int_equal(mkdir(p.directory, 0750), 0);
	snprintf(p.path, sizeof p.path, "%s/1000-7-20260101T000000Z-%d.cast", p.directory,
	    (int)getpid());
	*state = &p;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *p = *state;
	char line[128];

	snprintf(line, sizeof line, "rm -rf '%s'", p->top);
	return system(line);
}

static int
create(struct place *p)
{
	store_name(1000, 7, WALL, p->name, sizeof p->name);
	strcat(p->name, ".cast");
	return store_create(p->directory, p->name);
}

static void
test_a_new_recording(void **state)
{
	struct place *p = *state;
	mode_t old = umask(0777); /* the user's: it must not matter */
	int fd = create(p), other, copy;
	struct stat st;

	umask(old);
	assert_true(fd >= 0);
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0640);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(fcntl(fd, F_GETFL) & (O_APPEND | O_ACCMODE), O_APPEND | O_WRONLY);
	assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
	/* Live as long as it is open, here or in the pump, and no longer; looking changes nothing. */
	other = open(p->path, O_RDONLY | O_CLOEXEC);
	copy = dup(fd);
	assert_true(live_is_held(other) && live_is_held(other));
	io_close(&fd);
	assert_true(live_is_held(other));
	io_close(&copy);
	assert_false(live_is_held(other));
	io_close(&other);
}

/* Somebody who may only read it can't make it look live, nor keep a lock from its recorder. */
static void
test_a_reader_cannot_hold_it(void **state)
{
	struct place *p = *state;
	struct flock read = {.l_type = F_RDLCK}, write = {.l_type = F_WRLCK};
	int fd = create(p), reader = open(p->path, O_RDONLY | O_CLOEXEC);

	io_close(&fd);
	assert_int_equal(fcntl(reader, F_OFD_SETLK, &write), -1);
	assert_int_equal(errno, EBADF);
	assert_int_equal(fcntl(reader, F_OFD_SETLK, &read), 0);
	fd = open(p->path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(reader, LOCK_EX), 0);
	assert_false(live_is_held(fd));
	io_close(&fd);
	io_close(&reader);
}

static void
test_what_stands_there_is_not_touched(void **state)
{
	struct place *p = *state;
	char aim[160];
	struct stat st;

	snprintf(aim, sizeof aim, "%s/aim", p->top);
	assert_int_equal(close(open(aim, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
	assert_int_equal(symlink(aim, p->path), 0);
	assert_int_equal(create(p), -EEXIST);
	assert_int_equal(unlink(p->path), 0);
	assert_int_equal(symlink("/nowhere/at/all", p->path), 0);
	assert_int_equal(create(p), -EEXIST);
	assert_int_equal(unlink(p->path), 0);
	assert_int_equal(link(aim, p->path), 0);
	assert_int_equal(create(p), -EEXIST);
	assert_int_equal(stat(aim, &st), 0);
	assert_int_equal(st.st_size, 0);
}

static void
test_directories_that_are_not_ours(void **state)
{
	struct place *p = *state;
	char other[160];

	assert_int_equal(chmod(p->directory, 0757), 0);
	assert_int_equal(create(p), -EPERM);
	assert_int_equal(chmod(p->directory, 0750), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(p->directory, 12345, 0), 0);
		assert_int_equal(create(p), -EPERM);
		assert_int_equal(chown(p->directory, 0, 0), 0);
	}
	snprintf(other, sizeof other, "%s/link", p->top);
	assert_int_equal(symlink(p->directory, other), 0);
	assert_true(store_create(other, p->name) < 0);
	assert_int_equal(store_create("/nowhere/at/all", p->name), -ENOENT);
	assert_int_equal(store_create("/dev/null", p->name), -ENOTDIR);
}

static void
test_make_directory(void **state)
{
	struct place *p = *state;
	char path[256], *longest = malloc(PATH_MAX + 2);
	struct stat st;

	snprintf(path, sizeof path, "%s/a/b/c", p->top);
	assert_int_equal(store_make_directory(path), 0);
	assert_int_equal(store_make_directory(path), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	snprintf(path, sizeof path, "%s/file", p->top);
	assert_int_equal(close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)), 0);
	strcat(path, "/x");
	assert_int_equal(store_make_directory(path), -ENOTDIR);
	memset(longest, 'x', PATH_MAX + 1);
	longest[0] = '/';
	longest[PATH_MAX + 1] = '\0';
	assert_int_equal(store_make_directory(longest), -ENAMETOOLONG);
	free(longest);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_a_new_recording),
	    TEST(test_a_reader_cannot_hold_it),
	    TEST(test_what_stands_there_is_not_touched),
	    TEST(test_directories_that_are_not_ours),
	    TEST(test_make_directory),
	};

	return cmocka_run_group_tests_name("store", tests, NULL, NULL);
}
