/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pure. Every program of accounting and the monitor. */
#include "traffic.h"

#include <errno.h>
#include <stdio.h>

#include "connection.h"

const char *
traffic_source_name(enum traffic_source source)
{
	static const char *const names[] = {[TRAFFIC_NONE] = "none",
	    [TRAFFIC_CONNTRACK] = "conntrack",
	    [TRAFFIC_TCPINFO] = "tcp_info"};

	return names[source];
}

int
traffic_audit_text(
    char *buf, size_t n, const char *id, const struct connection *c, const struct traffic *t)
{
	char local[CONNECTION_ADDR_MAX];
	int len;

	connection_addr_text(c->family, c->local, local);
	len = snprintf(buf, n,
	    "op=ttywrap-traffic conn=%s laddr=%s lport=%u rport=%u source=%s in_bytes=%llu "
	    "in_packets=%llu "
	    "out_bytes=%llu out_packets=%llu",
	    id, local, c->local_port, c->peer_port, traffic_source_name(t->source),
	    (unsigned long long)t->in_bytes, (unsigned long long)t->in_packets,
	    (unsigned long long)t->out_bytes, (unsigned long long)t->out_packets);
	return len < 0 || (size_t)len >= n ? -ENOSPC : len;
}
