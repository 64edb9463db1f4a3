/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef LAUNCH_VERB_H
#define LAUNCH_VERB_H

#include <stdbool.h>

struct identity;

/* True when the call is not for a session: its first argument begins with "--". */
bool verb_wanted(int argc, char *const *argv);

/*
 * Gives up every privilege for good and executes the ordinary program that
 * does it (ttywrap-check for --check, ttywrap-replay for all else). Returns
 * only on failure, an exit status; said on standard error.
 */
int verb_run(const struct identity *, char *const *argv);

#endif
