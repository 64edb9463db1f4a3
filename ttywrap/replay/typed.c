/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Pure; the input was typed by whoever was recorded. */
#include "replay/typed.h"

#include "common/utf8.h"

static void
erase_one(struct typed *t)
{
	while (t->len > 0 && utf8_is_tail((uint8_t)t->line[t->len - 1]))
		t->len--;
	if (t->len > 0)
		t->len--;
}

static bool
escape_take(struct typed *t, uint8_t byte)
{
	if (t->escape == 1)
		t->escape = byte == '[' || byte == 'O' ? 2 : 0;
	else if (byte >= 0x40 && byte <= 0x7e)
		t->escape = 0;
	return false;
}

bool
typed_take(struct typed *t, uint8_t byte, int64_t time_ns)
{
	if (t->len == 0)
		t->from_ns = time_ns;
	if (t->escape)
		return escape_take(t, byte);
	if (byte == '\r' || byte == '\n')
		return t->len > 0;
	if (byte == 0x1b)
		t->escape = 1;
	else if (byte == 0x7f || byte == '\b')
		erase_one(t);
	else if (byte == 0x15)
		t->len = 0;
	else if (byte < 0x20 && byte != '\t') {
		t->line[t->len++] = '^';
		t->line[t->len++] = (char)(byte ^ 0x40);
	} else
		t->line[t->len++] = (char)byte;
	return t->len + 2 >= sizeof t->line;
}

void
typed_next(struct typed *t)
{
	t->len = 0;
}
