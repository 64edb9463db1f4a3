/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pump: a program of its own, uid _ttywrap, no capability, seccomp. Started by
 * the monitor alone, with its world on descriptors 0 to 7 (monitor/spawn.h);
 * started by anybody else it ends at once.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/io.h"
#include "proto/channel.h"
#include "proto/message.h"
#include "pump/pipes.h"
#include "pump/relay.h"
#include "pump/sandbox.h"
#include "pump/witness.h"

#define END_WAIT_MS 5000 /* for the monitor to take the last message */

/* SIGXCPU comes a little before the end of the CPU time that the user's limit leaves (monitor/rlimits.h). */
static int
signals_open(void)
{
	sigset_t all, wanted;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigemptyset(&wanted);
	sigaddset(&wanted, SIGWINCH);
	sigaddset(&wanted, SIGXCPU);
	return signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK) == PUMP_SIGNALS ? 0 : -EBADF;
}

/*
 * Settings until GO. Returns 0, or -errno when the monitor is gone or says something else. bad_prompt: the first
 * that is no pattern, from 1.
 */
static int
take_settings(struct witness *w, struct message *msg, int *bad_prompt)
{
	int prompts = 0;

	*bad_prompt = 0;
	for (;;) {
		struct pollfd p = {.fd = PUMP_MONITOR, .events = POLLIN};
		int r;

		(void)poll(&p, 1, -1);
		r = channel_receive(PUMP_MONITOR, msg);
		if (r == -EAGAIN)
			continue;
		if (r <= 0)
			return r < 0 ? r : -EPIPE;
		if (msg->head.type == MESSAGE_GO && msg->head.length == sizeof msg->body.go)
			return 0;
		prompts += msg->head.type == MESSAGE_PROMPT;
		r = witness_setting(w, msg);
		if (r == -EINVAL && *bad_prompt == 0)
			*bad_prompt = prompts;
		else if (r < 0 && r != -EINVAL)
			return r;
	}
}

static void
say_end(struct witness *w, const struct message_end *end)
{
	struct pollfd p = {.fd = PUMP_MONITOR, .events = POLLOUT};
	int64_t until = io_now_ns() + END_WAIT_MS * 1000000LL;

	while (witness_has_mail(w) && io_now_ns() < until) {
		(void)poll(&p, 1, END_WAIT_MS);
		witness_post(w);
	}
	while (channel_send(PUMP_MONITOR, MESSAGE_END, end, sizeof *end) == -EAGAIN &&
	       io_now_ns() < until)
		(void)poll(&p, 1, END_WAIT_MS);
}

int
main(int argc, char **argv)
{
	bool pipes = argc > 1 && strcmp(argv[1], "pipes") == 0;
	struct witness *w = NULL;
	struct message msg;
	struct relay_end end = {.exit = -1};
	struct message_end last;
	struct winsize size = {0};
	int bad_prompt, r;

	if (argc != 3 || signals_open() < 0 || (w = witness_new(!pipes)) == NULL ||
	    sandbox_drop((uid_t)strtoul(argv[2], NULL, 10)) < 0)
		return 1;
	witness_start_writer(w);
	if (sandbox_close() < 0)
		return 1;
	if (channel_send(PUMP_MONITOR, MESSAGE_READY, NULL, 0) < 0 ||
	    take_settings(w, &msg, &bad_prompt) < 0)
		return 1;
	(void)ioctl(PUMP_OUT, TIOCGWINSZ, &size);
	r = witness_begin(w, &msg, io_now_ns(), size.ws_col, size.ws_row);
	if (r < 0)
		end = (struct relay_end){.why = END_RECORDING, .error = -r};
	else if (bad_prompt > 0)
		end = (struct relay_end){.why = END_PROMPT, .error = bad_prompt, .exit = -1};
	else
		(pipes ? pipes_run : relay_run)(w, &end);
	if (end.orphaned) {
		witness_cut_off(w, io_now_ns());
		_exit(1);
	}
	r = witness_end(w, io_now_ns(), end.exit, &last);
	if (r < 0 && end.why != END_RECORDING)
		end = (struct relay_end){end.bytes_in, end.bytes_out, END_RECORDING, -r, end.exit};
	last.bytes_in = end.bytes_in;
	last.bytes_out = end.bytes_out;
	last.why = end.why;
	last.error = end.error;
	say_end(w, &last);
	_exit(0); /* its memory goes with it */
}
