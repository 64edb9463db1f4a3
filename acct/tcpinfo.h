/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ACCT_TCPINFO_H
#define ACCT_TCPINFO_H

#include <stdbool.h>

struct connection;
struct traffic;

/*
 * What the socket itself has counted (TCP payload; `out` holds retransmissions too), asked
 * for by exact tuple over sock_diag: no privilege, same network namespace. When c->cookie
 * is 0 it is filled in, otherwise it has to match. Returns 0, -ENOENT when there is no such
 * socket any more, -ENODATA when it is there but closed already (TIME_WAIT: no counters), or
 * -errno.
 */
int tcpinfo_read(struct connection *c, struct traffic *out);

#endif
