/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump: no privilege, one append-only descriptor. Distrusts the disk: a write may take for ever. */
#include "pump/recording_writer.h"

#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* A thread that makes four kinds of calls needs little; glibc's own share included. */
#define STACK_SIZE (64u << 10)

#define TAKE_LEAST (16u << 10) /* bytes of the disk's space: what is less is not worth a call */

/* Semaphores, since they cost a system call only when somebody sleeps behind them. */
struct recording_writer {
	pthread_t thread;
	sem_t given, done; /* a job, or the end; a job's end */
	bool is_busy;      /* the session's word: a job was given and not taken back */
	bool quit;
	struct writer_job job;
};

/*
 * fallocate(2) is the one call after which a write can't meet a full disk or a quota. Where there is
 * no room for all that is wanted, half of it is tried, and half of that.
 */
static int
take_space(struct writer_job *job)
{
	uint64_t n = job->wanted > job->taken ? job->wanted - job->taken : 0;
	int error = 0;

	while (n > 0) {
		if (fallocate(job->fd, FALLOC_FL_KEEP_SIZE, (off_t)job->taken, (off_t)n) == 0) {
			job->taken += n;
			return 0;
		}
		if (errno == EINTR)
			continue;
		error = -errno;
		if (error != -ENOSPC && error != -EDQUOT)
			return error;
		n = n / 2 >= TAKE_LEAST ? n / 2 : 0;
	}
	return job->taken < job->least ? error : 0;
}

void
writer_run(struct writer_job *job)
{
	job->written = 0;
	job->error = 0;
	job->take_error = take_space(job);
	while (job->written < job->n && job->error == 0) {
		ssize_t put = io_write(job->fd, job->bytes + job->written, job->n - job->written);

		if (put > 0)
			job->written += (size_t)put;
		else
			job->error = put < 0 ? (int)put : -EIO;
	}
	if (job->error == 0 && job->sync && fdatasync(job->fd) < 0)
		job->error = -errno;
}

static void
wait_for(sem_t *sem)
{
	while (sem_wait(sem) != 0)
		;
}

static void *
writer_thread(void *arg)
{
	struct recording_writer *w = arg;

	for (;;) {
		wait_for(&w->given);
		if (w->quit)
			return NULL;
		writer_run(&w->job);
		sem_post(&w->done);
	}
}

/* Returns 0 or an errno value. */
static int
thread_start(struct recording_writer *w)
{
	pthread_attr_t attr;
	sigset_t all, before;
	int error = pthread_attr_init(&attr);

	if (error)
		return error;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_attr_setstacksize(&attr, STACK_SIZE);
	if (error == 0)
		error = pthread_create(&w->thread, &attr, writer_thread, w);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return error;
}

struct recording_writer *
recording_writer_new(void)
{
	struct recording_writer *w = calloc(1, sizeof *w);
	struct writer_job job = {.fd = -1};

	if (!w)
		return NULL;
	sem_init(&w->given, 0, 0);
	sem_init(&w->done, 0, 0);
	errno = thread_start(w);
	if (errno) {
		free(w);
		return NULL;
	}
	/* Its first steps make other calls than the later ones: behind an empty job it has made them. */
	writer_start(w, &job);
	while (!writer_finish(w, &job, INT64_C(1000000000)))
		;
	return w;
}

void
recording_writer_free(struct recording_writer *w)
{
	struct writer_job job;

	if (!w || (w->is_busy && !writer_finish(w, &job, 0)))
		return;
	w->quit = true;
	sem_post(&w->given);
	pthread_join(w->thread, NULL);
	sem_destroy(&w->given);
	sem_destroy(&w->done);
	free(w);
}

void
writer_start(struct recording_writer *w, const struct writer_job *job)
{
	w->job = *job;
	w->is_busy = true;
	sem_post(&w->given);
}

static bool
is_done(struct recording_writer *w, int64_t wait_ns)
{
	int64_t until = wait_ns > 0 ? io_now_ns() + wait_ns : 0;
	struct timespec t = {until / 1000000000, until % 1000000000};

	if (sem_trywait(&w->done) == 0)
		return true;
	if (wait_ns <= 0)
		return false;
	while (sem_clockwait(&w->done, CLOCK_MONOTONIC, &t) != 0)
		if (errno != EINTR)
			return false;
	return true;
}

int
writer_finish(struct recording_writer *w, struct writer_job *job, int64_t wait_ns)
{
	if (w->is_busy && !is_done(w, wait_ns))
		return 0;
	w->is_busy = false;
	*job = w->job;
	return 1;
}
