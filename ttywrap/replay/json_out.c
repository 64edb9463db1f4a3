/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Pure; strings are hostile. */
#include "replay/json_out.h"

#include "common/utf8.h"

#include <inttypes.h>
#include <string.h>

static void
string_one(struct buffer *b, const uint8_t *p, int n)
{
	/* DEL, C1 controls and line separators are legal, but the text may end up on a terminal. */
	bool c1 = n == 2 && p[0] == 0xc2 && p[1] < 0xa0;
	bool separator = n == 3 && p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9);

	if (n < 0)
		buffer_string(b, UTF8_REPLACEMENT);
	else if (n == 1 && (*p == '"' || *p == '\\'))
		buffer_format(b, "\\%c", *p);
	else if (n == 1 && (*p < 0x20 || *p == 0x7f))
		buffer_format(b, "\\u%04x", *p);
	else if (c1)
		buffer_format(b, "\\u%04x", p[1]);
	else if (separator)
		buffer_format(b, "\\u20%02x", p[2] == 0xa8 ? 0x28u : 0x29u);
	else
		buffer_add(b, p, (size_t)n);
}

void
json_string(struct buffer *b, const char *text, size_t len)
{
	const uint8_t *p = (const uint8_t *)text;

	buffer_add(b, "\"", 1);
	for (size_t i = 0; i < len;) {
		int n = utf8_at(p + i, len - i);

		if (n == 0)
			n = -(int)(len - i);
		string_one(b, p + i, n);
		i += (size_t)(n < 0 ? -n : n);
	}
	buffer_add(b, "\"", 1);
}

void
json_key(struct buffer *b, const char *key)
{
	if (b->len > 0 && !strchr("{[", b->data[b->len - 1]))
		buffer_add(b, ",", 1);
	json_string(b, key, strlen(key));
	buffer_add(b, ":", 1);
}

void
json_member(struct buffer *b, const char *key, const char *text)
{
	json_key(b, key);
	json_string(b, text, strlen(text));
}

void
json_number(struct buffer *b, const char *key, int64_t n)
{
	json_key(b, key);
	buffer_format(b, "%" PRId64, n);
}

void
json_seconds(struct buffer *b, const char *key, int64_t ns)
{
	json_key(b, key);
	buffer_format(b, "%" PRId64 ".%06d", ns / 1000000000, (int)(ns % 1000000000 / 1000));
}
