/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_DISCIPLINE_STATE_H
#define PUMP_DISCIPLINE_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <termios.h>

#include "pump/discipline.h"

/*
 * For discipline.c, which puts bytes in, and discipline_read.c, which takes them
 * out, and nobody else. Positions only ever grow (but for erasing) and are masked
 * where the buffer is touched, as in the kernel, so that its arithmetic holds here
 * too.
 */
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

static inline bool
iflag(const struct discipline *d, tcflag_t flag)
{
	return (d->modes.c_iflag & flag) != 0;
}

static inline bool
lflag(const struct discipline *d, tcflag_t flag)
{
	return (d->modes.c_lflag & flag) != 0;
}

/* Whether reads go by lines: input_available_p(), n_tty_read(). */
static inline bool
by_lines(const struct discipline *d)
{
	return lflag(d, ICANON) && !lflag(d, EXTPROC);
}

static inline void
bit_set(uint64_t *bits, size_t at)
{
	bits[at / 64] |= UINT64_C(1) << (at % 64);
}

static inline void
bit_clear(uint64_t *bits, size_t at)
{
	bits[at / 64] &= ~(UINT64_C(1) << (at % 64));
}

static inline bool
bit_test(const uint64_t *bits, size_t at)
{
	return (bits[at / 64] >> (at % 64)) & 1;
}

/* The first line end in [from, to), or to. */
static inline size_t
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

/* Overwrites the n bytes at the tail and goes past them; costs as much as they did. */
static inline void
drop(struct discipline *d, size_t n)
{
	size_t at = MASK(d->tail);
	size_t first = n < SIZE - at ? n : SIZE - at;

	memset(d->buf + at, 0, first);
	memset(d->buf, 0, n - first);
	d->tail += n;
}

#endif
