/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Inside sshd's monitor (as root) and in ttyacct --pam. Does little, waits for nothing, keeps
 * nothing open. */
#include "session.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "account.h"
#include "config.h"
#include "conntrack.h"
#include "handoff.h"
#include "hook.h"
#include "options.h"

static void __attribute__((format(printf, 3, 4)))
say(const struct session *s, int priority, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	s->say(s->say_data, priority, text);
}

static int
record_fill(const struct session *s, const struct account *a, enum ledger_event event,
    struct ledger_record *r)
{
	int ret;

	ledger_record_begin(r, event, s->by);
	memcpy(r->id, a->id, sizeof r->id);
	snprintf(r->user, sizeof r->user, "%s", s->user);
	r->uid = s->uid;
	r->ses = a->ses;
	r->connection = a->connection;
	ret = account_read(a, &r->traffic);
	if (ret < 0)
		say(s, LOG_WARNING, "no traffic figures for the connection from %s port %u: %s",
		    a->peer, a->connection.peer_port, strerror(-ret));
	return ret;
}

static int
record_write(const struct session *s, const struct ledger_record *r)
{
	int ret = ledger_append(s->options->ledger, r);

	if (ret < 0)
		say(s, LOG_ERR, "cannot write to the ledger %s: %s", s->options->ledger,
		    strerror(-ret));
	return ret;
}

static void
hook_start(const struct session *s, const char *path, const struct ledger_record *r)
{
	char line[LEDGER_LINE_MAX];
	int n, ret;

	if (!path)
		return;
	n = ledger_print(r, line, sizeof line);
	ret = n < 0 ? n : hook_run(path, line, (size_t)n, s->options->hook_seconds);
	if (ret == -EPERM)
		say(s, LOG_ERR,
		    "the hook %s is not run: it has to be a file of root's that nobody else can "
		    "write",
		    path);
	else if (ret < 0)
		say(s, LOG_ERR, "the hook %s is not run: %s", path, strerror(-ret));
}

static int
mark_set(const struct session *s, const struct account *a)
{
	uint32_t mark;
	int ret;

	if (!options_mark(s->options, s->uid, s->gid, &mark))
		return 0;
	ret = conntrack_mark(&a->connection, mark);
	if (ret < 0)
		say(s, LOG_WARNING, "cannot mark the connection from %s port %u: %s", a->peer,
		    a->connection.peer_port, ret == -ENOENT ? "it is not tracked" : strerror(-ret));
	return ret;
}

/* Without audit sessions (or without the wrapper) there is nobody to hand anything to. */
static void
handoff_leave(const struct session *s, const struct account *a)
{
	int ret = handoff_write(s->options->rundir, a->ses, &a->connection, TTYWRAP_USER);

	if (ret < 0 && ret != -ENOENT)
		say(s, LOG_WARNING, "cannot leave the connection for ttywrap in %s: %s",
		    s->options->rundir, strerror(-ret));
}

int
session_open(const struct session *s, const struct account *a)
{
	struct ledger_record r;
	int read_ret, write_ret, mark_ret;

	mark_ret = mark_set(s, a);
	read_ret = record_fill(s, a, LEDGER_OPEN, &r);
	write_ret = record_write(s, &r);
	handoff_leave(s, a);
	hook_start(s, s->options->on_open, &r);
	return write_ret < 0 ? write_ret : read_ret < 0 ? read_ret : mark_ret;
}

int
session_close(const struct session *s, const struct account *a)
{
	struct ledger_record r;
	int read_ret, write_ret;

	read_ret = record_fill(s, a, LEDGER_CLOSE, &r);
	write_ret = record_write(s, &r);
	(void)handoff_remove(s->options->rundir, a->ses);
	hook_start(s, s->options->on_close, &r);
	return write_ret < 0 ? write_ret : read_ret;
}
