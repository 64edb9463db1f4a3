/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef MONITOR_RECORDS_H
#define MONITOR_RECORDS_H

#include <stdint.h>

struct message_loss;
struct message_seal;
struct message_withheld;
struct monitor;

/*
 * The session's own records in the audit trail, one function each: their
 * fields stand in ttywrap(1), AUDIT RECORDS. Each
 * returns 0, the kernel's -errno, or -EPROTO for what no pump says; without privilege (no trail) 0.
 */
int records_open(struct monitor *);
/* What ssh was given, or -c: it runs in the session's working directory. */
int records_command(struct monitor *, const char *line);
/* What a line editor accepted; reader is its process group. */
int records_typed_command(struct monitor *, int32_t reader, const char *line);
int records_seal(struct monitor *, const struct message_seal *);
int records_withheld(struct monitor *, const struct message_withheld *);
int records_loss(struct monitor *, const struct message_loss *);
/* Input that the trail had refused; once it is there, m->unaudited is 0 again. */
int records_unaudited(struct monitor *);
/* After a close record that did not wait for the pump: what it has relayed and recorded in the end. */
int records_drained(struct monitor *, const char *why);
/* why: one word on how the session came to its end. */
int records_close(struct monitor *, const char *why);

#endif
