/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ttywrap-check: owners and modes. What anybody but root can change in the installation, they can
 * use. */
#include "check/check.h"

#include "check/finding.h"
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define SETUP TTYWRAP_LIBEXEC "/ttywrap-setup"

void
check_accounts(struct findings *f)
{
	struct passwd *pw = getpwnam(TTYWRAP_USER);
	struct group *gr;

	if (pw == NULL)
		finding_wrong(f, SETUP, "user %s: there is none", TTYWRAP_USER);
	else if (pw->pw_uid == 0)
		finding_wrong(f, "usermod -u UID " TTYWRAP_USER,
		    "user %s: has uid 0; ttywrap must never be root", TTYWRAP_USER);
	else
		finding_ok(f, "user %s: uid %u", TTYWRAP_USER, pw->pw_uid);
	gr = getgrnam(TTYWRAP_GROUP);
	if (gr == NULL)
		finding_wrong(
		    f, SETUP, "group %s, which may read recordings: there is none", TTYWRAP_GROUP);
	else if (gr->gr_mem[0] == NULL)
		finding_note(f, "adduser NAME " TTYWRAP_GROUP,
		    "group %s: nobody but root may read recordings", TTYWRAP_GROUP);
	else
		finding_ok(f, "group %s: has members", TTYWRAP_GROUP);
}

struct folder {
	const char *path, *owner, *group;
	mode_t mode;
};

static void
folder_check(struct findings *f, const struct folder *want)
{
	const struct passwd *pw = getpwnam(want->owner);
	const struct group *gr = getgrnam(want->group);
	struct stat st;

	if (lstat(want->path, &st) != 0)
		finding_wrong(f, SETUP, "%s: %s", want->path, strerror(errno));
	else if (!S_ISDIR(st.st_mode))
		finding_wrong(f, SETUP, "%s: no folder", want->path);
	else if (pw != NULL && st.st_uid != pw->pw_uid)
		finding_wrong(f, SETUP, "%s: belongs to uid %u, not to %s", want->path, st.st_uid,
		    want->owner);
	else if (gr != NULL && st.st_gid != gr->gr_gid)
		finding_wrong(
		    f, SETUP, "%s: has group %u, not %s", want->path, st.st_gid, want->group);
	else if ((st.st_mode & 07777) != want->mode)
		finding_wrong(f, SETUP, "%s: mode %04o, not %04o", want->path, st.st_mode & 07777u,
		    want->mode);
	else if (pw != NULL && gr != NULL)
		finding_ok(f, "%s: %s:%s %04o", want->path, want->owner, want->group, want->mode);
}

/* linkat(2) wants one mounted file system, and the user's right to read is an access list. */
static void
own_check(struct findings *f)
{
	struct statx logs, own;

	if (statx(AT_FDCWD, TTYWRAP_LOGDIR, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &logs) != 0 ||
	    statx(AT_FDCWD, TTYWRAP_OWNDIR, AT_SYMLINK_NOFOLLOW, STATX_MNT_ID, &own) != 0)
		return;
	if (logs.stx_mnt_id != own.stx_mnt_id || logs.stx_dev_major != own.stx_dev_major ||
	    logs.stx_dev_minor != own.stx_dev_minor)
		finding_note(f, "put both into one",
		    "watch_own = yes would do nothing: %s and %s are two mounted file systems",
		    TTYWRAP_LOGDIR, TTYWRAP_OWNDIR);
	else if (getxattr(TTYWRAP_OWNDIR, "system.posix_acl_access", NULL, 0) < 0 &&
		 errno == EOPNOTSUPP)
		finding_note(f, "put it on ext4, xfs or btrfs",
		    "watch_own = yes would do nothing: %s's file system has no access lists",
		    TTYWRAP_OWNDIR);
}

void
check_folders(struct findings *f)
{
	static const struct folder folders[] = {
	    {TTYWRAP_LOGDIR, TTYWRAP_USER, TTYWRAP_GROUP, 02750},
	    {TTYWRAP_OWNDIR, TTYWRAP_USER, TTYWRAP_GROUP, 02711},
	    {TTYWRAP_STATEDIR, "root", TTYWRAP_GROUP, 02750},
	    {TTYWRAP_RUNDIR, TTYWRAP_USER, "root", 0755},
	};

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		folder_check(f, &folders[i]);
	own_check(f);
}

/* Root's, and nobody else can write it (a sticky folder's entries are safe from others, but they
 * can add some). */
static bool
only_roots(struct findings *f, const char *path, bool links)
{
	struct stat st;
	char mend[PATH_MAX + 64];

	if ((links ? stat(path, &st) : lstat(path, &st)) != 0) {
		finding_wrong(
		    f, "install ttywrap again ('make install')", "%s: %s", path, strerror(errno));
		return false;
	}
	if (st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return true;
	snprintf(mend, sizeof mend, "chown root %s && chmod go-w %s", path, path);
	finding_wrong(f, mend, "%s: others than root can change it (uid %u, mode %04o)", path,
	    st.st_uid, st.st_mode & 07777u);
	return false;
}

/* Each folder on the way: who can rename one can put another in its place. */
static bool
way_is_roots(struct findings *f, const char *path)
{
	char part[PATH_MAX];
	bool safe = only_roots(f, "/", true);

	snprintf(part, sizeof part, "%s", path);
	for (char *slash = strchr(part + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		safe = only_roots(f, part, true) && safe;
		*slash = '/';
	}
	return safe;
}

static bool
program_check(struct findings *f, const char *name)
{
	char path[PATH_MAX], mend[PATH_MAX + 64];
	struct stat st;

	snprintf(path, sizeof path, "%s/%s", TTYWRAP_LIBEXEC, name);
	if (!only_roots(f, path, false) || lstat(path, &st) != 0)
		return false;
	if (S_ISREG(st.st_mode) && (st.st_mode & 07111) == 0111)
		return true;
	snprintf(mend, sizeof mend, "chmod 0755 %s", path);
	finding_wrong(f, mend, "%s: mode %04o; all must be able to run it, as themselves", path,
	    st.st_mode & 07777u);
	return false;
}

void
check_programs(struct findings *f)
{
	static const char *const programs[] = {"ttywrap-pump", "ttywrap-replay", "ttywrap-check"};
	struct stat st;
	bool safe;

	if (lstat(TTYWRAP_LIBEXEC, &st) != 0) {
		finding_wrong(f, "install ttywrap ('make install')", "%s: %s", TTYWRAP_LIBEXEC,
		    strerror(errno));
		return;
	}
	safe = way_is_roots(f, TTYWRAP_LIBEXEC "/");
	safe = way_is_roots(f, TTYWRAP_BIN) && safe;
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++)
		safe = program_check(f, programs[i]) && safe;
	if (safe)
		finding_ok(f, "%s: its programs can be changed by root only", TTYWRAP_LIBEXEC);
}
