/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sshd (the PAM module, as root), the monitor and ttyacct (CAP_NET_ADMIN). Believes the kernel.
 *
 * The entry is asked for by its reply tuple, as the server's packets leave the socket: whatever
 * DNAT or REDIRECT did to the client's packets on their way in, their answers leave with the
 * addresses that getsockname and getpeername show. The kernel's table holds both tuples of an
 * entry and finds it by either, whichever attribute the question comes in; nfct_nlmsg_build sends
 * none without an original tuple, so the reply tuple travels in that attribute. An entry that began
 * with one of the server's packets (picked up in mid-connection) is found as well: then its
 * original direction is the server's, and the two are exchanged here.
 */
#include "conntrack.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack.h>
#include <libnetfilter_conntrack/libnetfilter_conntrack_tcp.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "connection.h"
#include "netlink.h"
#include "traffic.h"

enum {
	REQUEST_MAX = 1024
};

struct answer {
	const struct connection *c;
	struct traffic *out;
};

static struct nf_conntrack *
tuple_new(const struct connection *c)
{
	struct nf_conntrack *ct = nfct_new();

	if (!ct)
		return NULL;
	nfct_set_attr_u8(ct, ATTR_ORIG_L3PROTO, c->family);
	nfct_set_attr_u8(ct, ATTR_ORIG_L4PROTO, IPPROTO_TCP);
	if (c->family == AF_INET) {
		nfct_set_attr(ct, ATTR_ORIG_IPV4_SRC, c->local);
		nfct_set_attr(ct, ATTR_ORIG_IPV4_DST, c->peer);
	} else {
		nfct_set_attr(ct, ATTR_ORIG_IPV6_SRC, c->local);
		nfct_set_attr(ct, ATTR_ORIG_IPV6_DST, c->peer);
	}
	nfct_set_attr_u16(ct, ATTR_ORIG_PORT_SRC, htons(c->local_port));
	nfct_set_attr_u16(ct, ATTR_ORIG_PORT_DST, htons(c->peer_port));
	if (c->zone != 0)
		nfct_set_attr_u16(ct, ATTR_ZONE, c->zone);
	return ct;
}

/* True when one direction of the entry runs from the connection's server to its client. */
static bool
is_from_server(const struct nf_conntrack *ct, const struct connection *c,
    enum nf_conntrack_attr v4_src, enum nf_conntrack_attr v6_src, enum nf_conntrack_attr port_src,
    enum nf_conntrack_attr port_dst)
{
	size_t n = c->family == AF_INET ? 4 : 16;
	const void *src = nfct_get_attr(ct, c->family == AF_INET ? v4_src : v6_src);

	return src && memcmp(src, c->local, n) == 0 &&
	       nfct_get_attr_u16(ct, port_src) == htons(c->local_port) &&
	       nfct_get_attr_u16(ct, port_dst) == htons(c->peer_port);
}

static void
counters_take(const struct nf_conntrack *ct, bool swapped, struct traffic *out)
{
	uint64_t bytes[2] = {nfct_get_attr_u64(ct, ATTR_ORIG_COUNTER_BYTES),
	    nfct_get_attr_u64(ct, ATTR_REPL_COUNTER_BYTES)};
	uint64_t packets[2] = {nfct_get_attr_u64(ct, ATTR_ORIG_COUNTER_PACKETS),
	    nfct_get_attr_u64(ct, ATTR_REPL_COUNTER_PACKETS)};
	uint8_t state = nfct_get_attr_u8(ct, ATTR_TCP_STATE);

	*out = (struct traffic){
	    .source = TRAFFIC_CONNTRACK,
	    .in_bytes = bytes[swapped],
	    .in_packets = packets[swapped],
	    .out_bytes = bytes[!swapped],
	    .out_packets = packets[!swapped],
	    .flow = nfct_get_attr_u32(ct, ATTR_ID),
	    .ended = state == TCP_CONNTRACK_TIME_WAIT || state == TCP_CONNTRACK_CLOSE,
	};
}

static int
entry_parse(const struct nlmsghdr *nlh, void *data)
{
	struct answer *a = data;
	struct nf_conntrack *ct = nfct_new();
	int ret = -EPROTO;

	if (!ct)
		return -ENOMEM;
	if (nfct_nlmsg_parse(nlh, ct) < 0)
		goto out;
	if (!nfct_attr_is_set(ct, ATTR_ORIG_COUNTER_BYTES) ||
	    !nfct_attr_is_set(ct, ATTR_REPL_COUNTER_BYTES)) {
		ret = -ENODATA;
		goto out;
	}
	ret = 0;
	if (is_from_server(ct, a->c, ATTR_REPL_IPV4_SRC, ATTR_REPL_IPV6_SRC, ATTR_REPL_PORT_SRC,
		ATTR_REPL_PORT_DST))
		counters_take(ct, false, a->out);
	else if (is_from_server(ct, a->c, ATTR_ORIG_IPV4_SRC, ATTR_ORIG_IPV6_SRC,
		     ATTR_ORIG_PORT_SRC, ATTR_ORIG_PORT_DST))
		counters_take(ct, true, a->out);
	else
		ret = -EPROTO;
out:
	nfct_destroy(ct);
	return ret;
}

static int
entry_ignore(const struct nlmsghdr *nlh, void *data)
{
	(void)nlh;
	(void)data;
	return -EPROTO;
}

static int
entry_ask(const struct connection *c, uint16_t what, uint16_t flags, const uint32_t *mark,
    int (*parse)(const struct nlmsghdr *, void *), void *data)
{
	union {
		struct nlmsghdr align;
		char bytes[REQUEST_MAX];
	} buf = {0};
	struct nf_conntrack *ct = tuple_new(c);
	struct nlmsghdr *nlh;
	struct nfgenmsg *nfg;
	int ret;

	if (!ct)
		return -ENOMEM;
	if (mark)
		nfct_set_attr_u32(ct, ATTR_MARK, *mark);
	nlh = mnl_nlmsg_put_header(buf.bytes);
	nlh->nlmsg_type = (uint16_t)(NFNL_SUBSYS_CTNETLINK << 8 | what);
	nlh->nlmsg_flags = flags;
	nfg = mnl_nlmsg_put_extra_header(nlh, sizeof *nfg);
	nfg->nfgen_family = c->family;
	nfg->version = NFNETLINK_V0;
	ret = nfct_nlmsg_build(nlh, ct) < 0 ? -EINVAL
					    : netlink_ask(NETLINK_NETFILTER, nlh, parse, data);
	nfct_destroy(ct);
	return ret;
}

int
conntrack_read(const struct connection *c, struct traffic *out)
{
	struct answer a = {c, out};

	return entry_ask(c, IPCTNL_MSG_CT_GET, NLM_F_REQUEST, NULL, entry_parse, &a);
}

int
conntrack_mark(const struct connection *c, uint32_t mark)
{
	return entry_ask(
	    c, IPCTNL_MSG_CT_NEW, NLM_F_REQUEST | NLM_F_ACK, &mark, entry_ignore, NULL);
}
