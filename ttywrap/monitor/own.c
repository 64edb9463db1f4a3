/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launcher, as _ttywrap, before any session: a recording's second name, which its user may read.
 * Distrusts what stands there already. */
#include "monitor/own.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/posix_acl.h>
#include <linux/posix_acl_xattr.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "common/io.h"
#include "monitor/store.h"

#define ACCESS_LIST "system.posix_acl_access"
#define ENTRIES_MAX 64

/* As the kernel's getxattr(2) and setxattr(2) have it. */
struct acl {
	struct posix_acl_xattr_header head;
	struct posix_acl_xattr_entry entry[ENTRIES_MAX];
};

_Static_assert(sizeof(struct acl) == 4 + 8 * ENTRIES_MAX, "no padding");

static size_t
acl_bytes(size_t n)
{
	return offsetof(struct acl, entry) + n * sizeof(struct posix_acl_xattr_entry);
}

static struct posix_acl_xattr_entry
entry_make(uint16_t tag, mode_t perm, uint32_t id)
{
	return (struct posix_acl_xattr_entry){
	    htole16(tag), htole16((uint16_t)(perm & 7)), htole32(id)};
}

/* The list of fd; where there is none, the one that mode stands for. Keeps what an administrator's
 * default list has put there. */
static int
acl_read(int fd, mode_t mode, struct acl *a, size_t *n)
{
	ssize_t len = fgetxattr(fd, ACCESS_LIST, a, sizeof *a);

	if (len < 0 && errno == ENODATA) {
		a->head.a_version = htole32(POSIX_ACL_XATTR_VERSION);
		a->entry[0] = entry_make(ACL_USER_OBJ, mode >> 6, ACL_UNDEFINED_ID);
		a->entry[1] = entry_make(ACL_GROUP_OBJ, mode >> 3, ACL_UNDEFINED_ID);
		a->entry[2] = entry_make(ACL_OTHER, mode, ACL_UNDEFINED_ID);
		*n = 3;
		return 0;
	}
	if (len < 0)
		return errno == ERANGE ? -E2BIG : -errno;
	if ((size_t)len < acl_bytes(3))
		return -EINVAL;
	*n = ((size_t)len - acl_bytes(0)) / sizeof *a->entry;
	return 0;
}

static void
entry_insert(struct acl *a, size_t *n, size_t at, struct posix_acl_xattr_entry new)
{
	memmove(&a->entry[at + 1], &a->entry[at], (*n - at) * sizeof *a->entry);
	a->entry[at] = new;
	++*n;
}

/* posix_acl_valid(): the owner, users, the group, groups, the mask, others, in this order. */
static int
acl_permit(struct acl *a, size_t *n, uid_t user, mode_t perm)
{
	size_t has = 0, group = 0, mask = 0; /* 0: the owner's place, so none */

	for (size_t i = 1; i < *n; i++) {
		const struct posix_acl_xattr_entry *e = &a->entry[i];

		if (le16toh(e->e_tag) == ACL_USER && le32toh(e->e_id) == user)
			has = i;
		else if (le16toh(e->e_tag) == ACL_GROUP_OBJ)
			group = i;
		else if (le16toh(e->e_tag) == ACL_MASK)
			mask = i;
	}
	if (*n + 2 > ENTRIES_MAX)
		return -E2BIG;
	if (mask == 0) {
		mask = *n - 1;
		entry_insert(a, n, mask,
		    entry_make(ACL_MASK, le16toh(a->entry[group].e_perm), ACL_UNDEFINED_ID));
	}
	a->entry[mask].e_perm |= htole16((uint16_t)perm);
	if (has > 0)
		a->entry[has].e_perm = htole16((uint16_t)perm);
	else
		entry_insert(a, n, 1, entry_make(ACL_USER, perm, user));
	return 0;
}

static int
user_permit(int fd, mode_t mode, uid_t user, mode_t perm)
{
	struct acl a;
	size_t n;
	int r = acl_read(fd, mode, &a, &n);

	if (r == 0)
		r = acl_permit(&a, &n, user, perm);
	if (r == 0 && fsetxattr(fd, ACCESS_LIST, &a, acl_bytes(n), 0) != 0)
		r = -errno;
	return r;
}

/* The user's folder below own_fd, which is made when it is not there. A descriptor or -errno. */
static int
folder_open(int own_fd, uid_t user)
{
	char folder[16];
	mode_t old;
	int fd, r;

	snprintf(folder, sizeof folder, "%u", (unsigned)user);
	old = umask(077); /* with the user's own it might not be ours to open */
	r = mkdirat(own_fd, folder, 0700) == 0 || errno == EEXIST ? 0 : -errno;
	umask(old);
	if (r < 0)
		return r;
	fd = store_open(own_fd, folder);
	/* Each time: whoever made it may have been killed before it came to this. */
	r = fd < 0 ? fd : user_permit(fd, 0700, user, ACL_READ | ACL_EXECUTE);
	if (r < 0)
		io_close(&fd);
	return r < 0 ? r : fd;
}

int
own_give(const char *own, const char *directory, const char *name, int fd, uid_t user)
{
	int own_fd = store_open(AT_FDCWD, own), folder_fd = -1, dir_fd = -1;
	int r = own_fd;

	if (r >= 0)
		r = dir_fd = store_open(AT_FDCWD, directory);
	if (r >= 0)
		r = folder_fd = folder_open(own_fd, user);
	/* Without the second name the list opens nothing: the log folder can't be searched. */
	if (r >= 0)
		r = user_permit(fd, 0640, user, ACL_READ);
	if (r >= 0 && linkat(dir_fd, name, folder_fd, name, 0) != 0)
		r = -errno;
	io_close(&folder_fd);
	io_close(&dir_fd);
	io_close(&own_fd);
	return r < 0 ? r : 0;
}

void
own_remove(const char *own, const char *name, uid_t user)
{
	int own_fd = store_open(AT_FDCWD, own), folder_fd;
	char folder[16];

	snprintf(folder, sizeof folder, "%u", (unsigned)user);
	folder_fd = own_fd < 0 ? -1 : store_open(own_fd, folder);
	if (folder_fd >= 0)
		(void)unlinkat(folder_fd, name, 0);
	io_close(&folder_fd);
	io_close(&own_fd);
}
