/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launcher. Makes the pipes and never reads one. */
#include "monitor/pipes.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/io.h"

int
pipes_make(struct pipes *p)
{
	for (int k = 0; k < 3; k++)
		p->shell_fd[k] = p->pump_fd[k] = -1;
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
