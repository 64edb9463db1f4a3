/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, no privilege. The texts are what the screen showed; they are only kept. */
#include "pump/commands.h"

#include <stdlib.h>
#include <string.h>

struct command {
	struct command *next;
	int32_t reader;
	enum command_rank rank;
	size_t n;
	char text[];
};

bool
commands_add(
    struct commands *cs, int32_t reader, enum command_rank rank, const char *text, size_t n)
{
	struct command *c = malloc(sizeof *c + n), **last = &cs->first;

	if (c == NULL)
		return false;
	*c = (struct command){.reader = reader, .rank = rank, .n = n};
	memcpy(c->text, text, n);
	while (*last != NULL)
		last = &(*last)->next;
	*last = c;
	cs->n++;
	return true;
}

void
commands_read(struct commands *cs)
{
	cs->read = cs->n;
}

void
commands_send(struct commands *cs, commands_tell *tell, void *arg)
{
	while (cs->read > 0) {
		struct command *c = cs->first;

		if (!tell(arg, c->reader, c->rank, c->text, c->n))
			return;
		cs->first = c->next;
		cs->n--;
		cs->read--;
		free(c);
	}
}
