/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ACCT_ACCOUNT_H
#define ACCT_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "connection.h"
#include "ledger.h"
#include "traffic.h"

/*
 * What the wrapper needs of accounting, in the order in which it needs it: find (in the
 * launcher, while CAP_SYS_PTRACE is there), read and write (in the monitor, CAP_NET_ADMIN).
 * None of it waits, keeps a descriptor, or may fail a session: an error is one to log.
 */

enum account_origin {
	ACCOUNT_HANDOFF,  /* pam_ttyacct said so */
	ACCOUNT_ANCESTOR, /* seen in the sshd above this process */
};

struct account {
	struct connection connection;
	char id[CONNECTION_ID_MAX];
	char peer[CONNECTION_ADDR_MAX]; /* printed, for the audit records' addr */
	uint32_t ses;                   /* audit session id, UINT32_MAX: none */
	enum account_origin origin;
	bool hint_agrees; /* false: SSH_CONNECTION says another connection; worth a word in the
			     audit trail */
};

/*
 * Which connection this session came in on. `hint` is the value of SSH_CONNECTION or NULL;
 * it is untrusted and never the source. Effective uid TTYWRAP_USER for the hand-off file,
 * CAP_SYS_PTRACE effective for the way through the ancestors.
 * Returns 0, -ENOTCONN when the session came in on none (console, su, cron), or -errno.
 */
int account_find(struct account *a, const char *hint);

/* Fills in everything about a connection that was found in another way. Returns 0 or -errno. */
int account_of(struct account *a, const struct connection *c);

/*
 * Reads the counters now: conntrack, else tcp_info. CAP_NET_ADMIN effective for the former.
 * Returns 0 with out->source saying which, or what conntrack_read() answered, with
 * out->source TRAFFIC_NONE, when neither has any (the connection is gone).
 */
int account_read(const struct account *a, struct traffic *out);

/*
 * Appends one line for this session to the ledger. `session` names it (the recording's name); NULL
 * for the connection itself. `by` is "ttywrap" here. Returns 0 or -errno.
 */
int account_write(const char *ledger, const struct account *a, enum ledger_event event,
    const char *user, uid_t uid, const char *session, const char *by, const struct traffic *t);

#endif
