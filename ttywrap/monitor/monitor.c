/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Monitor: uid _ttywrap, CAP_AUDIT_WRITE and CAP_NET_ADMIN. Waits for the
 * shell, the pump and signals. Reads no byte that came from a terminal except
 * inside the pump's bounded messages.
 */
#include "monitor/monitor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <syslog.h>

#include "common/io.h"
#include "common/log.h"
#include "monitor/accounts.h"
#include "monitor/dispatch.h"
#include "monitor/guard.h"
#include "monitor/records.h"
#include "monitor/session.h"
#include "monitor/start.h"
#include "proto/channel.h"

#define DRAIN_WAIT_NS  30000000000 /* the pump's last output on its way to a slow terminal */
#define HANGUP_WAIT_NS 2000000000  /* a shell's traps after SIGHUP */
#define LEAVE_WAIT_NS  2000000000  /* a pump that has said its last word has only to exit */
#define GONE_WAIT_NS   5000000000  /* the pump's end, once the user's terminal is gone */
#define AUDITD_WAIT_NS 10000000000 /* a restart of auditd */
#define AUDITD_LOOK_NS 200000000
#define CPU_USED_UP    "its limit on CPU time is used up"
#define BATCH          64 /* messages between two looks at the signals */

/* As a shell has it in $?; -1 before the end. */
static int
exit_of(int status)
{
	if (status < 0)
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The earlier of two ends holds: no message from the pump puts one off. */
static void
end_within(int64_t *deadline_ns, int64_t wait_ns)
{
	int64_t until_ns = io_now_ns() + wait_ns;

	if (*deadline_ns < 0 || *deadline_ns > until_ns)
		*deadline_ns = until_ns;
}

/* Ends the pump's session: it drains, closes both terminals (SIGHUP to the shell's), and says END.
 */
static void
stop_pump(struct monitor *m, int64_t *deadline_ns)
{
	struct message_stop stop = {.exit = exit_of(m->shell_status)};

	if (m->state == MONITOR_RUNNING)
		m->state = MONITOR_ENDING;
	if (m->channel_fd >= 0 &&
	    channel_send(m->channel_fd, MESSAGE_STOP, &stop, sizeof stop) < 0 && m->pump > 0)
		(void)kill(m->pump, SIGKILL);
	/*
	 * Without a terminal, whoever the command left behind may go on writing, and whoever reads
	 * may take their time: every byte counts there. Only the close record doesn't wait for them.
	 */
	if (m->mode == MONITOR_TERMINAL)
		end_within(deadline_ns, DRAIN_WAIT_NS);
	else if (m->shell == 0)
		end_within(&m->close_due_ns, DRAIN_WAIT_NS);
}

static void
refused(struct monitor *m, int error, int64_t *deadline_ns)
{
	if (m->session->conf.on_failure_audit == CONF_ALLOW || m->fault != NULL)
		return;
	m->fault = "the audit trail refused a record";
	log_admin(LOG_ERR, "session ended: %s: %s (user %s)", m->fault, strerror(-error),
	    m->session->user);
	stop_pump(m, deadline_ns);
}

/* on_failure_recording, for what only the monitor can see. */
static void
recording_removed(struct monitor *m, int64_t *deadline_ns)
{
	struct message_loss all = {.from_ns = m->begin_ns, .to_ns = io_now_ns(), .error = ENOENT};
	struct stat st;

	if (m->fault != NULL || m->removed_said)
		return;
	m->removed_said = true;
	all.bytes = fstat(m->recording_fd, &st) == 0 ? (uint64_t)st.st_size : 0;
	(void)records_loss(m, &all);
	log_admin(LOG_ERR, "%s was removed while the session runs (user %s)", m->recording,
	    m->session->user);
	if (m->session->conf.on_failure_recording == CONF_ALLOW)
		return;
	m->fault = "its recording was removed";
	stop_pump(m, deadline_ns);
}

/* Whatever the reason, a pump that can no longer be heard must not go on relaying. */
static void
cut_off(struct monitor *m, const char *fault)
{
	if (m->fault == NULL)
		m->fault = fault;
	if (m->pump > 0)
		(void)kill(m->pump, SIGKILL);
	io_close(&m->channel_fd);
}

/* Takes at most BATCH messages; true when there may be more. */
static bool
on_channel(struct monitor *m, int64_t *deadline_ns)
{
	struct message msg = {0};

	for (int i = 0; i < BATCH && m->channel_fd >= 0; i++) {
		int r = channel_receive(m->channel_fd, &msg);

		if (r == -EAGAIN)
			return false;
		if (r == 0 && m->state == MONITOR_ENDED) {
			io_close(&m->channel_fd);
			return false;
		}
		if (r == 0) {
			/* It has died, or sent a message without even a head. */
			cut_off(m, "the pump ended without a word");
			return false;
		}
		if (r > 0)
			r = dispatch(m, &msg);
		if (r == -EPROTO) {
			log_admin(LOG_CRIT,
			    "the pump broke the protocol: type %u, %u bytes (user %s)",
			    msg.head.type, msg.head.length, m->session->user);
			cut_off(m, "the pump broke the protocol");
			return false;
		}
		if (r < 0)
			refused(m, r, deadline_ns);
	}
	return m->channel_fd >= 0;
}

static void
reap(struct monitor *m, int64_t *deadline_ns)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == m->shell) {
			m->shell = 0;
			m->shell_status = status;
			if (m->pump > 0)
				stop_pump(m, deadline_ns);
		} else if (pid == m->pump) {
			m->pump = 0;
			/* Its last words are still in the socket; nobody adds to them. */
			while (on_channel(m, deadline_ns))
				;
			if (m->end.why == 0 && m->fault == NULL)
				m->fault = "the pump ended without a word";
			*deadline_ns = -1;
			end_within(deadline_ns, HANGUP_WAIT_NS);
		}
	}
}

static void
on_signals(struct monitor *m, int signal_fd, int64_t *deadline_ns)
{
	struct signalfd_siginfo info;

	while (io_read(signal_fd, &info, sizeof info) == sizeof info) {
		switch (info.ssi_signo) {
		case SIGCHLD:
			reap(m, deadline_ns);
			break;
		case SIGXCPU:
			/* rlimits_lift(): a little time is left for the end. */
			if (m->pump > 0) {
				m->fault = m->fault != NULL ? m->fault : CPU_USED_UP;
				stop_pump(m, deadline_ns);
			}
			break;
		case SIGHUP:
		case SIGINT:
		case SIGQUIT:
		case SIGTERM:
			/* Without a pump the command got it itself, if it was meant for it. */
			if (m->pump > 0)
				stop_pump(m, deadline_ns);
			if (m->pump > 0 && info.ssi_signo == SIGHUP)
				end_within(deadline_ns, GONE_WAIT_NS);
			break;
		}
	}
}

static void
on_deadline(struct monitor *m)
{
	if (m->pump > 0) {
		if (m->fault == NULL)
			m->fault = "the pump did not come to an end";
		(void)kill(m->pump, SIGKILL);
		m->pump = 0; /* not waited for: it may hang in a write to a dead disk */
	}
	m->shell = 0; /* it outlives its terminal, as under nohup(1): nothing more to wait for */
}

static const char *
why_ended(const struct monitor *m)
{
	if (m->fault != NULL)
		return "fault";
	switch (m->end.why) {
	case END_HANGUP:
		return "hangup";
	case END_RECORDING:
		return "recording";
	case END_ERROR:
	case END_PROMPT:
		return "error";
	default:
		return m->shell_status >= 0 ? "exit" : "stopped";
	}
}

/* A second one says what came after the first. */
static void
write_close(struct monitor *m)
{
	int r = m->closed ? records_drained(m, why_ended(m)) : records_close(m, why_ended(m));

	if (r < 0)
		log_admin(LOG_ERR, "the close record of %s: %s", m->recording, strerror(-r));
	m->closed = true;
}

static void
close_if_due(struct monitor *m)
{
	if (m->close_due_ns < 0 || io_now_ns() < m->close_due_ns)
		return;
	m->close_due_ns = -1;
	write_close(m);
}

/* Nanoseconds to what is due next, -1: nothing is. */
static int64_t
until(const struct monitor *m, int64_t deadline_ns)
{
	int64_t due_ns = deadline_ns, left_ns;

	if (m->holds)
		return AUDITD_LOOK_NS;
	if (due_ns < 0 || (m->close_due_ns >= 0 && m->close_due_ns < due_ns))
		due_ns = m->close_due_ns;
	left_ns = due_ns - io_now_ns();
	return due_ns < 0 ? -1 : left_ns > 0 ? left_ns : 0;
}

static void
auditd_lost(struct monitor *m)
{
	auditd_ended(&m->auditd, io_now_ns());
	m->holds = true;
	log_admin(
	    LOG_WARNING, "auditd has ended while the session runs (user %s)", m->session->user);
}

/* A restart loses nothing: what the pump has to say meanwhile waits in its socket. */
static void
auditd_await(struct monitor *m, int64_t *deadline_ns)
{
	m->holds = auditd_is_missing(&m->auditd, io_now_ns()) &&
		   io_now_ns() < m->auditd.gone_ns + AUDITD_WAIT_NS;
	if (m->holds || m->auditd.gone_ns == 0 || m->fault != NULL ||
	    m->session->conf.on_failure_audit == CONF_ALLOW || m->pump <= 0)
		return;
	m->fault = "auditd has ended";
	stop_pump(m, deadline_ns);
}

static void
run(struct monitor *m, int signal_fd)
{
	int64_t deadline_ns = -1;

	m->close_due_ns = -1;
	reap(m, &deadline_ns); /* a child may have ended before there was a descriptor to tell it */
	while (m->shell > 0 || m->pump > 0) {
		bool left = m->mode == MONITOR_PIPES && m->shell == 0;
		struct pollfd p[5] = {{.fd = signal_fd, .events = POLLIN},
		    {.fd = m->holds ? -1 : m->channel_fd, .events = POLLIN},
		    {.fd = left ? m->pipes.reader_fd[0] : -1, .events = POLLIN},
		    {.fd = left ? m->pipes.reader_fd[1] : -1, .events = POLLIN},
		    {.fd = m->auditd.fd, .events = POLLIN}};
		int64_t left_ns = until(m, deadline_ns);

		if (deadline_ns >= 0 && deadline_ns <= io_now_ns()) {
			on_deadline(m);
			break;
		}
		close_if_due(m);
		(void)poll(p, 5, left_ns < 0 ? -1 : (int)(left_ns / 1000000) + 1);
		if (p[4].revents)
			auditd_lost(m);
		if (m->holds)
			auditd_await(m, &deadline_ns);
		if (p[1].revents)
			(void)on_channel(m, &deadline_ns);
		if (m->removed && m->state == MONITOR_RUNNING)
			recording_removed(m, &deadline_ns);
		if (m->state == MONITOR_ENDED)
			end_within(&deadline_ns, LEAVE_WAIT_NS);
		if ((p[2].revents || p[3].revents) && pipes_readers_gone(&m->pipes))
			end_within(&deadline_ns, GONE_WAIT_NS);
		if (p[0].revents)
			on_signals(m, signal_fd, &deadline_ns);
	}
	/* What the pump said before it ended is still in the socket: as much as fits there, since
	 * the pump is gone, or killed. */
	while (on_channel(m, &deadline_ns))
		;
}

/* Which limit or which error has ended the recording, and with it the session. */
static const char *
recording_fault(const struct monitor *m)
{
	const struct conf *c = &m->session->conf;

	if (m->end.error == EFBIG && c->max_recording > 0 && m->end.recorded >= c->max_recording)
		return "it has reached max_recording";
	if (m->end.error == EDQUOT && m->full)
		return "the recordings have reached max_directory";
	return strerror(m->end.error);
}

#define BAD_PROMPT "this is no pattern, ttywrap --check says why"

/* The pump's word on which it is may be wrong. */
static const char *
bad_prompt(const struct monitor *m)
{
	const struct conf *c = &m->session->conf;
	int32_t n = m->end.error;

	return n > 0 && (size_t)n <= c->secret_prompt_n ? c->secret_prompt[n - 1] : "?";
}

static void
finish(struct monitor *m)
{
	/* A shell that runs on though its session could not: the guard ends that one. */
	if (m->shell_status >= 0 || (m->fault == NULL && m->end.why < END_RECORDING))
		guard_release(&m->guard_fd);
	terminal_give_back(&m->terminal);
	/* First of all: what follows may wait, for syslog or for the user's terminal. */
	write_close(m);
	accounts_close(m);
	if (m->end.why == END_RECORDING) {
		log_admin(LOG_ERR, "session ended: its recording can't be written: %s (user %s)",
		    recording_fault(m), m->session->user);
		log_user("the session has ended: its recording can't be written (%s)",
		    recording_fault(m));
	} else if (m->fault == NULL && m->end.why == END_PROMPT) {
		log_admin(LOG_ERR, "session ended: secret_prompt = %s: " BAD_PROMPT " (user %s)",
		    bad_prompt(m), m->session->user);
		log_user("the session has ended: the configuration has a mistake, which the "
			 "system log names");
	} else if (m->fault != NULL || m->end.why == END_ERROR) {
		const char *why = m->fault != NULL        ? m->fault
				  : m->end.error == ETIME ? CPU_USED_UP
							  : strerror(m->end.error);

		log_admin(LOG_ERR, "session ended: %s (user %s)", why, m->session->user);
		log_user("the session has ended: %s", why);
	}
}

int
monitor_run(struct session *s)
{
	struct monitor m = {
	    .session = s,
	    .trail = {.fd = -1, .addr = "?", .terminal = "?"},
	    .state = MONITOR_STARTING,
	    .channel_fd = -1,
	    .auditd = {.fd = -1},
	    .guard_fd = -1,
	    .recording_fd = -1,
	    .shell_status = -1,
	    .begin_ns = io_now_ns(),
	};
	int signal_fd = -1, status = -1;
	sigset_t all;

	if (s->connected)
		m.trail.addr = s->account.peer;
	m.trail.terminal = m.terminal.outer_name;
	sigfillset(&all);
	signal_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signal_fd >= 0 && start(&m, s) == 0) {
		/* The stop signals too: nobody who gets hold of the terminal can stop the monitor.
		 */
		sigprocmask(SIG_SETMASK, &all, NULL);
		run(&m, signal_fd);
		finish(&m);
		status = m.shell_status >= 0 ? m.shell_status : W_EXITCODE(1, 0);
	} else {
		if (m.pump > 0)
			(void)kill(m.pump, SIGKILL);
		terminal_give_back(&m.terminal);
		m.fault = "refused";
		(void)records_close(&m, m.fault);
	}
	io_close(&signal_fd);
	io_close(&m.channel_fd);
	io_close(&m.recording_fd);
	io_close(&m.guard_fd);
	auditd_close(&m.auditd);
	total_close(&m.total);
	trail_close(&m.trail);
	return status;
}
