/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump: no privilege, one append-only descriptor. Distrusts the disk: a write may take for ever. */
#include "pump/recording_writer.h"

#include "common/io.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

/* A thread that makes four kinds of calls needs little; glibc's own share included. */
#define STACK_SIZE (64u << 10)

#define TAKE_LEAST (16u << 10) /* bytes of the disk's space: what is less is not worth a call */

struct recording_writer {
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum {
		IDLE,
		BUSY,
		QUIT
	} state;
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

static void *
writer_thread(void *arg)
{
	struct recording_writer *w = arg;

	pthread_mutex_lock(&w->lock);
	for (;;) {
		while (w->state == IDLE)
			pthread_cond_wait(&w->changed, &w->lock);
		if (w->state == QUIT)
			break;
		pthread_mutex_unlock(&w->lock);
		writer_run(&w->job);
		pthread_mutex_lock(&w->lock);
		w->state = IDLE;
		pthread_cond_broadcast(&w->changed);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
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
	pthread_condattr_t attr;

	if (!w)
		return NULL;
	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->changed, &attr);
	pthread_condattr_destroy(&attr);
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
	int stuck;

	if (!w)
		return;
	pthread_mutex_lock(&w->lock);
	stuck = w->state == BUSY;
	w->state = stuck ? BUSY : QUIT;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
	if (stuck)
		return;
	pthread_join(w->thread, NULL);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

void
writer_start(struct recording_writer *w, const struct writer_job *job)
{
	pthread_mutex_lock(&w->lock);
	w->job = *job;
	w->state = BUSY;
	pthread_mutex_unlock(&w->lock);
	/* Behind the lock, or the thread wakes up only to wait for it. */
	pthread_cond_broadcast(&w->changed);
}

int
writer_finish(struct recording_writer *w, struct writer_job *job, int64_t wait_ns)
{
	int64_t until = wait_ns > 0 ? io_now_ns() + wait_ns : 0;
	struct timespec t = {until / 1000000000, until % 1000000000};
	int done, late = wait_ns <= 0;

	pthread_mutex_lock(&w->lock);
	while (w->state == BUSY && !late)
		late = pthread_cond_timedwait(&w->changed, &w->lock, &t) != 0;
	done = w->state != BUSY;
	if (done)
		*job = w->job;
	pthread_mutex_unlock(&w->lock);
	return done;
}
