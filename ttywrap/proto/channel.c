/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor and pump. On the monitor's side every byte received here is hostile. */
#include "proto/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "proto/message.h"

int
channel_pair(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0)
		return -errno;
	return 0;
}

int
channel_send(int fd, uint32_t type, const void *body, size_t n)
{
	struct message_head head = {.type = type, .length = (uint32_t)n};
	struct iovec part[2] = {{&head, sizeof head}, {(void *)body, n}};
	struct msghdr m = {.msg_iov = part, .msg_iovlen = 2};
	ssize_t sent;

	if (n > MESSAGE_BODY_MAX)
		return -EMSGSIZE;
	do
		sent = sendmsg(fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return 0;
	/* unix(7): a full queue of this kind is EAGAIN; ENOBUFS means the same to us. */
	return errno == ENOBUFS ? -EAGAIN : -errno;
}

int
channel_receive(int fd, struct message *m)
{
	/* No room for control data: an attached descriptor is dropped by the kernel and flagged. */
	struct iovec part = {m, sizeof *m};
	struct msghdr head = {.msg_iov = &part, .msg_iovlen = 1};
	ssize_t got;

	/*
	 * ECONNRESET: the other end closed without having read all of ours. It is said once, and in
	 * front of the messages that end had sent before (unix_release_sock(), sock_error()).
	 */
	do
		got = recvmsg(fd, &head, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (got < 0 && (errno == EINTR || errno == ECONNRESET));
	if (got < 0)
		return -errno;
	if (got == 0)
		return 0;
	if (head.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return -EPROTO;
	if ((size_t)got < sizeof m->head || m->head.length != (size_t)got - sizeof m->head)
		return -EPROTO;
	return 1;
}
