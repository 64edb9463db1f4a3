/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump and replay. Pure: looks at bytes that anybody may have made up. */
#include "common/base64.h"

#include "common/cpu.h"

#include <errno.h>
#include <string.h>
#if defined __SSE2__ && !defined NO_SIMD
#include <tmmintrin.h>
#endif

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

#if defined __SSE2__ && !defined NO_SIMD
/* Sixteen numbers 0..63 to letters, without a table: each comparison adds the step to the next
 * range. */
__attribute__((always_inline)) static inline __m128i
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

/* Groups of 12 bytes: three bytes a b c become b a c b, and two multiplications shift the four
 * parts of it. */
__attribute__((target("ssse3"))) static size_t
encode_ssse3(char *dst, const uint8_t *src, size_t n)
{
	const __m128i spread = _mm_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
	size_t i = 0;

	for (; i + 16 <= n; i += 12, dst += 16) {
		__m128i v = _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)(src + i)), spread);
		__m128i even = _mm_mulhi_epu16(
		    _mm_and_si128(v, _mm_set1_epi32(0x0fc0fc00)), _mm_set1_epi32(0x04000040));
		__m128i odd = _mm_mullo_epi16(
		    _mm_and_si128(v, _mm_set1_epi32(0x003f03f0)), _mm_set1_epi32(0x01000010));

		_mm_storeu_si128((__m128i *)dst, letters(_mm_or_si128(even, odd)));
	}
	return i;
}

static size_t
encode_wide(char *dst, const uint8_t *src, size_t n)
{
	return cpu_has(SSSE3, "ssse3") ? encode_ssse3(dst, src, n) : 0;
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

/* From '+' to 'z'. */
/* clang-format off */
static const uint8_t values[80] = {
    62, 64, 64, 64, 63, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 64,
    64, 64, 64, 64, 64, 64, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
    64, 64, 64, 64, 64, 64, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,
    36, 37, 38, 39, 40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51,
};
/* clang-format on */

/* 0..63, or 64 for what is no letter of the alphabet. A table, since which range a letter is in can't be guessed. */
static inline unsigned
value(char letter)
{
	unsigned i = (unsigned char)letter - (unsigned)'+';

	return i < sizeof values ? values[i] : 64;
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
