/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TESTS_REPLAY_JUDGE_H
#define TESTS_REPLAY_JUDGE_H

#include <stddef.h>
#include <stdint.h>

/*
 * A terminal emulator (libvterm) as the judge of what the filter lets through. Feeds the
 * stream, in the pieces that cut gives, through a filter into an emulator, then ends the filter.
 * Returns NULL when the emulator never answered, never had its title, icon
 * name, mouse or cursor shape set, and afterwards draws, and sends keys, like a new
 * one; else what was wrong.
 */
const char *judge_stream(const uint8_t *in, size_t n, size_t piece);

/* The same without a filter: to see that the judge sees. */
const char *judge_unfiltered(const uint8_t *in, size_t n);

/* What the filter makes of the stream, in pieces of that many bytes. The caller frees it. */
uint8_t *judge_filtered(const uint8_t *in, size_t n, size_t piece, size_t *len);

#endif
