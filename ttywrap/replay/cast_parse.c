/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, the ordinary user's program. Distrusts the line: it may hold anything. */
#include "replay/cast_parse.h"

#include "common/utf8.h"

#include <errno.h>
#include <string.h>

struct cursor {
	char *p, *end;
};

static void
skip_space(struct cursor *c)
{
	while (c->p < c->end && (*c->p == ' ' || *c->p == '\t' || *c->p == '\r'))
		c->p++;
}

/* The character is the next one, spaces left out. */
static int
take(struct cursor *c, char what)
{
	skip_space(c);
	if (c->p >= c->end || *c->p != what)
		return 0;
	c->p++;
	return 1;
}

static int
is_digit(const struct cursor *c)
{
	return c->p < c->end && *c->p >= '0' && *c->p <= '9';
}

/* Digits as a number; what does not fit any more is left out, and the power of ten says so. */
static int
take_digits(struct cursor *c, uint64_t *number, int *power, int fraction)
{
	int seen = 0;

	for (; is_digit(c); c->p++, seen = 1) {
		if (*number < UINT64_C(100000000000000000)) {
			*number = *number * 10 + (uint64_t)(*c->p - '0');
			*power -= fraction;
		} else if (*power < 1000) {
			*power += !fraction;
		}
	}
	return seen;
}

static int
take_exponent(struct cursor *c, int *power)
{
	int negative = 0, seen = 0, e = 0;

	if (c->p >= c->end || (*c->p != 'e' && *c->p != 'E'))
		return 1;
	c->p++;
	if (c->p < c->end && (*c->p == '-' || *c->p == '+'))
		negative = *c->p++ == '-';
	for (; is_digit(c); c->p++, seen = 1)
		if (e < 1000)
			e = e * 10 + (*c->p - '0');
	*power += negative ? -e : e;
	return seen;
}

/* A JSON number of seconds, exactly: floating point would lose nanoseconds, and Python writes
 * 5e-06. */
static const char *
take_time(struct cursor *c, int64_t *time_ns)
{
	uint64_t number = 0;
	int power = 9;

	skip_space(c);
	if (!take_digits(c, &number, &power, 0))
		return "no time where one should stand";
	if (c->p < c->end && *c->p == '.') {
		c->p++;
		if (!take_digits(c, &number, &power, 1))
			return "a time without digits behind its point";
	}
	if (!take_exponent(c, &power))
		return "a time with an empty exponent";
	for (; power < 0 && number > 0; power++)
		number /= 10;
	for (; power > 0 && number > 0 && number <= CAST_TIME_MAX_NS; power--)
		number *= 10;
	if (number > CAST_TIME_MAX_NS)
		return "a time of more than 31 years";
	*time_ns = (int64_t)number;
	return NULL;
}

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Four hex digits at p. Returns 0..0xffff, or -1. */
static int32_t
hex4(const char *p, const char *end)
{
	int32_t u = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int v = hex_value(p[i]);

		if (v < 0)
			return -1;
		u = u << 4 | v;
	}
	return u;
}

/* Behind "\u": writes the character to out, which trails the cursor by two bytes or more. Returns
 * its length or -1. */
static int
take_unicode(struct cursor *c, char *out)
{
	int32_t u = hex4(c->p, c->end), low;

	if (u < 0)
		return -1;
	c->p += 4;
	if (u < 0x80) {
		*out = (char)u;
		return 1;
	}
	if (u >= 0xd800 && u < 0xdc00 && c->end - c->p >= 6 && c->p[0] == '\\' && c->p[1] == 'u') {
		low = hex4(c->p + 2, c->end);
		if (low >= 0xdc00 && low < 0xe000) {
			c->p += 6;
			u = 0x10000 + ((u - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	return (int)utf8_put((uint8_t *)out, (uint32_t)u);
}

/* Behind a backslash. Returns the number of bytes written to out, or -1. */
static int
take_escape(struct cursor *c, char *out)
{
	char letter = c->p < c->end ? *c->p++ : '\0';

	switch (letter) {
	case 'u':
		return take_unicode(c, out);
	case '"':
	case '\\':
	case '/':
		*out = letter;
		return 1;
	case 'n':
		*out = '\n';
		return 1;
	case 'r':
		*out = '\r';
		return 1;
	case 't':
		*out = '\t';
		return 1;
	case 'b':
		*out = '\b';
		return 1;
	case 'f':
		*out = '\f';
		return 1;
	}
	return -1;
}

/* Eight bytes that hold no quote, backslash, control character or byte above ASCII. */
static int
word_is_plain(const char *p)
{
	const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
	uint64_t w, quote, slash;

	memcpy(&w, p, 8);
	quote = w ^ ones * '"';
	slash = w ^ ones * '\\';
	return ((w | (w - ones * 0x20) | (quote - ones) | (slash - ones)) & high) == 0;
}

/*
 * Plain bytes from the cursor to out. Both point into the same line, out behind or at the cursor,
 * so that a word is read whole before it is stored.
 */
static char *
copy_plain(struct cursor *c, char *out)
{
	while (c->end - c->p >= 8 && word_is_plain(c->p)) {
		memmove(out, c->p, 8);
		out += 8;
		c->p += 8;
	}
	return out;
}

/* A string, unescaped in place. */
static const char *
take_string(struct cursor *c, char **text, size_t *len)
{
	char *out;

	if (!take(c, '"'))
		return "no string where one should stand";
	*text = out = c->p;
	for (;;) {
		int n;

		out = copy_plain(c, out);
		if (c->p >= c->end)
			return "a string without an end";
		if (*c->p == '"')
			break;
		if (*c->p == '\\') {
			c->p++;
			n = take_escape(c, out);
			if (n < 0)
				return "an escape that JSON doesn't have";
			out += n;
			continue;
		}
		if ((unsigned char)*c->p < 0x20)
			return "a bare control character in a string";
		n = utf8_at((const uint8_t *)c->p, (size_t)(c->end - c->p));
		if (n <= 0)
			return "bytes that are not UTF-8";
		while (n-- > 0)
			*out++ = *c->p++;
	}
	c->p++;
	*len = (size_t)(out - *text);
	return NULL;
}

/* Somebody else's value: up to the line's last bracket, unread. */
static void
skip_value(struct cursor *c)
{
	while (c->end > c->p && c->end[-1] != ']')
		c->end--;
	if (c->end > c->p)
		c->p = c->end - 1;
}

const char *
cast_parse(char *line, size_t len, struct cast_raw *raw)
{
	struct cursor c = {line, line + len};
	const char *wrong;
	char *code;
	size_t n;

	if (!take(&c, '['))
		return "a line that doesn't begin with [";
	wrong = take_time(&c, &raw->time_ns);
	if (wrong)
		return wrong;
	if (!take(&c, ','))
		return "no comma behind the time";
	wrong = take_string(&c, &code, &n);
	if (wrong)
		return wrong;
	if (n == 0)
		return "an empty event code";
	if (n >= sizeof raw->code)
		n = sizeof raw->code - 1;
	memcpy(raw->code, code, n);
	raw->code[n] = '\0';
	if (!take(&c, ','))
		return "no comma behind the code";
	raw->data = c.p;
	raw->len = 0;
	skip_space(&c);
	if (c.p < c.end && *c.p != '"' && !strchr("oirm", raw->code[0]))
		skip_value(&c);
	else if ((wrong = take_string(&c, &raw->data, &raw->len)))
		return wrong;
	if (!take(&c, ']'))
		return "no ] behind the data";
	skip_space(&c);
	return c.p == c.end ? NULL : "something behind the ]";
}

static const uint8_t *
size_part(const uint8_t *p, const uint8_t *end, unsigned *number)
{
	const uint8_t *from = p;

	for (*number = 0; p < end && *p >= '0' && *p <= '9'; p++) {
		*number = *number * 10 + (*p - '0');
		if (*number > 65535)
			return NULL;
	}
	return p > from && *number > 0 ? p : NULL;
}

int
cast_parse_size(const uint8_t *data, size_t len, unsigned *cols, unsigned *rows)
{
	const uint8_t *end = data + len, *p;
	unsigned c, r;

	p = size_part(data, end, &c);
	if (!p || p == end || *p != 'x')
		return -EINVAL;
	p = size_part(p + 1, end, &r);
	if (p != end)
		return -EINVAL;
	*cols = c;
	*rows = r;
	return 0;
}
