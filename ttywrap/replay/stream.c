/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replay, an ordinary user's program. The recording is hostile: unless raw was asked for, the
 * filter stands between it and where it goes.
 */
#include "replay/player.h"

#include "common/io.h"
#include "replay/filter.h"
#include "replay/keys.h"
#include "replay/live.h"
#include "replay/pace.h"
#include "replay/render.h"
#include "replay/tape.h"
#include "replay/term.h"
#include "replay/wait.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define QUEUE_MAX 65536 /* bytes waiting for a slow terminal: then the recording waits */

struct stream {
	const struct player_options *opt;
	struct tape *tape;
	struct filter filter;
	struct pace pace;
	struct term term; /* not open unless standard output is a terminal */
	struct wait wait;
	struct keys keys;
	int file_fd;
	bool tty, ended, done;
	int result;
};

static void
to_queue(void *to, const char *bytes, size_t n)
{
	buffer_add(&((struct stream *)to)->term.out, bytes, n);
}

/* To a terminal what it takes, to anything else all of it. */
static int
stream_flush(struct stream *s)
{
	int error;

	if (s->term.out.failed)
		return -ENOMEM;
	if (s->tty)
		return term_flush(&s->term);
	error = io_write_all(STDOUT_FILENO, s->term.out.data, s->term.out.len);
	s->term.out.len = 0;
	return error;
}

static void
stream_event(struct stream *s)
{
	const struct cast_event *ev = &s->tape->next;

	s->tape->have_next = false;
	s->tape->at_ns = ev->time_ns;
	if (ev->code != 'o')
		return;
	if (s->opt->raw)
		to_queue(s, (const char *)ev->data, ev->len);
	else
		filter_feed(&s->filter, ev->data, ev->len, to_queue, s);
}

static void
to_nowhere(void *to, const char *bytes, size_t n)
{
	(void)to, (void)bytes, (void)n;
}

/* The picture at --from, drawn as a whole, instead of what led to it. */
static int
stream_skip(struct stream *s)
{
	struct render *render;
	unsigned cols, rows;
	int error;

	if (s->opt->from_ns <= 0)
		return 0;
	while (tape_peek(s->tape) > 0 && s->tape->next.time_ns < s->opt->from_ns) {
		if (s->tape->next.code == 'o')
			filter_feed(
			    &s->filter, s->tape->next.data, s->tape->next.len, to_nowhere, NULL);
		tape_apply(s->tape);
	}
	pace_jump(&s->pace, s->opt->from_ns, io_now_ns());
	if (s->opt->raw)
		return 0;
	render = render_new(s->opt->ascii);
	if (!render)
		return -ENOMEM;
	screen_size(s->tape->screen, &cols, &rows);
	error = render_resize(render, cols, rows);
	if (!error) {
		buffer_string(&s->term.out, "\033[H\033[2J");
		render_frame(render, s->tape->screen, NULL, -1, &s->term.out);
	}
	render_free(render);
	return error;
}

static void
stream_end(struct stream *s)
{
	s->ended = true;
	if (!s->opt->follow || !live_is_held(s->file_fd))
		s->done = true;
}

/* Returns when there is more to do. */
static int64_t
stream_advance(struct stream *s)
{
	while (s->term.out.len < QUEUE_MAX) {
		int64_t now, due;

		if (tape_peek(s->tape) <= 0 ||
		    (s->opt->to_ns >= 0 && s->tape->next.time_ns > s->opt->to_ns)) {
			stream_end(s);
			return PACE_NEVER;
		}
		s->ended = false;
		now = io_now_ns();
		due = pace_due(&s->pace, s->tape->next.time_ns);
		if (due > now)
			return due;
		pace_reach(&s->pace, s->tape->next.time_ns, now);
		stream_event(s);
	}
	return 0;
}

static void
stream_key(void *to, uint32_t key)
{
	struct stream *s = to;
	int64_t next = tape_peek(s->tape) > 0 ? s->tape->next.time_ns : s->pace.at_ns;

	if (key == 'q')
		s->done = true;
	else if (key == CTRL('c') || key == CTRL('\\')) {
		s->done = true;
		s->result = 128 + (key == CTRL('c') ? SIGINT : SIGQUIT);
	} else if (key == ' ')
		pace_pause(&s->pace, !s->pace.paused, next, io_now_ns());
	else if (key == '.' && tape_peek(s->tape) > 0) {
		pace_pause(&s->pace, true, next, io_now_ns());
		pace_jump(&s->pace, next, io_now_ns());
		stream_event(s);
	}
}

static void
stream_news(struct stream *s, const struct wait_news *news)
{
	uint8_t buf[512];
	ssize_t n;

	if (news->signal == SIGTSTP) {
		term_leave(&s->term, NULL);
		raise(SIGSTOP);
		term_enter(&s->term, false);
	} else if (news->signal && news->signal != SIGWINCH && news->signal != SIGCONT) {
		s->done = true;
		s->result = 128 + news->signal;
	}
	if (news->keys && (n = term_read(&s->term, buf, sizeof buf)) != -EAGAIN) {
		if (n > 0) {
			keys_feed(&s->keys, buf, (size_t)n, stream_key, s);
			return;
		}
		s->done = true;
		s->result = 128 + SIGHUP;
	} else if (news->gone) {
		s->done = true;
		s->result = 128 + SIGHUP;
	}
}

static int
stream_loop(struct stream *s)
{
	while (!s->done) {
		struct wait_news news;
		int64_t until = stream_advance(s);
		int error = stream_flush(s);

		if (error)
			return error;
		if (s->done || (!s->tty && until == 0))
			continue;
		if (s->tty && s->term.out.len >= QUEUE_MAX)
			until = PACE_NEVER; /* room wakes it up */
		error = wait_for(&s->wait, &s->term, until, &news);
		if (error)
			return error;
		stream_news(s, &news);
	}
	return s->result;
}

static int
stream_open(struct stream *s)
{
	const struct cast_header *h = cast_header(s->tape->cast);
	unsigned cols = h->cols, rows;
	int error = 0;

	s->tty = isatty(STDOUT_FILENO);
	if (s->tty)
		error = term_open(&s->term, s->opt->tty_fd);
	if (!error)
		error = wait_open(&s->wait, s->tty);
	if (!error && s->opt->follow)
		error = wait_watch(&s->wait, s->file_fd);
	if (!error && s->tty)
		error = term_enter(&s->term, false);
	if (error)
		return error;
	if (s->tty)
		term_size(&s->term, &cols, &rows);
	filter_init(&s->filter, cols, s->opt->ascii);
	s->pace = (struct pace){
	    .speed = s->opt->speed, .max_idle_ns = s->opt->max_idle_ns, .since_ns = io_now_ns()};
	if (!s->tty && !s->opt->speed_given)
		s->pace.speed = INFINITY; /* nobody is watching: a file, or a program */
	return stream_skip(s);
}

int
stream_run(struct cast *cast, int file_fd, const struct player_options *opt, struct cast_error *err)
{
	struct stream s = {.opt = opt, .file_fd = file_fd, .term = TERM_INIT, .wait = WAIT_INIT};
	struct buffer rest = {0};
	int result;

	s.tape = tape_new(cast);
	if (!s.tape)
		return -ENOMEM;
	result = stream_open(&s);
	if (result == 0)
		result = stream_loop(&s);
	if (!opt->raw && result != -EPIPE)
		filter_end(&s.filter, to_queue, &s);
	if (result >= 0 && !s.tty)
		stream_flush(&s);
	term_leave(&s.term, &rest);
	if (result == 0 && s.tape->problems > 0) {
		*err = s.tape->problem;
		result = PLAYER_DAMAGED;
	}
	term_close(&s.term);
	wait_close(&s.wait);
	tape_free(s.tape);
	return result;
}
