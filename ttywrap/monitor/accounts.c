/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor, with CAP_NET_ADMIN. Reads the kernel's counters; nothing here comes from the user. */
#include "monitor/accounts.h"

#include <errno.h>
#include <string.h>
#include <syslog.h>

#include "acct/conntrack.h"
#include "common/log.h"
#include "config.h"
#include "monitor/monitor.h"
#include "monitor/session.h"

#define LEDGER TTYWRAP_LOGDIR "/traffic.jsonl"

static bool
has_account(const struct monitor *m)
{
	return m->session->privileged && m->session->connected && m->session->conf.accounting;
}

static void
complain(const struct monitor *m, const char *what, int error)
{
	if (error < 0)
		log_admin(LOG_WARNING, "accounting of %s: %s: %s", m->name, what, strerror(-error));
}

static int
write_line(struct monitor *m, enum ledger_event event, const struct traffic *t)
{
	const struct session *s = m->session;

	int r = account_write(
	    LEDGER, &s->account, event, s->user, s->shell.user, m->name, "ttywrap", t);

	complain(m, LEDGER, r);
	return r;
}

static void
set_mark(const struct monitor *m)
{
	const struct session *s = m->session;
	uint32_t mark = s->conf.mark == CONF_MARK_UID   ? s->shell.user
			: s->conf.mark == CONF_MARK_GID ? s->group
							: s->conf.mark_number;

	if (s->conf.mark != CONF_MARK_NONE)
		complain(m, "the connection's mark", conntrack_mark(&s->account.connection, mark));
}

int
accounts_open(struct monitor *m)
{
	struct traffic t;

	if (!has_account(m))
		return 0;
	/* Not counted by conntrack and not by tcp_info: the line says so (source none). */
	(void)account_read(&m->session->account, &t);
	if (write_line(m, LEDGER_OPEN, &t) == -EFBIG)
		return -EFBIG;
	set_mark(m);
	return 0;
}

void
accounts_close(struct monitor *m)
{
	const struct account *a = &m->session->account;
	struct traffic t;
	char text[512];

	if (!has_account(m))
		return;
	(void)account_read(a, &t);
	(void)write_line(m, LEDGER_CLOSE, &t);
	if (traffic_audit_text(text, sizeof text, a->id, &a->connection, &t) > 0)
		complain(
		    m, "its audit record", trail_record(&m->trail, TRAIL_TRUSTED_APP, text, true));
}
