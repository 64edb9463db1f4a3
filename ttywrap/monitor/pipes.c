/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launcher. Makes the pipes and never reads one. */
#include "monitor/pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/io.h"

/* An error or a hangup, and nothing else: both are always reported. */
static int
watch(int fd)
{
	int epoll_fd = epoll_create1(EPOLL_CLOEXEC);

	if (epoll_fd >= 0 && epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &(struct epoll_event){0}) != 0)
		io_close(&epoll_fd);
	return epoll_fd;
}

int
pipes_make(struct pipes *p)
{
	for (int k = 0; k < 3; k++)
		p->shell_fd[k] = p->pump_fd[k] = -1;
	p->reader_fd[0] = watch(STDOUT_FILENO);
	p->reader_fd[1] = watch(STDERR_FILENO);
	for (int k = 0; k < 3; k++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) != 0)
			return -errno;
		p->shell_fd[k] = ends[k == 0 ? 0 : 1];
		p->pump_fd[k] = ends[k == 0 ? 1 : 0];
		if (fcntl(p->pump_fd[k], F_SETFL, O_NONBLOCK) != 0)
			return -errno;
	}
	return 0;
}

void
pipes_close(struct pipes *p)
{
	for (int k = 0; k < 3; k++) {
		io_close(&p->shell_fd[k]);
		io_close(&p->pump_fd[k]);
	}
}

bool
pipes_readers_gone(struct pipes *p)
{
	bool gone = false;

	for (int k = 0; k < 2; k++) {
		struct pollfd ask = {.fd = p->reader_fd[k], .events = POLLIN};

		if (ask.fd >= 0 && poll(&ask, 1, 0) > 0) {
			io_close(&p->reader_fd[k]);
			gone = true;
		}
	}
	return gone && p->reader_fd[0] < 0 && p->reader_fd[1] < 0;
}
