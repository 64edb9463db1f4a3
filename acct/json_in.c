/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure. ttyacct only: the words of JSON, read from untrusted bytes, without memory of its own. */
#include "json_in.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "common/utf8.h"

enum {
	NESTING_MAX = 16
};

int
json_wrong(struct json_in *in, const char *why)
{
	in->why = why;
	return -EINVAL;
}

void
json_skip_space(struct json_in *in)
{
	while (in->p < in->end &&
	       (*in->p == ' ' || *in->p == '\t' || *in->p == '\r' || *in->p == '\n'))
		in->p++;
}

bool
json_take(struct json_in *in, char c)
{
	json_skip_space(in);
	if (in->p >= in->end || *in->p != c)
		return false;
	in->p++;
	return true;
}

static int
hex4(struct json_in *in, uint32_t *out)
{
	uint32_t v = 0;

	if (in->end - in->p < 4)
		return json_wrong(in, "a \\u escape is cut short");
	for (int i = 0; i < 4; i++) {
		char c = *in->p++;

		if (c >= '0' && c <= '9')
			v = v << 4 | (uint32_t)(c - '0');
		else if ((c | 32) >= 'a' && (c | 32) <= 'f')
			v = v << 4 | (uint32_t)((c | 32) - 'a' + 10);
		else
			return json_wrong(in, "a \\u escape has a character that is no hex digit");
	}
	*out = v;
	return 0;
}

static int
read_escape(struct json_in *in, char out[4], size_t *n)
{
	static const char names[] = "\"\\/bfnrt", values[] = "\"\\/\b\f\n\r\t";
	uint32_t c, low;
	const char *at;

	if (in->p >= in->end)
		return json_wrong(in, "the line is torn inside a string");
	if (*in->p != 'u') {
		at = *in->p ? strchr(names, *in->p) : NULL;
		if (!at)
			return json_wrong(in, "a string has an escape that JSON does not know");
		in->p++;
		out[0] = values[at - names];
		*n = 1;
		return 0;
	}
	in->p++;
	if (hex4(in, &c) < 0)
		return -EINVAL;
	if (c >= 0xd800 && c < 0xdc00 && in->end - in->p >= 6 && in->p[0] == '\\' &&
	    in->p[1] == 'u') {
		in->p += 2;
		if (hex4(in, &low) < 0)
			return -EINVAL;
		c = low >= 0xdc00 && low < 0xe000 ? 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00)
						  : 0xfffd;
	}
	*n = utf8_put((uint8_t *)out, c ? c : 0xfffd); /* strings here end at a NUL */
	return 0;
}

/* The next character of a string, unescaped. */
static int
read_character(struct json_in *in, char out[4], size_t *n)
{
	int len;

	if (in->p >= in->end)
		return json_wrong(in, "the line is torn inside a string");
	if ((unsigned char)*in->p < 0x20)
		return json_wrong(in, "a string holds a control character");
	if (*in->p == '\\') {
		in->p++;
		return read_escape(in, out, n);
	}
	len = utf8_at((const uint8_t *)in->p, (size_t)(in->end - in->p));
	if (len <= 0)
		return json_wrong(in, "a string is not UTF-8");
	*n = (size_t)len;
	memcpy(out, in->p, *n);
	in->p += len;
	return 0;
}

/*
 * Of eight bytes, the first in the lowest bits: how many stand for themselves in a string, up to the first that
 * does not (a quote, a backslash, a control character, a part of UTF-8). A borrow can only reach bytes behind that one.
 */
static size_t
plain_of_eight(uint64_t x)
{
	const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
	uint64_t quote = x ^ ones * '"', backslash = x ^ ones * '\\';
	uint64_t stop = (((x - ones * 0x20) & ~x) | ((quote - ones) & ~quote) |
			    ((backslash - ones) & ~backslash) | x) &
			tops;

	return stop ? (size_t)__builtin_ctzll(stop) / 8 : 8;
}

/* How many bytes from here on stand for themselves. */
static size_t
plain_run(const struct json_in *in)
{
	const char *p = in->p;

	while (in->end - p >= 8) {
		uint64_t x;
		size_t n;

		memcpy(&x, p, sizeof x);
		n = plain_of_eight(le64toh(x));
		p += n;
		if (n < 8)
			return (size_t)(p - in->p);
	}
	while (p < in->end && *p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\')
		p++;
	return (size_t)(p - in->p);
}

static int
string_add(struct json_in *in, char *out, size_t max, size_t *len, const char *piece, size_t n)
{
	if (!out)
		return 0;
	if (n >= max - *len)
		return json_wrong(in, "a string is too long");
	memcpy(out + *len, piece, n);
	*len += n;
	return 0;
}

int
json_string(struct json_in *in, char *out, size_t max)
{
	size_t len = 0;

	if (!json_take(in, '"'))
		return json_wrong(in, "a string was expected");
	for (;;) {
		size_t n = plain_run(in);
		char piece[4];

		if (string_add(in, out, max, &len, in->p, n) < 0)
			return -EINVAL;
		in->p += n;
		if (in->p < in->end && *in->p == '"')
			break;
		if (read_character(in, piece, &n) < 0 ||
		    string_add(in, out, max, &len, piece, n) < 0)
			return -EINVAL;
	}
	in->p++;
	if (out)
		out[len] = 0;
	return 0;
}

int
json_number(struct json_in *in, uint64_t max, uint64_t *out)
{
	uint64_t v = 0;

	json_skip_space(in);
	if (in->p >= in->end || *in->p < '0' || *in->p > '9')
		return json_wrong(in, "a whole number was expected");
	for (; in->p < in->end && *in->p >= '0' && *in->p <= '9'; in->p++) {
		uint64_t digit = (uint64_t)(*in->p - '0');

		if (v > (max - digit) / 10)
			return json_wrong(in, "a number is out of range");
		v = v * 10 + digit;
	}
	if (in->p < in->end && (*in->p == '.' || *in->p == 'e' || *in->p == 'E'))
		return json_wrong(in, "a whole number was expected");
	*out = v;
	return 0;
}

/* A number, true, false or null: whatever stands there up to the next separator, but something. */
static int
skip_scalar(struct json_in *in)
{
	const char *start = in->p;

	while (in->p < in->end && !strchr(",:{}[]\" \t\r\n", *in->p))
		in->p++;
	return in->p > start ? 0 : json_wrong(in, "a value is missing");
}

int
json_skip_value(struct json_in *in)
{
	int depth = 0, ret;

	do {
		json_skip_space(in);
		if (in->p >= in->end)
			return json_wrong(in, "the line is torn");
		ret = 0;
		if (*in->p == '"')
			ret = json_string(in, NULL, 0);
		else if (*in->p == '{' || *in->p == '[')
			depth++, in->p++;
		else if (depth > 0 && (*in->p == '}' || *in->p == ']'))
			depth--, in->p++;
		else if (depth > 0 && (*in->p == ',' || *in->p == ':'))
			in->p++;
		else
			ret = skip_scalar(in);
		if (depth > NESTING_MAX)
			ret = json_wrong(in, "it is nested too deep");
	} while (ret == 0 && depth > 0);
	return ret;
}
