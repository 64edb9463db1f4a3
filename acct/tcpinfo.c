/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sshd (the PAM module), the monitor, ttyacct: the fallback when conntrack has no figures.
 * Believes the kernel. The kernel looks the socket up by its addresses alone
 * (inet_diag_find_one_icsk), an IPv4-mapped one by its IPv4 addresses.
 */
#include "tcpinfo.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "connection.h"
#include "netlink.h"
#include "traffic.h"

#define HAS(info_len, field)                                                                       \
	((info_len) >= offsetof(struct tcp_info, field) + sizeof((struct tcp_info *)0)->field)

struct answer {
	struct connection *c;
	struct traffic *out;
};

static int
counters_take(const struct nlattr *attr, struct traffic *out)
{
	size_t n = mnl_attr_get_payload_len(attr);
	struct tcp_info info = {0};

	/* An older kernel's is shorter, a newer one's longer: fields are only ever added at the
	 * end. */
	memcpy(&info, mnl_attr_get_payload(attr), n < sizeof info ? n : sizeof info);
	if (!HAS(n, tcpi_segs_in))
		return -ENODATA; /* before Linux 4.2 */
	*out = (struct traffic){
	    .source = TRAFFIC_TCPINFO,
	    .in_bytes = info.tcpi_bytes_received,
	    .in_packets = info.tcpi_segs_in,
	    .out_bytes = HAS(n, tcpi_bytes_sent) ? info.tcpi_bytes_sent : info.tcpi_bytes_acked,
	    .out_packets = info.tcpi_segs_out,
	};
	return 0;
}

static int
socket_parse(const struct nlmsghdr *nlh, void *data)
{
	struct answer *a = data;
	const struct inet_diag_msg *msg;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != SOCK_DIAG_BY_FAMILY || mnl_nlmsg_get_payload_len(nlh) < sizeof *msg)
		return -EPROTO;
	msg = mnl_nlmsg_get_payload(nlh);
	if (ntohs(msg->id.idiag_dport) != a->c->peer_port)
		return -ENOENT; /* the lookup falls back to a listener on the same address */
	if (a->c->cookie == 0)
		a->c->cookie = (uint64_t)msg->id.idiag_cookie[1] << 32 | msg->id.idiag_cookie[0];
	for (attr = mnl_nlmsg_get_payload_offset(nlh, sizeof *msg); mnl_attr_ok(
		 attr, (int)((const char *)mnl_nlmsg_get_payload_tail(nlh) - (const char *)attr));
	     attr = mnl_attr_next(attr))
		if (mnl_attr_get_type(attr) == INET_DIAG_INFO)
			return counters_take(attr, a->out);
	return -ENODATA;
}

int
tcpinfo_read(struct connection *c, struct traffic *out)
{
	union {
		struct nlmsghdr align;
		char bytes[256];
	} buf = {0};
	struct answer a = {c, out};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf.bytes);
	struct inet_diag_req_v2 *req;
	int ret;

	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	nlh->nlmsg_flags = NLM_F_REQUEST;
	req = mnl_nlmsg_put_extra_header(nlh, sizeof *req);
	req->sdiag_family = c->family;
	req->sdiag_protocol = IPPROTO_TCP;
	req->idiag_ext = 1 << (INET_DIAG_INFO - 1);
	req->idiag_states = ~0u;
	req->id.idiag_sport = htons(c->local_port);
	req->id.idiag_dport = htons(c->peer_port);
	req->id.idiag_if = c->scope;
	memcpy(req->id.idiag_src, c->local, 16);
	memcpy(req->id.idiag_dst, c->peer, 16);
	req->id.idiag_cookie[0] = c->cookie ? (uint32_t)c->cookie : INET_DIAG_NOCOOKIE;
	req->id.idiag_cookie[1] = c->cookie ? (uint32_t)(c->cookie >> 32) : INET_DIAG_NOCOOKIE;
	ret = netlink_ask(NETLINK_SOCK_DIAG, nlh, socket_parse, &a);
	return ret == -ESTALE ? -ENOENT : ret; /* another socket has the tuple now */
}
