/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_TRAIL_NETLINK_H
#define MONITOR_TRAIL_NETLINK_H

#include <stddef.h>
#include <stdint.h>

struct trail;

/*
 * One request to the kernel's audit subsystem and its acknowledgement. With a
 * reply wanted (reply_n > 0) the answer's payload is copied to it, cut or
 * left as it was where it is shorter. Waits for the acknowledgement at most
 * five seconds. Returns 0, -ENOTCONN without a socket, -ETIMEDOUT, or the
 * kernel's -errno.
 */
int trail_netlink(
    struct trail *, uint16_t type, const void *data, size_t n, void *reply, size_t reply_n);

#endif
