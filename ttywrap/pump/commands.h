/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_COMMANDS_H
#define PUMP_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct command;

/* Is its reader elevated? */
enum command_rank {
	COMMAND_UNRANKED, /* the monitor is asked */
	COMMAND_ORDINARY,
	COMMAND_ELEVATED
};

/*
 * Command lines that were accepted, and wait for the look that shows the input they were, and for the
 * monitor's word on who read it. Zero: none.
 */
struct commands {
	struct command *first;
	size_t n;
	size_t read; /* so many of them a look has shown to be read */
};

/*
 * reader: the process group that read it; rank: of it, as far as it is known. Returns false, with nothing kept,
 * when there is no memory.
 */
bool commands_add(struct commands *, int32_t reader, enum command_rank, const char *text, size_t n);

/* A look has shown the input that all of them were. */
void commands_read(struct commands *);

/* Hands these on, the oldest first, and forgets each once tell says that it is told; at one that has to wait, it stops. */
typedef bool commands_tell(
    void *arg, int32_t reader, enum command_rank, const char *text, size_t n);
void commands_send(struct commands *, commands_tell *, void *arg);

#endif
