/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_OUTBOX_H
#define PUMP_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Messages on their way to the monitor, in order. What the channel does not
 * take at once waits here, up to OUTBOX_MAX bytes; the pump never waits for
 * the monitor, and so relaying never waits for the audit trail.
 */
struct outbox {
	uint8_t *bytes; /* whole messages, head and body, one behind the other */
	size_t at, len;
};

#define OUTBOX_MAX (256u << 10)

/* Two parts make the body; the second may be empty. Returns 0, -EAGAIN when the outbox is full, or -errno. */
int outbox_send(struct outbox *, uint32_t type, const void *first, size_t first_n,
    const void *second, size_t second_n);

/* Sends what the channel takes now. Returns 0, or -errno when the monitor is gone. */
int outbox_post(struct outbox *);

bool outbox_is_empty(const struct outbox *);

#endif
