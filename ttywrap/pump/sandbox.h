/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PUMP_SANDBOX_H
#define PUMP_SANDBOX_H

#include <sys/types.h>

#include "monitor/spawn.h"

/* Behind the table of spawn.h, in the order in which the pump opens them. */
#define PUMP_SIGNALS PUMP_FDS       /* a signalfd for SIGWINCH */
#define PUMP_EDGE    (PUMP_FDS + 1) /* view.h's epoll descriptors */
#define PUMP_MODES   (PUMP_FDS + 2)

/*
 * Gives up the last of what the pump came with (the user's uid, for the
 * service's; the right to make processes, to be dumped), checks that nothing is left, and puts the seccomp
 * filter on. Returns 0, or -errno: then the pump must not run.
 */
int sandbox_enter(uid_t service);

#endif
