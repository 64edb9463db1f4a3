/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_TYPED_H
#define PUMP_TYPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct input_event;
struct message;
struct outbox;

/*
 * The input of a terminal session, from the write to the inner terminal to
 * the records: puts the looking (view.h), the judging (input.h) and the asking
 * who reads (who.h) together. What is judged to be read comes out of a
 * callback, in order.
 */
struct typed;

typedef void typed_emit(void *arg, const struct input_event *event, bool elevated);

/* Before the sandbox: needs epoll_create(2). Returns NULL when something is short. */
struct typed *typed_new(typed_emit *, void *arg);
void typed_free(struct typed *);

/*
 * Settings: bodies of MESSAGE_PROGRAM and MESSAGE_PROMPT, in addition to the defaults. 0, -ENOSPC, -ENOMEM, or
 * -EINVAL for what is no pattern (it is not added).
 */
int typed_add_program(struct typed *, const char *name, size_t n);
int typed_add_prompt(struct typed *, const char *pattern, size_t n);

/*
 * All settings are there. The outbox is borrowed. ranked: only elevated input is wanted, so nothing is told before it
 * is known which is. Returns 0, -EINVAL for a pattern that is none, or -errno.
 */
int typed_begin(struct typed *, struct outbox *, bool ranked);

/* Poll them for input; then look. The second one: -1 when nobody has to know at once that input was read. */
int typed_edge_fd(const struct typed *);
int typed_read_fd(const struct typed *);

/*
 * A look at the terminals, after output that was there has been read: it is
 * skipped while nothing is pending, unless force says that an edge came. Output
 * that has come since may belong to it (a prompt, before what answers it was
 * read): with more, the relay reads once more before the look is judged, and
 * calls typed_judge() then. A look that shows too little because the terminal is
 * full of output is not judged at all for a while. typed_wants_output() says that
 * either waits for output that is there. Returns whether a look was taken, and a
 * write right behind it needs no other.
 */
bool typed_look(struct typed *, bool force, bool more);
void typed_judge(struct typed *);
bool typed_wants_output(const struct typed *);

/*
 * Whether a look may wait though something is pending: behind one that showed too
 * little, until that is due again; and for a reader in raw mode, when there was no edge. more: input is about to be written; then it may in
 * what comes in bulk. Otherwise it may behind a key that says little: until its echo
 * was shown (shown: output was, just now), or typed_deadline_ns(), so that who waits
 * for the echo goes first.
 */
bool typed_may_wait(const struct typed *, bool more, bool shown, int64_t now_ns);

/*
 * Whether the last look showed raw mode. In canonical mode the terminal echoes
 * what it is given, and no look tells the modes while it does: the less is given
 * at once, and the more looks there are, the more is known.
 */
bool typed_is_raw(const struct typed *);

/*
 * Whether what was seen last still holds, so that a write of n bytes needs no
 * look before it: nothing is pending, and the modes are the same. Of a key or two
 * in raw mode the poll(2) that brought them says so well enough (input.h,
 * INPUT_DOUBT_MAX).
 */
bool typed_is_current(struct typed *, size_t n);

/*
 * How many of n bytes the relay may write now. A line editor (raw, no echo)
 * changes the modes at a line's end, and what it read before and what is read
 * after could not be told apart when both go in one write: so the first line end
 * of what came in one piece goes once what stands before it is seen to be read,
 * with all that follows. A single key never waits for anything but keys before
 * it that nobody has read, and nothing waits longer than 20 ms. Returns 0 to
 * wait (until typed_deadline_ns() or an edge).
 */
size_t typed_piece(struct typed *, const uint8_t *, size_t n, int64_t now_ns);

void typed_written(struct typed *, const uint8_t *, size_t n, int64_t now_ns);

/*
 * Whether what was just written wants a look at once, which shows the modes in
 * which it arrived, and not only those before and long after: in raw mode, when
 * there is a key in it that may make its reader set them, and the modes did not
 * stay behind many of those; in canonical mode always, before the terminal's echo
 * is written and hides them (view.h).
 */
bool typed_is_telling(const struct typed *);

void typed_output(struct typed *, const uint8_t *, size_t n);
void typed_flushed(struct typed *);

/* A line editor showed this text as accepted; it becomes an audited command. */
void typed_accepted(struct typed *, const char *text, size_t n);

/* The monitor's answer to who reads. */
void typed_reader(struct typed *, const struct message *);

/* Whether something was written that nobody is seen to have read; and who reads, 0 when unknown. */
bool typed_is_pending(const struct typed *);
int32_t typed_who(const struct typed *);

/* Whether what this group reads is elevated input. One that is not known is: rather a record too many. */
bool typed_is_elevated(const struct typed *, int32_t pgrp);

/* Whether the monitor's word on it is still to come, also on what it may be by now; and until when to wait for that. */
bool typed_is_asked(const struct typed *, int32_t pgrp);
int64_t typed_answer_ns(const struct typed *);

/* An event that explains the input comes next: what was read before it is told first. */
void typed_flush(struct typed *);

/* CLOCK_MONOTONIC, -1 for none. */
int64_t typed_deadline_ns(const struct typed *);

/* Until when a key's echo is waited for, so that what is no hurry comes behind it; 0: none is. */
int64_t typed_echo_ns(const struct typed *);

/*
 * The session is over. What was written last and not seen to be read counts as
 * read in the last known modes: "exit" and its line end are read by a shell that
 * is gone a moment later, and its terminal with it.
 */
void typed_end(struct typed *);

#endif
