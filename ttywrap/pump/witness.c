/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Pump, sandboxed. Knows what the bytes mean for the record, and hands them on to the pieces that
 * know how. */
#include "pump/witness.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "common/io.h"
#include "proto/message.h"
#include "pump/cmdline.h"
#include "pump/commands.h"
#include "pump/input.h"
#include "pump/recording.h"
#include "pump/recording_writer.h"
#include "pump/report.h"
#include "pump/typed.h"
#include "pump/sandbox.h"

#define ZSTD_LEVEL 3 /* zstd(1)'s own default: higher ones cost the session more than they save */

/* Together: how long input waits for a disk that is stalled. */
#define ROOM_TRIES   100
#define ROOM_WAIT_NS INT64_C(100000000)

#define COMMANDS_WAIT 64 /* for the monitor's word on their reader, at most */

#define ECHO_FIRST_NS INT64_C(5000000) /* 5 ms: so long what is due waits for the echo of keys */

_Static_assert((int)INPUT_IN_DOUBT == (int)MESSAGE_WHY_DOUBT, "the same, in order");

struct witness {
	struct report report;
	struct typed *typed;             /* NULL without a terminal, and when its input is over */
	struct recording_writer *writer; /* NULL: there is none */
	uint64_t file_limit;             /* RLIMIT_FSIZE, 0: none */
	struct cmdline *cmdline;     /* NULL without a terminal, and when nobody wants to know */
	struct commands commands;    /* told after the next look */
	int32_t typist;              /* in the foreground at the last key */
	int64_t key_ns;              /* when that was */
	int32_t reader;              /* who the last line was for */
	bool elevated;               /* and whether that was elevated, once typed is gone */
	struct recording *recording; /* NULL: nothing is recorded, or no longer */
	struct message_go go;
	int64_t now_ns; /* of the call that is under way */
	int failed;     /* what the recording said last, 0 when it is well */
	bool full;      /* all recordings together have reached their largest size */
	bool capped;    /* … and will be to the end: the recording has reached its largest size */
	uint64_t withheld[MESSAGE_WHYS]; /* how often input was left out */
};

static void on_command(void *arg, const char *text, size_t n);
static void on_input(void *arg, const struct input_event *event, bool elevated);

struct witness *
witness_new(bool terminal)
{
	struct witness *w = calloc(1, sizeof *w);
	struct rlimit size;

	if (w != NULL && getrlimit(RLIMIT_FSIZE, &size) == 0 && size.rlim_cur != RLIM_INFINITY)
		w->file_limit = size.rlim_cur;
	if (w != NULL && terminal && (w->typed = typed_new(on_input, w)) == NULL) {
		free(w);
		return NULL;
	}
	return w;
}

void
witness_start_writer(struct witness *w)
{
	w->writer = recording_writer_new();
}

int
witness_setting(struct witness *w, const struct message *msg)
{
	const char *text = (const char *)msg->body.bytes;

	if (w->typed == NULL)
		return 0;
	switch (msg->head.type) {
	case MESSAGE_PROGRAM:
		return typed_add_program(w->typed, text, msg->head.length);
	case MESSAGE_PROMPT:
		return typed_add_prompt(w->typed, text, msg->head.length);
	default:
		return -EPROTO;
	}
}

static void
sealed(void *arg, const struct seal *seal)
{
	struct witness *w = arg;

	report_seal(&w->report, seal);
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
	    .zstd = go->compress != 0 ? ZSTD_LEVEL : 0,
	    .writer = w->writer,
	    .take_space = !(go->flags & MESSAGE_GO_ALLOW),
	    .limit = w->file_limit,
	};

	snprintf(uid, sizeof uid, "%u", go->uid);
	snprintf(ses, sizeof ses, "%u", go->ses);
	return recording_new(&w->recording, PUMP_RECORDING, now_ns, &header, &options, sealed, w);
}

int
witness_begin(
    struct witness *w, const struct message *go, int64_t now_ns, unsigned cols, unsigned rows)
{
	int r = 0;

	w->go = go->body.go;
	w->now_ns = now_ns;
	limit_init(&w->report.limit, w->go.audit_rate, w->go.audit_max);
	if (!(w->go.flags & (MESSAGE_GO_AUDIT | MESSAGE_GO_RECORD_IN))) {
		typed_free(w->typed); /* nobody wants to know */
		w->typed = NULL;
	}
	if (w->typed != NULL && (w->cmdline = cmdline_new(cols, on_command, w)) == NULL)
		return -ENOMEM;
	if (w->typed != NULL)
		r = typed_begin(
		    w->typed, &w->report.outbox, (w->go.flags & MESSAGE_GO_ELEVATED) != 0);
	if (r < 0)
		return r;
	if (!(w->go.flags & (MESSAGE_GO_RECORD_OUT | MESSAGE_GO_RECORD_IN)))
		return 0;
	return open_recording(w, now_ns, cols, rows);
}

/* deny: the first error ends the session. allow: what is not taken is counted, and written as a gap
 * later. */
static int
judge(struct witness *w, int r, int64_t now_ns, size_t lost)
{
	/* Else it is the user's RLIMIT_FSIZE, which no policy lets them use, or the disk's quota. */
	bool at_cap = (r == -EFBIG || r == -EDQUOT) && recording_is_over(w->recording);
	bool deny = !(w->go.flags & MESSAGE_GO_ALLOW) || r == -EFBIG;

	if (r == 0)
		return 0;
	if (at_cap ? (w->go.flags & MESSAGE_GO_STOP_AT_CAP) : deny) {
		w->failed = r;
		return r;
	}
	recording_lost(w->recording, now_ns, lost,
	    !at_cap   ? "error"
	    : w->full ? "directory"
		      : "cap");
	w->capped |= at_cap;
	report_loss(&w->report, lost, w->now_ns, w->now_ns, r);
	return 0;
}

/* Before there is anything that would not be in the recording. */
static int
end_at_cap(struct witness *w)
{
	if (!(w->go.flags & MESSAGE_GO_STOP_AT_CAP) || !recording_is_over(w->recording))
		return 0;
	return judge(w, w->full ? -EDQUOT : -EFBIG, w->now_ns, 0);
}

static bool
is_audited(const struct witness *w, bool elevated)
{
	return (w->go.flags & MESSAGE_GO_AUDIT) &&
	       (elevated || !(w->go.flags & MESSAGE_GO_ELEVATED));
}

/*
 * Output is not read while the recording is full (witness_is_full). What was typed is there already, and may be more
 * than is kept free for it: rather than the session ends, it waits for the disk.
 */
static void
make_room(struct witness *w)
{
	for (int i = 0; i < ROOM_TRIES && recording_error(w->recording) == 0; i++)
		if (!witness_wait(w, w->now_ns, ROOM_WAIT_NS))
			return;
}

/* From the judging: what was read, and what is kept out. Never how much of a secret: its length is half of it. */
static void
on_input(void *arg, const struct input_event *e, bool elevated)
{
	static const char *const reasons[MESSAGE_WHYS] = {"noecho", "prompt", "program", "doubt"};
	struct witness *w = arg;
	bool record = w->recording != NULL && (w->go.flags & MESSAGE_GO_RECORD_IN);

	if (record)
		make_room(w);
	if (e->kind == INPUT_SECRET) {
		w->withheld[e->reason]++;
		if (record)
			(void)recording_hidden(w->recording, w->now_ns, reasons[e->reason]);
		return;
	}
	if (is_audited(w, elevated))
		report_input(&w->report, e, w->now_ns);
	if (record)
		(void)judge(w, recording_input(w->recording, w->now_ns, e->data, e->len), w->now_ns,
		    e->len);
}

static void
tell_command(struct witness *w, int32_t reader, bool elevated, const char *text, size_t n)
{
	if (w->typed != NULL)
		typed_flush(w->typed);
	if (is_audited(w, elevated))
		report_command(&w->report, reader, text, n, w->now_ns);
}

/* With no answer in time, rather a record too many. */
static enum command_rank
rank_of(const struct witness *w, int32_t reader)
{
	if (!typed_is_asked(w->typed, reader))
		return typed_is_elevated(w->typed, reader) ? COMMAND_ELEVATED : COMMAND_ORDINARY;
	return w->now_ns < typed_answer_ns(w->typed) ? COMMAND_UNRANKED : COMMAND_ELEVATED;
}

static bool
send_command(void *arg, int32_t reader, enum command_rank rank, const char *text, size_t n)
{
	struct witness *w = arg;

	if (rank == COMMAND_UNRANKED)
		rank = rank_of(w, reader);
	if (rank == COMMAND_UNRANKED && w->commands.n < COMMANDS_WAIT)
		return false;
	tell_command(w, reader, rank != COMMAND_ORDINARY, text, n);
	return true;
}

/* What the input meant, after the input itself. */
static void
send_commands(struct witness *w)
{
	commands_read(&w->commands);
	commands_send(&w->commands, send_command, w);
}

/*
 * The line was read by who was there when its last key came: by now it may be the command that has
 * the terminal. Typed ahead, it was somebody after that.
 */
static void
on_command(void *arg, const char *text, size_t n)
{
	struct witness *w = arg;
	enum command_rank rank;

	if (w->recording != NULL)
		(void)recording_marker(w->recording, w->now_ns, text, n);
	if (w->typed != NULL) {
		w->reader = cmdline_is_ahead(w->cmdline) ? typed_who(w->typed) : w->typist;
		typed_accepted(w->typed, text, n);
	}
	if (w->typed == NULL) {
		tell_command(w, w->reader, w->elevated, text, n);
		return;
	}
	rank = rank_of(w, w->reader);
	if (!commands_add(&w->commands, w->reader, rank, text, n))
		tell_command(w, w->reader, rank != COMMAND_ORDINARY, text, n);
}

int
witness_output(struct witness *w, int64_t now_ns, const uint8_t *bytes, size_t n)
{
	int r;

	w->now_ns = now_ns;
	if (w->typed != NULL)
		typed_output(w->typed, bytes, n);
	/* The last line's end may be among what is still read when the terminal is gone. */
	if (w->cmdline != NULL)
		cmdline_output(
		    w->cmdline, bytes, n, w->typed != NULL && typed_is_pending(w->typed));
	if (w->recording == NULL || !(w->go.flags & MESSAGE_GO_RECORD_OUT))
		return 0;
	r = judge(w, recording_output(w->recording, now_ns, bytes, n), now_ns, n);
	return r == 0 ? end_at_cap(w) : r;
}

size_t
witness_piece(struct witness *w, int64_t now_ns, const uint8_t *bytes, size_t n)
{
	return w->typed != NULL ? typed_piece(w->typed, bytes, n, now_ns) : n;
}

void
witness_input(struct witness *w, int64_t now_ns, const uint8_t *bytes, size_t n)
{
	if (w->typed == NULL)
		return;
	w->typist = typed_who(w->typed);
	w->key_ns = now_ns;
	cmdline_typed(w->cmdline, bytes, n);
	typed_written(w->typed, bytes, n, now_ns);
}

int
witness_typed(struct witness *w, int64_t now_ns, const uint8_t *bytes, size_t n)
{
	if (w->recording == NULL || !(w->go.flags & MESSAGE_GO_RECORD_IN))
		return 0;
	return judge(w, recording_input(w->recording, now_ns, bytes, n), now_ns, n);
}

void
witness_flushed(struct witness *w)
{
	if (w->typed != NULL)
		typed_flushed(w->typed);
}

int
witness_edge_fd(const struct witness *w)
{
	return w->typed != NULL ? typed_edge_fd(w->typed) : -1;
}

int
witness_read_fd(const struct witness *w)
{
	return w->typed != NULL ? typed_read_fd(w->typed) : -1;
}

bool
witness_look(struct witness *w, bool force, bool more)
{
	bool taken;

	w->now_ns = io_now_ns();
	if (w->typed == NULL)
		return true;
	taken = typed_look(w->typed, force, more);
	if (!typed_wants_output(w->typed))
		send_commands(w);
	return taken;
}

bool
witness_wants_output(const struct witness *w)
{
	return w->typed != NULL && typed_wants_output(w->typed);
}

bool
witness_may_wait(const struct witness *w, bool more, bool shown)
{
	return w->typed != NULL && typed_may_wait(w->typed, more, shown, io_now_ns());
}

bool
witness_is_raw(const struct witness *w)
{
	return w->typed == NULL || typed_is_raw(w->typed);
}

bool
witness_is_current(struct witness *w, size_t n)
{
	return w->typed == NULL || typed_is_current(w->typed, n);
}

bool
witness_is_telling(const struct witness *w)
{
	return w->typed != NULL && typed_is_telling(w->typed);
}

void
witness_judge(struct witness *w)
{
	w->now_ns = io_now_ns();
	if (w->typed == NULL)
		return;
	typed_judge(w->typed);
	if (!typed_wants_output(w->typed))
		send_commands(w);
}

void
witness_last_look(struct witness *w)
{
	w->now_ns = io_now_ns();
	if (w->typed != NULL) {
		typed_end(w->typed);
		send_commands(w);
		w->reader = w->typist;
		w->elevated = typed_is_elevated(w->typed, w->reader);
	}
	typed_free(w->typed);
	w->typed = NULL;
	report_summary(&w->report, w->now_ns, true);
}

int
witness_resize(struct witness *w, int64_t now_ns, unsigned cols, unsigned rows)
{
	if (w->cmdline != NULL)
		cmdline_resize(w->cmdline, cols);
	if (w->recording == NULL || cols == 0 || rows == 0)
		return 0;
	return judge(w, recording_resize(w->recording, now_ns, cols, rows), now_ns, 0);
}

void
witness_reader(struct witness *w, const struct message *msg)
{
	w->now_ns = io_now_ns();
	if (w->typed != NULL) {
		typed_reader(w->typed, msg);
		commands_send(&w->commands, send_command, w);
	}
	if (w->recording != NULL && msg->head.length == sizeof msg->body.reader) {
		const struct message_reader *who = &msg->body.reader;

		(void)recording_reader(w->recording, w->now_ns, who->pid > 0 ? who->pid : who->pgrp,
		    who->uid, who->euid, who->comm);
	}
}

void
witness_full(struct witness *w)
{
	w->full = true;
	if (w->recording != NULL)
		recording_stop(w->recording, -EDQUOT);
}

/* The echo of a key goes first, unless keys come without end. */
static int64_t
recording_due_ns(const struct witness *w)
{
	int64_t due_ns = recording_deadline_ns(w->recording);
	int64_t echo_ns = w->typed != NULL ? typed_echo_ns(w->typed) : 0;

	if (due_ns == INT64_MAX || echo_ns <= due_ns || echo_ns - due_ns > ECHO_FIRST_NS)
		return due_ns;
	return echo_ns;
}

/* Not early while keys come: each wakes us, and the next one's echo would wait for the writer. */
static bool
is_recording_due(const struct witness *w, int64_t now_ns)
{
	return now_ns >= recording_due_ns(w) ||
	       (now_ns - w->key_ns >= ECHO_FIRST_NS && now_ns >= recording_early_ns(w->recording));
}

int64_t
witness_deadline_ns(const struct witness *w)
{
	int64_t deadline_ns = w->recording != NULL ? recording_due_ns(w) : INT64_MAX;
	int64_t look_ns = w->typed != NULL ? typed_deadline_ns(w->typed) : -1;
	int64_t left_ns = limit_deadline_ns(&w->report.limit);

	if (w->commands.read > 0 && typed_answer_ns(w->typed) < deadline_ns)
		deadline_ns = typed_answer_ns(w->typed);
	if (look_ns >= 0 && look_ns < deadline_ns)
		deadline_ns = look_ns;
	if (left_ns >= 0 && left_ns < deadline_ns)
		deadline_ns = left_ns;
	return deadline_ns == INT64_MAX ? -1 : deadline_ns;
}

int
witness_tick(struct witness *w, int64_t now_ns)
{
	w->now_ns = now_ns;
	report_summary(&w->report, w->now_ns, false);
	if (w->commands.read > 0 && now_ns >= typed_answer_ns(w->typed))
		commands_send(&w->commands, send_command, w);
	if (w->recording == NULL)
		return 0;
	if (w->report.losing && !w->capped && recording_error(w->recording) == 0)
		report_lost(&w->report);
	if (w->failed == 0 && end_at_cap(w) < 0)
		return w->failed;
	if (!is_recording_due(w, now_ns))
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
witness_is_safe(struct witness *w, int64_t now_ns, int64_t wait_ns)
{
	return !witness_comes_first(w) || recording_is_safe(w->recording, now_ns, wait_ns);
}

bool
witness_comes_first(const struct witness *w)
{
	return w->recording != NULL && recording_comes_first(w->recording);
}

bool
witness_wait(struct witness *w, int64_t now_ns, int64_t wait_ns)
{
	if (!witness_is_full(w))
		return false;
	recording_wait(w->recording, now_ns, wait_ns);
	return witness_is_full(w);
}

bool
witness_has_mail(const struct witness *w)
{
	return !outbox_is_empty(&w->report.outbox);
}

void
witness_post(struct witness *w)
{
	(void)outbox_post(&w->report.outbox);
	report_summary(&w->report, w->now_ns, false);
}

/* What was shown since then is on its way to the file, and won't arrive. */
static void
count_unwritten(struct witness *w, int error)
{
	int64_t since_ns;
	uint64_t n = recording_unwritten(w->recording, &since_ns);

	report_loss(&w->report, n, since_ns, w->now_ns, error);
}

int
witness_end(struct witness *w, int64_t now_ns, int exit_status, struct message_end *end)
{
	int r = 0;

	*end = (struct message_end){0};
	witness_last_look(w);
	memcpy(end->withheld, w->withheld, sizeof end->withheld);
	if (w->recording == NULL)
		return 0;
	r = recording_close(w->recording, now_ns, exit_status);
	end->recorded = recording_written(w->recording);
	if (r < 0)
		count_unwritten(w, r);
	report_lost(&w->report);
	return w->go.flags & MESSAGE_GO_ALLOW ? 0 : r;
}

void
witness_cut_off(struct witness *w, int64_t now_ns)
{
	if (w->recording != NULL)
		(void)recording_flush(w->recording, now_ns);
}
