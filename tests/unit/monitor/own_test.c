/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "monitor/own.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/io.h"
#include "monitor/store.h"

#define LIST "system.posix_acl_access"
#define USER 54321
#define NAME "54321-7-x.cast"

struct place {
	char top[64], logs[96], own[96], folder[128], recording[160], second[160];
	int fd;
};

static int
set_up(void **state)
{
	static struct place p;

	strcpy(p.top, "/var/tmp/own_test.XXXXXX");
	assert_non_null(mkdtemp(p.top));
	snprintf(p.logs, sizeof p.logs, "%s/logs", p.top);
	snprintf(p.own, sizeof p.own, "%s/own", p.top);
	snprintf(p.folder, sizeof p.folder, "%s/54321", p.own);
	snprintf(p.recording, sizeof p.recording, "%s/" NAME, p.logs);
	snprintf(p.second, sizeof p.second, "%s/" NAME, p.folder);
	assert_int_equal(mkdir(p.logs, 0750), 0);
	assert_int_equal(mkdir(p.own, 0711), 0);
	p.fd = store_create(p.logs, NAME);
	assert_true(p.fd >= 0);
	*state = &p;
	return 0;
}

static int
tear_down(void **state)
{
	struct place *p = *state;
	char line[128];

	io_close(&p->fd);
	snprintf(line, sizeof line, "rm -rf '%s'", p->top);
	return system(line);
}

/* "u:rw-,u54321:r--,…", in the list's order. */
static const char *
list_of(const char *path)
{
	static char text[512];
	struct {
		struct posix_acl_xattr_header head;
		struct posix_acl_xattr_entry e[70];
	} a;
	ssize_t n = getxattr(path, LIST, &a, sizeof a);
	size_t at = 0;

	text[0] = '\0';
	for (size_t i = 0; n > 4 && i < ((size_t)n - 4) / 8; i++) {
		unsigned tag = le16toh(a.e[i].e_tag), perm = le16toh(a.e[i].e_perm);
		char id[16] = "";

		if (tag == ACL_USER || tag == ACL_GROUP)
			snprintf(id, sizeof id, "%u", le32toh(a.e[i].e_id));
		at += (size_t)snprintf(text + at, sizeof text - at, "%s%s%s:%c%c%c", at ? "," : "",
		    tag == ACL_MASK                            ? "m"
		    : tag == ACL_OTHER                         ? "o"
		    : tag == ACL_GROUP || tag == ACL_GROUP_OBJ ? "g"
							       : "u",
		    id, perm & 4 ? 'r' : '-', perm & 2 ? 'w' : '-', perm & 1 ? 'x' : '-');
	}
	return text;
}

static int
give(struct place *p)
{
	return own_give(p->own, p->logs, NAME, p->fd, USER);
}

static void
test_the_second_name(void **state)
{
	struct place *p = *state;
	mode_t old = umask(0777); /* the user's: it must not matter */
	struct stat first, second, folder;

	assert_int_equal(give(p), 0);
	umask(old);
	assert_int_equal(stat(p->recording, &first), 0);
	assert_int_equal(stat(p->second, &second), 0);
	assert_int_equal(first.st_ino, second.st_ino);
	assert_int_equal(first.st_mode, S_IFREG | 0640);
	assert_string_equal(list_of(p->second), "u:rw-,u54321:r--,g:r--,m:r--,o:---");
	assert_int_equal(stat(p->folder, &folder), 0);
	assert_int_equal(folder.st_uid, geteuid());
	assert_string_equal(list_of(p->folder), "u:rwx,u54321:r-x,g:---,m:r-x,o:---");
	own_remove(p->own, NAME, USER);
	assert_int_equal(stat(p->recording, &first), 0);
	assert_int_equal(first.st_nlink, 1);
	/* The folder stays, and is good for the next. */
	assert_int_equal(give(p), 0);
	assert_string_equal(list_of(p->folder), "u:rwx,u54321:r-x,g:---,m:r-x,o:---");
	assert_string_equal(list_of(p->second), "u:rw-,u54321:r--,g:r--,m:r--,o:---");
}

/* Made by a monitor that was killed before the folder had its list. */
static void
test_a_folder_without_its_list(void **state)
{
	struct place *p = *state;

	assert_int_equal(mkdir(p->folder, 0700), 0);
	assert_string_equal(list_of(p->folder), "");
	assert_int_equal(give(p), 0);
	assert_string_equal(list_of(p->folder), "u:rwx,u54321:r-x,g:---,m:r-x,o:---");
}

static void
list_set(const char *path, unsigned users)
{
	struct {
		struct posix_acl_xattr_header head;
		struct posix_acl_xattr_entry e[80];
	} a = {.head = {htole32(POSIX_ACL_XATTR_VERSION)}};
	size_t n = 0;

#define ADD(tag, perm, id)                                                                         \
	a.e[n++] = (struct posix_acl_xattr_entry){htole16(tag), htole16(perm), htole32(id)}
	ADD(ACL_USER_OBJ, 6, ACL_UNDEFINED_ID);
	for (unsigned i = 0; i < users; i++)
		ADD(ACL_USER, 4, 100 + i);
	ADD(ACL_GROUP_OBJ, 4, ACL_UNDEFINED_ID);
	ADD(ACL_GROUP, 4, 77);
	ADD(ACL_MASK, 4, ACL_UNDEFINED_ID);
	ADD(ACL_OTHER, 0, ACL_UNDEFINED_ID);
	assert_int_equal(setxattr(path, LIST, &a, sizeof a.head + n * sizeof *a.e, 0), 0);
}

/* An administrator's default list has let others read it. */
static void
test_what_others_have_stays(void **state)
{
	struct place *p = *state;

	list_set(p->recording, 1);
	assert_int_equal(give(p), 0);
	assert_string_equal(
	    list_of(p->recording), "u:rw-,u54321:r--,u100:r--,g:r--,g77:r--,m:r--,o:---");
	assert_int_equal(unlink(p->second), 0);
	list_set(p->recording, 63);
	assert_int_equal(give(p), -E2BIG);
	list_set(p->recording, 58);
	assert_int_equal(give(p), -E2BIG);
	assert_int_equal(access(p->second, F_OK), -1);
	list_set(p->recording, 57);
	assert_int_equal(give(p), 0);
}

static void
test_what_stands_there_is_not_trusted(void **state)
{
	struct place *p = *state;
	struct stat st;

	assert_int_equal(symlink(p->logs, p->folder), 0);
	assert_true(give(p) < 0);
	assert_int_equal(unlink(p->folder), 0);
	assert_int_equal(mkdir(p->folder, 0700), 0);
	assert_int_equal(chmod(p->folder, 0707), 0);
	assert_int_equal(give(p), -EPERM);
	assert_int_equal(chmod(p->folder, 0700), 0);
	if (geteuid() == 0) {
		assert_int_equal(chown(p->folder, USER, 0), 0);
		assert_int_equal(give(p), -EPERM);
		assert_int_equal(chown(p->folder, 0, 0), 0);
	}
	assert_int_equal(symlink("/etc/passwd", p->second), 0);
	assert_int_equal(give(p), -EEXIST);
	assert_int_equal(lstat(p->second, &st), 0);
	assert_true(S_ISLNK(st.st_mode));
	assert_int_equal(own_give("/nowhere/at/all", p->logs, NAME, p->fd, USER), -ENOENT);
	assert_int_equal(own_give(p->own, "/nowhere/at/all", NAME, p->fd, USER), -ENOENT);
	own_remove("/nowhere/at/all", NAME, USER);
	own_remove(p->own, NAME, USER + 1);
	assert_int_equal(stat(p->recording, &st), 0);
	assert_int_equal(st.st_nlink, 1);
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_the_second_name),
	    TEST(test_a_folder_without_its_list),
	    TEST(test_what_others_have_stays),
	    TEST(test_what_stands_there_is_not_trusted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
