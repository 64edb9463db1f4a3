/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PROTO_CHANNEL_H
#define PROTO_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

struct message;

/*
 * Both ends of the SOCK_SEQPACKET pair. Neither end ever waits for the other:
 * what cannot be sent now is -EAGAIN, and the sender keeps it or counts it.
 */

/* fds[0] is the monitor's, fds[1] the pump's; close-on-exec, non-blocking. Returns 0 or -errno. */
int channel_pair(int fds[2]);

/* Sends a message of the type with a body of n bytes (n <= MESSAGE_BODY_MAX). Returns 0, -EAGAIN,
 * or -errno. */
int channel_send(int fd, uint32_t type, const void *body, size_t n);

/*
 * Receives one message whose length agrees with its head. Returns 1; 0 when
 * the other end is gone; -EAGAIN; -EPROTO for anything that is not exactly
 * one message: short, over-long, with descriptors attached.
 */
int channel_receive(int fd, struct message *m);

#endif
