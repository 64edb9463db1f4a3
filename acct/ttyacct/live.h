/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TTYACCT_LIVE_H
#define TTYACCT_LIVE_H

#include <stdbool.h>
#include <stdint.h>

struct sqlite3;
struct table;

/* What the kernel knows now about the connections of the index. */

/*
 * Reads what is still to be had and appends it to the ledger (needs to be able to write it, and
 * CAP_NET_ADMIN for conntrack): a `final` line for each connection that is over and whose conntrack
 * entry lingers, and with `interim` a line for each that is open. Removes hand-offs of connections
 * that are gone. What cannot be done for lack of privilege is left alone. Returns the number of
 * lines written, or -EIO.
 */
int live_update(struct sqlite3 *db, const char *ledger, bool interim);

/* True when an open connection of this machine's is not there any more (or of an earlier boot). */
bool live_is_cut_off(struct sqlite3 *db, int64_t conn);

/* Who is connected now, with figures from the kernel. 0 or -EIO. */
int live_who(struct sqlite3 *db, struct table *t);

#endif
