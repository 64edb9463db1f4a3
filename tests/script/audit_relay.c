/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Test program: the input pipeline on a real PTY, without privileges or sandbox.
 * Runs a program on a PTY of its own, relays stdin and stdout, and writes what
 * would be audited to descriptor FD, one JSON object a line. The end of stdin is
 * a hangup.
 *
 *	audit_relay FD PROGRAM [ARGUMENT...]
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <utmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/io.h"
#include "pump/input.h"
#include "pump/secret.h"
#include "pump/view.h"

enum {
	CHUNK = 4096
};

struct relay {
	int ptm_fd;
	int pts_fd;
	int child_fd; /* pidfd */
	FILE *log;
	struct input *in;
	struct view view;
	struct input_view last; /* the last look that was judged */
	char comm[32];          /* of the last look */
	uint8_t keys[CHUNK];    /* read from stdin, [at, len) not written yet */
	size_t at, len;
	bool keys_end;
	bool over;
};

static void
told(void *arg, const struct input_event *e)
{
	static const char *const kinds[] = {"data", "secret"};
	static const char *const reasons[] = {"no echo", "prompt", "process", "in doubt"};
	FILE *log = arg;

	fprintf(log, "{\"kind\": \"%s\", \"reason\": \"%s\", \"canonical\": %s, \"pgrp\": %d, ",
	    kinds[e->kind], reasons[e->reason], e->canonical ? "true" : "false", (int)e->pgrp);
	fprintf(log, "\"ns\": %lld, \"len\": %zu, \"data\": \"", (long long)e->last_ns, e->len);
	for (size_t i = 0; e->data != NULL && i < e->len; i++) {
		putc_unlocked("0123456789abcdef"[e->data[i] >> 4], log);
		putc_unlocked("0123456789abcdef"[e->data[i] & 15], log);
	}
	fprintf(log, "\", \"comm\": \"");
	for (const char *c = e->comm; *c != '\0'; c++)
		fprintf(log, *c >= ' ' && *c < 0177 && *c != '"' && *c != '\\' ? "%c" : "\\u%04x",
		    (unsigned char)*c);
	fprintf(log, "\"}\n");
	fflush(log);
}

/* The name of a process group's leader; the full program asks the monitor. */
static const char *
comm_read(pid_t pgrp, char comm[32])
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/comm", (int)pgrp);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd >= 0 ? io_read(fd, comm, 31) : -1;
	io_close(&fd);
	if (n <= 0)
		return NULL;
	comm[n - 1] = '\0';
	return comm;
}

static bool
look(struct relay *r, struct input_view *v)
{
	if (view_take(&r->view, v, true) != 0)
		return false;
	v->comm = comm_read(v->pgrp, r->comm);
	v->named = true;
	return true;
}

static void
judge(struct relay *r, const struct input_view *v)
{
	r->last = *v;
	input_observe(r->in, v);
}

static void
look_and_judge(struct relay *r)
{
	struct input_view v;

	if (look(r, &v))
		judge(r, &v);
}

/* Returns false when there was nothing. */
static bool
output_read(struct relay *r)
{
	uint8_t packet[1 + CHUNK];
	ssize_t n = io_read(r->ptm_fd, packet, sizeof packet);

	if (n <= 0)
		return false;
	if (packet[0] != TIOCPKT_DATA) {
		if (packet[0] & TIOCPKT_FLUSHREAD)
			input_flushed(r->in);
		return true;
	}
	input_output(r->in, packet + 1, (size_t)n - 1);
	(void)io_write_all(STDOUT_FILENO, packet + 1, (size_t)n - 1);
	return true;
}

static void
keys_write(struct relay *r)
{
	ssize_t put;

	look_and_judge(r);
	put = io_write(r->ptm_fd, r->keys + r->at, r->len - r->at);
	if (put > 0) {
		input_written(r->in, r->keys + r->at, (size_t)put, io_now_ns());
		r->at += (size_t)put;
	} else if (put != -EAGAIN)
		r->at = r->len;
}

static void
keys_read(struct relay *r)
{
	ssize_t n = io_read(STDIN_FILENO, r->keys, sizeof r->keys);

	r->keys_end = n <= 0;
	r->at = 0;
	r->len = n > 0 ? (size_t)n : 0;
	if (r->len > 0)
		keys_write(r);
	else
		(void)pidfd_send_signal(r->child_fd, SIGHUP, NULL, 0);
}

static int
wait_ms(const struct relay *r)
{
	int64_t at_ns = input_deadline_ns(r->in), now_ns = io_now_ns();

	if (at_ns < 0)
		return -1;
	return at_ns <= now_ns ? 0 : (int)((at_ns - now_ns + 999999) / 1000000);
}

static void
step(struct relay *r)
{
	bool idle = r->at == r->len;
	struct pollfd p[5] = {{r->ptm_fd, (short)(POLLIN | (idle ? 0 : POLLOUT)), 0},
	    {idle && !r->keys_end ? STDIN_FILENO : -1, POLLIN, 0}, {r->view.edge_fd, POLLIN, 0},
	    {r->child_fd, POLLIN, 0}, {r->view.read_fd, POLLIN, 0}};
	struct input_view v;
	bool seen;

	if (poll(p, 5, wait_ms(r)) < 0 && errno != EINTR)
		err(1, "poll");
	seen = look(r, &v);
	if (p[0].revents & (POLLIN | POLLPRI))
		(void)output_read(r);
	if (seen)
		judge(r, &v);
	if (p[0].revents & POLLOUT)
		keys_write(r);
	if (p[1].revents)
		keys_read(r);
	r->over = p[3].revents != 0;
}

static void
child_start(struct relay *r, char **argv)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	int on = 1;
	pid_t pid;

	if (openpty(&r->ptm_fd, &r->pts_fd, NULL, NULL, &size) < 0)
		err(1, "openpty");
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (pid == 0) {
		close(r->ptm_fd);
		login_tty(r->pts_fd);
		signal(SIGPIPE, SIG_DFL);
		execvp(argv[0], argv);
		err(127, "%s", argv[0]);
	}
	r->child_fd = pidfd_open(pid, 0);
	if (r->child_fd < 0 || ioctl(r->ptm_fd, TIOCPKT, &on) < 0 ||
	    fcntl(r->ptm_fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		err(1, "pty");
}

static void
finish(struct relay *r)
{
	struct input_view v;
	bool seen = look(r, &v);

	while (output_read(r))
		;
	if (seen && v.control)
		seen = look(r, &v);
	if (!seen || v.control) { /* as typed_end() */
		v = r->last;
		v.unread = 0;
		v.settled = true;
		v.changed = v.set = v.control = false;
	}
	input_end(r->in, &v);
}

int
main(int argc, char **argv)
{
	struct relay r = {.ptm_fd = -1, .pts_fd = -1, .child_fd = -1};
	struct secret *secret;
	char why[128];

	if (argc < 3)
		errx(2, "usage: audit_relay FD PROGRAM [ARGUMENT...]");
	signal(SIGPIPE, SIG_IGN);
	r.log = fdopen(atoi(argv[1]), "w");
	if (r.log == NULL)
		err(1, "descriptor %s", argv[1]);
	fcntl(fileno(r.log), F_SETFD, FD_CLOEXEC);
	if (secret_new(&secret, NULL, NULL, why, sizeof why) != 0)
		errx(1, "%s", why);
	child_start(&r, argv + 2);
	if (view_open(&r.view, r.ptm_fd, r.pts_fd) != 0 || !look(&r, &r.last))
		err(1, "view");
	r.in = input_new(&r.last, secret, told, r.log);
	if (r.in == NULL)
		err(1, NULL);
	while (!r.over)
		step(&r);
	finish(&r);
	input_free(r.in);
	secret_free(secret);
	view_close(&r.view);
	return 0;
}
