/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Pure; the stream is hostile: its writer wants to reach the
 * watcher's terminal. */
#include "replay/filter.h"

#include "common/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ARG_MAX_VALUE 9999
#define COLS_MAX      1000

enum state {
	GROUND,
	ESCAPE,
	ESCAPE_INTER,
	CSI,
	CSI_INTER,
	CSI_SKIP,
	STRING
};

/* What outlives the replay unless it is put back. Never cleared in between: a saved cursor can
 * bring it back. */
enum touched {
	TOUCHED_PEN = 1 << 0,
	TOUCHED_CHARSET = 1 << 1,
	TOUCHED_REGION = 1 << 2,
	TOUCHED_TABS = 1 << 3,
	TOUCHED_SAVED = 1 << 4,
	TOUCHED_INSERT = 1 << 5,
	TOUCHED_NEWLINE = 1 << 6,
	TOUCHED_REVERSE = 1 << 7,
	TOUCHED_ORIGIN = 1 << 8,
	TOUCHED_WRAP = 1 << 9,
	TOUCHED_CURSOR = 1 << 10,
	TOUCHED_MARGINS = 1 << 11,
};

struct out {
	filter_put *put;
	void *to;
	size_t n;
	char buf[512];
};

static void
out_flush(struct out *o)
{
	if (o->n > 0)
		o->put(o->to, o->buf, o->n);
	o->n = 0;
}

static void
out_bytes(struct out *o, const char *bytes, size_t n)
{
	if (n > sizeof o->buf - o->n)
		out_flush(o);
	if (n > sizeof o->buf) {
		o->put(o->to, bytes, n);
		return;
	}
	memcpy(o->buf + o->n, bytes, n);
	o->n += n;
}

static void
out_string(struct out *o, const char *s)
{
	out_bytes(o, s, strlen(s));
}

static void __attribute__((format(printf, 2, 3))) out_format(struct out *o, const char *format, ...)
{
	char buf[64];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(buf, sizeof buf, format, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < sizeof buf)
		out_bytes(o, buf, (size_t)n);
}

static void
out_point(const struct filter *f, struct out *o, uint32_t point)
{
	uint8_t buf[4];

	if (f->ascii && point >= 0x80)
		out_bytes(o, "?", 1);
	else
		out_bytes(o, (const char *)buf, utf8_put(buf, point));
}

static void
event_tell(const struct filter *f, struct out *o, enum filter_event event)
{
	if (!f->on_event)
		return;
	out_flush(o);
	f->on_event(f->event_to, event);
}

static void
tabs_restore(const struct filter *f, struct out *o)
{
	out_string(o, "\0337\033[3g");
	for (unsigned col = 9; col <= f->cols; col += 8)
		out_format(o, "\033[%uG\033H", col);
	out_string(o, "\0338");
}

/*
 * Every mode back to what a terminal starts with, in the order in which they
 * don't undo one another. DECOM and DECSTBM send the cursor home, which is why the
 * cursor is saved around them; but where DECOM may be on, restoring the
 * cursor would bring it back, so there the cursor goes to the last line.
 */
static void
modes_restore(const struct filter *f, struct out *o)
{
	static const struct {
		unsigned bit;
		const char *off;
	} plain[] = {
	    {TOUCHED_CHARSET, "\017\033(B\033)B"},
	    {TOUCHED_PEN, "\033[m"},
	    {TOUCHED_INSERT, "\033[4l"},
	    {TOUCHED_NEWLINE, "\033[20l"},
	    {TOUCHED_REVERSE, "\033[?5l"},
	    {TOUCHED_WRAP, "\033[?7h"},
	    {TOUCHED_CURSOR, "\033[?25h"},
	};
	bool homes = f->touched & (TOUCHED_REGION | TOUCHED_MARGINS);

	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++)
		if (f->touched & plain[i].bit)
			out_string(o, plain[i].off);
	if (f->touched & TOUCHED_ORIGIN)
		out_string(o, "\033[?6l");
	else if (homes)
		out_string(o, "\0337");
	if (f->touched & TOUCHED_MARGINS)
		out_string(o, "\033[?69l");
	if (f->touched & TOUCHED_REGION)
		out_string(o, "\033[r");
	if (f->touched & TOUCHED_ORIGIN)
		out_string(o, "\033[9999;1H");
	else if (homes)
		out_string(o, "\0338");
	if (f->touched & TOUCHED_TABS)
		tabs_restore(f, o);
	if (f->touched & TOUCHED_SAVED)
		out_string(o, "\0337");
}

static void
alternate_leave(struct filter *f, struct out *o)
{
	if (f->alternate == 0)
		return;
	/* Each screen has a saved cursor of its own, and leaving restores the main one's, pen and
	 * all. */
	event_tell(f, o, FILTER_ALTERNATE_OFF);
	modes_restore(f, o);
	out_format(o, "\033[?%ul", f->alternate);
	f->alternate = 0;
}

/* RIS would also undo what the watcher set up: only what it does to the picture is done. */
static void
terminal_reset(struct filter *f, struct out *o)
{
	alternate_leave(f, o);
	modes_restore(f, o);
	f->margins = false;
	f->top = f->bottom = 0;
	event_tell(f, o, FILTER_ERASE_ALL);
	out_string(o, "\033[H\033[2J");
}

/* DECSTR without the keyboard's modes. */
static void
terminal_soft_reset(struct filter *f, struct out *o)
{
	modes_restore(f, o);
	f->margins = false;
	f->top = f->bottom = 0;
}

/* Control sequences */

/* 0 to ARG_MAX_VALUE in decimal. Full-screen programs are made of these: printf would be most of the filter's time. */
static char *
number_put(char *p, int32_t n)
{
	if (n >= 10)
		p = number_put(p, n / 10);
	*p++ = (char)('0' + n % 10);
	return p;
}

static void
csi_emit(const struct filter *f, struct out *o, char leader, char final)
{
	char buf[8 + FILTER_ARGS * 5], *p = buf;

	*p++ = '\033';
	*p++ = '[';
	if (leader)
		*p++ = leader;
	for (unsigned i = 0; i < f->n_args; i++) {
		if (i > 0)
			*p++ = f->seps[i];
		if (f->args[i] >= 0)
			p = number_put(p, f->args[i]);
	}
	if (f->inter)
		*p++ = (char)f->inter;
	*p++ = final;
	out_bytes(o, buf, (size_t)(p - buf));
}

static int32_t
csi_arg(const struct filter *f, unsigned i)
{
	return i < f->n_args && f->args[i] > 0 ? f->args[i] : 0;
}

static void
csi_draw(struct filter *f, struct out *o, char final)
{
	csi_emit(f, o, 0, final);
}

/* ED 3 would take the watcher's scrollback. Selective erase is plain erase, as nothing gets
 * protected. */
static void
csi_erase(struct filter *f, struct out *o, char final)
{
	int32_t what = csi_arg(f, 0);

	if (what > 2)
		return;
	if (final == 'J' && what != 1)
		event_tell(f, o, what == 2 ? FILTER_ERASE_ALL : FILTER_ERASE_BELOW);
	csi_emit(f, o, 0, final);
}

static void
csi_pen(struct filter *f, struct out *o, char final)
{
	f->touched |= TOUCHED_PEN;
	csi_emit(f, o, 0, final);
}

static void
csi_region(struct filter *f, struct out *o, char final)
{
	f->touched |= TOUCHED_REGION;
	f->top = (unsigned)csi_arg(f, 0);
	f->bottom = (unsigned)csi_arg(f, 1);
	csi_emit(f, o, 0, final);
}

static void
csi_tabs(struct filter *f, struct out *o, char final)
{
	if (csi_arg(f, 0) != 0 && csi_arg(f, 0) != 3)
		return;
	f->touched |= TOUCHED_TABS;
	csi_emit(f, o, 0, final);
}

static void
cursor_save(struct filter *f, struct out *o)
{
	f->touched |= TOUCHED_SAVED;
	out_string(o, "\0337");
}

/* Where the stream has saved none, what comes back would be the watcher's, or whatever a terminal
 * makes of it. */
static void
cursor_restore(struct filter *f, struct out *o)
{
	f->touched |= TOUCHED_PEN;
	out_string(o, f->touched & TOUCHED_SAVED ? "\0338" : "\033[H\033[m");
	if (f->after_restore)
		out_string(o, f->after_restore);
}

/* CSI s: with DECLRMM the margins; without it SCOSC, which every terminal knows by the name of
 * DECSC, too. */
static void
csi_save(struct filter *f, struct out *o, char final)
{
	if (f->margins) {
		f->touched |= TOUCHED_MARGINS;
		csi_emit(f, o, 0, final);
	} else if (f->n_args == 0) {
		cursor_save(f, o);
	}
}

static void
csi_restore(struct filter *f, struct out *o, char final)
{
	(void) final;
	cursor_restore(f, o);
}

/*
 * REP is spelled out: libvterm 0.1 runs in circles when nothing came before it,
 * and a few bytes could ask for any amount of work.
 */
static void
csi_repeat(struct filter *f, struct out *o, char final)
{
	int32_t n = csi_arg(f, 0);

	(void) final;
	if (n > COLS_MAX)
		n = COLS_MAX;
	if (f->last == 0)
		return;
	do
		out_point(f, o, f->last);
	while (--n > 0);
}

static void
csi_soft_reset(struct filter *f, struct out *o, char final)
{
	(void) final;
	terminal_soft_reset(f, o);
}

static void
csi_ansi_mode(struct filter *f, struct out *o, char final)
{
	for (unsigned i = 0; i < f->n_args; i++) {
		if (f->args[i] != 4 && f->args[i] != 20)
			continue;
		f->touched |= f->args[i] == 4 ? TOUCHED_INSERT : TOUCHED_NEWLINE;
		out_format(o, "\033[%d%c", (int)f->args[i], final);
	}
}

static void
alternate_switch(struct filter *f, struct out *o, unsigned mode, bool on)
{
	if (mode == 1049 && on)
		f->touched |= TOUCHED_SAVED;
	if (on != (f->alternate != 0))
		event_tell(f, o, on ? FILTER_ALTERNATE_ON : FILTER_ALTERNATE_OFF);
	if (on || f->alternate)
		out_format(o, "\033[?%u%c", mode, on ? 'h' : 'l');
	else if (mode == 1049)
		cursor_restore(f, o);
	f->alternate = on ? mode : 0;
}

/*
 * Of DEC's and xterm's private modes those that change how something is drawn
 * and that filter_end can undo. Keyboard, mouse, focus and paste modes are
 * the watcher's own; synchronized output (2026) would freeze a paused picture.
 */
static void
private_mode(struct filter *f, struct out *o, int32_t mode, bool on)
{
	static const struct {
		int32_t mode;
		unsigned bit;
	} known[] = {
	    {5, TOUCHED_REVERSE},
	    {6, TOUCHED_ORIGIN},
	    {7, TOUCHED_WRAP},
	    {25, TOUCHED_CURSOR},
	    {69, TOUCHED_MARGINS},
	};

	if (mode == 47 || mode == 1047 || mode == 1049)
		alternate_switch(f, o, (unsigned)mode, on);
	if (mode == 1048 && on)
		cursor_save(f, o);
	if (mode == 1048 && !on)
		cursor_restore(f, o);
	for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
		if (mode != known[k].mode)
			continue;
		f->touched |= known[k].bit;
		out_format(o, "\033[?%d%c", (int)mode, on ? 'h' : 'l');
	}
	if (mode == 69)
		f->margins = on;
}

static void
csi_private_mode(struct filter *f, struct out *o, char final)
{
	for (unsigned i = 0; i < f->n_args; i++)
		private_mode(f, o, f->args[i], final == 'h');
}

struct csi_rule {
	char leader, inter, final;
	uint8_t max_args;
	void (*pass)(struct filter *, struct out *, char final);
};

/* The allow-list. CSI T with more parameters than one is mouse tracking, CSI u with any a kitty
 * key. */
static const struct csi_rule csi_rules[] = {
    {0, 0, '@', 1, csi_draw},   /* ICH */
    {0, 0, 'A', 1, csi_draw},   /* CUU */
    {0, 0, 'B', 1, csi_draw},   /* CUD */
    {0, 0, 'C', 1, csi_draw},   /* CUF */
    {0, 0, 'D', 1, csi_draw},   /* CUB */
    {0, 0, 'E', 1, csi_draw},   /* CNL */
    {0, 0, 'F', 1, csi_draw},   /* CPL */
    {0, 0, 'G', 1, csi_draw},   /* CHA */
    {0, 0, 'H', 2, csi_draw},   /* CUP */
    {0, 0, 'I', 1, csi_draw},   /* CHT */
    {0, 0, 'J', 1, csi_erase},  /* ED */
    {0, 0, 'K', 1, csi_erase},  /* EL */
    {0, 0, 'L', 1, csi_draw},   /* IL */
    {0, 0, 'M', 1, csi_draw},   /* DL */
    {0, 0, 'P', 1, csi_draw},   /* DCH */
    {0, 0, 'S', 1, csi_draw},   /* SU */
    {0, 0, 'T', 1, csi_draw},   /* SD */
    {0, 0, 'X', 1, csi_draw},   /* ECH */
    {0, 0, 'Z', 1, csi_draw},   /* CBT */
    {0, 0, '`', 1, csi_draw},   /* HPA */
    {0, 0, 'a', 1, csi_draw},   /* HPR */
    {0, 0, 'b', 1, csi_repeat}, /* REP */
    {0, 0, 'd', 1, csi_draw},   /* VPA */
    {0, 0, 'e', 1, csi_draw},   /* VPR */
    {0, 0, 'f', 2, csi_draw},   /* HVP */
    {0, 0, 'g', 1, csi_tabs},   /* TBC */
    {0, 0, 'h', FILTER_ARGS, csi_ansi_mode},
    {0, 0, 'l', FILTER_ARGS, csi_ansi_mode},
    {0, 0, 'm', FILTER_ARGS, csi_pen}, /* SGR */
    {0, 0, 'r', 2, csi_region},        /* DECSTBM */
    {0, 0, 's', 2, csi_save},          /* SCOSC, DECSLRM */
    {0, 0, 'u', 0, csi_restore},       /* SCORC */
    {0, '\'', '}', 1, csi_draw},       /* DECIC */
    {0, '\'', '~', 1, csi_draw},       /* DECDC */
    {0, '!', 'p', 0, csi_soft_reset},  /* DECSTR */
    {'?', 0, 'J', 1, csi_erase},       /* DECSED */
    {'?', 0, 'K', 1, csi_erase},       /* DECSEL */
    {'?', 0, 'h', FILTER_ARGS, csi_private_mode},
    {'?', 0, 'l', FILTER_ARGS, csi_private_mode},
};

/* Subparameters (38:2::r:g:b) are for SGR alone; elsewhere terminals differ in what they make of
 * them. */
static bool
csi_well_formed(const struct filter *f, char final)
{
	if (f->overlong)
		return false;
	for (unsigned i = 1; i < f->n_args; i++)
		if (f->seps[i] == ':' && final != 'm')
			return false;
	return true;
}

static void
csi_final(struct filter *f, struct out *o, char final)
{
	for (size_t i = 0; i < sizeof csi_rules / sizeof *csi_rules; i++) {
		const struct csi_rule *r = &csi_rules[i];

		if (r->final != final || r->leader != (char)f->leader || r->inter != (char)f->inter)
			continue;
		if (f->n_args <= r->max_args && csi_well_formed(f, final))
			r->pass(f, o, final);
		return;
	}
}

static void
csi_digit(struct filter *f, uint32_t c)
{
	int32_t *arg;

	if (f->n_args == 0) {
		f->n_args = 1;
		f->args[0] = -1;
	}
	arg = &f->args[f->n_args - 1];
	*arg = (*arg < 0 ? 0 : *arg) * 10 + (int32_t)(c - '0');
	if (*arg > ARG_MAX_VALUE)
		*arg = ARG_MAX_VALUE;
}

static void
csi_separator(struct filter *f, uint32_t c)
{
	if (f->n_args == 0) {
		f->n_args = 1;
		f->args[0] = -1;
	}
	if (f->n_args == FILTER_ARGS) {
		f->overlong = true;
		return;
	}
	f->args[f->n_args] = -1;
	f->seps[f->n_args] = (char)c;
	f->n_args++;
}

static void
csi_begin(struct filter *f)
{
	f->state = CSI;
	f->leader = f->inter = f->n_args = 0;
	f->overlong = false;
}

static void
csi_point(struct filter *f, struct out *o, uint32_t c)
{
	if (c >= 0x40 && c <= 0x7e) {
		if (f->state != CSI_SKIP)
			csi_final(f, o, (char)c);
		f->state = GROUND;
	} else if (c >= 0x20 && c <= 0x2f) {
		f->inter = f->inter ? 0xff : (uint8_t)c;
		if (f->state == CSI)
			f->state = CSI_INTER;
	} else if (f->state == CSI && c >= '0' && c <= '9')
		csi_digit(f, c);
	else if (f->state == CSI && (c == ';' || c == ':'))
		csi_separator(f, c);
	else if (f->state == CSI && c >= '<' && c <= '?' && f->n_args == 0 && !f->leader)
		f->leader = (uint8_t)c;
	else
		f->state = CSI_SKIP;
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
		cursor_save(f, o);
	if (c == '8')
		cursor_restore(f, o);
	if (!memchr("DEHM", c, 4)) /* IND NEL HTS RI */
		return;
	if (c == 'H')
		f->touched |= TOUCHED_TABS;
	out_string(o, seq);
}

/* Of the character sets ASCII and DEC's line drawing; whatever else is asked for becomes ASCII. */
static void
escape_inter_final(struct filter *f, struct out *o, char c)
{
	if (f->inter == '#' && c == '8')
		out_string(o, "\033#8");
	if (f->inter == '(' || f->inter == ')') {
		f->touched |= TOUCHED_CHARSET;
		out_format(o, "\033%c%c", f->inter, c == '0' ? '0' : 'B');
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
		csi_begin(f);
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
	out_bytes(o, &byte, 1);
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
		out_point(f, o, POINTS_BAD);
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
		out_point(f, o, c);
	} else if (f->state == ESCAPE || f->state == ESCAPE_INTER)
		escape_point(f, o, c);
	else
		csi_point(f, o, c);
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

			out_bytes(&o, (const char *)in + i, run);
			i += run;
			if (i == n)
				break;
		}
		have = points_take(&f->points, in[i++], points);
		for (unsigned k = 0; k < have; k++)
			point_take(f, &o, points[k]);
	}
	out_flush(&o);
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
	modes_restore(f, &o);
	out_flush(&o);
	filter_init(f, f->cols, f->ascii);
}
