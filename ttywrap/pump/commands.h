/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_COMMANDS_H
#define PUMP_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command;

/* Command lines that were accepted, and wait for the look that shows the input they were. Zero: none. */
struct commands {
	struct command *first;
};

/* reader: the process group that read it. Returns false, with nothing kept, when there is no memory. */
bool commands_add(struct commands *, int32_t reader, const char *text, size_t n);

/* Hands the oldest on and forgets it; false: there is none. */
typedef void commands_tell(void *arg, int32_t reader, const char *text, size_t n);
bool commands_next(struct commands *, commands_tell *, void *arg);

void commands_free(struct commands *);

#endif
