/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LAUNCH_IDENTITY_H
#define LAUNCH_IDENTITY_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Who runs the program, and as what. Taken from the kernel and the passwd database, never from the
 * environment. */
struct identity {
	uid_t user;    /* real uid: whose session this is */
	uid_t service; /* effective and saved uid: the monitor's; the user's own when not privileged
			*/
	gid_t group;
	bool privileged;      /* the set-user-ID bit took effect */
	bool installed;       /* this is the installed file, not one in a build folder */
	uint64_t permitted;   /* capabilities that came with the file */
	uint64_t inheritable; /* the user's own, given back to the shell */
	char name[256];       /* of the user */
	char shell[PATH_MAX]; /* from passwd; empty there means /bin/sh (passwd(5)) */
	char home[PATH_MAX];
	char exe[PATH_MAX]; /* what /proc/self/exe names */
};

/*
 * Fills *id. Returns 0, -ENOENT when the uid has no passwd entry, -ENAMETOOLONG
 * when one of its fields does not fit, or -errno.
 */
int identity_take(struct identity *id);

/*
 * The path of one of our other programs ("pump", "replay", "check"): where it
 * is installed, or, for an unprivileged program in a build folder, beside it.
 * Returns 0 or -ENAMETOOLONG.
 */
int identity_program(const struct identity *id, const char *role, char *path, size_t n);

/* The user's own directory for recordings, for unprivileged use. Returns 0 or -ENAMETOOLONG. */
int identity_state_directory(const struct identity *id, char *path, size_t n);

#endif
