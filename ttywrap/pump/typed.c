/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, sandboxed. Distrusts the terminal's modes, foreground group and output alike. */
#include "pump/typed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pump/input.h"
#include "pump/line.h"
#include "pump/pending.h"
#include "pump/sandbox.h"
#include "pump/secret.h"
#include "pump/view.h"
#include "pump/who.h"

#define PIECE_WAIT_NS INT64_C(20000000) /* 20 ms */
#define PIECES_SAME                                                                                \
	16 /* line ends in a row without a change of modes: no line editor, so no more waiting */

#define BULK      2048  /* bytes in one piece: no person, and no line that matters by itself */
#define BULK_WAIT 16384 /* so much of that is written before there is a look */

/*
 * So long a look waits for a key's echo, and comes right behind that: 4 ms. No person has typed the
 * next by then. And a tick: a timer before that has to be set in hardware, twice for each key.
 */
#define KEY_WAIT_NS INT64_C(4000000)
#define KEYS        64 /* bytes in one piece: a key, a word that is typed, the answer of a terminal */

#define SHORT_WAIT_NS INT64_C(500000) /* more than that, and not bulk: 0.5 ms, whatever is shown */

#define CALM 16 /* telling pieces in a row behind which the modes stayed */

#define BLIND_WAIT_NS  INT64_C(1000000000) /* 1 s: a terminal full for longer has been stopped */
#define BLIND_AGAIN_NS INT64_C(1000000)    /* meanwhile 1 ms to the next look, and the longer … */
#define BLIND_MOST_NS  INT64_C(8000000) /* … up to 8 ms: who writes may wait for our processor */
#define BLIND_PENDING  (PENDING_MAX - PENDING_FLIP)

#define LIST_MAX 96 /* the defaults and what the configuration can add */

struct typed {
	struct view view;
	struct input_view now, last; /* the look under way; the last one that succeeded */
	bool looked;                 /* and now is not judged yet */
	bool late;                   /* a look was due, and showed too little */
	int64_t blind_ns;            /* since when looks show too little, 0: they do not */
	bool flushed;                /* the kernel said so, and no look has succeeded since */
	struct secret *secret;
	struct input *input;
	struct who who;
	int64_t hold_ns; /* since when a line end waits, 0: none does */
	unsigned same;   /* line ends written since the modes were last seen to change */
	bool bulk;       /* what was written last came in bulk */
	bool telling;    /* or the modes may be set because of it */
	bool keys;       /* no more of it than a person types at once */
	int64_t key_ns;  /* neither telling nor in bulk: until when a look may wait, in raw mode */
	unsigned calm;   /* so often it was telling since the modes were last seen to change */
	char *prompts[LIST_MAX + 1], *programs[LIST_MAX + 1];
	typed_emit *emit;
	void *arg;
};

static int
list_add(char **list, const char *text, size_t n)
{
	size_t i = 0;

	while (list[i] != NULL)
		i++;
	if (i == LIST_MAX)
		return -ENOSPC;
	list[i] = strndup(text, n);
	return list[i] != NULL ? 0 : -ENOMEM;
}

static int
list_add_all(char **list, const char *const *more)
{
	int r = 0;

	for (; r == 0 && *more != NULL; more++)
		r = list_add(list, *more, strlen(*more));
	return r;
}

struct typed *
typed_new(typed_emit *emit, void *arg)
{
	struct typed *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	t->emit = emit;
	t->arg = arg;
	view_none(&t->view);
	if (list_add_all(t->prompts, secret_default_prompts) == 0 &&
	    list_add_all(t->programs, secret_default_processes) == 0 &&
	    view_open(&t->view, PUMP_PTM, PUMP_PTS) == 0 && t->view.edge_fd == PUMP_EDGE &&
	    t->view.read_fd == PUMP_READ && t->view.modes_fd[0] == PUMP_MODES)
		return t;
	typed_free(t);
	return NULL;
}

void
typed_free(struct typed *t)
{
	if (t == NULL)
		return;
	input_free(t->input);
	secret_free(t->secret);
	view_close(&t->view);
	for (size_t i = 0; i < LIST_MAX; i++) {
		free(t->prompts[i]);
		free(t->programs[i]);
	}
	free(t);
}

int
typed_add_program(struct typed *t, const char *name, size_t n)
{
	return list_add(t->programs, name, n);
}

int
typed_add_prompt(struct typed *t, const char *pattern, size_t n)
{
	char *text = strndup(pattern, n), why[128];
	const char *const alone[] = {text, NULL}, *const nobody[] = {NULL};
	struct secret *secret = NULL;
	int r = text != NULL ? secret_new(&secret, alone, nobody, why, sizeof why) : -ENOMEM;

	if (r == 0)
		r = list_add(t->prompts, text, n);
	secret_free(secret);
	free(text);
	return r;
}

bool
typed_is_elevated(const struct typed *t, int32_t pgrp)
{
	return who_is_elevated(&t->who, pgrp);
}

bool
typed_is_asked(const struct typed *t, int32_t pgrp)
{
	return who_is_asked(&t->who, pgrp);
}

int64_t
typed_answer_ns(const struct typed *t)
{
	return who_answer_ns(&t->who);
}

static void
emit_event(void *arg, const struct input_event *e)
{
	struct typed *t = arg;

	t->emit(t->arg, e, who_is_elevated(&t->who, e->pgrp));
}

int
typed_begin(struct typed *t, struct outbox *outbox, bool ranked)
{
	char why[128];
	int r = secret_new(&t->secret, (const char *const *)t->prompts,
	    (const char *const *)t->programs, why, sizeof why);

	if (r < 0)
		return r;
	r = view_take(&t->view, &t->last, true);
	if (r < 0)
		return r;
	t->input = input_new(&t->last, t->secret, emit_event, t);
	if (t->input == NULL)
		return -ENOMEM;
	who_init(&t->who, outbox, t->input, t->secret, ranked);
	if (ranked)
		input_rank(t->input);
	return 0;
}

int
typed_edge_fd(const struct typed *t)
{
	return t->view.edge_fd;
}

static bool
is_canonical(const struct typed *t)
{
	return (t->last.modes.c_lflag & ICANON) != 0;
}

/* Whether it matters when the input is read: what a key makes the reader do next says it early enough. */
static bool
in_haste(const struct typed *t)
{
	return t->hold_ns != 0 || (t->telling && input_pending(t->input) > 0);
}

int
typed_read_fd(const struct typed *t)
{
	return in_haste(t) ? t->view.read_fd : -1;
}

/* A look that shows too little is better not judged, while what was read meanwhile can be told later. */
static bool
can_wait(const struct typed *t)
{
	size_t pending = input_pending(t->input);

	return pending > 0 && pending < BLIND_PENDING &&
	       t->now.now_ns - t->blind_ns < BLIND_WAIT_NS;
}

/* When one that showed too little is due again: a quarter later than all that took until then. */
static int64_t
blind_again_ns(const struct typed *t)
{
	int64_t wait_ns = (t->now.now_ns - t->blind_ns) / 4;

	if (wait_ns < BLIND_AGAIN_NS)
		wait_ns = BLIND_AGAIN_NS;
	return t->now.now_ns + (wait_ns < BLIND_MOST_NS ? wait_ns : BLIND_MOST_NS);
}

bool
typed_look(struct typed *t, bool force, bool more)
{
	t->looked = (force || t->late || input_pending(t->input) > 0) &&
		    view_take(&t->view, &t->now, in_haste(t)) == 0;
	t->late = false;
	if (!t->looked)
		return false;
	t->key_ns = 0; /* it has waited: one that shows too little has a time of its own */
	if (t->flushed)
		input_flushed(t->input);
	t->flushed = false;
	if (!t->now.blind)
		t->blind_ns = 0;
	else if (t->blind_ns == 0)
		t->blind_ns = t->now.now_ns;
	if (t->now.blind && can_wait(t)) {
		t->looked = false;
		t->late = true;
		input_missed(t->input);
		return false;
	}
	who_look(&t->who, &t->now);
	if (!more || !t->now.output)
		typed_judge(t);
	return !t->late;
}

bool
typed_may_wait(const struct typed *t, bool more, bool shown, int64_t now_ns)
{
	if (t->late && t->now.blind)
		return !more && now_ns < blind_again_ns(t);
	if (t->looked || t->late || t->flushed || t->last.blind || is_canonical(t))
		return false;
	if (more)
		return t->bulk && input_pending(t->input) < BULK_WAIT;
	return now_ns < t->key_ns && !(shown && t->keys);
}

void
typed_judge(struct typed *t)
{
	if (!t->looked)
		return;
	t->looked = false;
	if (t->now.changed && !t->now.blind)
		t->calm = t->same = 0;
	t->last = t->now;
	t->late = t->now.control; /* only a look behind the control byte tells */
	input_observe(t->input, &t->now);
	who_judged(&t->who, t->now.now_ns);
}

bool
typed_wants_output(const struct typed *t)
{
	return (t->looked || t->late) && t->now.output;
}

bool
typed_is_raw(const struct typed *t)
{
	return !is_canonical(t);
}

bool
typed_is_current(struct typed *t, size_t n)
{
	if (t->looked || t->late || input_pending(t->input) > 0 || t->last.blind)
		return false;
	return (n <= INPUT_DOUBT_MAX && !is_canonical(t)) || view_holds(&t->view);
}

static bool
is_line_editor(const struct typed *t)
{
	return !(t->last.modes.c_lflag & (ICANON | ECHO)) && t->same < PIECES_SAME;
}

size_t
typed_piece(struct typed *t, const uint8_t *bytes, size_t n, int64_t now_ns)
{
	bool unread = input_pending(t->input) > 0;
	size_t before;

	if (!is_line_editor(t)) {
		t->hold_ns = 0;
		return n;
	}
	before = line_before(bytes, n);
	if (before > 0)
		return before;
	if (unread && t->hold_ns == 0)
		t->hold_ns = now_ns;
	if (unread && now_ns - t->hold_ns < PIECE_WAIT_NS)
		return 0;
	t->hold_ns = 0;
	t->same++;
	/*
	 * At once, as without us: it goes in before the editor turns echo on for its
	 * command. What follows may be that one's password, and would be shown.
	 */
	return n;
}

static bool
has_control(const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] < ' ')
			return true;
	return false;
}

void
typed_written(struct typed *t, const uint8_t *bytes, size_t n, int64_t now_ns)
{
	input_written(t->input, bytes, n, now_ns);
	t->bulk = n >= BULK;
	t->telling = is_canonical(t) || (!t->bulk && t->calm < CALM && has_control(bytes, n));
	t->calm += t->telling;
	t->keys = n <= KEYS;
	t->key_ns = 0;
	if (!t->bulk && !t->telling && input_pending(t->input) > 0)
		t->key_ns = now_ns + (t->keys ? KEY_WAIT_NS : SHORT_WAIT_NS);
}

bool
typed_is_telling(const struct typed *t)
{
	return t->telling;
}

void
typed_output(struct typed *t, const uint8_t *bytes, size_t n)
{
	input_output(t->input, bytes, n);
}

/*
 * A flush counts once the terminal is seen alive after it: the hangup at the
 * shell's end says the same (tty_ldisc_hangup()) of input that was read just
 * before.
 */
void
typed_flushed(struct typed *t)
{
	t->flushed = input_pending(t->input) > 0;
}

void
typed_accepted(struct typed *t, const char *text, size_t n)
{
	input_accepted(t->input, text, n);
}

void
typed_reader(struct typed *t, const struct message *msg)
{
	who_answered(&t->who, msg, &t->last);
}

bool
typed_is_pending(const struct typed *t)
{
	return input_pending(t->input) > 0;
}

int32_t
typed_who(const struct typed *t)
{
	return t->last.pgrp;
}

void
typed_flush(struct typed *t)
{
	input_flush_for_event(t->input);
}

int64_t
typed_deadline_ns(const struct typed *t)
{
	int64_t look_ns = input_deadline_ns(t->input), piece_ns = t->hold_ns + PIECE_WAIT_NS;

	if (t->flushed)
		return 0;
	if (t->late && t->blind_ns > 0)
		look_ns = blind_again_ns(t);
	if (t->key_ns > 0)
		look_ns = t->key_ns;
	if (t->hold_ns == 0 || (look_ns >= 0 && look_ns < piece_ns))
		return look_ns;
	return piece_ns;
}

int64_t
typed_echo_ns(const struct typed *t)
{
	return t->key_ns;
}

void
typed_end(struct typed *t)
{
	struct input_view v = t->last;

	if (t->input == NULL) /* it has not begun */
		return;
	if (view_take(&t->view, &t->now, false) == 0 && !t->now.control)
		v = t->last = t->now;
	else {
		v.unread = 0;
		v.settled = true;
		v.changed = v.set = v.control = false;
	}
	who_end(&t->who, &v);
	input_end(t->input, &v);
}
