/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pump, no privilege. A replica of n_tty's input side; distrusts every byte it
 * is given. Positions only ever grow (but for erasing) and are masked where the
 * buffer is touched, as in the kernel, so that its arithmetic holds here too.
 */
#include "pump/discipline.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>

#define SIZE          ((size_t)DISCIPLINE_SIZE)
#define MASK(at)      ((at) & (SIZE - 1))
#define DISABLED      0U    /* _POSIX_VDISABLE, and the mark that stands for an EOF */
#define DOUBLED       0377U /* with PARMRK, a real \377 comes as two */
#define EXTPROC_CHUNK 64U   /* iterate_tty_read() asks n_tty_read() for this much at a time */

struct discipline {
	struct termios modes;
	size_t head;                         /* next byte in */
	size_t canon;                        /* end of the last whole line */
	size_t tail;                         /* next byte out */
	size_t flushed;                      /* by signal characters */
	bool lnext;                          /* the next byte is literal */
	bool raw;                            /* no byte is special, none is changed */
	uint64_t map[4];                     /* bytes that receive_special() has to look at */
	uint64_t ends[DISCIPLINE_SIZE / 64]; /* where lines and EOF marks end */
	uint8_t buf[DISCIPLINE_SIZE];
};

static bool
iflag(const struct discipline *d, tcflag_t flag)
{
	return (d->modes.c_iflag & flag) != 0;
}

static bool
lflag(const struct discipline *d, tcflag_t flag)
{
	return (d->modes.c_lflag & flag) != 0;
}

/* Whether reads go by lines: input_available_p(), n_tty_read(). */
static bool
by_lines(const struct discipline *d)
{
	return lflag(d, ICANON) && !lflag(d, EXTPROC);
}

/* ISTRIP or IUCLC change bytes before anything else looks at them: __receive_buf(). */
static bool
preops(const struct discipline *d)
{
	return iflag(d, ISTRIP) || (iflag(d, IUCLC) && lflag(d, IEXTEN));
}

static void
bit_set(uint64_t *bits, size_t at)
{
	bits[at / 64] |= UINT64_C(1) << (at % 64);
}

static void
bit_clear(uint64_t *bits, size_t at)
{
	bits[at / 64] &= ~(UINT64_C(1) << (at % 64));
}

static bool
bit_test(const uint64_t *bits, size_t at)
{
	return (bits[at / 64] >> (at % 64)) & 1;
}

/* The first line end in [from, to), or to. */
static size_t
end_find(const struct discipline *d, size_t from, size_t to)
{
	while (from < to) {
		uint64_t word = d->ends[MASK(from) / 64] >> (MASK(from) % 64);

		if (word != 0) {
			from += (size_t)__builtin_ctzll(word);
			return from < to ? from : to;
		}
		from += 64 - MASK(from) % 64;
	}
	return to;
}

static void
put(struct discipline *d, uint8_t c)
{
	d->buf[MASK(d->head)] = c;
	d->head++;
}

/* The kernel's ctype is Latin-1, whatever IUTF8 says (lib/ctype.c). */
static bool
latin1_upper(uint8_t c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7);
}

static bool
latin1_alnum(uint8_t c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
	       (c >= 0xc0 && c != 0xd7 && c != 0xf7);
}

static void
map_add(struct discipline *d, unsigned index)
{
	bit_set(d->map, d->modes.c_cc[index]);
}

static void
map_add_canonical(struct discipline *d)
{
	map_add(d, VERASE);
	map_add(d, VKILL);
	map_add(d, VEOF);
	map_add(d, VEOL);
	bit_set(d->map, '\n');
	if (!lflag(d, IEXTEN))
		return;
	map_add(d, VWERASE);
	map_add(d, VLNEXT);
	map_add(d, VEOL2);
	if (lflag(d, ECHO))
		map_add(d, VREPRINT);
}

/* n_tty_set_termios(), its second half */
static void
map_build(struct discipline *d)
{
	memset(d->map, 0, sizeof d->map);
	d->raw = !iflag(d, ISTRIP | IUCLC | IGNCR | ICRNL | INLCR | IXON | PARMRK) &&
		 !lflag(d, ICANON | ISIG | ECHO);
	if (iflag(d, IGNCR | ICRNL))
		bit_set(d->map, '\r');
	if (iflag(d, INLCR))
		bit_set(d->map, '\n');
	if (lflag(d, ICANON))
		map_add_canonical(d);
	if (iflag(d, IXON)) {
		map_add(d, VSTART);
		map_add(d, VSTOP);
	}
	if (lflag(d, ISIG)) {
		map_add(d, VINTR);
		map_add(d, VQUIT);
		map_add(d, VSUSP);
	}
	bit_clear(d->map, DISABLED);
}

struct discipline *
discipline_new(const struct termios *modes)
{
	struct discipline *d = calloc(1, sizeof *d);

	if (d == NULL)
		return NULL;
	d->modes = *modes;
	map_build(d);
	return d;
}

void
discipline_free(struct discipline *d)
{
	if (d == NULL)
		return;
	explicit_bzero(d, sizeof *d);
	free(d);
}

/*
 * n_tty_set_termios(): with ICANON (or EXTPROC) switched, old line ends mean
 * nothing any more, and what is pending becomes one line, pushed as it is. A
 * last byte that is NUL then reads as an EOF mark and is lost.
 */
void
discipline_set_modes(struct discipline *d, const struct termios *modes)
{
	tcflag_t changed = d->modes.c_lflag ^ modes->c_lflag;

	d->modes = *modes;
	map_build(d);
	if ((changed & (ICANON | EXTPROC)) == 0)
		return;
	memset(d->ends, 0, sizeof d->ends);
	d->canon = d->tail;
	if (lflag(d, ICANON) && d->head != d->tail) {
		bit_set(d->ends, MASK(d->head - 1));
		d->canon = d->head;
	}
	d->lnext = false;
}

/* Overwrites the n bytes at the tail and goes past them; costs as much as they did. */
static void
drop(struct discipline *d, size_t n)
{
	size_t at = MASK(d->tail);
	size_t first = n < SIZE - at ? n : SIZE - at;

	memset(d->buf + at, 0, first);
	memset(d->buf, 0, n - first);
	d->tail += n;
}

/* reset_buffer_flags(): VLNEXT stays pending over a flush. */
void
discipline_flush(struct discipline *d)
{
	drop(d, d->head - d->tail);
	d->head = d->canon = d->tail = 0;
	memset(d->ends, 0, sizeof d->ends);
}

static bool
is_continuation(const struct discipline *d, uint8_t c)
{
	return iflag(d, IUTF8) && (c & 0xc0) == 0x80;
}

/*
 * eraser(): WERASE stops at the second word, and no loop erases a UTF-8
 * character whose first byte is not in the line. KILL is a loop only when its
 * echo has to step back over every character.
 */
static void
erase(struct discipline *d, uint8_t c)
{
	bool one = c == d->modes.c_cc[VERASE];
	bool word = !one && c == d->modes.c_cc[VWERASE];
	bool seen = false;
	const tcflag_t visual = ECHO | ECHOK | ECHOKE | ECHOE;

	if (!one && !word && (d->modes.c_lflag & visual) != visual) {
		d->head = d->canon;
		return;
	}
	while (MASK(d->head) != MASK(d->canon)) {
		size_t at = d->head;

		do
			c = d->buf[MASK(--at)];
		while (is_continuation(d, c) && MASK(at) != MASK(d->canon));
		if (is_continuation(d, c))
			return;
		if (word && !latin1_alnum(c) && c != '_') {
			if (seen)
				return;
		} else
			seen = true;
		d->head = at;
		if (one)
			return;
	}
}

/* n_tty_receive_handle_newline() */
static void
line_end(struct discipline *d, uint8_t c)
{
	bit_set(d->ends, MASK(d->head));
	put(d, c);
	d->canon = d->head;
}

/* n_tty_receive_char() */
static void
receive_plain(struct discipline *d, uint8_t c)
{
	if (c == DOUBLED && iflag(d, PARMRK))
		put(d, c);
	put(d, c);
}

/* n_tty_receive_char_canon(): whether c was used up. The order decides when two characters are the
 * same. */
static bool
receive_canonical(struct discipline *d, uint8_t c)
{
	const cc_t *cc = d->modes.c_cc;
	bool extended = lflag(d, IEXTEN);

	if (c == cc[VERASE] || c == cc[VKILL] || (c == cc[VWERASE] && extended)) {
		if (d->head != d->canon)
			erase(d, c);
		return true;
	}
	if (c == cc[VLNEXT] && extended) {
		d->lnext = true;
		return true;
	}
	if (c == cc[VREPRINT] && extended && lflag(d, ECHO))
		return true;
	if (c == '\n') {
		line_end(d, c);
		return true;
	}
	if (c == cc[VEOF]) {
		line_end(d, DISABLED);
		return true;
	}
	if (c == cc[VEOL] || (c == cc[VEOL2] && extended)) {
		if (c == DOUBLED && iflag(d, PARMRK))
			put(d, c);
		line_end(d, c);
		return true;
	}
	return false;
}

/* n_tty_receive_char_special(): only for bytes in the map. */
static void
receive_special(struct discipline *d, uint8_t c)
{
	const cc_t *cc = d->modes.c_cc;

	if (iflag(d, IXON) && (c == cc[VSTART] || c == cc[VSTOP]))
		return;
	if (lflag(d, ISIG) && (c == cc[VINTR] || c == cc[VQUIT] || c == cc[VSUSP])) {
		if (!lflag(d, NOFLSH)) {
			d->flushed += d->head - d->tail;
			discipline_flush(d);
		}
		return;
	}
	if (c == '\r') {
		if (iflag(d, IGNCR))
			return;
		if (iflag(d, ICRNL))
			c = '\n';
	} else if (c == '\n' && iflag(d, INLCR))
		c = '\r';
	if (lflag(d, ICANON) && receive_canonical(d, c))
		return;
	receive_plain(d, c);
}

/* n_tty_receive_buf_standard(), n_tty_receive_char_lnext() */
static void
receive_byte(struct discipline *d, uint8_t c)
{
	if (iflag(d, ISTRIP))
		c &= 0x7f;
	if (iflag(d, IUCLC) && lflag(d, IEXTEN) && latin1_upper(c))
		c = (uint8_t)(c + 0x20);
	if (d->lnext) {
		d->lnext = false;
		receive_plain(d, c);
	} else if (lflag(d, EXTPROC))
		put(d, c);
	else if (bit_test(d->map, c))
		receive_special(d, c);
	else
		receive_plain(d, c);
}

/* n_tty_receive_buf_raw(); n <= SIZE */
static void
receive_block(struct discipline *d, const uint8_t *bytes, size_t n)
{
	size_t at = MASK(d->head);
	size_t first = n < SIZE - at ? n : SIZE - at;

	memcpy(d->buf + at, bytes, first);
	memcpy(d->buf, bytes + first, n - first);
	d->head += n;
}

/* __receive_buf() */
static void
receive_some(struct discipline *d, const uint8_t *bytes, size_t n)
{
	if (d->raw || (lflag(d, EXTPROC) && !preops(d))) {
		receive_block(d, bytes, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		receive_byte(d, bytes[i]);
}

/*
 * n_tty_receive_buf_common(): how many bytes may come now. An unfinished line
 * that fills the buffer must not shut out the characters that end or erase it:
 * then one byte at a time comes in, over the last one (IMAXBEL or not, which
 * n_tty does not look at). With PARMRK a byte may need three places.
 */
static size_t
room_make(struct discipline *d)
{
	ssize_t room = (ssize_t)SIZE - (ssize_t)(d->head - d->tail);

	if (iflag(d, PARMRK))
		room = (room + 2) / 3;
	room--;
	if (room > 0)
		return (size_t)room;
	if (!lflag(d, ICANON) || d->canon != d->tail)
		return 0;
	if (room < 0)
		d->head--;
	return 1;
}

size_t
discipline_receive(struct discipline *d, const uint8_t *bytes, size_t n)
{
	size_t taken = 0;

	for (;;) {
		size_t room = room_make(d);
		size_t some = n - taken < room ? n - taken : room;

		if (some == 0)
			return taken;
		receive_some(d, bytes + taken, some);
		taken += some;
	}
}

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
