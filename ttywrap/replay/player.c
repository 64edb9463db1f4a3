/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Everything that is drawn comes from screen.h's cells. */
#include "replay/player.h"

#include "common/io.h"
#include "replay/live.h"
#include "replay/player_state.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#define SLICE_NS (20 * 1000000) /* of work, then keys and signals are looked at again */
#define FRAME_NS (16 * 1000000) /* between two frames, 60 a second */

int64_t
player_next_ns(struct player *p)
{
	return tape_peek(p->tape) > 0 ? p->tape->next.time_ns : p->pace.at_ns;
}

int64_t
player_position(struct player *p)
{
	if (p->goal == GOAL_TIME && p->goal_ns != PLAYER_THE_END)
		return p->goal_ns; /* where it will be in a moment */
	return pace_position(&p->pace, player_next_ns(p), io_now_ns());
}

void
player_set_paused(struct player *p, bool paused)
{
	pace_pause(&p->pace, paused, player_next_ns(p), io_now_ns());
	p->dirty = true;
}

void
player_seek(struct player *p, int64_t to_ns)
{
	if (to_ns < 0)
		to_ns = 0;
	if (tape_go(p->tape, to_ns) != 0) {
		player_notice(p, "can't go back: %s", p->tape->problem.text);
		return;
	}
	p->goal = GOAL_TIME;
	p->goal_ns = to_ns;
	p->at_end = false;
}

/* Where time and picture agree again. */
void
player_arrive(struct player *p)
{
	int64_t at = p->goal == GOAL_TIME && !p->at_end && tape_peek(p->tape) > 0 &&
			     p->tape->next.time_ns > p->goal_ns
			 ? p->goal_ns
			 : p->tape->at_ns;

	pace_jump(&p->pace, at, io_now_ns());
	p->goal = GOAL_NONE;
	if (p->finder)
		finder_detach(p->finder);
	/* Someone who jumps to the end wants to see it, not to be thrown out. */
	if ((p->at_end && !p->opt->follow) || p->goal_pauses)
		p->pace.paused = true;
	p->goal_pauses = false;
	player_status_touch(p);
	p->dirty = true;
}

/* GOAL_FIND_LAST has come back to where it began: the last hit on the way is the place to go to. */
static void
find_last_ended(struct player *p)
{
	int64_t to = p->found_ns;

	if (to < 0) {
		player_notice(p, "not found before this");
		to = p->goal_ns + 1;
	}
	player_seek(p, to);
}

/* Before the next event: whether the goal was reached without it, so that things are to be looked
 * at anew. */
static bool
goal_before(struct player *p)
{
	if ((p->goal != GOAL_TIME && p->goal != GOAL_FIND_LAST) ||
	    p->tape->next.time_ns <= p->goal_ns)
		return false;
	if (p->goal == GOAL_TIME)
		player_arrive(p);
	else
		find_last_ended(p);
	return true;
}

/* After an event with this code. */
static void
goal_after(struct player *p, char code)
{
	if (p->goal == GOAL_MARK && code == 'm' && p->tape->at_ns > p->goal_ns) {
		player_arrive(p);
	} else if ((p->goal == GOAL_FIND || p->goal == GOAL_FIND_LAST) && finder_check(p->finder)) {
		p->found_ns = p->tape->at_ns;
		if (p->goal == GOAL_FIND)
			player_arrive(p);
	}
}

static void
end_reached(struct player *p)
{
	p->at_end = true;
	if (p->goal == GOAL_FIND_LAST) {
		find_last_ended(p);
		return;
	}
	if (p->goal != GOAL_NONE) {
		if (p->goal != GOAL_TIME)
			player_notice(p,
			    p->goal == GOAL_MARK ? "no marker after this" : "not found after this");
		player_arrive(p);
		return;
	}
	if (p->opt->follow && p->live)
		return;
	if (p->pace.paused)
		return;
	if (p->opt->keep) {
		player_set_paused(p, true);
		player_notice(p, "the end");
		return;
	}
	p->done = p->leave_picture = true;
}

static bool
past_the_part(const struct player *p)
{
	return p->opt->to_ns >= 0 && p->tape->next.time_ns > p->opt->to_ns;
}

/* Shows what is due, for a slice of time at most. Returns when there is more to do: 0 at once, or
 * PACE_NEVER. */
static int64_t
player_advance(struct player *p)
{
	int64_t start = io_now_ns(), now = start;

	for (unsigned n = 0; !p->done; n++) {
		int64_t due;
		char code;

		if ((n % 64 == 63 || p->goal == GOAL_TIME) &&
		    (now = io_now_ns()) - start > SLICE_NS)
			return 0;
		if (tape_peek(p->tape) <= 0 || past_the_part(p)) {
			if (!p->at_end)
				end_reached(p);
			return PACE_NEVER;
		}
		p->at_end = false;
		if (goal_before(p))
			continue;
		due = p->goal != GOAL_NONE ? now : pace_due(&p->pace, p->tape->next.time_ns);
		if (due > now && due > (now = io_now_ns()))
			return due;
		if (p->goal == GOAL_NONE)
			pace_reach(&p->pace, p->tape->next.time_ns, now);
		code = p->tape->next.code;
		if (p->goal == GOAL_TIME && code == 'o')
			tape_skip(p->tape, p->goal_ns);
		else
			tape_apply(p->tape);
		goal_after(p, code);
		p->dirty |= p->goal == GOAL_NONE;
	}
	return 0;
}

void
player_step(struct player *p)
{
	bool drawn = false;

	player_set_paused(p, true);
	if (p->goal != GOAL_NONE)
		return;
	while (!drawn && tape_peek(p->tape) > 0 && !past_the_part(p)) {
		drawn = p->tape->next.code == 'o' || p->tape->next.code == 'r';
		tape_apply(p->tape);
	}
	if (!drawn)
		player_notice(p, "the end");
	pace_jump(&p->pace, p->tape->at_ns, io_now_ns());
}

void
player_repaint(struct player *p)
{
	unsigned cols, rows;

	term_size(&p->term, &cols, &rows);
	if (render_resize(p->render, cols, rows) == 0)
		p->dirty = true;
}

/* Frames are dropped, not queued, while the terminal is slow. */
static int64_t
player_draw(struct player *p)
{
	int64_t now = io_now_ns();
	char status[1024];
	const char *line;
	int edit;

	if (!p->dirty || p->term.out.len > 0)
		return PACE_NEVER;
	if (now < p->frame_ns + FRAME_NS)
		return p->frame_ns + FRAME_NS;
	line = player_status_line(p, status, sizeof status, &edit);
	render_frame(p->render, p->tape->screen, line, edit, &p->term.out);
	p->frame_ns = now;
	p->dirty = false;
	return PACE_NEVER;
}

void
player_suspend(struct player *p)
{
	player_set_paused(p, true);
	term_leave(&p->term, NULL);
	raise(SIGSTOP);
	if (term_enter(&p->term, true) == 0)
		player_repaint(p);
}

static void
player_signal(struct player *p, int number)
{
	if (number == SIGWINCH || number == SIGCONT)
		player_repaint(p);
	else if (number == SIGTSTP)
		player_suspend(p);
	else if (number != 0) {
		p->done = true;
		p->result = 128 + number;
	}
}

static void
player_keys_read(struct player *p)
{
	uint8_t buf[512];
	ssize_t n = term_read(&p->term, buf, sizeof buf);

	if (n > 0)
		keys_feed(&p->keys, buf, (size_t)n, player_key, p);
	else if (n != -EAGAIN) {
		p->done = true;
		p->result = 128 + SIGHUP;
	}
}

static void
player_news(struct player *p, const struct wait_news *news)
{
	player_signal(p, news->signal);
	if (news->keys)
		player_keys_read(p);
	else if (news->gone) {
		p->done = true;
		p->result = 128 + SIGHUP;
	}
	if (news->closed || (news->grown && p->at_end)) {
		p->live = live_is_held(p->file_fd);
		p->at_end = false; /* look again */
	}
}

static int64_t
earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int
player_loop(struct player *p)
{
	while (!p->done) {
		struct wait_news news;
		int64_t until = player_advance(p);
		int error;

		if (p->done)
			break;
		if (player_status_due(p) <= io_now_ns())
			p->dirty = true;
		/* A frame waits for room in the queue: who makes it has to draw then, as nobody else may wake up. */
		error = term_flush(&p->term);
		until = earlier(until, player_draw(p));
		until = earlier(until, player_status_due(p));
		if (!error)
			error = term_flush(&p->term);
		if (!error)
			error = wait_for(&p->wait, &p->term, until, &news);
		if (error)
			return error;
		player_news(p, &news);
	}
	return p->result;
}

static int
player_open(struct player *p)
{
	int error = term_open(&p->term, p->opt->tty_fd);

	if (!error)
		error = wait_open(&p->wait, true);
	if (!error && p->opt->follow)
		error = wait_watch(&p->wait, p->file_fd);
	if (!error)
		error = term_enter(&p->term, true);
	if (error)
		return error;
	player_repaint(p);
	player_status_touch(p);
	p->live = p->opt->follow && live_is_held(p->file_fd);
	if (p->opt->from_ns > 0)
		player_seek(p, p->opt->from_ns);
	if (p->opt->from_now)
		player_seek(p, PLAYER_THE_END);
	p->goal_pauses = p->goal != GOAL_NONE && p->opt->paused;
	p->pace.paused = p->opt->paused && p->goal == GOAL_NONE;
	return 0;
}

int
player_run(struct cast *cast, int file_fd, const struct player_options *opt, struct cast_error *err)
{
	struct player p = {.opt = opt,
	    .file_fd = file_fd,
	    .term = TERM_INIT,
	    .wait = WAIT_INIT,
	    .status = opt->quiet ? STATUS_OFF : STATUS_AUTO,
	    .pace = {
		.speed = opt->speed, .max_idle_ns = opt->max_idle_ns, .since_ns = io_now_ns()}};
	struct buffer rest = {0};
	int result = -ENOMEM;

	p.tape = tape_new(cast);
	p.render = render_new(opt->ascii);
	if (!p.tape || !p.render)
		goto out;
	result = player_open(&p);
	if (result == 0)
		result = player_loop(&p);
	if (p.leave_picture)
		render_lines(p.tape->screen, opt->ascii, &rest);
	term_leave(&p.term, &rest);
	if (result == 0 && p.tape->problems > 0) {
		*err = p.tape->problem;
		result = PLAYER_DAMAGED;
	}
out:
	buffer_free(&rest);
	term_close(&p.term);
	wait_close(&p.wait);
	finder_free(p.finder);
	render_free(p.render);
	tape_free(p.tape);
	return result;
}
