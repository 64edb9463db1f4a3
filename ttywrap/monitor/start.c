/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Launcher, which becomes the monitor here: enters with real uid the user's
 * and three capabilities permitted, leaves with three uids of the service and
 * two capabilities.
 */
#include "monitor/start.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/io.h"
#include "common/log.h"
#include "common/privilege.h"
#include "config.h"
#include "monitor/accounts.h"
#include "monitor/auditd.h"
#include "monitor/children.h"
#include "monitor/dispatch.h"
#include "monitor/rlimits.h"
#include "monitor/monitor.h"
#include "monitor/own.h"
#include "monitor/records.h"
#include "monitor/sandbox.h"
#include "monitor/session.h"
#include "monitor/spawn.h"
#include "monitor/store.h"
#include "proto/channel.h"

#define AUDITING (PRIVILEGE_BIT(CAP_AUDIT_WRITE) | PRIVILEGE_BIT(CAP_AUDIT_CONTROL))
#define STARTING (AUDITING | PRIVILEGE_BIT(CAP_NET_ADMIN))
#define KEPT     (PRIVILEGE_BIT(CAP_AUDIT_WRITE) | PRIVILEGE_BIT(CAP_NET_ADMIN))

#define READY_WAIT_NS 10000000000

/* Says what is wrong, and whether the policy lets the session go on without it. */
static bool
go_on(const struct monitor *m, unsigned policy, const char *what, int error)
{
	bool allow = policy == CONF_ALLOW;

	if (!m->session->privileged) {
		log_user("%s: %s", what, strerror(-error));
		return allow;
	}
	log_admin(LOG_ERR, "%s: %s: %s (user %s)", allow ? "going on without" : "session refused",
	    what, strerror(-error), m->session->user);
	if (!allow)
		log_user("this session cannot be audited, so it is not started; the administrator "
			 "finds the reason "
			 "in the system log");
	return allow;
}

/* Those of the wanted that the file brought. One that lacks some is the policy's to judge, where it is missed. */
static uint64_t
brought(uint64_t wanted)
{
	uint64_t permitted, effective, inheritable;

	return privilege_get(&permitted, &effective, &inheritable) == 0 ? permitted & wanted : 0;
}

static int
open_trail(struct monitor *m, struct trail_flag *came_in)
{
	const uint64_t has = brought(STARTING);
	bool enabled = false;
	pid_t auditd = 0;
	int r;

	if (!m->session->privileged)
		return 0;
	r = (has & AUDITING) == AUDITING ? privilege_set(has, has, 0) : -EPERM;
	if (r == 0)
		r = trail_open(&m->trail);
	if (r == 0)
		r = trail_state_get(&m->trail, &enabled, &auditd);
	if (r == 0 && !enabled)
		r = -ENOTCONN;
	if (r == 0)
		r = trail_flag_get(&m->trail, came_in);
	if (r == 0) {
		auditd_watch(&m->auditd, auditd);
		return 0;
	}
	trail_close(&m->trail);
	return go_on(m, m->session->conf.on_failure_audit,
		   enabled || r != -ENOTCONN
		       ? "the audit trail"
		       : "auditing is switched off in the kernel (auditctl -e 1)",
		   r)
		   ? 0
		   : -1;
}

/* With a terminal among its descriptors the session gets one; without, a relay only to record what passes. */
static int
make_connection(struct monitor *m, struct session *s)
{
	int r;

	if (!monitor_relays(m))
		return 0;
	r = children_connect(m, s);
	if (r == 0)
		return 0;
	m->mode = MONITOR_EXEC;
	return go_on(m, s->conf.on_failure, "a terminal for the session", r) ? 0 : -1;
}

static enum monitor_mode
choose_mode(const struct monitor *m)
{
	const struct conf *c = &m->session->conf;

	if (terminal_is_console(&m->terminal))
		return MONITOR_CONSOLE;
	if (m->terminal.own_fd >= 0)
		return MONITOR_TERMINAL;
	return c->record_no_tty && c->record != 0 ? MONITOR_PIPES : MONITOR_EXEC;
}

static uint32_t
audit_session(void)
{
	char text[16] = "";
	unsigned ses = (unsigned)-1;
	int fd = open("/proc/self/sessionid", O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && io_read(fd, text, sizeof text - 1) > 0)
		(void)sscanf(text, "%u", &ses);
	io_close(&fd);
	return ses;
}

/* Whether the user can watch it is no reason to refuse the session. */
static void
give_recording(const struct monitor *m, const struct session *s)
{
	int r;

	if (!s->privileged || !s->conf.watch_own)
		return;
	r = own_give(TTYWRAP_OWNDIR, s->directory, m->recording, m->recording_fd, s->shell.user);
	if (r < 0)
		log_admin(LOG_WARNING, "watch_own: %s: %s (user %s, recording %s)", TTYWRAP_OWNDIR,
		    strerror(-r), s->user, m->recording);
}

static int
make_recording(struct monitor *m, const struct session *s)
{
	int r;

	store_name(s->shell.user, audit_session(), time(NULL), m->name, sizeof m->name);
	if (s->conf.record == 0 || !monitor_relays(m))
		return 0;
	total_open(&m->total, s->privileged ? TTYWRAP_RUNDIR "/recorded" : NULL, s->directory,
	    s->conf.max_directory, io_now_ns());
	m->full = total_is_over(&m->total, io_now_ns());
	if (m->full && s->conf.at_cap == CONF_CAP_END_SESSION) {
		(void)go_on(m, CONF_DENY, "the recordings have reached max_directory", -EDQUOT);
		return -1;
	}
	snprintf(m->recording, sizeof m->recording, "%s.cast%s", m->name,
	    s->conf.compress == CONF_COMPRESS_ZSTD ? ".zst" : "");
	r = store_create(s->directory, m->recording);
	if (r >= 0) {
		m->recording_fd = r;
		give_recording(m, s);
		return 0;
	}
	m->recording[0] = '\0';
	return go_on(m, s->conf.on_failure_recording, s->directory, r) ? 0 : -1;
}

/* From here on the user can neither signal nor trace the process, and it cannot become the user
 * again. */
static int
become_monitor(struct monitor *m, const struct session *s)
{
	const struct privilege_row row = {
	    .uid = s->service,
	    .permitted = s->privileged ? brought(KEPT) : 0,
	    .effective = s->privileged ? brought(KEPT) : 0,
	    .no_new_privs = true,
	};
	char why[128];

	children_disconnect(m);
	rlimits_lift();                     /* the shell has its own already */
	prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0); /* for root, whose real uid is 0 until now */
	if (setresuid(s->service, s->service, s->service) != 0 ||
	    privilege_set(row.permitted, row.effective, 0) != 0)
		return -errno;
	prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || chdir("/") != 0)
		return -errno;
	if (privilege_check(&row, why, sizeof why) < 0) {
		log_admin(LOG_CRIT, "the monitor keeps what it must not: %s", why);
		return -EPERM;
	}
	return 0;
}

static int
wait_ready(struct monitor *m)
{
	int64_t until = io_now_ns() + READY_WAIT_NS;
	struct message msg;

	while (m->channel_fd >= 0 && m->state == MONITOR_STARTING) {
		struct pollfd p = {.fd = m->channel_fd, .events = POLLIN};
		int64_t left_ns = until - io_now_ns();
		int r;

		if (left_ns <= 0)
			return -ETIMEDOUT;
		(void)poll(&p, 1, (int)(left_ns / 1000000) + 1);
		r = channel_receive(m->channel_fd, &msg);
		if (r == -EAGAIN)
			continue;
		if (r <= 0)
			return r < 0 ? r : -EPIPE;
		r = dispatch(m, &msg);
		if (r < 0)
			return r;
	}
	m->state = MONITOR_RUNNING;
	return 0;
}

static void
copy_text(char *dst, size_t n, const char *src)
{
	snprintf(dst, n, "%s", src);
}

/* The pump's settings: one message each for the lists, then GO. */
static int
send_settings(struct monitor *m, const struct session *s)
{
	const struct conf *c = &s->conf;
	struct message_go go = {
	    .wall_s = time(NULL),
	    .seal_bytes = c->seal_bytes,
	    .seal_interval_ns = c->seal_interval_ns,
	    .recording_max = c->max_recording,
	    .audit_max = c->audit_cap,
	    .audit_rate = c->audit_rate,
	    .compress = c->compress,
	    .fsync = c->fsync,
	    .uid = s->shell.user,
	    .ses = audit_session(),
	};
	int r = 0;

	if (m->trail.fd >= 0 && c->audit != CONF_AUDIT_NONE && c->input == CONF_INPUT_PTY)
		go.flags |= MESSAGE_GO_AUDIT;
	if (m->recording_fd >= 0 && (c->record & CONF_RECORD_OUTPUT))
		go.flags |= MESSAGE_GO_RECORD_OUT;
	if (m->recording_fd >= 0 && (c->record & CONF_RECORD_INPUT))
		go.flags |= MESSAGE_GO_RECORD_IN;
	if (c->on_failure_recording == CONF_ALLOW)
		go.flags |= MESSAGE_GO_ALLOW;
	if (c->at_cap == CONF_CAP_END_SESSION)
		go.flags |= MESSAGE_GO_STOP_AT_CAP;
	if (c->audit == CONF_AUDIT_ELEVATED)
		go.flags |= MESSAGE_GO_ELEVATED;
	copy_text(go.user, sizeof go.user, s->user);
	copy_text(go.terminal, sizeof go.terminal, m->terminal.outer_name);
	copy_text(go.address, sizeof go.address, m->trail.addr);
	copy_text(go.shell, sizeof go.shell, s->shell.path);
	for (size_t i = 0; r == 0 && i < c->secret_programs_n; i++)
		r = channel_send(m->channel_fd, MESSAGE_PROGRAM, c->secret_programs[i],
		    strlen(c->secret_programs[i]));
	for (size_t i = 0; r == 0 && i < c->secret_prompt_n; i++)
		r = channel_send(m->channel_fd, MESSAGE_PROMPT, c->secret_prompt[i],
		    strlen(c->secret_prompt[i]));
	if (r == 0)
		r = channel_send(m->channel_fd, MESSAGE_GO, &go, sizeof go);
	return r == 0 && m->full ? channel_send(m->channel_fd, MESSAGE_FULL, NULL, 0) : r;
}

static int
open_session(struct monitor *m, const struct session *s)
{
	int r = records_open(m);

	if (r == 0 && s->line != NULL)
		r = records_command(m, s->line);
	if (r < 0 && !go_on(m, s->conf.on_failure_audit, "the audit trail", r))
		return -1;
	r = accounts_open(m);
	if (r < 0 && !go_on(m, CONF_DENY, "the ledger, with the user's RLIMIT_FSIZE", r))
		return -1;
	if (m->channel_fd < 0)
		return 0;
	r = m->mode == MONITOR_TERMINAL ? terminal_take(&m->terminal) : 0;
	if (r == 0)
		r = send_settings(m, s);
	return r == 0 || go_on(m, CONF_DENY, "the user's terminal", r) ? 0 : -1;
}

/* A file that nothing was written to is no recording. */
static void
abandon_recording(struct monitor *m)
{
	const struct session *s = m->session;

	if (m->recording_fd >= 0 && s->privileged && s->conf.watch_own)
		own_remove(TTYWRAP_OWNDIR, m->recording, s->shell.user);
	if (m->recording_fd >= 0)
		store_remove(s->directory, m->recording);
	io_close(&m->recording_fd);
	m->recording[0] = '\0';
}

/* Nobody relays: the session runs on the original descriptors, if the policy lets it. */
static int
go_direct(struct monitor *m, const struct session *s, int error)
{
	if (!go_on(m, s->conf.on_failure, "the session's recorder", error))
		return -1;
	if (m->pump > 0) {
		(void)kill(m->pump, SIGKILL);
		(void)waitpid(
		    m->pump, NULL, WNOHANG); /* it may wait for a disk that does not answer */
	}
	m->pump = 0;
	io_close(&m->channel_fd);
	abandon_recording(m);
	m->mode = MONITOR_EXEC;
	m->state = MONITOR_RUNNING;
	return 0;
}

/*
 * The shell runs from here on, and the pump's words count. The filter goes on just before: what
 * comes earlier has seen no byte of the user's, and may have to take an empty recording away.
 */
static int
open_gate(const struct monitor *m, int gate_fd, char go)
{
	int r = monitor_sandbox();

	if (r < 0) {
		go_on(m, CONF_DENY, "the monitor's own filter", r);
		return r;
	}
	return io_write_all(gate_fd, &go, 1);
}

int
start(struct monitor *m, struct session *s)
{
	struct trail_flag came_in = {0};
	int gate[2] = {-1, -1};
	char go = GATE_GO;
	bool begun = false;
	int r = -1;

	terminal_find(&m->terminal);
	m->mode = choose_mode(m);
	if (open_trail(m, &came_in) < 0 || make_recording(m, s) < 0 || make_connection(m, s) < 0)
		goto out;
	r = s->privileged ? privilege_set(brought(STARTING), brought(STARTING), 0) : 0;
	if (r == 0)
		r = children_start(m, s, &came_in, gate);
	if (r == 0)
		r = become_monitor(m, s);
	if (r < 0) {
		go_on(m, CONF_DENY, "the session's processes", r);
		goto out;
	}
	r = wait_ready(m);
	if (r < 0) {
		go = GATE_DIRECT;
		r = go_direct(m, s, r);
	}
	if (r == 0)
		r = open_session(m, s);
	if (r == 0) {
		begun = true;
		r = open_gate(m, gate[1], go);
	}
out:
	if (!begun)
		abandon_recording(m);
	io_close(&gate[0]);
	io_close(&gate[1]);
	return r < 0 ? -1 : 0;
}
