/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, sandboxed. Knows what the bytes mean for the record, and hands them on to the pieces that
 * know how. */
#include "pump/witness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proto/channel.h"
#include "proto/message.h"
#include "pump/recording.h"
#include "pump/sandbox.h"

struct witness {
	struct recording *recording; /* NULL: nothing is recorded, or no longer */
	struct message_go go;
	int failed; /* what the recording said last, 0 when it is well */
};

struct witness *
witness_new(void)
{
	return calloc(1, sizeof(struct witness));
}

void
witness_free(struct witness *w)
{
	if (w != NULL)
		recording_free(w->recording);
	free(w);
}

int
witness_add_program(struct witness *w, const struct message *msg)
{
	(void)w;
	(void)msg;
	return 0;
}

int
witness_add_prompt(struct witness *w, const struct message *msg)
{
	(void)w;
	(void)msg;
	return 0;
}

static void
sealed(void *arg, const struct seal *seal)
{
	struct message_seal out = {
	    .offset = seal->offset, .number = seal->number, .last = seal->is_last != 0};

	(void)arg;
	memcpy(out.hash, seal->hash, sizeof out.hash);
	(void)channel_send(PUMP_MONITOR, MESSAGE_SEAL, &out, sizeof out);
}

static int
open_recording(struct witness *w, int64_t now_ns, unsigned cols, unsigned rows)
{
	const struct message_go *go = &w->go;
	char uid[16], ses[16];
	const struct encode_field fields[] = {{"user", go->user}, {"uid", uid}, {"ses", ses},
	    {"tty", go->terminal}, {"addr", go->address}};
	const struct encode_header header = {
	    .cols = cols,
	    .rows = rows,
	    .wall_ns = go->wall_s * 1000000000,
	    .shell = go->shell,
	    .fields = fields,
	    .nfields = sizeof fields / sizeof *fields,
	};
	const struct recording_options options = {
	    .seal_ns = go->seal_interval_ns > 0 ? go->seal_interval_ns : -1,
	    .seal_bytes = go->seal_bytes > 0 ? go->seal_bytes : UINT64_MAX,
	    .max_bytes = go->recording_max,
	    .sync = (enum recording_sync)go->fsync,
	};

	snprintf(uid, sizeof uid, "%u", go->uid);
	snprintf(ses, sizeof ses, "%u", go->ses);
	return recording_new(&w->recording, PUMP_RECORDING, now_ns, &header, &options, sealed, w);
}

int
witness_begin(
    struct witness *w, const struct message *go, int64_t now_ns, unsigned cols, unsigned rows)
{
	w->go = go->body.go;
	if (!(w->go.flags & (MESSAGE_GO_RECORD_OUT | MESSAGE_GO_RECORD_IN)))
		return 0;
	return open_recording(w, now_ns, cols, rows);
}

/* deny: the first error ends the session. allow: what is not taken is counted, and written as a gap
 * later. */
static int
judge(struct witness *w, int r, int64_t now_ns, size_t lost)
{
	bool at_cap = r == -EFBIG;

	if (r == 0)
		return 0;
	if (at_cap ? (w->go.flags & MESSAGE_GO_STOP_AT_CAP) : !(w->go.flags & MESSAGE_GO_ALLOW)) {
		w->failed = r;
		return r;
	}
	recording_lost(w->recording, now_ns, lost, at_cap ? "cap" : "error");
	return 0;
}

int
witness_output(struct witness *w, int64_t now_ns, const uint8_t *bytes, size_t n)
{
	if (w->recording == NULL || !(w->go.flags & MESSAGE_GO_RECORD_OUT))
		return 0;
	return judge(w, recording_output(w->recording, now_ns, bytes, n), now_ns, n);
}

int
witness_input(struct witness *w, int64_t now_ns, const uint8_t *bytes, size_t n)
{
	(void)w;
	(void)now_ns;
	(void)bytes;
	(void)n;
	return 0;
}

int
witness_typed(struct witness *w, int64_t now_ns, const uint8_t *bytes, size_t n)
{
	if (w->recording == NULL || !(w->go.flags & MESSAGE_GO_RECORD_IN))
		return 0;
	return judge(w, recording_input(w->recording, now_ns, bytes, n), now_ns, n);
}

void
witness_flushed(struct witness *w, int64_t now_ns)
{
	(void)w;
	(void)now_ns;
}

int
witness_resize(struct witness *w, int64_t now_ns, unsigned cols, unsigned rows)
{
	if (w->recording == NULL || cols == 0 || rows == 0)
		return 0;
	return judge(w, recording_resize(w->recording, now_ns, cols, rows), now_ns, 0);
}

void
witness_reader(struct witness *w, const struct message *msg)
{
	(void)w;
	(void)msg;
}

int64_t
witness_deadline_ns(const struct witness *w)
{
	int64_t deadline_ns =
	    w->recording != NULL ? recording_deadline_ns(w->recording) : INT64_MAX;

	return deadline_ns == INT64_MAX ? -1 : deadline_ns;
}

int
witness_tick(struct witness *w, int64_t now_ns)
{
	if (w->recording == NULL || now_ns < recording_deadline_ns(w->recording))
		return 0;
	return judge(w, recording_tick(w->recording, now_ns), now_ns, 0);
}

bool
witness_is_full(const struct witness *w)
{
	return w->recording != NULL && !(w->go.flags & MESSAGE_GO_ALLOW) && w->failed == 0 &&
	       recording_room(w->recording) < RECORDING_CHUNK;
}

bool
witness_has_mail(const struct witness *w)
{
	(void)w;
	return false;
}

void
witness_post(struct witness *w)
{
	(void)w;
}

int
witness_end(struct witness *w, int64_t now_ns, int exit_status, struct message_end *end)
{
	int r = 0;

	*end = (struct message_end){0};
	if (w->recording == NULL)
		return 0;
	r = recording_close(w->recording, now_ns, exit_status);
	end->recorded = recording_written(w->recording);
	return w->go.flags & MESSAGE_GO_ALLOW ? 0 : r;
}
