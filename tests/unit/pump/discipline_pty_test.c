/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The oracle test: random modes, bytes and splits go into a real PTY and into
 * the replica, and every read and every FIONREAD has to agree. A case is its
 * seed: "discipline_pty_test --seed S --cases 1 --show" plays one again.
 *
 * The kernel moves written bytes to the slave in a worker. Whatever depends on
 * their having arrived waits for it: poll(2) and read(2) on a slave without
 * input flush that worker (n_tty_poll, n_tty_read). When there is input, nothing
 * tells for sure (FIONREAD counts no unfinished line, and may be what it was),
 * so a moment has to pass, and a difference counts only if it stays with longer
 * moments.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "pump/discipline.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum {
	CASES = 4000,
	TRIES = 6,
	FLIP_MAX = 1 << 15,
	MORE_US = 4000000
};

struct rig {
	int ptm_fd;
	int pts_fd;
	uint64_t random;
	long settle_us;
	bool show;
	bool external; /* with EXTPROC, and then no full buffers (see discipline.h) */
	struct discipline *d;
	struct termios modes;
	uint8_t flip[FLIP_MAX]; /* written, and not yet taken by the replica */
	size_t flip_len;
	bool overrun; /* PARMRK made the buffer run over: what comes now is not compared
			 (discipline.h) */
	unsigned long overruns;
	bool moving; /* something may be on its way through the worker */
	unsigned long bytes;
	unsigned long reads;
};

static uint64_t
draw(struct rig *r)
{
	uint64_t z = (r->random += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static unsigned
below(struct rig *r, unsigned n)
{
	return (unsigned)(draw(r) % n);
}

static bool
one_in(struct rig *r, unsigned n)
{
	return below(r, n) == 0;
}

static int
unread(struct rig *r)
{
	int n = -1;

	if (ioctl(r->pts_fd, FIONREAD, &n) < 0)
		err(1, "FIONREAD");
	return n;
}

static void
pause_us(long us)
{
	struct timespec t = {us / 1000000, us % 1000000 * 1000};

	if (us > 0)
		nanosleep(&t, NULL);
}

/* Offers the replica what its buffer had no room for. */
static void
flip_move(struct rig *r)
{
	size_t took = discipline_receive(r->d, r->flip, r->flip_len);

	r->moving |= took > 0;
	r->overrun |= (r->modes.c_iflag & PARMRK) && discipline_held(r->d) + 1 >= DISCIPLINE_SIZE;
	memmove(r->flip, r->flip + took, r->flip_len - took);
	r->flip_len -= took;
}

static void
settle(struct rig *r)
{
	struct pollfd p = {r->pts_fd, POLLIN, 0};

	if (!r->moving)
		return;
	r->moving = false;
	if (poll(&p, 1, 0) < 0)
		err(1, "poll");
	if ((p.revents & POLLIN) == 0)
		return;
	pause_us(r->settle_us);
	for (long i = 0;
	     i < 50 && i * r->settle_us <= MORE_US && unread(r) != (int)discipline_unread(r->d);
	     i++)
		pause_us(r->settle_us);
}

/* Few values, so that characters meet; the usual ones among them; now and then any. */
static uint8_t
draw_byte(struct rig *r)
{
	static const uint8_t usual[] =
	    "\003\034\177\025\004\000\021\023\032\022\027\026\n\r\t ab_Z9.\\";
	static const uint8_t high[] = {
	    0xff, 0xff, 0xc3, 0xa4, 0xe2, 0x82, 0xac, 0x80, 0xc4, 0xd7, 0xf7, 0x8a};

	switch (below(r, 8)) {
	case 0:
		return (uint8_t)draw(r);
	case 1:
		return high[below(r, sizeof high)];
	case 2:
		return (uint8_t)("abcdefghijklmnop"[below(r, 16)]);
	case 3:
		return one_in(r, 3) ? '\n' : 'x';
	default:
		return usual[below(r, sizeof usual)];
	}
}

static void
draw_modes(struct rig *r, struct termios *t)
{
	static const tcflag_t in[] = {BRKINT, PARMRK, INPCK, IGNPAR, IGNBRK, ISTRIP, INLCR, IGNCR,
	    ICRNL, IUCLC, IXON, IXANY, IMAXBEL, IUTF8};
	static const tcflag_t local[] = {
	    ECHO, ECHOE, ECHOK, ECHOKE, ECHONL, ECHOCTL, ECHOPRT, NOFLSH, IEXTEN, ISIG};
	unsigned weight = 2 + below(r, 5);

	t->c_iflag = t->c_lflag = 0;
	for (size_t i = 0; i < sizeof in / sizeof *in; i++)
		if (one_in(r, weight))
			t->c_iflag |= in[i];
	for (size_t i = 0; i < sizeof local / sizeof *local; i++)
		if (!one_in(r, weight))
			t->c_lflag |= local[i];
	if (!one_in(r, 4))
		t->c_lflag |= ICANON;
	if (r->external && one_in(r, 3))
		t->c_lflag |= EXTPROC;
	if (one_in(r, 6))
		t->c_iflag = t->c_lflag = 0;
	for (unsigned i = 0; i < 17; i++)
		if (i != VMIN && i != VTIME && one_in(r, 8))
			t->c_cc[i] = one_in(r, 3) ? 0 : draw_byte(r);
	t->c_cc[VMIN] = (cc_t)(one_in(r, 4) ? draw(r) : below(r, 3));
	t->c_cc[VTIME] = (cc_t)(one_in(r, 4) ? draw(r) : below(r, 2));
}

static void
modes_set(struct rig *r, const struct termios *t)
{
	settle(r);
	if (tcsetattr(r->pts_fd, TCSANOW, t) < 0)
		err(1, "tcsetattr");
	discipline_set_modes(r->d, t);
	r->modes = *t;
	if (r->show)
		fprintf(stderr, "modes i=%o l=%o\n", t->c_iflag, t->c_lflag);
}

static void
some_write(struct rig *r)
{
	uint8_t buf[6000];
	size_t n = 1 + below(r, 24);
	ssize_t put;

	if (one_in(r, 12))
		n = 1 + below(r, 300);
	if (!r->external && one_in(r, 20))
		n = 1 + below(r, sizeof buf);
	for (size_t i = 0; i < n; i++)
		buf[i] = draw_byte(r);
	if (n > 300 && !one_in(r, 3)) { /* long lines */
		memset(buf, 'y', n);
		for (int i = 0; i < 10; i++)
			buf[below(r, (unsigned)n)] = draw_byte(r);
	}
	put = write(r->ptm_fd, buf, n);
	if (put < 0 && errno != EAGAIN)
		err(1, "write");
	if (put <= 0)
		return;
	if (r->flip_len + (size_t)put > FLIP_MAX)
		errx(1, "the kernel holds more than %d bytes", FLIP_MAX);
	memcpy(r->flip + r->flip_len, buf, (size_t)put);
	r->flip_len += (size_t)put;
	r->bytes += (unsigned long)put;
	flip_move(r);
	if (r->show) {
		fprintf(stderr, "write %zd:", put);
		for (ssize_t i = 0; i < put && i < 100; i++)
			fprintf(stderr, " %02x", buf[i]);
		fprintf(stderr, "\n");
	}
}

/* 1 when something was read, 0 when there was nothing, -1 when the two differ. */
static int
some_read(struct rig *r, size_t n)
{
	uint8_t real[8192], ours[8192];
	bool line, raw = (r->modes.c_lflag & ICANON) == 0;
	ssize_t got, mine;

	settle(r);
	got = read(r->pts_fd, real, n);
	if (got < 0 && errno != EAGAIN)
		err(1, "read");
	got = got < 0 ? -errno : got;
	if (got == 0 && raw)
		got = -EAGAIN; /* VMIN 0 */
	mine = discipline_read(r->d, ours, got > 0 && raw ? (size_t)got : n, &line);
	r->reads++;
	if (r->show)
		fprintf(stderr, "read %zu: real %zd ours %zd line %d\n", n, got, mine, line);
	if (got != mine || (got > 0 && memcmp(real, ours, (size_t)got) != 0))
		return -1;
	if (got >= 0)
		flip_move(r);
	return got >= 0;
}

static bool
step(struct rig *r)
{
	static const size_t sizes[] = {1, 2, 7, 63, 64, 65, 128, 500, 4095, 4096, 8192};
	struct termios t = r->modes;

	switch (below(r, 10)) {
	case 0:
		draw_modes(r, &t);
		modes_set(r, &t);
		return true;
	case 1:
		t.c_lflag ^= one_in(r, 2) ? ICANON : ECHO;
		modes_set(r, &t);
		return true;
	case 2:
		if (!one_in(r, 4))
			return true;
		settle(r);
		r->flip_len = 0; /* tcflush empties the flip buffer too (tty_ioctl) */
		discipline_flush(r->d);
		return tcflush(r->pts_fd, TCIFLUSH) == 0;
	case 3:
	case 4:
		return some_read(r, sizes[below(r, sizeof sizes / sizeof *sizes)]) >= 0;
	case 5:
		settle(r);
		if (r->show)
			fprintf(
			    stderr, "FIONREAD %d ours %zu\n", unread(r), discipline_unread(r->d));
		return unread(r) == (int)discipline_unread(r->d);
	default:
		some_write(r);
		return true;
	}
}

static void
rig_reset(struct rig *r)
{
	struct termios t = {.c_cflag = CS8 | CREAD};

	static const cc_t cc[] = {[VINTR] = 3,
	    [VQUIT] = 034,
	    [VERASE] = 0177,
	    [VKILL] = 025,
	    [VEOF] = 4,
	    [VSTART] = 021,
	    [VSTOP] = 023,
	    [VSUSP] = 032,
	    [VREPRINT] = 022,
	    [VWERASE] = 027,
	    [VLNEXT] = 026};

	memcpy(t.c_cc, cc, sizeof cc);
	cfsetspeed(&t, B38400);
	t.c_lflag = ICANON;
	tcsetattr(r->pts_fd, TCSANOW, &t);
	t.c_lflag = 0;
	tcsetattr(r->pts_fd, TCSANOW, &t);
	tcflush(r->pts_fd, TCIFLUSH);
	tcflush(r->ptm_fd, TCIFLUSH);
	discipline_free(r->d);
	r->d = discipline_new(&t);
	if (r->d == NULL)
		err(1, NULL);
	r->modes = t;
	r->flip_len = 0;
	r->moving = false;
	r->overrun = false;
}

static bool
play(struct rig *r, uint64_t seed)
{
	struct termios t;
	bool same = true;
	int got = 1;

	rig_reset(r);
	r->random = seed;
	r->external = one_in(r, 8);
	t = r->modes;
	draw_modes(r, &t);
	modes_set(r, &t);
	for (unsigned left = 3 + below(r, 12); same && !r->overrun && left > 0; left--)
		same = step(r);
	while (same && !r->overrun && got == 1)
		got = some_read(r, 4096);
	if (r->overrun) {
		r->overruns++;
		return same;
	}
	return same && got == 0 && unread(r) == (int)discipline_unread(r->d);
}

static bool
play_patiently(struct rig *r, uint64_t seed, unsigned long *again)
{
	/* The last ones are for a machine on which the kernel's worker waits for a processor, too. */
	static const long settle_us[TRIES] = {20, 500, 5000, 50000, 500000, 2000000};

	bool show = r->show;

	for (int i = 0; i < TRIES; i++) {
		r->settle_us = settle_us[i];
		r->show = show || i == TRIES - 1;
		if (play(r, seed)) {
			r->show = show;
			return true;
		}
		++*again;
	}
	r->show = show;
	fprintf(stderr, "seed %lu: the replica differs from the kernel\n", (unsigned long)seed);
	return false;
}

static unsigned long
play_all(uint64_t seed, unsigned long cases, bool show)
{
	static struct rig r;
	unsigned long different = 0, again = 0;

	r = (struct rig){.ptm_fd = -1, .show = show};
	if (openpty(&r.ptm_fd, &r.pts_fd, NULL, NULL, NULL) < 0)
		err(1, "openpty");
	fcntl(r.ptm_fd, F_SETFL, O_NONBLOCK);
	fcntl(r.pts_fd, F_SETFL, O_NONBLOCK);
	for (unsigned long i = 0; i < cases; i++)
		different += !play_patiently(&r, seed + i, &again);
	fprintf(stderr,
	    "%lu cases from seed %lu: %lu different, %lu played again, %lu ended where "
	    "PARMRK overran, %lu bytes, %lu reads\n",
	    cases, (unsigned long)seed, different, again - different * TRIES, r.overruns, r.bytes,
	    r.reads);
	discipline_free(r.d);
	close(r.ptm_fd);
	close(r.pts_fd);
	return different;
}

static void
test_a_slave_reads_what_the_replica_says(void **state)
{
	(void)state;
	assert_int_equal(play_all(1, CASES, false), 0);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_slave_reads_what_the_replica_says)};
	unsigned long seed = 1, cases = 0;
	bool show = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--show") == 0)
			show = true;
		else if (i + 1 < argc && strcmp(argv[i], "--cases") == 0)
			cases = strtoul(argv[++i], NULL, 10);
		else if (i + 1 < argc && strcmp(argv[i], "--seed") == 0)
			seed = strtoul(argv[++i], NULL, 10);
		else
			errx(2, "usage: [--cases N] [--seed S] [--show]");
	}
	if (cases != 0)
		return play_all(seed, cases, show) != 0;
	return cmocka_run_group_tests_name("discipline_pty", tests, NULL, NULL);
}
