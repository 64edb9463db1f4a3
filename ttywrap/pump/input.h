/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_INPUT_H
#define PUMP_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <termios.h>

/*
 * What was typed, as the kernel's TTY audit would have logged it: at the moment
 * it is read, after line editing, and nothing that is read in canonical mode
 * without echo. Pure: the relay hands over what it wrote, what it saw and when.
 *
 * The relay's duty, each time poll(2) returns (pump/view.h does the looking):
 *
 *	view_take(...)                   FIONREAD, modes, ...: first
 *	read the master once             control byte: input_flushed(); data: input_output()
 *	input_observe(in, &view)
 *	input_written(in, bytes, n)      after each write to the master, with what write(2) took
 *
 * and before a write to the master the same: view_take(), input_observe(), then
 * write(2), then input_written(), unless the last view is known to hold (typed.h,
 * typed_is_current()). A view may not be used once a newer one was.
 *
 * When two modes are possible, what could be a secret is left out and counted
 * (INPUT_SECRET, INPUT_IN_DOUBT); input.c says at each rule why.
 */
struct input;
struct secret;

/* What the relay sees from outside at one moment. */
struct input_view {
	struct termios modes; /* tcgetattr on the master */
	int unread;           /* FIONREAD on a descriptor of the slave, >= 0 */
	bool
	    settled; /* poll(slave, POLLIN) said no just before: all that was written has arrived */
	bool changed; /* the modes may have been set since the view before: true unless known */
	bool set;     /* they were, and not before the view before */
	bool blind;   /* and it is not known: the slave takes no output right now */
	bool control; /* after unread was taken, a packet mode control byte waited on the master */
	bool output;  /* or output did */
	pid_t pgrp;   /* the foreground process group, 0 when there is none */
	const char *comm; /* its leader's name, NULL when unknown; not kept */
	bool named;     /* and that is it now: asked for since the modes were last seen to be set */
	int64_t now_ns; /* CLOCK_MONOTONIC */
};

/* So many bytes read while modes came and went are audited all the same (input.c, rule 4). */
enum {
	INPUT_DOUBT_MAX = 3
};

enum input_kind {
	INPUT_DATA,   /* read by a program: a record as the kernel would write it */
	INPUT_SECRET, /* len bytes were read and left out */
};

enum input_reason {
	INPUT_NO_ECHO, /* canonical and without ECHO: the kernel's own rule */
	INPUT_PROMPT,  /* the last line on the screen asks for a secret */
	INPUT_PROCESS, /* the reader is on the list of programs that read secrets in raw mode */
	INPUT_IN_DOUBT, /* modes changed while this was read, it was flushed right then, or the replica lost count */
};

struct input_event {
	enum input_kind kind;
	enum input_reason reason; /* of INPUT_SECRET */
	bool canonical;           /* mode it was read in */
	const uint8_t *data;      /* INPUT_DATA only, NULL otherwise; valid during the call */
	size_t len;               /* INPUT_DATA: 1..4096 */
	pid_t pgrp;               /* reader: foreground process group when it was seen to be read */
	const char *comm;         /* its name, "" when unknown */
	int64_t first_ns;         /* when the first and the last of it were seen to be read */
	int64_t last_ns;
	int64_t written_ns; /* INPUT_SECRET: nothing of it was written (and echoed) before this */
};

typedef void input_emit(void *arg, const struct input_event *event);

/*
 * secret is borrowed, and may be NULL: then only the kernel's rule applies. view
 * is a first look, before anything was written. NULL when there is no memory.
 */
struct input *input_new(
    const struct input_view *view, struct secret *secret, input_emit *emit, void *arg);
void input_free(struct input *in);

/* From now on nothing is told before its reader is known (as named in a view, or by input_reader()). */
void input_rank(struct input *in);

/* n bytes were written to the master after the last view. */
void input_written(struct input *in, const uint8_t *bytes, size_t n, int64_t now_ns);

/* Judges what was read since the view before. */
void input_observe(struct input *in, const struct input_view *view);

/* A look was due, and its view is not used: what is written before the next one may go to anybody. */
void input_missed(struct input *in);

/* n bytes of output, in order. */
void input_output(struct input *in, const uint8_t *bytes, size_t n);

/*
 * The name of a foreground process group, when it was not known at the time of
 * the view, "" when it was gone before somebody looked. If it is one that reads
 * secrets, what is not a record yet of what it read is left out. What it read
 * outside canonical mode before its name is known waits for it.
 *
 * number: of the question that this is the answer to; now: as named in a view.
 */
void input_reader(struct input *in, pid_t pgrp, const char *comm, uint32_t number, bool now);

/* That question is on its way; the last view is its reason. */
void input_asked(struct input *in, pid_t pgrp, uint32_t number);

/* The group that has read something which waits for its name, and was read after that was asked for; 0 for none. */
pid_t input_wants_name(const struct input *in);

/* Whether this group has read what is neither told nor held. */
bool input_has_read(const struct input *in, pid_t pgrp);

/* The output showed that a line editor accepted this text, and it is an audited command: see accepted.h. */
void input_accepted(struct input *in, const char *text, size_t n);

/* The master gave a control byte with TIOCPKT_FLUSHREAD. Take a new view next. */
void input_flushed(struct input *in);

/* An event that explains the input is about to be sent: what was read before it goes first. */
void input_flush_for_event(struct input *in);

/* CLOCK_MONOTONIC time of the next input_observe() at the latest, -1 for none (no timer then). */
int64_t input_deadline_ns(const struct input *in);

/* Bytes written and not known to be read: an unfinished line included. */
size_t input_pending(const struct input *in);

/* The session is over. view is the last look: what is still pending by it was never read. */
void input_end(struct input *in, const struct input_view *view);

#endif
