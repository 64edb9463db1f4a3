/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_RENDER_H
#define REPLAY_RENDER_H

#include "replay/buffer.h"
#include "replay/screen.h"

#include <stdbool.h>

/*
 * Draws a recorded screen in the watcher's window, which may be smaller or larger, and writes
 * only what has changed since the last frame: cursor positions, SGR and characters, nothing else.
 *
 * Smaller window: a part of the screen is shown, the one with the cursor in it. Larger
 * window: the screen stands in the upper left corner, with a line at its right and lower edge.
 */

struct render;

/* ascii: the watcher's terminal isn't in UTF-8. NULL when memory is short. */
struct render *render_new(bool ascii);
void render_free(struct render *);

/* The window has this size from now on, and what it shows is unknown. Returns 0 or -ENOMEM. */
int render_resize(struct render *, unsigned cols, unsigned rows);

/*
 * Appends what turns the last frame into this one. status, UTF-8, safe to print, is
 * shown on the window's last line; NULL: no status line. edit: the column of the cursor in it, -1:
 * not there.
 */
void render_frame(
    struct render *, const struct screen *, const char *status, int edit, struct buffer *out);

/* Appends the screen as lines of text with colours, ended by '\n', without the empty ones at its
 * end. */
void render_lines(const struct screen *, bool ascii, struct buffer *out);

#endif
