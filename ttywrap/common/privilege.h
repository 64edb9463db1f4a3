/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef COMMON_PRIVILEGE_H
#define COMMON_PRIVILEGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* One bit a capability, as in capget(2): PRIVILEGE_BIT(CAP_AUDIT_WRITE). */
#define PRIVILEGE_BIT(cap) ((uint64_t)1 << (cap))

/*
 * What a role may hold once it has dropped what it does not need: a row of
 * the table in SECURITY.md. The gid and the supplementary groups stay the
 * user's in every role (there is no CAP_SETGID to change them), so nothing
 * rests on them and the row does not name them.
 */
struct privilege_row {
	uid_t uid;           /* real, effective and saved */
	const uid_t *acting; /* the effective uid, where it is another; NULL: it is not */
	uint64_t permitted;  /* and nothing else */
	uint64_t effective;
	uint64_t inheritable;
	bool no_new_privs;
};

/*
 * Sets the calling process's permitted, effective and inheritable sets. The
 * ambient set follows (capabilities(7): it never exceeds either of the
 * others). Returns 0 or -errno; raising what is not permitted is -EPERM.
 */
int privilege_set(uint64_t permitted, uint64_t effective, uint64_t inheritable);

/* The calling process's sets as the kernel has them. Returns 0 or -errno. */
int privilege_get(uint64_t *permitted, uint64_t *effective, uint64_t *inheritable);

/*
 * Asks the kernel what the process holds and compares it with the row,
 * independently of whatever did the dropping. Returns 0, or -EPERM with one
 * line in why (at most n bytes, NUL included) that names what differs.
 */
int privilege_check(const struct privilege_row *row, char *why, size_t n);

#endif
