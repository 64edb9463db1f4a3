/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sshd (the PAM module), the monitor, ttyacct. One question, one answer, no waiting: the
 * kernel answers these requests before sendmsg returns, so the time limit is for a kernel
 * in trouble. Only the kernel is believed (port id 0), only answers to this question.
 */
#include "netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>

static int
answer_handle(const struct nlmsghdr *nlh, int (*parse)(const struct nlmsghdr *, void *), void *data)
{
	const struct nlmsgerr *err;

	if (nlh->nlmsg_type != NLMSG_ERROR)
		return parse(nlh, data);
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof *err)
		return -EPROTO;
	err = mnl_nlmsg_get_payload(nlh);
	return err->error > 0 ? -EPROTO : err->error;
}

/* The first message of the datagram is the answer; an acknowledgement may follow it. */
static int
answer_read(
    struct mnl_socket *nl, uint32_t seq, int (*parse)(const struct nlmsghdr *, void *), void *data)
{
	union {
		struct nlmsghdr align;
		char bytes[NETLINK_REPLY_MAX];
	} buf;

	for (int tries = 0; tries < 8; tries++) {
		ssize_t n = mnl_socket_recvfrom(nl, buf.bytes, sizeof buf.bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (!mnl_nlmsg_ok(&buf.align, (int)n) || buf.align.nlmsg_seq != seq)
			continue;
		return answer_handle(&buf.align, parse, data);
	}
	return -ETIMEDOUT;
}

int
netlink_ask(
    int bus, struct nlmsghdr *request, int (*parse)(const struct nlmsghdr *, void *), void *data)
{
	const struct timeval limit = {.tv_usec = 200000};
	struct mnl_socket *nl = mnl_socket_open2(bus, SOCK_CLOEXEC);
	struct timespec now;
	int fd, ret;

	if (!nl)
		return -errno;
	fd = mnl_socket_get_fd(nl);
	clock_gettime(CLOCK_MONOTONIC, &now);
	request->nlmsg_seq = (uint32_t)now.tv_nsec | 1;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) < 0 ||
	    mnl_socket_sendto(nl, request, request->nlmsg_len) < 0)
		ret = -errno;
	else
		ret = answer_read(nl, request->nlmsg_seq, parse, data);
	mnl_socket_close(nl);
	return ret;
}
