/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Keys come from the watcher; what was pasted may be anything.
 */
#include "common/io.h"
#include "common/utf8.h"
#include "replay/player_state.h"
#include "replay/span.h"

#include <signal.h>
#include <string.h>

#define SECOND_NS INT64_C(1000000000)
#define SPEED_MAX 1024.0
#define AGAIN_NS  (2 * SECOND_NS) /* '[' that soon after a marker goes to the one before */

static void
jump_to_span(struct player *p, const struct span *s)
{
	int64_t at = player_position(p), all = p->opt->duration_ns;

	switch (s->kind) {
	case SPAN_AT:
		player_seek(p, s->ns);
		break;
	case SPAN_FORWARD:
		player_seek(p, at + s->ns);
		break;
	case SPAN_BACK:
		player_seek(p, at - s->ns);
		break;
	case SPAN_PERCENT:
		if (all < 0)
			player_notice(p, "how long the recording is isn't known");
		else
			player_seek(p, (int64_t)((double)all * s->percent / 100));
		break;
	}
}

static void
jump_seconds(struct player *p, int64_t seconds)
{
	player_seek(p, player_position(p) + seconds * SECOND_NS);
}

static void
set_speed(struct player *p, double speed)
{
	if (speed <= SPEED_MAX && speed >= 1 / SPEED_MAX)
		pace_set_speed(&p->pace, speed, player_next_ns(p), io_now_ns());
}

static void
next_mark(struct player *p)
{
	int64_t at = player_position(p);

	for (size_t i = 0; i < p->tape->n_marks; i++)
		if (p->tape->marks[i].time_ns > at) {
			player_seek(p, p->tape->marks[i].time_ns);
			return;
		}
	p->goal = GOAL_MARK;
	p->goal_ns = at;
}

static void
previous_mark(struct player *p)
{
	int64_t at = player_position(p) - (p->pace.paused ? 1 : AGAIN_NS);

	for (size_t i = p->tape->n_marks; i > 0; i--)
		if (p->tape->marks[i - 1].time_ns <= at) {
			player_seek(p, p->tape->marks[i - 1].time_ns);
			return;
		}
	player_seek(p, 0);
}

/* The line at the bottom that is typed into */

static void
prompt_open(struct player *p, enum player_prompt which, uint32_t first)
{
	p->prompt = which;
	p->line_len = 0;
	if (first)
		p->line[p->line_len++] = (char)first;
	p->line[p->line_len] = '\0';
}

static void
prompt_take(struct player *p)
{
	enum player_prompt which = p->prompt;
	struct span span;

	p->prompt = PROMPT_NONE;
	if (which == PROMPT_FIND) {
		player_find(p, p->line_len ? p->line : NULL);
		return;
	}
	if (p->line_len == 0)
		return;
	if (span_parse(p->line, &span) == 0)
		jump_to_span(p, &span);
	else
		player_notice(p, "\"%s\" is no time: 1:30, +1:30, -10s, 50%%", p->line);
}

static void
prompt_erase(struct player *p)
{
	if (p->line_len == 0) {
		p->prompt = PROMPT_NONE;
		return;
	}
	do
		p->line_len--;
	while (p->line_len > 0 && utf8_is_tail((uint8_t)p->line[p->line_len]));
	p->line[p->line_len] = '\0';
}

static void
prompt_key(struct player *p, uint32_t key)
{
	if (key == '\r' || key == '\n')
		prompt_take(p);
	else if (key == KEY_ESCAPE || key == CTRL('c'))
		p->prompt = PROMPT_NONE;
	else if (key == 0x7f || key == '\b')
		prompt_erase(p);
	else if (key == CTRL('u'))
		p->line[p->line_len = 0] = '\0';
	else if (key >= 0x20 && key < KEY_UP && !(key >= 0x7f && key < 0xa0) &&
		 p->line_len + 5 < sizeof p->line) {
		p->line_len += utf8_put((uint8_t *)p->line + p->line_len, key);
		p->line[p->line_len] = '\0';
	}
}

/* Keys */

static bool
key_leaves(struct player *p, uint32_t key)
{
	if (key == CTRL('z')) {
		player_suspend(p);
		return true;
	}
	if (key != 'q' && key != CTRL('c') && key != CTRL('\\'))
		return false;
	p->done = true;
	if (key == CTRL('c'))
		p->result = 128 + SIGINT;
	if (key == CTRL('\\'))
		p->result = 128 + SIGQUIT;
	return true;
}

static void
status_next(struct player *p)
{
	p->status = p->status == STATUS_AUTO ? STATUS_ON
		    : p->status == STATUS_ON ? STATUS_OFF
					     : STATUS_AUTO;
	player_notice(p,
	    p->status == STATUS_ON ? "status line: always" : "status line: when something happens");
}

static bool
key_moves(struct player *p, uint32_t key)
{
	switch (key) {
	case KEY_LEFT:
		jump_seconds(p, -5);
		return true;
	case KEY_RIGHT:
		jump_seconds(p, 5);
		return true;
	case KEY_DOWN:
	case KEY_PAGE_UP:
		jump_seconds(p, -60);
		return true;
	case KEY_UP:
	case KEY_PAGE_DOWN:
		jump_seconds(p, 60);
		return true;
	case KEY_HOME:
	case 'g':
		player_seek(p, 0);
		return true;
	case KEY_END:
	case 'G':
		player_seek(p, PLAYER_THE_END);
		return true;
	case '[':
		previous_mark(p);
		return true;
	case ']':
		next_mark(p);
		return true;
	default:
		return false;
	}
}

static void
key_plays(struct player *p, uint32_t key)
{
	switch (key) {
	case ' ':
		player_set_paused(p, !p->pace.paused);
		break;
	case '.':
		player_step(p);
		break;
	case '>':
		set_speed(p, p->pace.speed * 2);
		break;
	case '<':
		set_speed(p, p->pace.speed / 2);
		break;
	case '=':
		set_speed(p, 1);
		break;
	case '/':
		prompt_open(p, PROMPT_FIND, 0);
		break;
	case 'n':
		player_find(p, NULL);
		break;
	case 'N':
		player_find_back(p);
		break;
	case 's':
		status_next(p);
		break;
	case '?':
		p->help = (p->help + 1) % (PLAYER_HELP_PAGES + 1);
		break;
	case CTRL('l'):
		player_repaint(p);
		break;
	default:
		if (key == '+' || key == '-' || (key >= '0' && key <= '9'))
			prompt_open(p, PROMPT_JUMP, key);
	}
}

void
player_key(void *player, uint32_t key)
{
	struct player *p = player;

	player_status_touch(p);
	p->dirty = true;
	if (p->prompt != PROMPT_NONE) {
		prompt_key(p, key);
		return;
	}
	if (key_leaves(p, key))
		return;
	/* A search that takes long ends at any key, where it is by then. */
	if (p->goal != GOAL_NONE && p->goal != GOAL_TIME) {
		player_arrive(p);
		return;
	}
	if (!key_moves(p, key))
		key_plays(p, key);
}
