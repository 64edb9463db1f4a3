/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ACCT_CONNTRACK_H
#define ACCT_CONNTRACK_H

#include <stdint.h>

struct connection;
struct traffic;

/*
 * What conntrack has counted for a connection, both directions. Asks for exactly this
 * tuple: the cost does not depend on the table's size. Needs CAP_NET_ADMIN in the network
 * namespace. Waits at most a fifth of a second for the kernel.
 * Returns 0, -ENOENT when the connection is not tracked, -ENODATA when it is tracked but
 * was not being counted when it began (nf_conntrack_acct), -EPERM, -EPROTONOSUPPORT (a
 * kernel without conntrack), or -errno.
 */
int conntrack_read(const struct connection *c, struct traffic *out);

/* Sets the connection's mark and touches nothing else of it. Same privilege and errors. */
int conntrack_mark(const struct connection *c, uint32_t mark);

#endif
