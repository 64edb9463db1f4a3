/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Pure; writes what was judged already, but for characters, which may be any. */
#include "replay/filter_parts.h"

#include "common/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void
filter_out_flush(struct out *o)
{
	if (o->n > 0)
		o->put(o->to, o->buf, o->n);
	o->n = 0;
}

void
filter_out_bytes(struct out *o, const char *bytes, size_t n)
{
	if (n > sizeof o->buf - o->n)
		filter_out_flush(o);
	if (n > sizeof o->buf) {
		o->put(o->to, bytes, n);
		return;
	}
	memcpy(o->buf + o->n, bytes, n);
	o->n += n;
}

void
filter_out_string(struct out *o, const char *s)
{
	filter_out_bytes(o, s, strlen(s));
}

void
filter_out_format(struct out *o, const char *format, ...)
{
	char buf[64];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(buf, sizeof buf, format, ap);
	va_end(ap);
	if (n > 0 && (size_t)n < sizeof buf)
		filter_out_bytes(o, buf, (size_t)n);
}

void
filter_out_point(const struct filter *f, struct out *o, uint32_t point)
{
	uint8_t buf[4];

	if (f->ascii && point >= 0x80)
		filter_out_bytes(o, "?", 1);
	else
		filter_out_bytes(o, (const char *)buf, utf8_put(buf, point));
}

void
filter_event_tell(const struct filter *f, struct out *o, enum filter_event event)
{
	if (!f->on_event)
		return;
	filter_out_flush(o);
	f->on_event(f->event_to, event);
}

static void
tabs_restore(const struct filter *f, struct out *o)
{
	filter_out_string(o, "\0337\033[3g");
	for (unsigned col = 9; col <= f->cols; col += 8)
		filter_out_format(o, "\033[%uG\033H", col);
	filter_out_string(o, "\0338");
}

/*
 * Every mode back to what a terminal starts with, in the order in which they
 * don't undo one another. DECOM and DECSTBM send the cursor home, which is why the
 * cursor is saved around them; but where DECOM may be on, restoring the
 * cursor would bring it back, so there the cursor goes to the last line.
 */
void
filter_modes_restore(const struct filter *f, struct out *o)
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
			filter_out_string(o, plain[i].off);
	if (f->touched & TOUCHED_ORIGIN)
		filter_out_string(o, "\033[?6l");
	else if (homes)
		filter_out_string(o, "\0337");
	if (f->touched & TOUCHED_MARGINS)
		filter_out_string(o, "\033[?69l");
	if (f->touched & TOUCHED_REGION)
		filter_out_string(o, "\033[r");
	if (f->touched & TOUCHED_ORIGIN)
		filter_out_string(o, "\033[9999;1H");
	else if (homes)
		filter_out_string(o, "\0338");
	if (f->touched & TOUCHED_TABS)
		tabs_restore(f, o);
	if (f->touched & TOUCHED_SAVED)
		filter_out_string(o, "\0337");
}

/* DECSTR without the keyboard's modes. */
void
filter_terminal_soft_reset(struct filter *f, struct out *o)
{
	filter_modes_restore(f, o);
	f->margins = false;
	f->top = f->bottom = 0;
}
