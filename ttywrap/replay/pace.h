/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_PACE_H
#define REPLAY_PACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * When which event is due: recorded time against real time. Pure, is handed the
 * real time. All times are nanoseconds; real ones are CLOCK_MONOTONIC.
 */
struct pace {
	double speed;        /* 1: as recorded; INFINITY: at once */
	int64_t max_idle_ns; /* no pause between two events is longer (recorded time); -1: as long
				as they are */
	int64_t at_ns;       /* the recorded time that was reached ... */
	int64_t since_ns;    /* ... at this real time */
	bool paused;
};

#define PACE_NEVER INT64_MAX

/* The real time at which the event with this recorded time is due; PACE_NEVER while paused. */
int64_t pace_due(const struct pace *, int64_t event_ns);
/* The event has been shown. Being late is not carried on when it is more than a moment. */
void pace_reach(struct pace *, int64_t event_ns, int64_t now_ns);
/* The recorded time that is being shown now; next_ns is the next event's, which it doesn't pass. */
int64_t pace_position(const struct pace *, int64_t next_ns, int64_t now_ns);

void pace_jump(struct pace *, int64_t to_ns, int64_t now_ns);
void pace_pause(struct pace *, bool paused, int64_t next_ns, int64_t now_ns);
void pace_set_speed(struct pace *, double speed, int64_t next_ns, int64_t now_ns);

#endif
