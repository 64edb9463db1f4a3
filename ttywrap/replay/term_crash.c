/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Replay, an ordinary user's program. The one signal handler of it, and the one thing that is global, as a handler
 * has nothing else: a crash cannot be read from a signalfd. It calls write, tcsetattr and raise (signal-safety(7)).
 */
#include "replay/term_crash.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS};

static struct {
	int fd;
	struct termios modes;
	const char *leave;
	unsigned n;
} armed;

static void
on_crash(int number)
{
	ssize_t n = write(armed.fd, armed.leave, armed.n);

	(void)n;
	tcsetattr(armed.fd, TCSANOW, &armed.modes);
	raise(number); /* SA_RESETHAND: now it ends the program */
}

void
term_crash_arm(int fd, const struct termios *modes, const char *leave, unsigned n)
{
	struct sigaction action = {
	    .sa_handler = on_crash, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER)};

	armed.fd = fd;
	armed.modes = *modes;
	armed.leave = leave;
	armed.n = n;
	for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
		sigaction(crashes[i], &action, NULL);
}

void
term_crash_disarm(void)
{
	for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
		signal(crashes[i], SIG_DFL);
}
