/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_ACCOUNTS_H
#define MONITOR_ACCOUNTS_H

struct monitor;

/*
 * The traffic of the session's SSH connection: a reading when the session
 * opens and one when it closes, each a line of the ledger (ttywrap-ledger(5));
 * the latter also a record in the audit trail (op=ttywrap-traffic). Nothing
 * happens for a session without a connection, without privilege, or with
 * accounting = no. A failure is logged and fails nothing, but for one: -EFBIG
 * when the ledger is larger than the user's RLIMIT_FSIZE, which would keep the
 * session out of it.
 */
int accounts_open(struct monitor *);
void accounts_close(struct monitor *);

#endif
