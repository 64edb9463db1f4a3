/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_POINTS_H
#define REPLAY_POINTS_H

#include <stddef.h>
#include <stdint.h>

#define POINTS_BAD 0xfffd /* stands for every byte or broken sequence that is no UTF-8 */

/* A character that is still incomplete. All zero is the start. */
struct points {
	uint32_t point;
	uint8_t need;    /* continuation bytes still to come */
	uint8_t low, up; /* what the next one may be: RFC 3629's table, no overlong, no surrogate */
};

/*
 * Takes one byte. Returns how many code points it completed, 0 to 2, in out: a
 * byte that breaks a sequence off gives POINTS_BAD for it and then its own meaning.
 */
unsigned points_take(struct points *, uint8_t byte, uint32_t out[2]);

#endif
