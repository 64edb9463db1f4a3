/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_ESCAPE_H
#define PUMP_ESCAPE_H

#include <stddef.h>
#include <stdint.h>

/* The inside of a JSON string. Pure, and the pump's hottest loop: see tests/bench. */

/*
 * Escapes bytes up to the first that is not UTF-8, or not a whole character, and stores their
 * number in *used. Needs 6 * n + 64 bytes at dst. Returns the bytes written.
 */
size_t escape(char *dst, const uint8_t *src, size_t n, size_t *used);

/* What people are shown of noise: runs of text of some length, with one U+FFFD for all between.
 * Same room at dst. */
size_t escape_gist(char *dst, const uint8_t *src, size_t n);

/* How many control characters there are that text and terminal sequences don't use. */
size_t escape_odd(const uint8_t *src, size_t n);

#endif
