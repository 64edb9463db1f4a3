/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ACCT_CONNECTION_H
#define ACCT_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * One TCP connection as its server sees it: this machine's end is `local`, the
 * client's end is `peer`. An IPv4-mapped IPv6 address is kept as IPv4, so the
 * same connection always has the same form, whichever kind of socket sshd has.
 */
struct connection {
	uint8_t family;              /* AF_INET or AF_INET6; 0: no connection */
	uint8_t local[16], peer[16]; /* network order; IPv4 uses the first 4 bytes, the rest is 0 */
	uint16_t local_port, peer_port; /* host order */
	uint16_t zone;                  /* conntrack zone, 0 unless told otherwise */
	uint32_t scope;                 /* interface of an IPv6 link-local socket, else 0 */
	uint64_t
	    cookie; /* the socket's (SO_COOKIE): names it uniquely until the next boot; 0 unknown */
};

enum {
	CONNECTION_ADDR_MAX = 46, /* a printed address with its NUL (INET6_ADDRSTRLEN) */
	CONNECTION_ID_MAX = 32,   /* a printed id with its NUL */
};

/*
 * The connection of one descriptor, which stays open. Returns 0, -ENOTSOCK when it
 * is no connected TCP socket (listening and half-open ones included), or -errno.
 */
int connection_of_fd(int fd, struct connection *out);

/*
 * Looks through the calling process's own descriptors (the PAM module, inside sshd's
 * monitor). With a hint, only the connection that agrees with it is taken; without
 * one, the lowest-numbered (sshd has its connection before any module can open one
 * to, say, a directory server). Returns 0, -ENOTCONN, or -errno.
 */
int connection_of_self(const struct connection *hint, struct connection *out);

/*
 * The connection that the calling process's session came in on: the one that the
 * nearest ancestor sshd holds. Needs CAP_SYS_PTRACE effective for this one call; no
 * copied descriptor outlives it. A hint decides only between several sockets of that
 * sshd; `*agrees` says whether the result matches it (true when hint is NULL).
 * Returns 0, -ENOTCONN when no ancestor is an sshd with a connection, -EPERM when
 * the capability is missing (or Yama or a seccomp filter forbids the look), -ENOSYS before Linux
 * 5.6, or -errno.
 */
int connection_of_ancestor(const struct connection *hint, struct connection *out, bool *agrees);

/*
 * The same with another look at the sshd that was found: fills in its connection. proc_fd is its folder in /proc.
 * Returns 0, -ENOTCONN when it has none, or -errno.
 */
typedef int connection_look_fn(
    pid_t pid, int proc_fd, const struct connection *hint, struct connection *out, bool *agrees);
int connection_of_ancestor_by(
    connection_look_fn *look, const struct connection *hint, struct connection *out, bool *agrees);

/* Reads the value of SSH_CONNECTION ("peer pport local lport"), which is untrusted. Returns 0 or
 * -EINVAL. */
int connection_parse_hint(const char *text, struct connection *out);

/* Turns a printed address (scope ids such as fe80::1%eth0 included) into family and bytes,
 * normalised. 0 or -EINVAL. */
int connection_parse_addr(const char *text, uint8_t *family, uint8_t addr[16]);

/* An IPv4-mapped IPv6 address, ::ffff:a.b.c.d, becomes a.b.c.d. */
void connection_normalise(uint8_t *family, uint8_t addr[16]);

/* Same addresses and ports; cookies and zones are not compared. */
bool connection_same(const struct connection *a, const struct connection *b);

/* Prints one end's address. Never fails. */
void connection_addr_text(uint8_t family, const uint8_t addr[16], char out[CONNECTION_ADDR_MAX]);

/*
 * The name of the connection in the ledger: 8 hex digits of the machine's boot id, a
 * dot, the socket's cookie in hex. Without a cookie (a kernel before 4.6) a hash of the
 * addresses takes its place, marked with an 'h'. Returns 0 or -errno (no boot id to read).
 */
int connection_id(const struct connection *c, char out[CONNECTION_ID_MAX]);

/*
 * From the text of a /proc/PID/stat: the parent and the start time (clock ticks since
 * boot). Reads from the last ')', since the name before it may hold anything. 0 or -EINVAL.
 */
int connection_parse_stat(const char *text, size_t len, pid_t *parent, uint64_t *start);

/* From the text of a /proc/PID/status: true when real, effective, saved and file-system uid are all
 * 0. */
bool connection_status_is_root(const char *text, size_t len);

#endif
