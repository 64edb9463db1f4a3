/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Pure; the stream is hostile: its writer wants to reach the
 * watcher's terminal. */
#include "replay/filter_parts.h"

#include <string.h>

static void
alternate_leave(struct filter *f, struct out *o)
{
	if (f->alternate == 0)
		return;
	/* Each screen has a saved cursor of its own, and leaving restores the main one's, pen and
	 * all. */
	filter_event_tell(f, o, FILTER_ALTERNATE_OFF);
	filter_modes_restore(f, o);
	filter_out_format(o, "\033[?%ul", f->alternate);
	f->alternate = 0;
}

/* RIS would also undo what the watcher set up: only what it does to the picture is done. */
static void
terminal_reset(struct filter *f, struct out *o)
{
	alternate_leave(f, o);
	filter_modes_restore(f, o);
	f->margins = false;
	f->top = f->bottom = 0;
	filter_event_tell(f, o, FILTER_ERASE_ALL);
	filter_out_string(o, "\033[H\033[2J");
}

/* Escape sequences */

static void
escape_final(struct filter *f, struct out *o, char c)
{
	char seq[3] = {'\033', c, 0};

	if (c == 'c') {
		terminal_reset(f, o);
		return;
	}
	if (c == '7')
		filter_cursor_save(f, o);
	if (c == '8')
		filter_cursor_restore(f, o);
	if (!memchr("DEHM", c, 4)) /* IND NEL HTS RI */
		return;
	if (c == 'H')
		f->touched |= TOUCHED_TABS;
	filter_out_string(o, seq);
}

/* Of the character sets ASCII and DEC's line drawing; whatever else is asked for becomes ASCII. */
static void
escape_inter_final(struct filter *f, struct out *o, char c)
{
	if (f->inter == '#' && c == '8')
		filter_out_string(o, "\033#8");
	if (f->inter == '(' || f->inter == ')') {
		f->touched |= TOUCHED_CHARSET;
		filter_out_format(o, "\033%c%c", f->inter, c == '0' ? '0' : 'B');
	}
}

static void
escape_point(struct filter *f, struct out *o, uint32_t c)
{
	enum state was = f->state;

	if (c >= 0x20 && c <= 0x2f) {
		f->inter = was == ESCAPE ? (uint8_t)c : 0xff;
		f->state = ESCAPE_INTER;
		return;
	}
	f->state = GROUND;
	if (was == ESCAPE_INTER)
		escape_inter_final(f, o, (char)c);
	else if (c == '[')
		filter_csi_begin(f);
	else if (memchr("]PX^_k", (int)c, 6)) { /* OSC DCS SOS PM APC, and screen's title */
		f->state = STRING;
		f->bell_ends = c == ']';
	} else
		escape_final(f, o, (char)c);
}

/* Characters */

static void
control_point(struct filter *f, struct out *o, uint32_t c)
{
	char byte = (char)c;

	if (f->state == STRING) {
		if (c == '\a' && f->bell_ends)
			f->state = GROUND;
		return;
	}
	if (c < '\b' ||
	    c > '\017') /* BS HT LF VT FF CR SO SI; BEL, ENQ, XON and XOFF draw nothing */
		return;
	if (c >= '\016')
		f->touched |= TOUCHED_CHARSET;
	filter_out_bytes(o, &byte, 1);
}

/*
 * C1 controls, which some terminals obey and others don't, in UTF-8 as raw
 * (raw ones are no UTF-8, so they are POINTS_BAD already): never obeyed here, and
 * shown as one bad character, so that neither reading hides what follows.
 */
static void
c1_point(struct filter *f, struct out *o, uint32_t c)
{
	bool quiet = f->state == STRING && c == 0x9c;

	f->state = GROUND;
	if (!quiet)
		filter_out_point(f, o, POINTS_BAD);
}

static void
point_take(struct filter *f, struct out *o, uint32_t c)
{
	if (c == 0x1b) {
		f->state = ESCAPE;
		f->inter = 0;
	} else if (c == 0x18 || c == 0x1a)
		f->state = GROUND;
	else if (c < 0x20)
		control_point(f, o, c);
	else if (c >= 0x80 && c <= 0x9f)
		c1_point(f, o, c);
	else if (c == 0x7f || f->state == STRING)
		return;
	else if (c >= 0x80 || f->state == GROUND) {
		f->state =
		    GROUND; /* a sequence is ASCII: this is text, and the sequence was none */
		f->last = c;
		filter_out_point(f, o, c);
	} else if (f->state == ESCAPE || f->state == ESCAPE_INTER)
		escape_point(f, o, c);
	else
		filter_csi_point(f, o, c);
}

/* The length of the bytes that pass as they are: most of most streams. */
static size_t
plain_run(struct filter *f, const uint8_t *in, size_t n)
{
	size_t i = 0;

	while (i < n && ((in[i] >= 0x20 && in[i] < 0x7f) || (in[i] >= '\b' && in[i] <= '\r')))
		i++;
	for (size_t k = i; k > 0; k--)
		if (in[k - 1] >= 0x20) {
			f->last = in[k - 1];
			break;
		}
	return i;
}

void
filter_init(struct filter *f, unsigned cols, bool ascii)
{
	*f = (struct filter){.state = GROUND, .ascii = ascii, .cols = cols ? cols : 80};
	if (f->cols > COLS_MAX)
		f->cols = COLS_MAX;
}

void
filter_feed(struct filter *f, const uint8_t *in, size_t n, filter_put *put, void *to)
{
	struct out o = {.put = put, .to = to};

	for (size_t i = 0; i < n;) {
		uint32_t points[2];
		unsigned have;

		if (f->state == GROUND && f->points.need == 0) {
			size_t run = plain_run(f, in + i, n - i);

			filter_out_bytes(&o, (const char *)in + i, run);
			i += run;
			if (i == n)
				break;
		}
		have = points_take(&f->points, in[i++], points);
		for (unsigned k = 0; k < have; k++)
			point_take(f, &o, points[k]);
	}
	filter_out_flush(&o);
}

bool
filter_is_idle(const struct filter *f)
{
	return f->state == GROUND && f->points.need == 0;
}

void
filter_end(struct filter *f, filter_put *put, void *to)
{
	struct out o = {.put = put, .to = to};

	alternate_leave(f, &o);
	filter_modes_restore(f, &o);
	filter_out_flush(&o);
	filter_init(f, f->cols, f->ascii);
}
