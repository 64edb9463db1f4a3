/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ACCT_HANDOFF_H
#define ACCT_HANDOFF_H

#include <stddef.h>
#include <stdint.h>

#include "connection.h"

/*
 * What the PAM module tells the wrapper: which connection an audit session came in on. One small file a session,
 * RUNDIR/connection-SES, in the wrapper's user's folder and readable by that user (and root) alone.
 */

/* The calling process's audit session id, or LEDGER_SES_NONE's value (UINT32_MAX) when it has none.
 */
uint32_t handoff_session(void);

/*
 * Writes the file, as the folder's owner. When the folder is missing (/run is empty after a boot)
 * it is made, mode 0755, for `owner`. Returns 0, -ENOENT when ses is none, or -errno.
 */
int handoff_write(const char *rundir, uint32_t ses, const struct connection *c, const char *owner);

/* Returns 0, -ENOENT when there is none for this session (or only one of an earlier boot), -EINVAL,
 * or -errno. */
int handoff_read(const char *rundir, uint32_t ses, struct connection *c);

/* Removes it. 0 or -errno. */
int handoff_remove(const char *rundir, uint32_t ses);

/* Pure: the file's text and back. Print returns the length or -ENOSPC (200 is enough), parse 0 or
 * -EINVAL. */
int handoff_print(char *buf, size_t n, const char *id, const struct connection *c);
int handoff_parse(const char *text, size_t n, char id[CONNECTION_ID_MAX], struct connection *c);

#endif
