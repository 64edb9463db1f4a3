/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_SAFE_H
#define REPLAY_SAFE_H

#include <stddef.h>

/*
 * Text of unknown origin made fit for one line on a terminal: control characters (C0, C1, DEL),
 * what isn't UTF-8, and what changes the order or is invisible (bidi, zero width, tags, line
 * separators) appear as \xNN or \u{NNNN}, a backslash as \\. Cut, with "…", when it does not fit.
 * Returns buf. size >= 8.
 */
char *safe_text(const char *text, size_t len, char *buf, size_t size);

/* A new string, not cut, for the caller to free; NULL when memory is short. */
char *safe_copy(const char *text, size_t len);

#endif
