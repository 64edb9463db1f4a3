/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_WITNESS_H
#define PUMP_WITNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct message;
struct message_end;

/*
 * What the pump keeps of what it relays: the recording, and the input on its
 * way to the audit trail. It owns both, and the outgoing side of the channel.
 * Errors are those of the recording and come back once, as -errno.
 */
struct witness;

/* Before the sandbox. terminal: there is an inner terminal to look at. Returns NULL when something is short. */
struct witness *witness_new(bool terminal);

/*
 * Between sandbox_drop() and sandbox_close(): the thread that waits for the disk in the session's
 * stead. Where there can be none, the recording is written by the relay itself.
 */
void witness_start_writer(struct witness *);

/* MESSAGE_PROGRAM and MESSAGE_PROMPT, before the session. Returns 0 or -errno; -EINVAL: no pattern, and left out. */
int witness_setting(struct witness *, const struct message *);

/* The session begins. Returns 0 or -errno. */
int witness_begin(
    struct witness *, const struct message *go, int64_t now_ns, unsigned cols, unsigned rows);

/*
 * The order of things when poll(2) returns: output is read and handed over, then
 * a look, then input is written. See typed.h for each. Poll the edges (-1: there
 * is none) for input.
 */
int witness_edge_fd(const struct witness *);
int witness_read_fd(const struct witness *);
bool witness_may_wait(const struct witness *, bool more, bool shown);
bool witness_look(struct witness *, bool force, bool more);
void witness_judge(struct witness *);
bool witness_wants_output(const struct witness *);
bool witness_is_raw(const struct witness *);
bool witness_is_current(struct witness *, size_t n);
bool witness_is_telling(const struct witness *);

/* Output that went to the user's terminal, or that goes there once it is safe. */
int witness_output(struct witness *, int64_t now_ns, const uint8_t *, size_t n);

/* How many of these bytes may be written to the inner terminal now: typed_piece(). */
size_t witness_piece(struct witness *, int64_t now_ns, const uint8_t *, size_t n);

/* Input that has just been written to the inner terminal. */
void witness_input(struct witness *, int64_t now_ns, const uint8_t *, size_t n);

/* Input of a command without a terminal: recorded where input is, and no more. */
int witness_typed(struct witness *, int64_t now_ns, const uint8_t *, size_t n);

/* The inner terminal threw its unread input away (TIOCPKT_FLUSHREAD). */
void witness_flushed(struct witness *);

int witness_resize(struct witness *, int64_t now_ns, unsigned cols, unsigned rows);

/* All recordings together have reached max_directory: this one ends as at max_recording. */
void witness_full(struct witness *);

/* The monitor's answer about a process group. */
void witness_reader(struct witness *, const struct message *);

/* When something is due next, CLOCK_MONOTONIC; -1: nothing. */
int64_t witness_deadline_ns(const struct witness *);
int witness_tick(struct witness *, int64_t now_ns);

/* No room for more output now: the relay must not read it yet. */
bool witness_is_full(const struct witness *);

/*
 * May what was handed over be shown? Always, as a rule: the disk's space was taken before. On a file
 * system that can't promise any it has to be in the file first: this writes it, waiting wait_ns at
 * most. With on_failure = allow it may.
 */
bool witness_is_safe(struct witness *, int64_t now_ns, int64_t wait_ns);

/* True when witness_is_safe() has to be asked: output is handed over first, and shown then. */
bool witness_comes_first(const struct witness *);

/* Waits for room, wait_ns at most. Returns whether there is none yet. */
bool witness_wait(struct witness *, int64_t now_ns, int64_t wait_ns);

/* Messages that the channel would not take wait; true while there are any. */
bool witness_has_mail(const struct witness *);
void witness_post(struct witness *);

/* The inner terminal is about to be let go of: the last look at it. Safe to call twice. */
void witness_last_look(struct witness *);

/*
 * The session is over: exit_status is the shell's as in struct message_stop. Closes the recording and
 * fills the end's counts. Returns 0 or the recording's error.
 */
int witness_end(struct witness *, int64_t now_ns, int exit_status, struct message_end *end);

/*
 * The session is over and the monitor with it: writes what waits, and no last
 * seal, so that the recording is seen to have been cut off (ttywrap --check).
 */
void witness_cut_off(struct witness *, int64_t now_ns);

#endif
