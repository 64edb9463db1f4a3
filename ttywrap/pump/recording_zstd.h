/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_RECORDING_ZSTD_H
#define PUMP_RECORDING_ZSTD_H

#include <stddef.h>
#include <sys/types.h>

struct sink_packer;

/* level 1..19. Returns NULL and sets errno: ENOSYS when this machine has no libzstd. */
struct sink_packer *packer_new(int level);
void packer_free(struct sink_packer *);

/* Room that packing n bytes may need at dst, the end of a frame included. */
size_t packer_room(size_t n);

enum packer_end {
	PACKER_GOES_ON,
	PACKER_FLUSH,
	PACKER_END
};

/* Packs n bytes; dst has packer_room(n). Returns the bytes written there, or -errno. */
ssize_t packer_put(
    struct sink_packer *, char *dst, size_t room, const char *src, size_t n, enum packer_end end);

#endif
