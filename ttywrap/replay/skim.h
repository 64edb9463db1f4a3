/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_SKIM_H
#define REPLAY_SKIM_H

#include <stddef.h>
#include <stdint.h>

/*
 * Lines of text that scroll by unseen needn't be drawn: what is left of output that only prints, changes colours and
 * begins new lines is its last screenful. Both are pure and take any bytes.
 */

/* Where, in output that begins anywhere, the part begins that does nothing else; n when there is none. */
size_t skim_from(const uint8_t *in, size_t n);

/*
 * In a terminal with that many rows, without a scrolling region or margins, and between two sequences, the result has the same
 * effect as such a part. Writes it to out (n + rows + 1 bytes of room) and returns its length.
 */
size_t skim(const uint8_t *in, size_t n, unsigned rows, uint8_t *out);

#endif
