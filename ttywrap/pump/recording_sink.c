/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump: no privilege, one append-only descriptor. Distrusts the disk: it may be full, slow, gone or
 * back again. */
#include "pump/recording_sink.h"

#include "common/io.h"
#include "pump/recording_zstd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A packer may bring out two blocks of 128 KiB for a line; so much is kept free for it, and the
 * buffer is larger. */
#define PACKED_SIZE (1u << 20)
#define PACKED_KEPT (512u << 10)

int
sink_init(struct sink *s, int fd, int level)
{
	memset(s, 0, sizeof *s);
	s->fd = fd;
	blake2b_init(&s->hash);
	s->size = level > 0 ? PACKED_SIZE : SINK_SIZE;
	s->buf = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->buf == MAP_FAILED) {
		s->buf = NULL;
		goto fail;
	}
	if (level == 0)
		return 0;
	s->stage = malloc(SINK_LINES);
	s->packer = packer_new(level);
	if (s->stage && s->packer)
		return 0;
fail:
	sink_clear(s);
	return -errno;
}

void
sink_clear(struct sink *s)
{
	int saved = errno;

	if (s->buf)
		munmap(s->buf, s->size);
	free(s->stage);
	packer_free(s->packer);
	io_close(&s->fd);
	s->buf = s->stage = NULL;
	s->packer = NULL;
	errno = saved;
}

static size_t
sink_free(const struct sink *s)
{
	return s->size - (s->end - s->start);
}

size_t
sink_room(const struct sink *s)
{
	size_t kept = s->packer ? PACKED_KEPT : 0;

	return sink_free(s) > kept ? sink_free(s) - kept : 0;
}

static void
sink_compact(struct sink *s)
{
	memmove(s->buf, s->buf + s->start, s->end - s->start);
	s->end -= s->start;
	s->start = 0;
}

char *
sink_reserve(struct sink *s, size_t n)
{
	size_t need = s->packer ? packer_room(n) : n;

	if (n > SINK_LINES || need > sink_free(s))
		return NULL;
	if (s->size - s->end < need)
		sink_compact(s);
	return s->packer ? s->stage : s->buf + s->end;
}

int
sink_commit(struct sink *s, size_t n)
{
	const char *made = s->packer ? s->stage : s->buf + s->end;
	ssize_t packed = (ssize_t)n;

	blake2b_update(&s->hash, made, n);
	s->offset += n;
	if (s->packer)
		packed = packer_put(
		    s->packer, s->buf + s->end, s->size - s->end, made, n, PACKER_GOES_ON);
	s->unpacked = s->packer != NULL;
	if (packed < 0)
		return (int)packed;
	s->end += (size_t)packed;
	s->queued += (uint64_t)packed;
	return 0;
}

int
sink_pack(struct sink *s, int end_frame)
{
	ssize_t packed;

	if (!s->unpacked)
		return 0;
	if (!sink_reserve(s, 0))
		return -EAGAIN;
	packed = packer_put(s->packer, s->buf + s->end, s->size - s->end, NULL, 0,
	    end_frame ? PACKER_END : PACKER_FLUSH);
	if (packed < 0)
		return (int)packed;
	s->unpacked = 0;
	s->end += (size_t)packed;
	s->queued += (uint64_t)packed;
	return 0;
}

int
sink_write(struct sink *s)
{
	while (s->start < s->end) {
		ssize_t put = io_write(s->fd, s->buf + s->start, s->end - s->start);

		if (put < 0)
			return (int)put;
		if (put == 0)
			return -EIO;
		s->start += (size_t)put;
		s->written += (uint64_t)put;
	}
	s->start = s->end = 0;
	return 0;
}
