/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef REPLAY_UNITS_H
#define REPLAY_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* Numbers for people. Both return buf; size >= UNITS_TEXT. */
#define UNITS_TEXT 32

/* "512", "1.5K", "340M": powers of 1024. */
const char *units_bytes(uint64_t n, char *buf, size_t size);
/* "2026-11-22 13:05" in the local time zone, "-" for 0. */
const char *units_time(int64_t seconds, char *buf, size_t size);

/* "10G", "500M", "4096": returns 0 or -EINVAL. */
int units_parse_bytes(const char *text, uint64_t *n);

#endif
