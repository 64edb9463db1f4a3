/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, sandboxed: sends to the monitor, and reads nothing. The bytes are the user's. */
#include "pump/report.h"

#include <string.h>

#include "common/seal.h"
#include "pump/input.h"

void
report_summary(struct report *r, int64_t now_ns, bool at_end)
{
	struct limit_summary left;
	struct message_withheld out;

	if (!limit_summary(&r->limit, now_ns, at_end, &left))
		return;
	out = (struct message_withheld){
	    .time_ns = left.since_ns, .bytes = left.bytes, .records = left.records};
	memcpy(out.hash, left.hash, sizeof out.hash);
	if (outbox_send(&r->outbox, MESSAGE_WITHHELD, &out, sizeof out, NULL, 0) == 0)
		limit_told(&r->limit);
}

void
report_input(struct report *r, const struct input_event *e, int64_t now_ns)
{
	struct message_input head = {.time_ns = e->last_ns, .reader = e->pgrp};

	report_summary(r, now_ns, false);
	if (limit_take(&r->limit, e->data, e->len, now_ns) &&
	    outbox_send(&r->outbox, MESSAGE_INPUT, &head, sizeof head, e->data, e->len) < 0)
		limit_leave(&r->limit, e->data, e->len, now_ns);
}

void
report_command(struct report *r, int32_t reader, const char *text, size_t n, int64_t now_ns)
{
	struct message_command head = {.time_ns = now_ns, .reader = reader};

	(void)outbox_send(&r->outbox, MESSAGE_COMMAND, &head, sizeof head, text, n);
}

void
report_seal(struct report *r, const struct seal *seal)
{
	struct message_seal out = {
	    .offset = seal->offset, .number = seal->number, .last = seal->is_last != 0};

	memcpy(out.hash, seal->hash, sizeof out.hash);
	(void)outbox_send(&r->outbox, MESSAGE_SEAL, &out, sizeof out, NULL, 0);
}

void
report_loss(struct report *r, uint64_t n, int64_t from_ns, int64_t now_ns, int error)
{
	bool first = !r->losing;

	if (n == 0)
		return;
	if (r->loss.bytes == 0)
		r->loss.from_ns = from_ns;
	r->loss.to_ns = now_ns;
	r->loss.bytes += n;
	r->loss.error = -error;
	if (first)
		report_lost(r);
	r->losing = true;
}

void
report_lost(struct report *r)
{
	r->losing = false;
	if (r->loss.bytes > 0 &&
	    outbox_send(&r->outbox, MESSAGE_LOSS, &r->loss, sizeof r->loss, NULL, 0) == 0)
		r->loss = (struct message_loss){0};
}
