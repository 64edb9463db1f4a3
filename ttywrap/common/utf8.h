/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* U+FFFD, what people see where bytes are no UTF-8. */
#define UTF8_REPLACEMENT     "\xef\xbf\xbd"
#define UTF8_REPLACEMENT_LEN 3

static inline int
utf8_is_tail(uint8_t c)
{
	return (c & 0xc0) == 0x80;
}

/*
 * What stands at p, n >= 1 bytes being there (RFC 3629, table 3-7 of Unicode: no overlong
 * forms, no surrogates, nothing above U+10FFFF). Returns
 *   1..4  the length of a character,
 *   0     the bytes up to the end may be the start of a character,
 *   -k    k bytes (1..3) that are not UTF-8: the "maximal subpart" that one U+FFFD stands for.
 */
static inline int
utf8_at(const uint8_t *p, size_t n)
{
	uint8_t c = p[0], low = 0x80, high = 0xbf;

	if (c < 0x80)
		return 1;
	if (c < 0xc2 || c > 0xf4)
		return -1;
	if (c == 0xe0)
		low = 0xa0;
	else if (c == 0xed)
		high = 0x9f;
	else if (c == 0xf0)
		low = 0x90;
	else if (c == 0xf4)
		high = 0x8f;
	if (n < 2)
		return 0;
	if (p[1] < low || p[1] > high)
		return -1;
	if (c < 0xe0)
		return 2;
	if (n < 3)
		return 0;
	if (!utf8_is_tail(p[2]))
		return -2;
	if (c < 0xf0)
		return 3;
	if (n < 4)
		return 0;
	return utf8_is_tail(p[3]) ? 4 : -3;
}

/* Writes code point u (0..0x10ffff; surrogates come out as U+FFFD) to p, 4 bytes of room. Returns
 * its length. */
size_t utf8_put(uint8_t *p, uint32_t u);

/* 1 when the n bytes are UTF-8 throughout, the last character whole. */
int utf8_valid(const void *bytes, size_t n);

#endif
