/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_CMDLINE_H
#define PUMP_CMDLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The command line as the shell accepted it: after completion, history,
 * search, abbreviations and edits, all of which the keys do not tell. It is
 * read off an emulated screen, between the two sequences by which a line
 * editor switches bracketed paste on (it edits a line) and off (the line is
 * accepted): readline, zle and fish send them, unpatched. Pure.
 *
 * A program on the alternate screen is not at a prompt. What the screen did
 * not show (read -s) is in no line. A line that is continued at a second
 * prompt (PS2) comes as one line each. Where a line was typed ahead of its
 * prompt, the prompt is taken off by what the last one looked like, or by
 * what was typed; if neither fits, it stays.
 */
struct cmdline;

/* text: UTF-8, trailing blanks off, never empty; soft-wrapped rows are joined, others by '\n'. */
typedef void cmdline_emit(void *arg, const char *text, size_t n);

/* Within cmdline_emit: keys of the line came before its prompt, so who was there then need not be who read them. */
bool cmdline_is_ahead(const struct cmdline *);

#define CMDLINE_MAX 4000 /* bytes of a line; what is longer is cut */

/* Returns NULL when memory is short. */
struct cmdline *cmdline_new(unsigned cols, cmdline_emit *, void *arg);
void cmdline_free(struct cmdline *);

void cmdline_resize(struct cmdline *, unsigned cols);

/*
 * Output in order, split anywhere; ahead: keys are on their way that nobody
 * has read yet. Keys just before they are written.
 */
void cmdline_output(struct cmdline *, const uint8_t *, size_t n, bool ahead);
void cmdline_typed(struct cmdline *, const uint8_t *, size_t n);

#endif
