/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, no privilege. The other end of n_tty's input side: what is there, and what a read takes of it. */
#include "pump/discipline.h"

#include <errno.h>
#include <string.h>
#include <termios.h>

#include "pump/discipline_state.h"

/*
 * inq_canon(), n_tty_ioctl(TIOCINQ). It looks for EOF marks until the masked
 * positions meet, so when a line fills the buffer its mark is counted.
 */
size_t
discipline_unread(const struct discipline *d)
{
	size_t n, to;

	if (!by_lines(d))
		return d->head - d->tail;
	n = d->canon - d->tail;
	to = d->tail + MASK(n);
	for (size_t at = end_find(d, d->tail, to); at < to; at = end_find(d, at + 1, to))
		if (d->buf[MASK(at)] == DISABLED)
			n--;
	return n;
}

size_t
discipline_held(const struct discipline *d)
{
	return d->head - d->tail;
}

bool
discipline_unfinished(const struct discipline *d)
{
	return by_lines(d) && d->head != d->canon;
}

size_t
discipline_find(const struct discipline *d, uint8_t c, size_t n)
{
	for (size_t i = 0; i < n && d->tail + i < d->head; i++)
		if (d->buf[MASK(d->tail + i)] == c)
			return i;
	return n;
}

size_t
discipline_flushed(const struct discipline *d)
{
	return d->flushed;
}

bool
discipline_readable(const struct discipline *d)
{
	return by_lines(d) ? d->canon != d->tail : d->head != d->tail;
}

/* Copies n bytes out and wipes them; they may wrap. */
static void
take(struct discipline *d, uint8_t *buf, size_t n)
{
	size_t at = MASK(d->tail);
	size_t first = n < SIZE - at ? n : SIZE - at;

	memcpy(buf, d->buf + at, first);
	memcpy(buf + first, d->buf, n - first);
	drop(d, n);
}

/* canon_copy_from_read_buf(), canon_skip_eof() */
static ssize_t
read_line(struct discipline *d, uint8_t *buf, size_t n, bool *line)
{
	size_t limit = d->canon - d->tail < n ? d->canon : d->tail + n;
	size_t at = end_find(d, d->tail, limit);
	size_t got = at - d->tail;

	*line = at < limit;
	if (*line) {
		bool eof = d->buf[MASK(at)] == DISABLED;

		bit_clear(d->ends, MASK(at));
		got += !eof;
		take(d, buf, got);
		d->tail += eof;
		return (ssize_t)got;
	}
	take(d, buf, got);
	at = MASK(d->tail);
	if (d->tail != d->canon && bit_test(d->ends, at) && d->buf[at] == DISABLED) {
		bit_clear(d->ends, at);
		d->tail++;
		*line = true;
	}
	return (ssize_t)got;
}

/*
 * copy_from_read_buf() with ICANON and EXTPROC: a single EOF character that is
 * the last there is, and that a piece of the copy begins with, reads as EOF.
 */
static ssize_t
read_external(struct discipline *d, uint8_t *buf, size_t n)
{
	size_t got = 0;

	while (got < n && d->tail != d->head) {
		size_t some = d->head - d->tail;

		some = some < SIZE - MASK(d->tail) ? some : SIZE - MASK(d->tail);
		some = some < n - got ? some : n - got;
		some = some < EXTPROC_CHUNK ? some : EXTPROC_CHUNK;
		take(d, buf + got, some);
		if (some == 1 && buf[got] == d->modes.c_cc[VEOF] && d->tail == d->head)
			break;
		got += some;
	}
	return (ssize_t)got;
}

ssize_t
discipline_read(struct discipline *d, uint8_t *buf, size_t n, bool *line)
{
	size_t held = d->head - d->tail;

	*line = false;
	if (n == 0)
		return 0;
	if (!discipline_readable(d))
		return -EAGAIN;
	if (by_lines(d))
		return read_line(d, buf, n, line);
	if (lflag(d, ICANON))
		return read_external(d, buf, n);
	n = n < held ? n : held;
	take(d, buf, n);
	return (ssize_t)n;
}
