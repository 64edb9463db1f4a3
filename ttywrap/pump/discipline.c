/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, no privilege. A replica of n_tty's input side; distrusts every byte it is given. */
#include "pump/discipline.h"

#include <stdlib.h>
#include <string.h>
#include <termios.h>

#include "pump/discipline_state.h"

/* ISTRIP or IUCLC change bytes before anything else looks at them: __receive_buf(). */
static bool
preops(const struct discipline *d)
{
	return iflag(d, ISTRIP) || (iflag(d, IUCLC) && lflag(d, IEXTEN));
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
			d->flushed += discipline_unread(d);
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
