/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_SECRET_H
#define PUMP_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What says that input is secret beyond the kernel's rule (canonical, no echo):
 * the last line on the screen asks for a secret, or the reader is a program
 * known to read secrets in raw mode.
 */
struct secret;
struct termios;

extern const char *const secret_default_prompts[];   /* NULL at the end */
extern const char *const secret_default_processes[]; /* NULL at the end */

/*
 * False only for a line (code points) that none of the default prompts matches: a quick look at its
 * end, for the many lines of a flood or a paste.
 */
bool secret_default_may_match(const uint32_t *line, size_t n);

/*
 * prompts: PCRE2 patterns, matched without regard to case over the visible text
 * of the last line (UTF-8, at most its last 512 bytes). processes: names as in
 * /proc/PID/comm. Both end with NULL; NULL itself stands for the defaults. On a
 * bad pattern -EINVAL, with what is wrong in why (at most n bytes); else 0 or -ENOMEM.
 */
int secret_new(struct secret **out, const char *const *prompts, const char *const *processes,
    char *why, size_t n);
void secret_free(struct secret *s);

/* Output, in order, however it is split. */
void secret_output(struct secret *s, const uint8_t *bytes, size_t n);

/*
 * While somebody may read what was typed, every line that goes by is looked at,
 * not only the last: between two looks a prompt can come, be answered and go.
 */
void secret_watch(struct secret *s, bool on);

/*
 * Whether the last line asks for a secret, or, while watching, one did since the last call. shown: a
 * terminal echoes what is typed, this one or the one it is passed on to; then a line that asked at
 * an earlier call does so to its end. A program that shows it by itself means to.
 */
bool secret_asked(struct secret *s, bool shown);

/* Whether comm (NULL: unknown) is on the list. */
bool secret_process(const struct secret *s, const char *comm);

/*
 * Whether a terminal in these modes is passed on, byte for byte both ways, to another one: as
 * cfmakeraw(3) sets it. sudo does so for its command (use_pty), and asks in cbreak mode, with the
 * output cooked; so does everything else on the list. What it passes on is the command's input.
 */
bool secret_passed_on(const struct termios *modes);

#endif
