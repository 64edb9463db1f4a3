/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump: no privilege, one append-only descriptor. Distrusts the disk: it may be full, slow, gone or
 * back again. */
#include "pump/recording_sink.h"

#include "common/io.h"
#include "pump/recording_writer.h"
#include "pump/recording_zstd.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A packer may bring out two blocks of 128 KiB for a line, so its buffer is larger. */
#define PACKED_SIZE (1u << 20)

/* Behind this the ring turns back to its start when there is room: what is written soon needs no more pages. */
#define TURN (64u << 10)

int
sink_init(struct sink *s, int fd, int level, struct recording_writer *writer)
{
	memset(s, 0, sizeof *s);
	s->fd = fd;
	s->writer = writer;
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
	struct writer_job job;

	if (s->is_busy && writer_finish(s->writer, &job, 0))
		s->is_busy = 0;
	if (s->buf && !s->is_busy)
		munmap(s->buf, s->size);
	if (!s->is_busy)
		io_close(&s->fd);
	free(s->stage);
	packer_free(s->packer);
	s->buf = s->stage = NULL;
	s->packer = NULL;
	errno = saved;
}

static size_t
need_of(const struct sink *s, size_t n)
{
	return s->packer ? packer_room(n) : n;
}

/* The ring's free parts: behind end, and before start. Neither is ever filled to its last byte. */
size_t
sink_room(const struct sink *s, size_t n)
{
	size_t need = need_of(s, n) + 1;

	if (s->is_wrapped)
		return (s->start - s->end) / need;
	return (s->size - s->end) / need + s->start / need;
}

size_t
sink_flush(const struct sink *s)
{
	return s->writer ? SINK_WAKE : SINK_FLUSH;
}

char *
sink_reserve(struct sink *s, size_t n)
{
	size_t need = need_of(s, n) + 1;

	if (n > SINK_LINES)
		return NULL;
	if (!s->is_wrapped && s->start >= need && (s->end >= TURN || s->size - s->end < need)) {
		s->wrap = s->end;
		s->end = 0;
		s->is_wrapped = 1;
	}
	if ((s->is_wrapped ? s->start : s->size) - s->end < need)
		return NULL;
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

size_t
sink_waiting(const struct sink *s)
{
	return (size_t)(s->queued - s->written);
}

/* What lies in one piece from start on. */
static struct writer_job
job_next(const struct sink *s, int sync)
{
	size_t to = s->is_wrapped ? s->wrap : s->end;

	return (struct writer_job){
	    .fd = s->fd, .bytes = s->buf + s->start, .n = to - s->start, .sync = sync};
}

/* Returns the job's error. */
static int
job_done(struct sink *s, const struct writer_job *job)
{
	s->is_busy = 0;
	s->start += job->written;
	s->written += job->written;
	if (s->is_wrapped && s->start == s->wrap)
		s->start = s->is_wrapped = 0;
	if (!s->is_wrapped && s->start == s->end)
		s->start = s->end = 0;
	if (job->sync && job->error == 0)
		s->synced = s->written;
	return job->error;
}

static int
has_job(const struct sink *s, int sync)
{
	return sink_waiting(s) > 0 || (sync && s->synced < s->written);
}

static int
write_here(struct sink *s, int sync)
{
	while (has_job(s, sync)) {
		struct writer_job job = job_next(s, sync);
		int error;

		writer_run(&job);
		error = job_done(s, &job);
		if (error)
			return error;
	}
	return 0;
}

int
sink_write(struct sink *s, int sync, int64_t wait_ns)
{
	struct writer_job job;
	int error = 0;

	if (!s->writer)
		return write_here(s, sync);
	if (s->is_busy && writer_finish(s->writer, &job, wait_ns))
		error = job_done(s, &job);
	if (!s->is_busy && has_job(s, sync)) {
		job = job_next(s, sync);
		writer_start(s->writer, &job);
		s->is_busy = 1;
	}
	return error;
}
