/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor. Talks to the kernel alone: an answer from anybody else's port is passed over. */
#include "monitor/trail_netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "common/io.h"
#include "monitor/trail.h"

#define ANSWER_WAIT_NS 5000000000

static int
send_request(struct trail *t, uint16_t type, const void *data, size_t n)
{
	struct nlmsghdr head = {
	    .nlmsg_len = (uint32_t)NLMSG_LENGTH(n),
	    .nlmsg_type = type,
	    .nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK,
	    .nlmsg_seq = ++t->sequence,
	};
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	struct iovec part[2] = {{&head, sizeof head}, {(void *)data, n}};
	struct msghdr m = {
	    .msg_name = &kernel, .msg_namelen = sizeof kernel, .msg_iov = part, .msg_iovlen = 2};
	ssize_t sent;

	do
		sent = sendmsg(t->fd, &m, 0);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : 0;
}

/*
 * Returns 1 when the request is answered (*result set), 0 to go on, or -errno.
 * The kernel sends a reply from a thread of its own (audit_send_reply()), so
 * it may follow the acknowledgement: with a reply wanted, that is the answer.
 */
static int
receive_answer(struct trail *t, void *reply, size_t reply_n, int *result)
{
	union {
		struct nlmsghdr head;
		char bytes[10240]; /* an error carries the whole request back (netlink(7)) */
	} buf;
	struct sockaddr_nl from = {0};
	socklen_t from_n = sizeof from;
	ssize_t got;
	int answered = 0;

	do
		got = recvfrom(
		    t->fd, &buf, sizeof buf, MSG_DONTWAIT, (struct sockaddr *)&from, &from_n);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if (from.nl_pid != 0)
		return 0;
	for (struct nlmsghdr *h = &buf.head; NLMSG_OK(h, (size_t)got); h = NLMSG_NEXT(h, got)) {
		size_t n = h->nlmsg_len - NLMSG_HDRLEN;

		if (h->nlmsg_seq != t->sequence)
			continue;
		if (h->nlmsg_type == NLMSG_ERROR && n >= sizeof(struct nlmsgerr)) {
			*result = ((struct nlmsgerr *)NLMSG_DATA(h))->error;
			answered = *result != 0 || reply_n == 0;
		} else if (reply_n > 0) {
			memcpy(reply, NLMSG_DATA(h), n < reply_n ? n : reply_n);
			answered = 1;
		}
	}
	return answered;
}

int
trail_netlink(
    struct trail *t, uint16_t type, const void *data, size_t n, void *reply, size_t reply_n)
{
	int64_t until = io_now_ns() + ANSWER_WAIT_NS;
	int result = 0, r;

	if (t->fd < 0)
		return -ENOTCONN;
	r = send_request(t, type, data, n);
	if (r < 0)
		return r;
	for (;;) {
		struct pollfd p = {.fd = t->fd, .events = POLLIN};
		int64_t left_ms = (until - io_now_ns()) / 1000000;

		r = receive_answer(t, reply, reply_n, &result);
		if (r > 0)
			return result;
		if (r < 0 && r != -EAGAIN)
			return r;
		if (left_ms <= 0)
			return -ETIMEDOUT;
		if (r == -EAGAIN)
			(void)poll(&p, 1, (int)left_ms);
	}
}
