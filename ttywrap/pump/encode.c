/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump: no privilege. Distrusts every byte: they come from the user's programs and keyboard. */
#include "pump/encode.h"

#include "common/base64.h"
#include "common/utf8.h"
#include "pump/escape.h"

#include <errno.h>
#include <string.h>

/*
 * A chunk is "dense" when writing it out would cost three times its size, or when one byte in
 * sixteen is a control character that no text has. It is kept in base64, and only its longer runs
 * of text are shown. Small chunks are shown whole: a program that prints NULs one by one costs what
 * its events cost.
 */
#define DENSE_MIN    64
#define DENSE_GROWTH 3
#define DENSE_ODD    16

static size_t
put_number(char *dst, uint64_t n, int digits)
{
	char text[20];
	int len = 0;

	do
		text[len++] = (char)('0' + n % 10);
	while ((n /= 10) > 0 || len < digits);
	for (int i = 0; i < len; i++)
		dst[i] = text[len - 1 - i];
	return (size_t)len;
}

size_t
encode_prefix(char *dst, char code, int64_t time_ns)
{
	uint64_t us = (uint64_t)time_ns / 1000;
	char *p = dst;

	*p++ = '[';
	p += put_number(p, us / 1000000, 1);
	*p++ = '.';
	p += put_number(p, us % 1000000, 6);
	memcpy(p, ",\"?\",\"", 6);
	p[2] = code;
	return (size_t)(p + 6 - dst);
}

static size_t
put_end(char *dst)
{
	memcpy(dst, "\"]\n", 3);
	return 3;
}

/* As text, every maximal piece that isn't UTF-8 as one U+FFFD. Returns the bytes written. */
static size_t
put_shown(char *dst, const uint8_t *src, size_t n)
{
	size_t done = 0, out = 0;

	while (done < n) {
		size_t used;
		int wrong;

		out += escape(dst + out, src + done, n - done, &used);
		done += used;
		if (done == n)
			break;
		wrong = utf8_at(src + done, n - done);
		done += wrong < 0 ? (size_t)-wrong : n - done;
		memcpy(dst + out, UTF8_REPLACEMENT, UTF8_REPLACEMENT_LEN);
		out += UTF8_REPLACEMENT_LEN;
	}
	return out;
}

/* What is shown of a dense chunk: its text, unless that is mostly escape characters that lead
 * nowhere. */
static size_t
put_gist(char *dst, const uint8_t *src, size_t n)
{
	size_t out = escape_gist(dst, src, n);

	if (out <= DENSE_GROWTH * n)
		return out;
	memcpy(dst, UTF8_REPLACEMENT, UTF8_REPLACEMENT_LEN);
	return UTF8_REPLACEMENT_LEN;
}

/* The 'b' line with the exact bytes, then the event for people. */
static size_t
put_exact(char *dst, char code, int64_t time_ns, const uint8_t *src, size_t n, int dense)
{
	size_t out = encode_prefix(dst, 'b', time_ns);

	out += base64_encode(dst + out, src, n);
	out += put_end(dst + out);
	out += encode_prefix(dst + out, code, time_ns);
	out += dense ? put_gist(dst + out, src, n) : put_shown(dst + out, src, n);
	return out + put_end(dst + out);
}

static int
is_dense(const uint8_t *src, size_t n)
{
	return n >= DENSE_MIN && escape_odd(src, n) > n / DENSE_ODD;
}

/* Text that came out as written bytes. A chunk can't be dense before it has grown by five for each
 * odd byte. */
static int
is_costly(const uint8_t *src, size_t n, size_t written)
{
	if (n < DENSE_MIN || written < n + 5 * n / DENSE_ODD)
		return 0;
	return written > DENSE_GROWTH * n || is_dense(src, n);
}

/* One event of bytes that are all there. */
static size_t
put_event(char *dst, char code, int64_t time_ns, const uint8_t *src, size_t n)
{
	size_t head = encode_prefix(dst, code, time_ns), used, out;

	/* Noise shows at once; it need not be written out first. */
	if (n >= DENSE_MIN && escape_odd(src, DENSE_MIN) > DENSE_MIN / DENSE_ODD &&
	    is_dense(src, n))
		return put_exact(dst, code, time_ns, src, n, 1);
	out = head + escape(dst + head, src, n, &used);

	if (used < n)
		return put_exact(dst, code, time_ns, src, n, is_dense(src, n));
	if (is_costly(src, n, out - head))
		return put_exact(dst, code, time_ns, src, n, 1);
	return out + put_end(dst + out);
}

/* How many bytes at the end are the start of a character. */
static size_t
unfinished(const uint8_t *src, size_t n)
{
	for (size_t back = 1; back <= 3 && back <= n; back++)
		if (!utf8_is_tail(src[n - back]))
			return utf8_at(src + n - back, back) == 0 ? back : 0;
	return 0;
}

size_t
encode_stream(
    char *dst, char code, int64_t time_ns, struct encode_held *held, const void *data, size_t n)
{
	uint8_t joined[ENCODE_CHUNK + sizeof held->bytes];
	const uint8_t *src = data;
	size_t keep;

	if (n == 0)
		return 0;
	if (held->len > 0) {
		memcpy(joined, held->bytes, held->len);
		memcpy(joined + held->len, src, n);
		src = joined;
		n += held->len;
	}
	keep = unfinished(src, n);
	n -= keep;
	memcpy(held->bytes, src + n, keep);
	held->len = keep;
	return n > 0 ? put_event(dst, code, time_ns, src, n) : 0;
}

size_t
encode_flush(char *dst, char code, int64_t time_ns, struct encode_held *held)
{
	size_t n = held->len;

	held->len = 0;
	return n > 0 ? put_exact(dst, code, time_ns, held->bytes, n, 0) : 0;
}

size_t
encode_text(char *dst, char code, int64_t time_ns, const char *text, size_t n)
{
	size_t out = encode_prefix(dst, code, time_ns);

	out += put_shown(dst + out, (const uint8_t *)text, n);
	return out + put_end(dst + out);
}

/* The header is written once, into a buffer whose end is checked piece by piece. */
struct writer {
	char *p, *end;
	int full;
};

static void
write_raw(struct writer *w, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(w->end - w->p) < n) {
		w->full = 1;
		return;
	}
	memcpy(w->p, text, n);
	w->p += n;
}

static void
write_number(struct writer *w, uint64_t number, int digits)
{
	char text[24];

	text[put_number(text, number, digits)] = '\0';
	write_raw(w, text);
}

/* ,"key":"value" */
static void
write_member(struct writer *w, const char *comma, const char *key, const char *value)
{
	size_t n = strlen(value);

	write_raw(w, comma);
	write_raw(w, "\"");
	write_raw(w, key);
	write_raw(w, "\":\"");
	if (n > ENCODE_CHUNK || (size_t)(w->end - w->p) < ENCODE_ROOM(n)) {
		w->full = 1;
		return;
	}
	w->p += put_shown(w->p, (const uint8_t *)value, n);
	write_raw(w, "\"");
}

static void
write_env(struct writer *w, const struct encode_header *h)
{
	if (!h->term && !h->shell)
		return;
	write_raw(w, ",\"env\":{");
	if (h->shell)
		write_member(w, "", "SHELL", h->shell);
	if (h->term)
		write_member(w, h->shell ? "," : "", "TERM", h->term);
	write_raw(w, "}");
}

static void
write_fields(struct writer *w, const struct encode_header *h)
{
	write_raw(w, ",\"ttywrap\":{\"start\":\"");
	write_number(w, (uint64_t)h->wall_ns / 1000000000, 1);
	write_raw(w, ".");
	write_number(w, (uint64_t)h->wall_ns % 1000000000, 9);
	write_raw(w, "\"");
	for (size_t i = 0; i < h->nfields; i++)
		if (h->fields[i].value)
			write_member(w, ",", h->fields[i].key, h->fields[i].value);
	write_raw(w, "}");
}

ssize_t
encode_header(char *dst, size_t size, const struct encode_header *h)
{
	struct writer w = {dst, dst + size, 0};

	write_raw(&w, "{\"version\":2,\"width\":");
	write_number(&w, h->cols ? h->cols : 80, 1);
	write_raw(&w, ",\"height\":");
	write_number(&w, h->rows ? h->rows : 24, 1);
	write_raw(&w, ",\"timestamp\":");
	write_number(&w, (uint64_t)h->wall_ns / 1000000000, 1);
	if (h->title)
		write_member(&w, ",", "title", h->title);
	if (h->command)
		write_member(&w, ",", "command", h->command);
	write_env(&w, h);
	write_fields(&w, h);
	write_raw(&w, "}\n");
	return w.full ? -EMSGSIZE : w.p - dst;
}
