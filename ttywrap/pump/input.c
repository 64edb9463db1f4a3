/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pump, no privilege. Joins what was written, what is unread and the modes into
 * what the kernel's TTY audit would have logged. Distrusts everything: bytes and
 * output are the user's, the modes are any program's.
 *
 * The stretch between two looks is judged as a whole:
 *  1. The modes were not set in it: they say what is secret, exactly as the
 *     kernel does at the time of the read.
 *  2. The first line of what was given just now to a program that waited for it
 *     was read by that program, before it set any modes: a command line belongs
 *     to the shell, whatever the command does. In raw mode the reader is seen to
 *     wait: since it read its last line, and not in the same look, it set the
 *     modes, took a key, or was quiet for long. In canonical mode it has to have
 *     been quiet, and the line to be gone within moments of its end; it takes an
 *     accident of 5 ms for a line typed ahead to look like that.
 *  3. They were set, or the prompt or the reader was another one: what is secret
 *     by the first look or by the last is left out. A line end alone is not,
 *     unless it ends a secret: it says nothing, and the Enter that starts a
 *     program that turns echo off belongs to the command.
 *  4. They were set, and neither end is secret: a canonical mode without echo
 *     may have come and gone in between (`read -s` of what was typed ahead takes
 *     less than a wake-up of ours). More than INPUT_DOUBT_MAX bytes read in such a
 *     stretch are left out; what is shorter could only have been a secret of two
 *     characters and its line end.
 *     Exempt are bytes that are known to have gone in raw, as far as no line feed is among them:
 *     what reads a secret by lines would still wait for one, and be seen at it.
 *     Readline and its like turn raw mode off and on around every command. So
 *     what would be left out waits a moment: a line that a line editor then is
 *     seen to have accepted is in the audit trail as a command, and says nothing
 *     new (accepted.h).
 *     What is read outside canonical mode is held until its reader is known by name: it
 *     may be a program that reads secrets, and gone before anybody saw it. Then it is in doubt, too.
 *  5. The kernel flushed the input in it (TIOCPKT_FLUSHREAD): what is missing
 *     was thrown away, or read just before, or left out by the rules above: in doubt.
 *     So is what a signal character flushes that could have been read.
 *  6. The replica is found to differ from the kernel: nothing counts as known until the slave is seen empty.
 * A stretch ends at a look that shows all that was written; until then what could make it secret adds up.
 */
#include "pump/input.h"

#include <stdlib.h>
#include <string.h>

#include "pump/line.h"
#include "pump/pending.h"
#include "pump/secret.h"
#include "pump/shown.h"
#include "pump/tell.h"
#include "pump/ttybuf.h"

enum {
	AT_ONCE = 1792 /* what goes into one tty_buffer (TTY_BUFFER_PAGE in tty_buffer.c) */
};

#define QUIET_NS INT64_C(100000000) /* 100 ms after a line end the reader is at its next read */
#define QUIET_RAW_NS                                                                               \
	INT64_C(1000000000) /* 1 s, where the modes that it sets before it would have said so */
#define FRESH_RAW_NS INT64_C(50000000)  /* 50 ms: who leaves a line longer than that was busy */
#define LATE_NS      INT64_C(500000000) /* 0.5 s: or nobody had the processor to see it read */
#define FRESH_NS     INT64_C(5000000)   /* 5 ms, in canonical mode */
#define RETRY_MIN_NS INT64_C(1000000)   /* 1 ms */
#define RETRY_MAX_NS INT64_C(256000000) /* 256 ms */

enum verdict {
	AUDIT,
	LEAVE_OUT,
	DOUBT,
	FLUSHED
};

/* What a look, or a stretch, says about secrecy. */
struct rule {
	bool secret;
	enum input_reason reason;
};

struct input {
	struct pending *pending;
	struct secret *secret;
	struct tell tell;
	struct shown shown;
	bool ranked; /* input_rank() */

	/* the stretch so far */
	struct termios modes; /* at its beginning */
	struct rule before;   /* there */
	struct rule during;   /* at a look that did not end it */
	bool changed;
	bool flushed;
	bool distrusted;
	bool armed;         /* behind the last line end the modes were set, or a key was read */
	bool missed;        /* a look in it was not used */
	bool plain;         /* what is held went in outside canonical mode */
	bool unseen;        /* no look has shown the modes in which the last of it arrived */
	bool fresh;         /* it is what is left of the first line given to an armed reader */
	bool after_line;    /* the last byte read was a line end */
	bool ended;         /* a line end was read in this stretch */
	int64_t read_ns;    /* when it was */
	int64_t set_ns;     /* when the modes were seen to have been set */
	int64_t written_ns; /* last write */
	int64_t seen_ns;    /* that, or the look behind it */

	/* the look being judged */
	enum verdict verdict;
	struct rule rule;
	bool line_end_alone;
	bool canonical;
	bool passed_on;    /* the terminal is, at either end of the stretch: secret_passed_on() */
	size_t first_line; /* of rule 2: so many bytes are still to come */
	struct ttybuf_reader reader;
	char comm[TTYBUF_COMM];
	bool named;   /* the reader is */
	pid_t waiter; /* the reader at the stretch's beginning: of the first line it is the one */
	char waiter_comm[TTYBUF_COMM];
	bool waiter_named;

	int64_t again_ns; /* next look, -1 for none */
	int64_t retry_ns;
};

static struct tell_read
read_by(const struct input *in, const struct ttybuf_reader *reader)
{
	return (struct tell_read){
	    *reader, in->canonical, in->passed_on, pending_since_ns(in->pending)};
}

static bool
says_nothing(const struct input *in, const uint8_t *bytes, size_t n)
{
	return in->line_end_alone && n == 1 && line_is_end(bytes[0]);
}

/* What reads secrets in canonical mode reads them without echo: there the name says nothing. */
static unsigned
state_of(const struct input *in, bool named)
{
	bool hidden = in->secret != NULL && (in->changed || !in->canonical) && !in->passed_on;

	return named ? TELL_SURE : (hidden ? TELL_UNNAMED : 0) | (in->ranked ? TELL_UNRANKED : 0);
}

/* One read of the slave; tty_audit_add_data() and tty_audit_push() in the kernel's order. */
static void
was_read(void *arg, const uint8_t *bytes, size_t n, bool line)
{
	struct input *in = arg;
	size_t first = n < in->first_line ? n : in->first_line;
	bool ended = line_before(bytes, n) < n;
	struct tell_read read = read_by(in, &in->reader);

	if (line) /* in canonical mode the line ends with its read, and an EOF mark ends one too */
		in->first_line = first;
	if (n > 0) {
		in->after_line = line_is_end(bytes[n - 1]);
		in->ended |= ended;
	}
	if (first > 0) {
		read.reader =
		    (struct ttybuf_reader){in->waiter, in->waiter_comm, in->reader.now_ns};
		tell_data(&in->tell, bytes, first, state_of(in, in->waiter_named), &read);
		read.reader = in->reader;
	}
	in->first_line -= first;
	bytes += first;
	n -= first;
	if (in->verdict == FLUSHED && n > 0)
		tell_untold(&in->tell, INPUT_IN_DOUBT, n, &read);
	else if (in->verdict == LEAVE_OUT && n > 0 && !says_nothing(in, bytes, n))
		tell_untold(&in->tell, in->rule.reason, n, &read);
	else if (n > 0)
		tell_data(&in->tell, bytes, n,
		    state_of(in, in->named) | (in->verdict == DOUBT ? TELL_DOUBT : TELL_SURE),
		    &read);
	if (line || ended)
		tell_line_end(&in->tell, line);
}

static struct rule
look_rule(struct input *in, const struct input_view *v)
{
	tcflag_t both = v->modes.c_lflag & (ICANON | ECHO);
	bool shown = both == (ICANON | ECHO) || secret_passed_on(&v->modes);
	/* Always: a prompt that went by counts for this look and not for a later one. */
	bool asked = in->secret != NULL && secret_asked(in->secret, shown);

	if (both == ICANON)
		return (struct rule){true, INPUT_NO_ECHO};
	if (in->secret != NULL && !secret_passed_on(&v->modes) &&
	    secret_process(in->secret, v->comm))
		return (struct rule){true, INPUT_PROCESS};
	if (asked)
		return (struct rule){true, INPUT_PROMPT};
	return (struct rule){false, INPUT_NO_ECHO};
}

static bool
same_modes(const struct termios *a, const struct termios *b)
{
	return a->c_iflag == b->c_iflag && a->c_lflag == b->c_lflag &&
	       memcmp(a->c_cc, b->c_cc, sizeof a->c_cc) == 0;
}

static bool
is_canonical(const struct termios *t)
{
	return (t->c_lflag & ICANON) != 0;
}

static bool
is_fresh(const struct input *in, int64_t now_ns)
{
	return in->fresh &&
	       now_ns - in->written_ns <= (is_canonical(&in->modes) ? FRESH_NS : FRESH_RAW_NS);
}

/* In raw mode it may be seen late, unless it was seen not to be read. */
static bool
was_fresh(const struct input *in, int64_t now_ns)
{
	return is_fresh(in, now_ns) ||
	       (!in->canonical && in->fresh && !in->missed && now_ns - in->seen_ns <= LATE_NS);
}

/* Rule 2: how many of n bytes */
static size_t
first_line(const struct input *in, size_t n)
{
	size_t cr, lf, end;

	if (!(in->changed || in->flushed) || in->distrusted || in->before.secret ||
	    !was_fresh(in, in->reader.now_ns))
		return 0;
	if (in->canonical)
		return n;
	cr = pending_find(in->pending, '\r', n);
	lf = pending_find(in->pending, '\n', n);
	end = cr < lf ? cr : lf;
	return end < n ? end + 1 : 0;
}

static bool
is_doubtful(const struct input *in, size_t n, struct rule now)
{
	return in->changed && n > INPUT_DOUBT_MAX && !now.secret && !in->before.secret &&
	       !in->during.secret && !(in->plain && pending_find(in->pending, '\n', n) == n);
}

/* Rules 1 to 6 for n bytes that were read in this stretch; now is the last look's rule. */
static void
judge(struct input *in, size_t n, struct rule now)
{
	in->line_end_alone = false;
	in->first_line = first_line(in, n);
	in->rule = now.secret ? now : in->before.secret ? in->before : in->during;
	if (in->distrusted || is_doubtful(in, n, now)) {
		in->verdict = in->rule.secret ? LEAVE_OUT : DOUBT;
		in->rule = (struct rule){true, INPUT_IN_DOUBT};
	} else if (in->rule.secret) {
		in->verdict = LEAVE_OUT;
		in->line_end_alone =
		    n == 1 && now.secret != in->before.secret && (now.secret || in->after_line);
	} else
		in->verdict = AUDIT;
	if (in->flushed && in->verdict == AUDIT)
		in->verdict = FLUSHED;
}

static void
next_look(struct input *in, int64_t now_ns)
{
	if (!pending_readable(in->pending)) {
		in->again_ns = -1;
		in->retry_ns = RETRY_MIN_NS;
		return;
	}
	in->again_ns = now_ns + in->retry_ns;
	if (!pending_in_flight(in->pending) && in->retry_ns < RETRY_MAX_NS)
		in->retry_ns *= 2;
}

static void
comm_set(struct input *in, const char *comm)
{
	memset(in->comm, 0, sizeof in->comm);
	memcpy(in->comm, comm, strnlen(comm, sizeof in->comm - 1));
}

static void
reader_set(struct input *in, const struct input_view *v)
{
	pid_t pgrp = v->pgrp > 0 ? v->pgrp : in->reader.pgrp; /* at the end there is none */

	if (pgrp != in->reader.pgrp || v->comm != NULL)
		comm_set(in, v->comm != NULL ? v->comm : "");
	in->waiter_named = in->named;
	in->named = v->pgrp > 0 ? v->named : in->named;
	in->reader = (struct ttybuf_reader){pgrp, in->comm, v->now_ns};
}

/* The next stretch begins with this look; in the last one n bytes were read. */
static void
stretch_begin(struct input *in, const struct input_view *v, struct rule now, size_t n)
{
	bool raw = !is_canonical(&v->modes);

	if (in->changed)
		in->set_ns = v->now_ns;
	if (n > 0)
		in->read_ns = v->now_ns;
	in->plain &= raw || in->changed;
	in->plain |= raw && !in->changed;
	in->waiter = in->reader.pgrp;
	memcpy(in->waiter_comm, in->comm, sizeof in->waiter_comm);
	in->fresh = !in->changed && !in->ended && is_fresh(in, v->now_ns);
	in->seen_ns = v->now_ns;
	in->ended = false;
	in->during = (struct rule){false, INPUT_NO_ECHO};
	in->modes = v->modes;
	/* Typed at a prompt, and waiting: it is still the answer when the prompt has gone by. */
	if (n > 0 || v->unread == 0 || !in->before.secret || in->before.reason != INPUT_PROMPT)
		in->before = now;
	in->changed = false;
	in->flushed = in->missed = false;
	if (in->secret != NULL)
		secret_watch(in->secret, pending_held(in->pending) > 0);
}

/*
 * The modes may be set between the look before a write and the arrival of what
 * was written, and while it waits for room. Then it is not known to have gone in
 * raw. But who is seen to wait in raw mode (rule 2) sets them because of what comes, and
 * what one write brings (AT_ONCE) has arrived as a whole by then: n_tty takes it
 * from the flip buffer in one piece, with the modes locked
 * (n_tty_receive_buf_common(), termios_rwsem).
 */
static void
mode_doubt(struct input *in, const struct input_view *v)
{
	if ((in->unseen || pending_waits(in->pending)) &&
	    (v->changed || !same_modes(&in->modes, &v->modes)))
		in->plain = false;
}

void
input_observe(struct input *in, const struct input_view *v)
{
	const struct pending_look look = {
	    &v->modes, v->unread > 0 ? (size_t)v->unread : 0, v->settled, v->now_ns};
	struct rule now;
	size_t n;

	mode_doubt(in, v);
	if (v->control) { /* it may be a flush: only a look after it tells */
		in->changed |= v->changed;
		/* Not at once: while the user's terminal takes nothing, the relay does not read it. */
		in->again_ns = input_pending(in) > 0 ? v->now_ns + RETRY_MIN_NS : -1;
		return;
	}
	reader_set(in, v);
	now = look_rule(in, v);
	in->changed |= v->changed || !same_modes(&in->modes, &v->modes);
	in->canonical = is_canonical(&in->modes);
	in->passed_on = secret_passed_on(&in->modes) && secret_passed_on(&v->modes);
	/* Raw mode may have come and gone, and made a line of what had no end: then the counts tell less. */
	if (in->changed && in->canonical && is_canonical(&v->modes) &&
	    pending_unfinished(in->pending))
		in->distrusted = true;
	n = pending_ready(in->pending, &look);
	if (n > 0 || in->changed) /* a line editor shows what it accepted before it does either */
		tell_next(&in->tell);
	judge(in, n, now);
	if (pending_take(in->pending, &look, was_read, in) != 0)
		in->distrusted = true;
	if (in->distrusted && v->settled && v->unread == 0) {
		pending_drop(in->pending);
		in->distrusted = false;
	}
	if (n > 0)
		in->retry_ns = RETRY_MIN_NS;
	/* Modes that were set in the same look as a line was read may have been set before that. */
	in->armed = n > 0 ? !in->after_line : in->armed || v->set;
	in->armed &= !is_canonical(&v->modes) && !now.secret;
	if (pending_in_flight(in->pending)) {
		if (now.secret)
			in->during = now;
		in->fresh = is_fresh(in, v->now_ns);
	} else {
		in->unseen = false;
		stretch_begin(in, v, now, n);
	}
	next_look(in, v->now_ns);
}

/* A write needs no look when the modes still hold; the screen may have come to ask, or to ask no more. */
static void
prompt_renew(struct input *in)
{
	const struct input_view still = {.modes = in->modes, .comm = in->comm};

	if (pending_held(in->pending) == 0)
		in->before = look_rule(in, &still);
}

static void
left_out(struct input *in, size_t n)
{
	const struct tell_read read = read_by(in, &in->reader);

	tell_untold(&in->tell, INPUT_IN_DOUBT, n, &read);
}

/* On a terminal that is passed on the prompt is another terminal's, and so is the echo behind it. */
static bool
edits_lines(const struct termios *t)
{
	return !(t->c_lflag & (ICANON | ECHO)) && !secret_passed_on(t);
}

void
input_written(struct input *in, const uint8_t *bytes, size_t n, int64_t now_ns)
{
	prompt_renew(in);

	bool raw = !is_canonical(&in->modes), first = !pending_readable(in->pending);
	bool quiet = now_ns - in->read_ns >= (raw ? QUIET_RAW_NS : QUIET_NS) &&
		     (raw || now_ns - in->set_ns >= QUIET_NS);
	bool armed = !in->before.secret && !in->missed && (quiet || (raw && in->armed));
	size_t flushed = pending_flushed(in->pending);
	size_t lost = pending_add(in->pending, bytes, n, now_ns);

	flushed = pending_flushed(in->pending) - flushed;
	if (flushed > 0)
		left_out(in, flushed);
	if (first && in->after_line && !in->missed && !in->before.secret && edits_lines(&in->modes))
		shown_prompt(&in->shown);
	in->fresh = armed && (first || in->fresh);
	in->plain = raw && (first || in->plain);
	in->unseen = !(raw && first && in->armed && !in->missed && n <= AT_ONCE);
	in->written_ns = in->seen_ns = now_ns;

	if (lost > 0) {
		in->distrusted = true;
		left_out(in, lost);
	}
	if (in->secret != NULL)
		secret_watch(in->secret, true);
	in->retry_ns = RETRY_MIN_NS;
	/* ^C may have left nothing that a look could see read. */
	in->again_ns = input_pending(in) > 0 ? now_ns + in->retry_ns : -1;
}

void
input_missed(struct input *in)
{
	in->missed = true;
}

void
input_output(struct input *in, const uint8_t *bytes, size_t n)
{
	if (in->secret != NULL)
		secret_output(in->secret, bytes, n);
	shown_output(
	    &in->shown, bytes, n, pending_held(in->pending) > 0 ? &in->tell.accepted : NULL);
}

void
input_reader(struct input *in, pid_t pgrp, const char *comm, uint32_t number, bool now)
{
	const struct tell_read read = read_by(in, &in->reader);
	bool secret = in->secret != NULL && secret_process(in->secret, comm);

	if (secret)
		tell_retract(&in->tell, pgrp, &read);
	else
		tell_named(&in->tell, pgrp, number, comm[0] == '\0');
	if (pgrp != in->reader.pgrp)
		return;
	/* What it reads next is not only judged by the next look: rule 2. */
	if (secret && !secret_passed_on(&in->modes))
		in->before = (struct rule){true, INPUT_PROCESS};
	comm_set(in, comm);
	in->named |= now;
}

void
input_rank(struct input *in)
{
	in->ranked = true;
}

void
input_asked(struct input *in, pid_t pgrp, uint32_t number)
{
	tell_asked(&in->tell, pgrp, number);
}

bool
input_has_read(const struct input *in, pid_t pgrp)
{
	return in->tell.tty.len > 0 && in->tell.tty.pgrp == pgrp;
}

pid_t
input_wants_name(const struct input *in)
{
	return tell_wants_name(&in->tell);
}

void
input_accepted(struct input *in, const char *text, size_t n)
{
	accepted_add(&in->tell.accepted, text, n);
}

/*
 * ^C was seen by the replica already, and left nothing to flush. Otherwise what
 * the next look misses was flushed.
 */
void
input_flushed(struct input *in)
{
	in->flushed = pending_held(in->pending) > 0;
}

void
input_flush_for_event(struct input *in)
{
	tell_flush(&in->tell);
}

int64_t
input_deadline_ns(const struct input *in)
{
	return in->again_ns;
}

size_t
input_pending(const struct input *in)
{
	return pending_held(in->pending);
}

void
input_end(struct input *in, const struct input_view *view)
{
	input_observe(in, view);
	(void)pending_drop(in->pending);
	tell_settle_all(&in->tell);
	tell_flush(&in->tell);
	in->again_ns = -1;
}

struct input *
input_new(const struct input_view *view, struct secret *secret, input_emit *emit, void *arg)
{
	struct input *in = calloc(1, sizeof *in);

	if (in == NULL)
		return NULL;
	in->pending = pending_new(&view->modes);
	if (in->pending == NULL) {
		free(in);
		return NULL;
	}
	in->secret = secret;
	tell_init(&in->tell, emit, arg);
	in->again_ns = -1;
	in->retry_ns = RETRY_MIN_NS;
	in->after_line = true;
	reader_set(in, view);
	stretch_begin(in, view, look_rule(in, view), 0);
	return in;
}

void
input_free(struct input *in)
{
	if (in == NULL)
		return;
	pending_free(in->pending);
	tell_end(&in->tell);
	free(in);
}
