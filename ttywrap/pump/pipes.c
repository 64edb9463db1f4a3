/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, sandboxed. Moves bytes without looking at them. */
#include "pump/pipes.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>

#include "common/io.h"
#include "proto/channel.h"
#include "pump/relay.h"
#include "pump/sandbox.h"
#include "pump/witness.h"

/*
 * The original descriptors may be shared with anybody, so they stay blocking:
 * after POLLOUT a pipe or socket takes this much without waiting (pipe(7),
 * PIPE_BUF).
 */
#define CHUNK 4096

/* How long all else waits for one piece to be in the file first (witness_is_safe). */
#define SAFE_WAIT_NS 1000000

struct flow {
	int from, to; /* -1 once closed */
	uint8_t bytes[CHUNK];
	size_t at, len;
};

struct pipes {
	struct witness *witness;
	struct relay_end *end;
	struct flow flow[3]; /* indexed as standard input, output and error */
	bool stopped;        /* the command has ended */
	bool failed;
};

static void
flow_end(struct flow *f)
{
	io_close(&f->from);
	io_close(&f->to); /* the reader there sees the end, the writer here a broken pipe */
	f->at = f->len = 0;
}

static void
flow_write(struct flow *f, uint64_t *moved)
{
	ssize_t put = io_write(f->to, f->bytes + f->at, f->len - f->at);

	if (put == -EAGAIN)
		return;
	if (put < 0) {
		flow_end(f);
		return;
	}
	*moved += (uint64_t)put;
	f->at += (size_t)put;
}

static void
recording_failed(struct pipes *p, int error)
{
	p->end->why = END_RECORDING;
	p->end->error = -error;
	p->failed = true;
}

static void
flow_read(struct pipes *p, int k)
{
	struct flow *f = &p->flow[k];
	ssize_t got = io_read(f->from, f->bytes, sizeof f->bytes);
	int r;

	if (got == -EAGAIN)
		return;
	if (got <= 0) {
		flow_end(f);
		return;
	}
	f->at = 0;
	f->len = (size_t)got;
	r = k == 0 ? witness_typed(p->witness, io_now_ns(), f->bytes, f->len)
		   : witness_output(p->witness, io_now_ns(), f->bytes, f->len);
	if (r < 0)
		recording_failed(p, r);
}

static void
on_monitor(struct pipes *p)
{
	struct message msg;
	int got = channel_receive(PUMP_MONITOR, &msg);

	if (got == -EAGAIN)
		return;
	if (got <= 0)
		p->end->orphaned = true;
	else if (msg.head.type == MESSAGE_STOP) {
		p->end->exit = msg.body.stop.exit;
		p->stopped = true;
	} else if (msg.head.type == MESSAGE_FULL)
		witness_full(p->witness);
}

static void
on_signal(struct pipes *p)
{
	struct signalfd_siginfo info;

	while (io_read(PUMP_SIGNALS, &info, sizeof info) == sizeof info) {
		if (info.ssi_signo != SIGXCPU)
			continue;
		p->end->why = END_ERROR;
		p->end->error = ETIME;
		p->failed = true;
	}
}

static void
wait_for(struct pipes *p, struct pollfd set[8])
{
	int64_t now_ns = io_now_ns(), deadline_ns = witness_deadline_ns(p->witness), left_ns;
	bool waits = false;
	struct timespec t = {0};

	for (int k = 0; k < 3; k++) {
		struct flow *f = &p->flow[k];
		bool empty = f->at == f->len,
		     safe = empty || witness_is_safe(p->witness, now_ns, SAFE_WAIT_NS);

		waits |= !safe;
		set[k] = (struct pollfd){
		    .fd = empty && !witness_is_full(p->witness) ? f->from : -1, .events = POLLIN};
		set[3 + k] = (struct pollfd){.fd = empty || !safe ? -1 : f->to, .events = POLLOUT};
	}
	if (waits && (deadline_ns < 0 || deadline_ns > now_ns + SAFE_WAIT_NS))
		deadline_ns = now_ns + SAFE_WAIT_NS;
	left_ns = deadline_ns - now_ns;
	set[6] = (struct pollfd){.fd = PUMP_MONITOR, .events = POLLIN};
	if (witness_has_mail(p->witness))
		set[6].events |= POLLOUT;
	set[7] = (struct pollfd){.fd = PUMP_SIGNALS, .events = POLLIN};
	if (left_ns > 0)
		t = (struct timespec){
		    .tv_sec = left_ns / 1000000000, .tv_nsec = left_ns % 1000000000};
	(void)ppoll(set, 8, deadline_ns < 0 ? NULL : &t, NULL);
}

static void
step(struct pipes *p)
{
	struct pollfd set[8];
	int r;

	wait_for(p, set);
	for (int k = 0; k < 3; k++) {
		if (set[3 + k].revents)
			flow_write(&p->flow[k], k == 0 ? &p->end->bytes_in : &p->end->bytes_out);
		if (set[k].revents)
			flow_read(p, k);
	}
	if (set[6].revents & (POLLIN | POLLHUP | POLLERR))
		on_monitor(p);
	if (set[7].revents)
		on_signal(p);
	if (set[6].revents & POLLOUT)
		witness_post(p->witness);
	r = p->failed ? 0 : witness_tick(p->witness, io_now_ns());
	if (r < 0)
		recording_failed(p, r);
}

/* The monitor can't: it has let go of the user's descriptors. Only where there is room for the line. */
static void
say_why(const struct pipes *p)
{
	struct pollfd ask = {.fd = p->flow[2].to, .events = POLLOUT};
	char line[160];
	int n = snprintf(line, sizeof line,
	    "ttywrap: the session has ended: its recording can't be written (%s)\n",
	    strerror(p->end->error));

	if (ask.fd >= 0 && n > 0 && poll(&ask, 1, 0) > 0 && (ask.revents & POLLOUT))
		(void)io_write(ask.fd, line, (size_t)n);
}

void
pipes_run(struct witness *witness, struct relay_end *end)
{
	static struct pipes p;

	p.witness = witness;
	p.end = end;
	p.flow[0] = (struct flow){.from = PUMP_IN, .to = PUMP_PTM};
	p.flow[1] = (struct flow){.from = PUMP_PTS, .to = PUMP_OUT};
	p.flow[2] = (struct flow){.from = PUMP_PIPE_ERR, .to = PUMP_ERR};
	while (!end->orphaned && !p.failed &&
	       (!p.stopped || p.flow[1].from >= 0 || p.flow[2].from >= 0))
		step(&p);
	if (end->why == END_RECORDING)
		say_why(&p);
	if (end->why == 0)
		end->why = END_STOPPED;
}
