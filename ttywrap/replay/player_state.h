/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_PLAYER_STATE_H
#define REPLAY_PLAYER_STATE_H

#include "replay/finder.h"
#include "replay/keys.h"
#include "replay/pace.h"
#include "replay/player.h"
#include "replay/render.h"
#include "replay/tape.h"
#include "replay/term.h"
#include "replay/wait.h"

/* The player's inside, shared by player*.c alone. */

/* On the way somewhere at full speed, unseen. */
enum player_goal {
	GOAL_NONE,
	GOAL_TIME,
	GOAL_MARK,
	GOAL_FIND,
	GOAL_FIND_LAST
};
enum player_prompt {
	PROMPT_NONE,
	PROMPT_JUMP,
	PROMPT_FIND
};
enum player_status {
	STATUS_AUTO,
	STATUS_ON,
	STATUS_OFF
};

struct player {
	const struct player_options *opt;
	int file_fd;
	struct tape *tape;
	struct render *render;
	struct term term;
	struct wait wait;
	struct pace pace;
	struct keys keys;

	enum player_goal goal;
	int64_t goal_ns;    /* of GOAL_TIME and GOAL_FIND_LAST; GOAL_MARK: one after it */
	bool goal_pauses;   /* ... and stay there */
	bool at_end;        /* nothing follows, for now */
	bool live;          /* a recorder holds the file */
	bool dirty;         /* the window doesn't show what it should */
	bool done;          /* leave */
	bool leave_picture; /* the last screen stays on the terminal */
	int result;
	int64_t frame_ns; /* of the last frame */

	struct finder *finder; /* what was looked for last; NULL: nothing yet */
	int64_t found_ns;      /* GOAL_FIND_LAST: the last hit, or -1 */

	enum player_prompt prompt;
	char line[160]; /* what is typed at the prompt, NUL-terminated */
	size_t line_len;
	enum player_status status;
	unsigned help;           /* the page that is shown, 1 to PLAYER_HELP_PAGES; 0: none */
	int64_t status_until_ns; /* shown that long where it covers something */
	char notice[160];        /* said in the status line until then */
	int64_t notice_until_ns;
};

#define PLAYER_HELP_PAGES 2

/* player.c */
#define PLAYER_THE_END INT64_MAX
void player_seek(struct player *, int64_t to_ns);
void player_arrive(struct player *); /* wherever it is by now */
void player_step(struct player *);
void player_set_paused(struct player *, bool paused);
int64_t player_next_ns(
    struct player *); /* the next event's time; what was reached when there is none */
int64_t player_position(struct player *);
void player_suspend(struct player *);
void player_repaint(struct player *);

/* player_find.c: pattern NULL: the one before, again. */
void player_find(struct player *, const char *pattern);
void player_find_back(struct player *);

/* player_keys.c */
void player_key(void *player, uint32_t key);

/* player_status.c: the line to show, NULL for none. *edit: the cursor's column in it, or -1. */
const char *player_status_line(struct player *, char *buf, size_t size, int *edit);
void player_notice(struct player *, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* When the line changes by itself: INT64_MAX for never. */
int64_t player_status_due(const struct player *);
void player_status_touch(struct player *);

#endif
