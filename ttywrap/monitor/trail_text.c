/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor. Pure. Every untrusted value is quoted or in hex: no newline, quote or key= gets through.
 */
#include "monitor/trail.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
append(struct trail_text *t, const char *bytes, size_t n)
{
	if (n >= sizeof t->buf - t->len) {
		t->cut = true;
		return;
	}
	memcpy(t->buf + t->len, bytes, n);
	t->len += n;
	t->buf[t->len] = '\0';
}

static void
append_name(struct trail_text *t, const char *name)
{
	if (t->len > 0)
		append(t, " ", 1);
	append(t, name, strlen(name));
	append(t, "=", 1);
}

void
trail_add(struct trail_text *t, const char *name, const char *format, ...)
{
	char value[512];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(value, sizeof value, format, ap);
	va_end(ap);
	append_name(t, name);
	if (n < 0 || (size_t)n >= sizeof value)
		t->cut = true;
	else
		append(t, value, (size_t)n);
}

/*
 * audit_string_contains_control(): a quote, a space or anything that is not printable ASCII. Also
 * the quote that the kernel puts around a program's whole message (msg='…').
 */
static bool
needs_hex(const char *value, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)value[i];

		if (c == '"' || c == '\'' || c < 0x21 || c > 0x7e)
			return true;
	}
	return n == 0;
}

void
trail_add_untrusted(struct trail_text *t, const char *name, const char *value, size_t max)
{
	static const char digits[] = "0123456789ABCDEF";
	size_t n = strlen(value);

	if (n > max) {
		n = max;
		t->cut = true;
	}
	append_name(t, name);
	if (!needs_hex(value, n)) {
		append(t, "\"", 1);
		append(t, value, n);
		append(t, "\"", 1);
		return;
	}
	if (n == 0)
		append(t, "?", 1);
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)value[i];
		char pair[2] = {digits[c >> 4], digits[c & 15]};

		append(t, pair, 2);
	}
}

void
trail_join(struct trail_text *t, const char *text)
{
	if (t->len > 0 && text[0] != '\0')
		append(t, " ", 1);
	append(t, text, strlen(text));
}
