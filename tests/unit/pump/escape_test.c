/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "common/utf8.h"
#include "pump/escape.h"

#include <stdio.h>
#include <string.h>

#define LEN  256
#define SLOT 64 /* where a block ends */

/* What escape() promises, one character at a time. */
static size_t
plainly(char *dst, const uint8_t *src, size_t n, size_t *used)
{
	static const char *const names[] = {
	    ['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r"};
	size_t at = 0, out = 0;

	for (int len; at < n && (len = utf8_at(src + at, n - at)) > 0; at += (size_t)len) {
		uint8_t c = src[at];

		if (c == '"' || c == '\\')
			out += (size_t)sprintf(dst + out, "\\%c", c);
		else if (c < 0x0e && names[c])
			out += (size_t)sprintf(dst + out, "%s", names[c]);
		else if (c < 0x20 || c == 0x7f)
			out += (size_t)sprintf(dst + out, "\\u%04x", c);
		else if (c == 0xc2 && src[at + 1] < 0xa0)
			out += (size_t)sprintf(dst + out, "\\u%04x", src[at + 1]);
		else if (c == 0xe2 && src[at + 1] == 0x80 && (src[at + 2] | 1) == 0xa9)
			out += (size_t)sprintf(dst + out, "\\u20%02x", 0x28 + (src[at + 2] & 1));
		else {
			memcpy(dst + out, src + at, (size_t)len);
			out += (size_t)len;
		}
	}
	*used = at;
	return out;
}

static void
compare(const uint8_t *src, size_t n)
{
	static char want[6 * LEN + 64], got[6 * LEN + 64];
	size_t want_used, got_used, want_n = plainly(want, src, n, &want_used),
				    got_n = escape(got, src, n, &got_used);

	if (got_n == want_n && got_used == want_used && memcmp(got, want, want_n) == 0)
		return;
	for (size_t i = SLOT - 4; i < SLOT + 8; i++)
		print_error("%02x ", src[i]);
	fail_msg("%zu bytes of %zu used instead of %zu", got_used, n, want_used);
}

/* Bytes at which one of the rules of UTF-8, or of what is escaped, changes. */
static const uint8_t edges[] = {0x00, 0x1b, '"', 'A', 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xa8,
    0xa9, 0xbf, 0xc1, 0xc2, 0xc3, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf3, 0xf4, 0xf5, 0xff};

/* Every four of them in a row, across the end of a block. */
static void
test_four_bytes_of_any_kind(void **state)
{
	const size_t kinds = sizeof edges;
	uint8_t src[LEN];

	(void)state;
	memset(src, 'x', sizeof src);
	for (size_t i = 0; i < kinds * kinds * kinds * kinds; i++) {
		uint8_t *slot = src + SLOT - 1 - i % 3;

		memset(src + SLOT - 3, 'x', 8);
		slot[0] = edges[i % kinds];
		slot[1] = edges[i / kinds % kinds];
		slot[2] = edges[i / kinds / kinds % kinds];
		slot[3] = edges[i / kinds / kinds / kinds];
		compare(src, sizeof src);
	}
}

/* Whole characters of every length, and what is escaped, at every place of a buffer of every length. */
static void
test_characters_anywhere(void **state)
{
	static const char *const pieces[] = {"\xc3\xa4", "\xe2\x94\x80", "\xf0\x9f\x98\x80",
	    "\033[0m", "\r\n", "\xc2\x9b", "\xe2\x80\xa9", "\\\"", "\xff", "\xe2\x94"};
	uint8_t src[LEN];

	(void)state;
	for (size_t piece = 0; piece < sizeof pieces / sizeof *pieces; piece++)
		for (size_t at = 0; at + 4 <= sizeof src; at++) {
			memset(src, 'x', sizeof src);
			memcpy(src + at, pieces[piece], strlen(pieces[piece]));
			memcpy(src + (at + 70) % (sizeof src - 4), pieces[piece],
			    strlen(pieces[piece]));
			for (size_t n = at; n <= sizeof src; n += 7)
				compare(src, n);
		}
}

static void
test_noise(void **state)
{
	uint32_t dice = 1;
	uint8_t src[LEN];

	(void)state;
	for (int round = 0; round < 100000; round++) {
		for (size_t i = 0; i < sizeof src; i++) {
			dice = dice * 1664525u + 1013904223u;
			src[i] = dice >> 30 ? (uint8_t)(0x20 + (dice >> 16) % 0x60)
					    : edges[(dice >> 16) % sizeof edges];
			if (round % 2 &&
			    src[i] >= 0x80) /* a valid one, so that there are long stretches */
				src[i] = '\n';
		}
		compare(src, sizeof src);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_four_bytes_of_any_kind),
	    cmocka_unit_test(test_characters_anywhere),
	    cmocka_unit_test(test_noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
