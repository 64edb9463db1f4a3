/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every process. Pure: looks at bytes that anybody may have made up. */
#include "common/utf8.h"

#include <string.h>

size_t
utf8_put(uint8_t *p, uint32_t u)
{
	if (u < 0x80) {
		p[0] = (uint8_t)u;
		return 1;
	}
	if (u < 0x800) {
		p[0] = (uint8_t)(0xc0 | u >> 6);
		p[1] = (uint8_t)(0x80 | (u & 0x3f));
		return 2;
	}
	if ((u >= 0xd800 && u < 0xe000) || u > 0x10ffff)
		u = 0xfffd;
	if (u < 0x10000) {
		p[0] = (uint8_t)(0xe0 | u >> 12);
		p[1] = (uint8_t)(0x80 | (u >> 6 & 0x3f));
		p[2] = (uint8_t)(0x80 | (u & 0x3f));
		return 3;
	}
	p[0] = (uint8_t)(0xf0 | u >> 18);
	p[1] = (uint8_t)(0x80 | (u >> 12 & 0x3f));
	p[2] = (uint8_t)(0x80 | (u >> 6 & 0x3f));
	p[3] = (uint8_t)(0x80 | (u & 0x3f));
	return 4;
}

/* Eight bytes at a time while they are ASCII. */
static size_t
ascii_prefix(const uint8_t *p, size_t n)
{
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t word;

		memcpy(&word, p + i, 8);
		if (word & 0x8080808080808080u)
			break;
	}
	return i;
}

int
utf8_valid(const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	size_t i = 0;

	while (i < n) {
		int len;

		if (p[i] < 0x80) {
			size_t skip = ascii_prefix(p + i, n - i);

			i += skip ? skip : 1;
			continue;
		}
		len = utf8_at(p + i, n - i);
		if (len <= 0)
			return 0;
		i += (size_t)len;
	}
	return 1;
}
