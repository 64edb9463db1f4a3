/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PROTO_MESSAGE_H
#define PROTO_MESSAGE_H

#include <stdint.h>

/*
 * Everything that is said between the monitor and the pump. The pump reads
 * the terminal and is not believed: what it sends is fixed-width, of an exact
 * or a bounded length, and checked against monitor/dispatch.c's table before
 * a handler sees it.
 *
 * One SOCK_SEQPACKET message each: the head, then exactly 'length' bytes of
 * body. Both ends are the same build on the same machine, so the integers
 * are in the machine's order. Times are CLOCK_MONOTONIC nanoseconds.
 */

enum message_type {
	/* pump -> monitor */
	MESSAGE_READY = 1, /* no body: sandboxed, checked, waiting */
	MESSAGE_INPUT =
	    2, /* struct message_input, then 1..MESSAGE_DATA_MAX bytes as they were read */
	MESSAGE_WITHHELD =
	    3, /* struct message_withheld: input that is not in the trail, and what it was */
	MESSAGE_SEAL = 4,       /* struct message_seal */
	MESSAGE_LOSS = 5,       /* struct message_loss: output that is not in the recording */
	MESSAGE_FOREGROUND = 6, /* struct message_foreground: who is that process group? */
	MESSAGE_COMMAND = 8, /* struct message_command, then 1..MESSAGE_DATA_MAX bytes of UTF-8 */
	MESSAGE_END = 7,     /* struct message_end: the pump has finished and will exit */
	/* monitor -> pump */
	MESSAGE_GO = 64, /* struct message_go: the session begins */
	MESSAGE_STOP =
	    65, /* struct message_stop: the shell has ended (or must): drain, close, end */
	MESSAGE_READER = 66,  /* struct message_reader: the answer to MESSAGE_FOREGROUND */
	MESSAGE_PROGRAM = 67, /* before GO: a name of secret_programs, 1..15 bytes */
	MESSAGE_FULL = 69,    /* no body: all recordings together have reached their largest size */
	MESSAGE_PROMPT = 68,  /* before GO: a pattern of secret_prompt, 1..MESSAGE_DATA_MAX bytes */
};

#define MESSAGE_DATA_MAX 4096 /* N_TTY_BUF_SIZE: what one audit record can carry to auditd */
#define MESSAGE_COMM_MAX 16   /* TASK_COMM_LEN, NUL included */

/* Why input is left out: as enum input_reason (ttywrap/pump/input.h) has it. */
enum message_why {
	MESSAGE_WHY_NO_ECHO,
	MESSAGE_WHY_PROMPT,
	MESSAGE_WHY_PROGRAM,
	MESSAGE_WHY_DOUBT,
	MESSAGE_WHYS
};

struct message_head {
	uint32_t type;
	uint32_t length; /* of the body, in bytes */
};

struct message_input {
	int64_t time_ns; /* when it was read */
	int32_t reader;  /* foreground process group at that time, 0 when unknown */
	uint32_t flags;  /* none yet: 0 */
};

/* Records above the limits of the configuration, or faster than the monitor takes them. */
struct message_withheld {
	int64_t time_ns; /* of the first */
	uint64_t bytes, records;
	uint8_t hash[32]; /* BLAKE2b-256 of them */
};

/* A command line as a line editor accepted it. */
struct message_command {
	int64_t time_ns;
	int32_t reader; /* process group of the editor, 0 when unknown */
	uint32_t zero;
};

struct message_seal {
	uint64_t offset; /* the seal covers the file's bytes before this */
	uint32_t number; /* 1, 2, … */
	uint32_t last;   /* 0 or 1: the recording was closed with it */
	char hash[64];   /* BLAKE2b-256, lower-case hex, no NUL */
};

struct message_loss {
	int64_t from_ns, to_ns;
	uint64_t bytes;
	int32_t error; /* errno of the write that failed */
	uint32_t zero;
};

struct message_foreground {
	int32_t pgrp;    /* > 0 */
	uint32_t number; /* of the question: its answer has it, too */
};

enum message_end_why {
	END_STOPPED = 1,   /* the monitor said so */
	END_HANGUP = 2,    /* the user's terminal is gone */
	END_CLOSED = 3,    /* the inner terminal is gone */
	END_RECORDING = 4, /* the recording could not be written and the policy is deny */
	END_ERROR = 5,     /* something else: error says what; ETIME: the pump's CPU time */
	END_PROMPT = 6, /* before it began: a MESSAGE_PROMPT is no pattern; error: which, from 1 */
};

struct message_end {
	uint64_t bytes_in, bytes_out; /* relayed from and to the user's terminal */
	/* how often input was left out as secret, by enum message_why: its length is part of it */
	uint64_t withheld[MESSAGE_WHYS];
	uint64_t recorded; /* size of the recording */
	uint32_t why;
	int32_t error;
};

struct message_go {
	int64_t wall_s;           /* of the recording's start, seconds since the epoch */
	uint64_t seal_bytes;      /* a seal at least every so many bytes of recording */
	int64_t seal_interval_ns; /* and every so often */
	uint64_t recording_max;   /* 0: no cap */
	uint64_t audit_max;       /* records a session, 0: no cap */
	uint32_t audit_rate;      /* records a second, 0: no limit */
	uint32_t flags;           /* MESSAGE_GO_* */
	uint32_t fsync;           /* enum conf_fsync */
	uint32_t uid, ses;        /* of the session */
	uint32_t compress;        /* enum conf_compress */
	/* For the recording's header; NUL-terminated. */
	char user[64], terminal[64], address[64], shell[256];
};

#define MESSAGE_GO_AUDIT       0x01u /* send MESSAGE_INPUT */
#define MESSAGE_GO_RECORD_OUT  0x02u
#define MESSAGE_GO_RECORD_IN   0x04u
#define MESSAGE_GO_ALLOW       0x08u /* a recording that fails is a loss, not the end */
#define MESSAGE_GO_STOP_AT_CAP 0x10u /* the session ends at recording_max; else recording does */
#define MESSAGE_GO_ELEVATED    0x20u /* only input read by an elevated process */

struct message_stop {
	int32_t exit; /* the shell's: 0..255, or 128 + signal; -1: it has not ended */
	uint32_t zero;
};

#define MESSAGE_READERS 8 /* names of a group; there may be more of them */

struct message_reader {
	int32_t pgrp;
	uint32_t number;
	uint32_t elevated; /* 0 or 1 */
	int32_t pid;       /* 0, and the ids -1: the group is gone */
	uint32_t uid, euid;
	char comm[MESSAGE_COMM_MAX];
	char names[MESSAGE_READERS]
		  [MESSAGE_COMM_MAX]; /* of the programs that may read; "" behind the last */
};

#define MESSAGE_BODY_MAX (sizeof(struct message_input) + MESSAGE_DATA_MAX)

struct message {
	struct message_head head;
	union {
		uint8_t bytes[MESSAGE_BODY_MAX];
		struct message_input input; /* the data follows it */
		struct message_withheld withheld;
		struct message_command command; /* the text follows it */
		struct message_seal seal;
		struct message_loss loss;
		struct message_foreground foreground;
		struct message_end end;
		struct message_go go;
		struct message_stop stop;
		struct message_reader reader;
	} body;
};

#endif
