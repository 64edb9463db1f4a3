/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Launcher, about to become the monitor. */
#include "monitor/children.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "common/io.h"
#include "monitor/guard.h"
#include "monitor/monitor.h"
#include "monitor/rlimits.h"
#include "monitor/session.h"
#include "monitor/spawn.h"
#include "proto/channel.h"

int
children_connect(struct monitor *m, struct session *s)
{
	int r;

	if (m->mode == MONITOR_PIPES) {
		r = pipes_make(&m->pipes);
		for (int fd = 0; r == 0 && fd < 3; fd++)
			s->shell.stdio[fd] = m->pipes.shell_fd[fd];
		return r;
	}
	r = terminal_make(&m->terminal, s->shell.user, s->service);
	if (r < 0) {
		terminal_close(&m->terminal);
		return r;
	}
	s->shell.pts_fd = m->terminal.pts_fd;
	for (int fd = 0; fd < 3; fd++)
		if (isatty(fd))
			s->shell.stdio[fd] = m->terminal.pts_fd;
	return 0;
}

static int
start_pump(struct monitor *m, const struct session *s)
{
	bool pipes = m->mode == MONITOR_PIPES;
	int pair[2] = {-1, -1}, null_fd, r;
	pid_t pid;

	r = channel_pair(pair);
	if (r < 0)
		return r;
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fds[PUMP_FDS] = {
	    [PUMP_IN] = pipes ? STDIN_FILENO : m->terminal.outer_fd,
	    [PUMP_OUT] = pipes ? STDOUT_FILENO : m->terminal.outer_fd,
	    [PUMP_ERR] = pipes ? STDERR_FILENO : null_fd,
	    [PUMP_MONITOR] = pair[1],
	    [PUMP_RECORDING] = m->recording_fd >= 0 ? m->recording_fd : null_fd,
	    [PUMP_PTM] = pipes ? m->pipes.pump_fd[0] : m->terminal.ptm_fd,
	    [PUMP_PTS] = pipes ? m->pipes.pump_fd[1] : m->terminal.pts_fd,
	    [PUMP_PIPE_ERR] = pipes ? m->pipes.pump_fd[2] : null_fd,
	};
	pid = spawn_pump(s->pump, pipes ? "pipes" : "terminal", fds, s->service);
	io_close(&null_fd);
	io_close(&pair[1]);
	if (pid < 0) {
		io_close(&pair[0]);
		return pid;
	}
	m->pump = pid;
	m->channel_fd = pair[0];
	return 0;
}

/* Each setting is a CONFIG_CHANGE record, so only a change is one. */
static int
set_flag(struct monitor *m, struct trail_flag *now, const struct trail_flag *wanted)
{
	int r;

	if (m->trail.fd < 0 ||
	    (now->enabled == wanted->enabled && now->log_passwd == wanted->log_passwd))
		return 0;
	r = trail_flag_set(&m->trail, wanted);
	if (r == 0)
		*now = *wanted;
	return r;
}

static int
start_shell(struct monitor *m, const struct session *s, int gate[2])
{
	pid_t pid;

	if (pipe2(gate, O_CLOEXEC) != 0)
		return -errno;
	pid = spawn_shell(&s->shell, gate);
	io_close(&gate[0]);
	if (pid < 0)
		return pid;
	m->shell = pid;
	return 0;
}

/*
 * The group that ends with the shell, should the monitor be killed: the shell's own on its terminal;
 * without one that of the session, if sshd or the like began it for this one command.
 */
static int
start_guard(struct monitor *m, const struct session *s)
{
	const struct guard g = {
	    .service = s->service,
	    .user = s->shell.user,
	    .shell = m->shell,
	    .group = m->mode == MONITOR_TERMINAL ? m->shell
		     : getsid(0) == getpid()     ? getpgrp()
						 : 0,
	    .pump_pid = m->pump,
	    .recording_fd = m->recording_fd,
	};

	return guard_start(&g, &m->guard_fd);
}

/*
 * The kernel's own TTY auditing goes by a flag that is inherited: off for the
 * pump, which reads the outer terminal in raw mode, passwords included; for
 * the shell as it came in; on for the monitor, or AUDIT_USER_TTY is refused.
 */
int
children_start(struct monitor *m, struct session *s, const struct trail_flag *came_in, int gate[2])
{
	const struct trail_flag off = {0}, on = {.enabled = 1};
	bool by_kernel = s->conf.audit != CONF_AUDIT_NONE &&
			 (s->conf.input == CONF_INPUT_KERNEL || m->mode == MONITOR_CONSOLE);
	struct trail_flag now = *came_in;
	int r = set_flag(m, &now, &off);

	s->shell.oom_score_adj = rlimits_oom_lower();
	if (r == 0 && monitor_relays(m))
		r = start_pump(m, s);
	if (r == 0)
		r = set_flag(m, &now, by_kernel ? &on : came_in);
	if (r == 0)
		r = start_shell(m, s, gate);
	if (r == 0)
		r = start_guard(m, s);
	return r == 0 ? set_flag(m, &now, &on) : r;
}

void
children_disconnect(struct monitor *m)
{
	int null_fd = m->mode == MONITOR_TERMINAL ? -1 : open("/dev/null", O_RDWR | O_CLOEXEC);

	if (m->mode == MONITOR_PIPES)
		pipes_close(&m->pipes);
	terminal_close(&m->terminal);
	for (int fd = 0; null_fd >= 0 && fd < 3; fd++)
		(void)dup2(null_fd, fd);
	io_close(&null_fd);
}
