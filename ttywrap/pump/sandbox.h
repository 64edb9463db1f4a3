/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_SANDBOX_H
#define PUMP_SANDBOX_H

#include "monitor/spawn.h"

/* Behind the table of spawn.h: a signalfd for SIGWINCH. */
#define PUMP_SIGNALS PUMP_FDS

/*
 * Gives up the last of what the pump came with (its uid, the right to make
 * processes, to be dumped), checks that nothing is left, and puts the seccomp
 * filter on. Returns 0, or -errno: then the pump must not run.
 */
int sandbox_enter(void);

#endif
