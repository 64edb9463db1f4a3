/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at a real terminal; that its slave is being written to (tty_is_writelocked()) is made up, so that it is when it should be. */
#include "pump/input.h"
#include "pump/view.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <cmocka.h>

static struct {
	int pts_fd;
	int free_polls; /* so many more calls find it free */
	int calls;
} lock;

int __real_poll(struct pollfd *p, nfds_t n, int ms);
int __wrap_poll(struct pollfd *p, nfds_t n, int ms);

int
__wrap_poll(struct pollfd *p, nfds_t n, int ms)
{
	int r = __real_poll(p, n, ms);

	lock.calls++;
	if (lock.free_polls > 0)
		lock.free_polls--;
	else
		for (nfds_t i = 0; i < n; i++)
			if (p[i].fd == lock.pts_fd)
				p[i].revents &= ~POLLWRNORM;
	return r;
}

struct terminal {
	int ptm_fd, pts_fd;
	struct view view;
	struct input_view seen;
};

static int
begin(void **state)
{
	static struct terminal t;

	t.ptm_fd = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	assert_true(t.ptm_fd >= 0 && grantpt(t.ptm_fd) == 0 && unlockpt(t.ptm_fd) == 0);
	t.pts_fd = open(ptsname(t.ptm_fd), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(t.pts_fd >= 0);
	lock.pts_fd = t.pts_fd;
	lock.free_polls = 1000;
	assert_int_equal(view_open(&t.view, t.ptm_fd, t.pts_fd), 0);
	/* The first two find out that nothing was set. */
	for (int i = 0; i < 2; i++)
		assert_int_equal(view_take(&t.view, &t.seen, true), 0);
	assert_false(t.seen.changed || t.seen.blind);
	*state = &t;
	return 0;
}

static int
end(void **state)
{
	struct terminal *t = *state;

	view_close(&t->view);
	close(t->pts_fd);
	close(t->ptm_fd);
	return 0;
}

static void
look(struct terminal *t, int free_polls)
{
	lock.free_polls = free_polls;
	lock.calls = 0;
	assert_int_equal(view_take(&t->view, &t->seen, true), 0);
}

/* Echo off, and on again: a password could have been read. */
static void
set_and_back(struct terminal *t)
{
	struct termios quiet = t->view.modes, modes = t->view.modes;

	quiet.c_lflag &= ~(tcflag_t)ECHO;
	assert_int_equal(tcsetattr(t->pts_fd, TCSANOW, &quiet), 0);
	assert_int_equal(tcsetattr(t->pts_fd, TCSANOW, &modes), 0);
}

static void
test_modes_that_came_and_went_are_seen(void **state)
{
	struct terminal *t = *state;

	set_and_back(t);
	look(t, 1000);
	assert_true(t->seen.changed && t->seen.set);
	look(t, 1000);
	assert_false(t->seen.changed || t->seen.set || t->seen.blind);
}

/* Wherever the look goes blind: a later one that is sure says that they were set, whatever becomes of the blind ones. */
static void
test_what_a_blind_look_saw_the_next_sure_one_says(void **state)
{
	struct terminal *t = *state;

	for (int polls = 0; polls < 12; polls++) {
		set_and_back(t);
		look(t, polls);
		if (!t->seen.blind) {
			assert_true(t->seen.changed);
			continue;
		}
		look(t, 0);
		assert_true(t->seen.blind && t->seen.changed);
		look(t, 1000);
		assert_false(t->seen.blind);
		assert_true(t->seen.changed);
		look(t, 1000);
		assert_false(t->seen.changed);
	}
}

/* A write is over within microseconds, or waits for longer than anybody should ask. */
static void
test_who_writes_is_waited_for_once(void **state)
{
	struct terminal *t = *state;
	int first;

	look(t, 0);
	assert_true(t->seen.blind);
	first = lock.calls;
	assert_in_range(first, 10, 50);
	look(t, 0);
	assert_true(t->seen.blind);
	assert_in_range(lock.calls, 1, 5);
	look(t, 1000);
	assert_false(t->seen.blind);
	look(t, 0);
	assert_int_equal(lock.calls, first);
}

static void
test_names_are_not_its_business(void **state)
{
	struct terminal *t = *state;

	t->seen.comm = "bash";
	t->seen.named = true;
	look(t, 1000);
	assert_null(t->seen.comm);
	assert_false(t->seen.named);
}

#define VIEW(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
	    VIEW(test_modes_that_came_and_went_are_seen),
	    VIEW(test_what_a_blind_look_saw_the_next_sure_one_says),
	    VIEW(test_who_writes_is_waited_for_once),
	    VIEW(test_names_are_not_its_business),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
