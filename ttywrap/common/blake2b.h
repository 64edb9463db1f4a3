/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMMON_BLAKE2B_H
#define COMMON_BLAKE2B_H

#include <stddef.h>
#include <stdint.h>

/*
 * BLAKE2b with a digest of 256 bits and no key (RFC 7693): what `b2sum -l 256` computes.
 * A state can be copied by assignment, and be asked for its digest without an end to it.
 */

#define BLAKE2B_LEN 32
#define BLAKE2B_HEX (2 * BLAKE2B_LEN) /* in lower-case hex, without a NUL */

struct blake2b {
	uint64_t h[8];
	uint64_t count; /* bytes hashed; those in block are not counted yet */
	size_t filled;  /* of block */
	uint8_t block[128];
};

void blake2b_init(struct blake2b *);
void blake2b_update(struct blake2b *, const void *bytes, size_t n);

/* The digest of everything so far. The state stays as it is and can be updated further. */
void blake2b_digest(const struct blake2b *, uint8_t digest[BLAKE2B_LEN]);

/* The same as BLAKE2B_HEX characters and a NUL. */
void blake2b_hex(const struct blake2b *, char hex[BLAKE2B_HEX + 1]);

#endif
