/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ACCT_HOOK_H
#define ACCT_HOOK_H

#include <stddef.h>

/*
 * Starts a site's command and returns at once. It runs as the caller (root), in a session of its
 * own, with the n bytes of text (4096 at most) on its standard input, /dev/null for the rest, no
 * other descriptor, PATH as its only variable, / as its folder; after so many seconds it and its
 * process group are killed. Only a file of root's that nobody else can write is run. Returns 0 once
 * it is on its way, or -errno.
 */
int hook_run(const char *path, const char *text, size_t n, unsigned seconds);

#endif
