/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Replay, an ordinary user's program. Reads nothing of what it waits for but signals and inotify's
 * events. */
#include "replay/wait.h"

#include "common/io.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

enum {
	SIGNALS,
	TIMER,
	NOTIFY,
	KEYS,
	OUTPUT,
	SOURCES
};

static int
open_signals(struct wait *w)
{
	static const int numbers[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGCONT, SIGWINCH};
	sigset_t set, blocked;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		sigaddset(&set, numbers[i]);
	w->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (w->signal_fd < 0)
		return -errno;
	blocked = set;
	sigaddset(&blocked, SIGTTOU); /* the terminal is put back even from the background */
	return sigprocmask(SIG_BLOCK, &blocked, &w->was) == 0 ? 0 : -errno;
}

int
wait_open(struct wait *w, bool signals)
{
	int error;

	w->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (w->timer_fd < 0)
		return -errno;
	error = signals ? open_signals(w) : 0;
	if (error)
		wait_close(w);
	return error;
}

void
wait_close(struct wait *w)
{
	if (w->signal_fd >= 0)
		sigprocmask(SIG_SETMASK, &w->was, NULL);
	io_close(&w->signal_fd);
	io_close(&w->timer_fd);
	io_close(&w->notify_fd);
}

int
wait_watch(struct wait *w, int fd)
{
	char path[32];

	w->notify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->notify_fd < 0)
		return -errno;
	/* By descriptor: the name may mean another file by now. */
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	return inotify_add_watch(w->notify_fd, path, IN_MODIFY | IN_CLOSE_WRITE) < 0 ? -errno : 0;
}

static void
read_notify(struct wait *w, struct wait_news *news)
{
	_Alignas(struct inotify_event) char buf[4096];
	ssize_t n;

	while ((n = io_read(w->notify_fd, buf, sizeof buf)) > 0)
		for (char *p = buf; p < buf + n;) {
			struct inotify_event *e = (struct inotify_event *)p;

			news->grown |= (e->mask & (IN_MODIFY | IN_Q_OVERFLOW)) != 0;
			news->closed |= (e->mask & IN_CLOSE_WRITE) != 0;
			p += sizeof *e + e->len;
		}
}

static void
arm_timer(struct wait *w, int64_t until_ns)
{
	struct itimerspec t = {0};

	if (until_ns != INT64_MAX) {
		until_ns = until_ns < 1 ? 1 : until_ns; /* 0 would disarm */
		t.it_value.tv_sec = until_ns / 1000000000;
		t.it_value.tv_nsec = until_ns % 1000000000;
	}
	timerfd_settime(w->timer_fd, TFD_TIMER_ABSTIME, &t, NULL);
}

int
wait_for(struct wait *w, const struct term *t, int64_t until_ns, struct wait_news *news)
{
	struct pollfd p[SOURCES] = {
	    [SIGNALS] = {.fd = w->signal_fd, .events = POLLIN},
	    [TIMER] = {.fd = w->timer_fd, .events = POLLIN},
	    [NOTIFY] = {.fd = w->notify_fd, .events = POLLIN},
	    [KEYS] = {.fd = t->in_fd, .events = POLLIN},
	    [OUTPUT] = {.fd = t->out.len > 0 ? t->out_fd : -1, .events = POLLOUT},
	};
	struct signalfd_siginfo info;

	memset(news, 0, sizeof *news);
	arm_timer(w, until_ns);
	if (poll(p, SOURCES, -1) < 0)
		return errno == EINTR ? 0 : -errno;
	if (p[SIGNALS].revents && io_read(w->signal_fd, &info, sizeof info) == sizeof info)
		news->signal = (int)info.ssi_signo;
	if (p[NOTIFY].revents)
		read_notify(w, news);
	news->keys = p[KEYS].revents & POLLIN;
	news->gone = (p[KEYS].revents | p[OUTPUT].revents) & (POLLHUP | POLLERR | POLLNVAL);
	return 0;
}
