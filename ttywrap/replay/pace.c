/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Pure. Event times come from a hostile file: 0 to 31 years,
 * see cast_parse.h. */
#include "replay/pace.h"

#define LATE_NS                                                                                    \
	(100 * 1000000) /* more than that behind: go on from here instead of catching up   \
				 */

static int64_t
gap_until(const struct pace *p, int64_t event_ns)
{
	int64_t gap = event_ns > p->at_ns ? event_ns - p->at_ns : 0;

	return p->max_idle_ns >= 0 && gap > p->max_idle_ns ? p->max_idle_ns : gap;
}

int64_t
pace_due(const struct pace *p, int64_t event_ns)
{
	double wait;

	if (p->paused)
		return PACE_NEVER;
	wait = (double)gap_until(p, event_ns) / p->speed;
	return wait > 1e18 ? PACE_NEVER : p->since_ns + (int64_t)wait;
}

void
pace_reach(struct pace *p, int64_t event_ns, int64_t now_ns)
{
	int64_t due = pace_due(p, event_ns);

	p->since_ns = due > now_ns || due < now_ns - LATE_NS ? now_ns : due;
	if (event_ns > p->at_ns)
		p->at_ns = event_ns;
}

int64_t
pace_position(const struct pace *p, int64_t next_ns, int64_t now_ns)
{
	double gone = (double)(now_ns - p->since_ns) * p->speed;

	if (p->paused || now_ns <= p->since_ns || next_ns <= p->at_ns)
		return p->at_ns;
	return gone < (double)(next_ns - p->at_ns) ? p->at_ns + (int64_t)gone : next_ns;
}

void
pace_jump(struct pace *p, int64_t to_ns, int64_t now_ns)
{
	p->at_ns = to_ns;
	p->since_ns = now_ns;
}

void
pace_pause(struct pace *p, bool paused, int64_t next_ns, int64_t now_ns)
{
	pace_jump(p, pace_position(p, next_ns, now_ns), now_ns);
	p->paused = paused;
}

void
pace_set_speed(struct pace *p, double speed, int64_t next_ns, int64_t now_ns)
{
	pace_jump(p, pace_position(p, next_ns, now_ns), now_ns);
	p->speed = speed;
}
