/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Pure. The keyboard is the watcher's, but what was pasted may
 * be anything. */
#include "replay/keys.h"

#include "common/utf8.h"

#include <string.h>

static const struct {
	const char *seq; /* behind CSI or SS3 */
	enum key key;
} sequences[] = {
    {"A", KEY_UP},
    {"B", KEY_DOWN},
    {"C", KEY_RIGHT},
    {"D", KEY_LEFT},
    {"H", KEY_HOME},
    {"F", KEY_END},
    {"1~", KEY_HOME},
    {"7~", KEY_HOME},
    {"4~", KEY_END},
    {"8~", KEY_END},
    {"5~", KEY_PAGE_UP},
    {"6~", KEY_PAGE_DOWN},
};

static uint32_t
sequence_key(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < sizeof sequences / sizeof *sequences; i++)
		if (strlen(sequences[i].seq) == n && memcmp(p, sequences[i].seq, n) == 0)
			return sequences[i].key;
	return KEY_OTHER;
}

/* The length of the escape sequence at p, 0 when its end isn't there yet. */
static size_t
sequence_length(const uint8_t *p, size_t n)
{
	if (n < 2)
		return 0;
	if (p[1] != '[' && p[1] != 'O')
		return 1; /* Escape, then something else */
	for (size_t i = 2; i < n; i++)
		if (p[i] >= 0x40 && p[i] <= 0x7e)
			return i + 1;
	return 0;
}

static uint32_t
point_of(const uint8_t *p, size_t n)
{
	uint32_t point = n == 1 ? p[0] : p[0] & (0x7fu >> n);

	for (size_t i = 1; i < n; i++)
		point = point << 6 | (p[i] & 0x3f);
	return point;
}

/* Takes one key from the front of what is held. Returns the bytes used; 0: it isn't complete. */
static size_t
key_take(const struct keys *k, keys_take *take, void *to)
{
	size_t used;
	int n;

	if (k->seq[0] == '\033') {
		used = sequence_length(k->seq, k->len);
		if (used > 0)
			take(to,
			    used == 1 ? (uint32_t)KEY_ESCAPE : sequence_key(k->seq + 2, used - 2));
		return used;
	}
	n = utf8_at(k->seq, k->len);
	if (n > 0)
		take(to, point_of(k->seq, (size_t)n));
	return n < 0 ? (size_t)-n : (size_t)n;
}

void
keys_feed(struct keys *k, const uint8_t *in, size_t n, keys_take *take, void *to)
{
	for (size_t i = 0; i < n; i++) {
		size_t used;

		if (k->len == sizeof k->seq)
			k->len = 0; /* longer than any key's sequence */
		k->seq[k->len++] = in[i];
		while (k->len > 0 && (used = key_take(k, take, to)) > 0) {
			memmove(k->seq, k->seq + used, k->len - used);
			k->len -= used;
		}
	}
	if (k->len == 1 && k->seq[0] == '\033') {
		take(to, KEY_ESCAPE);
		k->len = 0;
	}
}
