/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, sandboxed. Every byte it moves is hostile; it looks at none of them. */
#include "pump/relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "common/io.h"
#include "proto/channel.h"
#include "pump/sandbox.h"
#include "pump/witness.h"

#define CHUNK     4096 /* a read from a PTY master never returns more (tty_read, n_tty_read) */
#define DRAIN_MAX (1u << 20) /* more than the kernel holds for a terminal that is hung up */
#define STUCK_WAIT_NS                                                                              \
	10000000000 /* how long the last output waits for a terminal that takes nothing */

struct flow {
	uint8_t bytes[CHUNK];
	size_t at, len; /* bytes[at..len) still have to be written */
};

struct relay {
	struct witness *witness;
	struct relay_end *end;
	struct flow in, out;
	bool in_held;  /* the witness wants to see the input before it read first */
	bool draining; /* the session is over: what is still there goes out, nothing comes in */
	bool outer_gone, inner_gone;
	size_t drained;   /* bytes read since then */
	int64_t moved_ns; /* when the outer terminal last took something */
};

static void
finish(struct relay *r, enum message_end_why why, int error)
{
	if (r->end->why == 0 || why == END_HANGUP) {
		r->end->why = why;
		r->end->error = -error;
	}
	if (!r->draining) {
		witness_last_look(r->witness);
		io_close(&(int){
		    PUMP_PTS}); /* reads of the master end now where nobody else has the slave */
	}
	r->draining = true;
	r->moved_ns = io_now_ns();
}

static void
outer_lost(struct relay *r)
{
	r->outer_gone = true;
	r->out.at = r->out.len = 0;
	finish(r, END_HANGUP, 0);
}

static void
keep(struct relay *r, int error)
{
	if (error < 0)
		finish(r, END_RECORDING, error);
}

static void
write_out(struct relay *r)
{
	ssize_t put = io_write(PUMP_OUT, r->out.bytes + r->out.at, r->out.len - r->out.at);

	if (put == -EAGAIN)
		return;
	if (put < 0) {
		outer_lost(r);
		return;
	}
	r->end->bytes_out += (uint64_t)put;
	r->out.at += (size_t)put;
	r->moved_ns = io_now_ns();
}

/* Packet mode: the first byte of a read says whether data follow it or something happened
 * (ioctl_tty(2)). */
static void
read_inner(struct relay *r)
{
	uint8_t packet[1 + CHUNK];
	ssize_t got = io_read(PUMP_PTM, packet, sizeof packet);

	if (got == -EAGAIN || got == 0) {
		r->inner_gone = r->draining;
		return;
	}
	if (got < 0) {
		r->inner_gone = true;
		finish(r, END_CLOSED, 0);
		return;
	}
	r->drained += r->draining ? (size_t)got : 0;
	r->inner_gone = r->drained > DRAIN_MAX;
	if (packet[0] != TIOCPKT_DATA) {
		if (packet[0] & TIOCPKT_FLUSHREAD)
			witness_flushed(r->witness);
		return;
	}
	r->out.at = 0;
	r->out.len = (size_t)got - 1;
	memcpy(r->out.bytes, packet + 1, r->out.len);
	if (r->outer_gone)
		r->out.len = 0;
	else
		write_out(r);
	keep(r, witness_output(r->witness, io_now_ns(), packet + 1, (size_t)got - 1));
}

static void
write_in(struct relay *r)
{
	ssize_t put;
	size_t n;

	witness_look(r->witness, true);
	witness_judge(r->witness);
	n = witness_piece(r->witness, io_now_ns(), r->in.bytes + r->in.at, r->in.len - r->in.at);
	r->in_held = n == 0;
	if (r->in_held)
		return;
	put = io_write(PUMP_PTM, r->in.bytes + r->in.at, n);
	if (put == -EAGAIN)
		return;
	if (put < 0) {
		r->inner_gone = true;
		finish(r, END_CLOSED, 0);
		return;
	}
	r->end->bytes_in += (uint64_t)put;
	witness_input(r->witness, io_now_ns(), r->in.bytes + r->in.at, (size_t)put);
	r->in.at += (size_t)put;
}

static void
read_outer(struct relay *r)
{
	ssize_t got = io_read(PUMP_IN, r->in.bytes, sizeof r->in.bytes);

	if (got == -EAGAIN)
		return;
	if (got <= 0) {
		outer_lost(r);
		return;
	}
	r->in.at = 0;
	r->in.len = (size_t)got;
	write_in(r);
}

static void
on_signal(struct relay *r)
{
	struct signalfd_siginfo info;
	struct winsize size;

	while (io_read(PUMP_SIGNALS, &info, sizeof info) == sizeof info)
		;
	if (ioctl(PUMP_OUT, TIOCGWINSZ, &size) != 0 || ioctl(PUMP_PTM, TIOCSWINSZ, &size) != 0)
		return;
	keep(r, witness_resize(r->witness, io_now_ns(), size.ws_col, size.ws_row));
}

static void
on_monitor(struct relay *r)
{
	struct message msg;
	int got = channel_receive(PUMP_MONITOR, &msg);

	if (got == -EAGAIN)
		return;
	if (got > 0 && msg.head.type == MESSAGE_STOP)
		r->end->exit = msg.body.stop.exit;
	r->end->orphaned |= got <= 0;
	if (got <= 0 || msg.head.type == MESSAGE_STOP)
		finish(r, END_STOPPED, 0);
	else if (msg.head.type == MESSAGE_READER)
		witness_reader(r->witness, &msg);
}

/* What is waited for follows from what is under way; nothing else is. */
static int
wait_for(struct relay *r, struct pollfd p[5])
{
	int64_t deadline_ns = witness_deadline_ns(r->witness), now_ns = io_now_ns();
	struct timespec t, *timeout = NULL;
	bool out_empty = r->out.at == r->out.len, in_empty = r->in.at == r->in.len;

	p[0] = (struct pollfd){.fd = r->outer_gone ? -1 : PUMP_IN};
	p[1] = (struct pollfd){.fd = r->inner_gone ? -1 : PUMP_PTM};
	p[2] = (struct pollfd){.fd = PUMP_MONITOR, .events = POLLIN};
	p[3] = (struct pollfd){.fd = PUMP_SIGNALS, .events = POLLIN};
	p[4] =
	    (struct pollfd){.fd = r->draining ? -1 : witness_edge_fd(r->witness), .events = POLLIN};
	if (in_empty && !r->draining)
		p[0].events |= POLLIN;
	if (!out_empty)
		p[0].events |= POLLOUT;
	if (out_empty && !witness_is_full(r->witness))
		p[1].events |= POLLIN;
	if (!in_empty && !r->in_held && !r->draining)
		p[1].events |= POLLOUT;
	if (r->draining) {
		p[2].fd = -1; /* the monitor has said all it can */
		if (deadline_ns < 0 || deadline_ns > r->moved_ns + STUCK_WAIT_NS)
			deadline_ns = r->moved_ns + STUCK_WAIT_NS;
		/* What the inner terminal holds is read out, not waited for. */
		if (out_empty)
			deadline_ns = now_ns;
	}
	if (witness_has_mail(r->witness))
		p[2] =
		    (struct pollfd){.fd = PUMP_MONITOR, .events = (short)(p[2].events | POLLOUT)};
	if (deadline_ns >= 0) {
		int64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;

		t = (struct timespec){
		    .tv_sec = left_ns / 1000000000, .tv_nsec = left_ns % 1000000000};
		timeout = &t;
	}
	return ppoll(p, 5, timeout, NULL);
}

/* True when nothing of the session is left that could still be moved. */
static bool
is_over(const struct relay *r)
{
	bool out_empty = r->out.at == r->out.len;

	if (!r->draining)
		return false;
	if (!out_empty && io_now_ns() - r->moved_ns > STUCK_WAIT_NS)
		return true;
	return r->inner_gone && out_empty;
}

static void
step(struct relay *r)
{
	struct pollfd p[5];

	(void)wait_for(r, p);
	witness_look(r->witness, p[4].revents != 0);
	if (p[3].revents)
		on_signal(r);
	if ((p[0].revents & (POLLOUT | POLLHUP | POLLERR)) && r->out.at < r->out.len)
		write_out(r);
	if (r->out.at == r->out.len &&
	    ((p[1].revents & (POLLIN | POLLHUP | POLLPRI)) || r->draining) && !r->inner_gone)
		read_inner(r);
	witness_judge(r->witness);
	if (((p[1].revents & POLLOUT) || r->in_held) && !r->draining)
		write_in(r);
	if ((p[0].revents & (POLLIN | POLLHUP | POLLERR)) && r->in.at == r->in.len && !r->draining)
		read_outer(r);
	else if ((p[0].revents & (POLLHUP | POLLERR)) && !r->outer_gone)
		outer_lost(r);
	if (p[2].revents & (POLLIN | POLLHUP | POLLERR))
		on_monitor(r);
	if (p[2].revents & POLLOUT)
		witness_post(r->witness);
	keep(r, witness_tick(r->witness, io_now_ns()));
}

void
relay_run(struct witness *witness, struct relay_end *end)
{
	static struct relay r; /* zero: both flows empty */

	r.witness = witness;
	r.end = end;
	while (!is_over(&r))
		step(&r);
}
