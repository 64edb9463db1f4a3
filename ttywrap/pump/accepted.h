/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_ACCEPTED_H
#define PUMP_ACCEPTED_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Lines that a line editor showed and accepted, not claimed yet by a line of
 * input. Those of cmdline.h are in the audit trail already, as commands: a line
 * of input of which nothing else tells whether it may be audited says nothing
 * new when it is one of them. Those of shown.h stood behind a prompt.
 */
struct accepted {
	char *lines; /* each ends with a NUL; NULL when there are none */
	size_t n;
};

/* What is kept at most; the oldest are forgotten first. */
enum {
	ACCEPTED_MAX = 65536
};

/* text: one line or several. Without memory nothing is kept. */
void accepted_add(struct accepted *a, const char *text, size_t n);

/*
 * Whether these n bytes of input, their line end left off, are such a line, with
 * a shell's prompt in front or without. It and all lines before it are claimed then.
 */
bool accepted_claim(struct accepted *a, const char *line, size_t n);

/* Whether a prompt may end with c, blanks left off. */
bool accepted_ends_prompt(char c);

void accepted_forget(struct accepted *a);

#endif
