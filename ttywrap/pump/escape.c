/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump: no privilege. Distrusts every byte: they come from the user's programs and keyboard. */
#include "pump/escape.h"

#include "common/cpu.h"
#include "common/utf8.h"

#include <string.h>
#if defined __SSE2__ && !defined NO_SIMD
#include <immintrin.h>
#endif

/* How each ASCII character is written: up to six bytes, and their number in the eighth. */
#define U(c, x) [c] = {'\\', 'u', '0', '0', (x)[0], (x)[1], 0, 6}
#define S(c, x) [c] = {'\\', x, 0, 0, 0, 0, 0, 2}
#define P1(c)   [c] = {c, 0, 0, 0, 0, 0, 0, 1}
#define P2(c)   P1(c), P1((c) + 1)
#define P8(c)   P2(c), P2((c) + 2), P2((c) + 4), P2((c) + 6)
#define P32(c)  P8(c), P8((c) + 8), P8((c) + 16), P8((c) + 24)
/* clang-format off */
static const char written[128][8] = {
    U(0x00, "00"), U(0x01, "01"), U(0x02, "02"), U(0x03, "03"), U(0x04, "04"), U(0x05, "05"), U(0x06, "06"),
    U(0x07, "07"), S('\b', 'b'), S('\t', 't'), S('\n', 'n'), U(0x0b, "0b"), S('\f', 'f'), S('\r', 'r'),
    U(0x0e, "0e"), U(0x0f, "0f"), U(0x10, "10"), U(0x11, "11"), U(0x12, "12"), U(0x13, "13"), U(0x14, "14"),
    U(0x15, "15"), U(0x16, "16"), U(0x17, "17"), U(0x18, "18"), U(0x19, "19"), U(0x1a, "1a"), U(0x1b, "1b"),
    U(0x1c, "1c"), U(0x1d, "1d"), U(0x1e, "1e"), U(0x1f, "1f"),
    P2(' '), S('"', '"'), P32('#'), P8('C'), P8('K'), P8('S'), P1('['), S('\\', '\\'), P32(']'), P2('}'),
    U(0x7f, "7f"),
};
/* clang-format on */
#undef U
#undef S
#undef P1
#undef P2
#undef P8
#undef P32

/*
 * ASCII, at least one character of which needs an escape: every character is stored as eight bytes,
 * and the next one over the useless part of it. No branch depends on the bytes; guessing those
 * wrong would cost more than the stores.
 */
static inline char *
put_ascii(char *o, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const char *w = written[p[i]];

		memcpy(o, w, 8);
		o += w[7];
	}
	return o;
}

/* C1 controls and line separators: a terminal or a line splitter would act on them. */
static inline int
is_unsafe(const uint8_t *p, int len)
{
	return (len == 2 && p[0] == 0xc2 && p[1] < 0xa0) ||
	       (len == 3 && p[0] == 0xe2 && p[1] == 0x80 && (p[2] | 1) == 0xa9);
}

static size_t
escape_unsafe(char *dst, const uint8_t *p, int len)
{
	static const char hex[] = "0123456789abcdef";

	memcpy(dst, len == 2 ? "\\u0080" : "\\u2028", 6);
	if (len == 2)
		dst[4] = hex[p[1] >> 4];
	dst[5] = hex[len == 2 ? p[1] & 15 : p[2] & 15];
	return 6;
}

/* Characters above ASCII, as many as follow each other. Returns 0 to stop: there is something that
 * isn't one. */
static inline int
escape_wide(char **dst, const uint8_t **src, const uint8_t *end)
{
	const uint8_t *p = *src;
	char *o = *dst;
	int len = 1;

	while (p < end && *p >= 0x80) {
		len = utf8_at(p, (size_t)(end - p));
		if (len <= 0)
			break;
		if (is_unsafe(p, len)) {
			o += escape_unsafe(o, p, len);
		} else {
			for (int i = 0; i < len; i++)
				o[i] = (char)p[i];
			o += len;
		}
		p += len;
	}
	*dst = o;
	*src = p;
	return len > 0;
}

/*
 * A block of bytes is "plain" when all of it is UTF-8 that stands for itself but for some ASCII
 * characters; bit i of its "special" ones: byte i is one of these. Characters may begin before the
 * block and end behind it.
 */
#define BLOCK 64

#if defined __SSE2__ && !defined NO_SIMD
/*
 * Which mistakes two bytes in a row can be, by the first one's halves and the second one's upper half: a
 * mistake that all three allow is one (Keiser and Lemire, Validating UTF-8 in less than one
 * instruction per byte, 2021).
 */
enum {
	SHORT = 1, /* a lead without what has to follow */
	LONG = 2,  /* what follows, without a lead */
	OVERLONG_3 = 4,
	LARGE = 8, /* above U+10FFFF */
	SURROGATE = 16,
	OVERLONG_2 = 32,
	LARGE_5 = 64, /* F5 and above; with the next */
	OVERLONG_4 = 64,
	TAILS = 128, /* two that follow: no mistake behind a lead of three or four */
	ANY = SHORT | LONG | TAILS,
};

#ifndef NO_AVX2
#define NO_AVX2 0 /* 1: for a test of the other */
#endif

#define NAME(name) name##_ssse3
#define TARGET     "ssse3"
#define WIDTH      16
#include "pump/escape_plain.inc"
#define NAME(name) name##_avx2
#define TARGET     "avx2"
#define WIDTH      32
#include "pump/escape_plain.inc"

static inline uint64_t
special_bits_16(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)p);
	__m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);

	return (uint64_t)_mm_movemask_epi8(
	    _mm_or_si128(_mm_or_si128(control, _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f))),
		_mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')),
		    _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')))));
}

static inline uint64_t
special_bits(const uint8_t *p)
{
	return special_bits_16(p) | special_bits_16(p + 16) << 16 | special_bits_16(p + 32) << 32 |
	       special_bits_16(p + 48) << 48;
}
#else
static inline uint64_t
special_bits(const uint8_t *p)
{
	uint64_t bits = 0;

	for (int i = 0; i < BLOCK; i++)
		bits |= (uint64_t)((p[i] < 0x20) | (p[i] == 0x7f) | (p[i] == '"') | (p[i] == '\\'))
			<< i;
	return bits;
}

/* Without shuffles: ASCII only. */
static inline int
block_is_plain(const uint8_t *p, int follows)
{
	uint8_t all = 0;

	(void)follows;
	for (int i = 0; i < BLOCK; i++)
		all |= p[i];
	return all < 0x80;
}
#endif

/* In as many pieces as the processor needs for it. */
typedef uint8_t half_block __attribute__((vector_size(BLOCK / 2), aligned(1), may_alias));

static inline void
copy_block(char *o, const uint8_t *p)
{
	half_block low = *(const half_block *)p, high = *(const half_block *)(p + BLOCK / 2);

	*(half_block *)o = low;
	*(half_block *)(o + BLOCK / 2) = high;
}

/*
 * A plain block, behind which there is another: it is copied whole, and again what stands behind each
 * special character, over what is of no use any more. No branch depends on how many bytes stand
 * between two; guessing that wrong would cost more than the copies.
 */
static inline char *
put_block(char *o, const uint8_t *p)
{
	uint64_t special = special_bits(p);
	size_t done = 0;

	copy_block(o, p);
	for (; special != 0; special &= special - 1) {
		size_t at = (size_t)__builtin_ctzll(special);
		const char *w = written[p[at]];

		o += at - done;
		memcpy(o, w, 8);
		o += w[7];
		done = at + 1;
		copy_block(o, p + done);
	}
	return o + (BLOCK - done);
}

/* How many of the n bytes before end are no whole character: one goes on behind it, or has no right to. */
static inline size_t
unfinished(const uint8_t *end, size_t n)
{
	for (size_t back = 1; back <= 3 && back <= n; back++)
		if (!utf8_is_tail(end[-(ptrdiff_t)back]))
			return utf8_at(end - back, back) > 0 ? 0 : back;
	return 0;
}

/* Where the plain blocks end, and what was made of them: up to the end of a character. */
static inline void
blocks_end(char **dst, const uint8_t **src, const uint8_t *p, char *o)
{
	size_t back = unfinished(p, (size_t)(p - *src));

	*dst = o - back;
	*src = p - back;
}

typedef void escape_blocks(char **dst, const uint8_t **src, const uint8_t *end);

/* Plain blocks, as long as they follow each other. */
#define BLOCKS(name, is_plain)                                                                     \
	static void name(char **dst, const uint8_t **src, const uint8_t *end)                      \
	{                                                                                          \
		const uint8_t *p = *src;                                                           \
		char *o = *dst;                                                                    \
                                                                                                   \
		for (; end - p >= 2 * BLOCK && is_plain(p, p > *src); p += BLOCK)                  \
			o = put_block(o, p);                                                       \
		blocks_end(dst, src, p, o);                                                        \
	}

#if defined __SSE2__ && !defined NO_SIMD
__attribute__((target("ssse3"))) BLOCKS(blocks_ssse3, block_is_plain_ssse3)
    __attribute__((target("avx2"))) BLOCKS(blocks_avx2, block_is_plain_avx2)

	static escape_blocks *blocks_here(void)
{
	if (!NO_AVX2 && cpu_has(AVX2, "avx2"))
		return blocks_avx2;
	return cpu_has(SSSE3, "ssse3") ? blocks_ssse3 : NULL;
}
#else
BLOCKS(blocks_plain, block_is_plain)

static escape_blocks *
blocks_here(void)
{
	return blocks_plain;
}
#endif

/* One character after the other, to the end or a block's length further. Returns 0 to stop, as escape_wide does. */
static int
escape_some(char **dst, const uint8_t **src, const uint8_t *end)
{
	const uint8_t *until = end - *src > BLOCK ? *src + BLOCK : end;
	int fine = 1;

	while (fine && *src < until) {
		if (**src < 0x80)
			*dst = put_ascii(*dst, (*src)++, 1);
		else
			fine = escape_wide(dst, src, end);
	}
	return fine;
}

size_t
escape(char *dst, const uint8_t *src, size_t n, size_t *used)
{
	const uint8_t *p = src, *end = src + n;
	escape_blocks *blocks = blocks_here();
	int fine = 1;
	char *o = dst;

	while (fine && p < end) {
		if (blocks)
			blocks(&o, &p, end);
		fine = escape_some(&o, &p, end);
	}
	*used = (size_t)(p - src);
	return (size_t)(o - dst);
}
