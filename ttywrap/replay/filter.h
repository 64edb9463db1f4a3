/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_FILTER_H
#define REPLAY_FILTER_H

#include "replay/points.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Lets through of a terminal's output only what draws. An allow-list: what is
 * not named in filter.c is dropped. What passes is written anew, from numbers,
 * in its 7-bit form and whole; so a sequence that is cut off, or that this
 * parser and a terminal would read differently, never reaches the terminal.
 *
 * Source: ECMA-48, the VT510 manual, xterm's ctlseqs, and the parser of
 * https://vt100.net/emu/dec_ansi_parser.
 */

#define FILTER_ARGS                                                                                \
	16 /* a sequence with more parameters is dropped; libvterm takes no more either */

/* What is about to happen to the whole picture. */
enum filter_event {
	FILTER_ALTERNATE_ON,
	FILTER_ALTERNATE_OFF,
	FILTER_ERASE_ALL,
	FILTER_ERASE_BELOW
};

/* Plain data: copy it to keep a moment of the stream. Begin with filter_init. */
struct filter {
	/* Called, when set (after filter_init), before the sequence is handed on; all before it has been. */
	void (*on_event)(void *to, enum filter_event);
	void *event_to;
	const char
	    *after_restore; /* set (after filter_init) to have this handed on behind each DECRC */
	struct points points;
	bool ascii;                /* the terminal isn't in UTF-8: other characters become '?' */
	unsigned cols;             /* where the last tab stop may be */
	uint8_t state;             /* enum in filter.c */
	bool bell_ends;            /* the string that is being skipped is an OSC */
	uint8_t leader;            /* '<' '=' '>' '?' or 0 */
	uint8_t inter;             /* the intermediate byte, 0, or 0xff for several */
	uint8_t n_args;            /* parameters begun */
	bool overlong;             /* too many of them */
	int32_t args[FILTER_ARGS]; /* -1: left out */
	char seps[FILTER_ARGS];    /* what stands before each: ':' or ';' */
	uint32_t last;             /* the character before, for REP; 0 when there was none */
	unsigned touched;          /* what filter_end has to put back */
	unsigned alternate;   /* the mode that switched to the alternate screen: 47, 1047, 1049; 0:
			       not there */
	unsigned top, bottom; /* the scrolling region as it was set last; 0: the screen's edge */
	bool margins;         /* DECLRMM is on, so that CSI s takes parameters */
};

typedef void filter_put(void *to, const char *bytes, size_t n);

/* cols is the terminal's width, used to put tab stops back; 0 stands for 80. */
void filter_init(struct filter *, unsigned cols, bool ascii);

/* Takes any part of the stream, split anywhere; hands what draws to put, in zero or more calls. */
void filter_feed(struct filter *, const uint8_t *in, size_t n, filter_put *put, void *to);

/* Between two sequences and two characters, where one stream may be exchanged for another. */
bool filter_is_idle(const struct filter *);

/*
 * Hands put what undoes every mode that was let through since filter_init: the
 * terminal is as it was, but for what is drawn on it. The filter starts afresh.
 */
void filter_end(struct filter *, filter_put *put, void *to);

#endif
