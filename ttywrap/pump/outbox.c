/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, sandboxed. */
#include "pump/outbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "proto/channel.h"
#include "proto/message.h"
#include "pump/sandbox.h"

bool
outbox_is_empty(const struct outbox *o)
{
	return o->at == o->len;
}

static int
keep(struct outbox *o, const struct message *m)
{
	size_t n = sizeof m->head + m->head.length;

	if (o->bytes == NULL)
		o->bytes = malloc(OUTBOX_MAX);
	if (o->bytes == NULL)
		return -ENOMEM;
	memmove(o->bytes, o->bytes + o->at, o->len - o->at);
	o->len -= o->at;
	o->at = 0;
	if (n > OUTBOX_MAX - o->len)
		return -EAGAIN;
	memcpy(o->bytes + o->len, m, n);
	o->len += n;
	return 0;
}

int
outbox_post(struct outbox *o)
{
	while (!outbox_is_empty(o)) {
		const uint8_t *at = o->bytes + o->at;
		struct message_head head;
		int r;

		memcpy(&head, at, sizeof head);
		r = channel_send(PUMP_MONITOR, head.type, at + sizeof head, head.length);
		if (r < 0)
			return r == -EAGAIN ? 0 : r;
		o->at += sizeof head + head.length;
	}
	return 0;
}

int
outbox_send(struct outbox *o, uint32_t type, const void *first, size_t first_n, const void *second,
    size_t second_n)
{
	struct message m = {.head = {.type = type, .length = (uint32_t)(first_n + second_n)}};
	int r;

	if (first_n > sizeof m.body || second_n > sizeof m.body - first_n)
		return -EMSGSIZE;
	memcpy(m.body.bytes, first, first_n);
	if (second_n > 0)
		memcpy(m.body.bytes + first_n, second, second_n);
	r = outbox_post(o);
	if (r < 0)
		return r;
	r = outbox_is_empty(o) ? channel_send(PUMP_MONITOR, type, m.body.bytes, m.head.length)
			       : -EAGAIN;
	return r == -EAGAIN ? keep(o, &m) : r;
}
