/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Linked into sshd (the PAM module, as root), the monitor and ttyacct. Says which TCP
 * connection a descriptor or an environment text is; trusts neither text nor socket
 * kind. Finding a connection among ancestors is in ancestor.c.
 */
#include "connection.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/io.h"

enum {
	OWN_FDS_MAX = 256, /* sshd's connection is among the first handful */
};

void
connection_normalise(uint8_t *family, uint8_t addr[16])
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (*family != AF_INET6 || memcmp(addr, mapped, sizeof mapped) != 0)
		return;
	memmove(addr, addr + 12, 4);
	memset(addr + 4, 0, 12);
	*family = AF_INET;
}

static int
end_of(const struct sockaddr_storage *ss, uint8_t *family, uint8_t addr[16], uint16_t *port)
{
	memset(addr, 0, 16);
	if (ss->ss_family == AF_INET) {
		const struct sockaddr_in *in = (const struct sockaddr_in *)(const void *)ss;

		memcpy(addr, &in->sin_addr, 4);
		*port = ntohs(in->sin_port);
	} else if (ss->ss_family == AF_INET6) {
		const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)(const void *)ss;

		memcpy(addr, &in6->sin6_addr, 16);
		*port = ntohs(in6->sin6_port);
	} else {
		return -ENOTSOCK;
	}
	*family = (uint8_t)ss->ss_family;
	connection_normalise(family, addr);
	return 0;
}

/* A connected TCP socket, also one whose peer is gone already (then getpeername still answers until
 * CLOSE). */
static bool
fd_is_tcp(int fd)
{
	int type = 0, protocol = 0;
	socklen_t n = sizeof type;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) < 0 || type != SOCK_STREAM)
		return false;
	n = sizeof protocol;
	return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &n) == 0 &&
	       protocol == IPPROTO_TCP;
}

int
connection_of_fd(int fd, struct connection *out)
{
	struct sockaddr_storage here = {0}, there = {0};
	socklen_t here_len = sizeof here, there_len = sizeof there;
	struct connection c = {0};
	uint8_t local_family = 0;
	socklen_t n = sizeof c.cookie;

	if (!fd_is_tcp(fd))
		return -ENOTSOCK;
	if (getsockname(fd, (struct sockaddr *)&here, &here_len) < 0 ||
	    getpeername(fd, (struct sockaddr *)&there, &there_len) < 0)
		return errno == ENOTCONN ? -ENOTSOCK : -errno;
	if (end_of(&here, &local_family, c.local, &c.local_port) < 0 ||
	    end_of(&there, &c.family, c.peer, &c.peer_port) < 0 || local_family != c.family)
		return -ENOTSOCK;
	if (c.family == AF_INET6)
		c.scope = ((const struct sockaddr_in6 *)(const void *)&there)->sin6_scope_id;
	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &c.cookie, &n) < 0)
		c.cookie = 0;
	*out = c;
	return 0;
}

bool
connection_same(const struct connection *a, const struct connection *b)
{
	return a->family == b->family && a->local_port == b->local_port &&
	       a->peer_port == b->peer_port && memcmp(a->local, b->local, 16) == 0 &&
	       memcmp(a->peer, b->peer, 16) == 0;
}

int
connection_of_self(const struct connection *hint, struct connection *out)
{
	for (int fd = 0; fd < OWN_FDS_MAX; fd++) {
		struct connection c;

		if (connection_of_fd(fd, &c) < 0)
			continue;
		if (hint && !connection_same(hint, &c))
			continue;
		*out = c;
		return 0;
	}
	return -ENOTCONN;
}

int
connection_parse_addr(const char *text, uint8_t *family, uint8_t addr[16])
{
	char bare[CONNECTION_ADDR_MAX];
	size_t n = strcspn(
	    text, "%"); /* the scope is the interface's name; the kernel's tuples have none */

	if (n >= sizeof bare)
		return -EINVAL;
	memcpy(bare, text, n);
	bare[n] = 0;
	memset(addr, 0, 16);
	if (inet_pton(AF_INET, bare, addr) == 1)
		*family = AF_INET;
	else if (inet_pton(AF_INET6, bare, addr) == 1)
		*family = AF_INET6;
	else
		return -EINVAL;
	connection_normalise(family, addr);
	return 0;
}

static int
parse_port(const char *text, uint16_t *port)
{
	char *end;
	unsigned long n;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	n = strtoul(text, &end, 10);
	if (*end != 0 || n > 65535)
		return -EINVAL;
	*port = (uint16_t)n;
	return 0;
}

int
connection_parse_hint(const char *text, struct connection *out)
{
	char copy[160], *word[4], *rest = copy;
	struct connection c = {0};
	uint8_t local_family;

	if (strlen(text) >= sizeof copy)
		return -EINVAL;
	memcpy(copy, text, strlen(text) + 1);
	for (int i = 0; i < 4; i++)
		if (!(word[i] = strsep(&rest, " ")))
			return -EINVAL;
	if (rest || connection_parse_addr(word[0], &c.family, c.peer) < 0 ||
	    parse_port(word[1], &c.peer_port) < 0 ||
	    connection_parse_addr(word[2], &local_family, c.local) < 0 ||
	    parse_port(word[3], &c.local_port) < 0 || local_family != c.family)
		return -EINVAL;
	*out = c;
	return 0;
}

void
connection_addr_text(uint8_t family, const uint8_t addr[16], char out[CONNECTION_ADDR_MAX])
{
	if (!inet_ntop(family, addr, out, CONNECTION_ADDR_MAX))
		memcpy(out, "?", 2);
}

/* FNV-1a, for kernels without socket cookies: a name, not a protection. */
static uint64_t
tuple_hash(const struct connection *c)
{
	const uint8_t ports[4] = {(uint8_t)(c->local_port >> 8), (uint8_t)c->local_port,
	    (uint8_t)(c->peer_port >> 8), (uint8_t)c->peer_port};
	uint64_t h = 0xcbf29ce484222325u;

	for (size_t i = 0; i < 36; i++) {
		h ^= i < 16 ? c->local[i] : i < 32 ? c->peer[i - 16] : ports[i - 32];
		h *= 0x100000001b3u;
	}
	return h;
}

int
connection_id(const struct connection *c, char out[CONNECTION_ID_MAX])
{
	char boot[40];
	ssize_t n;
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	n = io_read_all(fd, boot, sizeof boot);
	io_close(&fd);
	if (n < 8)
		return n < 0 ? (int)n : -EINVAL;
	snprintf(out, CONNECTION_ID_MAX, "%.8s.%s%llx", boot, c->cookie ? "" : "h",
	    (unsigned long long)(c->cookie ? c->cookie : tuple_hash(c)));
	return 0;
}
