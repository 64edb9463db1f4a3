/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_MONITOR_H
#define MONITOR_MONITOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "monitor/auditd.h"
#include "monitor/pipes.h"
#include "monitor/terminal.h"
#include "monitor/total.h"
#include "monitor/trail.h"
#include "proto/message.h"

struct session;

/* Bits, so that a row of the dispatch table can name several. */
enum monitor_state {
	MONITOR_STARTING = 1, /* the pump has not said READY */
	MONITOR_RUNNING = 2,
	MONITOR_ENDING = 4, /* MESSAGE_STOP is sent */
	MONITOR_ENDED = 8,  /* MESSAGE_END is here: nothing more may come */
};

enum monitor_mode {
	MONITOR_EXEC,  /* no terminal: the command has the original descriptors, there is no pump */
	MONITOR_PIPES, /* no terminal, but recorded (record_no_tty) */
	MONITOR_TERMINAL,
	MONITOR_CONSOLE, /* a virtual console: nothing between it and the shell, the kernel audits the input */
};

/* The monitor's own state. One per session; nothing of it is shared with the pump. */
struct monitor {
	const struct session *session;
	struct trail trail;
	struct terminal terminal;
	struct auditd auditd;
	enum monitor_state state;
	enum monitor_mode mode;
	struct pipes pipes;  /* MONITOR_PIPES */
	int channel_fd;      /* to the pump, -1 without one */
	int guard_fd;        /* its end tells the guard that the monitor is gone, -1 without one */
	int recording_fd;    /* kept for its lock: the sign that the recording is live */
	struct total total;  /* of all recordings, with max_directory */
	bool full;           /* … which they have reached: the pump has been told */
	char name[112];      /* of the session: UID-SESSION-TIME-PID */
	char recording[128]; /* the file's name below the directory, "" when there is none */
	pid_t pump, shell;   /* 0: not there, or gone and waited for */
	int shell_status;    /* wait(2)'s, -1 until the shell is gone */
	int64_t begin_ns;
	int64_t unaudited_from_ns, unaudited_to_ns;
	bool holds;                 /* the pump's messages wait for auditd */
	bool removed, removed_said; /* somebody has removed the recording's file */
	uint64_t unaudited;         /* bytes of input whose record the kernel refused */
	struct message_end end;     /* what the pump said last; why = 0: nothing */
	int64_t close_due_ns; /* MONITOR_PIPES: the close record's time, pump or not; -1: none */
	bool closed;          /* it is written */
	const char *fault;    /* why the monitor ends the session, NULL: it doesn't */
};

/* Whether a pump stands between the user and the shell. */
static inline bool
monitor_relays(const struct monitor *m)
{
	return m->mode == MONITOR_PIPES || m->mode == MONITOR_TERMINAL;
}

#endif
