/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Recordings are hostile; the pattern is the watcher's. */
#include "replay/search.h"

#include "replay/tape.h"
#include "replay/typed.h"

#include <stdio.h>
#include <string.h>

struct search {
	struct tape *tape;
	struct finder *finder;
	struct typed typed;
	int where;
	long hits;
	search_hit *hit;
	void *to;
};

static void
text_check(struct search *s, int64_t time_ns, int kind, const char *text, size_t len)
{
	if (finder_match(s->finder, text, len) < 0)
		return;
	s->hits++;
	s->hit(s->to, time_ns, kind, text, len);
}

static void
input_check(struct search *s, const struct cast_event *ev)
{
	for (size_t i = 0; i < ev->len; i++)
		if (typed_take(&s->typed, ev->data[i], ev->time_ns)) {
			text_check(s, s->typed.from_ns, SEARCH_INPUT, s->typed.line, s->typed.len);
			typed_next(&s->typed);
		}
}

static void
screen_check(struct search *s)
{
	const char *line;

	if (!finder_check(s->finder))
		return;
	line = finder_line(s->finder);
	s->hits++;
	s->hit(s->to, s->tape->at_ns, SEARCH_SCREEN, line, strlen(line));
}

static void
event_check(struct search *s)
{
	const struct cast_event *ev = &s->tape->next;

	if (ev->code == 'm' && (s->where & SEARCH_COMMANDS))
		text_check(s, ev->time_ns, SEARCH_COMMANDS, (const char *)ev->data, ev->len);
	if (ev->code == 'i' && (s->where & SEARCH_INPUT))
		input_check(s, ev);
	if (!(s->where & SEARCH_SCREEN) || (ev->code != 'o' && ev->code != 'r')) {
		s->tape->have_next = false;
		return;
	}
	tape_apply(s->tape);
	screen_check(s);
}

long
search_recording(struct cast *cast, struct finder *finder, int where, long max, search_hit *hit,
    void *to, struct cast_error *err)
{
	struct search s = {
	    .tape = tape_new(cast), .finder = finder, .where = where, .hit = hit, .to = to};
	int got;

	if (!s.tape) {
		snprintf(err->text, sizeof err->text, "out of memory");
		return -1;
	}
	s.tape->every = SIZE_MAX; /* there is no going back */
	finder_attach(finder, s.tape->screen);
	while ((got = tape_peek(s.tape)) > 0 && (max == 0 || s.hits < max))
		event_check(&s);
	if (got <= 0 && s.typed.len > 0 && (where & SEARCH_INPUT))
		text_check(&s, s.typed.from_ns, SEARCH_INPUT, s.typed.line, s.typed.len);
	if (s.tape->problems > 0)
		*err = s.tape->problem;
	got = s.tape->problems > 0 ? -1 : 0;
	finder_detach(finder);
	tape_free(s.tape);
	return got < 0 ? -1 : s.hits;
}
