/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_SHOWN_H
#define PUMP_SHOWN_H

#include <stddef.h>
#include <stdint.h>

#include "pump/accepted.h"

/*
 * Lines that a line editor shows as accepted, where it does not say so
 * (cmdline.h needs bracketed paste): the prompt with which it was seen to wait,
 * in raw mode without echo, and behind it, up to the line's end, what was typed.
 * Byte for byte; what is drawn in any other way is not found. What was read
 * without echo is not shown behind a shell's prompt, nor does the terminal's own
 * echo stand there: the editor turns echo off before the prompt, and ends its
 * line before it turns it on again.
 */
enum {
	SHOWN_PROMPT = 128,
	SHOWN_LINE = 1024
};

struct shown {
	size_t prompt_n, line_n; /* line_n: more than fits, when it is longer */
	uint8_t prompt[SHOWN_PROMPT];
	uint8_t line[SHOWN_LINE]; /* the output since the last line end */
};

/* The first key of a line comes to a reader in raw mode without echo: what the line shows is its prompt. */
void shown_prompt(struct shown *s);

/* Output in order, split anywhere. accepted takes the lines that end in it; NULL: nobody wants them. */
void shown_output(struct shown *s, const uint8_t *bytes, size_t n, struct accepted *accepted);

#endif
