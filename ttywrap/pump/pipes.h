/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_PIPES_H
#define PUMP_PIPES_H

struct relay_end;
struct witness;

/*
 * The relay of a recorded command without a terminal (record_no_tty): three
 * one-way flows, each with its own end of file. Ends when the command and both
 * outputs have ended; the outputs may be last: whoever it left behind may
 * still write, as it could to the original descriptors.
 */
void pipes_run(struct witness *, struct relay_end *);

#endif
