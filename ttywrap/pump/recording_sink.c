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
#define PACKED_SIZE   (1u << 20)
#define PACKED_INSIDE (2 * packer_room(0))

int
sink_init(struct sink *s, int fd, int level, struct recording_writer *writer)
{
	memset(s, 0, sizeof *s);
	s->fd = fd;
	s->writer = writer;
	s->taken = UINT64_MAX;
	blake2b_init(&s->hash);
	s->size = level > 0 ? PACKED_SIZE : SINK_SIZE;
	s->buf =
	    mmap(NULL, 2 * s->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
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
		munmap(s->buf, 2 * s->size);
	if (!s->is_busy)
		io_close(&s->fd);
	free(s->stage);
	packer_free(s->packer);
	s->buf = s->stage = NULL;
	s->packer = NULL;
	errno = saved;
}

/* In a small file the space is taken in small pieces: there may be many of them. */
#define AHEAD       (1u << 20)
#define AHEAD_SMALL (128u << 10)
#define SHORT_STEP  (16u << 10) /* on a disk that is nearly full */

static size_t
ahead(const struct sink *s)
{
	return s->queued < AHEAD ? AHEAD_SMALL : AHEAD;
}

void
sink_take_space(struct sink *s, size_t least, uint64_t limit)
{
	s->space = SPACE_TAKEN;
	s->taken = 0;
	s->limit = limit;
	s->least = s->packer ? PACKED_INSIDE + least + least / 16 : least;
}

/* A sink_write is due for space alone. */
static int
space_is_due(const struct sink *s)
{
	uint64_t left = s->taken - s->queued;

	return s->space == SPACE_TAKEN && left < s->least + ahead(s) / 2 &&
	       (left < s->least || s->queued >= s->short_at);
}

void
sink_leave_space(struct sink *s)
{
	s->space = SPACE_UNKNOWN;
	s->taken = UINT64_MAX;
	s->space_error = 0;
}

/* What the file system says that has no such thing, or only sometimes. */
static int
is_unable(int error)
{
	return error == -EOPNOTSUPP || error == -ENOSYS || error == -EINVAL || error == -ENODEV ||
	       error == -ESPIPE;
}

static void
want_space(const struct sink *s, struct writer_job *job)
{
	uint64_t least = s->queued + s->least, wanted = least + ahead(s);

	job->taken = s->taken;
	job->least = least;
	job->wanted = wanted < s->limit ? wanted : s->limit;
}

static void
space_done(struct sink *s, const struct writer_job *job)
{
	if (job->wanted == 0 || s->space != SPACE_TAKEN)
		return;
	s->taken = job->taken;
	s->space_error = job->take_error == 0 && job->taken < job->least ? -EFBIG : job->take_error;
	s->short_at = job->taken < job->wanted ? s->queued + SHORT_STEP : 0;
	if (is_unable(job->take_error)) {
		sink_leave_space(s);
		s->space = SPACE_THROUGH;
	}
}

int
sink_is_through(const struct sink *s, int sync)
{
	if (s->space != SPACE_THROUGH)
		return 1;
	return s->settled == s->offset && (!sync || s->synced == s->queued);
}

uint64_t
sink_unwritten(const struct sink *s)
{
	return s->packer ? s->offset - s->settled : s->offset - s->written;
}

size_t
sink_waiting(const struct sink *s)
{
	return (size_t)(s->queued - s->written);
}

static size_t
need_of(const struct sink *s, size_t n)
{
	return s->packer ? packer_room(n) : n;
}

size_t
sink_room(const struct sink *s, size_t n)
{
	size_t here = (s->size - sink_waiting(s)) / need_of(s, n);
	uint64_t left = s->taken - s->queued, there;

	/* packer_room() for many at once: a block that is inside may come out, and another may be there then. */
	if (s->packer)
		there = left < PACKED_INSIDE ? 0 : (left - PACKED_INSIDE) / (n + n / 64 + 1);
	else
		there = left / n;
	return here < there ? here : (size_t)there;
}

static char *
front_end(const struct sink *s)
{
	return s->buf + (size_t)s->front * s->size + s->half[s->front].end;
}

static size_t
front_room(const struct sink *s)
{
	return s->size - s->half[s->front].end;
}

char *
sink_reserve(struct sink *s, size_t n)
{
	size_t need = need_of(s, n);

	if (n > SINK_LINES || s->taken - s->queued < need || s->size - sink_waiting(s) < need)
		return NULL;
	return s->packer ? s->stage : front_end(s);
}

static void
put(struct sink *s, size_t n)
{
	s->half[s->front].end += n;
	s->queued += n;
}

int
sink_commit(struct sink *s, size_t n)
{
	const char *made = s->packer ? s->stage : front_end(s);
	ssize_t packed = (ssize_t)n;

	blake2b_update(&s->hash, made, n);
	s->offset += n;
	if (s->packer)
		packed =
		    packer_put(s->packer, front_end(s), front_room(s), made, n, PACKER_GOES_ON);
	s->unpacked = s->in_frame = s->packer != NULL;
	if (packed < 0)
		return (int)packed;
	put(s, (size_t)packed);
	return 0;
}

int
sink_pack(struct sink *s, int end_frame)
{
	ssize_t packed;

	if (!s->unpacked && !(end_frame && s->in_frame))
		return 0;
	if (!sink_reserve(s, 0))
		return -EAGAIN;
	packed = packer_put(
	    s->packer, front_end(s), front_room(s), NULL, 0, end_frame ? PACKER_END : PACKER_FLUSH);
	if (packed < 0)
		return (int)packed;
	s->unpacked = 0;
	s->in_frame = !end_frame;
	put(s, (size_t)packed);
	return 0;
}

/* What is in the other half, or if that is empty, all there is: the halves change places. */
static struct writer_job
job_next(struct sink *s, int sync, int space)
{
	int back = !s->front;
	struct writer_job job = {.fd = s->fd, .sync = sync};

	if (s->half[back].end == 0) {
		back = s->front;
		s->front = !back;
	}
	job.bytes = s->buf + (size_t)back * s->size + s->half[back].start;
	job.n = s->half[back].end - s->half[back].start;
	if (space)
		want_space(s, &job);
	return job;
}

/* Returns the job's error. */
static int
job_done(struct sink *s, const struct writer_job *job)
{
	int back = !s->front;

	s->is_busy = 0;
	s->half[back].start += job->written;
	s->written += job->written;
	if (s->half[back].start == s->half[back].end)
		s->half[back].start = s->half[back].end = 0;
	if (s->written == s->queued)
		s->front = 0; /* a session that writes little needs one half's pages */
	if (job->sync && job->error == 0)
		s->synced = s->written;
	if (s->written == s->queued && !s->unpacked)
		s->settled = s->offset;
	space_done(s, job);
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
	int error = 0;

	for (int space = space_is_due(s); error == 0 && (space || has_job(s, sync)); space = 0) {
		struct writer_job job = job_next(s, sync, space);

		writer_run(&job);
		error = job_done(s, &job);
	}
	return error ? error : s->space_error;
}

int
sink_collect(struct sink *s, int64_t wait_ns)
{
	struct writer_job job;

	return s->is_busy && writer_finish(s->writer, &job, wait_ns) ? job_done(s, &job) : 0;
}

int
sink_is_due(const struct sink *s)
{
	size_t enough = s->writer ? SINK_WAKE : SINK_FLUSH;

	return !s->is_busy && (sink_waiting(s) >= enough || space_is_due(s));
}

int
sink_write(struct sink *s, int sync, int64_t wait_ns)
{
	struct writer_job job;
	int error;

	if (!s->writer)
		return write_here(s, sync);
	error = sink_collect(s, wait_ns);
	if (!s->is_busy && (has_job(s, sync) || space_is_due(s))) {
		job = job_next(s, sync, space_is_due(s));
		writer_start(s->writer, &job);
		s->is_busy = 1;
	}
	return error ? error : s->space_error;
}
