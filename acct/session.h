/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ACCT_SESSION_H
#define ACCT_SESSION_H

#include <sys/types.h>

struct account;
struct options;

/* What the PAM module and `ttyacct --pam` do at the beginning and the end of a connection. */

struct session {
	const struct options *options;
	const char *user;
	uid_t uid;
	gid_t gid;
	const char *by; /* "pam" or "pam_exec" */
	void (*say)(
	    void *data, int priority, const char *text); /* syslog's priorities; text is one line */
	void *say_data;
};

/*
 * Reads the counters (all that was moved before authentication), writes the ledger's open line,
 * sets the mark, leaves the hand-off, starts the hook. Each failure is said and the rest is still
 * done. Returns 0, or the first -errno of what accounting rests on: counters, ledger, mark.
 */
int session_open(const struct session *s, const struct account *a);

/* The same at the end: close line, hand-off removed, hook. */
int session_close(const struct session *s, const struct account *a);

#endif
