/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pump: no privilege. Distrusts every byte: they come from the user's programs and keyboard.
 *
 * Sixteen bytes at a time with SSE2, which every x86-64 has, else eight in a word. In 4 KiB chunks
 * on a Xeon: 0.3 ns a byte for text, 1.0 for very colourful text with much UTF-8, 0.5 for noise
 * with its base64.
 */
#include "pump/escape.h"

#include "common/utf8.h"

#include <string.h>
#if defined __SSE2__ && !defined NO_SIMD
#include <tmmintrin.h>
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

/* Copies n = BLOCK bytes. Returns 0 when they stand for themselves, else with *high: bit i, byte i
 * is above ASCII. */
#if defined __SSE2__ && !defined NO_SIMD
#define BLOCK 16
static inline int
copy_block(char *o, const uint8_t *p, unsigned *high)
{
	__m128i v = _mm_loadu_si128((const __m128i *)p);
	/* Signed: what is above 0x7f is below 0x20, too. */
	__m128i special = _mm_or_si128(_mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(0x20)),
					   _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f))),
	    _mm_or_si128(
		_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))));

	_mm_storeu_si128((__m128i *)o, v);
	*high = (unsigned)_mm_movemask_epi8(v);
	return _mm_movemask_epi8(special);
}
#else
#define BLOCK 8
static inline int
copy_block(char *o, const uint8_t *p, unsigned *high)
{
	const uint64_t ones = 0x0101010101010101u, top = 0x8080808080808080u;
	uint64_t w, special;

	memcpy(&w, p, 8);
	memcpy(o, p, 8);
	/* A false alarm (a borrow from the byte below) costs eight table look-ups, no more. */
	special = w | (w - ones * 0x20) | ((w ^ ones * '"') - ones) | ((w ^ ones * '\\') - ones) |
		  ((w ^ ones * 0x7f) - ones);
	*high = 0;
	for (unsigned i = 0; i < 8; i++)
		*high |= (unsigned)(p[i] >> 7) << i;
	return (special & top) != 0;
}
#endif

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

/* A block, or what stands before and up to the next ASCII in it. Returns 0 at something that isn't UTF-8. */
static inline int
escape_block(char **dst, const uint8_t **src, const uint8_t *end)
{
	unsigned high;
	size_t ascii;

	if (!copy_block(*dst, *src, &high)) {
		*dst += BLOCK;
		*src += BLOCK;
		return 1;
	}
	ascii = high ? (size_t)__builtin_ctz(high) : BLOCK;
	*dst = put_ascii(*dst, *src, ascii);
	*src += ascii;
	return high ? escape_wide(dst, src, end) : 1;
}

/* Whole blocks, up to something that isn't UTF-8. */
static inline int
escape_blocks(char **dst, const uint8_t **src, const uint8_t *end)
{
	int fine = 1;

	while (fine && end - *src >= BLOCK)
		fine = escape_block(dst, src, end);
	return fine;
}

#if defined __SSE2__ && !defined NO_SIMD
/*
 * Text: line ends, tabs, quotes and backslashes are written as two characters. pair[m] picks, of four
 * characters (0 to 3) and a backslash (8), what is written when those of mask m are escaped.
 */
/* clang-format off */
static const uint8_t pair[16][8] = {
    {0, 1, 2, 3, 0, 0, 0, 0},
    {8, 0, 1, 2, 3, 0, 0, 0},
    {0, 8, 1, 2, 3, 0, 0, 0},
    {8, 0, 8, 1, 2, 3, 0, 0},
    {0, 1, 8, 2, 3, 0, 0, 0},
    {8, 0, 1, 8, 2, 3, 0, 0},
    {0, 8, 1, 8, 2, 3, 0, 0},
    {8, 0, 8, 1, 8, 2, 3, 0},
    {0, 1, 2, 8, 3, 0, 0, 0},
    {8, 0, 1, 2, 8, 3, 0, 0},
    {0, 8, 1, 2, 8, 3, 0, 0},
    {8, 0, 8, 1, 2, 8, 3, 0},
    {0, 1, 8, 2, 8, 3, 0, 0},
    {8, 0, 1, 8, 2, 8, 3, 0},
    {0, 8, 1, 8, 2, 8, 3, 0},
    {8, 0, 8, 1, 8, 2, 8, 3},
};
/* clang-format on */
static const uint8_t pair_len[16] = {4, 5, 5, 6, 5, 6, 6, 7, 5, 6, 6, 7, 6, 7, 7, 8};

/* Sixteen characters of text. Returns 0 when there is something else among them, with nothing done. */
__attribute__((target("ssse3"), always_inline)) static inline int
put_text(char **dst, const uint8_t *p)
{
	const __m128i names =
	    _mm_setr_epi8(0, 0, 0, 0, 0, 0, 0, 0, 'b', 't', 'n', 0, 'f', 'r', 0, 0);
	const __m128i slashes = _mm_set1_epi8('\\');
	__m128i v = _mm_loadu_si128((const __m128i *)p);
	__m128i control = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20)); /* or above ASCII */
	__m128i low = _mm_cmplt_epi8(v, _mm_set1_epi8(0x10));
	__m128i name = _mm_and_si128(low, _mm_shuffle_epi8(names, v));
	__m128i other =
	    _mm_or_si128(_mm_and_si128(control, _mm_cmpeq_epi8(name, _mm_setzero_si128())),
		_mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f)));
	__m128i special = _mm_or_si128(control,
	    _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, slashes)));
	unsigned mask = (unsigned)_mm_movemask_epi8(special);
	__m128i shown = _mm_or_si128(_mm_and_si128(control, name), _mm_andnot_si128(control, v));
	char *o = *dst;

	if (_mm_movemask_epi8(other))
		return 0;
	for (int i = 0; i < 4; i++, mask >>= 4) {
		__m128i four = _mm_unpacklo_epi64(shown, slashes);
		__m128i pick = _mm_loadl_epi64((const __m128i *)pair[mask & 15]);

		_mm_storel_epi64((__m128i *)o, _mm_shuffle_epi8(four, pick));
		o += pair_len[mask & 15];
		shown = _mm_srli_si128(shown, 4);
	}
	*dst = o;
	return 1;
}

__attribute__((target("ssse3"))) static int
escape_blocks_ssse3(char **dst, const uint8_t **src, const uint8_t *end)
{
	int fine = 1;

	while (fine && end - *src >= BLOCK) {
		if (put_text(dst, *src))
			*src += BLOCK;
		else
			fine = escape_block(dst, src, end);
	}
	return fine;
}

static int
escape_most(char **dst, const uint8_t **src, const uint8_t *end)
{
	return __builtin_cpu_supports("ssse3") ? escape_blocks_ssse3(dst, src, end)
					       : escape_blocks(dst, src, end);
}
#else
#define escape_most escape_blocks
#endif

size_t
escape(char *dst, const uint8_t *src, size_t n, size_t *used)
{
	const uint8_t *p = src, *end = src + n;
	char *o = dst;
	int fine = escape_most(&o, &p, end);

	while (fine && p < end) {
		if (*p < 0x80)
			o = put_ascii(o, p++, 1);
		else
			fine = escape_wide(&o, &p, end);
	}
	*used = (size_t)(p - src);
	return (size_t)(o - dst);
}

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
