/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMMON_BASE64_H
#define COMMON_BASE64_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Base64 as RFC 4648 section 4 has it: padded, on one line. */

/* The length of n bytes in base64, without a NUL. */
#define BASE64_LEN(n) (((n) + 2) / 3 * 4)

/* Writes BASE64_LEN(n) characters to dst, no NUL. Returns that length. */
size_t base64_encode(char *dst, const uint8_t *src, size_t n);

/*
 * Writes at most n / 4 * 3 bytes to dst, which may be src itself. Returns their number, or -EINVAL
 * when src is not exactly what base64_encode writes (no white space, no missing padding, no stray
 * bits).
 */
ssize_t base64_decode(uint8_t *dst, const char *src, size_t n);

#endif
