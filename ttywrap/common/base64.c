/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump and replay. Pure: looks at bytes that anybody may have made up. */
#include "common/base64.h"

#include <errno.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#ifdef __SSE2__
/* Three bytes as four six-bit numbers, the first one in the lowest byte. */
static inline uint32_t
sextets(const uint8_t *p)
{
	uint32_t word;

	memcpy(&word, p, 4);
	word = __builtin_bswap32(word);
	return word >> 26 | (word >> 12 & 0x3f00) | (word << 2 & 0x3f0000) |
	       (word << 16 & 0x3f000000);
}

/* Sixteen numbers 0..63 to letters, without a table: each comparison adds the step to the next
 * range. */
static inline __m128i
letters(__m128i v)
{
	__m128i shift = _mm_set1_epi8('A');
	__m128i low = _mm_cmpgt_epi8(v, _mm_set1_epi8(25));
	__m128i digit = _mm_cmpgt_epi8(v, _mm_set1_epi8(51));
	__m128i plus = _mm_cmpgt_epi8(v, _mm_set1_epi8(61));
	__m128i slash = _mm_cmpgt_epi8(v, _mm_set1_epi8(62));

	shift = _mm_add_epi8(shift, _mm_and_si128(low, _mm_set1_epi8('a' - 26 - 'A')));
	shift = _mm_add_epi8(shift, _mm_and_si128(digit, _mm_set1_epi8('0' - 52 - ('a' - 26))));
	shift = _mm_add_epi8(shift, _mm_and_si128(plus, _mm_set1_epi8('+' - 62 - ('0' - 52))));
	shift = _mm_add_epi8(shift, _mm_and_si128(slash, _mm_set1_epi8('/' - 63 - ('+' - 62))));
	return _mm_add_epi8(v, shift);
}

/* Whole groups of 12 bytes; sextets() reads one byte beyond its three, so the last group stays
 * behind. */
static size_t
encode_wide(char *dst, const uint8_t *src, size_t n)
{
	size_t i = 0;

	for (; i + 13 <= n; i += 12, dst += 16) {
		__m128i v = _mm_set_epi32((int)sextets(src + i + 9), (int)sextets(src + i + 6),
		    (int)sextets(src + i + 3), (int)sextets(src + i));

		_mm_storeu_si128((__m128i *)dst, letters(v));
	}
	return i;
}
#else
static size_t
encode_wide(char *dst, const uint8_t *src, size_t n)
{
	(void)dst;
	(void)src;
	(void)n;
	return 0;
}
#endif

size_t
base64_encode(char *dst, const uint8_t *src, size_t n)
{
	size_t i = encode_wide(dst, src, n), o = i / 3 * 4;

	for (; i + 3 <= n; i += 3, o += 4) {
		dst[o] = alphabet[src[i] >> 2];
		dst[o + 1] = alphabet[(src[i] << 4 | src[i + 1] >> 4) & 0x3f];
		dst[o + 2] = alphabet[(src[i + 1] << 2 | src[i + 2] >> 6) & 0x3f];
		dst[o + 3] = alphabet[src[i + 2] & 0x3f];
	}
	if (i < n) {
		unsigned second = i + 1 < n ? src[i + 1] : 0;

		dst[o] = alphabet[src[i] >> 2];
		dst[o + 1] = alphabet[(src[i] << 4 | second >> 4) & 0x3f];
		dst[o + 2] = i + 1 < n ? alphabet[second << 2 & 0x3f] : '=';
		dst[o + 3] = '=';
		o += 4;
	}
	return o;
}

/* 0..63, or 64 for what is no letter of the alphabet. */
static unsigned
value(char letter)
{
	unsigned char c = (unsigned char)letter;

	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26u;
	if (c >= '0' && c <= '9')
		return c - '0' + 52u;
	return c == '+' ? 62 : c == '/' ? 63 : 64;
}

/* The last four letters, where padding may stand. Returns the number of bytes, or -EINVAL. */
static ssize_t
decode_last(uint8_t *dst, const char *src)
{
	unsigned a = value(src[0]), b = value(src[1]), c = value(src[2]), d = value(src[3]);
	int pads = src[3] != '=' ? 0 : src[2] != '=' ? 1 : 2;

	if (a > 63 || b > 63 || (pads < 2 && c > 63) || (pads < 1 && d > 63))
		return -EINVAL;
	if ((pads == 2 && (b & 15)) || (pads == 1 && (c & 3)))
		return -EINVAL;
	dst[0] = (uint8_t)(a << 2 | b >> 4);
	if (pads < 2)
		dst[1] = (uint8_t)(b << 4 | c >> 2);
	if (pads < 1)
		dst[2] = (uint8_t)(c << 6 | d);
	return 3 - pads;
}

ssize_t
base64_decode(uint8_t *dst, const char *src, size_t n)
{
	size_t i, o = 0;
	ssize_t last;

	if (n % 4 != 0)
		return -EINVAL;
	if (n == 0)
		return 0;
	for (i = 0; i + 4 < n; i += 4, o += 3) {
		unsigned a = value(src[i]), b = value(src[i + 1]), c = value(src[i + 2]),
			 d = value(src[i + 3]);

		if ((a | b | c | d) > 63)
			return -EINVAL;
		dst[o] = (uint8_t)(a << 2 | b >> 4);
		dst[o + 1] = (uint8_t)(b << 4 | c >> 2);
		dst[o + 2] = (uint8_t)(c << 6 | d);
	}
	last = decode_last(dst + o, src + i);
	return last < 0 ? last : (ssize_t)o + last;
}
