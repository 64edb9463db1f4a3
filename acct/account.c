/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The launcher (account_find), then the monitor. Puts the narrow pieces of this folder together. */
#include "account.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "conntrack.h"
#include "handoff.h"
#include "tcpinfo.h"

static int
names_fill(struct account *a)
{
	connection_addr_text(a->connection.family, a->connection.peer, a->peer);
	return connection_id(&a->connection, a->id);
}

int
account_of(struct account *a, const struct connection *c)
{
	memset(a, 0, sizeof *a);
	a->connection = *c;
	a->ses = handoff_session();
	a->hint_agrees = true;
	return names_fill(a);
}

int
account_find(struct account *a, const char *hint)
{
	struct connection told;
	bool have_hint = hint && connection_parse_hint(hint, &told) == 0;
	int ret;

	memset(a, 0, sizeof *a);
	a->ses = handoff_session();
	a->origin = ACCOUNT_HANDOFF;
	ret = handoff_read(TTYWRAP_RUNDIR, a->ses, &a->connection);
	a->hint_agrees = !have_hint || connection_same(&told, &a->connection);
	if (ret < 0) {
		a->origin = ACCOUNT_ANCESTOR;
		ret = connection_of_ancestor(
		    have_hint ? &told : NULL, &a->connection, &a->hint_agrees);
	}
	return ret < 0 ? ret : names_fill(a);
}

int
account_read(const struct account *a, struct traffic *out)
{
	struct connection c = a->connection;
	int ret = conntrack_read(&c, out);

	if (ret == 0 || tcpinfo_read(&c, out) == 0)
		return 0;
	memset(out, 0, sizeof *out);
	return ret;
}

int
account_write(const char *ledger, const struct account *a, enum ledger_event event,
    const char *user, uid_t uid, const char *session, const char *by, const struct traffic *t)
{
	struct ledger_record r;

	ledger_record_begin(&r, event, by);
	memcpy(r.id, a->id, sizeof r.id);
	snprintf(r.user, sizeof r.user, "%s", user ? user : "");
	snprintf(r.session, sizeof r.session, "%s", session ? session : "");
	r.uid = uid;
	r.ses = a->ses;
	r.connection = a->connection;
	r.traffic = *t;
	return ledger_append(ledger, &r);
}
