/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ACCT_LEDGER_H
#define ACCT_LEDGER_H

#include <stddef.h>
#include <stdint.h>

#include "connection.h"
#include "traffic.h"

/*
 * The ledger, ttywrap-ledger(5): one JSON object a line, only ever appended. Its unit is the
 * connection (`id`); a line with a session is a reading of the connection at the time that session
 * opened or closed. A connection's figure is its last reading, however many lines repeat it.
 */

enum ledger_event {
	LEDGER_OPEN,    /* the connection, or a session on it, began */
	LEDGER_INTERIM, /* a reading in between */
	LEDGER_CLOSE,   /* it ended; a few packets may follow */
	LEDGER_FINAL,   /* the last reading there will be, taken after the end */
};

enum {
	LEDGER_LINE_MAX = 4096, /* with its newline; a longer one is foreign */
	LEDGER_USER_MAX = 256,
	LEDGER_HOST_MAX = 65,
	LEDGER_SESSION_MAX = 128,
	LEDGER_BY_MAX = 16,
};

#define LEDGER_UID_NONE UINT32_MAX
#define LEDGER_SES_NONE UINT32_MAX /* the kernel's own word for "no audit session" */

struct ledger_record {
	enum ledger_event event;
	int64_t time_ns; /* wall clock, since 1970 */
	char host[LEDGER_HOST_MAX];
	char id[CONNECTION_ID_MAX];
	char user[LEDGER_USER_MAX]; /* empty: unknown */
	uint32_t uid;
	uint32_t ses;
	char session[LEDGER_SESSION_MAX]; /* empty: the line is about the connection itself */
	struct connection connection;     /* the cookie is not kept: it is in the id */
	struct traffic traffic;
	char by[LEDGER_BY_MAX]; /* which program wrote it: "pam", "ttywrap", "ttyacct" */
};

/*
 * Pure. Prints the line, newline included. Names are escaped, bytes that are not UTF-8
 * become U+FFFD. Returns its length or -ENOSPC.
 */
int ledger_print(const struct ledger_record *r, char *buf, size_t n);

/*
 * Pure. Reads a line (without or with its newline) that anybody may have written. Members
 * that are not known are passed over. Returns 0, or -EINVAL with *why saying in a few
 * constant words what is wrong with it.
 */
int ledger_parse(const char *line, size_t n, struct ledger_record *r, const char **why);

/*
 * Appends one record to the ledger at an absolute path with one write(2). The file is created with
 * mode 0640 when it is missing. It is opened as the owner of its folder (when the caller is root,
 * with that user's file-system uid), and has to be a plain file of that user's with one link: a
 * folder that belongs to an unprivileged user gives that user no power over root's writing. A line
 * that another writer left unfinished is ended first. Returns 0 or -errno (-ENOSPC: part of the
 * line may be there).
 */
int ledger_append(const char *path, const struct ledger_record *r);

/* Fills in time (now), host, and everything else with 'unknown'. */
void ledger_record_begin(struct ledger_record *r, enum ledger_event event, const char *by);

#endif
