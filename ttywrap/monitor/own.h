/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_OWN_H
#define MONITOR_OWN_H

#include <sys/types.h>

/*
 * watch_own of ttywrap.conf(5): the user may read a recording of theirs. Others can't even search
 * the log folder, so it gets a second name, in a folder own/UID that the user alone may list; both
 * by access lists (acl(5)), as the file and the folder stay the service's.
 */

/*
 * Gives the recording that store_create() made in directory, open as fd, to user. own and directory
 * must belong to the effective user and lie in one mounted file system. Returns 0 or -errno, with
 * the recording not to be found by the user: -EOPNOTSUPP without access lists, -EXDEV for another
 * file system, -E2BIG when its access list is full.
 */
int own_give(const char *own, const char *directory, const char *name, int fd, uid_t user);

/* Takes the second name back, where there is one. */
void own_remove(const char *own, const char *name, uid_t user);

#endif
