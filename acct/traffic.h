/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ACCT_TRAFFIC_H
#define ACCT_TRAFFIC_H

#include <stddef.h>
#include <stdint.h>

struct connection;

enum traffic_source {
	TRAFFIC_NONE,      /* nothing could be read */
	TRAFFIC_CONNTRACK, /* IP packets, headers included, as the firewall saw them */
	TRAFFIC_TCPINFO,   /* TCP payload, as the socket saw it */
};

/* A reading: everything the connection has moved since it began. `in` is what came from the client.
 */
struct traffic {
	enum traffic_source source;
	uint64_t in_bytes, in_packets;
	uint64_t out_bytes, out_packets;
	uint32_t flow; /* conntrack's id of the entry; 0: tcp_info. Counters start anew when it
			  changes */
	uint32_t
	    ended; /* 1: the entry only lingers (TIME_WAIT, CLOSE): these are the last figures */
};

/* "conntrack", "tcp_info" or "none" */
const char *traffic_source_name(enum traffic_source source);

/*
 * The text of the audit record AUDIT_TRUSTED_APP: op=ttywrap-traffic and key=value pairs
 * of digits, hex and fixed words only. Pass the peer's printed address as the record's
 * `addr`; rport=, laddr= and lport= in the text complete the tuple. `id` is
 * connection_id()'s. Returns the length, or -ENOSPC when n is too small (400 is enough).
 */
int traffic_audit_text(
    char *buf, size_t n, const char *id, const struct connection *c, const struct traffic *t);

#endif
