/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_RELAY_H
#define PUMP_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/message.h"

struct witness;

struct relay_end {
	uint64_t bytes_in, bytes_out;
	enum message_end_why why;
	int error;     /* errno, 0 when there is none */
	int exit;      /* the shell's, as in struct message_stop; -1: not known */
	bool orphaned; /* the monitor is gone: there is nobody to tell */
};

/*
 * Moves bytes between the outer terminal and the inner one until the session
 * ends, and shows them to the witness. One loop: a read, a write at once, and
 * only then the witness. At most one chunk is under way in each direction: a
 * side that does not take its bytes stops the reading of the other, and never
 * the other direction.
 */
void relay_run(struct witness *, struct relay_end *);

#endif
