/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. The recording is hostile; it comes through cast.h and goes
 * into screen.h. */
#include "replay/tape.h"

#include <stdlib.h>
#include <string.h>

#define MOMENT_EVERY                                                                               \
	((size_t)2 << 20) /* bytes of output between two moments: a few hundredths of a second */
#define MOMENTS_MEMORY ((size_t)64 << 20)
#define MARKS_MAX      1000000
#define FAILURES_MAX   1000 /* unreadable lines in a row: this is no recording any more */

struct tape_moment {
	int64_t at_ns;
	struct cast_event next; /* its data is not valid */
	struct screen_moment *screen;
};

struct tape *
tape_new(struct cast *cast)
{
	struct tape *t = calloc(1, sizeof *t);
	const struct cast_header *h = cast_header(cast);

	if (t)
		t->screen = screen_new(h->cols, h->rows);
	if (!t || !t->screen) {
		cast_free(cast);
		free(t);
		return NULL;
	}
	t->cast = cast;
	t->every = MOMENT_EVERY;
	return t;
}

void
tape_free(struct tape *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n_moments; i++)
		screen_moment_free(t->moments[i].screen);
	for (size_t i = 0; i < t->n_marks; i++)
		free(t->marks[i].label);
	buffer_free(&t->skipped);
	free(t->moments);
	free(t->marks);
	screen_free(t->screen);
	cast_free(t->cast);
	free(t);
}

int
tape_peek(struct tape *t)
{
	struct cast_error err;

	for (unsigned failures = 0; !t->have_next; failures++) {
		int got = cast_next(t->cast, &t->next, &err);

		if (got >= 0) {
			t->have_next = got > 0;
			return got;
		}
		if (t->problems++ == 0)
			t->problem = err;
		if (failures == FAILURES_MAX)
			return -1;
	}
	return 1;
}

/* Room for one more of size bytes each. */
static bool
grow(void **items, size_t *room, size_t have, size_t size)
{
	size_t more = *room ? *room * 2 : 16;
	void *p;

	if (have < *room)
		return true;
	p = realloc(*items, more * size);
	if (!p)
		return false;
	*items = p;
	*room = more;
	return true;
}

/* Every second moment goes, the first stays. */
static void
moments_thin(struct tape *t)
{
	size_t kept = 1;

	for (size_t i = 1; i < t->n_moments; i++) {
		if (i % 2 == 0) {
			t->moments[kept++] = t->moments[i];
			continue;
		}
		t->moments_bytes -= screen_moment_size(t->moments[i].screen);
		screen_moment_free(t->moments[i].screen);
	}
	t->n_moments = kept;
	t->every *= 2;
}

/* Without memory there are fewer moments, and going back takes longer. */
static void
moment_keep(struct tape *t)
{
	struct tape_moment m = {.at_ns = t->at_ns, .next = t->next};

	t->fed = 0;
	if (t->n_moments > 0 && t->next.offset <= t->moments[t->n_moments - 1].next.offset)
		return;
	if (t->n_moments > 2 && t->moments_bytes > MOMENTS_MEMORY)
		moments_thin(t);
	if (!grow((void **)&t->moments, &t->moments_size, t->n_moments, sizeof m))
		return;
	m.screen = screen_save(t->screen);
	if (!m.screen)
		return;
	t->moments_bytes += screen_moment_size(m.screen);
	t->moments[t->n_moments++] = m;
}

static void
mark_keep(struct tape *t)
{
	struct tape_mark m = {.time_ns = t->next.time_ns, .offset = t->next.offset};

	if (t->n_marks == MARKS_MAX ||
	    (t->n_marks > 0 && m.offset <= t->marks[t->n_marks - 1].offset))
		return;
	if (!grow((void **)&t->marks, &t->marks_size, t->n_marks, sizeof m))
		return;
	m.label = strndup((const char *)t->next.data, t->next.len);
	if (m.label)
		t->marks[t->n_marks++] = m;
}

void
tape_apply(struct tape *t)
{
	const struct cast_event *ev = &t->next;

	if (t->n_moments == 0 || t->fed >= t->every)
		moment_keep(t);
	t->have_next = false;
	t->at_ns = ev->time_ns;
	if (ev->code == 'o') {
		screen_feed(t->screen, ev->data, ev->len);
		t->fed += ev->len;
	} else if (ev->code == 'r')
		screen_resize(t->screen, ev->cols, ev->rows);
	else if (ev->code == 'm')
		mark_keep(t);
}

#define SKIP_MAX ((size_t)512 << 10) /* at a time: keys are looked at in between */

static void
skipped_feed(struct tape *t)
{
	screen_feed_unseen(t->screen, (const uint8_t *)t->skipped.data, t->skipped.len);
	t->skipped.len = 0;
}

void
tape_skip(struct tape *t, int64_t to_ns)
{
	size_t skipped = 0;

	while (skipped < SKIP_MAX && tape_peek(t) > 0 && t->next.code == 'o' &&
	       t->next.time_ns <= to_ns) {
		if (t->n_moments == 0 || t->fed >= t->every) {
			skipped_feed(t);
			moment_keep(t);
		}
		buffer_add(&t->skipped, t->next.data, t->next.len);
		t->have_next = false;
		t->at_ns = t->next.time_ns;
		t->fed += t->next.len;
		skipped += t->next.len;
	}
	skipped_feed(t);
}

/* The last kept moment at or before to_ns; the first when all are after it. n_moments > 0. */
static const struct tape_moment *
moment_before(const struct tape *t, int64_t to_ns)
{
	size_t i = t->n_moments - 1;

	while (i > 0 && t->moments[i].at_ns > to_ns)
		i--;
	return &t->moments[i];
}

int
tape_go(struct tape *t, int64_t to_ns)
{
	const struct tape_moment *m;

	if (t->n_moments == 0)
		return 0;
	m = moment_before(t, to_ns);
	if (to_ns >= t->at_ns && m->at_ns <= t->at_ns)
		return 0;
	t->have_next = false;
	if (cast_seek(t->cast, &m->next, &t->problem) != 0) {
		t->problems++;
		return -1;
	}
	screen_restore(t->screen, m->screen);
	t->at_ns = m->at_ns;
	t->fed = 0;
	return 0;
}
