/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_ARENA_H
#define REPLAY_ARENA_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A small heap at one fixed address, which can be copied away and back: whatever
 * allocates here alone (a terminal emulator) can be returned to an earlier moment, pointers and
 * all.
 */

struct arena;
struct arena_copy;

/* Address space only; memory is used as far as it is touched. NULL when there is none. */
struct arena *arena_new(size_t size);
void arena_free(struct arena *);

/* Zeroed memory, or NULL when the arena is full. */
void *arena_take(struct arena *, size_t n);
void arena_give(struct arena *, void *);

/* Nobody has written past the end of what was taken, as far as can be seen. */
bool arena_is_intact(const struct arena *);

/* A copy of all that is allocated; NULL when memory is short. The caller frees it. */
struct arena_copy *arena_save(const struct arena *);
size_t arena_copy_size(const struct arena_copy *);
void arena_restore(struct arena *, const struct arena_copy *);
void arena_copy_free(struct arena_copy *);

#endif
