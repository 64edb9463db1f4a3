/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_DISPATCH_H
#define MONITOR_DISPATCH_H

struct message;
struct monitor;

/*
 * One message from the pump. Looked up by type and state in one constant
 * table, its length held against the row's bounds, then handled. Returns 0,
 * -EPROTO when the table does not allow it, or the -errno of a record that
 * the audit trail refused.
 */
int dispatch(struct monitor *, const struct message *);

#endif
