/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_KEYS_H
#define REPLAY_KEYS_H

#include <stddef.h>
#include <stdint.h>

/* What the watcher's keyboard sends, split anywhere. */

enum key {
	KEY_UP = 0x110000, /* above every code point; below it a key is the character it types */
	KEY_DOWN,
	KEY_RIGHT,
	KEY_LEFT,
	KEY_HOME,
	KEY_END,
	KEY_PAGE_UP,
	KEY_PAGE_DOWN,
	KEY_ESCAPE,
	KEY_OTHER, /* a sequence that means nothing here */
};

struct keys {
	uint8_t seq[16]; /* an escape sequence or a character that isn't complete */
	size_t len;
};

typedef void keys_take(void *to, uint32_t key);

/*
 * Hands on the keys in the bytes that one read gave. An escape character that a read ends with is
 * the Escape key: a terminal sends its sequences in one piece.
 */
void keys_feed(struct keys *, const uint8_t *in, size_t n, keys_take *take, void *to);

#endif
