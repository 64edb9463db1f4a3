/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Monitor. Everything here comes from the pump and is taken for hostile. */
#include "monitor/dispatch.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "common/io.h"
#include "monitor/monitor.h"
#include "monitor/reader.h"
#include "monitor/records.h"
#include "proto/channel.h"

static int
on_ready(struct monitor *m, const struct message *msg)
{
	(void)msg;
	m->state = MONITOR_RUNNING;
	return 0;
}

static int
on_input(struct monitor *m, const struct message *msg)
{
	size_t n = msg->head.length - sizeof msg->body.input;
	int r = trail_input(&m->trail, msg->body.bytes + sizeof msg->body.input, n);

	if (r < 0 || auditd_is_missing(&m->auditd, io_now_ns())) {
		if (m->unaudited == 0)
			m->unaudited_from_ns = io_now_ns();
		m->unaudited_to_ns = io_now_ns();
		m->unaudited += n;
		return r;
	}
	/* The trail takes records again: now it hears what it has not got. */
	return m->unaudited > 0 ? records_unaudited(m) : 0;
}

static int
on_withheld(struct monitor *m, const struct message *msg)
{
	return records_withheld(m, &msg->body.withheld);
}

static int
on_command(struct monitor *m, const struct message *msg)
{
	char text[MESSAGE_DATA_MAX + 1];
	size_t n = msg->head.length - sizeof msg->body.command;

	memcpy(text, msg->body.bytes + sizeof msg->body.command, n);
	text[n] = '\0';
	return records_typed_command(m, msg->body.command.reader, text);
}

static int
on_seal(struct monitor *m, const struct message *msg)
{
	struct stat st;

	/* A recording that has no name any more is written for nobody. */
	if (m->recording_fd >= 0 && fstat(m->recording_fd, &st) == 0 && st.st_nlink == 0)
		m->removed = true;
	if (m->recording_fd >= 0)
		total_add(&m->total, m->recording_fd);
	/* A pump that does not take it now is told at the next seal. */
	if (!m->full && m->state == MONITOR_RUNNING && total_is_over(&m->total, io_now_ns()))
		m->full = channel_send(m->channel_fd, MESSAGE_FULL, NULL, 0) == 0;
	return records_seal(m, &msg->body.seal);
}

static int
on_loss(struct monitor *m, const struct message *msg)
{
	return records_loss(m, &msg->body.loss);
}

static int
on_foreground(struct monitor *m, const struct message *msg)
{
	struct message_reader who;

	if (msg->body.foreground.pgrp <= 0)
		return -EPROTO;
	reader_look(msg->body.foreground.pgrp, m->shell, m->session, &who);
	who.number = msg->body.foreground.number;
	/* A pump that does not take its answers goes without: it asks again. */
	(void)channel_send(m->channel_fd, MESSAGE_READER, &who, sizeof who);
	return 0;
}

static int
on_end(struct monitor *m, const struct message *msg)
{
	if (msg->body.end.why < END_STOPPED || msg->body.end.why > END_PROMPT)
		return -EPROTO;
	m->end = msg->body.end;
	m->state = MONITOR_ENDED;
	return 0;
}

#define LIVE (MONITOR_RUNNING | MONITOR_ENDING)

static const struct {
	uint32_t type;
	unsigned states; /* enum monitor_state */
	size_t min, max; /* of the body */
	int (*handle)(struct monitor *, const struct message *);
} table[] = {
    {MESSAGE_READY, MONITOR_STARTING, 0, 0, on_ready},
    {MESSAGE_INPUT, LIVE, sizeof(struct message_input) + 1, MESSAGE_BODY_MAX, on_input},
    {MESSAGE_WITHHELD, LIVE, sizeof(struct message_withheld), sizeof(struct message_withheld),
	on_withheld},
    {MESSAGE_COMMAND, LIVE, sizeof(struct message_command) + 1,
	sizeof(struct message_command) + MESSAGE_DATA_MAX, on_command},
    {MESSAGE_SEAL, LIVE, sizeof(struct message_seal), sizeof(struct message_seal), on_seal},
    {MESSAGE_LOSS, LIVE, sizeof(struct message_loss), sizeof(struct message_loss), on_loss},
    {MESSAGE_FOREGROUND, LIVE, sizeof(struct message_foreground), sizeof(struct message_foreground),
	on_foreground},
    {MESSAGE_END, LIVE, sizeof(struct message_end), sizeof(struct message_end), on_end},
};

int
dispatch(struct monitor *m, const struct message *msg)
{
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (table[i].type != msg->head.type)
			continue;
		if (!(table[i].states & m->state))
			return -EPROTO;
		if (msg->head.length < table[i].min || msg->head.length > table[i].max)
			return -EPROTO;
		return table[i].handle(m, msg);
	}
	return -EPROTO;
}
