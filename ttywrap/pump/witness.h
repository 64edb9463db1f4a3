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

/* Returns NULL when memory is short. */
struct witness *witness_new(void);
void witness_free(struct witness *);

/* Settings before the session: a name of secret_programs, a pattern of secret_prompt. Returns 0 or
 * -errno. */
int witness_add_program(struct witness *, const struct message *);
int witness_add_prompt(struct witness *, const struct message *);

/* The session begins. Returns 0 or -errno. */
int witness_begin(
    struct witness *, const struct message *go, int64_t now_ns, unsigned cols, unsigned rows);

/* Output that went to the user's terminal. */
int witness_output(struct witness *, int64_t now_ns, const uint8_t *, size_t n);

/* Input that has just been written to the inner terminal. */
int witness_input(struct witness *, int64_t now_ns, const uint8_t *, size_t n);

/* Input of a command without a terminal: recorded where input is, and no more. */
int witness_typed(struct witness *, int64_t now_ns, const uint8_t *, size_t n);

/* The inner terminal threw its unread input away (TIOCPKT_FLUSHREAD). */
void witness_flushed(struct witness *, int64_t now_ns);

int witness_resize(struct witness *, int64_t now_ns, unsigned cols, unsigned rows);

/* The monitor's answer about a process group. */
void witness_reader(struct witness *, const struct message *);

/* When witness_tick() is wanted next, CLOCK_MONOTONIC; -1: not at all. */
int64_t witness_deadline_ns(const struct witness *);
int witness_tick(struct witness *, int64_t now_ns);

/* No room for more output now: the relay must not read it yet. */
bool witness_is_full(const struct witness *);

/* Messages that the channel would not take wait here; true while there are any. */
bool witness_has_mail(const struct witness *);
void witness_post(struct witness *);

/*
 * The session is over: exit_status is the shell's as in struct message_stop. Closes the recording
 * and fills the end's counts. Returns 0 or the recording's error.
 */
int witness_end(struct witness *, int64_t now_ns, int exit_status, struct message_end *end);

#endif
