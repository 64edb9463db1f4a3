/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the pump may say to the monitor: any sequence of messages in any state
 * is taken within the table's bounds or refused with -EPROTO, and nothing of
 * it changes what the monitor has of its own.
 *
 * The input is a sequence of records: a byte with the state (or 0: as it is),
 * the type, the length (16 bits, little-endian), then so many bytes of body.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "monitor/dispatch.h"
#include "monitor/monitor.h"
#include "monitor/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int holds)
{
	if (!holds)
		abort();
}

static struct session session = {
    .privileged = true, .user = "alice", .cwd = "/", .shell = {.pts_fd = -1}};

static void
monitor_init(struct monitor *m)
{
	static const char name[] = "1000-7-20260101T000000Z-42.cast";

	*m = (struct monitor){
	    .session = &session,
	    .trail = {.fd = -1, .addr = "?", .terminal = "?"}, /* records are made, then refused */
	    .terminal = {.own_fd = -1, .outer_fd = -1, .ptm_fd = -1, .pts_fd = -1},
	    .state = MONITOR_STARTING,
	    .channel_fd = -1,
	    .recording_fd = -1,
	    .shell = 4711,
	    .shell_status = -1,
	    .begin_ns = INT64_C(1) << 40,
	};
	memcpy(m->recording, name, sizeof name);
}

/* One message of exactly its size, so that the address sanitizer sees a read past it. */
static void
feed(struct monitor *m, uint8_t type, const uint8_t *body, size_t n)
{
	struct message *msg = malloc(sizeof *msg);
	enum monitor_state before = m->state;
	int r;

	must(msg != NULL);
	memset(msg, 0xa5, sizeof *msg);
	msg->head.type = type;
	msg->head.length = (uint32_t)n;
	memcpy(msg->body.bytes, body, n);
	r = dispatch(m, msg);
	must(r == 0 || r == -EPROTO || r == -ENOTCONN);
	must(m->state == before || (before == MONITOR_STARTING && m->state == MONITOR_RUNNING) ||
	     m->state == MONITOR_ENDED);
	if (before == MONITOR_ENDED || type == 0 || type >= MESSAGE_GO)
		must(r == -EPROTO && m->state == before);
	if (r == -EPROTO)
		must(m->state == before);
	must(m->shell == 4711 && m->pump == 0 && m->shell_status == -1 && m->fault == NULL);
	must(m->channel_fd == -1 && m->recording_fd == -1 && m->trail.fd == -1);
	must(strcmp(m->recording, "1000-7-20260101T000000Z-42.cast") == 0);
	free(msg);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum monitor_state states[] = {
	    MONITOR_STARTING, MONITOR_RUNNING, MONITOR_ENDING, MONITOR_ENDED};
	struct monitor m;

	monitor_init(&m);
	while (size >= 4) {
		size_t n = (size_t)data[2] | (size_t)data[3] << 8;
		uint8_t type = data[1];

		if (data[0] % 5 != 0)
			m.state = states[data[0] % 5 - 1];
		data += 4;
		size -= 4;
		if (n > size)
			n = size;
		if (n > MESSAGE_BODY_MAX)
			n = MESSAGE_BODY_MAX;
		feed(&m, type, data, n);
		data += n;
		size -= n;
	}
	return 0;
}
