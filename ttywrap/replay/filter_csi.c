/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Pure; the stream is hostile. The allow-list of control sequences stands here. */
#include "replay/filter_parts.h"

#define ARG_MAX_VALUE 9999

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
	filter_out_bytes(o, buf, (size_t)(p - buf));
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
		filter_event_tell(f, o, what == 2 ? FILTER_ERASE_ALL : FILTER_ERASE_BELOW);
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

void
filter_cursor_save(struct filter *f, struct out *o)
{
	f->touched |= TOUCHED_SAVED;
	filter_out_string(o, "\0337");
}

/* Where the stream has saved none, what comes back would be the watcher's, or whatever a terminal
 * makes of it. */
void
filter_cursor_restore(struct filter *f, struct out *o)
{
	f->touched |= TOUCHED_PEN;
	filter_out_string(o, f->touched & TOUCHED_SAVED ? "\0338" : "\033[H\033[m");
	if (f->after_restore)
		filter_out_string(o, f->after_restore);
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
		filter_cursor_save(f, o);
	}
}

static void
csi_restore(struct filter *f, struct out *o, char final)
{
	(void) final;
	filter_cursor_restore(f, o);
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
		filter_out_point(f, o, f->last);
	while (--n > 0);
}

static void
csi_soft_reset(struct filter *f, struct out *o, char final)
{
	(void) final;
	filter_terminal_soft_reset(f, o);
}

static void
csi_ansi_mode(struct filter *f, struct out *o, char final)
{
	for (unsigned i = 0; i < f->n_args; i++) {
		if (f->args[i] != 4 && f->args[i] != 20)
			continue;
		f->touched |= f->args[i] == 4 ? TOUCHED_INSERT : TOUCHED_NEWLINE;
		filter_out_format(o, "\033[%d%c", (int)f->args[i], final);
	}
}

/* 1049 off is 1047 off and a restored cursor, for which filter_cursor_restore() has its own care. */
static void
alternate_switch(struct filter *f, struct out *o, unsigned mode, bool on)
{
	bool unsaved = mode == 1049 && !on && !(f->touched & TOUCHED_SAVED);

	if (mode == 1049 && on)
		f->touched |= TOUCHED_SAVED;
	if (on != (f->alternate != 0))
		filter_event_tell(f, o, on ? FILTER_ALTERNATE_ON : FILTER_ALTERNATE_OFF);
	if (on || f->alternate)
		filter_out_format(o, "\033[?%u%c", unsaved ? 1047 : mode, on ? 'h' : 'l');
	if (unsaved || (mode == 1049 && !on && !f->alternate))
		filter_cursor_restore(f, o);
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
		filter_cursor_save(f, o);
	if (mode == 1048 && !on)
		filter_cursor_restore(f, o);
	for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
		if (mode != known[k].mode)
			continue;
		f->touched |= known[k].bit;
		filter_out_format(o, "\033[?%d%c", (int)mode, on ? 'h' : 'l');
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

void
filter_csi_begin(struct filter *f)
{
	f->state = CSI;
	f->leader = f->inter = f->n_args = 0;
	f->overlong = false;
}

void
filter_csi_point(struct filter *f, struct out *o, uint32_t c)
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
