/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ttyacct --pam, as root, when it may not copy sshd's descriptors. What they are stands in /proc/PID/fd: a socket's
 * inode number; whose addresses these are, the kernel says in its list of TCP sockets. That asks for the right to read
 * about a process (PTRACE_MODE_READ), not to attach to it: Yama's scope 3 has no say in it (yama_ptrace_access_check),
 * nor has a seccomp filter without pidfd_getfd, as containers have. The price is a list as long as there are sockets.
 */
#include "inode.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>

#include "netlink.h"

enum {
	FDS_MAX = 64 /* as in ancestor.c */
};

struct sockets {
	ino_t inode[FDS_MAX]; /* by descriptor; 0: no socket of root's */
	bool known[FDS_MAX];  /* `connection` is its */
	struct connection connection[FDS_MAX];
};

/* Returns 0, or -errno when the process does not let itself be looked at. */
static int
sockets_of(int proc_fd, struct sockets *s)
{
	memset(s, 0, sizeof *s);
	for (int fd = 0; fd < FDS_MAX; fd++) {
		char name[16];
		struct stat st;

		snprintf(name, sizeof name, "fd/%d", fd);
		if (fstatat(proc_fd, name, &st, 0) == 0) {
			if (S_ISSOCK(st.st_mode) && st.st_uid == 0)
				s->inode[fd] = st.st_ino;
		} else if (errno == EACCES || errno == EPERM) {
			return -EPERM;
		}
	}
	return 0;
}

static int
row_take(const struct nlmsghdr *nlh, void *data)
{
	struct sockets *s = data;
	const struct inet_diag_msg *msg = mnl_nlmsg_get_payload(nlh);
	struct connection c = {0};
	uint8_t local_family;

	if (nlh->nlmsg_type != SOCK_DIAG_BY_FAMILY || mnl_nlmsg_get_payload_len(nlh) < sizeof *msg)
		return MNL_CB_OK;
	c.family = local_family = msg->idiag_family;
	memcpy(c.local, msg->id.idiag_src, 16);
	memcpy(c.peer, msg->id.idiag_dst, 16);
	connection_normalise(&local_family, c.local);
	connection_normalise(&c.family, c.peer);
	c.local_port = ntohs(msg->id.idiag_sport);
	c.peer_port = ntohs(msg->id.idiag_dport);
	c.scope = c.family == AF_INET6 ? msg->id.idiag_if : 0;
	c.cookie = (uint64_t)msg->id.idiag_cookie[1] << 32 | msg->id.idiag_cookie[0];
	for (int fd = 0; fd < FDS_MAX; fd++)
		if (s->inode[fd] && s->inode[fd] == msg->idiag_inode && local_family == c.family) {
			s->known[fd] = true;
			s->connection[fd] = c;
		}
	return MNL_CB_OK;
}

static int
rows_read(struct mnl_socket *nl, uint32_t seq, struct sockets *s)
{
	union {
		struct nlmsghdr align;
		char bytes[NETLINK_REPLY_MAX];
	} buf;
	int ret = MNL_CB_OK;

	do {
		ssize_t n = mnl_socket_recvfrom(nl, buf.bytes, sizeof buf.bytes);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		ret = mnl_cb_run(buf.bytes, (size_t)n, seq, mnl_socket_get_portid(nl), row_take, s);
		if (ret < 0)
			return -errno;
	} while (ret > MNL_CB_STOP);
	return 0;
}

/* The kernel's list of this family's connected TCP sockets. */
static int
family_list(uint8_t family, struct sockets *s)
{
	const uint32_t unconnected = 1u << TCP_LISTEN | 1u << TCP_TIME_WAIT | 1u << TCP_CLOSE;
	const struct timeval limit = {.tv_sec = 1};
	union {
		struct nlmsghdr align;
		char bytes[256];
	} buf = {0};
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(buf.bytes);
	struct inet_diag_req_v2 *req = mnl_nlmsg_put_extra_header(nlh, sizeof *req);
	struct mnl_socket *nl = mnl_socket_open2(NETLINK_SOCK_DIAG, SOCK_CLOEXEC);
	int ret;

	if (!nl)
		return -errno;
	nlh->nlmsg_type = SOCK_DIAG_BY_FAMILY;
	nlh->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	nlh->nlmsg_seq = 1;
	req->sdiag_family = family;
	req->sdiag_protocol = IPPROTO_TCP;
	req->idiag_states = ~unconnected;
	if (mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID) < 0 ||
	    setsockopt(mnl_socket_get_fd(nl), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) < 0 ||
	    mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		ret = -errno;
	else
		ret = rows_read(nl, nlh->nlmsg_seq, s);
	mnl_socket_close(nl);
	return ret;
}

int
inode_look(
    pid_t pid, int proc_fd, const struct connection *hint, struct connection *out, bool *agrees)
{
	struct sockets s;
	bool found = false;
	int ret = sockets_of(proc_fd, &s);

	(void)pid;
	if (ret == 0)
		ret = family_list(AF_INET, &s);
	if (ret == 0)
		ret = family_list(AF_INET6, &s);
	for (int fd = 0; ret == 0 && fd < FDS_MAX; fd++) {
		if (!s.known[fd])
			continue;
		*agrees = !hint || connection_same(hint, &s.connection[fd]);
		if (!found || *agrees)
			*out = s.connection[fd];
		found = true;
		if (*agrees)
			break;
	}
	return ret < 0 ? ret : found ? 0 : -ENOTCONN;
}
