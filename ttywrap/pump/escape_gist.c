/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump: no privilege. Distrusts every byte: they come from the user's programs and keyboard. */
#include "pump/escape.h"

#include "common/utf8.h"

#include <string.h>
#if defined __SSE2__ && !defined NO_SIMD
#include <emmintrin.h>
#endif

/* Bit i: byte i is ASCII text, or a control character that text has (tab, line ends, ESC). */
static inline uint64_t
text_bits(const uint8_t *p, size_t n)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < n; i++) {
		uint8_t c = p[i];
		uint64_t is = (uint64_t)((uint8_t)(c - 0x20) < 0x5f) | (c == '\t') | (c == '\n') |
			      (c == '\r') | (c == 0x1b);

		bits |= is << i;
	}
	return bits;
}

#if defined __SSE2__ && !defined NO_SIMD
static inline uint64_t
text_bits_16(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)p);
	__m128i is = _mm_andnot_si128(
	    _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)), _mm_cmpgt_epi8(v, _mm_set1_epi8(0x1f)));

	is = _mm_or_si128(is, _mm_cmpeq_epi8(v, _mm_set1_epi8('\t')));
	is = _mm_or_si128(is, _mm_cmpeq_epi8(v, _mm_set1_epi8('\n')));
	is = _mm_or_si128(is, _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')));
	is = _mm_or_si128(is, _mm_cmpeq_epi8(v, _mm_set1_epi8(0x1b)));
	return (uint64_t)_mm_movemask_epi8(is);
}

static inline uint64_t
text_bits_64(const uint8_t *p)
{
	return text_bits_16(p) | text_bits_16(p + 16) << 16 | text_bits_16(p + 32) << 32 |
	       text_bits_16(p + 48) << 48;
}
#else
static inline uint64_t
text_bits_64(const uint8_t *p)
{
	return text_bits(p, 64);
}
#endif

static inline uint64_t
text_word(const uint8_t *src, size_t n, size_t at)
{
	if (at >= n)
		return 0;
	return n - at >= 64 ? text_bits_64(src + at) : text_bits(src + at, n - at);
}

/* Bit i: eight bytes of text begin at byte i. next holds the bits behind these. */
static inline uint64_t
run_bits(uint64_t bits, uint64_t next)
{
	bits &= bits >> 1 | next << 63;
	next &= next >> 1;
	bits &= bits >> 2 | next << 62;
	next &= next >> 2;
	return bits & (bits >> 4 | next << 60);
}

static size_t
put_gap(char *dst, size_t from, size_t to)
{
	if (from == to)
		return 0;
	memcpy(dst, UTF8_REPLACEMENT, UTF8_REPLACEMENT_LEN);
	return UTF8_REPLACEMENT_LEN;
}

size_t
escape_gist(char *dst, const uint8_t *src, size_t n)
{
	uint64_t here = text_word(src, n, 0);
	size_t done = 0, out = 0;

	for (size_t at = 0; at < n; at += 64) {
		uint64_t next = text_word(src, n, at + 64), runs = run_bits(here, next);

		here = next;
		while (runs) {
			size_t from = at + (size_t)__builtin_ctzll(runs), to = from + 8, used;

			runs &= runs - 1;
			if (from < done)
				continue;
			while (to < n && text_bits(src + to, 1))
				to++;
			out += put_gap(dst + out, done, from);
			out += escape(dst + out, src + from, to - from, &used);
			done = to;
		}
	}
	return out + put_gap(dst + out, done, n);
}

/* Not BEL to SI (bells, tabs, line ends, character sets), not ESC. */
static inline size_t
is_odd(uint8_t c)
{
	return (size_t)((c < 7) | ((c >= 0x10) & (c < 0x20) & (c != 0x1b)) | (c == 0x7f));
}

#if defined __SSE2__ && !defined NO_SIMD
/* Whole groups of sixteen. */
static size_t
odd_wide(const uint8_t *src, size_t n)
{
	const __m128i one = _mm_set1_epi8(1);
	__m128i sum = _mm_setzero_si128();

	for (size_t i = 0; i + 16 <= n; i += 16) {
		__m128i v = _mm_loadu_si128((const __m128i *)(src + i));
		__m128i low = _mm_cmpeq_epi8(
		    _mm_and_si128(v, _mm_set1_epi8((char)0xe0)), _mm_setzero_si128());
		__m128i fine = _mm_or_si128(
		    _mm_cmpeq_epi8(_mm_and_si128(v, _mm_set1_epi8((char)0xf8)), _mm_set1_epi8(8)),
		    _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(7)),
			_mm_cmpeq_epi8(v, _mm_set1_epi8(0x1b))));
		__m128i odd = _mm_or_si128(
		    _mm_andnot_si128(fine, low), _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));

		sum =
		    _mm_add_epi64(sum, _mm_sad_epu8(_mm_and_si128(odd, one), _mm_setzero_si128()));
	}
	return (size_t)(_mm_cvtsi128_si32(sum) + _mm_cvtsi128_si32(_mm_srli_si128(sum, 8)));
}
#else
static size_t
odd_wide(const uint8_t *src, size_t n)
{
	size_t odd = 0;

	for (size_t i = 0; i < n / 16 * 16; i++)
		odd += is_odd(src[i]);
	return odd;
}
#endif

size_t
escape_odd(const uint8_t *src, size_t n)
{
	size_t odd = odd_wide(src, n);

	for (size_t i = n / 16 * 16; i < n; i++)
		odd += is_odd(src[i]);
	return odd;
}
