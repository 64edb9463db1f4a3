/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pump: no privilege. Distrusts nothing: it packs what encode.c has made.
 *
 * A session's memory counts for more than its last percent of size: at level 3 this is 1.3 MB instead of 2.0, and
 * 0.232 instead of 0.228 of the bytes. Frames carry a checksum, so that damage is told from a torn end.
 */
#include "pump/recording_zstd.h"

#include <errno.h>
#include <stdlib.h>
#include <zstd.h>

#define WINDOW_LOG 18
#define TABLE_LOG  15

struct sink_packer {
	ZSTD_CCtx *zstd;
};

static int
is_set(struct sink_packer *p, ZSTD_cParameter which, int value)
{
	return !ZSTD_isError(ZSTD_CCtx_setParameter(p->zstd, which, value));
}

struct sink_packer *
packer_new(int level)
{
	struct sink_packer *p = calloc(1, sizeof *p);

	if (!p)
		return NULL;
	p->zstd = ZSTD_createCCtx();
	if (!p->zstd || !is_set(p, ZSTD_c_compressionLevel, level) ||
	    !is_set(p, ZSTD_c_windowLog, WINDOW_LOG) || !is_set(p, ZSTD_c_hashLog, TABLE_LOG) ||
	    !is_set(p, ZSTD_c_chainLog, TABLE_LOG) || !is_set(p, ZSTD_c_checksumFlag, 1)) {
		packer_free(p);
		errno = ENOMEM;
		return NULL;
	}
	return p;
}

void
packer_free(struct sink_packer *p)
{
	if (!p)
		return;
	ZSTD_freeCCtx(p->zstd);
	free(p);
}

/* Up to a block (128 KiB) may still be inside from earlier calls. */
size_t
packer_room(size_t n)
{
	return ZSTD_compressBound(n + (128u << 10));
}

ssize_t
packer_put(
    struct sink_packer *p, char *dst, size_t room, const char *src, size_t n, enum packer_end end)
{
	static const ZSTD_EndDirective how[] = {ZSTD_e_continue, ZSTD_e_flush, ZSTD_e_end};
	ZSTD_outBuffer out = {dst, room, 0};
	ZSTD_inBuffer in = {src, n, 0};
	size_t left;

	do {
		left = ZSTD_compressStream2(p->zstd, &out, &in, how[end]);
		if (ZSTD_isError(left))
			return -EIO;
	} while (in.pos < n || (end != PACKER_GOES_ON && left > 0 && out.pos < room));
	return end != PACKER_GOES_ON && left > 0 ? -EIO : (ssize_t)out.pos;
}
