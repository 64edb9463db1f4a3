/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_PRUNE_H
#define REPLAY_PRUNE_H

#include "launch/conf.h"
#include "monitor/trail.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* The number in front of UID-SESSION-TIME-PID (monitor/store.h); PRUNE_NOBODY when there is none. */
#define PRUNE_NOBODY ((uid_t)-1)
uid_t prune_policy_uid(const char *name);

/* What ttywrap.conf(5) says about keeping recordings. */

struct prune_keep {
	uid_t uid;
	int64_t keep_s;
};

struct prune_policy {
	struct prune_keep *known; /* one for each user asked for */
	size_t n, room;
};

/*
 * retain of whose recording it is, in seconds; -1: not by age. A recording's name begins with the
 * user's number; a user who is no more, and a name of somebody else's making, fall under [default].
 * Returns 0, -ENOMEM, or what conf_load() says, with err filled.
 */
int prune_policy_keep(
    struct prune_policy *, const char *name, int64_t *keep_s, struct conf_error *err);

/* retain_size of [default], in bytes; 0: none. Returns 0 or what conf_load() says. */
int prune_policy_size(uint64_t *max, struct conf_error *err);
void prune_policy_clear(struct prune_policy *);

/* What the audit trail hears: only of recordings below TTYWRAP_LOGDIR, whose seals it has. */
struct prune_trail {
	struct trail trail;
	bool open, none; /* none: this kernel has no trail, and heard of no recording either */
};

#define PRUNE_TRAIL_INIT                                                                           \
	{                                                                                          \
		.trail = {.fd = -1, .addr = "?", .terminal = "?" }                                 \
	}

/*
 * Says, before it is done, that the recording at path is removed. Returns 0, also for one that the
 * trail does not know, or -errno: the kernel did not take the record, and it must stay.
 */
int prune_trail_say(struct prune_trail *, const char *path);
void prune_trail_close(struct prune_trail *);

#endif
