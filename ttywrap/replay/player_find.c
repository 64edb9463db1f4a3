/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Search in what was on the screen: the events are played,
 * unseen, until it is. */
#include "replay/player_state.h"

static void
find_begin(struct player *p, enum player_goal goal)
{
	if (!p->finder) {
		player_notice(p, "nothing to look for yet: /text");
		return;
	}
	finder_attach(p->finder, p->tape->screen);
	p->found_ns = -1;
	p->goal = goal;
}

void
player_find(struct player *p, const char *pattern)
{
	char wrong[128];

	if (pattern) {
		finder_free(p->finder);
		p->finder = finder_new(pattern, false, wrong, sizeof wrong);
		if (!p->finder)
			player_notice(p, "%s", wrong);
	}
	find_begin(p, GOAL_FIND);
}

/* The last time before now: everything before now is gone through. */
void
player_find_back(struct player *p)
{
	int64_t here = player_position(p);

	if (!p->finder || here == 0) {
		find_begin(p, GOAL_NONE);
		return;
	}
	if (tape_go(p->tape, 0) != 0) {
		player_notice(p, "can't go back: %s", p->tape->problem.text);
		return;
	}
	p->goal_ns = here - 1;
	find_begin(p, GOAL_FIND_LAST);
}
