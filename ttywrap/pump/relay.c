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

#define CHUNK        4096 /* a read from a PTY master never returns more (tty_read, n_tty_read) */
#define FULL         (CHUNK - 1) /* what n_tty holds for a reader: behind so much there is more */
#define AHEAD        4           /* chunks of output that are read while the terminal takes none */
#define FULL_WAIT_NS 5000000 /* how long all else waits while the recording waits for the disk */
#define SAFE_WAIT_NS 1000000 /* the same for one piece that is shown only once it is in the file */
#define POLLED       6       /* descriptors that poll(2) is asked about: wait_for() */
#define READS        8       /* chunks between two looks at everything else */
#define DRAIN_MAX    (1u << 20) /* more than the kernel holds for a terminal that is hung up */
#define STUCK_WAIT_NS                                                                              \
	10000000000 /* how long the last output waits for a terminal that takes nothing */

/* bytes[at..len) still have to be written. */
struct flow {
	uint8_t bytes[2 * CHUNK];
	size_t at, len;
};

/* The same with room for more than one read, and a byte in front (read_inner). */
struct backlog {
	uint8_t bytes[1 + AHEAD * CHUNK];
	size_t at, len;
};

struct relay {
	struct witness *witness;
	struct relay_end *end;
	struct flow in;
	struct backlog out;
	bool out_held; /* what is there of output waits for more of it, not for the terminal */
	bool more;     /* the last read from the session left more to be read */
	bool in_held;  /* the witness wants to see what became of the input before it first */
	bool seen;     /* there was a look since poll(2) returned, or since the last write */
	bool draining; /* the session is over: what is still there goes out, nothing comes in */
	bool outer_gone, inner_gone;
	size_t drained;   /* bytes read since then */
	int64_t moved_ns; /* when the outer terminal last took something */
	int64_t now_ns;   /* of this step */
};

static bool
out_is_empty(const struct relay *r)
{
	return r->out.at == r->out.len;
}

static bool
out_has_room(const struct relay *r)
{
	return out_is_empty(r) || sizeof r->out.bytes - r->out.len >= CHUNK;
}

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
	/* What the session has not shown yet it shows to nobody. */
	if (why == END_RECORDING)
		r->inner_gone = true;
	if (why == END_RECORDING && witness_comes_first(r->witness))
		r->out.at = r->out.len;
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
	r->moved_ns = r->now_ns;
}

/* What waits for nothing but to be in the file, where that has to come first. */
static void
show(struct relay *r)
{
	if (witness_comes_first(r->witness) && !out_is_empty(r) &&
	    witness_is_safe(r->witness, r->now_ns, SAFE_WAIT_NS))
		write_out(r);
}

/*
 * n more bytes are behind the backlog's end. What the terminal takes, it gets before all else; but where more
 * follows at once (hold), it gets it together with that: each write(2) wakes up who reads there.
 */
static void
take_output(struct relay *r, size_t n, bool hold)
{
	const uint8_t *bytes = r->out.bytes + r->out.len;
	bool waits = !out_is_empty(r) && !r->out_held;

	r->out.len += n;
	if (r->outer_gone)
		r->out.at = r->out.len;
	else if (!waits && !hold && !witness_comes_first(r->witness))
		write_out(r);
	r->out_held = hold && !waits && !r->outer_gone;
	keep(r, witness_output(r->witness, r->now_ns, bytes, n));
	if (!waits && !hold)
		show(r);
}

/* No more comes now to go with it. */
static void
write_held(struct relay *r)
{
	r->out_held = false;
	if (!witness_comes_first(r->witness))
		write_out(r);
	show(r);
}

/*
 * Packet mode: the first byte of a read says whether data follow it or something
 * happened (ioctl_tty(2)). It lands on the byte in front of its data, which is
 * put back. Returns whether there is more to be read.
 */
static bool
read_inner(struct relay *r, bool hold)
{
	uint8_t *front, kept, packet;
	ssize_t got;

	if (out_is_empty(r))
		r->out.at = r->out.len = 1;
	front = r->out.bytes + r->out.len - 1;
	kept = *front;
	got = io_read(PUMP_PTM, front, 1 + CHUNK);
	packet = *front;
	*front = kept;
	r->more = false;
	if (got == -EAGAIN || got == 0) {
		r->inner_gone = r->draining;
		return false;
	}
	if (got < 0) {
		r->inner_gone = true;
		finish(r, END_CLOSED, 0);
		return false;
	}
	r->drained += r->draining ? (size_t)got : 0;
	r->inner_gone = r->drained > DRAIN_MAX;
	if (packet != TIOCPKT_DATA) {
		if (packet & TIOCPKT_FLUSHREAD)
			witness_flushed(r->witness);
		return false;
	}
	r->more = got - 1 >= FULL;
	take_output(r, (size_t)got - 1, hold && r->more && !r->out_held);
	return r->more;
}

static bool
can_read(const struct relay *r)
{
	return out_has_room(r) && !r->inner_gone && !witness_is_full(r->witness);
}

/* A look; what it wants to see of the output first is read here, and not only after the next poll(2). */
static void
look(struct relay *r, bool force)
{
	r->seen = witness_look(r->witness, force, can_read(r));
	for (int i = 1; i <= READS && witness_wants_output(r->witness) && can_read(r); i++) {
		(void)read_inner(r, false);
		witness_judge(r->witness);
		if (witness_wants_output(r->witness))
			r->seen = witness_look(r->witness, force, i < READS && can_read(r));
	}
	r->seen &= !witness_wants_output(r->witness) && witness_is_raw(r->witness);
}

/* After poll(2). Neither each chunk of a paste in bulk is worth a look, nor each key one before its echo was shown. */
static void
look_after(struct relay *r, const struct pollfd p[POLLED])
{
	bool more = (r->in.at < r->in.len ? p[1].revents & POLLOUT : p[0].revents & POLLIN) != 0;
	bool edge = p[4].revents != 0 || p[5].revents != 0, shown = (p[1].revents & POLLIN) != 0;
	bool later = !edge && !(more && shown) && witness_may_wait(r->witness, more, shown);

	r->seen = more && later;
	if (!later)
		look(r, edge);
}

static void
write_in(struct relay *r)
{
	ssize_t put;
	size_t n;

	if (!r->seen && !witness_is_current(r->witness, r->in.len - r->in.at))
		look(r, true);
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
	r->seen = false;
	if (witness_is_telling(r->witness))
		look(r, true);
}

/* Behind a full chunk there is another. Where nothing echoes both go in one write. */
static void
read_outer(struct relay *r)
{
	ssize_t got = io_read(PUMP_IN, r->in.bytes, CHUNK), more = 0;

	if (got == -EAGAIN)
		return;
	if (got >= FULL && witness_is_raw(r->witness))
		more = io_read(PUMP_IN, r->in.bytes + got, CHUNK);
	if (got <= 0) {
		outer_lost(r);
		return;
	}
	r->in.at = 0;
	r->in.len = (size_t)(got + (more > 0 ? more : 0));
	write_in(r);
}

static void
on_signal(struct relay *r)
{
	struct signalfd_siginfo info;
	struct winsize size;

	while (io_read(PUMP_SIGNALS, &info, sizeof info) == sizeof info)
		if (info.ssi_signo == SIGXCPU)
			finish(r, END_ERROR, -ETIME);
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
	else if (msg.head.type == MESSAGE_FULL)
		witness_full(r->witness);
}

/* What is waited for follows from what is under way; nothing else is. */
static int
wait_for(struct relay *r, struct pollfd p[POLLED])
{
	int64_t deadline_ns = witness_deadline_ns(r->witness), now_ns = io_now_ns();
	struct timespec t, *timeout = NULL;
	bool in_empty = r->in.at == r->in.len;
	bool full = witness_wait(r->witness, now_ns, FULL_WAIT_NS);
	bool safe = out_is_empty(r) || witness_is_safe(r->witness, now_ns, FULL_WAIT_NS);

	p[0] = (struct pollfd){.fd = r->outer_gone ? -1 : PUMP_IN};
	p[1] = (struct pollfd){.fd = r->inner_gone ? -1 : PUMP_PTM};
	p[2] = (struct pollfd){.fd = PUMP_MONITOR, .events = POLLIN};
	p[3] = (struct pollfd){.fd = PUMP_SIGNALS, .events = POLLIN};
	p[4] =
	    (struct pollfd){.fd = r->draining ? -1 : witness_edge_fd(r->witness), .events = POLLIN};
	p[5] =
	    (struct pollfd){.fd = r->draining ? -1 : witness_read_fd(r->witness), .events = POLLIN};
	if (in_empty && !r->draining)
		p[0].events |= POLLIN;
	if (!out_is_empty(r) && safe)
		p[0].events |= POLLOUT;
	if (out_has_room(r) && !full)
		p[1].events |= POLLIN;
	if (!in_empty && !r->in_held && !r->draining)
		p[1].events |= POLLOUT;
	if (r->draining) {
		p[2].fd = -1; /* the monitor has said all it can */
		if (deadline_ns < 0 || deadline_ns > r->moved_ns + STUCK_WAIT_NS)
			deadline_ns = r->moved_ns + STUCK_WAIT_NS;
		/* What the inner terminal holds is read out, not waited for. */
		if (out_has_room(r) && !r->inner_gone)
			deadline_ns = now_ns;
	}
	if (witness_has_mail(r->witness))
		p[2] =
		    (struct pollfd){.fd = PUMP_MONITOR, .events = (short)(p[2].events | POLLOUT)};
	if (full || !safe) /* the wait was this one */
		deadline_ns = now_ns;
	if (deadline_ns >= 0) {
		int64_t left_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0;

		t = (struct timespec){
		    .tv_sec = left_ns / 1000000000, .tv_nsec = left_ns % 1000000000};
		timeout = &t;
	}
	return ppoll(p, POLLED, timeout, NULL);
}

/* True when nothing of the session is left that could still be moved. */
static bool
is_over(const struct relay *r)
{
	if (!r->draining)
		return false;
	if (!out_is_empty(r) && r->now_ns - r->moved_ns > STUCK_WAIT_NS)
		return true;
	return r->inner_gone && out_is_empty(r);
}

/*
 * A flood is read without asking for each chunk whether there is one: behind a full one another is there
 * already. Two of them go out in one write, which is what a PTY's buffer takes at once (8192, pty_common_install()).
 */
static void
read_output(struct relay *r)
{
	for (int i = 1; i <= READS; i++) {
		bool more = read_inner(r, i < READS);

		if (!more || !out_has_room(r) || r->inner_gone || witness_is_full(r->witness))
			break;
		r->now_ns = io_now_ns();
	}
	if (r->out_held && !r->outer_gone)
		write_held(r);
}

/* What somebody waits for at a terminal comes first: output, then keys. */
static void
step(struct relay *r)
{
	struct pollfd p[POLLED];

	(void)wait_for(r, p);
	r->now_ns = io_now_ns();
	if (p[3].revents)
		on_signal(r);
	if ((p[0].revents & (POLLOUT | POLLHUP | POLLERR)) && !out_is_empty(r) &&
	    witness_is_safe(r->witness, r->now_ns, 0))
		write_out(r);
	if (out_has_room(r) && !r->inner_gone &&
	    ((p[1].revents & (POLLIN | POLLHUP | POLLPRI)) || r->draining ||
		(r->more && !witness_is_full(r->witness))))
		read_output(r);
	look_after(r, p);
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
