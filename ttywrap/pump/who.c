/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, sandboxed. Distrusts the foreground group, and the names in the monitor's answers: any program's own. */
#include "pump/who.h"

#include <string.h>

#include "pump/input.h"
#include "pump/outbox.h"
#include "pump/secret.h"

#define ANSWER_WAIT_NS INT64_C(1000000000) /* 1 s: it is lost by then */

/*
 * With ranked: so long an answer holds, 100 ms. A program may come and go in the group without
 * setting a mode; what a person begins to type now is read later than that.
 */
#define ANSWER_HOLDS_NS INT64_C(100000000)

void
who_init(struct who *w, struct outbox *outbox, struct input *input, const struct secret *secret,
    bool ranked)
{
	*w = (struct who){.outbox = outbox, .input = input, .secret = secret, .ranked = ranked};
	w->name = w->reader.names[0];
}

/*
 * What a reader left in the buffer is often told after the next one is known: a
 * shell's last line, say, once its logout file runs.
 */
bool
who_is_elevated(const struct who *w, pid_t pgrp)
{
	if (pgrp <= 0) /* no answer has that number, but the fields start with it */
		return true;
	if (pgrp == w->reader.pgrp)
		return w->reader.elevated != 0;
	return pgrp != w->before.pgrp || w->before.elevated != 0;
}

static bool
is_answered(const struct who *w)
{
	return w->reader.number == w->number;
}

static pid_t
last_asked(const struct who *w)
{
	return w->asked[w->number % WHO_ASKED];
}

/* Of so many open questions that not all are remembered any of them may be about it. */
static bool
is_open(const struct who *w, pid_t pgrp)
{
	uint32_t open = w->number - w->reader.number;

	for (uint32_t i = 0; i < open && i < WHO_ASKED; i++)
		if (w->asked[(w->number - i) % WHO_ASKED] == pgrp)
			return true;
	return open > WHO_ASKED;
}

bool
who_is_asked(const struct who *w, pid_t pgrp)
{
	bool known = pgrp == w->reader.pgrp || pgrp == w->before.pgrp;

	if (is_answered(w))
		return w->stale && pgrp == w->reader.pgrp;
	return !known || is_open(w, pgrp);
}

int64_t
who_answer_ns(const struct who *w)
{
	return w->asked_ns + ANSWER_WAIT_NS;
}

static bool
is_old(const struct who *w, int64_t now_ns)
{
	return w->ranked && now_ns - w->asked_ns > ANSWER_HOLDS_NS;
}

/* Whether it has a name at all. */
static bool
name_reader(const struct who *w, struct input_view *v)
{
	bool known = v->pgrp > 0 && v->pgrp == w->reader.pgrp;

	v->comm = known ? w->name : NULL;
	return known;
}

static void
ask_about(struct who *w, pid_t pgrp, int64_t now_ns)
{
	struct message_foreground who = {pgrp, w->number + 1};

	if (outbox_send(w->outbox, MESSAGE_FOREGROUND, &who, sizeof who, NULL, 0) != 0)
		return;
	w->holds = is_answered(w) && !w->stale && pgrp == w->reader.pgrp;
	w->number = who.number;
	w->asked[w->number % WHO_ASKED] = pgrp;
	w->asked_ns = now_ns;
	w->stale = false;
	input_asked(w->input, pgrp, who.number);
}

/*
 * The answer comes later; until then the name is unknown. A group is asked about
 * again when modes were set: the first answer may have come before its exec(2).
 * One question at a time for each, or a program could fill the outbox with them;
 * the monitor drops an answer that we are too slow to take.
 */
static void
ask_reader(struct who *w, const struct input_view *v)
{
	bool again =
	    is_answered(w) ? w->stale || is_old(w, v->now_ns) : v->now_ns > who_answer_ns(w);

	if (v->pgrp > 0 && (v->pgrp != last_asked(w) || again))
		ask_about(w, v->pgrp, v->now_ns);
}

/* What was read behind the last question; its reader may have left the foreground by now. */
static void
ask_owed(struct who *w, int64_t now_ns)
{
	pid_t pgrp = input_wants_name(w->input);

	if (pgrp > 0 && (pgrp != last_asked(w) || is_answered(w)))
		ask_about(w, pgrp, now_ns);
}

void
who_look(struct who *w, struct input_view *v)
{
	w->stale |= v->changed && !v->blind;
	v->named =
	    name_reader(w, v) && is_answered(w) && !w->stale && !v->blind && !is_old(w, v->now_ns);
	ask_reader(w, v);
}

void
who_judged(struct who *w, int64_t now_ns)
{
	if (w->asked_ns == now_ns)
		input_asked(w->input, last_asked(w), w->number);
	ask_owed(w, now_ns);
}

/* One that reads secrets, if any of them does. */
static const char *
name_that_counts(struct who *w)
{
	for (size_t i = 0; i < MESSAGE_READERS; i++) {
		w->reader.names[i][MESSAGE_COMM_MAX - 1] = '\0';
		if (secret_process(w->secret, w->reader.names[i]))
			return w->reader.names[i];
	}
	return w->reader.names[0];
}

/* What was read while it was not known whether a group is elevated is told before somebody else, or something else, is. */
void
who_answered(struct who *w, const struct message *msg, const struct input_view *last)
{
	const struct message_reader *now = &msg->body.reader, before = w->reader;
	bool same = now->pgrp == before.pgrp, differs = same && now->elevated != before.elevated;

	if (msg->head.length != sizeof *now)
		return;
	if (!same && input_has_read(w->input, w->before.pgrp))
		input_flush_for_event(w->input);
	if (!same)
		w->before = before;
	w->reader = *now;
	w->reader.elevated |= differs; /* before or now: what was read in between counts as both */
	if (same && is_answered(w) && w->holds && now->pid == 0) /* gone, but known as what */
		memcpy(w->reader.names, before.names, sizeof before.names);
	w->name = name_that_counts(w);
	input_reader(
	    w->input, w->reader.pgrp, w->name, w->reader.number, is_answered(w) && !w->stale);
	if (differs)
		input_flush_for_event(w->input);
	w->reader.elevated = now->elevated;
	if (w->stale)
		ask_reader(w, last);
	ask_owed(w, last->now_ns);
}

void
who_end(struct who *w, struct input_view *v)
{
	w->number = w->reader.number;
	w->stale = false;
	v->named = name_reader(w, v);
}
