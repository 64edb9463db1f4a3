/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ACCT_NETLINK_H
#define ACCT_NETLINK_H

#include <stddef.h>

struct nlmsghdr;

enum {
	NETLINK_REPLY_MAX = 16384
};

/*
 * Sends one request to the kernel over a new netlink socket of this bus and calls `parse` with
 * the answer, unless the answer is an acknowledgement. Fills in the request's sequence number.
 * Never waits more than a fifth of a second. `parse` returns 0 or -errno.
 * Returns 0, -ETIMEDOUT, what the kernel or `parse` answered, or -errno.
 */
int netlink_ask(
    int bus, struct nlmsghdr *request, int (*parse)(const struct nlmsghdr *, void *), void *data);

#endif
